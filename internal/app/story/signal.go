package story

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/detect/intake"
	"github.com/wakebell/wakebell/internal/prepare/directory"
)

// doAlert sends the webhook that Alertmanager would send.
func doAlert(t *teller, ctx context.Context, by who.Identity, s step) error {
	var in struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		Seen        string            `json:"seen"` // how long it had been firing
		Times       int               `json:"times"`
	}
	if err := t.decode(s, &in); err != nil {
		return err
	}
	starts := s.at
	if in.Seen != "" {
		d, err := span(in.Seen)
		if err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrStory, s.args.Line, err)
		}
		starts = s.at.Add(-d)
	}
	body, err := json.Marshal(map[string]any{
		"version": "4", "status": "firing", "receiver": "wakebell", "groupLabels": map[string]string{"alertname": in.Labels["alertname"]},
		"externalURL": "http://alertmanager.lumenhof.example:9093",
		"alerts": []map[string]any{{
			"status": "firing", "labels": in.Labels, "annotations": in.Annotations,
			"startsAt": starts.Format(time.RFC3339), "endsAt": "0001-01-01T00:00:00Z",
			"generatorURL": "http://prometheus.lumenhof.example:9090/graph?g0.expr=" + in.Labels["alertname"],
		}},
	})
	if err != nil {
		return err
	}
	return t.ingest(ctx, by, s, "alertmanager", body, max(in.Times, 1))
}

// doRaw sends the bytes as they stand, for a sender that is broken or speaks its own way.
func doRaw(t *teller, ctx context.Context, by who.Identity, s step) error {
	return t.ingest(ctx, by, s, "raw", []byte(s.args.Value), 1)
}

func (t *teller) ingest(ctx context.Context, by who.Identity, s step, format string, body []byte, times int) error {
	for n := range times {
		res, err := t.Alerts.Ingest(keyed(ctx, fmt.Sprintf("%s/%d", s.key, n)), by, format, body)
		if err != nil {
			return err
		}
		if n == 0 && len(res.Signals) > 0 {
			s.scene.signal = res.Signals[0].ID
		}
	}
	return nil
}

func doReport(t *teller, ctx context.Context, by who.Identity, s step) error {
	var in struct {
		Title   string `json:"title"`
		Summary string `json:"summary"`
		Service string `json:"service"`
		Contact string `json:"contact"`
		Seen    string `json:"seen"`
		Drill   bool   `json:"drill"`
	}
	if err := t.decode(s, &in); err != nil {
		return err
	}
	seen, err := span(in.Seen)
	if err != nil {
		return fmt.Errorf("%w: line %d: %w", ErrStory, s.args.Line, err)
	}
	sig, err := t.Intake.Report(ctx, by, intake.ReportInput{
		Title: in.Title, Summary: in.Summary, Service: in.Service, Contact: in.Contact, Drill: in.Drill, DiscoveredAt: s.at.Add(-seen),
	})
	s.scene.signal = sig.ID
	return err
}

// doRoster gives teams their shifts; times are the story's and may lie ahead.
func doRoster(t *teller, ctx context.Context, by who.Identity, s step) error {
	var in map[string][]struct {
		Person string `yaml:"person"`
		From   string `yaml:"from"`
		Until  string `yaml:"until"`
	}
	if err := s.args.Decode(&in); err != nil {
		return fmt.Errorf("%w: line %d: %w", ErrStory, s.args.Line, err)
	}
	for i := 0; i+1 < len(s.args.Content); i += 2 {
		id := s.args.Content[i].Value
		team, err := t.Directory.Team(ctx, by, id)
		if err != nil {
			return err
		}
		team.OnCall = nil
		for _, x := range in[id] {
			sh := directory.Shift{Person: x.Person}
			if sh.From, err = instant(t.end, s.scene.start, x.From); err == nil {
				sh.Until, err = instant(t.end, s.scene.start, x.Until)
			}
			if err != nil {
				return fmt.Errorf("%w: line %d: %w", ErrStory, s.args.Line, err)
			}
			team.OnCall = append(team.OnCall, sh)
		}
		if _, err = t.Directory.PutTeam(keyed(ctx, s.key+"/"+id), by, team, team.Version); err != nil {
			return err
		}
	}
	return nil
}

// doReview records that the plan was reviewed on that day, and how it was tested if it was.
func doReview(t *teller, ctx context.Context, by who.Identity, s step) error {
	p, err := t.Plans.CurrentTx(t.DB)
	if err != nil {
		return err
	}
	p.ReviewedAt = s.at
	words := strings.TrimSpace(s.args.Value)
	if words != "" {
		p.TestedAt = s.at
	}
	_, err = t.Plans.Change(ctx, by, p, p.Version, strings.TrimSpace("Yearly review of the plan. "+words))
	return err
}
