package bounce

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/wakebell/wakebell/internal/base/mail"
)

// chunk is how many messages are fetched at once.
const chunk = 25

// mailbox is an open folder on an IMAP server.
type mailbox struct {
	conn     net.Conn
	client   *imapclient.Client
	validity uint32
	stop     func() bool
}

// openMailbox connects, signs in and selects the folder; the end of ctx ends everything.
func openMailbox(ctx context.Context, cfg Config, trust *tls.Config) (*mailbox, error) {
	addr := net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	m := &mailbox{conn: conn, stop: context.AfterFunc(ctx, func() { conn.Close() })}
	if err := m.enter(cfg, trust); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *mailbox) enter(cfg Config, trust *tls.Config) (err error) {
	switch cfg.TLS {
	case mail.StartTLS:
		if m.client, err = imapclient.NewStartTLS(m.conn, &imapclient.Options{TLSConfig: trust}); err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
	case mail.Implicit:
		m.client = imapclient.New(tls.Client(m.conn, trust), nil)
	default:
		m.client = imapclient.New(m.conn, nil)
	}
	if err := m.client.WaitGreeting(); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if err := m.client.Login(cfg.User, cfg.Password).Wait(); err != nil {
		return fmt.Errorf("LOGIN: %w", err)
	}
	data, err := m.client.Select(cfg.Folder, nil).Wait()
	if err != nil {
		return fmt.Errorf("SELECT: %w", err)
	}
	m.validity = data.UIDValidity
	return nil
}

func (m *mailbox) close() {
	m.stop()
	if m.client != nil {
		_ = m.client.Close()
	}
	_ = m.conn.Close()
}

// leave says goodbye.
func (m *mailbox) leave() {
	_ = m.client.Logout().Wait() // all is done
	m.close()
}

// next are the ids of the messages from uid on, in their order.
func (m *mailbox) next(uid imap.UID) ([]imap.UID, error) {
	set := imap.UIDSet{imap.UIDRange{Start: uid}} // Stop 0 is "*", and "*" is the last message even if that is older
	found, err := m.client.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{set}}, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("UID SEARCH: %w", err)
	}
	list := slices.DeleteFunc(found.AllUIDs(), func(u imap.UID) bool { return u < uid })
	slices.Sort(list)
	return list, nil
}

// fetch calls each with the messages of the ids, one after the other, without marking them as
// read. It ends with the error of each.
func (m *mailbox) fetch(uids []imap.UID, each func(uid imap.UID, raw []byte) error) error {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: maxRaw}}
	cmd := m.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		uid, raw := imap.UID(0), []byte(nil)
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataBodySection:
				if item.Literal == nil {
					continue
				}
				b, err := io.ReadAll(io.LimitReader(item.Literal, maxRaw))
				if err != nil {
					return errors.Join(fmt.Errorf("UID FETCH: %w", err), cmd.Close())
				}
				raw = b
			}
		}
		if uid == 0 || raw == nil {
			continue // a change of flags that was not asked for
		}
		if err := each(uid, raw); err != nil {
			return errors.Join(err, cmd.Close())
		}
	}
	if err := cmd.Close(); err != nil {
		return fmt.Errorf("UID FETCH: %w", err)
	}
	return nil
}

// seen marks messages as read.
func (m *mailbox) seen(uids []imap.UID) error {
	if len(uids) == 0 {
		return nil
	}
	cmd := m.client.Store(imap.UIDSetNum(uids...), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil)
	if err := cmd.Close(); err != nil {
		return fmt.Errorf("UID STORE: %w", err)
	}
	return nil
}
