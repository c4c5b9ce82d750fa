package who

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones load also where the machine has no zone files
	"unicode"
	"unicode/utf8"

	"github.com/wakebell/wakebell/internal/base/fault"
)

var (
	idPattern    = regexp.MustCompile(`^[a-z0-9-]{2,64}$`)
	phonePattern = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{2,39}$`)
)

// checked returns p trimmed and with defaults, or Invalid naming every wrong
// field.
func (p Person) checked() (Person, error) {
	for _, s := range []*string{&p.Name, &p.Email, &p.Phone, &p.Webhook, &p.Department, &p.Function, &p.Zone} {
		*s = strings.TrimSpace(*s)
	}
	if p.Zone == "" {
		p.Zone = "UTC"
	}
	var wrong []fault.Field
	bad := func(field, msg string) { wrong = append(wrong, fault.Field{Field: field, Message: msg}) }
	if p.ID != "" && !idPattern.MatchString(p.ID) {
		bad("id", "must be 2 to 64 of a-z, 0-9 and -")
	}
	if p.Name == "" {
		bad("name", "is missing")
	}
	for _, f := range []struct{ name, value string }{
		{"name", p.Name}, {"department", p.Department}, {"function", p.Function},
	} {
		if !line(f.value, 200) {
			bad(f.name, "must be one line of at most 200 characters")
		}
	}
	if !ValidEmail(p.Email) {
		bad("email", "must be an address like name@example.com")
	}
	if p.Phone != "" && !phonePattern.MatchString(p.Phone) {
		bad("phone", "must be a number like +49 30 123456")
	}
	if p.Webhook != "" && !validWebhook(p.Webhook) {
		bad("webhook", "must be an http or https address without a user or password")
	}
	if !loadsZone(p.Zone) {
		bad("zone", "must be a time zone like Europe/Berlin")
	}
	roles, ok := cleanRoles(p.Roles)
	if !ok {
		bad("roles", "holds a role that does not exist; roles are "+roleNames())
	}
	p.Roles = roles
	return p, fault.Invalids(wrong...)
}

// ValidEmail reports whether s is one bare address, name@domain, of at most
// 254 bytes, without a display name, comments or control characters.
func ValidEmail(s string) bool {
	if s == "" || len(s) > 254 || !line(s, 254) || strings.ContainsAny(s, " <>,;\"") {
		return false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return domain != "" && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".")
}

func validWebhook(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 2000 && (u.Scheme == "https" || u.Scheme == "http") &&
		u.Hostname() != "" && u.User == nil && line(s, 2000)
}

// line reports whether s is valid UTF-8 of at most limit characters without
// control characters.
func line(s string, limit int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit &&
		strings.IndexFunc(s, unicode.IsControl) < 0
}

// cleanRoles returns the roles once each, in the order of Roles.
func cleanRoles(in []Role) ([]Role, bool) {
	out := []Role{}
	for _, r := range Roles() {
		if slices.Contains(in, r) {
			out = append(out, r)
		}
	}
	for _, r := range in {
		if !r.Valid() {
			return out, false
		}
	}
	return out, true
}

func roleNames() string {
	names := make([]string, 0, len(Roles()))
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

func loadsZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

// CheckPerson returns nil or Invalid naming every wrong field, as CreatePerson
// would, without looking at other people.
func CheckPerson(p Person) error {
	_, err := p.checked()
	return err
}
