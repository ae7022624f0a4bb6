// Package sandbox is the Mailchimp Marketing API 3.0 in memory: what Kith and
// the vendor's own clients ask of audiences and their members, with the answers,
// limits and errors of the vendor's manual. What the manual leaves open can be
// switched both ways (Options). It sends no mail and stores nothing.
package sandbox

import (
	"cmp"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Key is the API key of a sandbox that is given none.
const Key = "kith-sandbox-us1"

// Options are how a sandbox behaves. The zero value is the vendor's manual, and
// where that says nothing, what its users have seen most.
type Options struct {
	// Key is the API key; it is the OAuth access token too.
	Key string
	// URL is where it is served, for Hint.
	URL string
	// Now is the time; real time without it. Mailchimp tells whole seconds.
	Now func() time.Time
	// Connections is how many requests may be under way, 10 without it; more are
	// answered with 429, or with Bodiless by 403 without a body.
	Connections int
	Bodiless    bool
	// Exclusive leaves the moment of since_last_changed itself out.
	Exclusive bool
	// HidesArchived leaves archived members out of a listing that names no status.
	HidesArchived bool
	// BatchTellsContactID has the answer to a batch add tell contact_id, which
	// the vendor's schema 3.0.55 does not have there.
	BatchTellsContactID bool
	// BatchNeedsStatus refuses members of a batch that have no status.
	BatchNeedsStatus bool
	// BatchMakes is the status that a batch gives to an address that is new and
	// comes without one. Empty: such a member is refused.
	BatchMakes string
	// TextLimit is the longest text of a merge field, 255 without it, none when
	// negative; CutsText cuts what is longer instead of refusing it.
	TextLimit int
	CutsText  bool
	// Overcounts has total_items of a listing of members count one too many.
	Overcounts bool
	// Touches moves last_changed also when a write changes nothing.
	Touches bool
	// NoType leaves "type" out of errors, as some answers do.
	NoType bool
	// Polls is how often the status of a batch of operations is asked for before
	// it is finished; 2 without it.
	Polls int
}

// A Sandbox is one account. It is safe for use by several goroutines.
type Sandbox struct {
	options Options
	routes  *http.ServeMux

	mu        sync.Mutex
	audiences []*Audience
	batches   map[string]*batch
	faults    []Fault
	counts    Counts
	underway  int
	last      time.Time
	codes     map[string]bool // of OAuth sign-ins that wait for their token
}

// New returns an account without audiences.
func New(o Options) *Sandbox {
	o.Key = cmp.Or(o.Key, Key)
	o.Connections = cmp.Or(o.Connections, 10)
	o.TextLimit = cmp.Or(o.TextLimit, 255)
	o.Polls = cmp.Or(o.Polls, 2)
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Sandbox{options: o, batches: map[string]*batch{}, codes: map[string]bool{}, counts: Counts{ByCall: map[string]int{}, Breaches: map[string]int{}}}
	s.routes = s.router()
	return s
}

// Counts are what clients have done.
type Counts struct {
	Calls    int
	ByCall   map[string]int // "GET /lists/{list}/members"
	Breaches map[string]int // of limits, by their names
	AtOnce   int            // most requests that were under way together
	Fired    int            // automations that a tag has set off: those not put as syncing
}

// Counts returns what clients have done so far.
func (s *Sandbox) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	c.ByCall, c.Breaches = maps.Clone(c.ByCall), maps.Clone(c.Breaches)
	return c
}

// Recount begins counting anew.
func (s *Sandbox) Recount() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts = Counts{ByCall: map[string]int{}, Breaches: map[string]int{}}
}

func (s *Sandbox) breach(limit string) { s.counts.Breaches[limit]++ }

// A Fault is something that goes wrong with one request.
type Fault struct {
	// Method and Path choose the request: the next one of this method whose path
	// contains Path. Empty is any.
	Method, Path string
	// Status, Header and Body are answered; Status 0 closes the connection.
	Status int
	Header http.Header
	Body   string
	// Commit carries the request out before.
	Commit bool
	// Stays keeps the fault for further requests, until Heal.
	Stays bool
}

// Break makes something go wrong.
func (s *Sandbox) Break(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Heal ends every fault that is still to come.
func (s *Sandbox) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault returns what is to go wrong with a request, if anything.
func (s *Sandbox) fault(r *http.Request) *Fault {
	i := slices.IndexFunc(s.faults, func(f Fault) bool {
		return (f.Method == "" || f.Method == r.Method) && strings.Contains(r.URL.Path, f.Path)
	})
	if i < 0 {
		return nil
	}
	f := s.faults[i]
	if !f.Stays {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return &f
}

// ServeHTTP answers one request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	full, fault := s.enter(r)
	defer s.leave()
	w.Header().Set("Date", s.time().UTC().Format(http.TimeFormat))
	switch {
	case full && s.options.Bodiless:
		w.WriteHeader(http.StatusForbidden)
	case full:
		s.refuse(w, problem{http.StatusTooManyRequests, "Too Many Requests", "You have exceeded the limit of 10 simultaneous connections.", nil})
	case fault != nil:
		s.spoil(w, r, fault)
	default:
		s.routes.ServeHTTP(w, r)
	}
}

func (s *Sandbox) spoil(w http.ResponseWriter, r *http.Request, f *Fault) {
	if f.Commit {
		s.routes.ServeHTTP(httptest.NewRecorder(), r)
	}
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), f.Header)
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body)) // a client that is gone reads nothing
}

func (s *Sandbox) enter(r *http.Request) (full bool, f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underway++
	s.counts.Calls++
	s.counts.AtOnce = max(s.counts.AtOnce, s.underway)
	if _, pattern := s.routes.Handler(r); pattern != "" {
		method, path, _ := strings.Cut(pattern, " ")
		s.counts.ByCall[method+" "+strings.TrimPrefix(path, "/3.0")]++
	}
	if s.underway > s.options.Connections {
		s.breach("connections")
		return true, nil
	}
	return false, s.fault(r)
}

func (s *Sandbox) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underway--
}

// time never goes back.
func (s *Sandbox) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Sandbox) now() time.Time {
	if t := s.options.Now().UTC().Truncate(time.Second); t.After(s.last) {
		s.last = t
	}
	return s.last
}

// Hint says how to connect to a sandbox that is served at an address.
func (s *Sandbox) Hint() []string {
	return []string{
		"URL: " + cmp.Or(s.options.URL, "the address this is served at, such as http://127.0.0.1:8703"),
		"Key: " + s.options.Key,
		"Any user name signs in with the key as password; the key is the OAuth access token too.",
	}
}
