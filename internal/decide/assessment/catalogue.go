package assessment

import (
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/rule/regime"
)

// RuleFilter selects rules of the packs; empty parts select all.
type RuleFilter struct {
	Jurisdiction string             `json:"jurisdiction,omitempty"` // exactly: "EEA", "DE", "US-CA"
	Status       regime.LegalStatus `json:"status,omitempty"`
	Sure         regime.Sureness    `json:"sure,omitempty"`
	Words        string             `json:"q,omitempty"`   // all of them, anywhere in id, instrument, article, recipient or note
	Own          bool               `json:"own,omitempty"` // only those of the operator's own packs that replace shipped ones
}

// Validate names the part that has a word nobody knows.
func (f RuleFilter) Validate() error {
	var fields []fault.Field
	if f.Status != "" && !slices.Contains([]regime.LegalStatus{regime.InForce, regime.NotYetApplicable, regime.Pending}, f.Status) {
		fields = append(fields, fault.Field{Field: "status", Message: "must be in_force, not_yet_applicable or pending"})
	}
	if f.Sure != "" && !slices.Contains([]regime.Sureness{regime.Read, regime.ReadPartly, regime.Remembered}, f.Sure) {
		fields = append(fields, fault.Field{Field: "sure", Message: "must be read, partly or remembered"})
	}
	return fault.Invalids(fields...)
}

func (f RuleFilter) matches(r *regime.Rule) bool {
	if f.Jurisdiction != "" && r.Jurisdiction != f.Jurisdiction || f.Status != "" && r.Status != f.Status || f.Sure != "" && r.Sure != f.Sure || f.Own && !r.Override {
		return false
	}
	if f.Words == "" {
		return true
	}
	text := strings.ToLower(strings.Join([]string{r.ID, r.Instrument, r.Article, r.Jurisdiction, Recipient(r), string(r.To), r.Note, r.Pack}, " "))
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(f.Words)), func(word string) bool { return !strings.Contains(text, word) })
}

// Rules lists the rules of the packs in force by id; of a rule with several versions
// each that matches. next is the cursor of the next page, "" on the last. It needs
// plan.read.
func (s *Service) Rules(by who.Identity, f RuleFilter, cursor string, limit int) (list []*regime.Rule, next string, err error) {
	if err := who.Check(by, who.PermPlanRead); err != nil {
		return nil, "", err
	}
	if err := f.Validate(); err != nil {
		return nil, "", err
	}
	after, err := by.OpenCursor(cursor, f, 1)
	if err != nil {
		return nil, "", err
	}
	book, limit := s.Book(), who.Limit(limit)
	ids := book.IDs()
	if after != nil {
		at, found := slices.BinarySearch(ids, after[0])
		if found {
			at++
		}
		ids = ids[at:]
	}
	last := ""
	for _, id := range ids {
		var some []*regime.Rule
		for _, r := range book.Versions(id) {
			if f.matches(r) {
				some = append(some, r)
			}
		}
		if len(some) == 0 {
			continue
		}
		if len(list) > 0 && len(list)+len(some) > limit {
			return list, by.Cursor(f, last), nil
		}
		list, last = append(list, some...), id
	}
	return list, "", nil
}

// Rule gives all versions of a rule. It needs plan.read; NotFound when there is none.
func (s *Service) Rule(by who.Identity, id string) ([]*regime.Rule, error) {
	if err := who.Check(by, who.PermPlanRead); err != nil {
		return nil, err
	}
	list := s.Book().Versions(id)
	if len(list) == 0 {
		return nil, fault.New(fault.NotFound, "There is no such rule in the packs that are in force.")
	}
	return list, nil
}

// Packs are the packs in force. It needs plan.read.
func (s *Service) Packs(by who.Identity) ([]regime.Pack, error) {
	if err := who.Check(by, who.PermPlanRead); err != nil {
		return nil, err
	}
	return s.Book().Packs, nil
}
