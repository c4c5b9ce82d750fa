package filing

import (
	"context"
	"fmt"
	"slices"

	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/record/row"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/document"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/duty"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/file"
	"github.com/wakebell/wakebell/internal/notify/notice/form"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// Service keeps filings. Every method checks the permission first.
type Service struct {
	db        *store.DB
	led       *record.Ledger
	clk       *clock.Clock
	plans     *plan.Service
	dirs      *directory.Service
	incidents *incident.Service
	duties    *duty.Service
	files     *file.Service
	law       *assessment.Law
	book      *form.Book
}

// New makes the service. book holds the forms, the operator's among them.
func New(db *store.DB, led *record.Ledger, clk *clock.Clock, plans *plan.Service, dirs *directory.Service, incidents *incident.Service,
	duties *duty.Service, files *file.Service, law *assessment.Law, book *form.Book,
) *Service {
	return &Service{db, led, clk, plans, dirs, incidents, duties, files, law, book}
}

var errNone = fault.New(fault.NotFound, "There is no such filing in this incident")

// Forms returns the forms there are, for those who may read notices.
func (s *Service) Forms(by who.Identity) ([]*form.Form, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	return s.book.Forms(), nil
}

// FormOf returns the form a filing was begun with. One built from a rule is built again; a
// form that is gone from the operator's folder is a Conflict that says so.
func (s *Service) FormOf(f Filing) (*form.Form, form.Stage, error) {
	found := s.formBy(f.Form, f.Rule)
	if found == nil {
		return nil, form.Stage{}, fault.New(fault.Conflict, "The form of this filing is not there any more. Put its file back, or discard this filing and begin another")
	}
	stage, ok := found.Stage(f.Stage)
	if !ok {
		return nil, stage, fault.New(fault.Conflict, "The form of this filing does not have its stage any more. Put the file back that it was begun with")
	}
	return found, stage, nil
}

func (s *Service) formBy(id, rule string) *form.Form {
	if f := s.book.Form(id); f != nil {
		return f
	}
	if r := s.rule(rule); r != nil && id == form.GenericPrefix+rule {
		return form.Generic(s.law.Book(), r)
	}
	return nil
}

// rule is the newest version of a rule of the law, nil when there is none.
func (s *Service) rule(id string) *regime.Rule {
	list := s.law.Book().Versions(id)
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// Want is one duty that is met by filing, with the forms that fit and what was begun for it.
type Want struct {
	Duty    duty.Duty
	Fits    []Fit
	Filings []Filing
}

// Fit is one stage of a form that satisfies a duty's rule. The authority's own come first.
type Fit struct {
	Form  *form.Form
	Stage form.Stage
}

// Wanted lists the duties of an incident that are met by filing, the earliest due first.
func (s *Service) Wanted(ctx context.Context, by who.Identity, ref string) ([]Want, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	duties, err := s.duties.ForIncident(ctx, s.db, st.ID)
	if err != nil {
		return nil, err
	}
	have, err := ofIncident(ctx, s.db, st.ID)
	if err != nil {
		return nil, err
	}
	var out []Want
	for _, d := range duties {
		if d.State == duty.Withdrawn || !s.filed(d) {
			continue
		}
		w := Want{Duty: d, Fits: s.fits(d)}
		for _, f := range have {
			if f.Duty == d.ID {
				w.Filings = append(w.Filings, f)
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// filed says whether a duty is met by filing with an authority.
func (s *Service) filed(d duty.Duty) bool {
	if !d.Outward || !slices.Contains(d.MetBy, "filing") {
		return false
	}
	r := s.rule(d.Basis.Law)
	return d.Filing || r != nil && slices.Contains([]regime.Recipient{regime.ToAuthority, regime.ToRegulator, regime.ToCSIRT}, r.To)
}

func (s *Service) fits(d duty.Duty) (out []Fit) {
	if d.Basis.Law == "" {
		return nil
	}
	for _, f := range s.book.Forms() {
		for _, st := range f.Fits(d.Basis.Law) {
			out = append(out, Fit{f, st})
		}
	}
	if r := s.rule(d.Basis.Law); r != nil {
		g := form.Generic(s.law.Book(), r)
		out = append(out, Fit{g, g.Stages[0]})
	}
	return out
}

// List returns the filings of an incident, by number. Permission notice.read.
func (s *Service) List(ctx context.Context, by who.Identity, ref string) ([]Filing, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return nil, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return nil, err
	}
	return ofIncident(ctx, s.db, st.ID)
}

// OfIncident lists filings by the incident's id, for rooms that have checked who asks.
func (s *Service) OfIncident(ctx context.Context, r store.Reader, incident string) ([]Filing, error) {
	return ofIncident(ctx, r, incident)
}

// Get returns one filing. Permission notice.read.
func (s *Service) Get(ctx context.Context, by who.Identity, ref string, no int) (Filing, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Filing{}, err
	}
	st, err := s.incidents.GetTx(s.db, ref)
	if err != nil {
		return Filing{}, err
	}
	return one(ctx, s.db, st.ID, no)
}

// Versions returns the saved states of the answers, the newest first. Permission notice.read.
func (s *Service) Versions(ctx context.Context, by who.Identity, ref string, no int) ([]Version, error) {
	f, err := s.Get(ctx, by, ref, no)
	if err != nil {
		return nil, err
	}
	return document.List[Version](ctx, s.db, `SELECT doc FROM filing_version WHERE filing_id = ? ORDER BY version DESC`, f.ID)
}

// Newest returns the answers as they stand. Permission notice.read.
func (s *Service) Newest(ctx context.Context, by who.Identity, f Filing) (Version, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil {
		return Version{}, err
	}
	return version(ctx, s.db, f.ID, f.Version)
}

// Before returns the answers of the filing that f follows; nil when it follows none.
// Permission notice.read.
func (s *Service) Before(ctx context.Context, by who.Identity, f Filing) (form.Answers, error) {
	if err := who.Check(by, who.PermNoticeRead); err != nil || f.Follows == 0 {
		return nil, err
	}
	b, err := one(ctx, s.db, f.Incident, f.Follows)
	if err != nil {
		return nil, err
	}
	v, err := version(ctx, s.db, b.ID, b.Version)
	return v.Answers, err
}

// Late says whether the time of the filing's duty has passed and nothing met it yet.
func (s *Service) Late(ctx context.Context, r store.Reader, f Filing) (bool, error) {
	d, err := s.dutyOf(ctx, r, f)
	if err != nil || d.ID == "" {
		return false, err
	}
	if f.Sent != nil {
		return f.Sent.At.After(d.DueAt) && !d.DueAt.IsZero(), nil
	}
	return d.At(s.clk.Now()) == duty.Missed, nil
}

// dutyOf is the duty of a filing; the zero Duty when it has none.
func (s *Service) dutyOf(ctx context.Context, r store.Reader, f Filing) (duty.Duty, error) {
	if f.Duty == "" {
		return duty.Duty{}, nil
	}
	list, err := s.duties.OfIncident(ctx, r, f.Incident)
	for _, d := range list {
		if d.ID == f.Duty {
			return d, err
		}
	}
	return duty.Duty{}, err
}

// Groups says whose yes a filing needs, by the plan its incident began with.
func (s *Service) Groups(r store.Reader, f Filing) ([][]string, error) {
	st, err := s.incidents.GetTx(r, f.Incident)
	if err != nil {
		return nil, err
	}
	p, err := s.plans.At(r, st.PlanVersion)
	if err != nil {
		return nil, err
	}
	for _, a := range p.Approvals {
		if a.What == "authority_filing" && len(a.By) > 0 {
			return a.By, nil
		}
	}
	return [][]string{{string(who.Legal), string(who.PrivacyOfficer)}}, nil
}

// append records an entry and projects it.
func (s *Service) append(tx *store.Tx, by who.Identity, d record.Draft) (record.Entry, error) {
	d.Actor = by.Actor
	e, err := s.led.Append(tx, d)
	if err != nil {
		return e, err
	}
	return e, s.Project(row.Live(tx), e)
}

func ofIncident(ctx context.Context, r store.Reader, incident string) ([]Filing, error) {
	list, err := document.List[Filing](ctx, r, `SELECT doc FROM filing WHERE incident_id = ? ORDER BY no`, incident)
	if err != nil {
		return nil, fmt.Errorf("list filings: %w", err)
	}
	sortByNo(list)
	return list, nil
}

func one(ctx context.Context, r store.Reader, incident string, no int) (Filing, error) {
	return document.One[Filing](r.QueryRow(ctx, `SELECT doc FROM filing WHERE incident_id = ? AND no = ?`, incident, no), errNone)
}

func version(ctx context.Context, r store.Reader, filing string, n int) (Version, error) {
	return document.One[Version](r.QueryRow(ctx, `SELECT doc FROM filing_version WHERE filing_id = ? AND version = ?`, filing, n), errNone)
}
