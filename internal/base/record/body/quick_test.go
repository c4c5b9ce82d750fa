package body

import (
	"encoding/json"
	"slices"
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
	Inner   inner  `json:"inner,omitzero"`
	Inners  []inner
	Bytes   []byte      `json:"bytes,omitempty"`
	Tree    []tree      `json:"tree,omitempty"`
	Times   []time.Time `json:"times,omitempty"`
	deep
}

type deep struct {
	Deep  string   `json:"deep,omitempty"`
	Deeps []string `json:"deeps,omitempty"`
}

type inner struct {
	A    string    `json:"a,omitempty"`
	B    int       `json:"b,omitempty"`
	At   time.Time `json:"at,omitzero"`
	List []deep    `json:"list,omitempty"`
}

type tree struct {
	Name  string `json:"name"`
	Under []tree `json:"under,omitempty"`
}

// same checks that a text is decoded as encoding/json does it, on top of what is there.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, data []byte,
) {
	t.Helper()
	for _, start := range []flat{{}, {Text: "old", Count: 7, Yes: true, List: []string{"a", "b"}, Inners: []inner{{A: "old", B: 5}}, Map: map[string]string{"a": "b"}}} {
		got, want := start, start
		got.Inners, want.Inners = slices.Clone(start.Inners), slices.Clone(start.Inners)
		got.List, want.List = slices.Clone(start.List), slices.Clone(start.List)
		got.Map, want.Map = map[string]string{"x": "y"}, map[string]string{"x": "y"}
		err, wantErr := decode(data, &got), json.Unmarshal(data, &want)
		if (err == nil) != (wantErr == nil) || err == nil && !cmp.Equal(got, want, cmp.AllowUnexported(flat{})) {
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
		`{"inner":{"a":"x","b":1},"Inners":[{"a":"x"},{"b":2,"list":[{"deep":"y","deeps":["z"]}]}],"deep":"d","deeps":[]}`, `{"Inners":[]}`, `{"Inners":null}`,
		`{"Inners":[{"a":"x"}],"Inners":[{"b":2}]}`, `{"Inners":[{"a":"x"}],"Inners":[{"b":2}],"unknown":1}`, `{"Inners":[{"a":"x","b":1}],"inner":{"a":"\u0041"},"Inners":[{}]}`,
		`{"Inners":[{"a":"x"},]}`, `{"Inners":[,]}`, `{"Inners":[{"a":"x"}`, `{"Inners":[{}{}]}`, `{"inner":{}}`, `{"inner":{"a":"x"}`, `{"inner":null}`, `{"bytes":"YWJj"}`, `{"bytes":[1,2]}`,
		`{"tree":[{"name":"a","under":[{"name":"b","under":[]}]}]}`, `{"times":["2026-01-02T03:04:05Z","2026-01-02T03:04:05.123456+01:00"]}`, `{"times":["2026-01-02T03:04:05z"]}`, `{"times":[null]}`,
		`{"at":"2026-01-02T03:04:05,5Z"}`, `{"at":null}`, `{"at":""}`, `{"at":"2026-01-02\u005403:04:05Z"}`, `{"times":["2026-01-02T03:04:05Z" ]}`,
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
	f.Add([]byte(`{"inner":{"a":"x","at":"2026-01-02T03:04:05Z"},"Inners":[{"a":"x"},{"list":[{"deep":"y","deeps":["z"]}]}],"deep":"d","times":[],"tree":[{"under":[{"name":""}]}]}`))
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
