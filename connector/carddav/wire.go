package carddav

import (
	"encoding/xml"
	"net/url"
	"strings"
)

// A response is what a multistatus says about one address.
type response struct {
	Href   string   `xml:"DAV: href"`
	Status string   `xml:"DAV: status"`
	Stats  []status `xml:"DAV: propstat"`
}

type status struct {
	Status string `xml:"DAV: status"`
	Props  props  `xml:"DAV: prop"`
}

// props are the properties we ask for.
type props struct {
	ETag  string `xml:"DAV: getetag"`
	Token string `xml:"DAV: sync-token"`
	Name  string `xml:"DAV: displayname"`
	Type  struct {
		Book *struct{} `xml:"urn:ietf:params:xml:ns:carddav addressbook"`
		Dir  *struct{} `xml:"DAV: collection"`
	} `xml:"DAV: resourcetype"`
	Card       *string `xml:"urn:ietf:params:xml:ns:carddav address-data"`
	Principal  link    `xml:"DAV: current-user-principal"`
	Home       link    `xml:"urn:ietf:params:xml:ns:carddav addressbook-home-set"`
	Privileges *struct {
		All []elements `xml:"DAV: privilege"`
	} `xml:"DAV: current-user-privilege-set"`
	Reports struct {
		All []struct {
			Report elements `xml:"DAV: report"`
		} `xml:"DAV: supported-report"`
	} `xml:"DAV: supported-report-set"`
}

type link struct {
	Href string `xml:"DAV: href"`
}

// elements are empty elements that say something by being there.
type elements struct {
	All []struct{ XMLName xml.Name } `xml:",any"`
}

// code is the number in "HTTP/1.1 404 Not Found", or empty.
func code(status string) string {
	_, rest, _ := strings.Cut(strings.TrimSpace(status), " ")
	number, _, _ := strings.Cut(rest, " ")
	return number
}

// props are the properties that were found.
func (r response) props() props {
	for _, s := range r.Stats {
		if strings.HasPrefix(code(s.Status), "2") {
			return s.Props
		}
	}
	return props{}
}

// gone reports whether the address has nothing: of the whole response, or,
// where a server says so of its properties, of each of them.
func (r response) gone() bool {
	switch code(r.Status) {
	case "404", "410":
		return true
	case "":
	default:
		return false
	}
	for _, s := range r.Stats {
		if code(s.Status) != "404" {
			return false
		}
	}
	return len(r.Stats) > 0
}

// syncs reports whether a book has sync-collection: it says so, or has a
// sync-token (RFC 6578 4), which is how Xandikos can be told.
func (p props) syncs() bool {
	for _, r := range p.Reports.All {
		for _, n := range r.Report.All {
			if n.XMLName.Local == "sync-collection" {
				return true
			}
		}
	}
	return p.Token != ""
}

// readOnly reports whether the server lists our rights, and none to write.
func (p props) readOnly() bool {
	if p.Privileges == nil || len(p.Privileges.All) == 0 {
		return false
	}
	for _, privilege := range p.Privileges.All {
		for _, n := range privilege.All {
			switch n.XMLName.Local {
			case "write", "write-content", "bind", "all":
				return false
			}
		}
	}
	return true
}

// id names a card by its address relative to the book, escaped in one way only,
// because servers escape differently in different answers. It is empty for what
// is not directly in the book.
func (b *Book) id(href string) string {
	u, err := b.base.Parse(strings.TrimSpace(href))
	if err != nil {
		return ""
	}
	rest, inside := strings.CutPrefix(u.EscapedPath(), b.base.EscapedPath())
	if !inside {
		if rest, inside = strings.CutPrefix(u.Path, b.base.Path); inside {
			rest = (&url.URL{Path: rest}).EscapedPath()
		}
	}
	if !inside || rest == "" || strings.Contains(rest, "/") {
		return ""
	}
	plain, err := url.PathUnescape(rest)
	if err != nil {
		return ""
	}
	return url.PathEscape(plain)
}

// address is where a card is.
func (b *Book) address(id string) *url.URL {
	plain, err := url.PathUnescape(id)
	if err != nil {
		plain = id
	}
	u := *b.base
	u.Path += plain
	u.RawPath = b.base.EscapedPath() + url.PathEscape(plain)
	return &u
}

// escaped is text inside XML.
func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
