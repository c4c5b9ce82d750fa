package notice

import (
	"context"

	"github.com/wakebell/wakebell/internal/base/store"
	"github.com/wakebell/wakebell/internal/notify/notice/kept"
	"github.com/wakebell/wakebell/internal/notify/notice/setting"
)

// Channels lists the ways a notice can go.
func Channels() []string { return setting.Channels() }

// Ways are the channels of a notice, in the order of use, and the second. It needs no
// permission: the room that keeps the lists asks.
func (s *Service) Ways(ctx context.Context, r store.Reader, id string) (channels []string, second string, err error) {
	n, err := kept.ByID(ctx, r, id)
	return n.Settings.Channels, n.Settings.Second, err
}
