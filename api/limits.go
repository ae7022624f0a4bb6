package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/kith-sync/kith/account"
)

// How often one may ask: so many requests at once, and so many each second for as
// long as one likes.
const (
	burst     = 300
	perSecond = 50
	mostKeys  = 10_000 // are remembered; a full bucket is forgotten first
)

// limits count the requests of each token, each session and, for those who have
// neither, each address.
type limits struct {
	now     func() time.Time
	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, buckets: map[string]bucket{}}
}

// keyOf is under which name somebody's requests are counted.
func keyOf(who account.Actor, r *http.Request) string {
	switch {
	case who.Token.ID != 0:
		return fmt.Sprintf("token:%d", who.Token.ID)
	case who.Session.ID != 0:
		return fmt.Sprintf("session:%d", who.Session.ID)
	}
	return from(r).Address
}

// tooMany says how long to wait, in seconds.
type tooMany struct{ wait int }

func (t *tooMany) Error() string {
	return fmt.Sprintf("These are too many requests. Nothing was done. Try again in %d s", t.wait)
}

// take counts a request and says in the headers how many more there may be; it
// returns *tooMany when there were too many.
func (l *limits) take(h http.Header, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b, ok := l.buckets[key]
	if !ok {
		l.forget(now)
		b = bucket{burst, now}
	}
	b.left = min(burst, b.left+perSecond*max(now.Sub(b.at).Seconds(), 0))
	b.at = now
	allowed := b.left >= 1
	if allowed {
		b.left--
	}
	l.buckets[key] = b
	h.Set("RateLimit-Limit", strconv.Itoa(burst))
	h.Set("RateLimit-Remaining", strconv.Itoa(int(b.left)))
	h.Set("RateLimit-Reset", strconv.Itoa(int(math.Ceil((burst-b.left)/perSecond))))
	if allowed {
		return nil
	}
	return &tooMany{int(math.Ceil((1 - b.left) / perSecond))}
}

// forget makes room: who has not asked for a while starts anew anyway.
func (l *limits) forget(now time.Time) {
	if len(l.buckets) < mostKeys {
		return
	}
	for key, b := range l.buckets {
		if b.left+perSecond*now.Sub(b.at).Seconds() >= burst {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) >= mostKeys {
		clear(l.buckets) // an attack from very many addresses; nobody else shall suffer from it
	}
}
