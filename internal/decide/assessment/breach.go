package assessment

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
	"github.com/wakebell/wakebell/internal/rule/grading"
)

// The facts of the law that the assessment of a breach of personal data asks for.
const (
	Confidentiality fact.Name = fact.LawFact + "confidentiality"
	Integrity       fact.Name = fact.LawFact + "integrity"
	Availability    fact.Name = fact.LawFact + "availability"
	Malicious       fact.Name = fact.LawFact + "malicious"
	DataCategories  fact.Name = fact.LawFact + "data_categories"
	Encryption      fact.Name = fact.LawFact + "encryption"
	Key             fact.Name = fact.LawFact + "key"
)

// Breach is what is recorded of a breach of personal data, for grading.SuggestRisk.
func Breach(st incident.State) grading.Breach {
	b := grading.Breach{Persons: -1}
	for name, into := range map[fact.Name]*string{
		Confidentiality: &b.Confidentiality, Integrity: &b.Integrity, Availability: &b.Availability, Encryption: &b.Encryption, Key: &b.Key,
	} {
		*into, _ = Value(st.Facts[string(name)].Value.Law).(string)
	}
	b.Categories, _ = Value(st.Facts[string(DataCategories)].Value.Law).([]string)
	if yes, said := Value(st.Facts[string(Malicious)].Value.Law).(bool); said {
		b.Malicious = &yes
	}
	if c := st.Facts[string(fact.OfConsequences)].Value.Outlook; c != nil {
		b.Consequences = *c
	}
	for i, p := range st.ScopeNow().Persons {
		if i == 0 {
			b.Persons = 0
		}
		b.Persons += p.Max
	}
	return b
}

// Record records several facts at once: all of them, or none. What stands there
// already is left alone; changed says how many were new. It needs incident.work.
// The fields of an error begin with the name of the fact, as "law.key.value".
func (s *Service) Record(ctx context.Context, by who.Identity, ref string, list []*incident.RecordFact) (changed int, err error) {
	if err := who.Check(by, who.PermIncidentWork); err != nil {
		return 0, err
	}
	st, err := s.incidents.Get(ctx, by, ref, time.Time{})
	if err != nil {
		return 0, err
	}
	_, err = s.db.Write(ctx, store.Op{Name: "assessment.record", Actor: by.Actor}, func(tx *store.Tx) error {
		changed = 0
		now, err := s.incidents.GetTx(tx, st.ID)
		if err != nil {
			return err
		}
		for _, cmd := range list {
			if same(now, cmd) {
				continue
			}
			fresh := *cmd // the command is stamped; a group that runs again begins anew
			if now, err = s.incidents.ExecuteTx(tx, by, st.ID, &fresh); err != nil {
				return about(err, cmd.Fact)
			}
			changed++
		}
		tx.SetResult(st.ID)
		return nil
	})
	return changed, err
}

// same says whether a fact stands with this value and remark.
func same(st incident.State, cmd *incident.RecordFact) bool {
	f, ok := st.Facts[fact.Key(cmd.Fact, cmd.Entity)]
	if !ok || cmd.Remark != f.Text {
		return false
	}
	raw, err := json.Marshal(incident.WireValue(f))
	if err != nil {
		return false
	}
	var want bytes.Buffer
	if json.Compact(&want, cmd.Value) != nil {
		return false
	}
	return bytes.Equal(raw, want.Bytes())
}

// about puts the name of the fact before the fields of an error.
func about(err error, name fact.Name) error {
	fields := slices.Clone(fault.FieldsOf(err))
	if len(fields) == 0 {
		return err
	}
	for i := range fields {
		fields[i].Field = string(name) + "." + fields[i].Field
		if field, words, ok := strings.Cut(fields[i].Message, ": "); ok && strings.HasPrefix(field, "moments.") {
			fields[i].Message = words
		}
	}
	msg, _ := fault.MessageOf(err)
	return &fault.Error{Kind: fault.KindOf(err), Message: msg, Fields: fields, Err: err}
}
