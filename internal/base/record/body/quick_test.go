package body

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type word string

type flat struct {
	Kind    word              `json:"kind"`
	Text    string            `json:"text,omitempty"`
	Count   int64             `json:"count"`
	Small   int               `json:"small,omitempty"`
	Tiny    int8              `json:"tiny"`
	Yes     bool              `json:"yes"`
	At      time.Time         `json:"at,omitzero"`
	List    []string          `json:"list"`
	Map     map[string]string `json:"map,omitempty"`
	Maybe   *string           `json:"maybe"`
	Untold  float64
	Skipped string `json:"-"`
	Private string `json:"private,omitempty" private:"true"`
}

// same checks that a text is decoded as encoding/json does it, on top of what is there.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, data []byte,
) {
	t.Helper()
	for _, start := range []flat{{}, {Text: "old", Count: 7, Yes: true, List: []string{"a", "b"}, Map: map[string]string{"a": "b"}}} {
		got, want := start, start
		got.Map, want.Map = map[string]string{"x": "y"}, map[string]string{"x": "y"}
		err, wantErr := decode(data, &got), json.Unmarshal(data, &want)
		if (err == nil) != (wantErr == nil) || err == nil && !cmp.Equal(got, want) {
			t.Fatalf("%s: %+v (%v), want %+v (%v)", data, got, err, want, wantErr)
		}
	}
}

func TestDecodeIsThatOfEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{`, `{}`, `{} `, ` {}`, `{},`, `null`, `[]`, `{"text":"a"}`, `{"text":"a",}`, `{"text":"a"}x`, `{"text" :"a"}`, `{"TEXT":"a"}`, `{"other":1}`,
		`{"text":"a","text":"b"}`, `{"text":null}`, `{"text":1}`, `{"count":"1"}`, `{"count":01}`, `{"count":-0}`, `{"count":-}`, `{"count":1.0}`, `{"count":1e3}`,
		`{"count":9223372036854775807}`, `{"count":9223372036854775808}`, `{"count":-9223372036854775808}`, `{"tiny":300}`, `{"small":-12}`, `{"yes":true}`,
		`{"yes":false}`, `{"yes":truex}`, `{"yes":tru}`, `{"text":"\u00e9"}`, `{"text":"\ud83d\ude00"}`, `{"text":"\x"}`, `{"text":"a\nb\"\\\/"}`, "{\"text\":\"a\nb\"}",
		"{\"text\":\"\xff\"}", "{\"te\xffxt\":\"a\"}", `{"text":"ü\n€"}`, `{"list":["a","}"],"text":"b"}`, `{"list":[],"text":"b"}`, `{"list":null}`, `{"list":["a"}`, `{"map":{"a":"]"}}`,
		`{"at":"2026-01-02T03:04:05Z"}`, `{"at":"x"}`, `{"maybe":"x","Untold":1.5}`, `{"untold":1.5}`, `{"Skipped":"x"}`, `{"-":"x"}`, `{"text":"a`, `{"text":"a\`, `{"te\u0078t":"a"}`, `{"te\/xt":"a"}`,
	} {
		same(t, []byte(text))
	}
	if err := decode([]byte(`{}`), flat{}); err == nil {
		t.Error("decodes into a value that is no pointer")
	}
}

func TestDecodeReadsWhatEncodeWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := flat{
			Kind: word(rapid.String().Draw(t, "kind")), Text: rapid.String().Draw(t, "text"), Count: rapid.Int64().Draw(t, "count"), Small: rapid.Int().Draw(t, "small"),
			Yes: rapid.Bool().Draw(t, "yes"), List: rapid.SliceOf(rapid.String()).Draw(t, "list"), Private: rapid.String().Draw(t, "private"),
			At: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at")).UTC(),
		}
		facts, private, err := new(Splitter).Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		same(t, facts)
		same(t, private)
		var out flat
		if err := Decode(facts, private, &out); err != nil || out.Text != in.Text || out.Private != in.Private || out.Count != in.Count {
			t.Fatalf("%+v, %v", out, err)
		}
		cut := rapid.IntRange(0, len(facts)).Draw(t, "cut")
		same(t, facts[:cut])
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"kind":"a","count":-12,"yes":true,"list":["a"],"text":"ü\n"}`))
	f.Fuzz(func(t *testing.T, data []byte) { same(t, data) })
}

// A body of the most frequent kind, a received alert.
func BenchmarkDecode(b *testing.B) {
	data := []byte(`{"kind":"alert","text":"several failed attempts before success\nalertname=Load","count":1795302334762203,"small":12,"yes":true,"private":"1798a08491f724f6b8f902b6cee4d79b721be6a4fc44216f3b7d4e38afb2fe19"}`)
	b.Run("quick", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v flat
			if !quick(data, &v) {
				b.Fatal("gives up")
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v flat
			if err := json.Unmarshal(data, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
