package carddav_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/carddav"
	"github.com/kith-sync/kith/connector/carddav/sandbox"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/vcard"
)

func kindOf(err error) string {
	var f *connector.Fault
	if errors.As(err, &f) && f != nil {
		return f.Kind.String()
	}
	return fmt.Sprint(err)
}

// Every status of a server becomes one kind of fault: for a read, for a write.
func TestStatuses(t *testing.T) {
	for _, row := range []struct {
		status      int
		body        string
		read, write string
	}{
		{302, "", "denied", "denied"}, // to a page for signing in
		{400, "", "invalid", "invalid"},
		{401, "", "denied", "denied"},
		{403, "", "denied", "denied"},
		{403, `<error xmlns="DAV:"><valid-sync-token/></error>`, "expired", "expired"},
		{403, `<d:error xmlns:d="DAV:"><c:valid-address-data/></d:error>`, "invalid", "invalid"},
		{404, "", "missing", "missing"},
		{408, "", "busy", "unknown"},
		{409, "", "invalid", "invalid"},
		{409, `<error><CR:no-uid-conflict/></error>`, "taken", "taken"},
		{410, "", "missing", "missing"},
		{412, "", "overtaken", "overtaken"},
		{413, "", "invalid", "invalid"},
		{415, "", "invalid", "invalid"},
		{422, "", "invalid", "invalid"},
		{423, "", "busy", "busy"},
		{429, "", "busy", "busy"},
		{500, "", "busy", "unknown"},
		{501, "", "invalid", "invalid"},
		{502, "", "busy", "unknown"},
		{503, "", "busy", "busy"},
		{504, "", "busy", "unknown"},
		{507, "", "quota", "quota"},
	} {
		st := newStage(t, &sandbox.Server{})
		st.Put("a.vcf", plain("a", "Ada"))
		b := st.open(t)
		refuse := func(methods string) func() {
			return st.put(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if !strings.Contains(methods, r.Method) {
					next.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Location", "https://login.example.com/")
				w.WriteHeader(row.status)
				_, _ = io.WriteString(w, row.body)
			})
		}
		undo := refuse("GET")
		if got := kindOf(update(t, b, "a.vcf", "", "New").Fault); got != row.read {
			t.Errorf("%d %s to a read: got %s, want %s", row.status, row.body, got, row.read)
		}
		undo()
		undo = refuse("PUT")
		if got := kindOf(update(t, b, "a.vcf", "", "New").Fault); got != row.write {
			t.Errorf("%d %s to a write: got %s, want %s", row.status, row.body, got, row.write)
		}
		undo()
		st.http.Close()
	}
}

func plain(uid, name string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:" + name + "\r\nN:;" + name + ";;;\r\nEND:VCARD\r\n"
}

func update(t *testing.T, b *carddav.Book, id, version, name string) connector.Outcome {
	t.Helper()
	return b.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: id, Version: version, Set: map[string]string{"name": name}}})[0]
}

func TestTryAgainAtADate(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	b := st.open(t)
	st.put(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Date", "Sun, 01 Nov 2026 10:00:00 GMT")
		w.Header().Set("Retry-After", "Sun, 01 Nov 2026 10:02:00 GMT")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := b.Fetch(t.Context(), []string{"a.vcf"})
	var f *connector.Fault
	if !errors.As(err, &f) || f.RetryAfter != 2*time.Minute {
		t.Errorf("got %+v, want 2m by the server's own clock", f)
	}
}

// A write that a context ends after it was sent may have been done.
func TestAWriteThatIsNotAnsweredInTimeIsUnknown(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	b := st.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	st.put(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.ReadAll(r.Body)
		cancel()
		<-release
	})
	o := b.Write(ctx, []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"name": "Ada"}}})[0]
	close(release)
	if got := kindOf(o.Fault); got != "unknown" {
		t.Errorf("got %s, want unknown", got)
	}
}

func TestACreateWhosePlaceIsTaken(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	st.Put("k-1.vcf", plain("somebody-else", "Eve"))
	st.Put("other.vcf", plain("k-2", "Eve"))
	b := st.open(t)
	for _, key := range []string{"k-1", "k-2"} {
		o := b.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: key, Set: map[string]string{"name": "Ada"}}})[0]
		if got := kindOf(o.Fault); got != "taken" || o.Record.ID != "" {
			t.Errorf("create %s: got %s and %+v, want it taken", key, got, o.Record)
		}
	}
	if got := st.Card("k-1.vcf"); got != plain("somebody-else", "Eve") {
		t.Errorf("the card that was there: got %q", got)
	}
}

