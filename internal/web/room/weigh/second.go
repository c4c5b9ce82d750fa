package weigh

import (
	"github.com/wakebell/wakebell/internal/decide/assessment"
	"github.com/wakebell/wakebell/internal/decide/incident"
	"github.com/wakebell/wakebell/internal/decide/incident/decision"
	"github.com/wakebell/wakebell/internal/decide/incident/verdict"
	"github.com/wakebell/wakebell/internal/web/page"
	"github.com/wakebell/wakebell/internal/web/room/head"
)

// second records what another person says of a verdict.
func (s Screen) second(r *page.Request) (page.Done, error) {
	m, err := s.Enter(r)
	if err != nil {
		return page.Done{}, err
	}
	_, err = s.Incidents.Execute(r.Context(), r.By, m.Ref, &incident.MakeDecision{
		Decision: incident.Second, About: r.Text("about"), Answer: incident.Answer(r.Text("answer")), Reason: r.Text("why"),
	}, 0)
	return page.Done{To: m.Path("assess") + "?step=verdict", Say: "Your opinion is recorded."}, page.Rename(err, "reason", "why")
}

// waits are the verdicts that stand and are not confirmed.
func waits(v one) []verdict.Verdict { return v.Panel.Wait() }

// mayJudge says whether the viewer is asked for a second opinion on a verdict.
func mayJudge(v one, x verdict.Verdict) bool {
	var roles []string
	for _, r := range v.R.By.Roles {
		roles = append(roles, string(r))
	}
	d := decision.Decision{Kind: decision.RiskVerdict, About: x.ID, DecidedBy: v.R.By.Actor, As: roles}
	return !v.Past() && v.R.By.Has(incident.PermissionOf(&incident.MakeDecision{Decision: incident.Second})) && v.Panel.May(d, v.R.By.Person != "") == nil
}

func riskWords(risk string) string {
	return map[string]string{"none": "A risk is unlikely", "risk": "A risk", "high": "A high risk", "unknown": "Not known"}[risk]
}

// stateTag is what became of a verdict; nil where the plan asks for no second person.
func stateTag(s verdict.State) *page.Tag {
	switch s {
	case verdict.Waiting:
		return &page.Tag{Text: "Not yet confirmed", Icon: page.IconHourglass, Tone: page.Warn}
	case verdict.Confirmed:
		return &page.Tag{Text: "Confirmed", Icon: page.IconCircleCheck, Tone: page.Good}
	case verdict.Disputed:
		return &page.Tag{Text: "Disputed", Icon: page.IconTriangleAlert, Tone: page.Danger}
	}
	return nil
}

// effect says what the duties do while a verdict waits.
func effect(v one, x verdict.Verdict) string {
	if holds := v.Panel.Holds(x.Entity); holds == x.Risk {
		return "The duties it asks for run already."
	} else if holds != "unknown" {
		return "Until then the duties of the earlier verdict stand: " + riskWords(holds) + "."
	}
	return "Until then no duty falls away because of it."
}

// about is a verdict as its record in the panel; the history names it by the fact.
func about(v one, id string) verdict.Verdict {
	for _, x := range v.Panel.Verdicts {
		if x.ID == id {
			return x
		}
	}
	return verdict.Verdict{}
}

func asksWhom(v one) string {
	out := ""
	for i, g := range v.Panel.Groups {
		if i > 0 {
			out += ", and "
		}
		for j, role := range g {
			if j > 0 {
				out += " or "
			}
			out += head.Spaced(role)
		}
	}
	return out
}

func counsel(v one) []assessment.Asked { return assessment.CounselOwes(v.State) }

// unsure says what is open about a verdict.
func unsure(v one, x verdict.Verdict) string {
	if v.Panel.Of(x) == verdict.Disputed {
		return "A second person disagrees with the verdict" + forWhom(v, x.Entity) + ":"
	}
	return "The verdict is not yet confirmed" + forWhom(v, x.Entity) + ":"
}
