package filing

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/notify/notice/form/prefill"
)

// Begin says what to fill in.
type Begin struct {
	Duty     string   // id of the duty it meets; may be empty for a follow-up, a withdrawal, a reclassification
	Form     string   // id of the form; "" = that of the filing it follows, else the first that fits the duty
	Stage    string   // "" = the first that fits
	Follows  int      // number of the filing it follows; 0 = none
	Combines []string // stages filed together with it
}

// Start begins a filing, filled in from the record, or from the filing it follows.
// Permission filing.work.
func (s *Service) Start(ctx context.Context, by who.Identity, ref string, in Begin) (Filing, error) {
	if err := who.Check(by, who.PermFilingWork); err != nil {
		return Filing{}, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return Filing{}, err
	}
	out, err := s.db.Write(ctx, store.Op{Name: "filing.start", Actor: by.Actor}, func(tx *store.Tx) error {
		now, err := s.incidents.GetTx(tx, st.ID)
		if err != nil {
			return err
		}
		have, err := ofIncident(ctx, tx, st.ID)
		if err != nil {
			return err
		}
		o, answers, err := s.begin(ctx, tx, by, now, have, in)
		if err != nil {
			return err
		}
		o.No = len(have) + 1
		e, err := s.append(tx, by, record.Draft{Kind: kindStarted, Subject: st.ID, Body: started{Origin: o, SHA256: digest(form.Canonical(answers)), Answers: answers}})
		tx.SetResult(st.ID + "/" + strconv.Itoa(o.No))
		_ = e
		return err
	})
	if err != nil {
		return Filing{}, fmt.Errorf("start a filing in %s: %w", ref, err)
	}
	id, no, _ := strings.Cut(out.ResultID, "/")
	n, err := strconv.Atoi(no)
	if err != nil {
		return Filing{}, err
	}
	return one(ctx, s.db, id, n)
}

// begin works out what a filing is about, and its first answers.
func (s *Service) begin(ctx context.Context, tx *store.Tx, by who.Identity, st incident.State, have []Filing, in Begin) (Origin, form.Answers, error) {
	o := Origin{Ref: st.Ref, Drill: st.Kind == incident.Drill, Duty: in.Duty, Follows: in.Follows, Combines: in.Combines}
	var before Filing
	if in.Follows > 0 {
		i := slices.IndexFunc(have, func(f Filing) bool { return f.No == in.Follows })
		if i < 0 {
			return o, nil, fault.InvalidField("follows", "is no filing of this incident")
		}
		if before = have[i]; before.State != Filed && !before.Drill {
			return o, nil, fault.New(fault.Conflict, "A follow-up comes after what was filed. File the earlier one first, or go on with its draft")
		}
		o.Entity, o.Recipient, o.Rule = before.Entity, before.Recipient, before.Rule
		in.Form = cmp.Or(in.Form, before.Form)
	}
	var fits []Fit
	if in.Duty != "" {
		d, err := s.dutyOf(ctx, tx, Filing{Incident: st.ID, Origin: o})
		if err != nil {
			return o, nil, err
		}
		if d.ID == "" || !s.filed(d) {
			return o, nil, fault.InvalidField("duty", "is no duty of this incident that is met by filing")
		}
		o.Entity, o.Recipient, o.Rule, fits = d.Entity, d.Recipient.Name, d.Basis.Law, s.fits(d)
	} else if in.Follows == 0 {
		return o, nil, fault.InvalidField("duty", "is needed: say which duty the filing meets, or which filing it follows")
	}
	f, stage, err := s.choose(o, in, fits)
	if err != nil {
		return o, nil, err
	}
	o.Form, o.FormVersion, o.FormHash, o.Stage = f.ID, f.Version, f.Hash, stage.ID
	if stage.Kind != form.First && o.Follows == 0 && len(o.Combines) == 0 {
		return o, nil, fault.InvalidField("follows", "is needed: "+strings.ToLower(stage.Title)+" comes after what was filed before")
	}
	for _, c := range o.Combines {
		if !slices.Contains(stage.Combines, c) {
			return o, nil, fault.InvalidField("combines", "names a stage that this one cannot be filed together with")
		}
	}
	answers, err := s.fill(ctx, tx, by, st, o, f, stage, before)
	return o, answers, err
}

