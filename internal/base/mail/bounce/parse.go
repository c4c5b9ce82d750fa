package bounce

import (
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoMessage says that what came is no message at all.
var ErrNoMessage = errors.New("bounce: this is no message")

// Parse reads one message, at most 10 MB of it, and returns what it reports: one Report for
// each recipient of a bounce, else exactly one.
func Parse(r io.Reader) ([]Report, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxRaw))
	if err != nil {
		return nil, fmt.Errorf("read a message: %w", err)
	}
	h, body := cutHead(raw)
	if len(h) == 0 {
		return nil, ErrNoMessage
	}
	left := maxParts
	m := open(h, body, 0, &left)
	common := Report{
		From: address(h.get("From")), To: addresses(h), Subject: h.words("Subject"), At: date(h.get("Date")),
	}
	if list := statusReport(&m, common); len(list) > 0 {
		return list, nil
	}
	if list := oldReport(&m, common); len(list) > 0 {
		return list, nil
	}
	common.about("", h)
	common.Kind = Reply
	if p := m.first("message/disposition-notification"); p != nil {
		common.Kind = AutoReply // a program, or a click on "OK", says that it was displayed
		if mdn, _ := cutHead(p.content()); ids.MatchString(mdn.get("Original-Message-Id")) {
			common.MessageID = ids.FindString(mdn.get("Original-Message-Id"))
		}
	} else if automatic(h, common.Subject) {
		common.Kind = AutoReply
	}
	if p := m.first("text/plain"); p != nil {
		common.Text = text(p.text())
	}
	return []Report{common}, nil
}

var (
	ids    = regexp.MustCompile(`<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,120}>`)
	status = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	code   = regexp.MustCompile(`\b[45]\d\d\b`)
)

// statusReport reads multipart/report with message/delivery-status (RFC 3464), wherever in
// the message it stands: list servers wrap it. Its groups are separated by empty lines; the
// first is about the message, each other about one recipient.
func statusReport(m *part, common Report) []Report {
	p := m.first("message/delivery-status", "message/global-delivery-status")
	if p == nil {
		return nil
	}
	common.Kind = Bounce
	about, rest := cutHead(p.content())
	common.By = named(about.get("Reporting-MTA"))
	id := original(m)
	if env := about.get("Original-Envelope-Id"); id == "" && env != "" {
		id = ids.FindString("<" + strings.Trim(fromXtext(env), "<>") + ">")
	}
	common.about(id, m.head)
	var list []Report
	for len(list) < 1000 && len(rest) > 0 {
		var g head
		g, rest = cutHead(rest)
		if g.get("Final-Recipient") == "" && g.get("Original-Recipient") == "" {
			continue
		}
		r := common
		r.Final = named(g.get("Final-Recipient"))
		r.Recipient = named(g.get("Original-Recipient"))
		if r.Recipient == "" || strings.EqualFold(r.Recipient, r.Final) {
			r.Recipient, r.Final = r.Final, ""
		}
		r.Status = status.FindString(g.get("Status"))
		r.Diagnostic = named(g.get("Diagnostic-Code"))
		if by := named(g.get("Remote-MTA")); by != "" {
			r.By = by
		}
		if at := date(g.get("Last-Attempt-Date")); !at.IsZero() {
			r.At = at
		}
		switch a := Action(strings.ToLower(strings.TrimSpace(g.get("Action")))); a {
		case Failed, Delayed, Delivered, Relayed, Expanded:
			r.Action = a
		default:
			r.Action = byStatus(r.Status)
		}
		list = append(list, r)
	}
	return list
}

func byStatus(s string) Action {
	switch {
	case strings.HasPrefix(s, "2"):
		return Delivered
	case strings.HasPrefix(s, "4"):
		return Delayed
	}
	return Failed
}

// original is the id of the message a report is about, from its own header in a later part.
func original(m *part) (id string) {
	m.walk(func(p *part) bool {
		switch p.media {
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers":
			h, _ := cutHead(p.content())
			id = ids.FindString(h.get("Message-Id"))
		}
		return id != ""
	})
	return id
}

// failedAddress finds "<user@domain>:" of qmail and "  user@domain" of Exim at the start of a line.
var failedAddress = regexp.MustCompile(`(?m)^\s{0,4}<?([^\s<>:,;"@]{1,64}@[^\s<>:,;"@]{1,190})>?:?[ \t]*\r?$`)

