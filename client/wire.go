package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Ref names a thing and, where it has one, its human reference.
type Ref struct {
	ID   string `json:"id,omitempty"`
	Ref  string `json:"ref,omitempty"`
	Kind string `json:"kind,omitempty"`
	Name string `json:"name,omitempty"`
}

// Signal is an alert or a report.
type Signal struct {
	ID           string     `json:"id"`
	Kind         string     `json:"kind"`  // alert|report
	State        string     `json:"state"` // open|decided
	Title        string     `json:"title"`
	Source       string     `json:"source"`
	Count        int64      `json:"count"`
	DiscoveredAt time.Time  `json:"discovered_at"`
	ReceivedAt   time.Time  `json:"received_at"`
	TriageDueAt  *time.Time `json:"triage_due_at"`
	Team         string     `json:"team"`
	Service      string     `json:"service"`
	Drill        bool       `json:"drill"`
	Verdict      string     `json:"verdict"`
	Incident     *Ref       `json:"incident"`
}

// File is a file of an incident.
type File struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"` // "" once erased
	SHA256      string     `json:"sha256"`
	Size        int64      `json:"size"` // bytes
	Media       string     `json:"media"`
	Note        string     `json:"note"`
	AddedBy     string     `json:"added_by"`
	AddedAt     time.Time  `json:"added_at"`
	WithdrawnAt *time.Time `json:"withdrawn_at"`
	Erased      bool       `json:"erased"`
	Content     string     `json:"content"` // address of the bytes
}

// Report is what a person tells.
type Report struct {
	Title        string     `json:"title"`
	Summary      string     `json:"summary,omitempty"`
	Service      string     `json:"service,omitempty"`
	DiscoveredAt *time.Time `json:"discovered_at,omitempty"`
	Contact      string     `json:"contact,omitempty"`
	Drill        bool       `json:"drill,omitempty"`
}

// Verdict is what triage decides.
type Verdict struct {
	Verdict  string `json:"verdict"` // false_positive|event|incident
	Incident string `json:"incident,omitempty"`
	Nature   string `json:"nature,omitempty"`
	Title    string `json:"title,omitempty"`
	Reason   string `json:"reason"`
}

// Incident is the state of an incident; the whole of it is in the server's answer.
type Incident struct {
	ID           string     `json:"id"`
	Ref          string     `json:"ref"`
	Title        string     `json:"title"`
	Summary      string     `json:"summary"`
	Kind         string     `json:"kind"`
	State        string     `json:"state"`
	ClosedAt     *time.Time `json:"closed_at"`
	Phase        string     `json:"phase"`
	Nature       string     `json:"nature"`
	Severity     *int       `json:"severity"`
	BIL          *int       `json:"bil"`
	PersonalData string     `json:"personal_data"`
	DiscoveredAt time.Time  `json:"discovered_at"`
	Version      int64      `json:"version"`
}

// NewIncident declares an incident.
type NewIncident struct {
	Title        string     `json:"title"`
	Summary      string     `json:"summary,omitempty"`
	Kind         string     `json:"kind,omitempty"`
	Nature       string     `json:"nature,omitempty"`
	DiscoveredAt *time.Time `json:"discovered_at,omitempty"`
	Service      string     `json:"service,omitempty"`
	Team         string     `json:"team,omitempty"`
}

// Duty is something owed.
type Duty struct {
	ID        string          `json:"id"`
	Incident  json.RawMessage `json:"incident"`
	Rule      string          `json:"rule"`
	Title     string          `json:"title"`
	Recipient Ref             `json:"recipient"`
	Holder    json.RawMessage `json:"holder"`
	DueAt     *time.Time      `json:"due_at"`
	State     string          `json:"state"`
	Basis     json.RawMessage `json:"basis"`
}

// Unverified says that the duty is owed under a rule of the law that nobody has checked against its text.
func (d Duty) Unverified() bool {
	var b struct {
		Unverified bool `json:"unverified"`
	}
	return json.Unmarshal(d.Basis, &b) == nil && b.Unverified
}

// NewReport sends a person's report and returns the signal.
func (c *Client) NewReport(ctx context.Context, r Report) (s Signal, err error) {
	return s, c.Do(ctx, http.MethodPost, "/reports", r, &s)
}

// Triage decides a signal.
func (c *Client) Triage(ctx context.Context, id string, v Verdict) (s Signal, err error) {
	return s, c.Do(ctx, http.MethodPost, "/signals/"+url.PathEscape(id)+"/triage", v, &s)
}

// Declare starts an incident.
func (c *Client) Declare(ctx context.Context, n NewIncident) (i Incident, err error) {
	return i, c.Do(ctx, http.MethodPost, "/incidents", n, &i)
}

