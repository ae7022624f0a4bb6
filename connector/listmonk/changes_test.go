package listmonk_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/listmonk"
	"github.com/kith-sync/kith/connector/listmonk/sandbox"
)

// listed reads a listing to its end: the ids, the last cursor, whether it is whole.
func listed(t *testing.T, l *listmonk.List, since string) (ids []string, cursor string, complete bool) {
	t.Helper()
	for page, err := range l.Changes(t.Context(), since) {
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		cursor, complete = page.Cursor, page.Complete
	}
	return ids, cursor, complete
}

func (st *stage) crowd(t *testing.T, n int) (ids []string) {
	t.Helper()
	for i := range n {
		ids = append(ids, st.Add(t, map[string]string{"email": fmt.Sprintf("p%d@example.com", i)}))
	}
	return ids
}

// What somebody says to a list changes the subscription and not the subscriber.
func TestWhatPeopleSayToTheListIsAChange(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	ids := st.crowd(t, 5)
	l := st.open(t)
	_, cursor, _ := listed(t, l, "")
	for _, state := range []string{"unsubscribed", "confirmed"} {
		st.clock.pass(time.Hour)
		n, _ := strconv.Atoi(ids[1])
		st.Says(n, st.list, state)
		got, next, _ := listed(t, l, cursor)
		if !slices.Contains(got, ids[1]) || len(got) > 2 {
			t.Errorf("%s: got %v, want %s", state, got, ids[1])
		}
		cursor = next
	}
	if got, _, _ := listed(t, l, cursor); !slices.Equal(got, ids[1:2]) {
		t.Errorf("nothing happened since: got %v, want %s, for a cursor is inclusive, and nobody else", got, ids[1])
	}
}

// A transaction that began before our listing and ended after it has an earlier
// time than what we have seen.
func TestALateTransactionIsSeen(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.crowd(t, 3)
	l := st.open(t)
	_, cursor, _ := listed(t, l, "")
	st.clock.pass(-4 * time.Minute)
	late := strconv.Itoa(st.Sandbox.Add(sandbox.Person{Email: "late@example.com", Name: "Late", Lists: map[int]string{st.list: "confirmed"}}))
	if got, _, _ := listed(t, l, cursor); !slices.Contains(got, late) {
		t.Errorf("got %v, want %s too", got, late)
	}
}

// Pages by number shift when somebody changes or leaves: nobody may be skipped.
func TestNobodyIsSkippedWhileOthersChange(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	ids := st.crowd(t, 200)
	l := st.open(t)
	_, cursor, _ := listed(t, l, "")
	st.clock.pass(time.Hour)
	for _, id := range ids {
		st.Change(t, id, map[string]string{"email": "q" + id + "@example.com"})
	}
	for _, since := range []string{"", cursor} {
		seen := map[string]bool{}
		left := slices.Clone(ids)
		for page, err := range l.Changes(t.Context(), since) {
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				seen[item.ID] = true
			}
			st.Change(t, left[0], map[string]string{"email": "r" + left[0] + "@example.com"}) // was on a page before
			n, _ := strconv.Atoi(left[1])
			st.Leave(n, st.list)
			left = left[2:]
		}
		for _, id := range ids[20:] {
			if !seen[id] {
				t.Errorf("since %q: %s was skipped", since, id)
			}
		}
		for _, id := range ids {
			n, _ := strconv.Atoi(id)
			st.Join(n, st.list, "confirmed")
		}
	}
}

// I17: a listing that was broken off goes on, and is as whole as one that was not.
func TestAListingGoesOnFromAnyPage(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	ids := st.crowd(t, 130)
	l := st.open(t)
	seen := []string{}
	for page, err := range l.Changes(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			seen = append(seen, item.ID)
		}
		rest, end, complete := listed(t, l, page.Cursor)
		if page.Complete {
			continue
		}
		if all := append(slices.Clone(seen), rest...); !slices.Equal(all, ids) || !complete {
			t.Errorf("from %q: got %d people and complete %v, want %d and true", page.Cursor, len(all), complete, len(ids))
		}
		if again, _, complete := listed(t, l, end); len(again) != 1 || complete {
			t.Errorf("from the end: got %v, complete %v; want the last one and false", again, complete)
		}
	}
}

