package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Counts are the requests so far.
type Counts struct {
	Calls    int            // that were let in
	ByCall   map[string]int // "POST batch/update", "GET", "POST search", "GET properties"
	Refused  int            // by an injected fault, or a limit
	Breaches []string       // what went beyond a limit of the account or of a call
}

// A meter counts requests.
type meter struct {
	counts   Counts
	refused  int
	calls    []time.Time // of the last ten seconds
	searches []time.Time // of the last second
	day      string
	today    int
}

// Counts returns what was counted since the last Reset.
func (s *Sandbox) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.meter.counts
	c.Refused = s.meter.refused
	byCall := map[string]int{}
	for name, n := range c.ByCall {
		byCall[name] = n
	}
	c.ByCall, c.Breaches = byCall, append([]string{}, c.Breaches...)
	return c
}

// Reset begins to count anew.
func (s *Sandbox) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter.counts, s.meter.refused = Counts{}, 0
}

func (m *meter) count(r *http.Request) {
	m.counts.Calls++
	if m.counts.ByCall == nil {
		m.counts.ByCall = map[string]int{}
	}
	name := r.Method
	if propertyPaths.MatchString(r.URL.Path) {
		name += " properties"
	} else if found := contactPaths.FindStringSubmatch(r.URL.Path); found != nil {
		if rest := strings.Trim(found[2], "/"); rest != "" {
			if strings.ContainsAny(rest, "0123456789@%") {
				rest = "one"
			}
			name += " " + rest
		}
	}
	m.counts.ByCall[name]++
}

func (s *Sandbox) breach(format string, values ...any) {
	s.meter.counts.Breaches = append(s.meter.counts.Breaches, fmt.Sprintf(format, values...))
}

// limit counts a request against the account's limits, or refuses it. Searches
// have a limit of their own.
func (s *Sandbox) limit(searches bool) *problem {
	m, now := &s.meter, s.now()
	if day := now.Format(time.DateOnly); m.day != day {
		m.day, m.today = day, 0
	}
	if searches {
		m.searches = within(m.searches, now, time.Second)
		if n := s.options.SearchPerSecond; n > 0 && len(m.searches) >= n {
			return s.tooMany("more than %d searches within a second", n, "You have reached your secondly limit.", "SECONDLY")
		}
		m.searches = append(m.searches, now)
	} else {
		m.calls = within(m.calls, now, 10*time.Second)
		if n := s.options.PerTenSeconds; n > 0 && len(m.calls) >= n {
			return s.tooMany("more than %d calls within ten seconds", n, "You have reached your ten_secondly_rolling limit.", "TEN_SECONDLY_ROLLING")
		}
		m.calls = append(m.calls, now)
	}
	if n := s.options.PerDay; n > 0 && m.today >= n {
		return s.tooMany("more than %d calls within a day", n, "You have reached your daily limit.", "DAILY")
	}
	m.today++
	return nil
}

func (s *Sandbox) tooMany(breach string, n int, message, policy string) *problem {
	s.meter.refused++
	s.breach(breach, n)
	return &problem{status: http.StatusTooManyRequests, category: "RATE_LIMITS", message: message, errorType: "RATE_LIMIT", policy: policy}
}

// within are those times that are no older than a span.
func within(times []time.Time, now time.Time, span time.Duration) []time.Time {
	for len(times) > 0 && now.Sub(times[0]) >= span {
		times = times[1:]
	}
	return times
}

func (s *Sandbox) rateHeaders(h http.Header) {
	o, m := s.options, &s.meter
	if o.PerDay > 0 {
		h.Set("X-HubSpot-RateLimit-Daily", fmt.Sprint(o.PerDay))
		h.Set("X-HubSpot-RateLimit-Daily-Remaining", fmt.Sprint(max(0, o.PerDay-m.today)))
	}
	if o.PerTenSeconds > 0 {
		h.Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
		h.Set("X-HubSpot-RateLimit-Max", fmt.Sprint(o.PerTenSeconds))
		h.Set("X-HubSpot-RateLimit-Remaining", fmt.Sprint(max(0, o.PerTenSeconds-len(m.calls))))
	}
}