// I13: what cannot be read is not gone.
func TestAListingWithACardThatCannotBeReadIsNotComplete(t *testing.T) {
	for _, row := range []struct {
		name, card string
		complete   bool
		items      int
	}{
		{"a card that cannot be read", "BEGIN:VCARD\r\nUID:b\r\nFN:half", false, 1},
		{"two cards in one", plain("b", "Ben") + plain("c", "Cem"), false, 1},
		{"a list of people is no person", "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nUID:b\r\nFN:Team\r\nEND:VCARD\r\n", true, 1},
		{"a card with nothing in it", "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:b\r\nFN:\r\nEND:VCARD\r\n", true, 2},
	} {
		st := newStage(t, &sandbox.Server{})
		st.Put("a.vcf", plain("a", "Ada"))
		st.Put("b.vcf", row.card)
		items, complete := 0, false
		for page, err := range st.open(t).Changes(t.Context(), "") {
			if err != nil {
				t.Fatalf("%s: %v", row.name, err)
			}
			items += len(page.Items)
			complete = page.Complete
		}
		if items != row.items || complete != row.complete {
			t.Errorf("%s: got %d items, complete %v; want %d, %v", row.name, items, complete, row.items, row.complete)
		}
	}
}

func TestAnEndlessAnswerIsAnErrorNotAFullMemory(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	b := st.open(t)
	st.put(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.WriteHeader(map[bool]int{true: 200, false: 207}[r.Method == http.MethodGet])
		_, err := io.WriteString(w, `<multistatus xmlns="DAV:"><response><href>`)
		for block := strings.Repeat("x", 1<<20); err == nil; {
			_, err = io.WriteString(w, block)
		}
	})
	_, err := b.Fetch(t.Context(), []string{"a.vcf"})
	if got := kindOf(err); got != "invalid" {
		t.Errorf("fetch: got %s, want invalid", got)
	}
	if got := kindOf(update(t, b, "a.vcf", "", "New").Fault); got != "invalid" {
		t.Errorf("update: got %s, want invalid", got)
	}
}

// What no field is read from reaches the server as it came from there.
func TestAnUpdateKeepsEveryOtherByte(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	const before = "BEGIN:VCARD\nVERSION:4.0\nx.X-Thing;P=\"a,b\":one\n  two\nUID:urn:uuid:1\nPHOTO:data:image/png;base64,QUJD\n REVG\nFN:Ada\nboat.TEL;TYPE=\"cell,voice\":1\nboat.X-ABLabel:Boat\nREV:20200101T000000Z\nEND:VCARD\n"
	st.Put("a.vcf", before)
	b := st.open(t)
	o := b.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: "a.vcf", Set: map[string]string{"mobile": "2", "title": "Countess"}}})[0]
	want := strings.Replace(strings.Replace(before, "cell,voice\":1", "cell,voice\":2", 1), "END:", "TITLE:Countess\nEND:", 1)
	if got := st.Card("a.vcf"); o.Fault != nil || got != want {
		t.Errorf("fault %v, got\n%s\nwant\n%s", o.Fault, got, want)
	}
	if want := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC); !o.Record.Modified.Equal(want) {
		t.Errorf("modified: got %s, want REV: %s", o.Record.Modified, want)
	}
}

// What somebody else wrote right after us is for the next listing to tell: taken for
// the server's way of writing ours it would never arrive here.
func TestAnEditRightAfterOursIsNotOurs(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	st.Put("a.vcf", plain("1", "Ada"))
	b := st.open(t)
	st.put(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		if r.Method == http.MethodPut {
			st.Put("a.vcf", plain("1", "Eve"))
		}
	})
	o := b.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: "a.vcf", Set: map[string]string{"name": "Ida"}}})[0]
	at := slices.IndexFunc(vcard.Fields(), func(f contact.Field) bool { return f.Name == "name" })
	if got := o.Record.Value(at); o.Fault != nil || got != "Ida" {
		t.Errorf("got %q, %v, want what was sent: Ida", got, o.Fault)
	}
	if got := listing(t, b)[0]; got.Value(at) != "Eve" || got.Version == o.Record.Version {
		t.Errorf("listed %q at version %s, want Eve at another than ours", got.Value(at), got.Version)
	}
}

// A card is named in one way, however a server escapes its address.
func TestNamesThatNeedEscaping(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	b := st.open(t)
	for _, name := range []string{"a b.vcf", "ä@example.com.vcf", "50%.vcf", "a+b&c;d.vcf", "a?b#c.vcf", "x:y.vcf"} {
		st.Put(name, plain(name, "Ada"))
		items := listing(t, b)
		if len(items) != 1 {
			t.Fatalf("%s: got %+v, want one card", name, items)
		}
		o := update(t, b, items[0].ID, items[0].Version, "Ben")
		got, err := b.Fetch(t.Context(), []string{items[0].ID})
		if o.Fault != nil || err != nil || len(got) != 1 || got[0].ID != items[0].ID || got[0].Version != o.Record.Version {
			t.Errorf("%s: got %v, %+v, %v", name, o.Fault, got, err)
		}
		st.Server.Remove(name)
	}
}

