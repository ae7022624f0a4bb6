package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// A Fault is something that goes wrong with calls.
type Fault struct {
	Method, Path string // of the calls it meets; Path is a part of theirs; any when empty
	Status       int    // answered instead
	RetryAfter   time.Duration
	Body         string // of the answer; a message in JSON when empty
	// Commit carries the call out all the same.
	Commit bool
	// Drop breaks the connection instead of an answer.
	Drop bool
	// Cut breaks the connection in the middle of the answer.
	Cut bool
	// Times is how many calls it meets; all, until undone, when 0.
	Times int
}

// Fail makes a fault, and returns how to end it.
func (s *Sandbox) Fail(f Fault) (undo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &f
	s.faults = append(s.faults, one)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		one.Times = -1
	}
}

// failed makes the first fault that meets a call.
func (s *Sandbox) failed(w http.ResponseWriter, r *http.Request) bool {
	for _, f := range s.faults {
		if f.Times < 0 || f.Method != "" && f.Method != r.Method || !strings.Contains(r.URL.Path, f.Path) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				f.Times = -1
			}
		}
		s.fail(w, r, f)
		return true
	}
	return false
}

func (s *Sandbox) fail(w http.ResponseWriter, r *http.Request, f *Fault) {
	whole := httptest.NewRecorder()
	if f.Commit || f.Cut {
		s.answer(whole, r)
	}
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler) // net/http closes the connection
	case f.Cut:
		w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
		w.WriteHeader(whole.Code)
		_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
		return
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	if f.Body == "" {
		refuse(w, f.Status, http.StatusText(f.Status))
		return
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body))
}

// throttled refuses what is more than a minute may have.
func (s *Sandbox) throttled(w http.ResponseWriter) bool {
	if s.options.PerMinute == 0 {
		return false
	}
	now := s.options.Now()
	if minute := now.Truncate(time.Minute); !minute.Equal(s.minute) {
		s.minute, s.within = minute, 0
	}
	if s.within++; s.within <= s.options.PerMinute {
		return false
	}
	s.counts.Breaches++
	wait := s.minute.Add(time.Minute).Sub(now)
	w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
	refuse(w, http.StatusTooManyRequests, "Too Many Requests")
	return true
}

// Counts are what a server has been asked.
type Counts struct {
	Total    int
	Calls    map[string]int // by method and path: "PATCH /api/subscribers/{id}"
	Breaches int            // calls beyond PerMinute
	Optins   int            // mails it would have sent to ask for a confirmation
}

// Counts returns what was counted since the last time, and begins anew.
func (s *Sandbox) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	s.counts = Counts{Calls: map[string]int{}}
	return c
}
