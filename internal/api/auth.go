package api

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/wakebell/wakebell/internal/base/fault"
	"github.com/wakebell/wakebell/internal/base/who"
)

type identityKey struct{}

// WithIdentity says who asks, in place of a token. Only the server of the local socket uses it: whoever may open the
// socket owns the files.
func WithIdentity(ctx context.Context, by who.Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, by)
}

func identityOf(ctx context.Context) who.Identity {
	by, _ := ctx.Value(identityKey{}).(who.Identity)
	return by
}

// needsIdentity is true for everything below the API's path, known or not. The rooms check again: an operation that
// were forgotten here would pass nobody, who may do nothing.
func needsIdentity(path string) bool { return path == base || strings.HasPrefix(path, base+"/") }

func (f *face) authenticate(r *http.Request) (who.Identity, error) {
	if by := identityOf(r.Context()); !by.IsZero() {
		return by, nil
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return who.Identity{}, fault.New(fault.Unauthenticated, "Send a token in the header Authorization: Bearer wbl_…")
	}
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return who.Identity{}, fault.New(fault.Unauthenticated, "Only tokens are accepted: Authorization: Bearer wbl_…")
	}
	return f.People.Authenticate(r.Context(), strings.TrimSpace(secret))
}

// fromHere tells whether the peer is on this machine. Headers of proxies do not count: anybody can write them.
func fromHere(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil { // a Unix socket has no port; then the identity was given with it
		return !identityOf(r.Context()).IsZero()
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
