package bulk_test

import (
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/mail/bulk"
)

func TestLookalike(t *testing.T) {
	t.Parallel()
	d := bulk.KnownDomains("paypal.com", "example.com", "müller.de", "wernham.example", "rnicro.example", "apple.com", "klinik-nord.de")
	for address, says := range map[string]string{
		"a@paypal.com": "", "a@PayPal.com.": "", "a@bücher.de": "", "a@xn--bcher-kva.de": "", "a@müller.de": "", "a@bank.de": "",
		"a@почта.рф": "", "a@例え.jp": "", "a@東京shop.jp": "", "a@한국shop.kr": "", "a@ελλάδα.gr": "", "a@rnicro.example": "", "a@россия.example": "",
		"a@pаypal.com":         "mixes letters of", // Cyrillic а
		"a@xn--pypal-4ve.com":  "mixes letters of", // the same in ASCII
		"a@gοοgle.com":         "mixes letters of", // Greek ο
		"a@аррӏе.com":          "all look like Latin",
		"a@xn--80ak6aa92e.com": "all look like Latin",
		"a@paypa1.com":         "looks like paypal.com",
		"a@paypaI.com":         "looks like paypal.com",
		"a@pаураl.com":         "mixes letters of",
		"a@exarnple.com":       "looks like example.com",
		"a@muller.de":          "looks like müller.de",
		"a@xn--mller-kva.de":   "",
		"a@klinik-n0rd.de":     "looks like klinik-nord.de",
		"a@kliniknord.de":      "looks like klinik-nord.de",
		"a@micro.example":      "looks like rnicro.example",
		"no address":           "",
		"":                     "",
		"a@" + strings.Repeat("а", 300) + ".com": "all look like Latin",
	} {
		got := d.Lookalike(address)
		if (says == "") != (got == "") || !strings.Contains(got, says) {
			t.Errorf("%.60s: %q, want %q", address, got, says)
		}
	}
	var none *bulk.Domains
	if none.Lookalike("a@paypa1.com") != "" || none.Lookalike("a@pаypal.com") == "" {
		t.Error("without known domains")
	}
}

// Whoever writes to the directory makes a domain known. That excuses its shape, not letters
// that pretend.
func TestKnownPretends(t *testing.T) {
	t.Parallel()
	d := bulk.KnownDomains("paypal.com", "pаypal.com", "аррӏе.com", "paypa1.com")
	for address, says := range map[string]string{
		"a@paypal.com": "", "a@paypa1.com": "", "a@pаypal.com": "mixes letters of", "a@xn--pypal-4ve.com": "mixes letters of", "a@аррӏе.com": "all look like Latin",
	} {
		if got := d.Lookalike(address); (says == "") != (got == "") || !strings.Contains(got, says) {
			t.Errorf("%s: %q, want %q", address, got, says)
		}
	}
}

// What is more than one plain address of a company is refused.
func TestHostileAddress(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"a@[127.0.0.1]", "a@[IPv6:::1]", "a@[169.254.169.254]", `"a b"@x.example`, `"a"@x.example`, "a(b)@x.example", "a@x.example(b)", "a@x.example\u202e",
		"a\u200f@x.example", "a@x.example, b@y.example", "<a@x.example>", "A <a@x.example>", "a@b@x.example", "a@x.example\r\nBcc: b@y.example", "a@.x", "a@",
	} {
		if bulk.ValidAddress(s) {
			t.Errorf("%q is taken for an address", s)
		}
	}
	if !bulk.ValidAddress("o'neil+tag@x.example") || !bulk.ValidAddress("дмитрий@почта.рф") {
		t.Error("an honest address is refused")
	}
}

func FuzzLookalike(f *testing.F) {
	d := bulk.KnownDomains("example.com")
	f.Add("a@xn--a.com")
	f.Fuzz(func(t *testing.T, s string) {
		if why := d.Lookalike(s); len(why) > 200 {
			t.Errorf("%d bytes", len(why))
		}
	})
}
