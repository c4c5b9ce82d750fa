package fact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/rule/grading"
)

// ParseValue reads the wire form of a fact's value: a bare string for moments,
// answers and texts, an object or list for the rest. Errors name the field.
// Cause and place come back as text.
func ParseValue(n Name, raw json.RawMessage) (v Value, text string, err error) {
	bad := func(want string) error {
		return fault.InvalidField("value", fmt.Sprintf("the fact %q takes %s", n, want))
	}
	strict := func(into any) error { return strictly(raw, into) }
	var s string
	switch {
	case isMoment(n):
		if json.Unmarshal(raw, &s) != nil {
			return v, "", bad("a time with zone, such as \"2026-11-21T14:25:00+01:00\"")
		}
		t, perr := time.Parse(time.RFC3339Nano, s)
		if perr != nil {
			return v, "", bad("a time with zone, such as \"2026-11-21T14:25:00+01:00\"")
		}
		v.At = t.UTC().Truncate(time.Microsecond)
	case n == OfPersonalData || n == OfLaw:
		if json.Unmarshal(raw, &s) != nil || !slices.Contains([]Answer{Unknown, No, Yes}, Answer(s)) {
			return v, "", bad("one of \"unknown\", \"no\", \"yes\"")
		}
		v.Answer = Answer(s)
	case n == OfRisk:
		if json.Unmarshal(raw, &s) != nil || !slices.Contains([]string{"unknown", "none", "risk", "high"}, s) {
			return v, "", bad("one of \"unknown\", \"none\", \"risk\", \"high\"")
		}
		v.Risk = s
	case IsText(n):
		var want string
		if text, want = parseText(n, raw); want != "" {
			return v, "", bad(want)
		}
	case n == OfHarm:
		if err := strict(&v.Harm); err != nil {
			return v, "", bad("a list of {property, asset, timing}")
		}
	case n == OfScope:
		v.Scope = &Scope{}
		if err := strict(v.Scope); err != nil {
			return v, "", bad("an object with services, customers, partners, employee_groups, entities, processings, data_kinds, persons, confidence")
		}
	case n == OfProtected:
		if err := strict(&v.Kinds); err != nil {
			return v, "", bad("a list of trade_secret, intellectual_property, company_information, contract_secrecy")
		}
	case n == OfIndicators:
		v.Indicators = &grading.Indicators{}
		if err := strict(v.Indicators); err != nil {
			return v, "", bad("an object with total_outage, customers_affected, core_function_broken, data_lost")
		}
	case n == OfConsequences:
		v.Outlook = &grading.Consequences{}
		if strict(v.Outlook) != nil {
			return v, "", bad("an object with recipient, effect, likelihood, severity")
		}
	case n == OfENISA:
		v.ENISA = &grading.ENISA{}
		if strict(v.ENISA) != nil {
			return v, "", bad("an object with categories, identifiability, confidentiality, integrity, availability, malicious, more_than_100, unintelligible")
		}
	case n == OfAsked:
		if strict(&v.Asked) != nil {
			return v, "", bad("a list of {no, side, party, name, asked_at, due_at, answered_at}")
		}
	case IsLaw(n):
		if v.Law, err = parseLaw(raw); err != nil {
			return v, "", bad(err.Error())
		}
	default:
		return v, "", unknownFact(n)
	}
	return v, text, nil
}

// parseText reads a fact that is its text; want says what it takes when it is not that.
func parseText(n Name, raw json.RawMessage) (text, want string) {
	if n == OfRecords {
		if count, ok := wholeNumber(raw); ok {
			return count, ""
		}
		return "", "a whole number, such as 12000"
	}
	if json.Unmarshal(raw, &text) != nil || strings.TrimSpace(text) == "" {
		return "", "a text"
	}
	return text, ""
}

// strictly decodes an object or list, and refuses what it has no place for.
func strictly(raw json.RawMessage, into any) error {
	if t := bytes.TrimSpace(raw); len(t) == 0 || t[0] == 'n' { // nothing, or null
		return fault.InvalidField("value", "is needed")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// wholeNumber reads a count as people write it: 12000, "12,000", "12 000".
func wholeNumber(raw json.RawMessage) (string, bool) {
	s := string(bytes.TrimSpace(raw))
	if strings.HasPrefix(s, `"`) && json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	s = strings.NewReplacer(",", "", ".", "", " ", "", "\u00a0", "", "'", "").Replace(s)
	n, err := strconv.ParseUint(s, 10, 63)
	return strconv.FormatUint(n, 10), err == nil
}

// parseLaw keeps the value of a fact of the law as it is; null is not known. The error
// says what it takes.
func parseLaw(raw json.RawMessage) (json.RawMessage, error) {
	var b bytes.Buffer
	switch err := json.Compact(&b, raw); {
	case err != nil:
		return nil, errors.New("true, false, a word, a number, a list of words, or null for not known")
	case b.Len() > maxLaw:
		return nil, errors.New("a short value")
	case b.String() == "null":
		return nil, nil
	}
	return b.Bytes(), nil
}
