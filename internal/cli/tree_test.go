package cli

import (
	"bytes"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alexflint/go-arg"
)

// Every command runs or holds commands, and says what it is for, as every flag does.
func TestTree(t *testing.T) {
	t.Parallel()
	if _, err := arg.NewParser(arg.Config{IgnoreEnv: true}, &root{}); err != nil {
		t.Fatal(err)
	}
	kebab := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	commands := 0
	var walk func(path string, v reflect.Value, above []string)
	walk = func(path string, v reflect.Value, above []string) {
		commands++
		flags := slices.Clone(above)
		holds := false
		for _, f := range reflect.VisibleFields(v.Type()) {
			if f.Anonymous || !f.IsExported() {
				continue
			}
			if f.Tag.Get("help") == "" {
				t.Errorf("%s %s does not say what it is for", path, f.Name)
			}
			if name, ok := strings.CutPrefix(f.Tag.Get("arg"), "subcommand:"); ok {
				holds = true
				walk(path+" "+name, reflect.New(f.Type.Elem()).Elem(), flags)
				continue
			}
			took, ok := takenOf(f)
			if !took.positional && slices.Contains(flags, took.long) {
				t.Errorf("%s has --%s twice, or a command above it has it: the first gets the value", path, took.long)
			}
			flags = append(flags, took.long)
			if !ok || took.positional == (took.long != "") || !took.positional && !kebab.MatchString(took.long) {
				t.Errorf("%s %s: the tag arg:%q names no flag in kebab case and is not positional", path, f.Name, f.Tag.Get("arg"))
			}
			if d := f.Tag.Get("default"); took.enum != nil && (f.Type.Kind() != reflect.String || d != "" && !slices.Contains(took.enum, d)) {
				t.Errorf("%s %s: enum does not fit its type or its default", path, f.Name)
			}
			if f.Type.Kind() == reflect.Slice && !took.positional && f.Type != reflect.TypeFor[list]() {
				t.Errorf("%s %s: a flag that may be repeated is a list", path, f.Name)
			}
		}
		if _, runs := v.Addr().Interface().(runner); runs == holds {
			t.Errorf("%s: runs %t, holds commands %t", path, runs, holds)
		}
	}
	walk("wakebell", reflect.ValueOf(&root{}).Elem(), nil)
	if commands < 100 {
		t.Errorf("only %d commands", commands)
	}
}

// read parses a command line and returns the tree, without running anything.
func read(t *testing.T, args ...string) *root {
	t.Helper()
	r := &root{}
	p, err := arg.NewParser(arg.Config{IgnoreEnv: true}, r)
	if err == nil {
		err = p.Parse(apart(args))
	}
	if err != nil {
		t.Fatal(args, err)
	}
	if err := locate(r, p.SubcommandNames()).enums(); err != nil {
		t.Fatal(args, err)
	}
	return r
}

func TestFlags(t *testing.T) {
	t.Parallel()
	r := read(t, "incident", "--json", "ls", "-q", "two words", "--limit=7", "--kind", "drill", "--url", "http://a")
	if l := r.Incident.Ls; !r.JSON || r.URL != "http://a" || l.Query != "two words" || l.Limit != 7 || l.Kind != "drill" || l.Open {
		t.Errorf("%+v", l)
	}
	r = read(t, "--json", "--token=x", "duty", "waive", "D1", "--ground=")
	if w := r.Duty.Waive; !r.JSON || r.Token != "x" || w.ID != "D1" || w.Ground != "" {
		t.Errorf("%+v", w)
	}
	r = read(t, "incident", "declare", "--summary=", "A title", "--nature", "operational")
	if d := r.Incident.Declare; d.Title != "A title" || d.Summary != "" || d.Nature != "operational" {
		t.Errorf("an empty value took the next argument: %+v", d)
	}
	r = read(t, "incident", "note", "INC-1", "--", "--odd=")
	if n := r.Incident.Note; n.Ref != "INC-1" || n.Text != "--odd=" {
		t.Errorf("%+v", n)
	}
	r = read(t, "incident", "note", "INC-1", "-")
	if n := r.Incident.Note; n.Text != "-" {
		t.Errorf("%+v", n)
	}
	r = read(t, "token", "create", "--name", "n", "--role", "legal,auditor", "--role", "admin")
	if c := r.Tokens.Create; !slices.Equal(c.Role, []string{"legal", "auditor", "admin"}) {
		t.Errorf("%+v", c)
	}
	r = read(t, "search", "one,two", "--kind", "note", "three")
	if s := r.Search; s.Kind != "note" || s.Limit != 50 || !slices.Equal(s.Words, []string{"one,two", "three"}) {
		t.Errorf("%+v", s)
	}
	r = read(t, "duty", "assign", "D1")
	if a := r.Duty.Assign; a.ID != "D1" || a.Person != "" {
		t.Errorf("%+v", a)
	}
}