func (s *Service) choose(o Origin, in Begin, fits []Fit) (*form.Form, form.Stage, error) {
	for _, x := range fits {
		if (in.Form == "" || in.Form == x.Form.ID) && (in.Stage == "" || in.Stage == x.Stage.ID) {
			return x.Form, x.Stage, nil
		}
	}
	f := s.formBy(in.Form, o.Rule)
	if f == nil {
		return nil, form.Stage{}, fault.InvalidField("form", "is not one of those that fit; wakebell forms ls lists them")
	}
	if in.Stage == "" && in.Follows > 0 {
		for _, st := range f.Stages {
			if st.Kind == form.FollowUp {
				return f, st, nil
			}
		}
	}
	st, ok := f.Stage(in.Stage)
	if !ok || in.Follows == 0 && len(in.Combines) == 0 {
		return nil, form.Stage{}, fault.InvalidField("stage", "is no stage of the form that fits here")
	}
	return f, st, nil
}

// fill answers from the record; what was filed before stays where the record does not know.
func (s *Service) fill(ctx context.Context, tx *store.Tx, by who.Identity, st incident.State, o Origin, f *form.Form, stage form.Stage, before Filing) (form.Answers, error) {
	r, err := s.record(tx, by, st, o, before)
	if err != nil {
		return nil, err
	}
	known := prefill.Fill(f, stage, r)
	if before.ID == "" || before.Form != f.ID {
		return known, nil
	}
	v, err := version(ctx, tx, before.ID, before.Version)
	if err != nil {
		return nil, err
	}
	answers := form.Answers{}
	maps.Copy(answers, v.Answers)
	for id, a := range known {
		if old, had := answers[id]; !had || old.Source != "" || a.Source == "stage" {
			answers[id] = a // people's own words stay, what came from the record is brought up to it
		}
	}
	return answers, nil
}

func (s *Service) record(r store.Reader, by who.Identity, st incident.State, o Origin, before Filing) (prefill.Record, error) {
	dir, err := s.dirs.Snapshot(r)
	if err != nil {
		return prefill.Record{}, err
	}
	reporter := dir.People[by.Person]
	return prefill.Record{Incident: st, Dir: dir, Entity: o.Entity, Recipient: o.Recipient, Reporter: reporter, Reference: before.Reference()}, nil
}

// Save keeps a new version of the answers; those not named stay. at is the version they
// were written on: when somebody saved another since, it is a Conflict and nothing is lost.
// Whoever changes what was submitted or approved voids it. Permission filing.work.
func (s *Service) Save(ctx context.Context, by who.Identity, ref string, no, at int, changes form.Answers) (Filing, error) {
	return s.change(ctx, by, ref, no, "filing.save", func(tx *store.Tx, f Filing) error {
		if at != f.Version {
			return fault.New(fault.Conflict, "Somebody saved other answers since you began. Look at theirs and save again")
		}
		had, err := version(ctx, tx, f.ID, f.Version)
		if err != nil {
			return err
		}
		known, err := s.knownNow(ctx, tx, by, f)
		if err != nil {
			return err
		}
		def, _, err := s.FormOf(f)
		if err != nil {
			return err
		}
		answers := form.Answers{}
		maps.Copy(answers, had.Answers)
		for id, a := range changes {
			if _, ok := def.Field(id); !ok {
				return fault.InvalidField(id, "is no field of this form")
			}
			answers[id] = sourced(a, had.Answers[id], known[id])
		}
		return s.save(ctx, tx, by, f, had.Answers, answers, false)
	})
}

// sourced keeps the source of an answer that says what the record says.
func sourced(a, before, known form.Answer) form.Answer {
	a.Text = strings.ReplaceAll(a.Text, "\r\n", "\n")
	a.Source, a.From = "", ""
	for _, k := range []form.Answer{before, known} {
		if a.Same(k) {
			a.Source, a.From = k.Source, k.From
			break
		}
	}
	return a
}

