package listmonk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/listmonk"
	"github.com/kith-sync/kith/connector/listmonk/sandbox"
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
		{403, `{"message":"invalid API credentials"}`, "denied", "denied"},
		{404, "", "invalid", "invalid"},
		{405, "", "invalid", "invalid"},
		{408, "", "busy", "unknown"},
		{409, "", "taken", "taken"},
		{410, "", "missing", "missing"},
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
	} {
		st := newStage(t, sandbox.Options{})
		id := st.Add(t, map[string]string{"email": "a@example.com"})
		l := st.open(t)
		undo := st.Fail(sandbox.Fault{Method: "GET", Status: row.status, Body: row.body})
		_, err := l.Fetch(t.Context(), []string{id})
		if got := kindOf(err); got != row.read {
			t.Errorf("%d to a read: got %s, want %s", row.status, got, row.read)
		}
		undo()
		for _, method := range []string{"POST", "PUT"} { // to subscribe, to unsubscribe
			undo = st.Fail(sandbox.Fault{Method: method, Status: row.status, Body: row.body})
			w := connector.Write{Op: connector.OpCreate, Key: "k", Set: map[string]string{"email": "b@example.com"}}
			if method == "PUT" {
				w = connector.Write{Op: connector.OpUpdate, ID: id, Set: map[string]string{"status": "unsubscribed"}}
			}
			if got := kindOf(l.Write(t.Context(), []connector.Write{w})[0].Fault); got != row.write {
				t.Errorf("%d to a %s: got %s, want %s", row.status, method, got, row.write)
			}
			undo()
		}
	}
}

func TestWhatAnAnswerWithoutSenseMeans(t *testing.T) {
	for _, row := range []struct{ name, body, want string }{
		{"a page", "<!doctype html><title>listmonk</title>", "invalid"},
		{"another API", `{"data": "hello"}`, "invalid"},
		{"half of it", `{"data": {"results": [`, "busy"},
		{"nothing", "", "busy"},
	} {
		there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, row.body) }))
		_, err := listmonk.Open(t.Context(), listmonk.Settings{URL: there.URL, User: "u", Token: "t"}, http.DefaultClient)
		if got := kindOf(err); got != row.want {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
		there.Close()
	}
}

func TestOpen(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.AddList("Club", "double")
	for _, row := range []struct {
		name, want string
		change     func(*listmonk.Settings)
	}{
		{"a list by name", "127.0.0.1: Club", func(s *listmonk.Settings) { s.List = "Club" }},
		{"a list by number", "127.0.0.1: Club", func(s *listmonk.Settings) { s.List = "2" }},
		{"an address as copied from a browser", "127.0.0.1: News", func(s *listmonk.Settings) { s.URL += "/admin/lists?page=1" }},
		{"the address of the API", "127.0.0.1: News", func(s *listmonk.Settings) { s.URL += "/api/" }},
		{"a wrong token", "denied", func(s *listmonk.Settings) { s.Token = "x" }},
		{"no token", "invalid", func(s *listmonk.Settings) { s.Token = "" }},
		{"no address", "invalid", func(s *listmonk.Settings) { s.URL = "lists" }},
		{"another protocol", "invalid", func(s *listmonk.Settings) { s.URL = "ftp://example.com/" }},
		{"nobody there", "busy", func(s *listmonk.Settings) { s.URL = "http://" + freeAddress(t) }},
		{"a path that is not there", "invalid", func(s *listmonk.Settings) { s.URL += "/nowhere" }},
		{"no list", `There are several lists. Choose one of "News" (1), "Club" (2).`, func(s *listmonk.Settings) { s.List = "" }},
		{"another list", `There is no single list called "Others". Choose one of "News" (1), "Club" (2).`, func(s *listmonk.Settings) { s.List = "Others" }},
	} {
		s := st.settings()
		row.change(&s)
		l, err := listmonk.Open(t.Context(), s, st.client)
		got := kindOf(err)
		if err == nil {
			got = l.Name()
		}
		if got != row.want {
			t.Errorf("%s: got %s, %v; want %s", row.name, got, err, row.want)
		}
	}
	empty := httptest.NewServer(sandbox.New(sandbox.Options{}))
	defer empty.Close()
	var choice *listmonk.ChoiceError
	if _, err := listmonk.Open(t.Context(), listmonk.Settings{URL: empty.URL, User: "u", Token: "t"}, http.DefaultClient); !errors.As(err, &choice) || len(choice.Lists) != 0 {
		t.Errorf("no list at all: got %v, want a choice of none", err)
	}
}

