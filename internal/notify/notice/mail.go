package notice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wakebell/wakebell/internal/base/mail"
	"github.com/wakebell/wakebell/internal/notify/notice/approval"
	"github.com/wakebell/wakebell/internal/notify/notice/course"
)

// path is where the notice is read. Reading needs sign-in.
func (c *change) path() string {
	return fmt.Sprintf("%s/incidents/%s/notices/%d", c.s.BaseURL, c.st.Ref, c.n.No)
}

// tell leaves one mail to each person behind, in the transaction of its cause. The text of
// a notice never stands in it: it is confidential until it is released.
func (c *change) tell(people []string, subject string, lines ...string) error {
	if c.s.Outbox == nil {
		return nil
	}
	dir, err := c.s.Directory.Snapshot(c.tx)
	if err != nil {
		return err
	}
	var done []string
	for _, id := range people {
		p := dir.People[id]
		if !p.Active || p.Email == "" || slices.Contains(done, id) || id == c.by.Person {
			continue
		}
		done = append(done, id)
		text := strings.Join(append(lines, "", "Read it here, after you have signed in:", c.path()), "\n") + "\n"
		if _, err := c.s.Outbox.Enqueue(c.tx, mail.Message{
			To: []string{p.Email}, Subject: c.st.Ref + ": " + subject, Text: text, About: c.st.Ref, Drill: c.n.Drill,
		}); err != nil {
			return err
		}
	}
	return nil
}

// askApprovers tells those whose yes is asked.
func (c *change) askApprovers() error {
	cs, err := c.s.approvals(c.tx, c.st, c.n)
	if err != nil {
		return err
	}
	people := cs.Asked()
	for _, d := range cs.Plan.EmergencyDeputies { // they must know, should the others not be reached
		people = append(people, d.Persons...)
	}
	return c.tell(people, "your approval is asked: "+c.n.Called(),
		c.n.Called()+" waits for the yes of "+approval.Words(cs.Groups)+".",
		"Approve it, or send it back with a reason. Your yes covers exactly these bytes: SHA-256 "+c.n.Round().Bound+".")
}

func (c *change) tellApproved() error {
	return c.tell(c.n.Writers(), "approved: "+c.n.Called(), "All approvals of "+c.n.Called()+" are given. It can be released when its gates are open.")
}

func (c *change) tellReturned(reason string) error {
	return c.tell(c.n.Writers(), "sent back: "+c.n.Called(), c.n.Called()+" was sent back:", reason)
}

func (c *change) tellVoided(v course.Voided) error {
	return c.tell(v.Told, "your approval is void: "+c.n.Called(),
		course.CauseWords(v.Cause)+" of "+c.n.Called()+" changed after you approved it. Your approval does not cover the change and is void.",
		"You are told again when it is submitted anew.")
}
