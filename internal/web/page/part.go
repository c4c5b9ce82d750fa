package page

import (
	"cmp"
	"context"
	"slices"

	"github.com/wakebell/wakebell/internal/decide/incident"
)

func spriteRef(ctx context.Context, i IconName) string {
	return frameOf(ctx).assets().Path("icons.svg") + "#" + string(i)
}

func severityWord(s int) string {
	words := [...]string{"Crisis", "Critical", "Major", "Minor"}
	if s < 0 || s >= len(words) {
		return ""
	}
	return words[s]
}

func statusTag(s incident.Status) Tag {
	switch s {
	case incident.Confirmed:
		return Tag{Text: "Confirmed", Icon: IconBadgeCheck, Tone: Accent}
	case incident.Dismissed:
		return Tag{Text: "Dismissed", Icon: IconBan}
	}
	return Tag{Text: "Suspected", Icon: IconCircleDashed, Tone: Warn}
}

// PhaseWord names a phase on screens.
func PhaseWord(p incident.Phase) string {
	return cmp.Or(map[incident.Phase]string{
		incident.Detect: "Detect", incident.Assess: "Assess", incident.Contain: "Contain", incident.Eradicate: "Eradicate",
		incident.Recover: "Recover", incident.Notify: "Notify", incident.Review: "Review",
	}[p], string(p))
}

func phaseIndex(p incident.Phase) int { return slices.Index(incident.Phases[:], p) }

func personalDataWord(a incident.Answer) string {
	switch a {
	case incident.Yes:
		return "Personal data"
	case incident.No:
		return "None"
	}
	return "Not known yet"
}

func headingID(h Heading) string { return cmp.Or(h.ID, "card-"+slug(h.Title)) + "-h" }

func slug(s string) string {
	out := []rune{}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			out = append(out, r)
		case r >= 'A' && r <= 'Z':
			out = append(out, r+'a'-'A')
		case len(out) > 0 && out[len(out)-1] != '-':
			out = append(out, '-')
		}
	}
	return string(out)
}

func shortHash(h string) string {
	if len(h) <= 14 {
		return h
	}
	return h[:8] + "…" + h[len(h)-4:]
}
