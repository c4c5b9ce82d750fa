package grading

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func context(dpc int) []CategoryScore {
	return []CategoryScore{{Category: DataCategories[dpc-1]}}
}

func TestENISAVectors(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("WAKEBELL_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(dir, "data", "law", "enisa.yaml"))
	if err != nil {
		t.Skipf("set WAKEBELL_SHARED to the folder of the shared data set to run these vectors: %v", err)
	}
	var data struct {
		DPC struct {
			Categories map[string]struct{ Base int }
		}
		Vectors []struct {
			Name, Level         string
			DPC                 int
			EI, Conf, Integ, SE float64
			Avail, Mal          float64
		}
	}
	if err := yaml.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	if len(data.Vectors) < 9 || len(data.DPC.Categories) != 4 {
		t.Fatalf("%d vectors, %d categories", len(data.Vectors), len(data.DPC.Categories))
	}
	for name, c := range data.DPC.Categories {
		if DataCategory(name).Base() != c.Base {
			t.Errorf("%s: base %d, want %d", name, DataCategory(name).Base(), c.Base)
		}
	}
	for _, v := range data.Vectors {
		s, err := ENISA{
			Categories: context(v.DPC), Identifiability: v.EI, Confidentiality: v.Conf, Integrity: v.Integ, Availability: v.Avail, Malicious: v.Mal == 0.5,
		}.Score()
		if err != nil || s.Score != v.SE || string(s.Band) != v.Level {
			t.Errorf("%s: %v %s, %v; want %v %s", v.Name, s.Score, s.Band, err, v.SE, v.Level)
		}
	}
}

func TestENISA(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]ENISA{
		"categories: at least one":           {Identifiability: 1},
		"categories.0.category: simple":      {Categories: []CategoryScore{{Category: "secret"}}, Identifiability: 1},
		"categories.0.score: from 1":         {Categories: []CategoryScore{{Category: SimpleData, Score: 5, Reason: "x"}}, Identifiability: 1},
		"categories.0.reason: a score other": {Categories: []CategoryScore{{Category: SimpleData, Score: 2}}, Identifiability: 1},
		"identifiability: one of":            {Categories: context(1), Identifiability: 0.3},
		"confidentiality: one of":            {Categories: context(1), Identifiability: 1, Confidentiality: 0.75},
	} {
		if _, err := e.Score(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	s, err := ENISA{Categories: []CategoryScore{{Category: SimpleData}, {Category: FinancialData, Score: 2, Reason: "account number alone"}}, Identifiability: 1}.Score()
	if err != nil || s.Context != 2 || s.Highest != FinancialData || len(s.Parts) != 4 {
		t.Errorf("the highest category counts: %+v, %v", s, err)
	}
}

func TestENISABounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.SampledFrom([]float64{0, 0.25, 0.5})
		e := ENISA{
			Categories: context(rapid.IntRange(1, 4).Draw(t, "context")), Identifiability: rapid.SampledFrom([]float64{0.25, 0.5, 0.75, 1}).Draw(t, "ei"),
			Confidentiality: step.Draw(t, "c"), Integrity: step.Draw(t, "i"), Availability: step.Draw(t, "a"), Malicious: rapid.Bool().Draw(t, "m"),
		}
		s, err := e.Score()
		if err != nil || s.Score < 0.25 || s.Score > 6 {
			t.Fatalf("%v, %v", s, err)
		}
		if e.Malicious { // worse circumstances never lower the score
			e.Malicious = false
			if milder, _ := e.Score(); milder.Score >= s.Score {
				t.Fatalf("%v without intent, %v with", milder.Score, s.Score)
			}
		}
	})
}
