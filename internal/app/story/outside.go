package story

import (
	"context"
	"fmt"
	"strings"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/notify/contact"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/dispatch"
	"github.com/wakebell/wakebell/internal/notify/notice/form/filing"
)

// The verbs of telling those outside: notices, their recipients, forms of authorities, and
// the log of contacts. Each scene has one notice; nothing is released, so nothing leaves.
const one = 1

// doNotice begins the notice of a scene, from the template unless a text is given.
func doNotice(t *teller, ctx context.Context, by who.Identity, s step) error {
	var in struct {
		To        string `json:"to"`
		Subject   string `json:"subject"`
		Body      string `json:"body"`
		Voluntary bool   `json:"voluntary"`
	}
	if err := t.decode(s, &in); err != nil {
		return err
	}
	_, err := t.Notices.Start(ctx, by, s.scene.incident, notice.Start{Audience: notice.Audience(in.To), Subject: in.Subject, Body: in.Body, Voluntary: in.Voluntary})
	return err
}

// doRecipients puts those affected on the list and signs it off.
func doRecipients(t *teller, ctx context.Context, by who.Identity, s step) error {
	v, err := t.Notices.Get(ctx, by, s.scene.incident, one)
	if err != nil {
		return err
	}
	l, err := t.Dispatch.Create(keyed(ctx, s.key+"/list"), by, dispatch.ListSpec{Notice: v.ID, Incident: v.Incident})
	if err != nil {
		return err
	}
	if _, err := t.Dispatch.AddQuery(keyed(ctx, s.key+"/add"), by, l.ID, dispatch.Query{Affected: true}); err != nil {
		return err
	}
	_, err = t.Dispatch.SignOff(keyed(ctx, s.key+"/sign"), by, l.ID)
	return err
}

func doSubmit(t *teller, ctx context.Context, by who.Identity, s step) error {
	v, err := t.Notices.Get(ctx, by, s.scene.incident, one)
	if err == nil {
		_, err = t.Notices.Submit(ctx, by, s.scene.incident, one, v.Version)
	}
	return err
}

func doApprove(t *teller, ctx context.Context, by who.Identity, s step) error {
	v, err := t.Notices.Get(ctx, by, s.scene.incident, one)
	if err == nil {
		_, err = t.Notices.Approve(ctx, by, s.scene.incident, one, notice.Approve{Bound: v.Bound})
	}
	return err
}

// doFiling begins the form for the open duty whose key begins so.
func doFiling(t *teller, ctx context.Context, by who.Identity, s step) error {
	all, err := t.Duties.ForIncident(ctx, t.DB, s.scene.incident)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.State == duty.Open && strings.HasPrefix(d.Key, s.args.Value) {
			_, err := t.Filings.Start(ctx, by, s.scene.incident, filing.Begin{Duty: d.ID})
			return err
		}
	}
	return t.nothing(s, "no open duty begins so")
}

// doContact records a call, a letter or legal's direction; due is a time of the story.
func doContact(t *teller, ctx context.Context, by who.Identity, s step) error {
	var d contact.Draft
	if err := t.decode(s, &d, "due_at"); err != nil {
		return err
	}
	if _, err := t.Contacts.Record(ctx, by, s.scene.incident, d); err != nil {
		return fmt.Errorf("%s: %w", d.Subject, err)
	}
	return nil
}
