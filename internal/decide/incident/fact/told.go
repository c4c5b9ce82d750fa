package fact

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Told is the value of a fact that only the law or the assessment of a breach asks
// for, in words; "" for other facts.
func Told(f Fact) string {
	switch {
	case IsLaw(f.Name) && f.Value.At.IsZero():
		return lawTold(f.Value.Law)
	case f.Value.Outlook != nil:
		var parts []string
		o := f.Value.Outlook
		for _, p := range [...][2]string{{"recipient", o.Recipient}, {"effect", o.Effect}, {"likelihood", o.Likelihood}, {"severity", o.Severity}} {
			if p[1] != "" {
				parts = append(parts, p[0]+" "+p[1])
			}
		}
		return upper(strings.Join(parts, ", "))
	case f.Name == OfAsked:
		open := 0
		for _, a := range f.Value.Asked {
			if a.AnsweredAt.IsZero() {
				open++
			}
		}
		return strconv.Itoa(len(f.Value.Asked)) + " asked for, " + strconv.Itoa(open) + " open"
	case f.Value.ENISA != nil:
		if s, err := f.Value.ENISA.Score(); err == nil {
			return "Score " + strconv.FormatFloat(s.Score, 'f', -1, 64) + ", " + strings.ReplaceAll(string(s.Band), "_", " ")
		}
	}
	return ""
}

func lawTold(raw json.RawMessage) string {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return "Not known"
	}
	switch v := v.(type) {
	case bool:
		return map[bool]string{true: "Yes", false: "No"}[v]
	case string:
		return upper(strings.ReplaceAll(v, "_", " "))
	case []any:
		var list []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				list = append(list, strings.ReplaceAll(s, "_", " "))
			}
		}
		if len(list) == 0 {
			return "None"
		}
		return upper(strings.Join(list, ", "))
	}
	return string(raw)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
