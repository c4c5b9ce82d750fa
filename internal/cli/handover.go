package cli

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type handoverCmd struct {
	Ls   *handoverLs   `arg:"subcommand:ls" help:"List the affected controllers we process for."`
	Show *handoverShow `arg:"subcommand:show" help:"Show what a controller needs for its own 72 hours."`
	Take *handoverTake `arg:"subcommand:take" help:"Take the package: who took which version is recorded, with its hash."`
}

// handoverLine is one controller on the wire.
type handoverLine struct {
	Customer string `json:"customer"`
	Name     string `json:"name"`
	Last     *struct {
		Number  int       `json:"number"`
		TakenAt time.Time `json:"taken_at"`
		SHA256  string    `json:"sha256"`
	} `json:"last"`
}

type handoverLs struct {
	Ref string `arg:"positional,required" help:"Reference of the incident."`
}

// Run lists them.
func (c *handoverLs) Run(e *env) error {
	return show(e, "/incidents/"+url.PathEscape(c.Ref)+"/handovers", url.Values{}, []string{"CUSTOMER", "NAME", "TAKEN"}, 1, func(l handoverLine) []string {
		taken := "never"
		if l.Last != nil {
			taken = "no. " + strconv.Itoa(l.Last.Number) + ", " + l.Last.TakenAt.UTC().Format(time.RFC3339)
		}
		return []string{l.Customer, l.Name, taken}
	})
}

type handoverShow struct {
	Ref      string `arg:"positional,required" help:"Reference of the incident."`
	Customer string `arg:"positional,required" help:"Id of the customer."`
	Number   int    `arg:"--version" help:"A version that was taken; default the package as it would be now."`
}

// Run prints the document.
func (c *handoverShow) Run(e *env) error {
	path := handoverPath(c.Ref, c.Customer)
	if c.Number > 0 {
		b, err := e.api().Raw(e.ctx, http.MethodGet, "/api/v1"+path+"/versions/"+strconv.Itoa(c.Number)+"/document", "", nil)
		if err != nil {
			return err
		}
		return e.write("", b) // the very bytes: they have the hash that is recorded
	}
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, http.MethodGet, path, nil, &raw); err != nil {
		return err
	}
	return e.printJSON(raw)
}

type handoverTake struct {
	Ref          string `arg:"positional,required" help:"Reference of the incident."`
	Customer     string `arg:"positional,required" help:"Id of the customer."`
	Nature       string `arg:"--nature" help:"Nature of the breach, in your words for this customer."`
	Persons      string `arg:"--persons" help:"How many of its persons."`
	Records      string `arg:"--records" help:"How many data records."`
	Consequences string `arg:"--consequences" help:"Likely consequences."`
	Measures     string `arg:"--measures" help:"Measures taken or proposed."`
	Expected     string `arg:"--expected" help:"When you expect to know what is not known, with zone." placeholder:"TIME"`
}

// Run takes it and prints the document.
func (c *handoverTake) Run(e *env) error {
	body := map[string]any{}
	for name, v := range map[string]string{
		"nature": c.Nature, "persons": c.Persons, "records": c.Records, "consequences": c.Consequences, "measures": c.Measures, "expected_at": c.Expected,
	} {
		if strings.TrimSpace(v) != "" {
			body[name] = v
		}
	}
	var raw json.RawMessage
	if err := e.api().Do(e.ctx, http.MethodPost, handoverPath(c.Ref, c.Customer), body, &raw); err != nil {
		return err
	}
	return e.printJSON(raw)
}

func handoverPath(ref, customer string) string {
	return "/incidents/" + url.PathEscape(ref) + "/handovers/" + url.PathEscape(customer)
}
