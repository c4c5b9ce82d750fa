package api

import (
	"strings"
	"testing"
)

const failedReport = "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: notices@example.com\r\nSubject: Undelivered\r\n" +
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
	"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; nobody@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" +
	"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <n7@bell.example>\r\n\r\n--b--\r\n"

// What came back is handed in as it came or as JSON, by a machine; people with other roles may not.
func TestHandInBounce(t *testing.T) {
	t.Parallel()
	g := lite(t)
	raw := header{"Content-Type", "message/rfc822"}
	var got struct{ Items []cameBack }
	g.post("machine", "/bounces", failedReport, raw).want(200).json(&got)
	if len(got.Items) != 1 || got.Items[0].Kind != "bounce" || got.Items[0].Recipient != "nobody@customer.example" || got.Items[0].Status != "5.1.1" {
		t.Errorf("%+v", got)
	}
	g.post("machine", "/bounces", strings.Replace(failedReport, "<n7@", "<n8@", 1), raw).want(404)
	if r := g.post("machine", "/bounces", "hello\x00", raw).want(422); strings.Contains(string(r.body), "hello") {
		t.Errorf("the value is echoed: %s", r.body)
	}
	g.post("machine", "/bounces", `{"kind":"bounce","action":"failed","message_id":"<n7@bell.example>","status":"5.1.1","at":"2026-03-02T09:00:00Z"}`,
		header{"Content-Type", "application/json"}).want(200).json(&got)
	if len(got.Items) != 1 || got.Items[0].At == nil {
		t.Errorf("%+v", got)
	}
	for _, body := range []string{`{"kind":"bounce"}`, `{"kind":"bounce","action":"failed","message_id":"n7"}`, `{"kind":"x"}`, `{"surprise":1}`, `[]`, ``} {
		if r := g.post("machine", "/bounces", body, header{"Content-Type", "application/json"}); r.code < 400 || r.code > 499 {
			t.Errorf("%s: %d", body, r.code)
		}
	}
	for _, role := range []string{"reporter", "analyst", "siht", "legal", "auditor"} {
		g.post(role, "/bounces", failedReport, raw).want(403)
	}
	g.post("admin", "/bounces", failedReport, raw).want(200)
	g.post("machine", "/bounces", strings.Repeat("x", 17<<20), raw).want(413)

	var st mailboxState
	g.get("admin", "/bounces/mailbox").want(200).json(&st)
	if st.Enabled || st.Address == nil || *st.Address != "notices@example.com" || st.ReadAt != nil {
		t.Errorf("%+v", st)
	}
	g.get("machine", "/bounces/mailbox").want(403)
}
