// Package sandbox is a HubSpot account in memory, as the vendor's manual
// describes one: its contacts by the object, batch and search calls of both
// path styles (/crm/v3/objects/contacts and /crm/objects/2026-03/contacts), with
// the limits, delays and refusals that make life with HubSpot what it is. It
// knows invented people only, and stores nothing.
package sandbox

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// DefaultToken is the private app's token where Options name no other.
const DefaultToken = "pat-sandbox-0000"

// Options say what kind of account it is. Points on which the manual is silent,
// or its readers disagree, are switches.
type Options struct {
	Now   func() time.Time // the clock; the one on the wall when nil
	Token string           // DefaultToken when empty
	// Lag is how long a change stays out of the search index.
	Lag time.Duration
	// PerTenSeconds, PerDay and SearchPerSecond are the account's limits: those
	// of a free account with a private app when 0, none when negative.
	PerTenSeconds, PerDay, SearchPerSecond int
	// Scopes that the token lacks; calls that need one are refused.
	Without []string
	// ShortConflict leaves the existing contact's id out of the refusal of a
	// whole batch, as has been seen.
	ShortConflict bool
	// WholeBatch refuses a whole batch for one bad input even when every input
	// has its trace id.
	WholeBatch bool
	// EchoTrace returns every input's objectWriteTraceId with its result. The
	// schema has a place for it; replies that were seen have not.
	EchoTrace bool
	// RepeatSent answers updates with the values as they were sent, instead of as
	// they are kept.
	RepeatSent bool
	// MergeKeepsID merges in the way of before 2025: the primary contact keeps
	// its id, instead of both becoming a new one.
	MergeKeepsID bool
	// EraseSparesArchived has a deletion for good not find who is archived.
	EraseSparesArchived bool
	// MergedLeftOut leaves contacts that were merged into others out of the
	// answers to batch/read without a word, instead of returning the others.
	MergedLeftOut bool
}

// A Sandbox is the account. It is safe for use by several goroutines.
type Sandbox struct {
	options Options

	mu         sync.Mutex
	properties []Property
	book       book
	faults     []*fault
	meter      meter
	answered   int // requests so far, which correlation ids are made of
}

// New makes an account without contacts.
func New(o Options) *Sandbox {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Token == "" {
		o.Token = DefaultToken
	}
	for limit, usual := range map[*int]int{&o.PerTenSeconds: 100, &o.PerDay: 250_000, &o.SearchPerSecond: 5} {
		if *limit == 0 {
			*limit = usual
		}
	}
	return &Sandbox{options: o, properties: contactProperties(), book: newBook()}
}

// Hint tells a person how to connect: the url is where the sandbox is served.
func (s *Sandbox) Hint() []string {
	return []string{
		"Set the connection's url to the address of this sandbox.",
		"Token: " + s.options.Token,
		"Object: contacts",
	}
}

func (s *Sandbox) now() time.Time { return s.options.Now().UTC().Truncate(time.Millisecond) }

// contactPaths are both styles of path; objects are named in several ways.
var contactPaths = regexp.MustCompile(`^/crm/(?:v3/objects|objects/(?:v3|20\d\d-\d\d))/([^/]+)(/.*)?$`)

var propertyPaths = regexp.MustCompile(`^/crm/(?:v3/properties|properties/(?:v3|20\d\d-\d\d))/([^/]+)(?:/([^/]+))?$`)

// ServeHTTP answers one request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered++
	w.Header().Set("Date", s.now().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	f := s.faultFor(r.URL.Path)
	if f != nil && f.Status != 0 {
		s.meter.refused++
		f.send(s, w)
		return
	}
	searches := strings.HasSuffix(r.URL.Path, "/search")
	if p := s.admit(r, searches); p != nil {
		s.refuse(w, p)
		return
	}
	if !searches { // whose replies carry none
		s.rateHeaders(w.Header())
	}
	s.meter.count(r)
	if f == nil {
		s.route(w, r)
		return
	}
	f.spoil(w, r, s.route)
}

// admit lets a request in that is signed and within the limits.
func (s *Sandbox) admit(r *http.Request, searches bool) *problem {
	if token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !bearer || token != s.options.Token {
		return &problem{status: http.StatusUnauthorized, category: "INVALID_AUTHENTICATION",
			message: "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"}
	}
	return s.limit(searches)
}

func (s *Sandbox) route(w http.ResponseWriter, r *http.Request) {
	if m := propertyPaths.FindStringSubmatch(r.URL.Path); m != nil && r.Method == http.MethodGet {
		s.serveProperties(w, m[1], m[2])
		return
	}
	m := contactPaths.FindStringSubmatch(r.URL.Path)
	if m == nil {
		s.refuse(w, notFound("No such path"))
		return
	}
	if m[1] != "contacts" && m[1] != "contact" && m[1] != "0-1" {
		s.refuse(w, &problem{status: http.StatusBadRequest, category: "VALIDATION_ERROR", message: "Unable to infer object type from: " + m[1]})
		return
	}
	handlers := map[string]func(http.ResponseWriter, *http.Request) *problem{
		"GET ":               s.list,
		"POST ":              s.createOne,
		"POST batch/read":    s.batchRead,
		"POST batch/create":  s.batchCreate,
		"POST batch/update":  s.batchUpdate,
		"POST batch/upsert":  s.batchUpsert,
		"POST batch/archive": s.batchArchive,
		"POST search":        s.search,
		"POST merge":         s.merge,
		"POST gdpr-delete":   s.gdprDelete,
		"GET one":            s.getOne,
		"PATCH one":          s.updateOne,
		"DELETE one":         s.archiveOne,
	}
	rest := strings.Trim(m[2], "/")
	handler := handlers[r.Method+" "+rest]
	if handler == nil && rest != "" && !strings.Contains(rest, "/") {
		r.SetPathValue("id", rest)
		handler = handlers[r.Method+" one"]
	}
	if handler == nil {
		s.refuse(w, &problem{status: http.StatusMethodNotAllowed, category: "METHOD_NOT_ALLOWED", message: fmt.Sprintf("%s is not supported here", r.Method)})
		return
	}
	if p := s.scoped(r.Method, rest); p != nil {
		s.refuse(w, p)
		return
	}
	if p := handler(w, r); p != nil {
		s.refuse(w, p)
	}
}

// scoped refuses what the token has no scope for.
func (s *Sandbox) scoped(method, rest string) *problem {
	needed := "crm.objects.contacts.write"
	if method == http.MethodGet || rest == "batch/read" || rest == "search" {
		needed = "crm.objects.contacts.read"
	}
	for _, missing := range s.options.Without {
		if missing == needed {
			return &problem{status: http.StatusForbidden, category: "MISSING_SCOPES", message: "One or more of the following scopes are required.",
				context: map[string][]string{"requiredGranularScopes": {needed}}}
		}
	}
	return nil
}
