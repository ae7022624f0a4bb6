package account

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// The rule of failed sign-ins (ASVS 6.1.1, 6.3.1). Each failure counts for
//
//	who and from where   5 are free
//	who, from anywhere   20 are free; an address from which this user has signed in is not held back
//	from where           50 are free: an office shares an address
//
// and the one after those has to wait 1 s, the next 2 s, 4 s and so on up to 15
// minutes. A try that comes too soon is not looked at and not counted. Success
// clears the first two. A day without a failure clears everything. The counts are
// held in memory: a restart forgets them.
//
// An attempt counts before the password is looked at and is taken back when it
// was right, so that a thousand at once do not all pass.
const (
	freePair    = 5
	freeUser    = 20
	freeAddress = 50
	longestWait = 15 * time.Minute
	forgotten   = 24 * time.Hour
	mostCounts  = 100_000
)

// TooSoon is returned instead of looking at a password or code after too many
// that were wrong. It is the same for e-mails that nobody has.
type TooSoon struct{ Wait time.Duration }

// Error says how long to wait, in whole seconds.
func (t *TooSoon) Error() string {
	return fmt.Sprintf("too many attempts. Try again in %d seconds", int(t.Wait.Round(time.Second)/time.Second))
}

// A count is how often something failed.
type count struct {
	failures int
	last     time.Time
}

// A limit is a count's name and how many failures are free.
type limit struct {
	name string
	free int
}

type brake struct {
	mu     sync.Mutex
	counts map[string]count
	known  map[string]time.Time // who has signed in from where, and when last
}

func newBrake() *brake { return &brake{counts: map[string]count{}, known: map[string]time.Time{}} }

// limitsOf are the counts of one attempt, those that success clears first.
func (b *brake) limitsOf(who, address string) []limit {
	b.mu.Lock()
	defer b.mu.Unlock()
	from := network(address)
	limits := []limit{{"pair " + who + " " + from, freePair}, {"user " + who, freeUser}, {"address " + from, freeAddress}}
	if _, known := b.known[who+" "+from]; known {
		limits[1].free = 1 << 30 // counted, and no reason to wait
	}
	return limits
}

// try counts one attempt beforehand, or returns how long it has to wait.
func (b *brake) try(now time.Time, limits ...limit) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var wait time.Duration
	for _, l := range limits {
		wait = max(wait, b.wait(l, now))
	}
	if wait > 0 {
		return &TooSoon{Wait: max(wait, time.Second)}
	}
	b.makeRoom(now)
	for _, l := range limits {
		c := b.counts[l.name]
		if now.Sub(c.last) > forgotten {
			c.failures = 0
		}
		b.counts[l.name] = count{c.failures + 1, now}
	}
	return nil
}

func (b *brake) wait(l limit, now time.Time) time.Duration {
	c := b.counts[l.name]
	over := c.failures - l.free
	if over < 0 || now.Sub(c.last) > forgotten {
		return 0
	}
	wait := longestWait
	if over < 10 {
		wait = min(wait, time.Second<<over)
	}
	return max(0, wait-now.Sub(c.last))
}

// passed takes an attempt back: it was right. The address keeps its other
// failures, for somebody may have one account and try those of others.
func (b *brake) passed(now time.Time, who, address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	from := network(address)
	delete(b.counts, "pair "+who+" "+from)
	delete(b.counts, "user "+who)
	if c := b.counts["address "+from]; c.failures > 0 {
		b.counts["address "+from] = count{c.failures - 1, c.last}
	}
	if len(b.known) >= mostCounts {
		clear(b.known) // a convenience only
	}
	b.known[who+" "+from] = now
}

// clear forgets one count.
func (b *brake) clear(l limit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.counts, l.name)
}

// makeRoom forgets what is a day old, and when that is not enough whatever comes
// first, so that nobody fills the memory by trying made-up names.
func (b *brake) makeRoom(now time.Time) {
	if len(b.counts) < mostCounts {
		return
	}
	for name, c := range b.counts {
		if now.Sub(c.last) > forgotten {
			delete(b.counts, name)
		}
	}
	for name := range b.counts {
		if len(b.counts) < mostCounts*9/10 {
			return
		}
		delete(b.counts, name)
	}
}

// network is what counts as one address: of IPv6 a customer has a /64.
func network(address string) string {
	ip, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil {
		return "unknown"
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		prefix, _ := ip.Prefix(64) // 64 bits always fit
		return prefix.String()
	}
	return ip.String()
}
