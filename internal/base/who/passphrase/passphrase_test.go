package passphrase_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who/passphrase"
)

func TestRules(t *testing.T) {
	t.Parallel()
	about := []string{"Anna Berg-Olsen", "anna.berg@winmore.example", "wakebell"}
	for text, says := range map[string]string{
		"ferry umbrella tax":                                  "",
		"zwölf grüne Äpfel im Korb":                           "",
		"лодка зонтик налог":                                  "",
		"木星で紅茶を飲む象は静かに歌う":                                     "",
		"kX9#vT2!mQ7$wL4":                                     "",
		"    spaces kept    ":                                 "",
		"~?&%*)=,.;:<>[]{}'":                                  "", // no character is demanded
		strings.Repeat("wander ", 36):                         "repeats one short piece",
		"short one":                                           "at least 15",
		"fourteen chars":                                      "at least 15",
		strings.Repeat("ab c!", 52):                           "at most 256",
		"aaaaaaaaaaaaaaaaaaaa":                                "repeats a few",
		"ababababababababab":                                  "repeats a few",
		"holiday7holiday7holiday7":                            "repeats one short piece",
		"passwordpassword2026":                                "common words",
		"P@ssw0rd!P@55w0rd?":                                  "common words",
		"qwertyuiopasdfghjkl":                                 "common words",
		"1234567890123456789":                                 "common words",
		"abcdefghijklmnopqrst":                                "common words",
		"9876543210abcdefghi":                                 "common words",
		"Correct Horse Battery Staple":                        "common words",
		"iloveyou forever 2025":                               "common words",
		"Sommer2026!Sommer2025":                               "common words",
		"Anna.Berg@winmore2026":                               "made of the name",
		"wakebell-winmore-anna":                               "made of the name",
		"Wakebell! Wakebell? berg":                            "made of the name",
		"\xff\xfe not text at all here":                       "no text",
		"wakebell ferry umbrella":                             "",
		"password ferry umbrella":                             "",
		"the password of the ferry is umbrella, dear auditor": "",
	} {
		err := passphrase.Check(text, about...)
		if says == "" {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), says) || fault.FieldsOf(err)[0].Field != "passphrase" {
			t.Errorf("%q: got %v, want %q", text, err, says)
		}
		if strings.Contains(err.Error(), text) {
			t.Errorf("the error echoes the passphrase: %v", err)
		}
	}
}

// Whatever is typed, the rules answer, and never the same text two ways.
func TestRulesHoldForAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		about := rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "about")
		one, two := passphrase.Check(text, about...), passphrase.Check(text, about...)
		if (one == nil) != (two == nil) {
			t.Fatal("two answers")
		}
		if one != nil && fault.KindOf(one) != fault.Invalid {
			t.Fatal(one)
		}
	})
}

// Random letters are never called common: a password manager must not be sent away.
func TestRandomLettersPass(t *testing.T) {
	t.Parallel()
	letters := rapid.SliceOfN(rapid.SampledFrom([]rune("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")), 24, 64)
	rapid.Check(t, func(t *rapid.T) {
		text := string(letters.Draw(t, "text"))
		if different(text) < 12 {
			t.Skip("not what a generator makes")
		}
		if err := passphrase.Check(text); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func different(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

func TestHash(t *testing.T) {
	t.Parallel()
	const text = "zwölf grüne Äpfel"
	stored := passphrase.Present.Hash(text)
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=") || strings.Contains(stored, "pfel") {
		t.Fatal(stored)
	}
	for given, want := range map[string]bool{
		text:                                  true,
		"zwo\u0308lf gru\u0308ne A\u0308pfel": true, // the same letters, composed by another keyboard
		"zwölf grüne Äpfel ":                  false,
		"":                                    false,
	} {
		fits, cost, err := passphrase.Verify(stored, given)
		if err != nil || fits != want || cost != passphrase.Present {
			t.Errorf("%q: %v %v %v", given, fits, cost, err)
		}
	}
	// A hash made with other parameters is still read.
	small := passphrase.Cost{Memory: 16, Passes: 3, Lanes: 2}
	if fits, cost, err := passphrase.Verify(small.Hash(text), text); err != nil || !fits || cost != small {
		t.Errorf("another cost: %v %v %v", fits, cost, err)
	}
	if fits, _, err := passphrase.Verify(passphrase.Present.Dummy(), text); fits || err != nil {
		t.Errorf("the dummy: %v %v", fits, err)
	}
	for _, broken := range []string{"", "$2b$10$x", "$argon2id$v=18$m=16,t=2,p=1$c2FsdA$aGFzaA", "$argon2id$v=19$m=16,t=0,p=0$c2FsdHNhbHQ$qbLdQz4nGVqOyz1wEJ1FvJxvYV3o1bVxsoAKoC0mX8I", "$argon2id$v=19$m=16$x$y"} {
		if _, _, err := passphrase.Verify(broken, text); err == nil {
			t.Errorf("%q is taken for a hash", broken)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	for b.Loop() {
		passphrase.Present.Hash("ferry umbrella tax")
	}
}
