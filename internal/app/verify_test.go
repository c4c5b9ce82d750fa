package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/record"
	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/base/store/storetest"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// told makes the tables that are kept beside the ledger hold more than the demo does.
func (h *house) told() {
	h.t.Helper()
	ctx, by := h.t.Context(), who.Engine("test")
	_, _, err := h.app.People.CreateToken(ctx, by, who.TokenInput{Name: "a machine <&>", Roles: []who.Role{"reporter"}})
	if err != nil {
		h.t.Fatal(err)
	}
	gone, _, err := h.app.People.CreateToken(ctx, by, who.TokenInput{Name: "gone", Roles: []who.Role{"reporter"}})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.app.People.RevokeToken(ctx, by, gone.ID); err != nil {
		h.t.Fatal(err)
	}
	for i, reason := range []string{"slower", "again, “<quoted>” & more"} {
		p, err := h.app.Plans.Current(ctx, by)
		if err != nil {
			h.t.Fatal(err)
		}
		p.ClassifyMinutes += 5
		p.Functions[0].Title = fmt.Sprintf("A <title> & %d", i)
		if _, err := h.app.Plans.Change(ctx, by, p, p.Version, reason); err != nil {
			h.t.Fatal(err)
		}
	}
	list, _, err := h.app.Directory.Teams(ctx, by, directory.Filter{}, "", 1)
	if err != nil || len(list) != 1 {
		h.t.Fatal(list, err)
	}
	list[0].Name += " <renamed>"
	if _, err := h.app.Directory.PutTeam(ctx, by, list[0], list[0].Version); err != nil {
		h.t.Fatal(err)
	}
	people, _, err := h.app.People.People(ctx, by, who.Filter{}, "", 1)
	if err != nil || len(people) != 1 {
		h.t.Fatal(people, err)
	}
	people[0].Phone = "+49 30 1234567"
	if _, err := h.app.People.UpdatePerson(ctx, by, people[0], 0); err != nil {
		h.t.Fatal(err)
	}
}

// first is one text of the database.
func (h *house) first(q string) string {
	h.t.Helper()
	var out string
	if err := h.app.DB.QueryRow(h.t.Context(), q).Scan(&out); err != nil {
		h.t.Fatal(q, err)
	}
	return out
}

