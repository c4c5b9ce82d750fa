package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	riskverdict "github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/rule/regime"
	"github.com/wakebell/wakebell/internal/rule/regime/factfile"
)

// outcomeOnWire is one rule judged for one of our legal entities.
type outcomeOnWire struct {
	Rule          string      `json:"rule" example:"eu-gdpr-33-1"`
	Instrument    string      `json:"instrument" example:"GDPR (EU) 2016/679"`
	Article       *string     `json:"article" example:"33(1)"`
	Jurisdiction  string      `json:"jurisdiction" example:"EEA"`
	Recipient     string      `json:"recipient" doc:"kind of addressee" example:"authority"`
	RecipientName string      `json:"recipient_name" example:"the authority (EEA)"`
	Stage         string      `json:"stage" example:"initial"`
	Entity        *string     `json:"entity" doc:"id of the legal entity; null while none is known"`
	Status        string      `json:"status" enum:"required,not_required,needs_facts,not_evaluated"`
	Reason        string      `json:"reason" doc:"why, with the article, the source and how sure it is"`
	Due           *dueOnWire  `json:"due" doc:"of what is required"`
	Missing       []string    `json:"missing" nullable:"false" doc:"the facts that would decide it"`
	Open          []string    `json:"open" nullable:"false" doc:"exemptions that are not settled, in words"`
	Spread        *spreadWire `json:"spread" doc:"what the least, the estimated and the highest number of persons would each mean"`
	Sure          string      `json:"sure" enum:"read,partly,remembered" doc:"how well the rule was checked against its text"`
	Unverified    bool        `json:"unverified" doc:"nobody has checked the rule against its text"`
	Source        string      `json:"source"`
	Pack          string      `json:"pack"`
	PackVersion   string      `json:"pack_version"`
	Override      bool        `json:"override" doc:"the operator's own rule, in place of a shipped one"`
}

type dueOnWire struct {
	At       *time.Time `json:"at" doc:"null where the law names no number, or while the clock rests"`
	Day      *string    `json:"day" doc:"where the law names a day" example:"2026-12-21"`
	Zone     string     `json:"zone" doc:"whose days were counted" example:"Europe/Berlin"`
	Start    string     `json:"start" doc:"moment it counts from" example:"aware"`
	StartAt  *time.Time `json:"start_at"`
	Words    string     `json:"words" doc:"how it was counted"`
	Notes    []string   `json:"notes" nullable:"false"`
	Expected bool       `json:"expected" doc:"counted from the due time of a notice that is not given yet"`
	Held     bool       `json:"held" doc:"law enforcement has asked for delay"`
}

type spreadWire struct {
	Persons  personsWire `json:"persons"`
	Min      string      `json:"min"`
	Estimate string      `json:"estimate"`
	Max      string      `json:"max"`
}

type personsWire struct {
	Min      int64  `json:"min"`
	Estimate *int64 `json:"estimate" doc:"null: not known"`
	Max      int64  `json:"max"`
}

// questionOnWire is one thing that is not known.
type questionOnWire struct {
	Name     string   `json:"name" doc:"a fact, moments.<moment>, is.<kind of entity>, persons, entity or country" example:"encryption"`
	Text     string   `json:"text"`
	Help     *string  `json:"help"`
	Fact     *string  `json:"fact" doc:"the fact of the incident that answers it, for the command record_fact" example:"law.encryption"`
	Type     *string  `json:"type" enum:"yes_no,choice,number,list,moment,persons"`
	Values   []string `json:"values" nullable:"false" doc:"of a choice or a list"`
	Settles  int      `json:"settles" doc:"outcomes that wait for this alone"`
	Waiting  int      `json:"waiting" doc:"outcomes that wait for it, alone or with others"`
	Entities []string `json:"entities" nullable:"false" doc:"ids of the legal entities it is asked of; empty: the incident"`
}

