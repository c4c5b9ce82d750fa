package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

func (g *rig) attach(as, ref, name, text string, heads ...header) reply {
	g.t.Helper()
	return g.do(as, "POST", "/incidents/"+ref+"/files?name="+name, text, append(heads, header{"Content-Type", "application/octet-stream"})...)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, g *rig) {
		ref := g.declare("")
		made := g.attach("analyst", ref, "shot.png", "\x89PNG\r\n\x1a\n").want(201)
		var list struct{ Items []fileOnWire }
		made.json(&list)
		f := list.Items[0]
		sum := sha256.Sum256([]byte("\x89PNG\r\n\x1a\n"))
		if f.SHA256 != hex.EncodeToString(sum[:]) || f.Media != "image/png" || f.Name != "shot.png" || f.AddedBy != "analyst" ||
			made.head.Get("Location") != base+"/incidents/"+ref+"/files/"+f.ID {
			t.Errorf("made %+v at %s", f, made.head.Get("Location"))
		}
		one := "/incidents/" + ref + "/files/" + f.ID
		got := g.get("liaison", f.Content).want(200)
		if string(got.body) != "\x89PNG\r\n\x1a\n" || got.head.Get("Content-Type") != "application/octet-stream" ||
			got.head.Get("Content-Disposition") != "attachment; filename=shot.png" || !strings.Contains(got.head.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%q %v", got.body, got.head)
		}
		g.get("liaison", f.Content, header{"Range", "bytes=1-3"}).want(http.StatusPartialContent)

		// A form brings several, with a note.
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		must(t, w.WriteField("note", "of the night"))
		must(t, w.WriteField("on", f.ID))
		for _, name := range []string{"a.log", "b.log"} {
			p, err := w.CreateFormFile("file", name)
			must(t, err)
			_, err = io.WriteString(p, name)
			must(t, err)
		}
		must(t, w.Close())
		g.do("responder", "POST", "/incidents/"+ref+"/files", b.String(), header{"Content-Type", w.FormDataContentType()}).want(201).json(&list)
		if len(list.Items) != 2 || list.Items[1].Name != "b.log" || list.Items[1].Note != "of the night" || list.Items[1].On == nil || *list.Items[1].On != f.ID {
			t.Errorf("form: %+v", list.Items)
		}
		page := g.get("liaison", "/incidents/"+ref+"/files?limit=2").want(200).object()
		if n := len(page["items"].([]any)); n != 2 || page["next"] == nil {
			t.Errorf("page of %d, next %v", n, page["next"])
		}

		// The same key again adds nothing; with other bytes it is refused.
		key := header{"Idempotency-Key", "upload"}
		g.attach("analyst", ref, "c", "c", key).want(201)
		size := g.size()
		g.attach("analyst", ref, "c", "c", key).want(201)
		if g.size() != size {
			t.Error("the repetition wrote something")
		}
		g.attach("analyst", ref, "c", "d", key).want(422)

		for text, want := range map[string]int{"": 422, strings.Repeat("x", 5000): 413} {
			g.attach("analyst", ref, "x", text).want(want).problem()
		}
		g.do("analyst", "POST", "/incidents/"+ref+"/files", "x").want(422).problem()
		g.attach("analyst", "INC-2020-0001", "x", "x").want(404)

		for _, c := range []struct {
			as, method, path, body string
			want                   int
		}{
			{"liaison", "POST", "/incidents/" + ref + "/files?name=x", "x", 403},
			{"reporter", "GET", "/incidents/" + ref + "/files", "", 403},
			{"reporter", "GET", one, "", 403},
			{"reporter", "GET", one + "/content", "", 403},
			{"", "GET", one + "/content", "", 401},
			{"admin", "GET", one + "/content", "", 403},
			{"responder", "POST", one + "/withdraw", `{"reason":"not mine"}`, 403},
			{"manager", "POST", one + "/erase", `{"reason":"no"}`, 403},
			{"analyst", "POST", one + "/withdraw", `{"reason":""}`, 422},
			{"analyst", "POST", one + "/withdraw", `{"reason":"wrong one"}`, 200},
			{"analyst", "POST", one + "/withdraw", `{"reason":"wrong one"}`, 409},
			{"analyst", "GET", one + "/content", "", 410},
			{"manager", "GET", one + "/content", "", 200},
			{"privacy_officer", "POST", one + "/erase", `{"reason":"asked for"}`, 200},
			{"manager", "GET", one + "/content", "", 410},
			{"manager", "GET", "/incidents/" + g.declare("") + "/files/" + f.ID, "", 404},
		} {
			if res := g.do(c.as, c.method, c.path, c.body); res.code != c.want {
				t.Errorf("%s %s as %q: %d, want %d: %s", c.method, c.path, c.as, res.code, c.want, res.body)
			}
		}
		if m := g.get("auditor", one).want(200).object(); m["name"] != "" || m["erased"] != true || m["sha256"] != f.SHA256 {
			t.Errorf("erased: %v", m)
		}
	})
}
