package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/duty/policy"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/triage"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/respond/escalation"
)

type verb func(t *teller, ctx context.Context, by who.Identity, s step) error

// births are the verbs that name a signal or an incident.
var births = []string{"alert", "raw", "report", "triage", "declare"}

// verbs is what people do in the story.
var verbs = map[string]verb{
	"alert": doAlert, "raw": doRaw, "report": doReport, "take": doTake, "triage": doTriage, "declare": doDeclare,
	"ack": doAck, "meet": doMeet, "give": doGive, "waive": doWaive,
	"fact": doFact, "finish": doFinish, "merge": doMerge, "roster": doRoster, "review": doReview, "second": doSecond,
	"notice": doNotice, "recipients": doRecipients, "submit": doSubmit, "approve": doApprove, "filing": doFiling, "contact": doContact,
	"confirm":  text(func(s string) incident.Command { return &incident.Confirm{Reason: s} }),
	"dismiss":  text(func(s string) incident.Command { return &incident.Dismiss{Reason: s} }),
	"note":     text(func(s string) incident.Command { return &incident.Note{Text: s} }),
	"sitrep":   text(func(s string) incident.Command { return &incident.SendSitrep{Text: s} }),
	"phase":    text(func(s string) incident.Command { return &incident.EnterPhase{Phase: incident.Phase(s)} }),
	"close":    text(func(s string) incident.Command { return &incident.Close{Reason: s} }),
	"edit":     form(func() incident.Command { return &incident.Edit{} }),
	"grade":    form(func() incident.Command { return &incident.Grade{} }),
	"assign":   form(func() incident.Command { return &incident.Assign{} }),
	"decision": form(func() incident.Command { return &incident.MakeDecision{} }),
	"task":     form(func() incident.Command { return &incident.AddTask{} }),
}

// text is a command that takes one text.
func text(of func(s string) incident.Command) verb {
	return func(t *teller, ctx context.Context, by who.Identity, s step) error {
		return t.execute(ctx, by, s, of(strings.TrimSpace(s.args.Value)))
	}
}

// form is a command that takes its own fields; due is a time of the story.
func form(of func() incident.Command) verb {
	return func(t *teller, ctx context.Context, by who.Identity, s step) error {
		cmd := of()
		if err := t.decode(s, cmd, "due"); err != nil {
			return err
		}
		return t.execute(ctx, by, s, cmd)
	}
}

func (t *teller) execute(ctx context.Context, by who.Identity, s step, cmd incident.Command) error {
	_, err := t.Incidents.Execute(ctx, by, s.scene.incident, cmd, 0)
	return err
}

// decode reads the arguments of a step by the names of the API; times are the story's.
func (t *teller) decode(s step, into any, times ...string) error {
	m := map[string]any{}
	if err := s.args.Decode(&m); err != nil {
		return fmt.Errorf("%w: line %d: %w", ErrStory, s.args.Line, err)
	}
	for _, name := range times {
		if v, ok := m[name].(string); ok {
			at, err := instant(t.end, s.scene.start, v)
			if err != nil {
				return fmt.Errorf("%w: line %d: %w", ErrStory, s.args.Line, err)
			}
			m[name] = at.Format(time.RFC3339Nano)
		}
	}
	return strict(m, into)
}

func strict(v, into any) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(doc)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrStory, err)
	}
	return nil
}

func doDeclare(t *teller, ctx context.Context, by who.Identity, s step) error {
	var d incident.Declare
	if err := t.decode(s, &d, "discovered_at"); err != nil {
		return err
	}
	st, err := t.Incidents.Declare(ctx, by, d)
	s.scene.incident = st.ID
	return err
}

// doFact records facts by their name, "name@entity" for one of our entities. A moment
// is a time of the story; "why", before a risk, is its reason.
func doFact(t *teller, ctx context.Context, by who.Identity, s step) error {
	why := "" // the reason of a verdict on the risk
	for i := 0; i+1 < len(s.args.Content); i += 2 {
		key, node := s.args.Content[i].Value, s.args.Content[i+1]
		if key == "why" {
			why = node.Value
			continue
		}
		name, entity, _ := strings.Cut(key, "@")
		var v any
		if err := node.Decode(&v); err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrStory, node.Line, err)
		}
		if moment(name) {
			at, err := instant(t.end, s.scene.start, node.Value)
			if err != nil {
				return fmt.Errorf("%w: line %d: %w", ErrStory, node.Line, err)
			}
			v = at.Format(time.RFC3339Nano)
		}
		doc, err := json.Marshal(v)
		if err != nil {
			return err
		}
		cmd := &incident.RecordFact{Fact: incident.FactName(name), Entity: entity, Value: doc}
		if name == "risk" {
			cmd.Remark = why
		}
		if err := t.execute(keyed(ctx, s.key+"/"+key), by, s, cmd); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// doSecond gives a second opinion on the verdict of an entity that stands.
func doSecond(t *teller, ctx context.Context, by who.Identity, s step) error {
	var in struct {
		Entity string          `json:"entity"`
		Answer incident.Answer `json:"answer"`
		Reason string          `json:"reason"`
	}
	if err := t.decode(s, &in); err != nil {
		return err
	}
	st, err := t.Incidents.GetTx(t.DB, s.scene.incident)
	if err != nil {
		return err
	}
	v, _ := st.Panel(nil).Latest(in.Entity)
	return t.execute(ctx, by, s, &incident.MakeDecision{Decision: incident.Second, About: v.ID, Answer: in.Answer, Reason: in.Reason})
}

func moment(name string) bool {
	return slices.Contains([]string{"occurred", "discovered", "aware", "classified", "contained", "eradicated", "recovered", "resolved"}, name)
}

