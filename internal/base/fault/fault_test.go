package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKindSurvivesWrapping(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("approve notice 7: %w", Wrap(Conflict, io.EOF, "Already approved"))
	if KindOf(err) != Conflict {
		t.Fatalf("kind %v", KindOf(err))
	}
	if m, ok := MessageOf(err); !ok || m != "Already approved" {
		t.Fatalf("message %q %v", m, ok)
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal("cause lost")
	}
}

func TestPlainErrorIsInternalAndSilent(t *testing.T) {
	t.Parallel()
	if KindOf(io.EOF) != Internal || KindOf(nil) != Internal {
		t.Fatal("kind")
	}
	if _, ok := MessageOf(io.EOF); ok {
		t.Fatal("a plain error must not be shown")
	}
	if _, ok := MessageOf(New(Internal, "secret detail")); ok {
		t.Fatal("an internal error must not be shown")
	}
	if Wrap(Invalid, nil, "x") != nil || Invalids() != nil {
		t.Fatal("nil must stay nil")
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	err := Wrap(Invalid, InvalidField("severity", "must be 0 to 3"), "Grade")
	f := FieldsOf(err)
	if len(f) != 1 || f[0].Field != "severity" {
		t.Fatalf("fields %v", f)
	}
	if got := err.Error(); got != "Grade: The input is not valid: severity: must be 0 to 3" {
		t.Fatalf("text %q", got)
	}
	if TooLarge.String() != "too_large" || Throttled.String() != "throttled" || Kind(99).String() != "internal" {
		t.Fatal("names")
	}
}