func (h *house) harm(q string) {
	h.t.Helper()
	_, err := h.app.DB.Write(h.t.Context(), store.Op{Name: "harm"}, func(tx *store.Tx) error {
		res, err := tx.Exec(q)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return errors.New("nothing was harmed")
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(q, err)
	}
}

// Whoever writes into the database file is found: in the tables made from entries and in
// those kept beside them.
func TestVerifyFindsChangedTables(t *testing.T) {
	t.Parallel()
	for _, e := range storetest.Engines {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			h := inhabited(t, e)
			defer h.stop()
			h.told()
			rep, err := VerifyData(t.Context(), h.cfg, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"also people, tokens, the plan and the directory", "no entry holds them: api_token.hash, api_token.last4, directory_item.change_no."} {
				if !strings.Contains(rep.String(), want) {
					t.Errorf("%s\nlacks %q", rep, want)
				}
			}
			for _, table := range []string{"person", "api_token", "plan_version", "directory_item", "signal", "incident", "duty", "call"} {
				i := slices.IndexFunc(rep.Tables.Tables, func(r record.TableReport) bool { return r.Table == table })
				if i < 0 || rep.Tables.Tables[i].Rows == 0 {
					t.Errorf("%s was not compared: %+v", table, rep.Tables)
				}
			}
			person := h.first("SELECT id FROM person ORDER BY id DESC LIMIT 1")
			token := h.first("SELECT id FROM api_token WHERE revoked_at > 0")
			team := h.first("SELECT id FROM directory_item WHERE kind = 'team' ORDER BY id LIMIT 1")
			plan := h.first("SELECT MAX(version) FROM plan_version")
			signal := h.first("SELECT id FROM signal ORDER BY id LIMIT 1")
			duty := h.first("SELECT id FROM duty ORDER BY id LIMIT 1")
			for _, c := range []struct{ table, harm, want string }{
				{"person", "UPDATE person SET roles = ',admin,' WHERE id = '" + person + "'", "person [" + person + "] column roles"},
				{"person", "UPDATE person SET email = 'x@example.com' WHERE id = '" + person + "'", "person [" + person + "] column email"},
				{"person", "UPDATE person SET active = 1 - active WHERE id = '" + person + "'", "person [" + person + "] column active"},
				{"person", "DELETE FROM person WHERE id = '" + person + "'", "person [" + person + "]: the row is missing"},
				{
					"person", "INSERT INTO person SELECT 'zzz', name, name_key, 'z', 'z', phone, webhook, department, function_name, deputy, zone, roles, active, version, created_at, updated_at FROM person WHERE id = '" + person + "'",
					"person [zzz]: the row does not follow",
				},
				{"api_token", "UPDATE api_token SET revoked_at = 0 WHERE id = '" + token + "'", "api_token [" + token + "] column revoked_at"},
				{"api_token", "UPDATE api_token SET roles = ',admin,' WHERE id = '" + token + "'", "api_token [" + token + "] column roles"},
				{"api_token", "UPDATE api_token SET expires_at = 7 WHERE id = '" + token + "'", "api_token [" + token + "] column expires_at"},
				{"api_token", "UPDATE api_token SET name = 'other' WHERE id = '" + token + "'", "api_token [" + token + "] column name"},
				{"api_token", "DELETE FROM api_token WHERE id = '" + token + "'", "api_token [" + token + "]: the row is missing"},
				{"plan_version", "UPDATE plan_version SET doc = REPLACE(doc, '\"classify_minutes\":', '\"classify_minutes\":9') WHERE version = " + plan, "plan_version [" + plan + "] column doc"},
				{"plan_version", "UPDATE plan_version SET reason = '' WHERE version = " + plan, "plan_version [" + plan + "] column reason"},
				{"plan_version", "UPDATE plan_version SET changed_by = 'x' WHERE version = " + plan, "plan_version [" + plan + "] column changed_by"},
				{"plan_version", "DELETE FROM plan_version WHERE version = " + plan, "plan_version [" + plan + "]: the row is missing"},
				{"plan_version", "INSERT INTO plan_version SELECT 99, doc, changed_at, changed_by, reason, fields FROM plan_version WHERE version = " + plan, "plan_version [99]: the row does not follow"},
				{"directory_item", "UPDATE directory_item SET doc = REPLACE(doc, 'renamed', 'changed') WHERE kind = 'team' AND id = '" + team + "'", "directory_item [team, " + team + "] column doc"},
				{"directory_item", "UPDATE directory_item SET retired = 1 WHERE kind = 'team' AND id = '" + team + "'", "directory_item [team, " + team + "] column retired"},
				{"directory_item", "UPDATE directory_item SET name = 'x' WHERE kind = 'team' AND id = '" + team + "'", "directory_item [team, " + team + "] column name"},
				{"directory_item", "DELETE FROM directory_item WHERE kind = 'team' AND id = '" + team + "'", "directory_item [team, " + team + "]: the row is missing"},
				{"signal", "UPDATE signal SET triage_due_at = triage_due_at + 1 WHERE id = '" + signal + "'", "signal [" + signal + "] column triage_due_at"},
				{"duty", "UPDATE duty SET due_at = due_at + 1 WHERE id = '" + duty + "'", "duty [" + duty + "] column due_at"},
				{"duty_head", "UPDATE duty_head SET open_count = 0", "column open_count"},
				{"incident", "UPDATE incident SET severity = 3", "column severity"},
			} {
				for _, q := range []string{"DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT * FROM " + c.table} {
					h.run(q)
				}
				h.harm(c.harm)
				_, err := VerifyData(t.Context(), h.cfg, nil)
				if d, ok := errors.AsType[*record.Difference](err); !ok || !strings.Contains(d.Error(), c.want) {
					t.Errorf("%s: %v, want %s", c.harm, err, c.want)
				}
				if _, _, again := RebuildCheck(t.Context(), h.cfg); again == nil || err == nil || again.Error() != err.Error() {
					t.Errorf("%s: rebuild --check says %v", c.harm, again)
				}
				h.run("DELETE FROM " + c.table)
				h.harm("INSERT INTO " + c.table + " SELECT * FROM kept")
			}
			// What stands in no entry is said not to be compared.
			h.harm("UPDATE api_token SET last4 = 'xxxx'")
			if _, err := VerifyData(t.Context(), h.cfg, nil); err != nil {
				t.Error(err)
			}
			h.erased(person)
		})
	}
}

func (h *house) run(q string) {
	h.t.Helper()
	_, err := h.app.DB.Write(h.t.Context(), store.Op{Name: "run"}, func(tx *store.Tx) error { _, err := tx.Exec(q); return err })
	if err != nil {
		h.t.Fatal(q, err)
	}
}

// erased destroys the words of a person's entries: only the facts can be compared then.
func (h *house) erased(person string) {
	h.t.Helper()
	ctx := h.t.Context()
	list, err := h.app.Ledger.Subject(ctx, h.app.DB, person, 0, 0)
	if err != nil || len(list) == 0 {
		h.t.Fatal(list, err)
	}
	_, err = h.app.DB.Write(ctx, store.Op{Name: "erase"}, func(tx *store.Tx) error {
		return h.app.Ledger.Erase(tx, "legal", []string{list[len(list)-1].ID}, "asked for")
	})
	if err != nil {
		h.t.Fatal(err)
	}
	rep, err := VerifyData(ctx, h.cfg, nil)
	if err != nil || !strings.Contains(rep.String(), "erased from the ledger: 1 of person.") {
		h.t.Errorf("%s, %v", rep, err)
	}
	h.harm("UPDATE person SET phone = '1' WHERE id = '" + person + "'")
	if _, err := VerifyData(ctx, h.cfg, nil); err != nil {
		h.t.Error(err)
	}
	h.harm("UPDATE person SET roles = ',admin,' WHERE id = '" + person + "'")
	if _, err := VerifyData(ctx, h.cfg, nil); err == nil || !strings.Contains(err.Error(), "person ["+person+"] column roles") {
		h.t.Errorf("a role of an erased person: %v", err)
	}
}
