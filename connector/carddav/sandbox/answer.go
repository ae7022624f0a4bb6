package sandbox

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// An ask is the body of a PROPFIND or REPORT.
type ask struct {
	XMLName xml.Name
	Prop    struct {
		Names []struct{ XMLName xml.Name } `xml:",any"`
	} `xml:"DAV: prop"`
	Token  string   `xml:"DAV: sync-token"`
	Hrefs  []string `xml:"DAV: href"`
	Filter struct {
		Props []struct {
			Name  string `xml:"name,attr"`
			Match struct {
				Text string `xml:",chardata"`
				Type string `xml:"match-type,attr"`
			} `xml:"urn:ietf:params:xml:ns:carddav text-match"`
		} `xml:"urn:ietf:params:xml:ns:carddav prop-filter"`
	} `xml:"urn:ietf:params:xml:ns:carddav filter"`
}

func read(w http.ResponseWriter, r *http.Request) (a ask, ok bool) {
	if err := xml.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<20)).Decode(&a); err != nil {
		http.Error(w, "not XML", http.StatusBadRequest)
		return a, false
	}
	return a, true
}

// An answer is a multistatus while it is written.
type answer struct{ strings.Builder }

func newAnswer() *answer {
	a := &answer{}
	a.WriteString(xml.Header + `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">`)
	return a
}

func (a *answer) send(w http.ResponseWriter) {
	a.WriteString("</d:multistatus>")
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.WriteHeader(http.StatusMultiStatus)
	fmt.Fprint(w, a.String())
}

// status says that an address has nothing, or, with 507, that there is more.
func (a *answer) status(href, status string) {
	a.WriteString(`<d:response><d:href>` + href + `</d:href><d:status>HTTP/1.1 ` + status + `</d:status></d:response>`)
}

// found writes those of the properties that were asked for.
func (a *answer) found(q ask, href string, has map[string]string) {
	var yes, no strings.Builder
	for _, n := range q.Prop.Names {
		prefix := map[string]string{"DAV:": "d:"}[n.XMLName.Space]
		if prefix == "" {
			prefix = "c:"
		}
		name := prefix + n.XMLName.Local
		if value, ok := has[n.XMLName.Local]; ok {
			yes.WriteString("<" + name + ">" + value + "</" + name + ">")
		} else {
			no.WriteString("<" + name + "/>")
		}
	}
	a.WriteString(`<d:response><d:href>` + href + `</d:href>`)
	for status, props := range map[string]string{"200 OK": yes.String(), "404 Not Found": no.String()} {
		if props != "" || status == "200 OK" {
			a.WriteString(`<d:propstat><d:prop>` + props + `</d:prop><d:status>HTTP/1.1 ` + status + `</d:status></d:propstat>`)
		}
	}
	a.WriteString(`</d:response>`)
}

func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

func address(name string) string { return text(BookPath + url.PathEscape(name)) }

func (s *Server) about(name string) map[string]string {
	c := s.cards[name]
	return map[string]string{"getetag": text(c.etag()), "address-data": text(c.text), "resourcetype": "", "getcontenttype": "text/vcard"}
}

// propfind tells the way: everybody -> principal -> home -> book -> cards.
func (s *Server) propfind(w http.ResponseWriter, r *http.Request) {
	q, ok := read(w, r)
	if !ok {
		return
	}
	reports := `<d:supported-report><d:report><c:addressbook-multiget/></d:report></d:supported-report>`
	if !s.NoSync {
		reports += `<d:supported-report><d:report><d:sync-collection/></d:report></d:supported-report>`
	}
	rights := `<d:privilege><d:read/></d:privilege>`
	if !s.ReadOnly {
		rights += `<d:privilege><d:write/></d:privilege>`
	}
	principal := map[string]string{"current-user-principal": "<d:href>" + Principal + "</d:href>"}
	has := map[string]map[string]string{
		"/":       {"resourcetype": "<d:collection/>"},
		Principal: {"resourcetype": "<d:principal/>", "addressbook-home-set": "<d:href>" + Home + "</d:href>"},
		Home:      {"resourcetype": "<d:collection/>"},
		BookPath:  {"resourcetype": "<d:collection/><c:addressbook/>", "displayname": "People", "supported-report-set": reports, "current-user-privilege-set": rights},
	}
	path := r.URL.Path
	if has[path] == nil && has[path+"/"] != nil {
		path += "/"
	}
	if has[path] == nil {
		http.Error(w, "nothing here", http.StatusNotFound)
		return
	}
	inside := []string{path}
	if r.Header.Get("Depth") == "1" && path == Home {
		inside = append(inside, BookPath)
	}
	a := newAnswer()
	for _, p := range inside {
		maps.Copy(has[p], principal)
		a.found(q, p, has[p])
	}
	if r.Header.Get("Depth") == "1" && path == BookPath {
		for _, name := range slices.Sorted(maps.Keys(s.cards)) {
			a.found(q, address(name), s.about(name))
		}
	}
	a.send(w)
}

func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	q, ok := read(w, r)
	if !ok {
		return
	}
	if r.URL.Path != BookPath {
		http.Error(w, "no book", http.StatusNotFound)
		return
	}
	switch {
	case q.XMLName.Local == "sync-collection" && !s.NoSync:
		s.sync(w, q)
	case q.XMLName.Local == "addressbook-multiget":
		s.multiget(w, q)
	case q.XMLName.Local == "addressbook-query" && !s.NoQuery:
		s.query(w, q)
	default:
		refuse(w, http.StatusForbidden, `<d:supported-report/>`)
	}
}

func (s *Server) sync(w http.ResponseWriter, q ask) {
	after, known := s.parseToken(strings.TrimSpace(q.Token))
	if !known {
		refuse(w, http.StatusForbidden, `<d:valid-sync-token/>`)
		return
	}
	names, token, cut := s.since(after)
	a := newAnswer()
	for _, name := range names {
		if _, exists := s.cards[name]; exists {
			a.found(q, address(name), s.about(name))
		} else {
			a.status(address(name), "404 Not Found")
		}
	}
	if cut {
		a.status(BookPath, "507 Insufficient Storage")
	}
	a.WriteString("<d:sync-token>" + s.token(token) + "</d:sync-token>")
	a.send(w)
}

func (s *Server) multiget(w http.ResponseWriter, q ask) {
	a := newAnswer()
	for _, href := range q.Hrefs {
		u, err := url.Parse(href)
		if err != nil {
			continue
		}
		name := strings.TrimPrefix(u.Path, BookPath)
		if _, exists := s.cards[name]; exists {
			a.found(q, text(href), s.about(name))
		} else {
			a.status(text(href), "404 Not Found")
		}
	}
	a.send(w)
}

// query finds cards by the values of one property, ignoring case.
func (s *Server) query(w http.ResponseWriter, q ask) {
	a := newAnswer()
	for _, name := range slices.Sorted(maps.Keys(s.cards)) {
		if s.matches(q, s.cards[name].text) {
			a.found(q, address(name), s.about(name))
		}
	}
	a.send(w)
}

func (s *Server) matches(q ask, card string) bool {
	for line := range strings.Lines(card) {
		head, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		name, _, _ := strings.Cut(head, ";")
		for _, p := range q.Filter.Props {
			value, wanted := strings.ToLower(value), strings.ToLower(p.Match.Text)
			if strings.EqualFold(name, p.Name) && (value == wanted || p.Match.Type != "equals" && strings.Contains(value, wanted)) {
				return true
			}
		}
	}
	return false
}