// Refill brings the answers that came from the record, and those still empty, up to it.
// Permission filing.work.
func (s *Service) Refill(ctx context.Context, by who.Identity, ref string, no int) (Filing, error) {
	return s.change(ctx, by, ref, no, "filing.refill", func(tx *store.Tx, f Filing) error {
		had, err := version(ctx, tx, f.ID, f.Version)
		if err != nil {
			return err
		}
		known, err := s.knownNow(ctx, tx, by, f)
		if err != nil {
			return err
		}
		answers := form.Answers{}
		maps.Copy(answers, had.Answers)
		for id, a := range known {
			if old := answers[id]; old.Empty() || old.Source != "" {
				answers[id] = a
			}
		}
		return s.save(ctx, tx, by, f, had.Answers, answers, true)
	})
}

func (s *Service) knownNow(ctx context.Context, tx *store.Tx, by who.Identity, f Filing) (form.Answers, error) {
	st, err := s.incidents.GetTx(tx, f.Incident)
	if err != nil {
		return nil, err
	}
	def, stage, err := s.FormOf(f)
	if err != nil {
		return nil, err
	}
	var before Filing
	if f.Follows > 0 {
		if before, err = one(ctx, tx, f.Incident, f.Follows); err != nil {
			return nil, err
		}
	}
	r, err := s.record(tx, by, st, f.Origin, before)
	return prefill.Fill(def, stage, r), err
}

func (s *Service) save(ctx context.Context, tx *store.Tx, by who.Identity, f Filing, had, answers form.Answers, engine bool) error {
	def, stage, err := s.FormOf(f)
	if err != nil {
		return err
	}
	changed := def.Differ(had, answers)
	if len(changed) == 0 {
		return nil
	}
	late, err := s.Late(ctx, tx, f)
	if err != nil {
		return err
	}
	if err := fault.Invalids(def.Check(stage, answers, late, false)...); err != nil {
		return err
	}
	_, err = s.append(tx, by, record.Draft{Kind: kindSaved, Subject: f.Incident, Body: saved{
		Filing: f.ID, Version: f.Version + 1, SHA256: digest(form.Canonical(answers)), Changed: changed, Voids: f.State != Draft, Engine: engine, Answers: answers,
	}})
	return err
}

// change runs fn on an open filing in a transaction and returns what it became.
func (s *Service) change(ctx context.Context, by who.Identity, ref string, no int, name string, fn func(tx *store.Tx, f Filing) error) (Filing, error) {
	if err := who.Check(by, who.PermFilingWork); err != nil {
		return Filing{}, err
	}
	return s.write(ctx, by, ref, no, name, func(tx *store.Tx, f Filing) error {
		if !f.Open() {
			return fault.Newf(fault.Conflict, "This filing is %s: it does not change any more. Begin a follow-up to say something else", f.State)
		}
		return fn(tx, f)
	})
}

func (s *Service) write(ctx context.Context, by who.Identity, ref string, no int, name string, fn func(tx *store.Tx, f Filing) error) (Filing, error) {
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return Filing{}, err
	}
	_, err = s.db.Write(ctx, store.Op{Name: name, Actor: by.Actor}, func(tx *store.Tx) error {
		f, err := one(ctx, tx, st.ID, no)
		if err != nil {
			return err
		}
		tx.SetResult(f.ID)
		return fn(tx, f)
	})
	if err != nil {
		return Filing{}, fmt.Errorf("%s %s/%d: %w", name, ref, no, err)
	}
	return one(ctx, s.db, st.ID, no)
}

// Discard gives a draft up, with the reason. Permission filing.work.
func (s *Service) Discard(ctx context.Context, by who.Identity, ref string, no int, reason string) (Filing, error) {
	return s.change(ctx, by, ref, no, "filing.discard", func(tx *store.Tx, f Filing) error {
		if err := needed("reason", reason); err != nil {
			return err
		}
		_, err := s.append(tx, by, record.Draft{Kind: kindDiscarded, Subject: f.Incident, Body: discarded{f.ID, reason}})
		return err
	})
}

const maxReason = 2000

func needed(field, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fault.InvalidField(field, "is needed")
	case len(text) > maxReason:
		return fault.InvalidField(field, "is too long: 2,000 characters are taken")
	}
	return nil
}

// onTime says whether all duties are open and not yet due, as a combined filing needs
// (DORA: Regulation (EU) 2025/302 Art. 2).
func onTime(list []duty.Duty, at func(duty.Duty) duty.State) bool {
	return !slices.ContainsFunc(list, func(d duty.Duty) bool { return at(d) == duty.Missed })
}
