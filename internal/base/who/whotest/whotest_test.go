package whotest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/base/who/whotest"
)

type room struct{ open []string }

func (r *room) Good(_ context.Context, by who.Identity, _ ...string) (int, error) {
	return 1, who.Check(by, who.PermOwnRead)
}
func (r *room) LetsIn(context.Context, who.Identity) error { return nil }
func (r *room) Wrong(who.Identity) error                   { return errors.New("x") }
func (r *room) Late(by who.Identity) error {
	r.open = append(r.open, by.Actor)
	return who.Check(by, who.PermOwnRead)
}
func (r *room) Mute(who.Identity)  {}
func (r *room) Free(string) string { return "" }

func TestFindings(t *testing.T) {
	t.Parallel()
	got := strings.Join(whotest.Findings(t.Context(), (*room)(nil)), "\n")
	for _, bad := range []string{"LetsIn", "Wrong", "Late", "Mute"} {
		if !strings.Contains(got, "room."+bad+" ") {
			t.Errorf("%s was not found:\n%s", bad, got)
		}
	}
	if strings.Contains(got, "Good") || strings.Contains(got, "Free") {
		t.Errorf("a good method was blamed:\n%s", got)
	}
	if len(whotest.Findings(t.Context(), struct{}{})) != 1 {
		t.Error("a service without any method passes")
	}
}
