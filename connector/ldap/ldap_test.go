package ldap_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/ldap"
)

const size = 2500

func now() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }

func open(t *testing.T, settings ldap.Settings) *ldap.Directory {
	t.Helper()
	d, err := ldap.Open(t.Context(), settings, new(net.Dialer).DialContext, now)
	if err != nil {
		t.Fatalf("open: %v (%v)", err, errors.Unwrap(err))
	}
	return d
}

// A listing is what Changes told.
type listing struct {
	pages    int
	ids      []string // in order
	items    map[string]connector.Item
	cursor   string
	complete bool
	err      error
}

func list(ctx context.Context, d *ldap.Directory, since string) listing {
	l := listing{items: map[string]connector.Item{}}
	for page, err := range d.Changes(ctx, since) {
		if err != nil {
			l.err = err
			break
		}
		l.pages++
		for _, it := range page.Items {
			l.ids = append(l.ids, it.ID)
			l.items[it.ID] = it
		}
		l.cursor, l.complete = page.Cursor, page.Complete
	}
	return l
}

func (l listing) has(i int) bool { _, ok := l.items[uuid(i)]; return ok }

// change gives a person another title, and returns the time it was done by the
// server's clock.
func (s *server) change(t *testing.T, i int, title string) string {
	t.Helper()
	m := ldapv3.NewModifyRequest(dn(i), nil)
	m.Replace("title", []string{title})
	if err := s.admin.Modify(m); err != nil {
		t.Fatal(err)
	}
	found, err := s.admin.Search(&ldapv3.SearchRequest{BaseDN: dn(i), Filter: "(objectClass=*)", Attributes: []string{"modifyTimestamp"}})
	if err != nil {
		t.Fatal(err)
	}
	return found.Entries[0].GetAttributeValue("modifyTimestamp")
}

func value(t *testing.T, d *ldap.Directory, it connector.Item, field string) string {
	t.Helper()
	schema, err := d.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if schema.Index(field) < 0 {
		t.Fatalf("the schema has no field %s", field)
	}
	return it.Value(schema.Index(field))
}

func TestListing(t *testing.T) {
	s := start(t, crowd(size), "")
	d := open(t, s.settings())

	all := list(t.Context(), d, "")
	if all.err != nil || len(all.ids) != size || len(all.items) != size || !all.complete || all.pages != 5 {
		t.Fatalf("everybody: got %d people, %d different, on %d pages, complete %v, %v; want 2500 on 5 pages, complete", len(all.ids), len(all.items), all.pages, all.complete, all.err)
	}
	if all.cursor != stamp(size-1) {
		t.Errorf("cursor: got %s, want the latest change %s", all.cursor, stamp(size-1))
	}
	first := all.items[uuid(0)]
	for field, want := range map[string]string{"first_name": "Zoë", "last_name": "Müller-0", "email": "p0@example.org", "email.2": "p0@example.com", "login": "p0"} {
		if got := value(t, d, first, field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	if first.Version == "" || !first.Modified.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("version and time: got %q, %v, want a version and 2026-01-01", first.Version, first.Modified)
	}

	t.Run("an incremental listing has the change, and repeats the seconds around the cursor", func(t *testing.T) {
		done := s.change(t, 7, "Captain")
		some := list(t.Context(), d, all.cursor)
		if got, want := slices.Sorted(maps.Keys(some.items)), []string{uuid(7), uuid(size - 3), uuid(size - 2), uuid(size - 1)}; some.err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v, %v, want %v", got, some.err, want)
		}
		if got := value(t, d, some.items[uuid(7)], "title"); got != "Captain" || some.complete || some.cursor != done {
			t.Errorf("got title %q, complete %v, cursor %s, want Captain, false, %s", got, some.complete, some.cursor, done)
		}
		if some.items[uuid(7)].Version == all.items[uuid(7)].Version {
			t.Errorf("version after a change: got %q, want another", some.items[uuid(7)].Version)
		}
		if again := list(t.Context(), d, some.cursor); again.err != nil || again.cursor != done || !again.has(7) || again.has(size-1) {
			t.Errorf("with nothing new: got %v, cursor %s, %v, want person 7 and the same cursor", again.ids, again.cursor, again.err)
		}
	})
	t.Run("a lag looks back before the cursor", func(t *testing.T) {
		settings := s.settings()
		settings.Lag = 3 * time.Second
		if some := list(t.Context(), open(t, settings), all.cursor); len(some.ids) != 7 || !some.has(size-6) {
			t.Errorf("got %v, want person 7 and the last six", some.ids)
		}
	})
	t.Run("who is deleted is missing from a complete listing only", func(t *testing.T) {
		if err := s.admin.Del(ldapv3.NewDelRequest(dn(9), nil)); err != nil {
			t.Fatal(err)
		}
		if l := list(t.Context(), d, all.cursor); l.err != nil || l.has(9) || l.complete {
			t.Errorf("incremental: got person 9 %v, complete %v, %v", l.has(9), l.complete, l.err)
		}
		if l := list(t.Context(), d, ""); l.err != nil || l.has(9) || !l.complete || len(l.ids) != size-1 {
			t.Errorf("everybody: got person 9 %v, complete %v, %d people, %v, want false, true, 2499", l.has(9), l.complete, len(l.ids), l.err)
		}
	})
	t.Run("a cursor that is no time is expired", func(t *testing.T) {
		l := list(t.Context(), d, "20260101000000Z)(uid=*")
		wantFault(t, l.err, connector.Expired, "from the beginning")
	})
}