// run runs the program without a server.
func run(t *testing.T, columns string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	env := func(name string) string {
		if name == "COLUMNS" {
			return columns
		}
		return ""
	}
	code = Run(t.Context(), args, IO{In: strings.NewReader(""), Out: &o, Err: &e, Getenv: env})
	return code, o.String(), e.String()
}

// Whoever mistypes is told what to write; what they typed as a value is not repeated.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"", "name a command of wakebell: serve, demo, report, signal, incident, duty, …; --help names them all"},
		{"duty", "name a command of wakebell duty: ls, meet, waive, undo, assign; --help names them all"},
		{"incidnet", "wakebell has no command incidnet; did you mean incident?"},
		{"incident shwo", "wakebell incident has no command shwo; did you mean show?"},
		{"wbl_SECRET", "wakebell has no such command; --help names those there are"},
		{"incident ls --opne", "wakebell incident ls has no flag --opne; did you mean --open?"},
		{"incident ls --tokn=wbl_SECRET", "wakebell incident ls has no flag --tokn; did you mean --token?"},
		{"incident ls --pomegranate", "wakebell incident ls has no flag --pomegranate; --help names those there are"},
		{"--limit 7 incident ls", "wakebell has no flag --limit; the flags of a command stand behind its name"},
		{"incident ls -x", "wakebell incident ls has no flag -x; --help names those there are"},
		{"directory export -oFILE", "-o: put a space between the flag and its value: -o FILE"},
		{"incident ls SECRET", "wakebell incident ls takes flags alone"},
		{"incident show INC-1 SECRET", "wakebell incident show takes REF and nothing behind it; put a text of several words in quotes"},
		{"incident ls --limit", "--limit: a value must follow; if it begins with -, write --limit=VALUE"},
		{"incident declare x --summary -SECRET", "--summary: a value must follow; if it begins with -, write --summary=VALUE"},
		{"incident ls --limit SECRET", "--limit must be a whole number"},
		{"incident ls --limit=SECRET", "--limit must be a whole number"},
		{"notice show INC-1 SECRET", "NO must be a whole number"},
		{"incident ls --open=SECRET", "--open must be true or false, or stand alone"},
		{"serve --mail-rate SECRET", "--mail-rate must be a number"},
		{"signal ls --state SECRET", "--state must be one of open, decided, all"},
		{"search x --kind SECRET", "--kind must be one of incident, note, report, alert, person"},
		{"incident second INC-1 SECRET --reason x", "ANSWER must be one of yes, no"},
		{"incident declare", "TITLE is missing: What happened, in a line."},
		{"duty waive D1", "--ground is missing: Why it need not be done."},
		{"backup", "--out is missing: File to write."},
		{"incident grade INC-1 --severity 0", "--bil is missing: Business impact level 1, 2 or 3."},
		{"search", "WORDS is missing: Words that must all occur; the last may be a beginning."},
	} {
		code, out, errs := run(t, "", strings.Fields(c.args)...)
		if code != exitUsage || out != "" || errs != "wakebell: "+c.want+"\n" {
			t.Errorf("%s: %d %s%s\nwant %s", c.args, code, out, errs, c.want)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		want []string
	}{
		{"--help", []string{"Security incidents and data breaches,", "\n  incident               Incidents: declare, work, close.", "Commands of the groups:\n", "ls, show, declare,"}},
		{"incident -h", []string{"Incidents: declare, work, close.\n", "wakebell incident <command>", "\n  erase-file ", "--token TOKEN"}},
		{"incident declare --help", []string{"Declare an incident.\n", "TITLE", "What happened, in a line.", "--discovered TIME", "[default: security]"}},
		{"incident declare --nonsense --help", []string{"Declare an incident.\n"}},
		{"serve --help", []string{"--smtp-host HOST", "$WAKEBELL_BOUNCE_IMAP_PASSWORD_FILE"}},
	} {
		for _, columns := range []string{"", "80"} {
			code, out, errs := run(t, columns, strings.Fields(c.args)...)
			if code != exitOK || errs != "" {
				t.Errorf("%s: %d %s", c.args, code, errs)
			}
			for _, want := range c.want {
				if columns == "" && !strings.Contains(out, want) {
					t.Errorf("%s does not say %q:\n%s", c.args, want, out)
				}
			}
			for line := range strings.Lines(out) {
				if utf8.RuneCountInString(line) > map[string]int{"": maxHelp, "80": 80}[columns]+1 {
					t.Errorf("%s at %s columns has a longer line: %s", c.args, columns, line)
				}
			}
		}
	}
	if code, out, _ := run(t, "", "version"); code != exitOK || out != "wakebell "+Version+"\n" {
		t.Errorf("%d %q", code, out)
	}
}
