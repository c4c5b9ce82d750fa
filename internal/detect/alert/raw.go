package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// rawKeys names the fields looked for in an object of unknown origin, best first.
var rawKeys = struct{ title, summary, finger, start, end, service, team []string }{
	title:   []string{"title", "name", "alertname", "rule", "search_name", "subject", "summary", "message", "output", "event"},
	summary: []string{"summary", "description", "message", "text", "output"},
	finger:  []string{"fingerprint", "dedup_key", "alert_id", "id", "uid", "sid"},
	start:   []string{"startsAt", "starts_at", "started_at", "discovered_at", "timestamp", "@timestamp", "time"},
	end:     []string{"endsAt", "ends_at", "resolved_at"},
	service: []string{"service", "job"},
	team:    []string{"team"},
}

// decodeRaw reads any JSON object, or a list of them, and takes the fields whose
// names speak for themselves. The same fingerprint is the same alert; without one,
// the same bytes are.
func decodeRaw(body []byte) (decoded, error) {
	body = bytes.TrimSpace(trim(body))
	if len(body) == 0 {
		return decoded{}, errors.New("empty body")
	}
	var parts []json.RawMessage // not made of body: decoding would write into it
	if body[0] != '[' {
		parts = []json.RawMessage{body}
	} else if err := json.Unmarshal(body, &parts); err != nil {
		return decoded{}, err
	}
	d := decoded{}
	if len(parts) == 0 {
		d.warnings = append(d.warnings, "The body holds no alerts.")
	}
	for _, p := range parts {
		it, err := rawItem(p)
		if err != nil {
			if body[0] != '[' {
				return decoded{}, err
			}
			it = unreadable("raw", p).items[0]
		}
		d.items = append(d.items, it)
	}
	return d, nil
}

func rawItem(raw json.RawMessage) (item, error) {
	var m map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil {
		return item{}, err
	}
	if _, err := dec.Token(); err != io.EOF || m == nil {
		return item{}, errors.New("not one JSON object")
	}
	first := func(keys []string) string {
		for _, k := range keys {
			switch m[k].(type) {
			case map[string]any, []any:
				continue // a structure is no title and no time
			}
			if s := text(m[k]); s != "" {
				return s
			}
		}
		return ""
	}
	it := item{
		fingerprint: first(rawKeys.finger), title: first(rawKeys.title),
		services: []string{first(rawKeys.service)}, team: first(rawKeys.team),
		drill:    strings.EqualFold(text(m["drill"]), "true"),
		resolved: strings.EqualFold(text(m["status"]), "resolved") || strings.EqualFold(text(m["state"]), "resolved"),
	}
	if it.fingerprint == "" {
		it.fingerprint = digest(raw)
	}
	var bad bool
	if it.startsAt, bad = when(first(rawKeys.start)); bad {
		it.warnings = append(it.warnings, badStart)
	}
	it.endsAt, _ = when(first(rawKeys.end))
	if it.summary = first(rawKeys.summary); it.summary == it.title {
		it.summary = ""
	}
	const most = 8000 // of the object itself, so that its words are found
	it.summary = strings.TrimSpace(it.summary + "\n" + string(raw[:min(len(raw), most)]))
	return it, nil
}
