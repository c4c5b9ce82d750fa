package who_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

func as(roles ...who.Role) who.Identity {
	return who.Identity{Actor: "p-1", Person: "p-1", Name: "Test", Roles: roles}
}

func TestNobodyMayDoAnything(t *testing.T) {
	t.Parallel()
	for _, p := range who.Permissions() {
		if err := who.Check(who.Identity{}, p); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("zero identity, %s: %v", p, err)
		}
		if err := who.Check(who.Identity{Actor: "x", Roles: []who.Role{"root", ""}}, p); fault.KindOf(err) != fault.Denied {
			t.Errorf("unknown roles, %s: %v", p, err)
		}
		if err := who.Check(who.Engine("sweep"), p); err != nil {
			t.Errorf("engine, %s: %v", p, err)
		}
	}
	if err := who.Check(as(who.Admin, who.Manager), "no.such"); fault.KindOf(err) != fault.Denied {
		t.Errorf("unknown permission: %v", err)
	}
	if err := who.CheckAny(as(who.Reporter), who.PermSignalRead, who.PermOwnRead); err != nil {
		t.Errorf("one of two is enough: %v", err)
	}
	if err := who.CheckAny(who.Identity{}, who.PermSignalRead, who.PermOwnRead); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("CheckAny of nobody: %v", err)
	}
}

func TestRolesDoWhatThePoliciesSay(t *testing.T) {
	t.Parallel()
	may := func(r who.Role) []who.Permission {
		var out []who.Permission
		for _, p := range who.Permissions() {
			if as(r).Has(p) {
				out = append(out, p)
			}
		}
		return out
	}
	if got := may(who.Reporter); !slices.Equal(got, []who.Permission{who.PermReportCreate, who.PermOwnRead}) {
		t.Errorf("a reporter only reports and reads the own reports: %v", got)
	}
	for _, p := range may(who.Auditor) {
		if !strings.HasSuffix(string(p), ".read") && p != who.PermRegisterExport {
			t.Errorf("an auditor changes nothing, but has %s", p)
		}
	}
	for _, p := range who.Permissions() {
		if strings.HasSuffix(string(p), ".read") && !as(who.Auditor).Has(p) {
			t.Errorf("an auditor reads everything, but not %s", p)
		}
		group, _, _ := strings.Cut(string(p), ".")
		if slices.Contains([]string{"incident", "signal", "duty", "call", "ledger", "register"}, group) && as(who.Admin).Has(p) {
			t.Errorf("an admin sees no incident, but has %s", p)
		}
	}
	for _, r := range []who.Role{who.Executive, who.Legal} {
		for _, p := range []who.Permission{who.PermIncidentDecide, who.PermDutyWaive, who.PermIncidentRead} {
			if !as(r).Has(p) {
				t.Errorf("%s lacks %s", r, p)
			}
		}
	}
	for r, p := range map[who.Role]who.Permission{
		who.Manager: who.PermIncidentManage, who.Liaison: who.PermRegisterRead, who.SIHT: who.PermIncidentWork,
		who.PrivacyOfficer: who.PermLedgerErase, who.Responder: who.PermSignalTriage, who.Admin: who.PermPersonManage,
	} {
		if !as(r).Has(p) {
			t.Errorf("%s lacks %s", r, p)
		}
	}
	if as(who.Manager).Has(who.PermIncidentDecide) || as(who.SIHT).Has(who.PermDutyWaive) || as(who.Liaison).Has(who.PermIncidentWork) {
		t.Error("a role may more than the policies give it")
	}
	for _, r := range who.Roles() {
		if len(may(r)) == 0 {
			t.Errorf("%s may do nothing", r)
		}
	}
	for _, p := range who.Permissions() {
		if !slices.ContainsFunc(who.Roles(), func(r who.Role) bool { return as(r).Has(p) }) {
			t.Errorf("nobody may %s", p)
		}
	}
}

func TestOnlyMachinesIngestAsReporters(t *testing.T) {
	t.Parallel()
	machine := who.Identity{Actor: "token-1", Name: "alertmanager", Roles: []who.Role{who.Reporter}}
	if !machine.Has(who.PermAlertIngest) || as(who.Reporter).Has(who.PermAlertIngest) {
		t.Error("alert.ingest with the role reporter belongs to machines alone")
	}
}

func TestCursorIsBoundToViewerAndFilter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "keys")
		filter := rapid.String().Draw(t, "filter")
		me := as(who.Manager)
		c := me.Cursor(filter, keys...)
		got, err := me.OpenCursor(c, filter, len(keys))
		if err != nil || !slices.Equal(got, keys) {
			t.Fatalf("got %q, %v; want %q", got, err, keys)
		}
		other := who.Identity{Actor: "p-2", Roles: me.Roles}
		for name, open := range map[string]func() ([]string, error){
			"viewer": func() ([]string, error) { return other.OpenCursor(c, filter, len(keys)) },
			"filter": func() ([]string, error) { return me.OpenCursor(c, filter+"x", len(keys)) },
			"keys":   func() ([]string, error) { return me.OpenCursor(c, filter, len(keys)+1) },
			"bytes":  func() ([]string, error) { return me.OpenCursor(c+"!", filter, len(keys)) },
		} {
			if _, err := open(); fault.KindOf(err) != fault.Invalid {
				t.Fatalf("another %s was taken: %v", name, err)
			}
		}
	})
	if keys, err := as().OpenCursor("", "f", 2); keys != nil || err != nil {
		t.Errorf("empty cursor: %v %v", keys, err)
	}
}

func TestValidEmail(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"a@b.example": true, "first.last+tag@sub.example.com": true,
		"": false, "a": false, "a@": false, "@b.example": false, "a b@c.example": false, "A <a@b.example>": false,
		"a@b.example\r\nBcc: x@y.example": false, "a@b.example, c@d.example": false, "a@b.example\x00": false,
		"a@.example": false, strings.Repeat("x", 250) + "@b.example": false,
	} {
		if got := who.ValidEmail(s); got != want {
			t.Errorf("ValidEmail(%q) = %v", s, got)
		}
	}
}

func TestEnginesHaveANamePeopleRead(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{who.Engine("job").Actor: "Wakebell (job)", "018f": "", "token:018f": "", "": ""} {
		if got := who.EngineName(id); got != want {
			t.Errorf("EngineName(%q) = %q, want %q", id, got, want)
		}
	}
}
