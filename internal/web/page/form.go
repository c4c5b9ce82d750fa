package page

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// The hidden fields of every form.
const (
	fieldForm = "_form" // its name
	fieldKey  = "_key"  // idempotency key
	fieldPage = "_page" // the page it stands on
)

// posted is a POST that failed: what was typed and what is wrong with it.
type posted struct {
	form   string
	values url.Values
	err    error
	stale  *Stale
}

// Form is one form of a page. Make it by Request.Form.
type Form struct {
	name   string
	action string
	files  bool
	plain  bool
	inline bool
	hidden [][2]string
	post   *posted // nil: nothing was typed yet
	labels []label // in the order of the fields
}

type label struct{ field, text string }

// Form returns the form of that name. More words make the name unique in a list:
// r.Form("take", duty.ID).
func (r *Request) Form(name string, more ...string) *Form {
	for _, m := range more {
		name += "." + m
	}
	f := &Form{name: name, action: r.URL.Path}
	if r.post != nil && r.post.form == name {
		f.post = r.post
	}
	return f
}

// To sets where the form is posted; default is the page's own path.
func (f *Form) To(path string) *Form { f.action = path; return f }

// With adds a hidden value, such as the version that is edited.
func (f *Form) With(name, value string) *Form {
	f.hidden = append(f.hidden, [2]string{name, value})
	return f
}

// Files lets the form carry files.
func (f *Form) Files() *Form { f.files = true; return f }

// Plain keeps the script away: the browser posts and follows the redirect. For forms that
// change who is signed in.
func (f *Form) Plain() *Form { f.plain = true; return f }

// Inline lays fields and button in one row.
func (f *Form) Inline() *Form { f.inline = true; return f }

// Failed says whether this form was posted and refused.
func (f *Form) Failed() bool { return f.post != nil && f.post.err != nil }

// Typed says whether this form was posted and is drawn again, refused or not.
func (f *Form) Typed() bool { return f.post != nil }

// Value returns what was typed, or initial when nothing was.
func (f *Form) Value(field, initial string) string {
	if f.post != nil {
		if vs, ok := f.post.values[field]; ok && len(vs) > 0 {
			return vs[0]
		}
		return ""
	}
	return initial
}

// Holds says whether value is one of a field's; initial counts when nothing was posted.
func (f *Form) Holds(field, value string, initial bool) bool {
	if f.post != nil {
		return slices.Contains(f.post.values[field], value)
	}
	return initial
}

// Wrong returns the message about a field, "" when it is right.
func (f *Form) Wrong(field string) string {
	if f.post == nil {
		return ""
	}
	for _, w := range fault.FieldsOf(f.post.err) {
		if w.Field == field {
			return w.Message
		}
	}
	return ""
}

func (f *Form) id(field string) string { return f.name + "-" + field }

// named remembers a field's label for the summary.
func (f *Form) named(field, text string) string {
	f.labels = append(f.labels, label{field, text})
	return text
}

// Named is the label of a field that a screen draws by itself, such as a group of ticks. The summary of errors
// leads to the element with the id that ID gives.
func (f *Form) Named(field, text string) string { return f.named(field, text) }

// ID is the id of a field's element.
func (f *Form) ID(field string) string { return f.id(field) }

// problem is one line of the summary of errors.
type problem struct{ Text, Href string }

func (f *Form) problems() (head string, list []problem) {
	head, ok := fault.MessageOf(f.post.err)
	if !ok {
		head = "This was not saved"
	}
	for _, w := range fault.FieldsOf(f.post.err) {
		p := problem{Text: w.Field + " " + w.Message}
		for _, l := range f.labels {
			if l.field == w.Field {
				p = problem{Text: summed(l.text, w.Message), Href: "#" + f.id(w.Field)}
			}
		}
		list = append(list, p)
	}
	if len(list) > 0 {
		head = "Nothing was saved yet. Please look at this again:"
	}
	return head, list
}

// summed is a line of the summary: it always names the field.
func summed(label, message string) string {
	if s := sentence(label, message); strings.HasPrefix(s, label) {
		return s
	}
	return label + " " + sentence(label, message)
}

// staleFor returns the conflict about a field, if there is one.
func (f *Form) staleFor(field string) *Stale {
	if f.post != nil && f.post.stale != nil && f.post.stale.Field == field {
		return f.post.stale
	}
	return nil
}

// Body is the form with the fields that stand inside: @f.Body() { … }. The fields are drawn first,
// because the summary of errors in front of them names them by their labels.
func (f *Form) Body() templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		children := templ.GetChildren(ctx)
		ctx = templ.ClearChildren(ctx)
		var fields bytes.Buffer
		f.labels = nil
		if err := children.Render(ctx, &fields); err != nil {
			return err
		}
		if err := formOpen(f).Render(ctx, w); err != nil {
			return err
		}
		if f.post != nil && f.post.stale != nil && f.post.stale.Body != nil {
			if err := conflictBody(f.post.stale).Render(ctx, w); err != nil {
				return err
			}
		}
		if f.Failed() && f.post.stale == nil {
			if err := summary(f).Render(ctx, w); err != nil {
				return err
			}
		}
		if _, err := w.Write(fields.Bytes()); err != nil {
			return err
		}
		_, err := io.WriteString(w, "</form>")
		return err
	})
}

// Stale is the error of a save that came after somebody else's. The page is drawn again with both
// texts side by side; the next save carries Version.
type Stale struct {
	Field   string // of the form
	Theirs  string // what stands there now
	By      string // whose it is
	At      time.Time
	Version string // value of the hidden field "version" from now on
	// Body shows what differs in a form of many fields; Field and Theirs stay empty then.
	Body templ.Component
}

// Error says it in one sentence.
func (s *Stale) Error() string {
	return fmt.Sprintf("%s saved this before you. Nothing is lost: both texts are below.", s.By)
}

// Rename gives the fields of an error other names, as pairs of old and new, so that they match
// the fields of a form.
func Rename(err error, pairs ...string) error {
	fields := slices.Clone(fault.FieldsOf(err))
	for i := range fields {
		for j := 0; j+1 < len(pairs); j += 2 {
			if fields[i].Field == pairs[j] {
				fields[i].Field = pairs[j+1]
			}
		}
	}
	if len(fields) == 0 {
		return err
	}
	msg, _ := fault.MessageOf(err)
	return &fault.Error{Kind: fault.KindOf(err), Message: msg, Fields: fields, Err: err}
}

// Field is one field of a form.
type Field struct {
	Name, Label string
	Hint        string
	Value       string    // before anybody typed
	At          time.Time // of Moment, before anybody typed
	Type        string    // of Input: text (default), email, password, search, tel, url, number, date
	Rows        int       // of Area, default 3
	Options     []Option  // of Select and Radios
	Columns     int       // of Radios: 1 to 3, default 2
	Required    bool
	Optional    bool   // says "(optional)" behind the label
	Quiet       bool   // label for screen readers only
	Complete    string // autocomplete, e.g. current-password
	Placeholder string
	Focus       bool // gets the focus when the page opens
	Accept      string
	List        string // of Input: id of a datalist
	Many        bool   // of File and Select
}

// Option is one choice of a Select or of Radios.
type Option struct{ Value, Label, Hint string }

// Button is the button of a form.
type Button struct {
	Label string
	Icon  IconName
	Main  bool
	Tone  Tone   // Danger for what cannot be taken back
	Large bool   // 44 px high
	Name  string // with Value: posted when this button is pressed
	Value string
	Key   string // single-key shortcut
	Quiet bool   // looks like a link
}
