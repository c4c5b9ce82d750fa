package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/wakebell/wakebell/internal/api"
	"github.com/wakebell/wakebell/internal/base/clock"
	"github.com/wakebell/wakebell/internal/base/store/datadir"
	"github.com/wakebell/wakebell/internal/base/who"
)

// server is the HTTP server on its address and on the socket of the data directory.
type server struct {
	http   *http.Server
	local  *http.Server
	tcp    net.Listener
	socket net.Listener
	done   chan error
}

// Times that bound what one connection may hold. There is no write time limit:
// downloads and streams may be long.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 2 * time.Minute
	idleTimeout   = 2 * time.Minute
)

func (a *App) listen() (*server, error) {
	tcp := a.cfg.Listener
	if tcp == nil {
		l, err := net.Listen("tcp", a.cfg.Listen)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", a.cfg.Listen, err)
		}
		tcp = l
	}
	socket, err := listenSocket(datadir.SocketPath(a.cfg.Dir))
	if err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	h := a.Handler()
	return &server{
		tcp: tcp, socket: socket, done: make(chan error, 2),
		http:  newHTTP(h, a.cfg.Log),
		local: newHTTP(a.asOperator(h), a.cfg.Log),
	}, nil
}

func newHTTP(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), BaseContext: func(net.Listener) context.Context { return clock.Background() },
	}
}

// listenSocket takes the place of a socket a killed server left behind; the lock on
// the data directory says that no other server lives.
func listenSocket(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the socket's folder: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on the socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("protect the socket: %w", err), l.Close())
	}
	return l, nil
}

// operator is who speaks through the socket or opens the data directory: the owner of
// the files, who could read the database anyway. It may make any token.
func operator() who.Identity { return who.Engine("operator") }

// asOperator serves tokens and sign-in links on the socket, and nothing else: whoever
// wants more shows the token that was made, or signs in.
func (a *App) asOperator(h http.Handler) http.Handler {
	own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(api.WithIdentity(r.Context(), operator())))
	})
	mux := http.NewServeMux()
	mux.Handle("/api/v1/tokens", own)
	mux.Handle("/api/v1/tokens/", own)
	mux.HandleFunc("POST /api/v1/sign-in-link", a.serveOperatorLink)
	mux.Handle("/", h)
	return mux
}

func (s *server) serve(log *slog.Logger) {
	for _, p := range []struct {
		srv *http.Server
		l   net.Listener
	}{{s.http, s.tcp}, {s.local, s.socket}} {
		go func() {
			err := p.srv.Serve(p.l)
			if !errors.Is(err, http.ErrServerClosed) {
				log.Error("serve", "address", p.l.Addr().String(), "error", err)
			}
			s.done <- err
		}()
	}
}

func (s *server) addr() string { return s.tcp.Addr().String() }

func (s *server) shutdown(ctx context.Context) error {
	return errors.Join(s.http.Shutdown(ctx), s.local.Shutdown(ctx))
}
