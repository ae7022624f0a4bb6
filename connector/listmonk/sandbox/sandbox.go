// Package sandbox is a listmonk server in memory: its API for lists and
// subscribers as the manual and the source of listmonk 6 describe it, and as its
// older versions differ. It stores nothing, sends no mail, and knows enough SQL
// for the searches that people and programs write. Everybody in it is invented.
package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say what kind of server it is. The zero value is a new one that lets
// everybody in and has no limits.
type Options struct {
	URL         string // where it is served, for Hint
	User, Token string // of the API user; anybody when User is empty
	// Old is a server before PATCH: it wants a name, tells no time of a
	// subscription, and has no state for those added by a search.
	Old bool
	// First is listmonk 1: also Old, it returns whom it has when an address is
	// created again, orders by the last change where it does not know the column,
	// and answers 401 to a wrong token.
	First bool
	// PutResubscribes is an old server whose PUT takes every subscription in it
	// for a new one.
	PutResubscribes bool
	// NoSQL is a role without the permission subscribers:sql_query.
	NoSQL bool
	// MaxPage is how many subscribers one answer has at most; any number when 0.
	MaxPage int
	// PerMinute is how many calls a minute a proxy in front of it lets through;
	// listmonk itself has no limit. Any number when 0.
	PerMinute int
	Now       func() time.Time // the clock of the database; time.Now when nil
}

// A Sandbox is the server.
type Sandbox struct {
	options Options

	mu       sync.Mutex
	lists    []list
	people   map[int]*person // those of whom anything was ever changed; nil: deleted
	emails   map[string]int  // of those
	invented int             // persons 1 to this one are as invent makes them, unless in people
	last     int             // number given last

	began  time.Time // of the request under way
	faults []*Fault
	counts Counts
	minute time.Time // that PerMinute counts in
	within int
}

// New makes a server with nothing in it.
func New(o Options) *Sandbox {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Old = o.Old || o.First
	return &Sandbox{options: o, people: map[int]*person{}, emails: map[string]int{}, counts: Counts{Calls: map[string]int{}}}
}

// now is the time a change is stamped with: PostgreSQL keeps microseconds, and
// everything in a transaction has the same time.
func (s *Sandbox) now() time.Time {
	if !s.began.IsZero() {
		return s.began
	}
	return s.options.Now().Truncate(time.Microsecond)
}

// ServeHTTP answers one request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = s.now()
	defer func() { s.began = time.Time{} }()
	s.counts.Total++
	s.counts.Calls[r.Method+" "+pattern(r.URL.Path)]++
	if s.throttled(w) || s.failed(w, r) {
		return
	}
	s.answer(w, r)
}

func (s *Sandbox) answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/health" {
		reply(w, true)
		return
	}
	if message := s.stranger(r); message != "" {
		status := http.StatusForbidden
		if s.options.First {
			status = http.StatusUnauthorized
		}
		refuse(w, status, message)
		return
	}
	handlers, known := s.routes()[pattern(r.URL.Path)]
	handle := handlers[r.Method]
	switch {
	case !known:
		refuse(w, http.StatusNotFound, "Not Found")
	case handle == nil:
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed")
	default:
		if err := handle(w, r); err != nil {
			refuse(w, err.status, err.message)
		}
	}
}

// A problem is a request that is not carried out.
type problem struct {
	status  int
	message string
}

func bad(format string, args ...any) *problem {
	return &problem{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

type handler func(http.ResponseWriter, *http.Request) *problem

func (s *Sandbox) routes() map[string]map[string]handler {
	routes := map[string]map[string]handler{
		"/api/lists":                       {"GET": s.getLists, "POST": s.postList},
		"/api/lists/{id}":                  {"GET": s.getList},
		"/api/subscribers":                 {"GET": s.search, "POST": s.create, "DELETE": s.deleteSome},
		"/api/subscribers/{id}":            {"GET": s.get, "PUT": s.put, "PATCH": s.patch, "DELETE": s.deleteOne},
		"/api/subscribers/{id}/blocklist":  {"PUT": s.blockOne},
		"/api/subscribers/{id}/optin":      {"POST": s.optin},
		"/api/subscribers/blocklist":       {"PUT": s.blockSome},
		"/api/subscribers/lists":           {"PUT": s.subscriptions},
		"/api/subscribers/query/lists":     {"PUT": s.subscriptionsByQuery},
		"/api/subscribers/query/blocklist": {"PUT": s.blockByQuery},
		"/api/subscribers/query/delete":    {"POST": s.deleteByQuery},
	}
	if s.options.Old {
		delete(routes["/api/subscribers/{id}"], "PATCH")
	}
	return routes
}

// pattern is a path with its number left out.
func pattern(path string) string {
	parts := strings.Split(strings.TrimRight(path, "/"), "/")
	for i, p := range parts {
		if p != "" && strings.Trim(p, "0123456789") == "" {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// stranger says why somebody is not let in, if so.
func (s *Sandbox) stranger(r *http.Request) string {
	if s.options.User == "" {
		return ""
	}
	user, token, ok := r.BasicAuth()
	if rest, found := strings.CutPrefix(r.Header.Get("Authorization"), "token "); found {
		user, token, ok = strings.Cut(strings.TrimSpace(rest), ":")
	}
	switch {
	case !ok:
		return "invalid session"
	case user != s.options.User || token != s.options.Token:
		return "invalid API credentials"
	}
	return ""
}

// Hint says how to connect to the server.
func (s *Sandbox) Hint() []string {
	hint := []string{
		"address: " + s.options.URL,
		"API user: " + s.options.User + ", token: " + s.options.Token,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lists {
		hint = append(hint, fmt.Sprintf("list %d: %s, %s opt-in", l.ID, l.Name, l.Optin))
	}
	return hint
}