func TestDiscovery(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	for _, path := range []string{"", "/", sandbox.Principal, sandbox.Home, sandbox.BookPath, strings.TrimSuffix(sandbox.BookPath, "/")} {
		s := st.settings()
		s.URL += path
		b, err := carddav.Open(t.Context(), s, st.client)
		if err != nil || b.Name() != "127.0.0.1: People" {
			t.Errorf("open %q: got %v, %v", path, b, err)
		}
	}
	for _, row := range []struct {
		name, want string
		change     func(*carddav.Settings)
	}{
		{"a wrong password", "denied", func(s *carddav.Settings) { s.Password = "x" }},
		{"no address", "invalid", func(s *carddav.Settings) { s.URL = "people" }},
		{"another protocol", "invalid", func(s *carddav.Settings) { s.URL = "ftp://example.com/" }},
		{"nobody there", "busy", func(s *carddav.Settings) { s.URL = "http://" + freeAddress(t) }},
		{"a path that is not there", "This server has no address book for this user. Create one, or give the address of the book itself.", func(s *carddav.Settings) { s.URL += "/nowhere/" }},
		{"another name", `There is no single address book called "Others". Choose one of "People" (/books/kith/people/).`, func(s *carddav.Settings) { s.Book = "Others" }},
	} {
		s := st.settings()
		row.change(&s)
		if _, err := carddav.Open(t.Context(), s, st.client); kindOf(err) != row.want {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
}

// The password is shown to the server it belongs to and to nobody else.
func TestARedirectElsewhereGetsNoPassword(t *testing.T) {
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	st := newStage(t, &sandbox.Server{})
	st.put(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, elsewhere.URL, http.StatusPermanentRedirect)
	})
	if _, err := carddav.Open(t.Context(), st.settings(), st.client); kindOf(err) != "denied" || asked {
		t.Errorf("got %v and asked %v, want it denied and nobody asked", err, asked)
	}
}

// A server that throttles is not asked a hundred times more, and a password that
// is refused is not tried again until the account is locked.
func TestWritesStopWhenTheServerSaysSo(t *testing.T) {
	for _, row := range []struct {
		status int
		want   int32
	}{{http.StatusTooManyRequests, 1}, {http.StatusUnauthorized, 1}, {http.StatusBadRequest, 3}} {
		st := newStage(t, &sandbox.Server{})
		b := st.open(t)
		var asked atomic.Int32
		st.put(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			asked.Add(1)
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(row.status)
		})
		w := connector.Write{Op: connector.OpDelete, ID: "a.vcf"}
		for i, o := range b.Write(t.Context(), []connector.Write{w, w, w}) {
			if o.Fault == nil {
				t.Errorf("%d: write %d: got no fault", row.status, i)
			}
		}
		if got := asked.Load(); got != row.want {
			t.Errorf("%d: asked %d times, want %d", row.status, got, row.want)
		}
	}
}

// What is wrong is told without the address of a card, which may be a name.
func TestFaultsNameNobody(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	b := st.open(t)
	st.down(t)
	o := update(t, b, "ada-lovelace.vcf", "", "Ada")
	if text := fmt.Sprint(o.Fault, o.Fault.Err); strings.Contains(text, "lovelace") || strings.Contains(text, "correct horse") {
		t.Errorf("got %s", text)
	}
}

// I2: somebody who is faster than our write, between its read and itself, is not
// written over.
func TestSomebodyBetweenOurReadAndOurWrite(t *testing.T) {
	for _, row := range []struct {
		sentence string
		op       connector.Op
		meddle   func(*stage)
		want     string
	}{
		{"changed before our update", connector.OpUpdate, func(st *stage) { st.Put("a.vcf", plain("a", "Eve")) }, "overtaken"},
		{"changed before our delete", connector.OpDelete, func(st *stage) { st.Put("a.vcf", plain("a", "Eve")) }, "overtaken"},
		{"deleted before our update", connector.OpUpdate, func(st *stage) { st.Server.Remove("a.vcf") }, "missing"},
		{"deleted before our delete", connector.OpDelete, func(st *stage) { st.Server.Remove("a.vcf") }, "missing"},
	} {
		st := newStage(t, &sandbox.Server{})
		st.Put("a.vcf", plain("a", "Ada"))
		b := st.open(t)
		version := listing(t, b)[0].Version
		st.put(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodGet {
				row.meddle(st)
			}
			next.ServeHTTP(w, r)
		})
		o := b.Write(t.Context(), []connector.Write{{Op: row.op, ID: "a.vcf", Version: version, Set: map[string]string{"name": "Ours"}}})[0]
		if got := kindOf(o.Fault); got != row.want || strings.Contains(st.Card("a.vcf"), "Ours") {
			t.Errorf("%s: got %s and card %q, want %s", row.sentence, got, st.Card("a.vcf"), row.want)
		}
	}
}
