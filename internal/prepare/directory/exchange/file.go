package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/directory"
	"go.yaml.in/yaml/v3"
)

// File is the directory as YAML, with the people.
type File struct {
	People   []PersonRow           `yaml:"people"`
	Entities []directory.Entity    `yaml:"entities"`
	Teams    []directory.Team      `yaml:"teams"`
	Services []directory.ITService `yaml:"services"`
	Parties  []directory.Party     `yaml:"parties"`
}

// PersonRow is a person in a file. Active is true when it is left out.
type PersonRow struct {
	ID         string     `yaml:"id"`
	Name       string     `yaml:"name"`
	Email      string     `yaml:"email"`
	Phone      string     `yaml:"phone,omitempty"`
	Webhook    string     `yaml:"webhook,omitempty"`
	Department string     `yaml:"department,omitempty"`
	Function   string     `yaml:"function,omitempty"`
	Deputy     string     `yaml:"deputy,omitempty"`
	Zone       string     `yaml:"zone,omitempty"`
	Roles      []who.Role `yaml:"roles,omitempty,flow"`
	Active     *bool      `yaml:"active,omitempty"`
}

func (r PersonRow) person() who.Person {
	return who.Person{
		ID: r.ID, Name: r.Name, Email: r.Email, Phone: r.Phone, Webhook: r.Webhook, Department: r.Department,
		Function: r.Function, Deputy: r.Deputy, Zone: r.Zone, Roles: r.Roles, Active: r.Active == nil || *r.Active,
	}
}

// row is one item of a file with the place it came from. value is who.Person or a directory.Item.
type row struct {
	kind  string // "person" or a directory.Kind
	id    string
	path  string // e.g. parties[3]
	value any
	line  func(field string) int // where a field stands
}

// MaxFile is the largest file that is read, in bytes.
const MaxFile = 16 << 20

// LineError names a place in a file, what is wrong there and how to mend it.
type LineError struct {
	Line    int    `json:"line"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (e LineError) String() string { return fmt.Sprintf("line %d, %s: %s", e.Line, e.Field, e.Message) }

// asFault is the error of an import: each field is "line 12: parties[3].country".
func asFault(errs []LineError) error {
	slices.SortStableFunc(errs, func(a, b LineError) int { return a.Line - b.Line })
	fields := make([]fault.Field, 0, len(errs))
	for _, e := range errs {
		fields = append(fields, fault.Field{Field: fmt.Sprintf("line %d: %s", e.Line, e.Field), Message: e.Message})
	}
	return fault.Invalids(fields...)
}

var (
	yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	quoted   = regexp.MustCompile("`[^`]*`")
	unknown  = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
)

// readYAML gives the rows of a file, or what cannot be read, line by line.
func readYAML(text []byte) ([]row, []LineError) {
	var f File
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, yamlErrors(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, []LineError{{Line: 1, Field: "file", Message: "must hold one YAML document only"}}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, yamlErrors(err)
	}
	var rows []row
	add := func(kind, id, path string, value any) {
		rows = append(rows, row{kind, id, path, value, func(field string) int { return lineOf(&doc, path+"."+field) }})
	}
	for i, p := range f.People {
		add("person", p.ID, fmt.Sprintf("people[%d]", i), p.person())
	}
	for i, v := range f.Entities {
		add(string(directory.KindEntity), v.ID, fmt.Sprintf("entities[%d]", i), &v)
	}
	for i, v := range f.Teams {
		add(string(directory.KindTeam), v.ID, fmt.Sprintf("teams[%d]", i), &v)
	}
	for i, v := range f.Services {
		add(string(directory.KindService), v.ID, fmt.Sprintf("services[%d]", i), &v)
	}
	for i, v := range f.Parties {
		add(string(directory.KindParty), v.ID, fmt.Sprintf("parties[%d]", i), &v)
	}
	return rows, nil
}

// yamlErrors turns the decoder's words into ours. The decoder quotes values; an error never echoes a value.
func yamlErrors(err error) []LineError {
	texts := []string{err.Error()}
	if te, ok := errors.AsType[*yaml.TypeError](err); ok {
		texts = te.Errors
	}
	var out []LineError
	for _, text := range texts {
		e := LineError{Line: 1, Field: "file", Message: "is not readable YAML: " + quoted.ReplaceAllString(strings.TrimPrefix(text, "yaml: "), "a value")}
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			e.Line, _ = strconv.Atoi(m[1])
			e.Message = "cannot be read: " + quoted.ReplaceAllString(m[2], "a value")
			if u := unknown.FindStringSubmatch(m[2]); u != nil {
				e.Field, e.Message = u[1], "is not a known field: correct its name or remove it"
			}
		}
		out = append(out, e)
	}
	return out
}

var step = regexp.MustCompile(`[^.\[\]]+`)

// lineOf walks a path such as parties[3].contacts[0].email and gives the line of the deepest node that exists.
func lineOf(n *yaml.Node, path string) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := n.Line
	for _, key := range step.FindAllString(path, -1) {
		var next *yaml.Node
		for n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == key {
					next = n.Content[i+1]
					line = n.Content[i].Line
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(key); err == nil && i < len(n.Content) {
				next = n.Content[i]
				line = next.Line
			}
		}
		if next == nil {
			return line
		}
		n = next
	}
	return line
}

// Export writes the active directory with its people as YAML that Import reads back. It needs directory.read.
func (s *Service) Export(ctx context.Context, by who.Identity) ([]byte, error) {
	if err := who.Check(by, who.PermDirectoryRead); err != nil {
		return nil, err
	}
	sn, err := s.dir.Snapshot(s.db)
	if err != nil {
		return nil, err
	}
	f := File{
		Entities: active(sn.Entities, func(v directory.Entity) bool { return v.Retired }),
		Teams:    active(sn.Teams, func(v directory.Team) bool { return v.Retired }),
		Services: active(sn.ITServices, func(v directory.ITService) bool { return v.Retired }),
		Parties:  active(sn.Parties, func(v directory.Party) bool { return v.Retired }),
	}
	for _, id := range slices.Sorted(maps.Keys(sn.People)) {
		p := sn.People[id]
		r := PersonRow{
			ID: p.ID, Name: p.Name, Email: p.Email, Phone: p.Phone, Webhook: p.Webhook, Department: p.Department,
			Function: p.Function, Deputy: p.Deputy, Zone: p.Zone, Roles: p.Roles,
		}
		if !by.Has(who.PermDirectoryEdit) {
			r.Webhook = "" // see who.Person
		}
		if !p.Active {
			r.Active = new(bool)
		}
		f.People = append(f.People, r)
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(f); err != nil {
		return nil, fmt.Errorf("export the directory: %w", err)
	}
	return b.Bytes(), enc.Close()
}

// active lists the items in use, by id.
func active[T any](m map[string]T, retired func(T) bool) []T {
	var out []T
	for _, id := range slices.Sorted(maps.Keys(m)) {
		if v := m[id]; !retired(v) {
			out = append(out, v)
		}
	}
	return out
}