// Command sends a command ({"type": …, …}) to an incident and returns it as it then is.
func (c *Client) Command(ctx context.Context, ref string, command map[string]any) (i Incident, err error) {
	return i, c.Do(ctx, http.MethodPost, "/incidents/"+url.PathEscape(ref)+"/commands", command, &i)
}

// Incident reads one incident by reference or id.
func (c *Client) Incident(ctx context.Context, ref string) (i Incident, err error) {
	return i, c.Do(ctx, http.MethodGet, "/incidents/"+url.PathEscape(ref), nil, &i)
}

// DutyAction posts to a duty: action is meet, waive, undo or assign.
func (c *Client) DutyAction(ctx context.Context, id, action string, body map[string]any) (d Duty, err error) {
	return d, c.Do(ctx, http.MethodPost, "/duties/"+url.PathEscape(id)+"/"+action, body, &d)
}

// Attach adds one file to an incident; its bytes are read from content to the end.
func (c *Client) Attach(ctx context.Context, ref, name, note string, content io.Reader) (File, error) {
	q := url.Values{"name": {name}}
	if note != "" {
		q.Set("note", note)
	}
	b, err := c.Send(ctx, http.MethodPost, "/api/v1/incidents/"+url.PathEscape(ref)+"/files?"+q.Encode(), "application/octet-stream", content)
	if err != nil {
		return File{}, err
	}
	var p Page[File]
	if err := json.Unmarshal(b, &p); err != nil || len(p.Items) == 0 {
		return File{}, fmt.Errorf("read the answer about the file: %w", err)
	}
	return p.Items[0], nil
}

// Notice is an outward message of an incident.
type Notice struct {
	No       int          `json:"no"`
	Incident string       `json:"incident"`
	Drill    bool         `json:"drill"`
	Audience string       `json:"audience"`
	Purpose  string       `json:"purpose"`
	Follows  *int         `json:"follows"`
	State    string       `json:"state"`
	Title    string       `json:"title"`
	Lang     string       `json:"lang"`
	Texts    []NoticeText `json:"texts"`
	Variants []struct {
		Variant string `json:"variant"`
		Words   string `json:"words"` // who gets it
	} `json:"variants"`
	Bound       string        `json:"bound"`
	Missing     [][]string    `json:"missing"`
	Rounds      []NoticeRound `json:"rounds"`
	Gates       []NoticeGate  `json:"gates"`
	For         *string       `json:"for"` // of what waits for your yes: whom you stand in for
	As          []string      `json:"as"`
	Emergency   bool          `json:"emergency"`
	UpdatedAt   time.Time     `json:"updated_at"`
	Version     int64         `json:"version"`
	Attachments []struct {
		Name   string `json:"name"`
		SHA256 string `json:"sha256"`
	} `json:"attachments"`
	Recipients struct {
		Count int `json:"count"`
		Gaps  int `json:"gaps"`
	} `json:"recipients"`
}

