package audit

import (
	"encoding/json"
	"strings"
	"testing"
)

// The ledger tells an auditor what changed about a person, without the address that carries a secret.
func TestWithoutWebhook(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "",
		`{"after_contact":{"name":"Ann","webhook":"https://x/secret"},"before_contact":{"name":"An","webhook":"https://x/old"}}`: `{"after_contact":{"name":"Ann"},"before_contact":{"name":"An"}}`,
		`{"after_contact":{"name":"Ann"}}`: `{"after_contact":{"name":"Ann"}}`,
		`["https://x/secret"]`:             "",
	} {
		got := string(withoutWebhook(json.RawMessage(in)))
		if got != want || strings.Contains(got, "secret") {
			t.Errorf("%s: %s", in, got)
		}
	}
}
