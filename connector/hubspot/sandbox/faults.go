package sandbox

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// A Fault is something that goes wrong with requests to come. Status answers
// them with an error and does nothing; Lost carries them out and loses the
// answer; Cut breaks the answer off in the middle.
type Fault struct {
	Path       string // that the request's has in it; any when empty
	Times      int    // how often; until undone when 0
	Status     int
	Category   string
	Message    string
	Policy     string // of a 429: TEN_SECONDLY_ROLLING, DAILY
	RetryAfter time.Duration
	Lost, Cut  bool
}

type fault struct {
	Fault
	left int
}

// Inject makes requests go wrong, until undone.
func (s *Sandbox) Inject(f Fault) (undo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &fault{f, f.Times}
	s.faults = append(s.faults, one)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		one.left = -1
	}
}

// faultFor takes the first fault that concerns a request.
func (s *Sandbox) faultFor(path string) *fault {
	for _, f := range s.faults {
		if f.left < 0 || !strings.Contains(path, f.Path) {
			continue
		}
		if f.Times > 0 {
			if f.left--; f.left == 0 {
				f.left = -1
			}
		}
		return f
	}
	return nil
}

// send answers with the error.
func (f *fault) send(s *Sandbox, w http.ResponseWriter) {
	p := &problem{status: f.Status, category: f.Category, message: f.Message, policy: f.Policy, retryAfter: f.RetryAfter}
	if p.message == "" {
		p.message = http.StatusText(f.Status)
	}
	switch f.Status {
	case http.StatusTooManyRequests:
		p.errorType, p.category = "RATE_LIMIT", "RATE_LIMITS"
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 521, 522, 523, 524: // not HubSpot's own
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		fmt.Fprint(w, "<html><body>", http.StatusText(f.Status), "</body></html>")
		return
	}
	s.refuse(w, p)
}

// spoil carries a request out and spoils its answer.
func (f *fault) spoil(w http.ResponseWriter, r *http.Request, route func(http.ResponseWriter, *http.Request)) {
	whole := httptest.NewRecorder()
	route(whole, r)
	if f.Lost {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(whole.Code)
	_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
}
