package planbook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/prepare/plan"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/page/differ"
)

// maxText is more than any plan needs, in bytes.
const maxText = 256 << 10

// draft is the plan as text, and what it would change.
type draft struct {
	form    *page.Form
	text    string
	seen    bool // the difference below belongs to exactly this text
	digest  string
	changes []differ.Change
}

func (s screen) text(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermPlanEdit); err != nil {
		return page.Page{}, err
	}
	p, err := s.Plans.Current(r.Context(), r.By)
	if err != nil {
		return page.Page{}, err
	}
	now, err := p.YAML()
	if err != nil {
		return page.Page{}, err
	}
	f := r.Form("text").To("/plan/text").With("version", strconv.Itoa(p.Version)).Files().Plain()
	d := draft{form: f, text: f.Value("yaml", string(now))}
	if f.Typed() {
		if next, err := plan.ParseYAML([]byte(d.text)); err == nil {
			if next, err = s.Plans.Preview(r.By, next); err == nil {
				dir, err := s.Directory.Snapshot(s.DB)
				if err != nil {
					return page.Page{}, err
				}
				d.seen, d.digest, d.changes = true, digest(d.text), differ.Compare(said(p, dir), said(next, dir))
			}
		}
	}
	return page.Page{
		Title: "The plan as text", Nav: nav, Narrow: true, Body: textPage(d),
		Crumbs: []page.Crumb{{Label: "Response plan", Href: nav}, {Label: "The plan as text"}},
	}, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(text)))
	return hex.EncodeToString(sum[:])
}

// doText previews first. It stores only the text whose difference was shown: the digest of the preview is sent along.
func (s screen) doText(r *page.Request) (page.Done, error) {
	if err := who.Check(r.By, who.PermPlanEdit); err != nil {
		return page.Done{}, err
	}
	if err := uploaded(r); err != nil {
		return page.Done{}, err
	}
	text := r.Text("yaml")
	if len(text) > maxText {
		return page.Done{}, fault.InvalidField("yaml", "is larger than 256 kB, and no plan is: choose another file")
	}
	next, err := plan.ParseYAML([]byte(text))
	if err != nil {
		return page.Done{}, inText(err)
	}
	if next, err = s.Plans.Preview(r.By, next); err != nil {
		return page.Done{}, inText(err)
	}
	if r.Text("do") != "store" || r.Text("seen") != digest(text) {
		return page.Done{Again: true}, nil
	}
	stored, err := s.Plans.Change(r.Context(), r.By, next, version(r), r.Text("reason"))
	if err != nil {
		current, readErr := s.Plans.Current(r.Context(), r.By)
		if readErr != nil {
			return page.Done{}, readErr
		}
		return page.Done{}, s.refused(r, "", current, next, err)
	}
	return page.Done{To: nav, Say: "Saved as version " + strconv.Itoa(stored.Version) + ". What falls due in open incidents is worked out anew."}, nil
}

// uploaded puts a chosen file in the place of the text.
func uploaded(r *page.Request) error {
	file, _, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The file did not arrive complete. Choose it again.")
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxText+1))
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The file did not arrive complete. Choose it again.")
	}
	if len(text) > maxText {
		return fault.InvalidField("file", "is larger than 256 kB, and no plan is: choose another one")
	}
	if len(text) > 0 {
		r.PostForm.Set("yaml", string(text))
		r.PostForm.Set("do", "preview")
	}
	return nil
}

// inText names what is wrong in the one field there is.
func inText(err error) error {
	msg, ok := fault.MessageOf(err)
	fields := fault.FieldsOf(err)
	if !ok && len(fields) == 0 {
		return err
	}
	if len(fields) == 0 {
		return fault.InvalidField("yaml", "cannot be read: "+msg)
	}
	said := make([]string, len(fields))
	for i, f := range fields {
		said[i] = f.Field + " " + f.Message
	}
	return fault.InvalidField("yaml", "is not valid yet: "+strings.Join(said, "; "))
}
