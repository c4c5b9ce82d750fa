package deadline

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func zone(t interface {
	Helper()
	Fatalf(string, ...any)
}, name string,
) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("zone %s: %v", name, err)
	}
	return loc
}

func local(t testing.TB, tz, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02T15:04", s, zone(t, tz))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04Z07:00", s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestDue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tz, start string
		p         Period
		due       string
	}{
		"autumn: the clocks go back":       {"Europe/Berlin", "2026-10-24T20:00", Hours(72), "2026-10-27T19:00+01:00"},
		"spring: the clocks go forward":    {"Europe/Berlin", "2026-03-27T20:00", Hours(72), "2026-03-30T21:00+02:00"},
		"over a weekend":                   {"Europe/Berlin", "2026-11-20T14:25", Hours(72), "2026-11-23T14:25+01:00"},
		"half-hour zone":                   {"Asia/Kolkata", "2026-01-01T00:10", Minutes(20), "2026-01-01T00:30+05:30"},
		"over new year":                    {"UTC", "2026-12-31T23:30", Minutes(60), "2027-01-01T00:30+00:00"},
		"at once":                          {"UTC", "2026-12-31T23:30", Hours(0), "2026-12-31T23:30+00:00"},
		"southern summer time begins":      {"Australia/Sydney", "2026-10-03T12:00", Hours(24), "2026-10-04T13:00+11:00"},
		"leap day":                         {"UTC", "2028-02-28T12:00", Hours(48), "2028-03-01T12:00+00:00"},
		"20 min across the repeated hour":  {"Europe/Berlin", "2026-10-25T01:50", Minutes(20), "2026-10-25T02:10+02:00"},
		"120 min across the repeated hour": {"Europe/Berlin", "2026-10-25T01:30", Minutes(120), "2026-10-25T02:30+01:00"},
		"20 min across the skipped hour":   {"Europe/Berlin", "2026-03-29T01:50", Minutes(20), "2026-03-29T03:10+02:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Due(local(t, c.tz, c.start), c.p)
			if want := instant(t, c.due); !got.Equal(want) {
				t.Errorf("Due(%s %s, %s) = %s, want %s", c.start, c.tz, c.p, got, want.UTC())
			}
			if got.Location() != time.UTC {
				t.Errorf("due time is in %s, want UTC", got.Location())
			}
		})
	}
}

func TestDueCannotBeComputed(t *testing.T) {
	t.Parallel()
	start := local(t, "UTC", "2026-11-20T09:00")
	for name, got := range map[string]time.Time{
		"no start":     Due(time.Time{}, Hours(24)),
		"no period":    Due(start, Period{}),
		"negative":     Due(start, Hours(-1)),
		"absurd":       Due(start, Hours(math.MaxInt)),
		"unknown unit": Due(start, Period{Value: 3, Unit: "months"}),
	} {
		if !got.IsZero() {
			t.Errorf("%s: got %s, want no due time", name, got)
		}
	}
}