// assessmentOnWire is what the packs in force say.
type assessmentOnWire struct {
	Incident  *string             `json:"incident" doc:"reference; null for facts that belong to no incident"`
	At        time.Time           `json:"at" doc:"the instant it was judged for"`
	Version   string              `json:"version" doc:"of all packs together"`
	Notice    string              `json:"notice"`
	Outcomes  []outcomeOnWire     `json:"outcomes" nullable:"false" doc:"what is required first, the earliest due in front"`
	Questions []questionOnWire    `json:"questions" nullable:"false" doc:"in the order of how many outcomes the answer would settle"`
	Verdicts  []riskVerdictOnWire `json:"verdicts" nullable:"false" doc:"on the risk to persons, every one, oldest first"`
	Counsel   []askedOnWire       `json:"counsel" nullable:"false" doc:"decisions that legal or outside counsel still owes"`
}

// riskVerdictOnWire is one verdict on the risk to persons, and what became of it.
type riskVerdictOnWire struct {
	ID       string     `json:"id"`
	Entity   *string    `json:"entity"`
	Risk     string     `json:"risk" enum:"unknown,none,risk,high"`
	Reason   *string    `json:"reason"`
	SaidBy   *string    `json:"said_by"`
	By       string     `json:"by" doc:"the assessor"`
	At       time.Time  `json:"at"`
	State    string     `json:"state" enum:"alone,not_confirmed,confirmed,disputed" doc:"alone: the plan asks for no second person"`
	Latest   bool       `json:"latest"`
	Holds    string     `json:"holds" doc:"what duties build on now, for this entity"`
	Opinions []decision `json:"opinions" nullable:"false" doc:"what second persons said of it"`
}

type askedOnWire struct {
	Decision string   `json:"decision" enum:"disclosure,retention"`
	On       []string `json:"on" nullable:"false" doc:"kinds of data it is asked for"`
	Words    string   `json:"words"`
}

func wireVerdicts(p riskverdict.Panel) []riskVerdictOnWire {
	out := []riskVerdictOnWire{}
	for _, v := range p.Verdicts {
		latest, _ := p.Latest(v.Entity)
		w := riskVerdictOnWire{
			ID: v.ID, Entity: orNull(v.Entity), Risk: v.Risk, Reason: orNull(v.Reason), SaidBy: orNull(v.SaidBy), By: v.By, At: v.At.UTC(),
			State: string(p.Of(v)), Latest: latest.ID == v.ID, Holds: p.Holds(v.Entity), Opinions: []decision{},
		}
		for _, d := range p.Said(v) {
			w.Opinions = append(w.Opinions, wireDecision(d))
		}
		out = append(out, w)
	}
	return out
}

// notLegalAdvice stands once in every answer.
const notLegalAdvice = "Not legal advice. A lawyer must confirm what is relied on."

func wireAssessment(res assessment.Result, book *regime.Book) assessmentOnWire {
	out := assessmentOnWire{
		Incident: orNull(res.Incident.Ref), At: res.Facts.At.UTC(), Version: res.Version, Notice: notLegalAdvice,
		Outcomes: make([]outcomeOnWire, 0, len(res.Outcomes)), Questions: make([]questionOnWire, 0, len(res.Questions)),
		Verdicts: wireVerdicts(res.Panel), Counsel: []askedOnWire{},
	}
	for _, a := range assessment.CounselOwes(res.Incident) {
		asked := askedOnWire{Decision: string(a.Kind), On: []string{}, Words: a.Words()}
		for _, s := range a.On {
			asked.On = append(asked.On, string(s))
		}
		out.Counsel = append(out.Counsel, asked)
	}
	for _, o := range assessment.Ordered(res.Outcomes) {
		out.Outcomes = append(out.Outcomes, wireOutcome(o))
	}
	for _, q := range res.Questions {
		out.Questions = append(out.Questions, wireQuestion(q, book))
	}
	return out
}

