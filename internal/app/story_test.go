package app_test

import (
	"testing"
	"time"

	"github.com/wakebell/wakebell/internal/app"
)

func TestQuick(t *testing.T) {
	t.Parallel()
	b := time.Now()
	_, err := app.LoadStory(t.Context(), app.Config{Dir: t.TempDir()}, func() {})
	t.Log(time.Since(b), err)
}
