// Package sandbox is a Salesforce org in memory: its REST, Bulk 2.0 and sign-in
// resources as the vendor's guides describe them, with their limits, their error
// shapes and their habits, and what happens in an org without any call: merges,
// conversions, hidden fields, faults. It judges nothing, stores nothing on disk,
// speaks no SOAP and runs no Apex. Everybody in it is invented.
package sandbox

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// ReadyToken is an access token that is good without signing in: with the id of
// the org before it, as Salesforce writes them.
const ReadyToken = "00D000000000001EAA!sandbox"

// Options are how an org is set up. The zero value is an ordinary one, with its
// clock on the real time.
type Options struct {
	// Now is the org's clock.
	Now func() time.Time
	// URL is where the org is served, for Hint. Answers use the address that a
	// client has called.
	URL string
	// ClientID and ClientSecret are of the External Client App that may sign in.
	// Empty: "kith" and "sandbox".
	ClientID, ClientSecret string
	// Token is an access token that is always good. Empty: ReadyToken.
	Token string
	// TokenLife is how long an access token holds after its last use. Zero: two hours.
	TokenLife time.Duration
	// RotateRefresh makes every refresh token good for one use.
	RotateRefresh bool
	// NoRunAs leaves the client-credentials flow without the user it needs.
	NoRunAs bool
	// AnyKey accepts JWT assertions without looking at their signature; otherwise
	// PublicKeyPEM must have made it.
	AnyKey       bool
	PublicKeyPEM []byte
	// DailyLimit is how many calls 24 hours allow. Zero: 100,000.
	DailyLimit int
	// PageSize is the largest page of a query. Zero: 2,000.
	PageSize int
	// ShortPage makes every page of that number, counted over all queries, half as
	// long as it could be. Zero: none.
	ShortPage int
	// Unordered gives queries without ORDER BY rows in no order that helps.
	Unordered bool
	// Duplicates are the active duplicate rules.
	Duplicates []DuplicateRule
	// DuplicateKey is how a refusal spells its result. Empty: "duplicateResut".
	DuplicateKey string
	// RollbackStatus is the status of a collection that was rolled back. Zero: 200.
	RollbackStatus int
	// BulkPolls is how often a bulk job is still in progress when asked. Negative:
	// for ever; zero: once.
	BulkPolls int
	// BulkFirst is how many rows of a bulk job are processed before it is aborted
	// or fails, for those that are.
	BulkFirst int
	// ProcessedWithoutFailed leaves failed rows out of numberRecordsProcessed: the
	// manual does not say whether they are in it.
	ProcessedWithoutFailed bool
	// NoMemberStatus refuses new CampaignMemberStatus rows over REST.
	NoMemberStatus bool
	// FormatPhones is what the web page does in en_US when a person saves a record:
	// ten digits become (555) 555-0100. The API never does.
	FormatPhones bool
	// NoAssignment leaves the org without the assignment rule for leads.
	NoAssignment bool
}

// A Sandbox is one org. It is an http.Handler.
type Sandbox struct {
	mu      sync.Mutex
	options Options
	objects map[string]*object // by lower-case name
	prefix  map[string]*object
	order   []*object
	stamp   int64 // the latest second the org has seen
	undo    *[]func()
	admin   int32  // the integration user
	queue   string // whom the assignment rule gives new leads
	sign    signIn
	cursors map[string]*cursor
	newest  []string // locators, oldest first
	pages   int
	jobs    []*job
	serial  int64
	faults  []*Fault
	refuses []*RowFault
	tally   tally
	founded bool
	// described is when what describe tells has changed last.
	described int64
}

// New makes an org with nobody in it but its three users.
func New(options Options) *Sandbox {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Sandbox{options: options, objects: map[string]*object{}, prefix: map[string]*object{}, cursors: map[string]*cursor{}}
	for _, o := range standard() {
		s.addObject(o)
	}
	s.relate()
	s.sign = newSignIn()
	s.found()
	return s
}

func (s *Sandbox) addObject(o *object) {
	s.objects[strings.ToLower(o.name)], s.prefix[o.prefix] = o, o
	s.order = append(s.order, o)
}

// Set changes how the org is set up, from the next call on.
func (s *Sandbox) Set(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.options)
}

// now is the org's clock in whole seconds; it does not run backwards.
func (s *Sandbox) now() int64 {
	s.stamp = max(s.stamp, s.options.Now().Unix())
	return s.stamp
}

