package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/fact"
)

// commands registers the one address all commands of an incident go to. The type is picked from commandTypes and
// the rest is read into that command, so that an error names the field; oneOf stands in the document only.
func (f *face) commands() {
	const path = base + "/incidents/{ref}/commands"
	takeMembers(f, op{
		method: http.MethodPost, path: path, id: "command-incident", tag: "Incidents", summary: "Change an incident",
		text: "The field type says what is done; the other fields belong to the type. at says when it happened and known_at when we learnt it, both default to now. " +
			"With If-Match it is refused when the incident has changed since. Answers with the incident as it then is. Each type needs its own permission: incident.work, incident.manage or incident.decide.",
		body: f.commandSchema(),
		open: func(o *huma.Operation) { o.Parameters = append(o.Parameters, ifMatchParam()) },
	}, func(ctx context.Context, c *call, p *Ref, b []member) (incidentFull, error) {
		cmd, err := readCommand(b)
		if err != nil {
			return incidentFull{}, err
		}
		version, err := c.ifMatch()
		if err != nil {
			return incidentFull{}, err
		}
		s, err := f.Incidents.Execute(ctx, c.by, p.Ref, cmd, max(version, 0))
		if err != nil {
			return incidentFull{}, err
		}
		c.etag(s.Version)
		return f.wireIncident(s)
	})
}

func ifMatchParam() *huma.Param {
	return &huma.Param{
		Name: "If-Match", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
		Description: `The version you have read, as its ETag gave it, such as "7". 412 when it has changed since.`,
	}
}

func commandNames() []string { return slices.Sorted(maps.Keys(commandTypes)) }

func readCommand(members []member) (incident.Command, error) {
	at := slices.IndexFunc(members, func(m member) bool { return m.name == "type" })
	missing := func(msg string) error {
		return fault.InvalidField("type", msg+"; use one of "+strings.Join(commandNames(), ", "))
	}
	if at < 0 {
		return nil, missing("is needed")
	}
	var name string
	if first(members[at].raw) != '"' || json.Unmarshal(members[at].raw, &name) != nil {
		return nil, missing("must be a text")
	}
	fresh, ok := commandTypes[name]
	if !ok {
		return nil, missing("is not a command")
	}
	cmd := fresh()
	if err := decodeMembers(slices.Delete(slices.Clone(members), at, at+1), cmd); err != nil {
		return nil, err
	}
	if c, ok := cmd.(*incident.RecordFact); ok {
		return cmd, checkShape(c)
	}
	return cmd, nil
}

// checkShape names the wrong parts of a fact's value by their path. What the value means is the room's to check.
func checkShape(c *incident.RecordFact) error {
	if len(c.Value) == 0 || first(c.Value) == 'n' {
		return nil
	}
	var v incident.Value
	to := map[incident.FactName]any{
		incident.FactScope: &v.Scope, incident.FactHarm: &v.Harm, incident.FactProtected: &v.Kinds, incident.FactIndicators: &v.Indicators,
		fact.OfConsequences: &v.Outlook, fact.OfENISA: &v.ENISA, fact.OfAsked: &v.Asked,
	}[c.Fact]
	if to == nil {
		return nil
	}
	var d decoder
	d.value("value", c.Value, reflect.ValueOf(to).Elem())
	return fault.Invalids(d.fields...)
}

// commandSchema writes one schema per command into the document and returns the choice between them.
func (f *face) commandSchema() *huma.Schema {
	reg := f.document.Components.Schemas
	const prefix = "#/components/schemas/"
	choice := &huma.Schema{Discriminator: &huma.Discriminator{PropertyName: "type", Mapping: map[string]string{}}}
	for _, name := range commandNames() {
		s := huma.SchemaFromType(reg, reflect.TypeOf(commandTypes[name]()).Elem())
		s.Properties["type"] = &huma.Schema{Type: huma.TypeString, Enum: []any{name}}
		s.Required = append([]string{"type"}, s.Required...)
		id := "Command" + pascal(name)
		reg.Map()[id] = s
		choice.OneOf = append(choice.OneOf, &huma.Schema{Ref: prefix + id})
		choice.Discriminator.Mapping[name] = prefix + id
	}
	reg.Map()["IncidentCommand"] = choice
	return &huma.Schema{Ref: prefix + "IncidentCommand"}
}

func pascal(s string) string {
	var b strings.Builder
	for _, w := range strings.Split(s, "_") {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// commandTypes is the one table of wire commands: name → an empty command to decode into.
// It is read only.
var commandTypes = map[string]func() incident.Command{
	"edit":           func() incident.Command { return new(incident.Edit) },
	"confirm":        func() incident.Command { return new(incident.Confirm) },
	"dismiss":        func() incident.Command { return new(incident.Dismiss) },
	"set_nature":     func() incident.Command { return new(incident.SetNature) },
	"grade":          func() incident.Command { return new(incident.Grade) },
	"record_fact":    func() incident.Command { return new(incident.RecordFact) },
	"assign":         func() incident.Command { return new(incident.Assign) },
	"unassign":       func() incident.Command { return new(incident.Unassign) },
	"note":           func() incident.Command { return new(incident.Note) },
	"decision":       func() incident.Command { return new(incident.MakeDecision) },
	"add_task":       func() incident.Command { return new(incident.AddTask) },
	"finish_task":    func() incident.Command { return new(incident.FinishTask) },
	"reopen_task":    func() incident.Command { return new(incident.ReopenTask) },
	"enter_phase":    func() incident.Command { return new(incident.EnterPhase) },
	"sitrep":         func() incident.Command { return new(incident.SendSitrep) },
	"link_signals":   func() incident.Command { return new(incident.LinkSignals) },
	"unlink_signals": func() incident.Command { return new(incident.UnlinkSignals) },
	"merge":          func() incident.Command { return new(incident.Merge) },
	"close":          func() incident.Command { return new(incident.Close) },
	"reopen":         func() incident.Command { return new(incident.Reopen) },
}
