// Package fault is the one vocabulary of errors that users see: a kind that
// each face maps once, a message that is safe to show, and the wrapped cause
// that is only logged. It carries out no policy sentence of its own; it lets
// every room refuse with the field and the remedy named. It must not import
// any other package of this module.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what sort of refusal an error is. Faces map it to an HTTP status,
// a page or an exit code.
type Kind int

// The kinds, in the order the faces list them.
const (
	Internal        Kind = iota // a defect or an unexpected state; shown as a reference number only
	NotFound                    // no such thing, or not visible to the viewer
	Invalid                     // the input is wrong; Fields name where
	Conflict                    // the state does not allow it now
	Denied                      // known caller, missing permission
	Unauthenticated             // no or unknown credentials
	Gone                        // it was here and is not any more
	Unavailable                 // try again later: disk full, database away
	Precondition                // If-Match did not match
	Reused                      // an idempotency key came back with another body
	TooLarge                    // the input is larger than accepted
	Throttled                   // too many attempts; RetryAfter says when again
)

var names = [...]string{
	"internal", "not_found", "invalid", "conflict", "denied", "unauthenticated", "gone",
	"unavailable", "precondition", "reused", "too_large", "throttled",
}

// String returns the kind in snake_case, e.g. "not_found".
func (k Kind) String() string {
	if k < 0 || int(k) >= len(names) {
		return "internal"
	}
	return names[k]
}

// Field names one wrong input field and its remedy. Message never echoes the
// value that was sent.
type Field struct{ Field, Message string }

// Error is an error with a kind. Message and Fields are safe to show; Err is
// the cause and is only logged.
type Error struct {
	Kind    Kind
	Message string
	Fields  []Field
	Err     error
	// RetryAfter is how long to wait before it may succeed; 0: not known.
	RetryAfter time.Duration
}

// Error joins the message, the fields and the cause, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for i, f := range e.Fields {
		switch {
		case i > 0:
			b.WriteString("; ")
		case e.Message != "":
			b.WriteString(": ")
		}
		b.WriteString(f.Field + ": " + f.Message)
	}
	if e.Err != nil {
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of kind k with a message that is safe to show.
func New(k Kind, msg string) error { return &Error{Kind: k, Message: msg} }

// Newf is New with fmt.Sprintf. Arguments must be safe to show.
func Newf(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// TooMany returns a Throttled error: again after the wait, which the faces say as well.
func TooMany(after time.Duration, msg string) error {
	return &Error{Kind: Throttled, Message: msg, RetryAfter: after}
}

// Wrap gives err a kind and a safe message. It returns nil when err is nil.
func Wrap(k Kind, err error, msg string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: k, Message: msg, Err: err}
}

// InvalidField returns an Invalid error that names one field.
func InvalidField(field, msg string) error { return Invalids(Field{field, msg}) }

// Invalids returns an Invalid error that names the fields, or nil when there
// are none.
func Invalids(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Message: "The input is not valid", Fields: fields}
}

// KindOf returns the kind of the first *Error in the chain, Internal if there
// is none (also for nil).
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// FieldsOf returns the fields of the first *Error in the chain that has some.
func FieldsOf(err error) []Field {
	for {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return nil
		}
		if len(e.Fields) > 0 {
			return e.Fields
		}
		err = e.Err
	}
}

// RetryAfterOf returns the whole seconds to wait that the first *Error of the chain with a wait
// names, rounded up; 0 when none does.
func RetryAfterOf(err error) int {
	for {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return 0
		}
		if e.RetryAfter > 0 {
			return int((e.RetryAfter + time.Second - 1) / time.Second)
		}
		err = e.Err
	}
}

// MessageOf returns the message that is safe to show, and false when err has
// none (then only a reference number may be shown).
func MessageOf(err error) (string, bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind == Internal || e.Message == "" {
		return "", false
	}
	return e.Message, true
}
