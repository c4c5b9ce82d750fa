package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// amBody is the part of an Alertmanager webhook that is read. Source: Alertmanager
// documentation, webhook_config, version "4". Grafana sends the same shape.
type amBody struct {
	Status string    `json:"status"`
	Alerts []amAlert `json:"alerts"`
}

type amAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     string            `json:"startsAt"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

var errShape = errors.New("not an Alertmanager webhook")

// decodeAlertmanager reads a body strictly first, because nearly all are right,
// and piece by piece when that fails. An error means that nothing can be read.
func decodeAlertmanager(body []byte) (decoded, error) {
	var b amBody
	if err := json.Unmarshal(body, &b); err != nil || b.Alerts == nil {
		return looseAlertmanager(trim(body))
	}
	d := decoded{items: make([]item, 0, len(b.Alerts))}
	for i := range b.Alerts {
		d.items = append(d.items, b.Alerts[i].item(b.Status))
	}
	if len(d.items) == 0 {
		d.warnings = append(d.warnings, "The body holds no alerts.")
	}
	return d, nil
}

// looseAlertmanager takes each alert for itself: one that cannot be read becomes
// a malformed signal and costs none of the others.
func looseAlertmanager(body []byte) (decoded, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(body, &top); err != nil {
		return decoded{}, err
	}
	var alerts []json.RawMessage
	raw := bytes.TrimSpace(top["alerts"])
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return decoded{}, errShape
	case raw[0] == '{':
		alerts = []json.RawMessage{raw}
	default:
		if err := json.Unmarshal(raw, &alerts); err != nil {
			return decoded{}, errShape
		}
	}
	var status string
	_ = json.Unmarshal(top["status"], &status) // a status of another type says nothing
	d := decoded{}
	if len(alerts) == 0 {
		d.warnings = append(d.warnings, "The body holds no alerts.")
	}
	for _, raw := range alerts {
		a, ok := looseAlert(raw)
		if !ok {
			x := unreadable("alertmanager", raw).items[0]
			x.warnings = []string{"One alert of the body could not be read; the body is kept as it came. Look at the raw bytes."}
			d.items = append(d.items, x)
			continue
		}
		d.items = append(d.items, a.item(status))
	}
	return d, nil
}

func looseAlert(raw json.RawMessage) (amAlert, bool) {
	var m map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil || m == nil {
		return amAlert{}, false
	}
	return amAlert{
		Status: text(m["status"]), Labels: texts(m["labels"]), Annotations: texts(m["annotations"]),
		StartsAt: text(m["startsAt"]), EndsAt: text(m["endsAt"]),
		GeneratorURL: text(m["generatorURL"]), Fingerprint: text(m["fingerprint"]),
	}, true
}

func texts(v any) map[string]string {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = text(v)
	}
	return out
}

func (a *amAlert) item(groupStatus string) item {
	it := item{
		fingerprint: a.Fingerprint,
		services:    []string{a.Labels["service"], a.Labels["job"]},
		team:        a.Labels["team"],
		drill:       strings.EqualFold(a.Labels["drill"], "true"),
	}
	status := a.Status
	if status == "" {
		status = groupStatus
	}
	it.resolved = strings.EqualFold(status, "resolved")
	var bad bool
	if it.startsAt, bad = when(a.StartsAt); bad {
		it.warnings = append(it.warnings, badStart)
	}
	it.endsAt, _ = when(a.EndsAt)
	var used string
	it.title, used = a.title()
	it.summary = a.summary(used)
	if it.fingerprint == "" {
		it.fingerprint = a.identity(it.title + "\n" + it.summary)
	}
	return it
}

// title is the name of the rule and its one-line summary, whichever there are. It
// also names the annotation it used.
func (a *amAlert) title() (title, used string) {
	name := a.Labels["alertname"]
	for _, k := range [...]string{"summary", "title", "message", "description"} {
		if v := a.Annotations[k]; v != "" {
			if name == "" {
				return v, k
			}
			return name + ": " + v, k
		}
	}
	if name != "" && a.Labels["instance"] != "" {
		return name + " on " + a.Labels["instance"], ""
	}
	return name, ""
}

// summary is the rest: annotations, labels and the link, one per line.
func (a *amAlert) summary(used string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(a.Annotations)) {
		if k != used && a.Annotations[k] != "" {
			b.WriteString(k + ": " + a.Annotations[k] + "\n")
		}
	}
	for _, k := range slices.Sorted(maps.Keys(a.Labels)) {
		b.WriteString(k + "=" + a.Labels[k] + "\n")
	}
	b.WriteString(a.GeneratorURL)
	return b.String()
}

// identity is the fingerprint Alertmanager itself would give the labels: FNV-1a
// of sorted names and values. Source: prometheus/common, model.LabelSet.
func (a *amAlert) identity(otherwise string) string {
	if len(a.Labels) == 0 {
		return digest([]byte(otherwise))
	}
	const offset, prime, separator = uint64(14695981039346656037), uint64(1099511628211), 255
	sum := offset
	add := func(s string) {
		for i := range len(s) {
			sum = (sum ^ uint64(s[i])) * prime
		}
		sum = (sum ^ separator) * prime
	}
	for _, k := range slices.Sorted(maps.Keys(a.Labels)) {
		add(k)
		add(a.Labels[k])
	}
	return fmt.Sprintf("%016x", sum)
}
