// Package sandbox is a CardDAV server in memory: what RFC 6352 and RFC 6578 ask
// of one, with the limits that real servers have, to be set. It keeps cards byte
// for byte, has one user and one address book, and stores nothing.
package sandbox

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Where things are. The book's cards are directly inside it.
const (
	Principal = "/principals/kith/"
	Home      = "/books/kith/"
	BookPath  = "/books/kith/people/"
)

// A Server is the server. Its settings are read with every request; the zero
// value lets everybody in and has no limits.
type Server struct {
	User, Password string
	// SyncLimit is how many changes one sync-collection answer lists: more are
	// cut off with 507 (RFC 6578 3.6). Zero: all.
	SyncLimit int
	// NoSync leaves sync-collection out, as older servers do; NoQuery, searching.
	NoSync, NoQuery bool
	// ReadOnly shares the book for reading.
	ReadOnly bool

	mu     sync.Mutex
	cards  map[string]card
	gone   map[string]int64 // by name: the change that removed it
	change int64            // counts every change; sync-tokens and ETags are made of it
	age    int              // sync-tokens of an earlier one are not known
}

type card struct {
	text   string
	change int64
}

func (c card) etag() string { return fmt.Sprintf(`"%d-%x"`, c.change, len(c.text)) }

// Forget makes the server not know the sync-tokens it has given so far.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.age++
}

// Card is the text of a card, empty when there is none.
func (s *Server) Card(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cards[name].text
}

// Put stores a card as another client would.
func (s *Server) Put(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(name, text)
}

func (s *Server) put(name, text string) {
	if s.cards == nil {
		s.cards, s.gone = map[string]card{}, map[string]int64{}
	}
	s.change++
	s.cards[name] = card{text, s.change}
	delete(s.gone, name)
}

// Remove deletes a card as another client would.
func (s *Server) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(name)
}

func (s *Server) remove(name string) {
	s.change++
	delete(s.cards, name)
	s.gone[name] = s.change
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); s.User != "" && (user != s.User || password != s.Password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="sandbox"`)
		http.Error(w, "sign in", http.StatusUnauthorized)
		return
	}
	if r.URL.Path == "/.well-known/carddav" {
		http.Redirect(w, r, "/", http.StatusMovedPermanently)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method {
	case "PROPFIND":
		s.propfind(w, r)
	case "REPORT":
		s.report(w, r)
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		s.card(w, r)
	case http.MethodOptions:
		w.Header().Set("DAV", "1, 3, addressbook")
		w.Header().Set("Allow", "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, REPORT")
	default:
		http.Error(w, "not here", http.StatusMethodNotAllowed)
	}
}

// card answers what is asked of one card, under the conditions of RFC 9110 13.
func (s *Server) card(w http.ResponseWriter, r *http.Request) {
	name, inside := strings.CutPrefix(r.URL.Path, BookPath)
	if !inside || name == "" || strings.Contains(name, "/") {
		http.Error(w, "not a card", http.StatusNotFound)
		return
	}
	c, exists := s.cards[name]
	writes := r.Method == http.MethodPut || r.Method == http.MethodDelete
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case writes && s.ReadOnly:
		refuse(w, http.StatusForbidden, `<d:need-privileges/>`)
	case writes && match != "" && (!exists || match != "*" && match != c.etag()), none == "*" && exists:
		http.Error(w, "condition", http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		s.accept(w, r, name, exists)
	case !exists:
		http.Error(w, "no such card", http.StatusNotFound)
	case r.Method == http.MethodDelete:
		s.remove(name)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("ETag", c.etag())
		w.Header().Set("Content-Type", "text/vcard; charset=utf-8")
		_, _ = io.WriteString(w, c.text) // a client that is gone reads nothing
	}
}

// accept stores a card that meets the conditions of RFC 6352 6.3.2.1.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, name string, exists bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20+1))
	text := string(body)
	uid := line(text, "UID")
	switch {
	case err != nil:
		http.Error(w, "half a request", http.StatusBadRequest)
		return
	case len(body) > 1<<20:
		refuse(w, http.StatusForbidden, `<c:max-resource-size/>`)
		return
	case !strings.HasPrefix(text, "BEGIN:VCARD") || uid == "" || line(text, "FN") == "" && !strings.Contains(text, "\nFN"):
		refuse(w, http.StatusForbidden, `<c:valid-address-data/>`)
		return
	}
	for other, c := range s.cards {
		if other != name && line(c.text, "UID") == uid {
			refuse(w, http.StatusForbidden, `<c:no-uid-conflict><d:href>`+address(other)+`</d:href></c:no-uid-conflict>`)
			return
		}
	}
	s.put(name, text)
	w.Header().Set("ETag", s.cards[name].etag())
	w.WriteHeader(map[bool]int{true: http.StatusNoContent, false: http.StatusCreated}[exists])
}

// line is the value of the first property of a name that has no parameters.
func line(text, name string) string {
	_, rest, _ := strings.Cut(text, "\n"+name+":")
	value, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(value)
}

func refuse(w http.ResponseWriter, status int, condition string) {
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprint(w, xml.Header+`<d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">`+condition+`</d:error>`)
}

// since lists the names that changed after a token, oldest change first, cut off
// at the limit, with the token to go on from.
func (s *Server) since(after int64) (names []string, token int64, cut bool) {
	when := maps.Clone(s.gone)
	if after == 0 { // what is gone does not matter to who knows nothing
		when = map[string]int64{}
	}
	if when == nil {
		when = map[string]int64{}
	}
	for name, c := range s.cards {
		when[name] = c.change
	}
	for name, change := range when {
		if change > after {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return int(when[a] - when[b]) })
	if s.SyncLimit > 0 && len(names) > s.SyncLimit {
		names = names[:s.SyncLimit]
		return names, when[names[len(names)-1]], true
	}
	return names, s.change, false
}

// token writes a sync-token; parseToken reads one. An empty one is before everything.
func (s *Server) token(change int64) string {
	return fmt.Sprintf("urn:kith-sandbox:sync:%d:%d", s.age, change)
}

func (s *Server) parseToken(text string) (after int64, known bool) {
	if text == "" {
		return 0, true
	}
	after, err := strconv.ParseInt(text[strings.LastIndexByte(text, ':')+1:], 10, 64)
	return after, err == nil && after <= s.change && s.token(after) == text
}