func TestARoleThatMayNotSearchIsToldWhatItNeeds(t *testing.T) {
	st := newStage(t, sandbox.Options{NoSQL: true})
	_, err := listmonk.Open(t.Context(), st.settings(), st.client)
	if kindOf(err) != "denied" || !strings.Contains(err.Error(), "subscribers:sql_query") {
		t.Errorf("got %v, want the name of the permission", err)
	}
}

// A server that throttles is not asked a hundred times more, and a token that is
// refused is not tried again.
func TestWritesStopWhenTheServerSaysSo(t *testing.T) {
	for _, row := range []struct{ status, want int }{{http.StatusTooManyRequests, 1}, {http.StatusForbidden, 1}, {http.StatusBadRequest, 3}} {
		st := newStage(t, sandbox.Options{})
		l := st.open(t)
		st.Fail(sandbox.Fault{Method: "POST", Status: row.status, RetryAfter: 5 * time.Second})
		st.Counts()
		var writes []connector.Write
		for i := range 3 {
			writes = append(writes, connector.Write{Op: connector.OpCreate, Key: fmt.Sprint(i), Set: map[string]string{"email": fmt.Sprintf("p%d@example.com", i)}})
		}
		for i, o := range l.Write(t.Context(), writes) {
			if o.Fault == nil {
				t.Errorf("%d: write %d: got no fault", row.status, i)
			}
		}
		if got := st.Counts().Total; got != row.want {
			t.Errorf("%d: asked %d times, want %d", row.status, got, row.want)
		}
	}
}

// A write that a context ends after it was sent may have been done.
func TestAWriteThatIsNotAnsweredInTimeIsUnknown(t *testing.T) {
	there := sandbox.New(sandbox.Options{})
	there.AddList("News", "single")
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.ReadAll(r.Body)
			cancel()
			<-release
		}
		there.ServeHTTP(w, r)
	}))
	defer server.Close()
	l, err := listmonk.Open(ctx, listmonk.Settings{URL: server.URL, User: "u", Token: "t"}, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	o := l.Write(ctx, []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"email": "a@example.com"}}})[0]
	close(release)
	if got := kindOf(o.Fault); got != "unknown" {
		t.Errorf("got %s, want unknown", got)
	}
}

// A server that hangs costs one wait, and not one for every write.
func TestAServerThatHangsIsNotAskedForEveryWrite(t *testing.T) {
	there := sandbox.New(sandbox.Options{})
	there.AddList("News", "single")
	release := make(chan struct{})
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			asked.Add(1)
			_, _ = io.ReadAll(r.Body)
			<-release
		}
		there.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer close(release)
	client := server.Client()
	client.Transport.(*http.Transport).ResponseHeaderTimeout = 100 * time.Millisecond
	l, err := listmonk.Open(t.Context(), listmonk.Settings{URL: server.URL, User: "u", Token: "t"}, client)
	if err != nil {
		t.Fatal(err)
	}
	var writes []connector.Write
	for _, key := range strings.Fields("k1 k2 k3 k4") {
		writes = append(writes, connector.Write{Op: connector.OpCreate, Key: key, Set: map[string]string{"email": key + "@example.com"}})
	}
	var got []string
	for _, o := range l.Write(t.Context(), writes) {
		got = append(got, kindOf(o.Fault))
	}
	if want := "unknown busy busy busy"; strings.Join(got, " ") != want || asked.Load() != 1 {
		t.Errorf("got %v after %d requests, want %s after 1", got, asked.Load(), want)
	}
}

// What is wrong is told without an address and without the token: neither of
// somebody who is looked for, nor as the server quotes it.
func TestFaultsNameNobody(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Add(t, map[string]string{"email": "ada@example.com"})
	l := st.open(t)
	var all []any
	for _, f := range []sandbox.Fault{{Status: 500, Body: `{"message":"ada@example.com"}`}, {Status: 400, Body: "ada@example.com " + token}, {Drop: true}, {Cut: true}} {
		undo := st.Fail(f)
		_, err := l.Find(t.Context(), "email", []string{"ada@example.com"})
		o := l.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Set: map[string]string{"email": "ada@example.com"}}})[0]
		all = append(all, err, errors.Unwrap(err), o.Fault, o.Fault.Err)
		undo()
	}
	undo := st.down(t)
	_, err := l.Find(t.Context(), "email", []string{"ada@example.com"})
	undo()
	all = append(all, err, errors.Unwrap(err))
	if text := fmt.Sprint(all...); strings.Contains(text, "ada") || strings.Contains(text, token) {
		t.Errorf("got %s", text)
	}
}
