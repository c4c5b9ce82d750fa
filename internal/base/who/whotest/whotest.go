// Package whotest proves for a room's service that nobody gets in without an
// identity. It is imported by tests only and must not import any room but
// fault and who.
package whotest

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

var (
	identityType = reflect.TypeFor[who.Identity]()
	contextType  = reflect.TypeFor[context.Context]()
	errorType    = reflect.TypeFor[error]()
)

// DenyEmpty calls every exported method of svc that takes a who.Identity with
// the zero identity and zero values for everything else, and fails unless each
// returns an error of the kind Denied or Unauthenticated. svc may be a nil
// pointer or hold nothing, because permission is checked before anything else;
// a method that panics has touched something first.
func DenyEmpty(t *testing.T, svc any) {
	t.Helper()
	for _, finding := range Findings(t.Context(), svc) {
		t.Error(finding)
	}
}

// Findings is what DenyEmpty reports, one line per method that does not refuse
// the zero identity.
func Findings(ctx context.Context, svc any) (lines []string) {
	v := reflect.ValueOf(svc)
	found := 0
	for n := range v.NumMethod() {
		m, name := v.Method(n), v.Type().Method(n).Name
		if !takesIdentity(m.Type()) {
			continue
		}
		found++
		say := func(format string, args ...any) {
			lines = append(lines, fmt.Sprintf("%T.%s with the zero identity ", svc, name)+fmt.Sprintf(format, args...))
		}
		panicked, err := call(ctx, m)
		switch {
		case panicked != nil:
			say("touches something before it checks: %v", panicked)
		case err == nil:
			say("is let in, or returns no error last")
		case fault.KindOf(err) != fault.Unauthenticated && fault.KindOf(err) != fault.Denied:
			say("answers %v, want denied or unauthenticated: %v", fault.KindOf(err), err)
		}
	}
	if found == 0 {
		lines = append(lines, fmt.Sprintf("%T has no exported method that takes an identity", svc))
	}
	return lines
}

func takesIdentity(m reflect.Type) bool {
	for n := range m.NumIn() {
		if m.In(n) == identityType {
			return true
		}
	}
	return false
}

func call(ctx context.Context, m reflect.Value) (panicked any, err error) {
	typ := m.Type()
	args := make([]reflect.Value, typ.NumIn())
	for n := range args {
		args[n] = reflect.Zero(typ.In(n))
		if typ.In(n) == contextType {
			args[n] = reflect.ValueOf(ctx)
		}
	}
	defer func() { panicked = recover() }()
	var out []reflect.Value
	if typ.IsVariadic() {
		out = m.CallSlice(args)
	} else {
		out = m.Call(args)
	}
	if len(out) == 0 || typ.Out(typ.NumOut()-1) != errorType {
		return nil, nil
	}
	err, _ = out[len(out)-1].Interface().(error)
	return nil, err
}
