package settings

import (
	"bytes"
	"cmp"
	"encoding/json"
	"time"

	"github.com/wakebell/wakebell/internal/base/job"
	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/web/page"
)

// jobsPath is the page of timed work.
const jobsPath = "/settings/jobs"

type jobsView struct {
	r     *page.Request
	state string
	list  []job.Job
	next  string
	last  time.Time // the loop's last turn, real time
	due   time.Time // when something is due next
}

func (s screen) jobs(r *page.Request) (page.Page, error) {
	if err := who.Check(r.By, who.PermJobRead); err != nil {
		return page.Page{}, err
	}
	v := jobsView{r: r, state: r.Query("state"), last: s.Jobs.LastTurn()}
	var cursor string
	var err error
	if v.list, cursor, err = s.Jobs.List(r.Context(), r.By, job.Filter{State: job.State(v.state)}, r.Query("after"), listed); err != nil {
		return page.Page{}, err
	}
	if cursor != "" {
		v.next = r.Path("after", cursor)
	}
	if v.due, _, err = s.Jobs.NextDue(r.Context()); err != nil {
		return page.Page{}, err
	}
	list := page.Region{Name: "jobs", On: page.Any(page.On("job"), page.On("call"), page.On("duty")), Body: jobsList(v)}
	return page.Page{
		Title: "Timed work", Nav: nav, Crumbs: crumbs(page.Crumb{Label: "Timed work"}), Regions: []page.Region{list}, Body: jobsPage(v, list),
		Lead: jobsLead(v),
	}, nil
}

func (v jobsView) states() []page.Choice {
	var out []page.Choice
	for _, c := range [][2]string{{"", "All"}, {string(job.Ready), "Waiting"}, {string(job.Leased), "Running"}, {string(job.Dead), "Given up"}} {
		out = append(out, page.Choice{Label: c[1], Href: v.r.Path("state", c[0]), On: v.state == c[0]})
	}
	return out
}

func (v jobsView) nothing() page.Nothing {
	n := page.Nothing{Icon: page.IconTimer, Title: "Nothing here", Text: "Work that is due later stands here until it is done: messages to send, duties to work out anew. What is done leaves the list."}
	switch job.State(v.state) {
	case job.Dead:
		n.Icon, n.Title, n.Text = page.IconCircleCheck, "Nothing was given up", "Work that failed in all its attempts would stand here, with its error, to be retried or discarded."
	case job.Leased:
		n.Text = "Work stands here while it runs, usually for less than a second."
	case job.Ready, "":
	}
	if v.state != "" {
		n.Action = page.Action{Label: "Show all", Icon: page.IconListFilter, Href: jobsPath}
	}
	return n
}

// jobWords says what the kinds of jobs do.
var jobWords = map[string]string{
	"mail.send": "Send a message", "webhook.post": "Post a call to a webhook", "test_call.send": "Send a test call", "duty.rederive": "Work out the duties of an incident anew",
	"dispatch.carry": "Send a notice to its recipients", "dispatch.copy": "Copy the recipients of an earlier notice", "bounce.read": "Read what came back by mail",
	"file.destroy": "Destroy the key of an erased file",
}

func jobWord(kind string) string { return cmp.Or(jobWords[kind], kind) }

func jobTag(j job.Job) page.Tag {
	switch {
	case j.State == job.Dead:
		return page.Tag{Text: "Given up", Icon: page.IconCircleX, Tone: page.Danger}
	case j.State == job.Leased:
		return page.Tag{Text: "Running", Icon: page.IconPlay, Tone: page.Accent}
	case j.Attempt > 0:
		return page.Tag{Text: "Tries again", Icon: page.IconRotateCcw, Tone: page.Warn}
	}
	return page.Tag{Text: "Waiting", Icon: page.IconHourglass}
}

type jobView struct {
	r       *page.Request
	j       job.Job
	payload string
	may     bool // retry and discard
}

func (s screen) job(r *page.Request) (page.Page, error) {
	j, err := s.Jobs.Job(r.Context(), r.By, r.PathValue("id"))
	if err != nil {
		return page.Page{}, err
	}
	v := jobView{r: r, j: j, may: r.By.Has(who.PermJobManage) && j.State == job.Dead}
	var pretty bytes.Buffer
	if v.payload = string(j.Payload); json.Indent(&pretty, j.Payload, "", "  ") == nil {
		v.payload = pretty.String()
	}
	return page.Page{
		Title: jobWord(j.Kind), Nav: nav, Narrow: true, Body: jobPage(v),
		Crumbs: crumbs(page.Crumb{Label: "Timed work", Href: jobsPath}, page.Crumb{Label: jobWord(j.Kind)}),
	}, nil
}

func (s screen) doRetryJob(r *page.Request) (page.Done, error) {
	if err := s.Jobs.Retry(r.Context(), r.By, r.PathValue("id")); err != nil {
		return page.Done{}, err
	}
	return page.Done{To: jobsPath, Say: "It runs again, with all its attempts."}, nil
}

func (s screen) doDiscardJob(r *page.Request) (page.Done, error) {
	if err := s.Jobs.Discard(r.Context(), r.By, r.PathValue("id"), r.Text("reason")); err != nil {
		return page.Done{}, err
	}
	return page.Done{To: jobsPath + "?state=dead", Say: "Discarded. The ledger keeps who did it and why."}, nil
}

// tried is how often work was tried. Work that never gives up has a limit that nobody reaches.
func tried(j job.Job) string {
	if j.MaxAttempts > 1000 {
		return number(j.Attempt)
	}
	return number(j.Attempt) + " of " + number(j.MaxAttempts)
}
