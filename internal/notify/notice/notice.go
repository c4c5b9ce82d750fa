// Package notice keeps the notices of an incident: who is told what, by whom it was
// written and approved, and when it left. It carries out policy 003: communications write,
// legal and executive approve, only the designated spokesperson speaks in public, and
// customers, partners, personnel and government bodies are told what the duties ask for.
//
// Package course is pure and says what a notice amounts to by its entries; Service appends
// them to the ledger and projects them in the same transaction. The lists of recipients
// and the sending lie behind Post, joined in app/wiring.go. It must not import a face or
// respond.
package notice

import (
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
)

// The parts of a notice; see package course.
type (
	Audience = course.Audience
	Purpose  = course.Purpose
	State    = course.State
	Text     = course.Text
	File     = course.File
	Settings = course.Settings
	Round    = course.Round
	Notice   = course.Notice
	Hold     = course.Hold
)

// The audiences.
const (
	Customer, DataSubject, Employee       = course.Customer, course.DataSubject, course.Employee
	Partner, Vendor, Authority            = course.Partner, course.Vendor, course.Authority
	LawEnforcement, Insurer               = course.LawEnforcement, course.Insurer
	Personnel, Press                      = course.Personnel, course.Press
	First, Update, Correction             = course.First, course.Update, course.Correction
	Withdrawal, Resolved                  = course.Withdrawal, course.Resolved
	Draft, Review, Returned               = course.Draft, course.Review, course.Returned
	Approved, Released, Done              = course.Approved, course.Released, course.Done
	Withdrawn                       State = course.Withdrawn
)

// Audiences lists them in the order they are shown.
func Audiences() []Audience { return course.Audiences() }

// Purposes lists what a notice may be for.
func Purposes() []Purpose { return course.Purposes() }

// Kinds returns the ledger kinds this room writes.
func Kinds() []record.Kind { return course.Kinds() }

// Tell puts an entry of a kind "notice.*" into a sentence; see course.Tell.
func Tell(e record.Entry, name func(id string) string) string { return course.Tell(e, name) }
