package escalation

import "github.com/wakebell/wakebell/internal/respond/escalation/call"

// The types of calls; see package call.
type (
	Purpose   = call.Purpose
	Chain     = call.Chain
	Call      = call.Call
	CallState = call.CallState
	Kind      = call.Kind
	Role      = call.Role
	Channel   = call.Channel
	Via       = call.Via
)

// The purposes.
const (
	ForDuty     = call.ForDuty
	ForSignals  = call.ForSignals
	ForMissed   = call.ForMissed
	ForTriage   = call.ForTriage
	ForClassify = call.ForClassify
	ForNobody   = call.ForNobody
	ForWatchdog = call.ForWatchdog
)

// The states of chains and calls, the kinds, roles, channels and ways.
const (
	Running      = call.Running
	Answered     = call.Answered
	Ended        = call.Ended
	Exhausted    = call.Exhausted
	Waiting      = call.Waiting
	Acknowledged = call.Acknowledged
	Expired      = call.Expired
	Withdrawn    = call.Withdrawn
	Skipped      = call.Skipped
	Told         = call.Told
	KindCall     = call.KindCall
	KindReminder = call.KindReminder
	AsManager    = call.AsManager
	AsHolder     = call.AsHolder
	AsAdmin      = call.AsAdmin
	Email        = call.Email
	Webhook      = call.Webhook
	ViaLink      = call.ViaLink
	ViaSelf      = call.ViaSelf
)

// The paths of the links in messages; see package call.
const (
	AckPath      = call.AckPath
	IncidentPath = call.IncidentPath
	QueuePath    = call.QueuePath
)
