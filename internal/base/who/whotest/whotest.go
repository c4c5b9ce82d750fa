// Package whotest proves for a room's service that nobody gets in without an
// identity. It is imported by tests only and must not import any room but
// fault and who.
package whotest

import (
	"context"
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
	v := reflect.ValueOf(svc)
	found := 0
	for n := range v.NumMethod() {
		m, name := v.Method(n), v.Type().Method(n).Name
		if !takesIdentity(m.Type()) {
			continue
		}
		found++
		err, panicked := call(t, m)
		switch {
		case panicked != nil:
			t.Errorf("%T.%s with the zero identity touched something before it checked: %v", svc, name, panicked)
		case err == nil:
			t.Errorf("%T.%s lets the zero identity in, or returns no error last", svc, name)
		case fault.KindOf(err) != fault.Unauthenticated && fault.KindOf(err) != fault.Denied:
			t.Errorf("%T.%s with the zero identity: kind %v, want denied or unauthenticated: %v", svc, name, fault.KindOf(err), err)
		}
	}
	if found == 0 {
		t.Errorf("%T has no exported method that takes an identity", svc)
	}
}

func takesIdentity(m reflect.Type) bool {
	for n := range m.NumIn() {
		if m.In(n) == identityType {
			return true
		}
	}
	return false
}

func call(t *testing.T, m reflect.Value) (err error, panicked any) {
	typ := m.Type()
	args := make([]reflect.Value, typ.NumIn())
	for n := range args {
		args[n] = reflect.Zero(typ.In(n))
		if typ.In(n) == contextType {
			args[n] = reflect.ValueOf(t.Context())
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
	return err, nil
}
