package carddav

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// A Choice is an address book that the server offers.
type Choice struct {
	Name     string // for people; the last part of the path where it has none
	Path     string
	ReadOnly bool

	url   *url.URL
	syncs bool
}

// A ChoiceError says that the server has several address books, or none, and
// none was chosen.
type ChoiceError struct {
	Wanted string
	Books  []Choice
}

// Options are the address books.
func (e *ChoiceError) Options() (all []connector.Choice) {
	for _, b := range e.Books {
		all = append(all, connector.Choice{ID: b.Path, Name: b.Name})
	}
	return all
}

func (e *ChoiceError) Error() string {
	var names []string
	for _, b := range e.Books {
		names = append(names, fmt.Sprintf("%q (%s)", b.Name, b.Path))
	}
	list := strings.Join(names, ", ")
	switch {
	case len(e.Books) == 0:
		return "This server has no address book for this user. Create one, or give the address of the book itself."
	case e.Wanted != "":
		return fmt.Sprintf("There is no single address book called %q. Choose one of %s.", e.Wanted, list)
	}
	return fmt.Sprintf("There are several address books. Choose one of %s.", list)
}

// Books lists the address books that the server offers to a user, for a form
// that sets a connection up.
func Books(ctx context.Context, s Settings, client *http.Client) ([]Choice, error) {
	server, start, err := newServer(s, client)
	if err != nil {
		return nil, err
	}
	return server.books(ctx, start)
}

// choose takes the one book there is, or the one that is named.
func choose(all []Choice, wanted string) (Choice, error) {
	left := all
	if wanted != "" {
		left = slices.DeleteFunc(slices.Clone(all), func(c Choice) bool {
			return c.Name != wanted && strings.Trim(c.Path, "/") != strings.Trim(wanted, "/")
		})
	}
	if len(left) != 1 {
		return Choice{}, &ChoiceError{Wanted: wanted, Books: all}
	}
	return left[0], nil
}

// label names a book without what could be secret in an address.
func (s server) label(c Choice) string { return s.base.Hostname() + ": " + c.Name }

const davNS, cardNS = "DAV:", "urn:ietf:params:xml:ns:carddav"

// aboutBook is what is asked of anything that may be an address book.
const aboutBook = `<d:resourcetype/><d:displayname/><d:supported-report-set/><d:sync-token/><d:current-user-privilege-set/>`

// books goes from where the user pointed to the address books: it is one, has
// some, or tells whose home has them (RFC 6352 7.1, RFC 6764).
func (s server) books(ctx context.Context, start *url.URL) ([]Choice, error) {
	// A server need not answer at its root, where it sends us on or not.
	wellKnown := start.ResolveReference(&url.URL{Path: "/.well-known/carddav"})
	starts := []*url.URL{start}
	if strings.Trim(start.Path, "/") == "" {
		starts = []*url.URL{wellKnown, start}
	}
	var last error
	for _, at := range starts {
		found, err := s.booksAt(ctx, at)
		if len(found) > 0 {
			return found, nil
		}
		if denied(err) || ctx.Err() != nil {
			return nil, err
		}
		last = errors.Join(last, err)
	}
	if only := (*connector.Fault)(nil); errors.As(last, &only) && only.Kind != connector.Missing && only.Kind != connector.Invalid {
		return nil, only
	}
	return nil, &ChoiceError{}
}

func denied(err error) bool {
	var f *connector.Fault
	return errors.As(err, &f) && f.Kind == connector.Denied
}

// booksAt looks at one place and follows what it says to the home of the books.
func (s server) booksAt(ctx context.Context, at *url.URL) ([]Choice, error) {
	here, err := s.propfind(ctx, at, "0", aboutBook+`<d:current-user-principal/><c:addressbook-home-set/>`)
	if err != nil {
		return nil, err
	}
	if found := here.choices(); len(found) > 0 {
		return found, nil
	}
	if home := here.link(cardNS, "addressbook-home-set"); home != nil {
		return s.booksIn(ctx, home)
	}
	principal := here.link(davNS, "current-user-principal")
	if principal == nil {
		return s.booksIn(ctx, here.url) // perhaps it is the home itself
	}
	whose, err := s.propfind(ctx, principal, "0", `<c:addressbook-home-set/>`)
	if err != nil {
		return nil, err
	}
	home := whose.link(cardNS, "addressbook-home-set")
	if home == nil {
		return nil, nil
	}
	return s.booksIn(ctx, home)
}

func (s server) booksIn(ctx context.Context, home *url.URL) ([]Choice, error) {
	list, err := s.propfind(ctx, home, "1", aboutBook)
	if err != nil {
		return nil, err
	}
	return list.choices(), nil
}

// A listing is the answers to a PROPFIND and where they came from.
type listing struct {
	url     *url.URL
	answers []response
}

// propfind asks for properties, and for those of what is inside at depth 1.
func (s server) propfind(ctx context.Context, at *url.URL, depth, props string) (listing, error) {
	body := xml.Header + `<d:propfind xmlns:d="DAV:" xmlns:c="` + cardNS + `"><d:prop>` + props + `</d:prop></d:propfind>`
	out := listing{}
	from, _, err := s.each(ctx, request{method: "PROPFIND", url: at, depth: depth, body: body, follow: true}, func(r response) {
		out.answers = append(out.answers, r)
	})
	out.url = from
	return out, err
}

// link is the address in a property, as in <home-set><href>...</href></home-set>.
func (l listing) link(space, name string) *url.URL {
	for _, r := range l.answers {
		p := r.props()
		href := p.Principal.Href
		if space == cardNS {
			href = p.Home.Href
		}
		if u, err := l.url.Parse(strings.TrimSpace(href)); err == nil && strings.TrimSpace(href) != "" {
			return u
		}
	}
	return nil
}

// choices are the address books among the answers.
func (l listing) choices() []Choice {
	var out []Choice
	for _, r := range l.answers {
		p := r.props()
		u, err := l.url.Parse(strings.TrimSpace(r.Href))
		if err != nil || p.Type.Book == nil {
			continue
		}
		if !strings.HasSuffix(u.Path, "/") {
			u = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path + "/"}
		}
		name := strings.TrimSpace(p.Name)
		if name == "" {
			name = path.Base(u.Path)
		}
		out = append(out, Choice{Name: name, Path: u.Path, url: u, syncs: p.syncs(), ReadOnly: p.readOnly()})
	}
	return out
}
