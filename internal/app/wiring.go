package app

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/wakebell/wakebell/internal/app/outbound"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/register"
)

// wire says what follows from what. Each line runs in the transaction of its cause.
func (a *App) wire() {
	// A fact that no rule pack knows, or that contradicts another, is refused.
	a.Incidents.Observe(a.Assessment.OnIncident)
	// A fact, a grade or any other event of an incident re-derives its duties.
	a.Incidents.Observe(a.Duties.OnIncident)
	// A signal that is linked or unlinked by a command carries the verdict that says so.
	a.Incidents.Observe(a.Triage.Follow)
	// A duty that appears, is met, falls away or alarms calls people, or lets them be.
	a.Duties.Observe(a.Escalation.OnDuty)
	// Calls about signals end when the signals became an incident: its own duty calls then.
	a.Incidents.Observe(a.Escalation.OnIncident)
	// A contract, a team or an entity that changed re-derives every open incident, as jobs.
	a.Directory.Observe(a.Duties.RederiveOpen)
	// A close is refused while outward duties stand open.
	a.Incidents.Guard(a.openDuties)
	// … and while counsel has not said what must be disclosed, and what is kept.
	a.Incidents.Guard(assessment.Guard)
	// A person who is no longer active is signed out everywhere.
	a.People.Observe(a.Accounts.OnPerson)
	// A new passphrase is told to its person, who may not be the one who set it.
	a.Accounts.Observe(a.tellPassphrase)
	// What communications signed off is what an approval covers; a released notice is sent;
	// what became of each recipient meets the duties to them.
	outbound.Post{Notices: a.Notices, Dispatch: a.Dispatch}.Join()
	// A file that is withdrawn or erased voids what was approved with it.
	a.Files.Observe(a.Notices.OnFile)
	// What comes back by mail goes to the recipient it is about.
	a.Bounces.Handle(a.Dispatch.OnMail)
	// What was filed with authorities stands in the register.
	a.Register.Tell(a.filed)
	// Every commit of the ledger tells the open pages which of their regions are stale.
	a.Ledger.OnCommit(a.Live.Wake)
	// A verification is no entry of the ledger: it tells the open pages itself.
	a.Audit.OnChange(func() { a.Live.Stir("verification", who.PermLedgerRead) })
	// Who may not read all signals learns of the own reports.
	a.Live.Own(a.Intake.Stirred)
	// Erasing a person's words re-projects what they stood in, and its search rows.
	a.Ledger.OnErase(a.reproject)
}

func (a *App) openDuties(ctx context.Context, r store.Reader, st incident.State) ([]incident.OpenDuty, error) {
	open, err := a.Duties.OpenDuties(ctx, r, st.ID)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now()
	out := make([]incident.OpenDuty, len(open))
	for i, d := range open {
		out[i] = incident.OpenDuty{
			Key: d.Key, Title: d.Title, DueAt: d.DueAt, Missed: d.DueAt.Before(now), Outward: d.Outward, Binding: d.Statutory, Filing: d.Filing,
		}
	}
	return out, nil
}

// sent says which notices of an incident were in fact given.
func (a *App) sent(ctx context.Context, r store.Reader, incident string) (assessment.Sent, error) {
	list, err := a.Duties.OfIncident(ctx, r, incident)
	return duty.SentOf(list), err
}

// statement says whether a notice is a statement that the media may be given.
func (a *App) statement(ctx context.Context, _ store.Reader, incident, no string) (bool, error) {
	n, err := strconv.Atoi(no)
	if err != nil {
		return false, nil
	}
	v, err := a.Notices.Get(ctx, who.Engine("contacts"), incident, n)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	cleared := slices.Contains([]notice.State{notice.Approved, notice.Released, notice.Done}, v.State)
	return err == nil && v.Audience == notice.Press && cleared, err
}

// filed is what the register says of forms that were filed.
func (a *App) filed(ctx context.Context, r store.Reader, incident string) ([]register.FiledForm, error) {
	list, err := a.Filings.OfIncident(ctx, r, incident)
	var out []register.FiledForm
	for _, f := range list {
		if f.Sent == nil {
			continue
		}
		line := register.FiledForm{
			Number: f.No, Form: f.Form, Stage: f.Stage, Recipient: f.Recipient, Entity: f.Entity, FiledAt: f.Sent.At, FiledBy: f.Sent.By,
			Channel: f.Sent.Channel, Receipt: f.Reference(), Late: f.Sent.LateReason, SHA256: []string{},
		}
		for _, d := range f.Sent.Documents {
			line.SHA256 = append(line.SHA256, d.SHA256)
		}
		out = append(out, line)
	}
	return out, err
}

// reproject makes the tables of each subject anew; a room passes over what is not its own.
func (a *App) reproject(ctx context.Context, tx *store.Tx, entries []record.Entry) error {
	if err := errors.Join(a.Files.OnErase(tx, entries), a.Handover.OnErase(tx, entries), a.Contacts.OnErase(tx, entries)); err != nil {
		return err
	}
	var done []string
	for _, e := range entries {
		if slices.Contains(done, e.Subject) {
			continue
		}
		done = append(done, e.Subject)
		if err := errors.Join(
			a.Intake.Reproject(tx, e.Subject), a.Incidents.ReprojectSubject(tx, e.Subject), a.Duties.Reproject(ctx, tx, e.Subject), a.Notices.Reproject(ctx, tx, e.Subject),
		); err != nil {
			return err
		}
		if err := a.Filings.Reproject(tx, e.Subject); err != nil {
			return err
		}
	}
	return a.Files.AfterErase(ctx, tx, entries)
}