func wireOutcome(o *regime.Outcome) outcomeOnWire {
	r := o.Rule
	out := outcomeOnWire{
		Rule: r.ID, Instrument: r.Instrument, Article: orNull(r.Article), Jurisdiction: r.Jurisdiction, Recipient: string(r.To),
		RecipientName: assessment.Recipient(r), Stage: r.Stage, Entity: orNull(o.Entity), Status: string(o.Status), Reason: o.Reason(),
		Missing: append([]string{}, o.Missing...), Open: append([]string{}, o.Open()...), Sure: string(r.Sure), Unverified: r.Unverified(),
		Source: r.Source, Pack: r.Pack, PackVersion: r.PackVersion, Override: r.Override,
	}
	if d := o.Due; d != nil {
		out.Due = &dueOnWire{
			At: stamp(d.At), Day: orNull(d.Day), Zone: d.Zone, Start: d.Start, StartAt: stamp(d.StartAt), Words: d.Words,
			Notes: append([]string{}, d.Notes...), Expected: d.Expected, Held: d.Held,
		}
	}
	if s := o.Spread; s != nil {
		out.Spread = &spreadWire{wirePersons(s.Persons), string(s.Min), string(s.Estimate), string(s.Maximum)}
	}
	return out
}

func wirePersons(p regime.Persons) personsWire {
	out := personsWire{Min: p.Min, Max: p.Max}
	if p.Estimate >= 0 {
		out.Estimate = &p.Estimate
	}
	return out
}

func wireQuestion(q regime.Question, book *regime.Book) questionOnWire {
	a := assessment.AnswerOf(q, book)
	return questionOnWire{
		Name: q.Name, Text: q.Text, Help: orNull(q.Help), Fact: orNull(a.Fact), Type: orNull(a.Type), Values: append([]string{}, a.Values...),
		Settles: q.Settles, Waiting: q.Waiting, Entities: append([]string{}, q.Entities...),
	}
}

// lawFacts documents the body of the dry run; factfile.File reads it.
type lawFacts struct {
	At       string                `json:"at,omitempty" doc:"the instant to judge for, default now; RFC 3339, or local time of zone"`
	Zone     string                `json:"zone,omitempty" doc:"of times without an offset" example:"Europe/Berlin"`
	Moments  map[string]string     `json:"moments,omitempty" doc:"when things happened, by name: aware, discovered, …"`
	Known    map[string]any        `json:"known,omitempty" doc:"true or false, a word, a number or a list of words, by name of fact"`
	Persons  map[string]lawPersons `json:"persons,omitempty" doc:"affected persons by ISO 3166 code (DE, US-CA); a number is taken too"`
	Sent     map[string]string     `json:"sent,omitempty" doc:"when a rule's notice was given, by rule id"`
	Hold     *lawHold              `json:"hold,omitempty" doc:"a request of law enforcement to delay notices"`
	Entities []lawEntity           `json:"entities,omitempty"`
}

type lawPersons struct {
	Min      int64  `json:"min"`
	Estimate *int64 `json:"estimate,omitempty"`
	Max      int64  `json:"max"`
}

type lawHold struct {
	Since    string `json:"since"`
	Released string `json:"released,omitempty"`
}

type lawEntity struct {
	ID      string            `json:"id"`
	Name    string            `json:"name,omitempty"`
	Country string            `json:"country,omitempty" doc:"ISO 3166, of its establishment"`
	Zone    string            `json:"zone,omitempty"`
	Is      map[string]bool   `json:"is,omitempty" doc:"kinds of entity it is, and is not: controller, processor, …"`
	Known   map[string]any    `json:"known,omitempty" doc:"its own findings, before those of the incident"`
	Moments map[string]string `json:"moments,omitempty"`
	Sent    map[string]string `json:"sent,omitempty"`
}

// readFacts reads the body strictly: an unknown field is a mistake that would change the answer silently.
func readFacts(raw []byte, into *factfile.File) error {
	if _, err := object(raw); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return fault.InvalidField(short(kind.Field), "has the wrong shape; the document of the API shows it")
	case err != nil:
		return fault.InvalidField("facts", "hold a field that is not known, or one of the wrong shape; the document of the API shows them")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.InvalidField("facts", "must be one JSON object")
	}
	return nil
}

// RuleQuery holds the parameters of the list of rules.
type RuleQuery struct {
	Page
	Jurisdiction string `query:"jurisdiction" maxLength:"40" doc:"EEA, DE, US-CA" example:"US-CA"`
	Status       string `query:"status" enum:"in_force,not_yet_applicable,pending"`
	Sure         string `query:"sure" enum:"read,partly,remembered" doc:"remembered: unverified"`
	Q            string `query:"q" maxLength:"200" doc:"words of id, instrument, article, recipient or note; all of them"`
	Own          bool   `query:"own" doc:"only the operator's own that stand in place of shipped ones"`
}

