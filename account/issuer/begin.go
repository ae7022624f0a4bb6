package issuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	signInLasts = 10 * time.Minute
	mostWaiting = 10_000
)

// A begun sign-in is kept here, not in the browser: there it would have to be
// believed. A restart forgets those that are under way.
type begun struct {
	browser  [sha256.Size]byte // hash of the cookie
	nonce    string
	verifier string
	at       time.Time
}

// waiting are the sign-ins that were begun, by state.
type waiting struct {
	mu  sync.Mutex
	all map[string]begun
}

// Begin returns where to send the browser, and a cookie to set there until it
// comes back: __Host-, HttpOnly, Secure, SameSite=Lax, for ten minutes. The
// answer counts only in the browser that has the cookie (login CSRF), only once,
// and only with the code verifier, which never leaves this process (PKCE).
func (p *Provider) Begin(random io.Reader, now time.Time) (redirect, cookie string, err error) {
	raw := make([]byte, 4*32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", "", fmt.Errorf("draw a secret: %w", err)
	}
	var words [4]string
	for i := range words {
		words[i] = base64.RawURLEncoding.EncodeToString(raw[i*32 : (i+1)*32])
	}
	state, cookie, nonce, verifier := words[0], words[1], words[2], words[3]
	p.waiting.put(state, begun{sha256.Sum256([]byte(cookie)), nonce, verifier, now})
	return p.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), cookie, nil
}

func (w *waiting) put(state string, b begun) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[string]begun{}
	}
	if len(w.all) >= mostWaiting {
		w.makeRoom(b.at)
	}
	w.all[state] = b
}

// makeRoom forgets what took too long, and if nothing did, any.
func (w *waiting) makeRoom(now time.Time) {
	for state, b := range w.all {
		if now.Sub(b.at) >= signInLasts {
			delete(w.all, state)
		}
	}
	for state := range w.all {
		if len(w.all) < mostWaiting {
			return
		}
		delete(w.all, state)
	}
}

// take returns the sign-in of a state and forgets it, whether or not the browser
// is the right one: an answer is looked at once.
func (w *waiting) take(state, cookie string, now time.Time) (begun, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, ok := w.all[state]
	delete(w.all, state)
	hash := sha256.Sum256([]byte(cookie))
	return b, ok && now.Sub(b.at) < signInLasts && subtle.ConstantTimeCompare(hash[:], b.browser[:]) == 1
}
