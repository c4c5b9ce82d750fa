package alert

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeAlertmanager(t *testing.T) {
	t.Parallel()
	const sample = `{"receiver":"wakebell","status":"firing","alerts":[{"status":"firing",
 "labels":{"alertname":"SSHBruteForce","instance":"bastion-1","severity":"critical"},
 "annotations":{"summary":"286 failed logins from 183.62.140.253"},
 "startsAt":"2026-11-20T10:12:03.123Z","endsAt":"0001-01-01T00:00:00Z",
 "generatorURL":"http://prom.example:9090/graph?g0.expr=x","fingerprint":"0f5ddcbe6e4f5a6b"}],
 "notification_reason":"","groupLabels":{"alertname":"SSHBruteForce"},"version":"4","truncatedAlerts":0}`
	d, err := decodeAlertmanager([]byte(sample))
	if err != nil || len(d.items) != 1 {
		t.Fatalf("decode: %v, %d items", err, len(d.items))
	}
	want := item{
		fingerprint: "0f5ddcbe6e4f5a6b", title: "SSHBruteForce: 286 failed logins from 183.62.140.253",
		summary:  "alertname=SSHBruteForce\ninstance=bastion-1\nseverity=critical\nhttp://prom.example:9090/graph?g0.expr=x",
		startsAt: time.Date(2026, 11, 20, 10, 12, 3, 123e6, time.UTC), services: []string{"", ""},
	}
	if diff := cmp.Diff(want, d.items[0], cmp.AllowUnexported(item{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeAlertmanagerLeniently(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body  string
		items int
		check func(d decoded) bool
	}{
		"byte order mark":    {"\uFEFF" + `{"alerts":[{"labels":{"alertname":"A"}}]}`, 1, func(d decoded) bool { return d.items[0].title == "A" }},
		"null fields":        {`{"status":null,"alerts":[{"status":null,"labels":null,"annotations":null,"startsAt":null,"fingerprint":null}]}`, 1, func(d decoded) bool { return d.items[0].fingerprint != "" && !d.items[0].malformed }},
		"numbers for labels": {`{"alerts":[{"labels":{"alertname":"A","code":500,"up":true,"x":null}}]}`, 1, func(d decoded) bool { return strings.Contains(d.items[0].summary, "code=500\nup=true\nx=") }},
		"one broken of two":  {`{"alerts":[{"labels":{"alertname":"A"}},17]}`, 2, func(d decoded) bool { return !d.items[0].malformed && d.items[1].malformed }},
		"alert not in list":  {`{"alerts":{"labels":{"alertname":"A"}}}`, 1, func(d decoded) bool { return d.items[0].title == "A" }},
		"no alerts":          {`{"alerts":[]}`, 0, func(d decoded) bool { return len(d.warnings) == 1 }},
		"resolved by group":  {`{"status":"resolved","alerts":[{"labels":{"alertname":"A"}}]}`, 1, func(d decoded) bool { return d.items[0].resolved }},
		"drill":              {`{"alerts":[{"labels":{"alertname":"A","drill":"True"}}]}`, 1, func(d decoded) bool { return d.items[0].drill }},
		"bad time":           {`{"alerts":[{"labels":{"alertname":"A"},"startsAt":"yesterday"}]}`, 1, func(d decoded) bool { return d.items[0].startsAt.IsZero() && len(d.items[0].warnings) == 1 }},
		"time without zone":  {`{"alerts":[{"labels":{"alertname":"A"},"startsAt":"2026-11-20T10:12:03"}]}`, 1, func(d decoded) bool { return len(d.items[0].warnings) == 1 }},
		"service labels":     {`{"alerts":[{"labels":{"alertname":"A","job":"api","team":"Core"}}]}`, 1, func(d decoded) bool { return d.items[0].services[1] == "api" && d.items[0].team == "Core" }},
	} {
		d, err := decodeAlertmanager([]byte(c.body))
		if err != nil || len(d.items) != c.items || !c.check(d) {
			t.Errorf("%s: %v %+v", name, err, d)
		}
	}
	for _, body := range []string{"", "{", "null", "[]", "17", `"x"`, `{}`, `{"alerts":null}`, `{"alerts":"x"}`, `{"alerts":[{}`, "\xff\xfe"} {
		if d, err := decodeAlertmanager([]byte(body)); err == nil {
			t.Errorf("%q was decoded to %+v", body, d)
		}
	}
}

// The value comes from Prometheus: model.LabelSet{"alertname": "A"}.Fingerprint()
// is FNV-1a over "alertname\xffA\xff".
func TestIdentity(t *testing.T) {
	t.Parallel()
	fnv := func(s string) uint64 {
		h := uint64(14695981039346656037)
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		return h
	}
	a := amAlert{Labels: map[string]string{"b": "2", "alertname": "A"}}
	if got, want := a.identity(""), strings.ToLower(hex16(fnv("alertname\xffA\xffb\xff2\xff"))); got != want {
		t.Errorf("identity %s, want %s", got, want)
	}
	other := amAlert{Labels: map[string]string{"alertname": "A"}}
	if a.identity("") == other.identity("") {
		t.Error("other labels, same identity")
	}
}

func hex16(v uint64) string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[15-i] = digits[v>>(4*i)&15]
	}
	return string(b[:])
}

func TestDecodeRaw(t *testing.T) {
	t.Parallel()
	d, err := decodeRaw([]byte(`{"rule":"Terminal shell in container","output":"a shell","time":"2026-07-10T19:10:27.171732939Z","priority":"Notice","output_fields":{"k8s.ns.name":null},"drill":true}`))
	if err != nil || len(d.items) != 1 {
		t.Fatal(err)
	}
	it := d.items[0]
	if it.title != "Terminal shell in container" || !it.drill || it.startsAt.IsZero() || it.fingerprint == "" || !strings.HasPrefix(it.summary, "a shell\n{") {
		t.Errorf("%+v", it)
	}
	d, err = decodeRaw([]byte(`[{"id":7,"title":"x","status":"resolved"},"text"]`))
	if err != nil || len(d.items) != 2 || !d.items[0].resolved || d.items[0].fingerprint != "7" || !d.items[1].malformed {
		t.Errorf("%v %+v", err, d)
	}
	for _, body := range []string{"", "hello", `{"a":1} {"b":2}`, "17", "null", `{"a":`} {
		if d, err := decodeRaw([]byte(body)); err == nil {
			t.Errorf("%q was decoded to %+v", body, d)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"alerts":[{"labels":{"alertname":"A"},"annotations":{"summary":"x"},"startsAt":"2026-11-20T10:12:03.123Z","fingerprint":"f"}]}`,
		`{"alerts":[{"labels":{"a":1}},null,"x"]}`, `{"alerts":{}}`, `[{"title":"x"},17]`, "\xff", "{", "", `{"alerts":[{"status":"resolved","labels":{"drill":"true"}}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, fm := range formats {
			d, err := fm.decode(body)
			if err != nil {
				d = unreadable(fm.name, body)
				if len(d.items) != 1 || !d.items[0].malformed {
					t.Fatalf("%s: an unreadable body is one malformed signal: %+v", fm.name, d)
				}
			}
			for _, it := range d.items {
				if it.fingerprint == "" {
					t.Fatalf("%s: no fingerprint: %+v", fm.name, it)
				}
			}
			if err == nil && fm.name == "alertmanager" && json.Valid(body) {
				again, _ := fm.decode(body)
				for i := range d.items {
					if d.items[i].fingerprint != again.items[i].fingerprint {
						t.Fatal("the fingerprint is not stable")
					}
				}
			}
		}
	})
}
