package plan

import "github.com/wakebell/wakebell/internal/rule/grading"

// Default is version 1: the policies' values, and our own where Sources says so.
func Default() Plan {
	return Plan{
		Version:               1,
		ProductTeamMinutes:    20,
		ClassifyMinutes:       60,
		SIRTMinutes:           60,
		LeadershipMinutes:     60,
		SIHTMinutes:           60,
		LegalMinutes:          60,
		SitrepHours:           2,
		BoardFirstMinutes:     60,
		BoardEveryHours:       24,
		BoardBILs:             []int{1},
		SIRTBILs:              []int{1, 2},
		CustomerPersonalHours: 24,
		CustomerHours:         48,
		CustomerStart:         StartDiscovered,
		AuthorityHours:        72,
		ControllerHours:       24,
		PersonnelHours:        24,
		EscalateMinutes:       5,
		ReminderFractions:     []float64{0.5, 0.75, 0.9},
		BatchSeconds:          30,
		QuietHours:            24,
		Severities: []Severity{
			{0, "crisis", "Crisis incident with maximum impact"},
			{1, "critical", "Critical incident with very high impact"},
			{2, "major", "Major incident with significant impact"},
			{3, "minor", "Minor incident with low impact"},
		},
		Indicators:        defaultIndicators(),
		BILCriteria:       defaultCriteria(),
		BILOtherwise:      int(grading.DefaultCriteria().Otherwise),
		Assignments:       defaultAssignments(),
		Approvals:         defaultApprovals(),
		Functions:         defaultFunctions(),
		EmergencyDeputies: []EmergencyDeputy{},
		ReviewMonths:      12,
		TestMonths:        12,
	}
}

// defaultIndicators spells rule/grading's own defaults out, so that they can be read and changed.
func defaultIndicators() grading.Override {
	t := grading.DefaultThresholds()
	return grading.Override{
		TotalOutage: &t.TotalOutage, CoreFunctionBroken: &t.CoreFunctionBroken, DataLost: &t.DataLost,
		MajorCustomers: &t.MajorCustomers, ManyCustomers: &t.ManyCustomers,
	}
}

// defaultCriteria takes the criteria of rule/grading. They are ours and marked so.
func defaultCriteria() []BILCriterion {
	var out []BILCriterion
	for _, g := range grading.DefaultCriteria().Items {
		c := BILCriterion{BIL: int(g.BIL), Text: g.Words, Own: true, When: When{
			PersonalData: g.PersonalData, Security: g.Security, Properties: g.Properties, Assets: g.Assets,
			CustomersMin: g.CustomersMin,
		}}
		if g.SeverityTo != nil {
			to := int(*g.SeverityTo)
			c.When.SeverityTo = &to
		}
		out = append(out, c)
	}
	return out
}

func defaultAssignments() []Assignment {
	return []Assignment{
		{
			"incident_manager", "Incident manager", "Oversees and prioritises the work, and knows the agreements with third parties.", true,
			policy("003", "The incident response manager oversees and prioritises detection, analysis and containment."),
		},
		{
			"liaison", "Liaison to management", "Carries all communication to and from upper management.", true,
			policy("003", "The incident response manager is the liaison for all communication to and from upper management."),
		},
		{
			"spokesperson", "Spokesperson", "The only one who speaks in public; assigned by the SIHT.", false,
			policy("003", "Only a designated spokesperson assigned by the SIHT discloses incident information."),
		},
		{
			"legal", "Legal counsel", "Names the retention and disclosure requirements and directs contact with law enforcement.", true,
			policy("001", "Legal or outside counsel identifies the retention and disclosure requirements."),
		},
		{
			"law_enforcement", "Law enforcement contact", "The incident manager's delegate for the police, after legal has given direction.", false,
			policy("003", "The incident response manager coordinates interaction with law enforcement; legal gives direction before and during."),
		},
		{
			"analyst", "Analyst", "Researches time, place and details, and gathers evidence.", false,
			policy("003", "Technical staff research the time, location and details of an incident."),
		},
		{
			"communications", "Communications", "Writes the one message that every customer gets.", false,
			policy("003", "The message to customers is created by the communications team and is consistent."),
		},
		{
			"recorder", "Recorder", "Keeps the record: measures, interviews, facts.", false,
			policy("001", "Investigation and mitigation are documented, and interviews recorded."),
		},
	}
}

func defaultApprovals() []Approval {
	legalAndExecutive := func() [][]string { return [][]string{{"legal"}, {"executive"}} }
	confidential := policy("003", "Nothing is discussed outside without approval of executive management and legal counsel.")
	return []Approval{
		{"customer_notice", "Notice to customers", legalAndExecutive(), confidential},
		{"partner_notice", "Notice to partners", legalAndExecutive(), confidential},
		{
			"data_subject_notice", "Notice to the persons concerned",
			legalAndExecutive(),
			own("003", "Nothing is discussed outside without executive management and legal counsel. The policies do not name this audience."),
		},
		{
			"employee_notice", "Notice to employees whose data are concerned",
			[][]string{{"legal"}, {"siht"}},
			own("003", "The SIHT is responsible for telling personnel, and the law asks for exact words. The roles are our default."),
		},
		{
			"vendor_notice", "Notice to vendors",
			legalAndExecutive(),
			own("003", "Nothing is discussed outside without executive management and legal counsel. The policies do not name this audience."),
		},
		{
			"insurer_notice", "Notice to the insurer",
			legalAndExecutive(),
			own("003", "Nothing is discussed outside without executive management and legal counsel. The policies do not name this audience."),
		},
		{
			"personnel_notice", "Notice to personnel",
			[][]string{{"siht", "legal"}},
			policy("003", "The SIHT is responsible for telling personnel, customers, partners and government bodies."),
		},
		{
			"authority_filing", "Filing with an authority",
			[][]string{{"legal", "privacy_officer"}},
			policy("003", "The SIHT is responsible for telling government bodies as statutes require. Which roles sign is our default."),
		},
		{
			"media_statement", "Statement to the media",
			legalAndExecutive(),
			policy("003", "Public statements are carefully managed; executive management and legal counsel approve."),
		},
		{
			"law_enforcement", "Contact with law enforcement",
			[][]string{{"legal"}},
			policy("003", "Legal is consulted and gives direction before and while there is contact with law enforcement."),
		},
		{
			"outside_help", "Calling outside help",
			legalAndExecutive(),
			policy("001", "Executive leadership and legal counsel decide on additional response teams."),
		},
		{
			"press_team", "Activating the press team",
			legalAndExecutive(),
			policy("001", "Executive management and legal counsel decide whether the public relations team is needed."),
		},
		{
			"waive_outward", "Waiving a duty owed outside",
			legalAndExecutive(),
			own("003", "A statutory or contract duty is waived only by legal and an executive, with a ground."),
		},
		{
			"waive_inward", "Waiving a duty owed inside",
			[][]string{{"manager", "executive"}},
			own("003", "An inward duty is waived by its holder's superior."),
		},
		{
			"risk_verdict", "Second opinion on the risk to persons",
			[][]string{{"legal", "privacy_officer"}},
			own("000", "The risk to individuals is determined. One verdict can end duties that only two persons may waive: legal or a privacy officer who is not the assessor confirms it."),
		},
	}
}
