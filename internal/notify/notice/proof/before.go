package proof

import (
	"context"
	"regexp"
	"slices"

	"github.com/wakebell/wakebell/internal/base/who"
	"github.com/wakebell/wakebell/internal/notify/notice"
	"github.com/wakebell/wakebell/internal/notify/notice/text"
)

// Before is a text as it was submitted in the round that ended last, by a return or by a
// change; nil where it is the same still, or was not there.
func Before(ctx context.Context, notices *notice.Service, by who.Identity, v notice.View, t notice.Text) (*notice.Text, error) {
	last := LastEnd(v.Notice)
	if last == nil || !t.At.After(last.At) {
		return nil, nil
	}
	list, err := notices.Versions(ctx, by, v.Ref, v.No, t.Lang, t.Variant)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(old notice.Text) bool { return !old.At.After(last.At) }); i >= 0 {
		return &list[i], nil
	}
	return nil, nil
}

// LastEnd is the round that ended last, nil where none has.
func LastEnd(n notice.Notice) *notice.Round {
	for i, r := range slices.Backward(n.Rounds) {
		if r.End != "" {
			return &n.Rounds[i]
		}
	}
	return nil
}

// Differ lists what differs between two texts of one language as they are written, with the
// words for what is not known yet: they go out too.
func Differ(before, after notice.Text) []text.Change {
	a, b := spelled(before), spelled(after)
	if a == nil || b == nil {
		return nil
	}
	return text.Differ(a, b)
}

var otherwise = regexp.MustCompile(`\{\{\s*([^{}|\s]+)\s*\|\s*([^{}\n]*?)\s*\}\}`)

// spelled reads a text with the words behind a bar in the open; nil where it cannot be read.
func spelled(t notice.Text) *text.Text {
	src := source(t)
	open := text.Source{
		Lang: src.Lang, Subject: otherwise.ReplaceAllString(src.Subject, "{{$1}} (or: $2)"), Body: otherwise.ReplaceAllString(src.Body, "{{$1}} (or: $2)"),
	}
	if x, err := text.Parse(open); err == nil {
		return x
	}
	x, err := text.Parse(src)
	if err != nil {
		return nil
	}
	return x
}
