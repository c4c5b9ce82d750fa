package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wakebell/wakebell/internal/base/fault"
)

type inner struct {
	N    int    `json:"n"`
	Word string `json:"word" enum:"a,b"`
}

type outer struct {
	inner
	Text  string          `json:"text"`
	At    time.Time       `json:"at"`
	Flag  *bool           `json:"flag"`
	List  []inner         `json:"list"`
	Float float64         `json:"float"`
	Raw   json.RawMessage `json:"raw"`
	Mine  string          `json:"-"`
	Words []string        `json:"words"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	yes := true
	for _, c := range []struct {
		body  string
		want  outer
		wrong []string
	}{
		{body: `{}`},
		{body: `{"n":3,"text":"ü","at":"2026-11-21T15:00:00.123456789+01:00","flag":true,"list":[{"n":1},{"word":"b"}],"float":1e2,"raw":{"x":[1]},"words":[]}`, want: outer{
			inner: inner{N: 3}, Text: "ü", At: time.Date(2026, 11, 21, 14, 0, 0, 123456000, time.UTC), Flag: &yes, List: []inner{{N: 1}, {Word: "b"}}, Float: 100,
			Raw: json.RawMessage(`{"x":[1]}`), Words: []string{},
		}},
		{body: `{"n":null,"text":null,"at":null,"flag":null,"list":null,"float":null,"raw":null,"words":null}`, want: outer{Raw: json.RawMessage("null")}},
		{body: `{"Mine":"x","-":"x","TEXT":"x"}`, wrong: []string{"Mine", "-", "TEXT"}},
		{body: `{"n":"3","text":3,"at":3,"flag":"yes","list":{},"float":"1","words":"x"}`, wrong: []string{"n", "text", "at", "flag", "list", "float", "words"}},
		{body: `{"n":1.0}`, wrong: []string{"n"}},
		{body: `{"n":9223372036854775808}`, wrong: []string{"n"}},
		{body: `{"float":1e999}`, wrong: []string{"float"}},
		{body: `{"word":"c","list":[{"word":"c"},{"n":true},7]}`, wrong: []string{"word", "list[0].word", "list[1].n", "list[2]"}},
		{body: `{"words":["a",1,null]}`, wrong: []string{"words[1]"}},
		{body: `{"text":"a","text":"b"}`, wrong: []string{"text"}},
		{body: `{"at":"yesterday"}`, wrong: []string{"at"}},
		{body: `{"at":"2026-11-21T14:00"}`, wrong: []string{"at"}},
		{body: `{"text":"a\u0000"}`, wrong: []string{"text"}},
	} {
		var got outer
		err := decode([]byte(c.body), &got)
		var wrong []string
		for _, f := range fault.FieldsOf(err) {
			wrong = append(wrong, f.Field)
		}
		if d := cmp.Diff(c.wrong, wrong); d != "" {
			t.Errorf("%s: wrong fields: %s", c.body, d)
		}
		if c.wrong == nil {
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(outer{})); d != "" {
				t.Errorf("%s: %s", c.body, d)
			}
		}
	}
}

func TestDecodeManyProblems(t *testing.T) {
	t.Parallel()
	body := `{` + strings.Repeat(`"x":1,`, 1000) + `"y":2}`
	if n := len(fault.FieldsOf(decode([]byte(body), &outer{}))); n != maxProblems {
		t.Errorf("%d problems", n)
	}
	if f := fault.FieldsOf(decode([]byte(`{"`+strings.Repeat("k", 5000)+`":1}`), &outer{})); len(f) != 1 || len(f[0].Field) > 200 {
		t.Errorf("a long name comes back whole: %d bytes", len(f[0].Field))
	}
}

// FuzzDecode: whatever comes, decode does not panic, refuses with 400 or named fields, and reads what it accepts as
// encoding/json does.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"n":3,"text":"x"}`, `{"list":[{"n":1}],"at":"2026-11-21T14:00:00Z"}`, `[`, `{"a":{"b":[1,2,{"c":null}]}}`, "\xff", `{"n":-0}`, `{"raw":  [1 , 2]}`, `{"flag":false}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got outer
		err := decode(body, &got)
		if r, ok := errors.AsType[*refusal](err); ok {
			if r.status != http.StatusBadRequest {
				t.Fatalf("status %d", r.status)
			}
			return
		}
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || len(fault.FieldsOf(err)) == 0 {
				t.Fatalf("refused without a field: %v", err)
			}
			return
		}
		if !utf8.Valid(body) {
			t.Fatal("invalid UTF-8 was accepted")
		}
		var want outer
		if err := json.Unmarshal(body, &want); err != nil {
			return // json is stricter in places, such as times below a microsecond
		}
		want.At, got.At = want.At.UTC().Truncate(time.Microsecond), got.At.UTC()
		if string(want.Raw) == "" {
			want.Raw = got.Raw
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(outer{})); d != "" {
			t.Fatalf("%q: %s", body, d)
		}
	})
}