// Ann is listed and changed after that; Bob is changed later, and listed so. The
// time of Bob's change must not become the cursor.
func TestChangesWhileListingAreNotSkipped(t *testing.T) {
	s := start(t, crowd(size), "")
	d := open(t, s.settings())
	const ann, bob = 0, size - 1
	cursor, bobs := "", connector.Item{}
	page := 0
	for p, err := range d.Changes(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if page == 0 {
			anns := s.change(t, ann, "Captain")
			for n := 0; s.change(t, bob, strconv.Itoa(n)) <= anns; n++ {
			}
		}
		page++
		for _, it := range p.Items {
			if it.ID == uuid(bob) {
				bobs = it
			}
		}
		cursor = p.Cursor
	}
	if got := value(t, d, bobs, "title"); got == "" {
		t.Fatal("Bob was listed before his change: this test shows nothing")
	}
	some := list(t.Context(), d, cursor)
	if some.err != nil || !some.has(ann) {
		t.Fatalf("after cursor %s: got %v, %v, want Ann too", cursor, some.ids, some.err)
	}
	if got := value(t, d, some.items[uuid(ann)], "title"); got != "Captain" {
		t.Errorf("Ann's title: got %q, want Captain", got)
	}
}

func TestFetchAndFind(t *testing.T) {
	s := start(t, crowd(300)+oddPeople, "")
	d := open(t, s.settings())

	var ids []string
	for i := range 250 {
		ids = append(ids, uuid(i))
	}
	nasty := []string{"*", "x)(uid=*", `\2a`, "", uuid(999), "uid=nobody," + people, "uid=p1,ou=elsewhere,dc=example,dc=org", "oops=1," + people, "\x00\xff"}
	items, err := d.Fetch(t.Context(), append(ids, nasty...))
	if err != nil {
		t.Fatal(err)
	}
	var gone []string
	for _, it := range items {
		if it.Gone {
			gone = append(gone, it.ID)
		}
	}
	slices.Sort(gone)
	slices.Sort(nasty)
	if len(items) != len(ids)+len(nasty) || !slices.Equal(gone, nasty) {
		t.Errorf("fetch: got %d items, gone %q, want %d, gone %q", len(items), gone, len(ids)+len(nasty), nasty)
	}

	rows := []struct {
		name, field string
		values      []string
		want        []string
	}{
		{"the first address finds", "email", []string{"p3@example.org"}, []string{uuid(3)}},
		{"another address finds, whatever its case", "email", []string{"P3@EXAMPLE.com"}, []string{uuid(3)}},
		{"a person who has two of the values comes once", "email", []string{"p3@example.org", "p3@example.com"}, []string{uuid(3)}},
		{"a login finds", "login", []string{"p4", "p5"}, []string{uuid(4), uuid(5)}},
		{"a star is a star", "email", []string{"*"}, nil},
		{"a parenthesis is a parenthesis", "login", []string{"p1)(uid=*"}, nil},
		{"blank finds nobody", "login", []string{"", " "}, nil},
		{"a login with a star of its own finds", "login", []string{"a*(b)"}, []string{uuid(900)}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			found, err := d.Find(t.Context(), row.field, row.values)
			var got []string
			for _, it := range found {
				got = append(got, it.ID)
			}
			if err != nil || !slices.Equal(got, row.want) {
				t.Errorf("find %s %q: got %v, %v, want %v", row.field, row.values, got, err, row.want)
			}
		})
	}
	_, err = d.Find(t.Context(), "note", []string{"x"})
	wantFault(t, err, connector.Invalid, "note")
	for _, o := range d.Write(t.Context(), make([]connector.Write, 3)) {
		wantFault(t, o.Fault, connector.Invalid, "read only")
	}
}
