package who

// Permission names one thing that may be permitted, as "thing.verb".
type Permission string

// The permissions.
const (
	PermReportCreate    Permission = "report.create"
	PermOwnRead         Permission = "own.read" // what one reported oneself, and one's own person
	PermAlertIngest     Permission = "alert.ingest"
	PermSignalRead      Permission = "signal.read"
	PermSignalTriage    Permission = "signal.triage"
	PermIncidentDeclare Permission = "incident.declare"
	PermIncidentRead    Permission = "incident.read"
	PermIncidentWork    Permission = "incident.work"   // note, task, fact, phase, situation report, link
	PermIncidentManage  Permission = "incident.manage" // confirm, dismiss, grade, assign, close, reopen
	PermIncidentDecide  Permission = "incident.decide" // outside help, press team, other decisions
	PermIncidentReview  Permission = "incident.review" // second opinion on a verdict; the plan names the roles
	PermDutyRead        Permission = "duty.read"
	PermDutyWork        Permission = "duty.work" // meet, assign, undo
	PermDutyWaive       Permission = "duty.waive"
	PermCallRead        Permission = "call.read"
	PermCallAcknowledge Permission = "call.acknowledge"
	PermDirectoryRead   Permission = "directory.read"
	PermDirectoryEdit   Permission = "directory.edit"
	PermPlanRead        Permission = "plan.read"
	PermPlanEdit        Permission = "plan.edit"
	PermRegisterRead    Permission = "register.read"
	PermRegisterExport  Permission = "register.export"
	PermLedgerRead      Permission = "ledger.read"
	PermLedgerErase     Permission = "ledger.erase"
	PermNoticeRead      Permission = "notice.read"    // texts, approvals and figures of notices and filings
	PermNoticeWrite     Permission = "notice.write"   // draft, revise, submit, sign a list of recipients off
	PermNoticeApprove   Permission = "notice.approve" // the plan says whose yes is needed
	PermNoticeRelease   Permission = "notice.release" // send, pause, stop
	PermRecipientRead   Permission = "recipient.read" // names and addresses of those who are told
	PermRecipientWork   Permission = "recipient.work" // record a call, a letter, an acknowledgement
	PermFilingWork      Permission = "filing.work"    // fill an authority's form in and file it
	PermContactRead     Permission = "contact.read"   // dealings with police, media and authorities
	PermContactWork     Permission = "contact.work"
	PermBounceReport    Permission = "bounce.report" // hand in what came back by mail
	PermOutboxRead      Permission = "outbox.read"
	PermJobRead         Permission = "job.read"
	PermJobManage       Permission = "job.manage"
	PermTokenManage     Permission = "token.manage"
	PermPersonManage    Permission = "person.manage"
	PermSystemRead      Permission = "system.read"
)

// Permissions returns every permission.
func Permissions() []Permission {
	return []Permission{
		PermReportCreate, PermOwnRead, PermAlertIngest, PermSignalRead, PermSignalTriage,
		PermIncidentDeclare, PermIncidentRead, PermIncidentWork, PermIncidentManage,
		PermIncidentDecide, PermIncidentReview, PermDutyRead, PermDutyWork, PermDutyWaive, PermCallRead,
		PermCallAcknowledge, PermDirectoryRead, PermDirectoryEdit, PermPlanRead, PermPlanEdit,
		PermRegisterRead, PermRegisterExport, PermLedgerRead, PermLedgerErase,
		PermNoticeRead, PermNoticeWrite, PermNoticeApprove, PermNoticeRelease, PermRecipientRead,
		PermRecipientWork, PermFilingWork, PermContactRead, PermContactWork, PermBounceReport, PermOutboxRead,
		PermJobRead, PermJobManage, PermTokenManage, PermPersonManage, PermSystemRead,
	}
}