// sharedFile finds a file of the shared data set, or skips with a line that says
// where it was looked for.
func sharedFile(t *testing.T, path string) []byte {
	t.Helper()
	dir := os.Getenv("WAKEBELL_SHARED")
	if dir == "" {
		root, err := filepath.Abs(".")
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
			if filepath.Dir(root) == root {
				t.Skip("no go.mod above this package: the shared data set cannot be found")
			}
			root = filepath.Dir(root)
		}
		dir = filepath.Join(filepath.Dir(root), "shared")
	}
	file := filepath.Join(dir, filepath.FromSlash(path))
	b, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		t.Skipf("%s is not here: set WAKEBELL_SHARED to the folder of the shared data set to run these vectors", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVectors runs the elapsed-hour vectors of the shared law data. Vectors in
// days, months or business days are left to the calendars.
func TestVectors(t *testing.T) {
	t.Parallel()
	type vector struct {
		ID, Rule, Aware, TZ, Due string
		WrongNaive               string `yaml:"wrong_naive"`
		OptionsH                 []int  `yaml:"options_h"`
	}
	var doc struct{ Vectors []vector }
	if err := yaml.Unmarshal(sharedFile(t, "data/law/deadline_vectors.yaml"), &doc); err != nil {
		t.Fatal(err)
	}
	hours := map[string]int{"eu-gdpr-33-1": 72, "uk-pecr-5a": 72, "eu-cra-vuln-early": 24}
	ran := map[string]bool{}
	for _, v := range doc.Vectors {
		h, elapsed := hours[v.Rule]
		if !elapsed && len(v.OptionsH) == 0 {
			continue
		}
		ran[v.ID] = true
		start, want := local(t, v.TZ, v.Aware), instant(t, v.Due)
		if v.WrongNaive != "" {
			if naive := local(t, v.TZ, v.WrongNaive); want.Equal(naive) {
				t.Errorf("%s: the vector does not tell elapsed hours from wall-clock hours", v.ID)
			}
		}
		var cands []Candidate
		for _, o := range v.OptionsH {
			cands = append(cands, NewCandidate(Contract, v.ID, "aware", start, Hours(o)))
		}
		if elapsed {
			cands = append(cands, NewCandidate(Statute, v.ID, "aware", start, Hours(h)))
		}
		got, win := Shortest(cands)
		if !got[win].DueAt.Equal(want) {
			t.Errorf("%s: due %s, want %s", v.ID, got[win].DueAt, want.UTC())
		}
	}
	for _, id := range []string{"gdpr-fri", "gdpr-dst-spring", "contract-min"} {
		if !ran[id] {
			t.Errorf("vector %s was not run", id)
		}
	}
}

func TestShortest(t *testing.T) {
	t.Parallel()
	at := local(t, "UTC", "2026-11-20T09:00")
	cand := func(k Kind, name, start string, s time.Time, p Period) Candidate {
		return NewCandidate(k, name, start, s, p)
	}
	for name, c := range map[string]struct {
		in     []Candidate
		win    int
		reason []string
	}{
		"none": {nil, -1, nil},
		"one":  {[]Candidate{cand(Policy, "p", "discovered", at, Hours(24))}, 0, []string{"the only due time"}},
		"shortest of three": {
			[]Candidate{
				cand(Policy, "policy 003", "discovered", at, Hours(48)),
				cand(Policy, "policy 000", "discovered", at, Hours(24)),
				cand(Contract, "contract", "discovered", at, Hours(36)),
			},
			1,
			[]string{`24 h later than "policy 000"`, "earliest of 3", `12 h later than "policy 000"`},
		},
		"instants, not hour numbers: 24 h from later loses to 36 h from earlier": {
			[]Candidate{
				cand(Contract, "24 h", "confirmed", at.Add(13*time.Hour), Hours(24)),
				cand(Policy, "36 h", "discovered", at, Hours(36)),
			},
			1,
			[]string{`1 h later than "36 h"`, "earliest of 2"},
		},
		"tie: statute over contract over policy": {
			[]Candidate{
				cand(Policy, "p", "discovered", at, Hours(24)),
				cand(Contract, "c", "discovered", at, Minutes(24*60)),
				cand(Statute, "s", "discovered", at, Hours(24)),
			},
			2,
			[]string{
				`same instant as "s"; at the same instant statute goes before policy`,
				`same instant as "s"; at the same instant statute goes before contract`,
				"earliest of 3; at the same instant statute goes before policy",
			},
		},
		"tie: the first of equals": {
			[]Candidate{cand(Policy, "a", "discovered", at, Hours(24)), cand("", "b", "discovered", at, Hours(24))},
			0,
			[]string{
				"earliest of 2; at the same instant the first goes before the others",
				`same instant as "a"; at the same instant the first goes before the others`,
			},
		},
		"without start loses and says why": {
			[]Candidate{
				cand(Statute, "law", "aware", time.Time{}, Hours(1)),
				cand(Policy, "p", "discovered", at, Hours(48)),
				cand(Statute, "undue delay", "discovered", at, Period{}),
			},
			1,
			[]string{
				`no due time yet: no time is recorded for "aware"`,
				"the only due time; 2 more without a due time",
				"no due time: names no fixed period",
			},
		},
		"nothing can be computed": {
			[]Candidate{{Name: "law", Start: "aware", Period: Hours(1), DueAt: at, Wins: true}},
			-1,
			[]string{`no due time yet: no time is recorded for "aware"`},
		},
		"the caller's words stay": {
			[]Candidate{{Name: "p", Start: "discovered", StartAt: at, Period: Hours(24), Reason: "personal data unknown"}},
			0,
			[]string{"personal data unknown; the only due time"},
		},
		"a date counted elsewhere is kept": {
			[]Candidate{
				{Name: "days", Start: "aware", StartAt: at, DueAt: at.Add(time.Hour)},
				cand(Policy, "p", "discovered", at, Minutes(90)),
			},
			0,
			[]string{"earliest of 2", `30 min later than "days"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, win := Shortest(c.in)
			if win != c.win {
				t.Errorf("winner %d, want %d", win, c.win)
			}
			var reasons []string
			for i, g := range got {
				reasons = append(reasons, g.Reason)
				if g.Wins != (i == c.win) {
					t.Errorf("candidate %d: wins %v", i, g.Wins)
				}
			}
			if d := cmp.Diff(c.reason, reasons); d != "" {
				t.Errorf("reasons (-want +got):\n%s", d)
			}
			again, _ := Shortest(got)
			if d := cmp.Diff(got, again); d != "" {
				t.Errorf("not stable when run twice:\n%s", d)
			}
		})
	}
}

func TestFractions(t *testing.T) {
	t.Parallel()
	start := local(t, "Europe/Berlin", "2026-10-24T20:00")
	due := Due(start, Hours(72))
	got := Fractions(start, due, []float64{0.9, 0.5, 0.75, 0.5, 0, 1, -1, 2, math.NaN(), math.Inf(1)})
	want := []time.Time{start.Add(36 * time.Hour), start.Add(54 * time.Hour), start.Add(64*time.Hour + 48*time.Minute)}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if !got[i].Equal(want[i]) {
			t.Errorf("%d: got %s, want %s", i, got[i], want[i].UTC())
		}
	}
	for _, none := range [][]time.Time{
		Fractions(due, start, []float64{0.5}), Fractions(start, start, []float64{0.5}),
		Fractions(time.Time{}, due, []float64{0.5}), Fractions(start, time.Time{}, []float64{0.5}),
	} {
		if none != nil {
			t.Errorf("got %v, want none", none)
		}
	}
}

func TestPeriodText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Period{
		"24 h": Hours(24), "20 min": Minutes(20), "20min": Minutes(20), " 2 h ": Hours(2), "": {}, "0 h": Hours(0),
		"3 days": Days(3), "1 day": Days(1), "5 business days": BusinessDays(5), "1 month": Months(1), "2 months": Months(2),
	} {
		got, err := Parse(in)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"24", "h", "-1 h", "1.5 h", "3 weeks", "1.5 days", "500 months", "99999999999999999999 h", "9999999 h", "24 hh"} {
		if p, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", in, p)
		}
	}
}

func TestCandidateJSON(t *testing.T) {
	t.Parallel()
	start := local(t, "Europe/Berlin", "2026-10-24T20:00")
	c := NewCandidate(Statute, "GDPR Art. 33(1)", "aware", start, Hours(72))
	c.Reason, c.Wins = "the only due time", true
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"GDPR Art. 33(1)","kind":"statute","start":"aware","start_at":"2026-10-24T18:00:00Z",` +
		`"period":"72 h","due_at":"2026-10-27T18:00:00Z","reason":"the only due time","wins":true}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	var back Candidate
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if !back.StartAt.Equal(c.StartAt) || !back.DueAt.Equal(c.DueAt) || back.Period != c.Period {
		t.Errorf("read back %+v", back)
	}
	b, _ = json.Marshal(Candidate{Name: "x", Start: "aware"})
	if want := `{"name":"x","start":"aware","start_at":null,"period":"","due_at":null,"reason":"","wins":false}`; string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}

var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"}

func drawTime(t *rapid.T, label string) time.Time {
	us := rapid.Int64Range(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(),
		time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()).Draw(t, label)
	return time.UnixMicro(us).UTC()
}

func drawPeriod(t *rapid.T) Period {
	return Period{
		Value: rapid.IntRange(0, 20000).Draw(t, "value"),
		Unit:  rapid.SampledFrom([]Unit{UnitMinutes, UnitHours}).Draw(t, "unit"),
	}
}

// Properties: never before the start; monotone in the start; the same instant
// whatever zone the start is written in; text reads back.
func TestDueProperties(t *testing.T) {
	t.Parallel()
	var locs []*time.Location
	for _, z := range zones {
		locs = append(locs, zone(t, z))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, p := drawTime(t, "a"), drawTime(t, "b"), drawPeriod(t)
		da, db := Due(a, p), Due(b, p)
		if da.Before(a) {
			t.Fatalf("due %s before start %s", da, a)
		}
		if a.Before(b) != da.Before(db) {
			t.Fatalf("not monotone: %s, %s -> %s, %s", a, b, da, db)
		}
		loc := rapid.SampledFrom(locs).Draw(t, "zone")
		if !Due(a.In(loc), p).Equal(da) {
			t.Fatalf("another instant in %s", loc)
		}
		back, err := Parse(p.String())
		if err != nil || back != p {
			t.Fatalf("Parse(%q) = %v, %v", p, back, err)
		}
		last := a
		for _, at := range Fractions(a, da, []float64{0.1, 0.5, 0.99}) {
			if at.Before(last) || !at.Before(da) {
				t.Fatalf("reminder %s outside %s to %s", at, a, da)
			}
			last = at
		}
	})
}

// Properties: the winner is never later than another; one winner at most; the
// order of the list never changes the winning instant; the input is untouched.
func TestShortestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Candidate {
			c := Candidate{Start: "aware", Kind: rapid.SampledFrom([]Kind{"", Policy, Contract, Statute}).Draw(t, "kind")}
			if rapid.Bool().Draw(t, "known") {
				c.StartAt = time.Unix(int64(rapid.IntRange(0, 5).Draw(t, "start"))*3600, 0)
			}
			c.Period = Hours(rapid.IntRange(-1, 5).Draw(t, "hours"))
			return c
		}), 0, 6).Draw(t, "candidates")
		before := append([]Candidate(nil), in...)
		got, win := Shortest(in)
		if d := cmp.Diff(before, append([]Candidate(nil), in...)); d != "" {
			t.Fatalf("input changed: %s", d)
		}
		wins := 0
		for i, c := range got {
			if c.Reason == "" {
				t.Fatalf("candidate %d gives no reason", i)
			}
			if c.Wins {
				wins++
			}
			if c.DueAt.IsZero() {
				continue
			}
			w := got[win]
			if c.DueAt.Before(w.DueAt) || c.DueAt.Equal(w.DueAt) && c.Kind.rank() < w.Kind.rank() {
				t.Fatalf("candidate %d should win over %d", i, win)
			}
		}
		if (win >= 0) != (wins == 1) || wins > 1 || win >= 0 && !got[win].Wins {
			t.Fatalf("winner %d, %d marked", win, wins)
		}
		turned, twin := Shortest(rapid.Permutation(in).Draw(t, "turned"))
		if (twin < 0) != (win < 0) || win >= 0 && !turned[twin].DueAt.Equal(got[win].DueAt) {
			t.Fatal("the order of the list changed the due time")
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"24 h", "20 min", "", "-1 h", strings.Repeat("9", 40) + " min"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		if q, err := Parse(p.String()); err != nil || q != p {
			t.Errorf("Parse(%q) = %v, which reads back as %v, %v", s, p, q, err)
		}
	})
}