// oldReport reads the bounces that were written for people: Exim and Gmail name the
// recipients in X-Failed-Recipients, qmail in the text.
func oldReport(m *part, common Report) []Report {
	said := ""
	if p := m.first("text/plain"); p != nil {
		said = p.text()
	}
	opening := cut(said, 4096)
	failed := m.head.get("X-Failed-Recipients")
	qmail := strings.Contains(opening, "This is the qmail-send program") || strings.Contains(opening, "I wasn't able to deliver your message")
	exim := strings.Contains(opening, "created automatically by mail delivery software")
	if failed == "" && !qmail && !exim {
		return nil
	}
	common.Kind = Bounce
	// What follows the report is a copy of the message, or its header.
	report, copied := said, ""
	for _, mark := range []string{"--- Below this line is a copy of the message", "------ This is a copy of the message", "------ This is a copy of your message"} {
		if a, b, ok := strings.Cut(said, mark); ok {
			report, copied = a, b
			break
		}
	}
	id := original(m)
	if id == "" {
		_, inner, _ := strings.Cut(copied, "\n")
		h, _ := cutHead([]byte(strings.TrimLeft(inner, "\r\n")))
		id = ids.FindString(h.get("Message-Id"))
	}
	common.about(id, m.head)
	common.Action = Failed
	if strings.Contains(opening, "has not yet been delivered") || strings.Contains(opening, "not a permanent error") || strings.Contains(opening, "has been delayed") ||
		strings.HasPrefix(strings.ToLower(common.Subject), "warning:") {
		common.Action = Delayed
	}
	var list []Report
	seen := map[string]bool{}
	add := func(to, why string) {
		if to = line(to, 254); to == "" || seen[to] || len(list) >= 1000 {
			return
		}
		seen[to] = true
		r := common
		r.Recipient = to
		r.Diagnostic = line(strings.Join(strings.Fields(why), " "), longest)
		if r.Status = status.FindString(why); r.Status == "" && code.FindString(why) != "" {
			r.Status = code.FindString(why)[:1] + ".0.0"
		}
		list = append(list, r)
	}
	places := failedAddress.FindAllStringSubmatchIndex(report, 1000)
	for n, at := range places {
		end := len(report)
		if n+1 < len(places) {
			end = places[n+1][0]
		}
		why, _, _ := strings.Cut(report[at[1]:end], "\n\n")
		add(report[at[2]:at[3]], why)
	}
	for to := range strings.SplitSeq(failed, ",") {
		add(to, report)
	}
	return list
}

// automatic reports an answer by a machine: RFC 3834, and the marks of programs that are
// older than it.
func automatic(h head, subject string) bool {
	word, _, _ := strings.Cut(strings.ToLower(h.get("Auto-Submitted")), ";")
	if word = strings.TrimSpace(word); word != "" && word != "no" {
		return true
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Ms-Exchange-Inbox-Rules-Loop"} {
		if v := h.get(name); v != "" && !strings.EqualFold(v, "no") {
			return true
		}
	}
	switch strings.ToLower(h.get("Precedence")) {
	case "auto_reply", "bulk", "junk", "list":
		return true
	}
	if h.get("Return-Path") == "<>" {
		return true // no person's program sends so
	}
	subject = strings.ToLower(subject)
	for _, start := range []string{"automatic reply:", "auto reply:", "autoreply:", "auto:", "out of office", "automatische antwort", "abwesenheit", "réponse automatique", "respuesta automática", "risposta automatica"} {
		if strings.HasPrefix(subject, start) {
			return true
		}
	}
	return false
}

// about notes the message this is about: id if it is known, else the first of those that the
// header answers. The others are kept too.
func (r *Report) about(id string, h head) {
	list := ids.FindAllString(h.get("In-Reply-To"), 5)
	refs := ids.FindAllString(h.get("References"), -1)
	slices.Reverse(refs)
	list = append(list, refs[:min(len(refs), 20)]...)
	if r.MessageID = id; id == "" && len(list) > 0 {
		r.MessageID = list[0]
	}
	for _, ref := range list {
		if ref != r.MessageID && !slices.Contains(r.References, ref) {
			r.References = append(r.References, ref)
		}
	}
}

// named is the second half of "type; value" in a report.
func named(s string) string {
	if kind, v, ok := strings.Cut(s, ";"); ok && !strings.ContainsAny(kind, " \t@<") {
		s = v
	}
	s = line(decoded(s), longest)
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		s = strings.Trim(s, "<>")
	}
	return s
}

// fromXtext reads RFC 3461 section 4.
func fromXtext(s string) string {
	var b strings.Builder
	for n := 0; n < len(s); n++ {
		if s[n] == '+' && n+2 < len(s) {
			if v, err := strconv.ParseUint(s[n+1:n+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				n += 2
				continue
			}
		}
		b.WriteByte(s[n])
	}
	return line(b.String(), longest)
}

func address(s string) string {
	if a, err := netmail.ParseAddress(decoded(s)); err == nil {
		return line(a.Address, 254)
	}
	return line(s, 254)
}

// addresses are those this message came to, as its header tells.
func addresses(h head) []string {
	var out []string
	seen := map[string]bool{}
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		for _, v := range h[name] {
			list, err := netmail.ParseAddressList(v)
			if err != nil {
				continue
			}
			for _, a := range list {
				if key := strings.ToLower(a.Address); !seen[key] && len(out) < 20 {
					seen[key] = true
					out = append(out, line(a.Address, 254))
				}
			}
		}
	}
	return out
}

// date is zero for what is no date, and for one that cannot be.
func date(s string) time.Time {
	t, err := netmail.ParseDate(s)
	if err != nil || t.Year() < 1990 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}
