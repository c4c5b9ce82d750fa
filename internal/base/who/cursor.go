package who

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"github.com/wakebell/wakebell/internal/base/fault"
)

// PageLimit is the largest page of a list; DefaultLimit is used for 0.
const (
	PageLimit    = 200
	DefaultLimit = 50
)

// Limit brings a wanted page size into 1..PageLimit; 0 and less mean
// DefaultLimit.
func Limit(n int) int {
	if n <= 0 {
		return DefaultLimit
	}
	return min(n, PageLimit)
}

// Cursor makes the opaque mark of a place in a list: the sort keys of the last
// row, bound to the viewer and to the filter (any value that encodes to JSON).
func (i Identity) Cursor(filter any, keys ...string) string {
	b, err := json.Marshal(append([]string{i.binding(filter)}, keys...))
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// OpenCursor returns the n keys of a cursor, or nil for "". A cursor of another
// viewer or filter, or a broken one, is Invalid on the field "cursor".
func (i Identity) OpenCursor(cursor string, filter any, n int) ([]string, error) {
	if cursor == "" {
		return nil, nil
	}
	wrong := fault.InvalidField("cursor", "does not belong to this list; start again without it")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, wrong
	}
	var parts []string
	if json.Unmarshal(b, &parts) != nil || len(parts) != n+1 || parts[0] != i.binding(filter) {
		return nil, wrong
	}
	return parts[1:], nil
}

func (i Identity) binding(filter any) string {
	b, err := json.Marshal([]any{i.Actor, filter})
	if err != nil {
		return "!" // never equal to a binding
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
