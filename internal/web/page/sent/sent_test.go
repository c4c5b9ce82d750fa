package sent

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wakebell/wakebell/internal/base/fault"
)

func post(t *testing.T, path, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestRead(t *testing.T) {
	t.Parallel()
	r := post(t, "/", "text=words")
	if _, err := Read(httptest.NewRecorder(), r, nil); err != nil || r.PostForm.Get("text") != "words" {
		t.Errorf("%v, %v", r.PostForm, err)
	}
	_, err := Read(httptest.NewRecorder(), post(t, "/", "text="+strings.Repeat("x", maxForm)), nil)
	if fault.KindOf(err) != fault.TooLarge {
		t.Errorf("too large: %v", err)
	}
	if _, err := Read(httptest.NewRecorder(), post(t, "/", "text=%zz"), nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("broken: %v", err)
	}
}

// The same form has the same hash, whatever its key; other words, or another address, have another.
func TestSum(t *testing.T) {
	t.Parallel()
	sum := func(path, body string) [32]byte {
		r := post(t, path, body)
		if _, err := Read(httptest.NewRecorder(), r, nil); err != nil {
			t.Fatal(err)
		}
		return Sum(r, nil, "_key")
	}
	if sum("/a", "text=x&_key=1") != sum("/a", "_key=2&text=x") {
		t.Error("the key changes the hash")
	}
	for _, other := range [][2]string{{"/b", "text=x"}, {"/a", "text=y"}, {"/a", "text=x&text=x"}, {"/a", ""}} {
		if sum("/a", "text=x") == sum(other[0], other[1]) {
			t.Errorf("%v has the same hash", other)
		}
	}
}