// ruleOnWire is one rule in one version.
type ruleOnWire struct {
	ID            string          `json:"id"`
	Instrument    string          `json:"instrument"`
	Article       *string         `json:"article"`
	Jurisdiction  string          `json:"jurisdiction"`
	Reach         string          `json:"reach" enum:"established,persons,either,anywhere" doc:"what ties an entity to the jurisdiction"`
	Owes          []string        `json:"owes" nullable:"false" doc:"kinds of entity, one of which must act"`
	Holder        *string         `json:"holder" doc:"the statute's own word for it"`
	Recipient     string          `json:"recipient"`
	RecipientName string          `json:"recipient_name"`
	Select        *string         `json:"select" doc:"how to find the competent one"`
	Follows       *string         `json:"follows" doc:"rule that must be owed as well"`
	When          []conditionWire `json:"when" nullable:"false" doc:"all must hold"`
	Unless        []conditionWire `json:"unless" nullable:"false" doc:"exemptions"`
	Exemptions    []string        `json:"exemptions" nullable:"false" doc:"those that no test covers"`
	Threshold     *string         `json:"threshold" doc:"in words"`
	Start         string          `json:"start"`
	Deadline      []string        `json:"deadline" nullable:"false" doc:"in words"`
	Qualifier     *string         `json:"qualifier"`
	Stage         string          `json:"stage"`
	Content       []contentWire   `json:"content" nullable:"false" doc:"what the notice must contain"`
	Channel       *string         `json:"channel"`
	Record        *string         `json:"record"`
	ValidFrom     *string         `json:"valid_from" example:"2018-05-25"`
	ValidUntil    *string         `json:"valid_until" doc:"no longer on this day"`
	Status        string          `json:"status" enum:"in_force,not_yet_applicable,pending"`
	Source        string          `json:"source"`
	Sure          string          `json:"sure" enum:"read,partly,remembered"`
	Unverified    bool            `json:"unverified"`
	Note          *string         `json:"note"`
	Review        *string         `json:"review"`
	Pack          string          `json:"pack"`
	PackVersion   string          `json:"pack_version"`
	Override      bool            `json:"override"`
}

type conditionWire struct {
	If    string `json:"if" doc:"CEL over the facts"`
	Holds string `json:"holds"`
	Fails string `json:"fails"`
}

type contentWire struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

func wireConditions(list []regime.Test) []conditionWire {
	out := make([]conditionWire, 0, len(list))
	for _, t := range list {
		out = append(out, conditionWire{t.If, t.Holds, t.Fails})
	}
	return out
}

func wireRule(r *regime.Rule, book *regime.Book) ruleOnWire {
	out := ruleOnWire{
		ID: r.ID, Instrument: r.Instrument, Article: orNull(r.Article), Jurisdiction: r.Jurisdiction, Reach: string(r.Reach),
		Owes: append([]string{}, r.Owes...), Holder: orNull(r.Holder), Recipient: string(r.To), RecipientName: assessment.Recipient(r), Select: orNull(r.Select),
		Follows: orNull(r.Follows), When: wireConditions(r.When), Unless: wireConditions(r.Unless), Exemptions: append([]string{}, r.Exemptions...),
		Threshold: orNull(assessment.ThresholdWords(r)), Start: r.Start, Deadline: append([]string{}, assessment.DeadlineWords(book, r)...), Qualifier: orNull(r.Qualifier),
		Stage: r.Stage, Content: make([]contentWire, 0, len(r.Content)), Channel: orNull(r.Channel), Record: orNull(r.Record),
		ValidFrom: orNull(r.Valid.From), ValidUntil: orNull(r.Valid.Until), Status: string(r.Status), Source: r.Source, Sure: string(r.Sure),
		Unverified: r.Unverified(), Note: orNull(r.Note), Review: orNull(r.Review), Pack: r.Pack, PackVersion: r.PackVersion, Override: r.Override,
	}
	for _, name := range r.Content {
		out.Content = append(out.Content, contentWire{name, book.Content[name]})
	}
	return out
}

