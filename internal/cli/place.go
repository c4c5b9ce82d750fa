package cli

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alexflint/go-arg"
)

// list is a flag that is given several times, or once with commas.
type list []string

// UnmarshalText adds what one occurrence of the flag says.
func (l *list) UnmarshalText(b []byte) error {
	*l = append(*l, strings.Split(string(b), ",")...)
	return nil
}

// apart makes two arguments of --flag=, because go-arg would take the next argument for the value.
func apart(args []string) []string {
	end := slices.Index(args, "--")
	if end < 0 {
		end = len(args)
	}
	var out []string
	for _, a := range args[:end] {
		flag, empty := strings.CutSuffix(a, "=")
		if empty && strings.HasPrefix(flag, "-") && !strings.Contains(flag, "=") {
			out = append(out, flag, "")
			continue
		}
		out = append(out, a)
	}
	return append(out, args[end:]...)
}

// place is a command and what it takes, as go-arg reads it from the tags. It serves the messages and the help.
type place struct {
	name     string // as it was typed
	path     string // with the commands above and the program
	help     string
	commands []command
	takes    []taken // flags of the commands above too
}

type command struct {
	name, help string
	index      []int
	holds      []command
}

// taken is a flag or a positional argument.
type taken struct {
	long, short, placeholder, help string
	enum                           []string
	positional, required           bool
	value                          reflect.Value
}

// String is how it is named: --flag, or the word of an argument.
func (t taken) String() string {
	if t.positional {
		return t.placeholder
	}
	return "--" + t.long
}

// locate finds the command that was named.
func locate(r *root, names []string) place {
	v := reflect.ValueOf(r).Elem()
	at := place{path: "wakebell", help: "Security incidents and data breaches, from the first alert to a record that can be verified."}
	at.read(v)
	for _, name := range names {
		i := slices.IndexFunc(at.commands, func(c command) bool { return c.name == name })
		if i < 0 {
			break
		}
		v = v.FieldByIndex(at.commands[i].index).Elem()
		at.name, at.path, at.help = name, at.path+" "+name, at.commands[i].help
		at.read(v)
	}
	return at
}

func (at *place) read(v reflect.Value) {
	at.commands = commandsOf(v.Type())
	for _, f := range reflect.VisibleFields(v.Type()) {
		if t, ok := takenOf(f); ok {
			t.value = v.FieldByIndex(f.Index)
			at.takes = append(at.takes, t)
		}
	}
}

func commandsOf(t reflect.Type) []command {
	var out []command
	for _, f := range reflect.VisibleFields(t) {
		if name, ok := strings.CutPrefix(f.Tag.Get("arg"), "subcommand:"); ok {
			out = append(out, command{name: name, help: f.Tag.Get("help"), index: f.Index, holds: commandsOf(f.Type.Elem())})
		}
	}
	return out
}

func takenOf(f reflect.StructField) (taken, bool) {
	tag := f.Tag.Get("arg")
	if tag == "" || strings.HasPrefix(tag, "subcommand:") {
		return taken{}, false
	}
	t := taken{help: f.Tag.Get("help"), placeholder: f.Tag.Get("placeholder")}
	if enum := f.Tag.Get("enum"); enum != "" {
		t.enum = strings.Split(enum, ",")
	}
	for part := range strings.SplitSeq(tag, ",") {
		switch {
		case part == "positional":
			t.positional = true
		case part == "required":
			t.required = true
		case strings.HasPrefix(part, "--"):
			t.long = part[2:]
		default:
			t.short = strings.TrimPrefix(part, "-")
		}
	}
	if t.placeholder == "" { // as go-arg does
		t.placeholder = strings.ToUpper(t.long)
		if t.positional {
			t.placeholder = strings.ToUpper(f.Name)
		}
	}
	return t, true
}

const (
	maxHelp    = 100 // longer lines of help are hard to read
	helpColumn = 25  // where go-arg begins what a flag means
)

// help writes what the command is for and what it takes. At the top it names the commands of the groups too.
func (e *env) help(p *arg.Parser, at place) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", at.help)
	p.WriteHelp(&b)
	title := "\nCommands of the groups:\n"
	for _, c := range at.commands {
		var names []string
		for _, sub := range c.holds {
			names = append(names, sub.name)
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "%s  %-*s%s\n", title, helpColumn-2, c.name, strings.Join(names, ", "))
			title = ""
		}
	}
	for line := range strings.Lines(b.String()) {
		_, _ = io.WriteString(e.Out, wrap(line, min(e.width(), maxHelp)))
	}
}

// wrap breaks a line of help at its spaces, a line of usage before its flags.
func wrap(line string, width int) string {
	indent, space := "", " "
	switch {
	case strings.HasPrefix(line, "Usage: "):
		indent, space = strings.Repeat(" ", len("Usage: ")), " ["
	case strings.HasPrefix(line, " "):
		indent = strings.Repeat(" ", min(helpColumn, width/3))
	}
	done := ""
	for utf8.RuneCountInString(line) > width+1 { // the end of the line is in it
		fits := string([]rune(line)[:width+1])
		i := strings.LastIndex(fits, space)
		if i <= len(indent) {
			break
		}
		done += line[:i] + "\n"
		line = indent + line[i+1:]
	}
	return done + line
}
