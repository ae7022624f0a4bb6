package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

func lower(s string) string { return strings.ToLower(s) }

func stampHTTP(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(http.TimeFormat) }

func (s *Sandbox) daily() int {
	if s.options.DailyLimit > 0 {
		return s.options.DailyLimit
	}
	return 100_000
}

// limited adds the header that tells how much of the day is used.
func (s *Sandbox) limited(a answer) answer {
	if a.header == nil {
		a.header = map[string]string{}
	}
	a.header["Sforce-Limit-Info"] = fmt.Sprintf("api-usage=%d/%d", s.tally.used(s.now()), s.daily())
	return a
}

// limits is what is left of the day.
func (s *Sandbox) limits(*call) answer {
	of := func(limit, used int) map[string]int {
		return map[string]int{"Max": limit, "Remaining": max(0, limit-used)}
	}
	return reply(http.StatusOK, map[string]any{"DailyApiRequests": of(s.daily(), s.tally.used(s.now())), "DailyBulkApiBatches": of(15000, 0), "DailyBulkV2QueryJobs": of(10000, 0), "DailyBulkV2QueryFileStorageMB": of(976562, 0),
		"DataStorageMB": of(1024, 0), "FileStorageMB": of(1024, 0), "ConcurrentAsyncGetReportInstances": of(200, 0)})
}

// Counts are what clients have asked of an org so far.
type Counts struct {
	// Calls count against the daily limit; SignIns do not, nor do those that were
	// Refused because the limit was reached, or that a Fault answered.
	Calls, SignIns, Refused, Faulted int
	// Kinds are the calls by what they ask, "PATCH composite/sobjects/Contact/Ext__c".
	Kinds map[string]int
	// Records were sent to clients, Saved were written by them.
	Records, Saved int
	// BytesIn are of bodies, and LongestURI of a request.
	BytesIn, LongestURI int
	// Breaches are what no client may do, by name.
	Breaches map[string]int
}

// tally counts.
type tally struct {
	calls, oauth, refused, faulted, records, saved, in, uri int
	kinds, breaches                                         map[string]int
	hours                                                   map[int64]int // calls by hour, of the last day
}

// Counts tells what was asked so far.
func (s *Sandbox) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tally
	return Counts{t.calls, t.oauth, t.refused, t.faulted, maps.Clone(t.kinds), t.records, t.saved, t.in, t.uri, maps.Clone(t.breaches)}
}

// ResetCounts counts anew. What is used of the day stays.
func (s *Sandbox) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally = tally{hours: s.tally.hours}
}

func (t *tally) bytes(c *call, uri int) { t.in, t.uri = t.in+len(c.body), max(t.uri, uri) }

func (t *tally) breach(name string) {
	if t.breaches == nil {
		t.breaches = map[string]int{}
	}
	t.breaches[name]++
}

// call counts a call by its kind: ids and values are left out of it.
func (t *tally) call(c *call) {
	t.calls++
	if t.kinds == nil {
		t.kinds = map[string]int{}
	}
	kind := c.method
	for i, part := range c.parts {
		id, isID := wideID(strings.SplitN(part, "-", 2)[0])
		switch {
		case isID && strings.HasPrefix(id[3:], instance), i == 3 && c.parts[0] == "sobjects":
			part = "*"
		}
		kind += map[bool]string{true: " ", false: "/"}[i == 0] + part
	}
	t.kinds[kind]++
}

func (t *tally) use(now int64) {
	if t.hours == nil {
		t.hours = map[int64]int{}
	}
	t.hours[now/3600]++
}

// used are the calls of the last 24 hours.
func (t *tally) used(now int64) (n int) {
	for hour, count := range t.hours {
		if hour > now/3600-24 {
			n += count
		}
	}
	return n
}

// Use counts n calls against the day that somebody else has made.
func (s *Sandbox) Use(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.use(s.now())
	s.tally.hours[s.now()/3600] += n - 1
}
