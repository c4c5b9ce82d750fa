package dispatch

import (
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/byhand"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/item"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch/roll"
)

// The shapes of sending; see package item.
type (
	List       = item.List
	ListState  = item.ListState
	Recipient  = item.Recipient
	Contact    = item.Contact
	Own        = item.Own
	Channel    = item.Channel
	State      = item.State
	Run        = item.Run
	RunState   = item.RunState
	Tally      = item.Tally
	Attachment = item.Attachment
	Fact       = item.Fact
	Event      = item.Event
)

// What people carry; see package byhand.
type (
	By      = byhand.By
	Posting = byhand.Posting
	Call    = byhand.Call
	Outcome = byhand.Outcome
)

// The outcomes of a call.
const (
	CallReached   = byhand.CallReached
	CallConfirmed = byhand.CallConfirmed
	CallNobody    = byhand.CallNobody
	CallBack      = byhand.CallBack
	CallRefused   = byhand.CallRefused
	CallWrong     = byhand.CallWrong
)

// The shapes of lists; see package roll.
type (
	ListSpec  = roll.ListSpec
	Query     = roll.Query
	Added     = roll.Added
	Import    = roll.Import
	Imported  = roll.Imported
	Preview   = roll.Preview
	LineError = roll.LineError
	Fix       = roll.Fix
	Watcher   = roll.Watcher
	Upload    = roll.Upload
	Sample    = roll.Sample
)

// The states of a recipient's copy.
const (
	Gap       = item.Gap
	LeftOut   = item.LeftOut
	Queued    = item.Queued
	Sending   = item.Sending
	Sent      = item.Sent
	Delivered = item.Delivered
	Failed    = item.Failed
	Bounced   = item.Bounced
	Stopped   = item.Stopped
)

// The channels.
const (
	Email      = item.Email
	Page       = item.Page
	Webhook    = item.Webhook
	Letter     = item.Letter
	Phone      = item.Phone
	HandedOver = item.HandedOver
)

// The states of lists and runs.
const (
	ListOpen   = item.Open
	ListSigned = item.Signed
	ListUsed   = item.Used
	RunCanary  = item.Canary
	RunWaiting = item.Waiting
	RunRunning = item.Running
	RunPaused  = item.Paused
	RunHalted  = item.Halted
	RunRefused = item.Refused
	RunDone    = item.Done
)

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind { return item.Kinds() }

// Tell puts an entry about sending into words. Recipients are opaque here: who they are
// only those see who may.
func Tell(e record.Entry, name func(id string) string) string { return item.Tell(e, name) }

func channelWord(c Channel) string { return item.ChannelWord(c) }