// doFinish ticks the open task whose text begins so.
func doFinish(t *teller, ctx context.Context, by who.Identity, s step) error {
	st, err := t.Incidents.GetTx(t.DB, s.scene.incident)
	if err != nil {
		return err
	}
	for _, k := range st.Tasks {
		if k.DoneAt.IsZero() && strings.HasPrefix(k.Text, s.args.Value) {
			return t.execute(ctx, by, s, &incident.FinishTask{Task: k.ID})
		}
	}
	return t.nothing(s, "no open task begins so")
}

// nothing is an error of the story, unless the step was done before it was cut off.
func (t *teller) nothing(s step, why string) error {
	if t.again(s) {
		return nil
	}
	return fmt.Errorf("%w: line %d: %s", ErrStory, s.args.Line, why)
}

func doMerge(t *teller, ctx context.Context, by who.Identity, s step) error {
	var in struct {
		Into   string `json:"into"`
		Reason string `json:"reason"`
	}
	if err := t.decode(s, &in); err != nil {
		return err
	}
	other := t.threads[in.Into]
	if other == nil {
		return fmt.Errorf("%w: there is no scene %q", ErrStory, in.Into)
	}
	return t.execute(ctx, by, s, &incident.Merge{Into: other.incident, Reason: in.Reason})
}

// doAck answers every call of this scene that was made to the person and waits.
func doAck(t *teller, ctx context.Context, by who.Identity, s step) error {
	calls, err := t.Escalation.WaitingFor(ctx, by, s.scene.incident)
	if err != nil {
		return err
	}
	mine := slices.DeleteFunc(calls, func(k escalation.Call) bool {
		return k.Person != by.Person || s.scene.incident == "" && k.Incident != ""
	})
	if len(mine) == 0 {
		return t.nothing(s, "no call waits for this person")
	}
	for _, k := range mine {
		if _, err := t.Escalation.Acknowledge(keyed(ctx, s.key+"/"+k.ID), by, k.ID); err != nil {
			return err
		}
	}
	return nil
}

// dutyStep is what is done to the open duties whose key begins with Duty.
type dutyStep struct {
	Duty   string `json:"duty"`
	Remark string `json:"remark"`
	Late   string `json:"late"` // the reason of a delay
	Ref    string `json:"ref"`
	To     string `json:"to"`
	Ground string `json:"ground"`
}

func (t *teller) duties(ctx context.Context, s step, fn func(ctx context.Context, d duty.Duty, in dutyStep) error) error {
	var in dutyStep
	if err := t.decode(s, &in); err != nil {
		return err
	}
	all, err := t.Duties.ForIncident(ctx, t.DB, s.scene.incident)
	if err != nil {
		return err
	}
	n := 0
	var there []string
	for _, d := range all {
		if d.State != duty.Open {
			continue
		}
		if there = append(there, d.Key); !strings.HasPrefix(d.Key, in.Duty) {
			continue
		}
		// Meeting a report to the board begins the next one, which is not met by the same word when the telling
		// was cut off right after it.
		if policy.Recurs(d.Rule) && !d.StartAt.Before(s.at) {
			continue
		}
		n++
		if err := fn(keyed(ctx, s.key+"/"+d.ID), d, in); err != nil {
			return fmt.Errorf("%s: %w", d.Key, err)
		}
	}
	if n == 0 {
		return t.nothing(s, "no open duty begins so; there are "+strings.Join(there, " "))
	}
	return nil
}

func doMeet(t *teller, ctx context.Context, by who.Identity, s step) error {
	return t.duties(ctx, s, func(ctx context.Context, d duty.Duty, in dutyStep) error {
		ev := duty.Evidence{Ref: in.Ref, Remark: in.Remark, LateReason: in.Late}
		if d.NeedsAck {
			ev.With = "acknowledgement"
		}
		_, err := t.Duties.Meet(ctx, by, d.ID, ev)
		return err
	})
}

func doGive(t *teller, ctx context.Context, by who.Identity, s step) error {
	return t.duties(ctx, s, func(ctx context.Context, d duty.Duty, in dutyStep) error {
		_, err := t.Duties.Assign(ctx, by, d.ID, in.To)
		return err
	})
}

func doWaive(t *teller, ctx context.Context, by who.Identity, s step) error {
	return t.duties(ctx, s, func(ctx context.Context, d duty.Duty, in dutyStep) error {
		_, err := t.Duties.Waive(ctx, by, d.ID, in.Ground)
		return err
	})
}

func doTake(t *teller, ctx context.Context, by who.Identity, s step) error {
	_, err := t.Triage.Take(ctx, by, s.scene.signal)
	return err
}

func doTriage(t *teller, ctx context.Context, by who.Identity, s step) error {
	var in struct {
		Verdict string `json:"verdict"`
		Reason  string `json:"reason"`
		Title   string `json:"title"`
		Nature  string `json:"nature"`
		Of      string `json:"of"` // scene of a known incident
	}
	if err := t.decode(s, &in); err != nil {
		return err
	}
	v := triage.Input{Verdict: intake.Verdict(in.Verdict), Reason: in.Reason, Title: in.Title, Nature: incident.Nature(in.Nature)}
	if in.Of != "" {
		if t.threads[in.Of] == nil {
			return errors.Join(ErrStory, errors.New("there is no scene "+in.Of))
		}
		v.Incident = t.threads[in.Of].incident
	}
	out, err := t.Triage.Decide(ctx, by, s.scene.signal, v)
	if err == nil && out.Incident != nil {
		s.scene.incident = out.Incident.ID
	}
	return err
}
