package carddav_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	govcard "github.com/emersion/go-vcard"
	"github.com/emersion/go-webdav"
	other "github.com/emersion/go-webdav/carddav"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/carddav"
	"github.com/kith-sync/kith/connector/carddav/sandbox"
	"github.com/kith-sync/kith/connector/connectortest"
)

// A shelf stores the cards of go-webdav's server, which has no sync-collection,
// keeps no condition on DELETE, and writes every card anew.
type shelf struct {
	mu    sync.Mutex
	cards map[string]other.AddressObject
	n     int
}

const shelfBook = "/kith/books/people/"

func (s *shelf) CurrentUserPrincipal(context.Context) (string, error)   { return "/kith/", nil }
func (s *shelf) AddressBookHomeSetPath(context.Context) (string, error) { return "/kith/books/", nil }

func (s *shelf) ListAddressBooks(context.Context) ([]other.AddressBook, error) {
	return []other.AddressBook{{Path: shelfBook, Name: "People"}}, nil
}

func (s *shelf) GetAddressBook(_ context.Context, path string) (*other.AddressBook, error) {
	if strings.TrimSuffix(path, "/") != strings.TrimSuffix(shelfBook, "/") {
		return nil, webdav.NewHTTPError(http.StatusNotFound, errors.New("no such book"))
	}
	return &other.AddressBook{Path: shelfBook, Name: "People"}, nil
}

func (s *shelf) CreateAddressBook(context.Context, *other.AddressBook) error {
	return webdav.NewHTTPError(http.StatusForbidden, errors.New("one is enough"))
}

func (s *shelf) DeleteAddressBook(context.Context, string) error {
	return webdav.NewHTTPError(http.StatusForbidden, errors.New("it stays"))
}

func (s *shelf) GetAddressObject(_ context.Context, path string, _ *other.AddressDataRequest) (*other.AddressObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if object, exists := s.cards[path]; exists {
		return &object, nil
	}
	return nil, webdav.NewHTTPError(http.StatusNotFound, errors.New("no such card"))
}

func (s *shelf) ListAddressObjects(context.Context, string, *other.AddressDataRequest) (all []other.AddressObject, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, object := range s.cards {
		all = append(all, object)
	}
	return all, nil
}

func (s *shelf) QueryAddressObjects(ctx context.Context, path string, query *other.AddressBookQuery) ([]other.AddressObject, error) {
	all, err := s.ListAddressObjects(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	return other.Filter(query, all)
}

func (s *shelf) PutAddressObject(_ context.Context, path string, card govcard.Card, opts *other.PutAddressObjectOptions) (*other.AddressObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, exists := s.cards[path]
	tag, err := opts.IfMatch.ETag()
	if opts.IfNoneMatch.IsWildcard() && exists || opts.IfMatch.IsSet() && (err != nil || !exists || tag != old.ETag) {
		return nil, webdav.NewHTTPError(http.StatusPreconditionFailed, errors.New("condition"))
	}
	s.n++
	object := other.AddressObject{Path: path, ETag: fmt.Sprint("v", s.n), Card: card}
	s.cards[path] = object
	return &object, nil
}

func (s *shelf) DeleteAddressObject(_ context.Context, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.cards[path]; !exists {
		return webdav.NewHTTPError(http.StatusNotFound, errors.New("no such card"))
	}
	delete(s.cards, path)
	return nil
}

func TestAServerOfGoWebDAV(t *testing.T) {
	clients := map[connector.Remote]*http.Client{}
	connectortest.Remote{
		Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
			server := httptest.NewServer(&other.Handler{Backend: &shelf{cards: map[string]other.AddressObject{}}})
			p := &peer{url: server.URL, client: &http.Client{Transport: &http.Transport{}}}
			t.Cleanup(func() {
				p.client.CloseIdleConnections()
				server.Close()
			})
			b, err := carddav.Open(t.Context(), p.settings(server.URL), p.client)
			if err != nil {
				t.Fatal(err)
			}
			clients[b] = p.client
			return b.Batch(5), &somebody{peer: p, path: shelfBook}
		},
		Settle: func(_ *testing.T, r connector.Remote) { clients[r].CloseIdleConnections() },
		// go-vcard does not read an escaped semicolon and escapes its backslash anew.
		Stored: func(_, value string) string { return strings.ReplaceAll(value, ";", `\;`) },
	}.Run(t)
}

// The sandbox is asked by a client that shares no code with it.
func TestAClientOfGoWebDAVAtTheSandbox(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	st.Put("a.vcf", plain("a", "Ada"))
	ctx := t.Context()
	client, err := other.NewClient(webdav.HTTPClientWithBasicAuth(st.client, "kith", "correct horse"), st.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	principal, err := client.FindCurrentUserPrincipal(ctx)
	if err != nil {
		t.Fatal(err)
	}
	home, err := client.FindAddressBookHomeSet(ctx, principal)
	if err != nil {
		t.Fatal(err)
	}
	books, err := client.FindAddressBooks(ctx, home)
	if err != nil || len(books) != 1 || books[0].Path != sandbox.BookPath || books[0].Name != "People" {
		t.Fatalf("books: got %+v, %v", books, err)
	}
	first, err := client.SyncCollection(ctx, books[0].Path, &other.SyncQuery{})
	if err != nil || len(first.Updated) != 1 || first.SyncToken == "" {
		t.Fatalf("sync: got %+v, %v", first, err)
	}
	card := govcard.Card{}
	card.SetValue(govcard.FieldVersion, "3.0")
	card.SetValue(govcard.FieldUID, "b")
	card.SetValue(govcard.FieldFormattedName, "Ben")
	card.SetValue(govcard.FieldEmail, "ben@example.com")
	if _, err := client.PutAddressObject(ctx, books[0].Path+"b.vcf", card); err != nil {
		t.Fatal(err)
	}
	if err := client.RemoveAll(ctx, books[0].Path+"a.vcf"); err != nil {
		t.Fatal(err)
	}
	second, err := client.SyncCollection(ctx, books[0].Path, &other.SyncQuery{SyncToken: first.SyncToken})
	if err != nil || len(second.Updated) != 1 || second.Updated[0].Path != sandbox.BookPath+"b.vcf" || !slices.Equal(second.Deleted, []string{sandbox.BookPath + "a.vcf"}) {
		t.Errorf("sync again: got %+v, %v", second, err)
	}
	all := other.AddressDataRequest{AllProp: true}
	got, err := client.MultiGetAddressBook(ctx, books[0].Path, &other.AddressBookMultiGet{Paths: []string{sandbox.BookPath + "b.vcf"}, DataRequest: all})
	if err != nil || len(got) != 1 || got[0].Card.Value(govcard.FieldEmail) != "ben@example.com" {
		t.Errorf("multiget: got %+v, %v", got, err)
	}
	found, err := client.QueryAddressBook(ctx, books[0].Path, &other.AddressBookQuery{DataRequest: all, PropFilters: []other.PropFilter{{Name: "EMAIL", TextMatches: []other.TextMatch{{Text: "BEN@example.com"}}}}})
	if err != nil || len(found) != 1 {
		t.Errorf("query: got %+v, %v", found, err)
	}
}
