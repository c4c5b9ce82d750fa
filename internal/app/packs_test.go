package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

const strict = `
pack: counsel
title: Counsel's reading
version: "1"
jurisdiction: EEA
instrument: GDPR, as our counsel reads it
source: a letter
sure: read
rules:
  - id: eu-gdpr-33-1
    article: "33(1)"
    owes: [controller]
    to: authority
    when: [personal_data_breach]
    start: aware
    deadline: 24 h
`

// TestPacksThatCameWhileNothingRan: a start with other packs derives the open incidents anew, as a reload does; a
// start with the same ones, and the first start of all, leave no entry.
func TestPacksThatCameWhileNothingRan(t *testing.T) {
	t.Parallel()
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			h := &house{t: t, cfg: empty(t, e)}
			h.cfg.Listen, h.cfg.Packs = "127.0.0.1:0", t.TempDir()
			eng := who.Engine("test")
			run := func(fn func()) (kinds []string) {
				h.start()
				defer h.stop()
				if err := h.app.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := h.app.Jobs.Drain(t.Context(), h.app.Clock.Now()); err != nil {
					t.Fatal(err)
				}
				if fn != nil {
					fn()
				}
				list, err := h.app.Ledger.Entries(t.Context(), h.app.DB, 0, 0)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range list {
					kinds = append(kinds, e.Kind)
				}
				return kinds
			}
			count := func(kinds []string) int { return strings.Count(strings.Join(kinds, " "), "duties.repacked") }
			id := ""
			first := run(func() {
				st, err := h.app.Incidents.Declare(t.Context(), eng, incident.Declare{Title: "Export"})
				if err != nil {
					t.Fatal(err)
				}
				id = st.ID
				if _, err := h.app.Incidents.Execute(t.Context(), eng, st.Ref, &incident.RecordFact{Fact: incident.FactPersonalData, Value: []byte(`"yes"`)}, 0); err != nil {
					t.Fatal(err)
				}
			})
			if n := count(first); n != 0 || count(run(nil)) != 0 {
				t.Errorf("%d entries without new packs", n)
			}
			if err := os.WriteFile(filepath.Join(h.cfg.Packs, "counsel.yaml"), []byte(strict), 0o600); err != nil {
				t.Fatal(err)
			}
			again := run(func() {
				r, err := h.app.Duties.LastPacks(t.Context(), eng, id, h.app.Clock.Now())
				if err != nil || len(r.Moved) != 1 || r.Packs.Words() != "counsel 1" || r.Packs.By != "" {
					t.Errorf("%+v %v", r, err)
				}
			})
			if n := count(again); n != 1 || count(run(nil)) != 1 {
				t.Errorf("%d entries for one new pack", n)
			}
			if e == store.SQLite {
				if _, err := VerifyData(t.Context(), h.cfg, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