// Hint says how to connect to the org.
func (s *Sandbox) Hint() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	address := first(s.options.URL, "http://127.0.0.1")
	ways := "sign in by client credentials, or in the browser where the connection sends you"
	if s.options.AnyKey || s.options.PublicKeyPEM != nil {
		ways = "sign in by client credentials, by JWT as " + s.userValue(s.admin, "Username") + ", or in the browser where the connection sends you"
	}
	return []string{
		"Salesforce sandbox at " + address,
		"client id: " + s.clientID() + ", client secret: " + s.clientSecret(),
		"access token: " + first(s.options.Token, ReadyToken),
		ways,
		"look around, change, delete and convert: " + address + "/",
	}
}

func (s *Sandbox) clientID() string     { return first(s.options.ClientID, "kith") }
func (s *Sandbox) clientSecret() string { return first(s.options.ClientSecret, "sandbox") }

// A call is one request, or one step of a composite one.
type call struct {
	method  string
	host    string
	path    string
	parts   []string // of the path below the version
	query   url.Values
	header  http.Header
	body    []byte
	version string
	user    int32
	auth    bool
}

// ServeHTTP answers one request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 160<<20))
	if err != nil {
		http.Error(w, "half a request", http.StatusBadRequest)
		return
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = unzip(body); err != nil {
			http.Error(w, "not gzip", http.StatusBadRequest)
			return
		}
	}
	c := &call{method: r.Method, host: base(r), path: "/" + strings.TrimLeft(r.URL.EscapedPath(), "/"), query: r.URL.Query(), header: r.Header, body: body}
	if c.query.Get("_HttpMethod") != "" && c.method == http.MethodPost {
		c.method = c.query.Get("_HttpMethod")
	}
	s.mu.Lock()
	fault := s.fault(c)
	s.mu.Unlock()
	if !fault.wait(r) {
		return
	}
	a, done := fault.answer()
	if !done {
		s.mu.Lock()
		a = s.handle(c, len(r.URL.RequestURI()))
		s.mu.Unlock()
	}
	fault.send(w, a)
}

func unzip(body []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, 160<<20))
}

// base is the address a client has called us by.
func base(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// handle answers a call, with all that comes before and after it.
func (s *Sandbox) handle(c *call, uri int) answer {
	s.tally.bytes(c, uri)
	if strings.HasPrefix(c.path, "/services/oauth2/") || strings.HasPrefix(c.path, "/id/") {
		return s.oauth(c)
	}
	rest, ok := strings.CutPrefix(c.path, "/services/data")
	if !ok {
		return s.front(c)
	}
	if strings.Trim(rest, "/") == "" {
		return reply(http.StatusOK, versions())
	}
	if uri > uriLimit {
		s.tally.breach("a URI of more than 16,384 bytes")
		return answer{status: http.StatusRequestURITooLong, text: "URI Too Long", kind: "text/html"}
	}
	if p := s.enter(c); p != nil && p.status == http.StatusForbidden {
		return s.limited(p.answer())
	} else if p != nil {
		return p.answer()
	}
	version, path, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	c.version = strings.TrimPrefix(version, "v")
	if p := known(c.version); p != nil {
		return s.limited(p.answer())
	}
	c.parts = parts(path)
	s.tally.call(c)
	return s.limited(s.route(c))
}

// parts are the decoded steps of a path.
func parts(path string) (out []string) {
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if decoded, err := url.PathUnescape(part); err == nil {
			part = decoded
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

// route finds who answers for a path below the version.
func (s *Sandbox) route(c *call) answer {
	switch strings.ToLower(strings.Join(c.parts[:min(2, len(c.parts))], "/")) {
	case "":
		return s.resources(c)
	case "limits":
		return s.limits(c)
	case "query", "queryall":
		return s.query(c)
	case "composite/sobjects":
		return s.collection(c)
	case "composite", "composite/batch", "composite/tree":
		return s.composite(c)
	case "jobs/ingest", "jobs/query":
		return s.bulk(c)
	}
	switch strings.ToLower(c.parts[0]) {
	case "sobjects":
		return s.sobjects(c, false)
	case "tooling":
		return s.tool(c)
	case "query", "queryall":
		return s.query(c)
	}
	return unknownResource().answer()
}
