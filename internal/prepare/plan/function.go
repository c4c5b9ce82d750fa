package plan

import "slices"

// defaultFunctions lists everybody the policies ask for. Structural needs (architect per service, people on call, a
// contact for each customer, the default team, the yearly circle) are checked in code beside this list.
func defaultFunctions() []Function {
	return slices.Concat(responseFunctions(), internalFunctions(), outsideFunctions())
}

// responseFunctions are the teams of policy 003.
func responseFunctions() []Function {
	return []Function{
		{
			"incident_response_manager", "Incident response manager",
			[]Match{{Function: "incident response manager"}},
			policy("003", "The incident response manager oversees the response and reports to senior leadership."),
		},
		{
			"sirt_lead", "Lead of the SIRT",
			[]Match{{Team: "sirt", Lead: true}},
			policy("003", "The SIRT consists of IT management and experienced personnel; BIL 1 and 2 escalate to it."),
		},
		{
			"sirt_members", "Members of the SIRT",
			[]Match{{Team: "sirt"}},
			policy("003", "The incident response manager is supported by a team of technical staff."),
		},
		{
			"siht_legal", "Legal expert in the SIHT",
			[]Match{{Team: "siht", Role: "legal"}},
			policy("003", "The SIHT consists of legal experts, risk managers and department managers."),
		},
		{
			"siht_risk", "Risk manager in the SIHT",
			[]Match{
				{Team: "siht", Department: "risk management and quality"},
				{Team: "siht", Department: "risk management"},
				{Team: "siht", Function: "risk manager"},
			},
			policy("003", "The SIHT consists of legal experts, risk managers and department managers."),
		},
	}
}

// internalFunctions are the departments and people of policies 000 and 001.
func internalFunctions() []Function {
	identified := func(who string) Source {
		return policy("000", "Internal personnel involved in incident management are identified: "+who+".")
	}
	key := func(who string) Source { return policy("001", "Key departments to involve: "+who+".") }
	return []Function{
		{"senior_management", "Senior management", []Match{{Team: "leadership"}}, identified("senior management")},
		{
			"information_security", "Information security",
			[]Match{{Department: "information security"}, {Function: "information security officer"}},
			identified("information security"),
		},
		{
			"personal_data_protection", "Personal data protection",
			[]Match{{Role: "privacy_officer"}},
			identified("personal data protection"),
		},
		{
			"risk_and_quality", "Risk management and quality assurance",
			[]Match{{Department: "risk management and quality"}, {Department: "risk management"}, {Department: "quality assurance"}},
			identified("risk management and quality assurance"),
		},
		{
			"communications", "Communications",
			[]Match{{Team: "communications"}},
			identified("communications"),
		},
		{
			"technical_support", "Technical support",
			[]Match{{Department: "technical support"}, {Department: "customer support"}},
			identified("technical support"),
		},
		{
			"information_technology", "Information technology",
			[]Match{{Department: "information technology"}, {Department: "it operations"}, {Department: "engineering"}},
			key("information technology discovers the breach and responds"),
		},
		{
			"legal_and_compliance", "Legal and compliance",
			[]Match{{Team: "legal"}},
			key("legal and compliance"),
		},
		{
			"public_relations", "Public relations",
			[]Match{{Department: "public relations"}, {Department: "public relations and marketing"}, {Function: "press officer"}},
			key("public relations and marketing"),
		},
		{
			"sales", "Sales, key accounts",
			[]Match{{Department: "sales"}, {Function: "key account manager"}},
			key("sales leads the key relationships"),
		},
		{
			"executive", "Executive",
			[]Match{{Role: "executive"}},
			key("the executive coordinates the high-level response"),
		},
		{
			"spokesperson", "Spokesperson candidate",
			[]Match{{Function: "spokesperson"}, {Function: "press officer"}, {Team: "communications", Lead: true}},
			policy("003", "The spokesperson is likely from the communications team or coached by it."),
		},
		{
			"customer_liaison", "Customer liaison",
			[]Match{{Role: "liaison"}},
			policy("000", "External stakeholders are identified, among them customer liaisons."),
		},
		{
			"it_operation_manager", "IT operation manager",
			[]Match{{Function: "it operation manager"}, {Function: "it operations manager"}},
			policy("003", "Errors are reported to the IT operation manager, who diagnoses and classifies."),
		},
		{
			"board", "Board of directors",
			[]Match{{Team: "board"}},
			policy("003", "The SIHT reports to the board of directors."),
		},
	}
}

// outsideFunctions are the stakeholders outside.
func outsideFunctions() []Function {
	return []Function{
		{
			"service_provider", "Service provider contact",
			[]Match{{Party: "vendor"}, {Party: "processor"}},
			policy("000", "External stakeholders are identified, among them service providers."),
		},
		{
			"authority", "Regulatory authority contact",
			[]Match{{Party: "authority"}},
			policy("000", "External stakeholders are identified, among them regulatory authorities."),
		},
		{
			"law_enforcement", "Law enforcement contact",
			[]Match{{Party: "law_enforcement"}},
			policy("003", "Interaction with law enforcement and emergency services is coordinated."),
		},
	}
}