func TestACursorThatIsNotOurs(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	l := st.open(t)
	for _, cursor := range []string{"x", "mark=yesterday", "from=2026-01-01", "after=-1", "after=1&after=2", "%zz", "from=2026-01-01T00:00:00Z' OR 1=1 --"} {
		for _, err := range l.Changes(t.Context(), cursor) {
			if got := kindOf(err); got != "expired" {
				t.Errorf("%q: got %s, want expired", cursor, got)
			}
		}
	}
}

// A server that says there are more than it shows has not shown everybody.
func TestAListingWithSomebodyMissingIsNotComplete(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	l := st.open(t)
	st.Fail(sandbox.Fault{Method: "GET", Path: "/api/subscribers", Status: 200, Body: `{"data":{"results":[],"total":7}}`})
	for page, err := range l.Changes(t.Context(), "") {
		if kindOf(err) != "busy" || page.Complete {
			t.Errorf("got %v and complete %v, want busy and false", err, page.Complete)
		}
	}
}

// Who is on the server and not on the list is not one of ours.
func TestOthersOfTheServer(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	other := st.AddList("Other", "single")
	mine := st.Add(t, map[string]string{"email": "mine@example.com"})
	theirs := strconv.Itoa(st.Sandbox.Add(sandbox.Person{Email: "theirs@example.com", Lists: map[int]string{other: "confirmed"}}))
	l := st.open(t)
	if got, _, _ := listed(t, l, ""); !slices.Equal(got, []string{mine}) {
		t.Errorf("listed %v, want %s", got, mine)
	}
	items, err := l.Fetch(t.Context(), []string{mine, theirs, "0", "-1", "1 OR 1=1", "99999999999999999999", "x"})
	if err != nil || len(items) != 7 || items[0].Gone {
		t.Fatalf("fetch: got %+v, %v", items, err)
	}
	for _, item := range items[1:] {
		if !item.Gone {
			t.Errorf("fetch %q: got %+v, want it gone", item.ID, item)
		}
	}
	for _, op := range []connector.Op{connector.OpUpdate, connector.OpDelete} {
		for _, id := range []string{theirs, "1 OR 1=1"} {
			o := l.Write(t.Context(), []connector.Write{{Op: op, ID: id, Set: map[string]string{"name": "X"}}})[0]
			if got := kindOf(o.Fault); got != "missing" {
				t.Errorf("write %q: got %s, want missing", id, got)
			}
		}
	}
}

// Nobody is found by a text that would break out of the search.
func TestNaughtyAddresses(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.crowd(t, 3)
	irish := st.Add(t, map[string]string{"email": "o'brien@example.com"})
	l := st.open(t)
	items, err := l.Find(t.Context(), "email", []string{"O'Brien@example.com"})
	if err != nil || len(items) != 1 || items[0].ID != irish {
		t.Errorf("got %+v, %v; want %s", items, err, irish)
	}
	for _, text := range []string{"' OR '1'='1", "x') OR 1=1 --", "x'; DROP TABLE subscribers; --", `\' OR 1=1 --`, "%", "_", "p0@example.com\x00", "'", "''", strings.Repeat("x", 100_000)} {
		if items, err := l.Find(t.Context(), "email", []string{text}); err != nil || len(items) > 0 {
			t.Errorf("%.40q: got %+v, %v; want nobody", text, items, err)
		}
	}
	var many []string
	for i := range 500 {
		many = append(many, fmt.Sprintf("p%d@example.com", i))
	}
	if items, err := l.Find(t.Context(), "email", many); err != nil || len(items) != 3 {
		t.Errorf("500 addresses: got %d people, %v; want 3", len(items), err)
	}
}