// granted is the one table of what a role may do. What it does not name is
// denied. The reasons, from the policies:
var granted = map[Role]map[Permission]bool{
	// Anybody can see trouble first; a reporter follows only the own reports.
	Reporter: set(PermReportCreate, PermOwnRead),
	// Product team: "shall verify and classify the incident" (003).
	Responder: set(working...),
	// SIRT members "research the time, location, and details" (003).
	Analyst: set(working...),
	// Incident response manager: "oversees and prioritizes actions", "update
	// Plan and procedures as needed", "be aware of contact mechanisms" (003).
	Manager: set(append([]Permission{
		PermIncidentManage, PermDutyWaive, PermDirectoryEdit, PermPlanEdit, PermRegisterRead,
		PermRegisterExport, PermLedgerRead, PermOutboxRead, PermJobRead, PermSystemRead,
		PermNoticeRelease, PermRecipientRead, PermRecipientWork, PermFilingWork, PermContactRead,
		PermContactWork,
	}, working...)...),
	// SIHT: advises, reports to the board, "responsible for internal and external
	// communications" and for appropriate notification (003).
	SIHT: set(append([]Permission{
		PermIncidentWork, PermDutyWork, PermRegisterRead, PermNoticeWrite, PermNoticeApprove, PermNoticeRelease,
		PermRecipientRead, PermRecipientWork, PermFilingWork, PermContactRead, PermContactWork,
	}, called...)...),
	// "Executive management team and legal counsel will determine" (001);
	// nothing is said outside without their approval (003).
	Legal: set(append([]Permission{
		PermIncidentDecide, PermIncidentReview, PermDutyWork, PermDutyWaive, PermRegisterRead, PermRegisterExport,
		PermNoticeWrite, PermNoticeApprove, PermRecipientRead, PermFilingWork, PermContactRead,
		PermContactWork,
	}, called...)...),
	Executive: set(append([]Permission{
		PermIncidentDecide, PermIncidentReview, PermDutyWork, PermDutyWaive, PermRegisterRead, PermNoticeApprove,
		PermContactRead,
	}, called...)...),
	// Personal data protection (000): assesses, files, keeps the register,
	// and carries out erasure.
	PrivacyOfficer: set(append([]Permission{
		PermIncidentWork, PermIncidentReview, PermDutyWork, PermRegisterRead, PermRegisterExport, PermLedgerRead,
		PermLedgerErase, PermNoticeWrite, PermNoticeApprove, PermNoticeRelease, PermRecipientRead,
		PermRecipientWork, PermFilingWork, PermContactRead, PermContactWork,
	}, called...)...),
	// "The message sent to customers will be created by members of the
	// Communications Team" (003).
	Communications: set(append([]Permission{
		PermDutyWork, PermNoticeWrite, PermNoticeRelease, PermRecipientRead, PermRecipientWork,
		PermContactRead, PermContactWork,
	}, called...)...),
	// Customer liaisons (000) and the liaison to upper management (003): they talk
	// to their own customers "according to the message" and see only those.
	Liaison: set(append([]Permission{PermRegisterRead, PermRecipientWork}, called...)...),
	// Reads everything, changes nothing, not even a report of the own.
	Auditor: set(
		PermOwnRead, PermSignalRead, PermIncidentRead, PermDutyRead, PermCallRead,
		PermDirectoryRead, PermPlanRead, PermRegisterRead, PermRegisterExport, PermLedgerRead,
		PermOutboxRead, PermJobRead, PermSystemRead, PermNoticeRead, PermRecipientRead,
		PermContactRead,
	),
	// Runs the system and its people; sees no incident.
	Admin: set(
		PermReportCreate, PermOwnRead, PermPersonManage, PermTokenManage, PermSystemRead,
		PermPlanRead, PermPlanEdit, PermDirectoryRead, PermDirectoryEdit, PermJobRead,
		PermJobManage, PermOutboxRead, PermBounceReport,
	),
}

// grantedToMachines is added for a token that belongs to no person. A monitor
// gets the smallest role there is; a human reporter must not be able to post
// alerts, since a forged "resolved" would close a true one. The same holds for a
// mail server that hands in what came back.
var grantedToMachines = map[Role]map[Permission]bool{
	Reporter: set(PermAlertIngest, PermBounceReport),
}

// called is what everybody who may be called needs.
var called = []Permission{
	PermReportCreate, PermOwnRead, PermSignalRead, PermIncidentRead, PermDutyRead, PermCallRead,
	PermCallAcknowledge, PermDirectoryRead, PermPlanRead, PermNoticeRead,
}

// working is what those who handle an incident need.
var working = append([]Permission{
	PermAlertIngest, PermSignalTriage, PermIncidentDeclare, PermIncidentWork, PermIncidentReview, PermDutyWork,
}, called...)

// personal lists the roles that decide for the company or erase. A token that
// belongs to no person may not carry them, unless the operator at the machine
// makes it: a decision names a person.
var personal = []Role{Legal, Executive, PrivacyOfficer}

func set(ps ...Permission) map[Permission]bool {
	m := make(map[Permission]bool, len(ps))
	for _, p := range ps {
		m[p] = true
	}
	return m
}