// ruleVersions is one rule in all its versions.
type ruleVersions struct {
	ID       string       `json:"id"`
	Version  string       `json:"version" doc:"of all packs together"`
	Notice   string       `json:"notice"`
	Versions []ruleOnWire `json:"versions" nullable:"false"`
}

// reloaded says what reading the packs anew did.
type reloaded struct {
	Changed bool   `json:"changed" doc:"the duties of open incidents are derived again when it is true"`
	Version string `json:"version" doc:"of the packs in force now"`
}

func (f *face) law() {
	const tag = "Law"
	handle(f, op{
		method: http.MethodGet, path: base + "/incidents/{ref}/assessment", id: "get-assessment", tag: tag, summary: "Whom the law says to tell, until when, and why",
		text: "Every rule of the packs judged for every legal entity concerned. With as_of, with the facts the record knew then. " + notLegalAdvice + " Needs incident.read and duty.read.",
	}, func(ctx context.Context, c *call, p *RefAsOf) (assessmentOnWire, error) {
		at, err := asOf(p.AsOf)
		if err != nil {
			return assessmentOnWire{}, err
		}
		res, err := f.Assessment.Of(ctx, c.by, p.Ref.Ref, at)
		if err != nil {
			return assessmentOnWire{}, err
		}
		return wireAssessment(res, f.Assessment.Book()), nil
	})
	takeBytes(f, op{
		method: http.MethodPost, path: base + "/assessment/evaluate", id: "evaluate-facts", tag: tag, summary: "Judge facts that belong to no incident", json: true,
		body: schemaOf[lawFacts](f), text: "A dry run: nothing is kept. " + notLegalAdvice + " Needs duty.read.",
	}, func(ctx context.Context, c *call, _ *none, b []byte) (assessmentOnWire, error) {
		var facts factfile.File
		if err := readFacts(b, &facts); err != nil {
			return assessmentOnWire{}, err
		}
		res, err := f.Assessment.Try(ctx, c.by, facts)
		if err != nil {
			return assessmentOnWire{}, err
		}
		return wireAssessment(res, f.Assessment.Book()), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/rules", id: "list-rules", tag: tag, summary: "List the rules of the law",
		text: "By id; of a rule with several versions each that matches. " + notLegalAdvice + " Needs plan.read.",
	}, func(_ context.Context, c *call, p *RuleQuery) (list[ruleOnWire], error) {
		items, next, err := f.Assessment.Rules(c.by, assessment.RuleFilter{
			Jurisdiction: p.Jurisdiction, Status: regime.LegalStatus(p.Status), Sure: regime.Sureness(p.Sure), Words: p.Q, Own: p.Own,
		}, p.Cursor, p.Limit)
		if err != nil {
			return list[ruleOnWire]{}, err
		}
		book := f.Assessment.Book()
		return listOf(items, next, func(r *regime.Rule) ruleOnWire { return wireRule(r, book) }), nil
	})
	handle(f, op{
		method: http.MethodGet, path: base + "/rules/{id}", id: "get-rule", tag: tag, summary: "Read one rule in all its versions",
		text: notLegalAdvice + " Needs plan.read.",
	}, func(_ context.Context, c *call, p *ID) (ruleVersions, error) {
		versions, err := f.Assessment.Rule(c.by, p.ID)
		if err != nil {
			return ruleVersions{}, err
		}
		book := f.Assessment.Book()
		out := ruleVersions{ID: p.ID, Version: book.Version, Notice: notLegalAdvice}
		for _, r := range versions {
			out.Versions = append(out.Versions, wireRule(r, book))
		}
		return out, nil
	})
	take(f, op{
		method: http.MethodPost, path: base + "/rules/reload", id: "reload-rules", tag: tag, summary: "Read the rule packs anew", optional: true,
		text: "When something is wrong in them, it is named with file and line, and those in force stay. Needs plan.edit.",
	}, func(ctx context.Context, c *call, _ *none, _ *none) (reloaded, error) {
		changed, err := f.Assessment.Reload(ctx, c.by)
		if err != nil {
			return reloaded{}, err
		}
		return reloaded{changed, f.Assessment.Book().Version}, nil
	})
}
