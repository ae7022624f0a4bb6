package service

import (
	"sync"
	"time"

	"github.com/kith-sync/kith/account"
)

// A probe is a request that has this server call another one at once: the test of a
// connection or of a channel, and the preview of a file elsewhere. So many may be
// asked for in a row, then one more every few seconds: nobody looks through a network
// with it (ASVS 2.4.1). Runs are not probes, they wait in the queue.
const (
	probesAtOnce = 30
	probesEvery  = 2 * time.Second
)

// probes count what was asked for.
type probes struct {
	mu   sync.Mutex
	used float64
	at   time.Time
}

// take counts one, or returns *account.TooSoon.
func (p *probes) take(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used = max(0, p.used-max(now.Sub(p.at), 0).Seconds()/probesEvery.Seconds())
	p.at = now
	if p.used > probesAtOnce-1 {
		return &account.TooSoon{Wait: time.Duration((p.used-probesAtOnce+1)*float64(probesEvery)).Round(time.Second) + time.Second}
	}
	p.used++
	return nil
}
