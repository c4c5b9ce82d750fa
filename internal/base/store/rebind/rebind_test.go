package rebind_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/store/rebind"
)

func TestRebind(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"SELECT 1":                             "SELECT 1",
		"a = ? AND b IN (?,?)":                 "a = $1 AND b IN ($2,$3)",
		"a = '?' AND b = ?":                    "a = '?' AND b = $1",
		"a = 'it''s ?' AND b = ?":              "a = 'it''s ?' AND b = $1",
		`"odd?" = ?`:                           `"odd?" = $1`,
		"? -- why?\n, ?":                       "$1 -- why?\n, $2",
		"? /* ? */ ?":                          "$1 /* ? */ $2",
		"? - ? / ?":                            "$1 - $2 / $3",
		"unclosed '?":                          "unclosed '?",
		"?,?,?,?,?,?,?,?,?,?,?":                "$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11",
		"INSERT INTO x (a) VALUES (?) -- end?": "INSERT INTO x (a) VALUES ($1) -- end?",
	} {
		if got := rebind.SQL(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// TestRebindProperty builds texts from parts whose placeholders are known.
func TestRebindProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var in strings.Builder
		n := 0
		for range rapid.IntRange(0, 30).Draw(t, "parts") {
			switch rapid.IntRange(0, 4).Draw(t, "part") {
			case 0:
				n++
				in.WriteString("?")
			case 1:
				in.WriteString("'" + strings.ReplaceAll(rapid.StringMatching(`[a-z?'" -]{0,8}`).Draw(t, "literal"), "'", "''") + "'")
			case 2:
				in.WriteString(`"` + rapid.StringMatching(`[a-z?' -]{0,8}`).Draw(t, "name") + `"`)
			case 3:
				in.WriteString("--" + rapid.StringMatching(`[a-z?' ]{0,8}`).Draw(t, "comment") + "\n")
			case 4:
				in.WriteString(rapid.StringMatching(`[a-z =,()]{0,8}`).Draw(t, "text"))
			}
		}
		if got := rebind.SQL(in.String()); got != numbered(in.String()) {
			t.Fatalf("%q became %q", in.String(), got)
		}
		if got := strings.Count(numbered(in.String()), "$"); got != n {
			t.Fatalf("%d placeholders of %d in %q", got, n, in.String())
		}
	})
}

// numbered is a slow second way: a state machine over single characters.
func numbered(q string) string {
	var out strings.Builder
	state, n := byte(0), 0
	for i := 0; i < len(q); i++ {
		c := q[i]
		switch {
		case state == 0 && c == '?':
			n++
			fmt.Fprintf(&out, "$%d", n)
			continue
		case state == 0 && (c == '\'' || c == '"'):
			state = c
		case state == 0 && c == '-' && i+1 < len(q) && q[i+1] == '-':
			state = '\n'
		case state == c && state != 0:
			state = 0
		}
		out.WriteByte(c)
	}
	return out.String()
}
