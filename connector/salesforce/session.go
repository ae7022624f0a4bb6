package salesforce

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/kith-sync/kith/connector"
)

// A Session is one access token and who shares it. The zero value has none yet.
type Session struct {
	mu       sync.Mutex
	seen     map[[32]byte]bool // settings that were used, as hashes: older ones change nothing
	refresh  string            // the refresh token that holds now
	unstored bool              // it was rotated, and to store it failed
	token    string
	instance *url.URL
	user     string // id of who signed in

	limits sync.Mutex
	used   int
	most   int
}

// Limits are the calls that the org has used of those it may make in 24 hours.
func (s *Session) Limits() (used, most int) {
	s.limits.Lock()
	defer s.limits.Unlock()
	return s.used, s.most
}

// heed reads "api-usage=10018/100000".
func (s *Session) heed(h http.Header) {
	text, _, _ := strings.Cut(h.Get("Sforce-Limit-Info"), ";")
	_, text, _ = strings.Cut(text, "api-usage=")
	used, most, _ := strings.Cut(strings.TrimSpace(text), "/")
	u, err := strconv.Atoi(used)
	m, other := strconv.Atoi(most)
	if err != nil || other != nil {
		return
	}
	s.limits.Lock()
	defer s.limits.Unlock()
	s.used, s.most = u, m
}

func (s *Session) host() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.instance == nil {
		return "Salesforce"
	}
	return s.instance.Hostname()
}

// who is the id of the user who signed in.
func (s *Session) who() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user
}

// signIn returns an access token and where it holds. A token that was refused is
// named as stale; whoever comes first gets a new one for everybody.
func (s *Session) signIn(ctx context.Context, l login, stale string) (token string, at *url.URL, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	s.adopt(l)
	if s.token != "" && s.token != stale && !s.unstored {
		return s.token, s.instance, nil
	}
	if err := s.store(ctx, l); err != nil {
		return "", nil, err
	}
	if s.token != "" && s.token != stale {
		return s.token, s.instance, nil
	}
	s.token = ""
	// A rotation that nobody waited for would lose the connection.
	granted, err := l.grant(context.WithoutCancel(ctx), s.refresh)
	if err != nil {
		return "", nil, err
	}
	if s.instance, err = l.trusted(granted.InstanceURL); err != nil {
		return "", nil, err
	}
	s.token, s.user = granted.AccessToken, lastPart(granted.ID)
	if granted.RefreshToken != "" && granted.RefreshToken != s.refresh {
		s.refresh, s.unstored = granted.RefreshToken, true
		s.seen[l.fingerprint(s.refresh)] = true
	}
	if err := s.store(ctx, l); err != nil {
		return "", nil, err
	}
	return s.token, s.instance, nil
}

// adopt begins anew with settings that were never seen: somebody has connected
// again. Whoever still has earlier ones, from before a rotation say, goes on with
// what holds now; to begin with them would lose the connection.
func (s *Session) adopt(l login) {
	of := l.fingerprint(l.RefreshToken)
	if s.seen[of] {
		return
	}
	if s.seen == nil {
		s.seen = map[[32]byte]bool{}
	}
	s.seen[of] = true
	s.refresh, s.token, s.unstored = l.RefreshToken, "", false
}

// store hands a rotated refresh token to whoever keeps it.
func (s *Session) store(ctx context.Context, l login) error {
	if !s.unstored {
		return nil
	}
	if l.Rotated != nil {
		if err := l.Rotated(context.WithoutCancel(ctx), s.refresh); err != nil {
			return &connector.Fault{Kind: connector.Busy, Message: "Salesforce gave a new key, which could not be stored.", Err: err}
		}
	}
	s.unstored = false
	return nil
}

func invalid(field, message string) *connector.Fault {
	return &connector.Fault{Kind: connector.Invalid, Field: field, Message: message}
}

// asFault makes what stopped something a fault. A context that ended did so before
// anything was sent, see netFault.
func asFault(err error) *connector.Fault {
	var f *connector.Fault
	if err == nil || errors.As(err, &f) {
		return f
	}
	return &connector.Fault{Kind: connector.Busy, Message: "It was stopped before it was sent.", Err: err}
}
