package story

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestInstant(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 21, 14, 25, 30, 0, time.UTC)
	start := end.Add(-time.Hour)
	for text, want := range map[string]string{
		"-47m":       "2026-11-21T13:38:30Z",
		"+14m":       "2026-11-21T13:39:30Z",
		"+1d2h":      "2026-11-22T15:25:30Z",
		"now":        "2026-11-21T14:25:30Z",
		"-2d 06:40":  "2026-11-19T06:40:00Z",
		"-0d 06:40":  "2026-11-21T06:40:00Z",
		"-402d":      "2025-10-15T14:25:30Z",
		"yesterday":  "",
		"-1d 25:00":  "",
		"-1.5.2d":    "",
		"+14 m":      "",
		"-47m 06:40": "2026-11-21T06:40:00Z",
	} {
		got, err := instant(end, start, text)
		if (err != nil) != (want == "") || (err == nil && got.Format(time.RFC3339) != want) {
			t.Errorf("%s: %s, %v; want %s", text, got.Format(time.RFC3339), err, want)
		}
	}
}

// A mistake in the files is named with its line.
func TestReadNamesTheLine(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 21, 14, 25, 0, 0, time.UTC)
	for name, c := range map[string]struct{ steps, says string }{
		"no verb":    {`- +0m analyst: hello`, "line 5: a step begins with"},
		"bad time":   {`- soon analyst note: hello`, "line 5"},
		"ahead":      {`- +2h analyst note: hello`, "line 5: lies after the end"},
		"not a step": {`- hello`, "line 5: a step is one line"},
	} {
		text := "scenes:\n  - name: x\n    start: -1h\n    steps:\n      " + c.steps + "\n"
		te := &teller{end: end, threads: map[string]*thread{}}
		_, err := te.read(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "a.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