// NoticeText is one version of a text.
type NoticeText struct {
	Lang    string `json:"lang"`
	Variant string `json:"variant"`
	Version int    `json:"version"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

// NoticeRound is one submission and what became of it.
type NoticeRound struct {
	Bound string    `json:"bound"`
	At    time.Time `json:"at"`
	Given []struct {
		Person    string   `json:"person"`
		For       *string  `json:"for"`
		Roles     []string `json:"roles"`
		Emergency bool     `json:"emergency"`
	} `json:"given"`
	End    *string `json:"end"`
	Reason *string `json:"reason"`
}

// NoticeGate is one thing that must hold before a notice leaves.
type NoticeGate struct {
	Key    string `json:"key"`
	Title  string `json:"title"`
	Open   bool   `json:"open"`
	Asks   bool   `json:"asks"`
	Why    string `json:"why"`
	Remedy string `json:"remedy"`
}

// Notice reads one notice of an incident.
func (c *Client) Notice(ctx context.Context, ref string, no int) (n Notice, err error) {
	return n, c.Do(ctx, http.MethodGet, fmt.Sprintf("/incidents/%s/notices/%d", url.PathEscape(ref), no), nil, &n)
}

// NewNotice starts a notice.
func (c *Client) NewNotice(ctx context.Context, ref string, body map[string]any) (n Notice, err error) {
	return n, c.Do(ctx, http.MethodPost, "/incidents/"+url.PathEscape(ref)+"/notices", body, &n)
}

// WriteNotice writes a new version of a text; body holds subject, body and the version that was read.
func (c *Client) WriteNotice(ctx context.Context, ref string, no int, lang, variant string, body map[string]any) (n Notice, err error) {
	path := fmt.Sprintf("/incidents/%s/notices/%d/texts/%s", url.PathEscape(ref), no, url.PathEscape(lang))
	if variant != "" {
		path += "?" + url.Values{"variant": {variant}}.Encode()
	}
	return n, c.Do(ctx, http.MethodPut, path, body, &n)
}

// NoticeAction posts to a notice: action is submit, approve, return, release or withdraw.
func (c *Client) NoticeAction(ctx context.Context, ref string, no int, action string, body map[string]any) (n Notice, err error) {
	return n, c.Do(ctx, http.MethodPost, fmt.Sprintf("/incidents/%s/notices/%d/%s", url.PathEscape(ref), no, action), body, &n)
}

// CameBack is what came back by mail about one recipient.
type CameBack struct {
	Kind       string     `json:"kind"`
	MessageID  string     `json:"message_id"`
	Recipient  string     `json:"recipient"`
	Action     string     `json:"action"`
	Status     string     `json:"status"`
	Diagnostic string     `json:"diagnostic"`
	At         *time.Time `json:"at"`
	From       string     `json:"from"`
	Subject    string     `json:"subject"`
	Text       string     `json:"text"`
}

// HandIn hands in a message that came back, as it came, and returns what it was understood as.
func (c *Client) HandIn(ctx context.Context, message io.Reader) ([]CameBack, error) {
	b, err := c.Send(ctx, http.MethodPost, "/api/v1/bounces", "message/rfc822", message)
	if err != nil {
		return nil, err
	}
	var p Page[CameBack]
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("read the answer about the message: %w", err)
	}
	return p.Items, nil
}

// FilingReceipt keeps the authority's receipt of a filing; its bytes are read from content
// to the end. number may be empty.
func (c *Client) FilingReceipt(ctx context.Context, ref string, filing int, name, number string, content io.Reader) (Filing, error) {
	q := url.Values{"name": {name}}
	if number != "" {
		q.Set("receipt", number)
	}
	path := "/api/v1/incidents/" + url.PathEscape(ref) + "/filings/" + strconv.Itoa(filing) + "/receipt-file?" + q.Encode()
	b, err := c.Send(ctx, http.MethodPost, path, "application/octet-stream", content)
	if err != nil {
		return Filing{}, err
	}
	var f Filing
	if err := json.Unmarshal(b, &f); err != nil {
		return f, fmt.Errorf("read the answer about the receipt: %w", err)
	}
	return f, nil
}

// Filing is one form of an incident for one authority.
type Filing struct {
	Number      int              `json:"number"`
	Incident    string           `json:"incident"`
	Drill       bool             `json:"drill"`
	Duty        *string          `json:"duty"`
	Rule        *string          `json:"rule"`
	Entity      *string          `json:"entity"`
	Recipient   string           `json:"recipient"`
	Form        string           `json:"form"`
	FormVersion string           `json:"form_version"`
	Stage       string           `json:"stage"`
	Combines    []string         `json:"combines"`
	Follows     *int             `json:"follows"`
	State       string           `json:"state"` // draft, review, approved, filed, discarded
	Version     int              `json:"version"`
	Bound       *string          `json:"bound"` // hash that an approval names
	Voided      bool             `json:"voided"`
	Approvals   []FilingApproval `json:"approvals"`
	Returned    *string          `json:"returned"`
	FiledAt     *time.Time       `json:"filed_at"`
	FiledBy     *string          `json:"filed_by"`
	Channel     *string          `json:"channel"`
	LateReason  *string          `json:"late_reason"`
	Receipt     *string          `json:"receipt"`
	Documents   []FilingDocument `json:"documents"`
	ChangedAt   time.Time        `json:"changed_at"`
}

// FilingApproval is one person's yes.
type FilingApproval struct {
	Person string    `json:"person"`
	As     string    `json:"as"`
	At     time.Time `json:"at"`
}

// FilingDocument is one file that was filed or received.
type FilingDocument struct {
	File   string `json:"file"`
	Kind   string `json:"kind"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// FilingFull is a filing with its questions and answers.
type FilingFull struct {
	Filing
	Needed   int              `json:"needed"`
	Answered int              `json:"answered"`
	Fields   []FilingQuestion `json:"fields"`
}

// FilingQuestion is one field of a form; Answer is a text, a list of texts, or nil.
type FilingQuestion struct {
	ID      string   `json:"id"`
	Section string   `json:"section"`
	Label   string   `json:"label"`
	Type    string   `json:"type"`
	Options []string `json:"options,omitempty"`
	Needed  bool     `json:"needed"`
	Ours    bool     `json:"ours,omitempty"`
	Answer  any      `json:"answer"`
	Source  *string  `json:"source"`
	Changed bool     `json:"changed,omitempty"`
}

// FilingWanted is a duty that is met by filing, with the forms that fit.
type FilingWanted struct {
	Duty    Duty        `json:"duty"`
	Fits    []FilingFit `json:"fits"`
	Filings []int       `json:"filings"`
}

// FilingFit is one stage of a form that satisfies a duty.
type FilingFit struct {
	Form     string `json:"form"`
	Stage    string `json:"stage"`
	Title    string `json:"title"`
	Official bool   `json:"official"`
}
