package page

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/web/page/moment"
)

// openTag writes the start of a form by hand: its end stands after fields that are drawn before it.
func openTag(ctx context.Context, f *Form) string {
	frame := frameOf(ctx)
	var b strings.Builder
	attr := func(name, value string) {
		b.WriteString(" " + name + `="` + templ.EscapeString(value) + `"`)
	}
	hidden := func(name, value string) {
		b.WriteString(`<input type="hidden"`)
		attr("name", name)
		attr("value", value)
		b.WriteString(">")
	}
	b.WriteString(`<form method="post"`)
	attr("action", f.action)
	attr("data-form", f.name)
	attr("class", strings.TrimSpace("form "+map[bool]string{true: "inline"}[f.inline]))
	if f.files {
		attr("enctype", "multipart/form-data")
	}
	if f.plain {
		b.WriteString(" data-plain")
	}
	b.WriteString(">")
	hidden(fieldForm, f.name)
	hidden(fieldKey, frame.nextKey())
	hidden(fieldPage, frame.here())
	for _, h := range f.hidden {
		value := h[1]
		if f.post != nil && f.post.stale != nil && h[0] == "version" {
			value = f.post.stale.Version
		}
		hidden(h[0], value)
	}
	return b.String()
}

// fieldAttrs are the attributes all fields share.
func fieldAttrs(f *Form, d Field) templ.OrderedAttributes {
	var a templ.OrderedAttributes
	add := func(on bool, name string, value any) {
		if on {
			a = append(a, templ.KeyValue[string, any]{Key: name, Value: value})
		}
	}
	wrong := f.Wrong(d.Name) != ""
	var described []string
	if d.Hint != "" {
		described = append(described, f.id(d.Name)+"-hint")
	}
	if wrong {
		described = append(described, f.id(d.Name)+"-wrong")
	}
	add(len(described) > 0, "aria-describedby", strings.Join(described, " "))
	add(wrong, "aria-invalid", "true")
	add(d.Required, "required", true)
	add(d.List != "", "list", d.List)
	add(d.Placeholder != "", "placeholder", d.Placeholder)
	add(d.Complete != "", "autocomplete", d.Complete)
	add(d.Focus && !f.Failed(), "autofocus", true)
	return a
}

// understood is the line below a time: what was typed as it was read, else the initial time; the zone where neither is
// one.
func understood(ctx context.Context, f *Form, d Field) string {
	at := d.At
	if f.Failed() {
		at, _ = moment.Read(f.Value(d.Name, ""), moment.Zone(f.Value(d.Name+".zone", ""), frameOf(ctx).zone()))
	}
	if at.IsZero() {
		return "Time of " + zoneName(ctx)
	}
	return both(ctx, at)
}

func inputType(d Field) string {
	if d.Type == "" {
		return "text"
	}
	return d.Type
}

func rows(d Field) int {
	if d.Rows == 0 {
		return 3
	}
	return d.Rows
}

func columns(d Field) int {
	if d.Columns == 0 {
		return 2
	}
	return d.Columns
}

// wall is a time as datetime-local wants it, in the viewer's zone.
func wall(ctx context.Context, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(frameOf(ctx).zone()).Format("2006-01-02T15:04")
}

// sentence joins a label and what is wrong: "Title is missing", and after a question "Must be chosen".
func sentence(label, message string) string {
	switch first, size := utf8.DecodeRuneInString(message); {
	case !unicode.IsLower(first):
		return message
	case strings.HasSuffix(label, "?"):
		return string(unicode.ToUpper(first)) + message[size:]
	}
	return strings.TrimRight(label, ":.") + " " + message
}
