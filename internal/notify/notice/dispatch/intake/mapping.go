package intake

import (
	"slices"
	"strings"
	"unicode"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// The targets a column may have. Columns without one stay available in the text as
// row.<column>; Ignore leaves one out.
const (
	Name       = "name"
	Email      = "email"
	Phone      = "phone"
	Contact    = "contact"
	Role       = "role"
	Lang       = "lang"
	Country    = "country"
	Salutation = "salutation"
	Reference  = "reference"
	Postal     = "postal"
	Webhook    = "webhook"
	Channel    = "channel"
	Party      = "party"
	Ignore     = "-"
)

// Targets lists all targets in the order they are offered.
func Targets() []string {
	return []string{Name, Email, Phone, Contact, Role, Lang, Country, Salutation, Reference, Postal, Webhook, Channel, Party, Ignore}
}

// Mapping says what a column holds, by its name in the head line.
type Mapping map[string]string

var guesses = map[string][]string{
	Name:       {"name", "company", "customer", "organisation", "organization", "firma", "kunde", "unternehmen", "account"},
	Email:      {"email", "mail", "emailaddress", "mailaddress", "emailadresse", "address", "adresse"},
	Phone:      {"phone", "telephone", "tel", "telefon", "mobile", "mobil"},
	Contact:    {"contact", "contactperson", "contactname", "ansprechpartner", "person", "kontakt", "fullname"},
	Role:       {"role", "function", "funktion", "rolle"},
	Lang:       {"lang", "language", "sprache", "locale"},
	Country:    {"country", "land", "countrycode"},
	Salutation: {"salutation", "anrede", "greeting"},
	Reference:  {"reference", "ref", "id", "number", "customernumber", "kundennummer", "referenz"},
	Postal:     {"postal", "postaladdress", "street", "anschrift", "postanschrift"},
	Webhook:    {"webhook", "hook"},
	Channel:    {"channel", "kanal"},
	Party:      {"party", "partyid"},
}

// Guess maps the columns whose names speak for themselves, each target once.
func Guess(header []string) Mapping {
	m := Mapping{}
	taken := map[string]bool{}
	for _, h := range header {
		plain := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, h)
		for _, t := range Targets() {
			if !taken[t] && slices.Contains(guesses[t], plain) {
				m[h], taken[t] = t, true
				break
			}
		}
	}
	return m
}

// Check refuses a mapping that does not fit the head line.
func (m Mapping) Check(header []string) error {
	var wrong []fault.Field
	seen := map[string]bool{}
	way := false
	for column, t := range m {
		if !slices.Contains(header, column) {
			wrong = append(wrong, fault.Field{Field: "mapping", Message: "names a column that the file does not have"})
		}
		if t == "" || t == Ignore {
			continue
		}
		if !slices.Contains(Targets(), t) {
			wrong = append(wrong, fault.Field{Field: "mapping", Message: "names something a recipient does not have; see the list of targets"})
		}
		if seen[t] {
			wrong = append(wrong, fault.Field{Field: "mapping", Message: "gives two columns the same meaning: " + t})
		}
		seen[t] = true
		way = way || t == Email || t == Phone || t == Postal || t == Webhook || t == Party
	}
	if !way {
		wrong = append(wrong, fault.Field{Field: "mapping", Message: "says of no column that it holds a mail address, a telephone number or another way to reach somebody"})
	}
	return fault.Invalids(wrong...)
}

// Key is the name of a column in a text, after "row.".
func Key(column string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(column)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	return strings.TrimSuffix(b.String(), "_")
}
