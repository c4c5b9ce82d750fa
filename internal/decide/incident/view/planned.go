package view

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/decide/incident"
)

// Planned is an open incident with the version of the plan it began with.
type Planned struct {
	Ref     string
	Title   string
	Kind    incident.Kind
	Version int
}

// Planned lists the open incidents, newest first, at most who.PageLimit. It needs incident.read.
func (s *Service) Planned(ctx context.Context, by who.Identity) ([]Planned, error) {
	if err := who.Check(by, who.PermIncidentRead); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT ref, title, kind, state FROM incident WHERE is_open = 1
		ORDER BY declared_at DESC, id DESC LIMIT ?`, who.PageLimit)
	if err != nil {
		return nil, fmt.Errorf("list incidents by plan: %w", err)
	}
	defer rows.Close()
	var out []Planned
	for rows.Next() {
		var p Planned
		var doc []byte
		if err := rows.Scan(&p.Ref, &p.Title, &p.Kind, &doc); err != nil {
			return nil, fmt.Errorf("list incidents by plan: %w", err)
		}
		var st struct {
			PlanVersion int `json:"plan_version"`
		}
		if err := json.Unmarshal(doc, &st); err != nil {
			return nil, fmt.Errorf("decode incident %s: %w", p.Ref, err)
		}
		p.Version = st.PlanVersion
		out = append(out, p)
	}
	return out, rows.Err()
}
