package hubspot_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
)

// A linked account is one of a thousand contacts who rest since yesterday, listed
// to whoever writes.
type linkedAccount struct {
	*stage
	*hubspot.Contacts
	first  int64
	cursor string
	known  map[string]connector.Item
}

func linked(t *testing.T, o sandbox.Options, people int) *linkedAccount {
	t.Helper()
	st := newStage(t, o)
	a := &linkedAccount{stage: st, first: st.Populate(people, time.Millisecond)}
	st.pass(24 * time.Hour)
	a.Contacts = st.open(t)
	a.known, _ = listed(t, a.Contacts, "")
	st.pass(time.Hour)
	a.cursor = fmt.Sprintf("since %d", st.Now().UnixMilli())
	st.pass(time.Hour)
	return a
}

func (a *linkedAccount) id(n int) string { return fmt.Sprint(a.first + int64(n)) }

// listen has the account list what changed since the cursor, as a plan does.
func (a *linkedAccount) listen(t *testing.T) {
	t.Helper()
	items, _ := listed(t, a.Contacts, a.cursor)
	maps.Copy(a.known, items)
}

// titles are updates to so many contacts, each at the version that is known of it.
func (a *linkedAccount) titles(t *testing.T, n int) (writes []connector.Write) {
	t.Helper()
	for i := range n {
		item := a.known[a.id(i)]
		writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: a.id(i), Version: item.Version, Known: seenIn(t, a.Contacts, item.Record),
			Set: map[string]string{"jobtitle": "Baker"}})
	}
	return writes
}

func (a *linkedAccount) edits(t *testing.T, n int, field, value string) {
	t.Helper()
	must(t, a.Change(a.id(n), map[string]string{field: value}))
}

// An edit made there since our look is not overwritten (requirements 3.4), and that
// costs a search and not a reading of everybody. Person 7 is who is edited.
func TestAnEditSinceOurLookIsNotOverwritten(t *testing.T) {
	for _, row := range []struct {
		sentence string
		lag      time.Duration
		people   int
		do       func(t *testing.T, a *linkedAccount) // the plan, and what people do
		fault    string
		title    string
		calls    string
	}{
		{"nobody edits, and the plan is carried out at once", 20 * time.Second, 1000, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
		}, "no fault", "Baker", "0 searches, 0 readings, 10 updates"},
		{"nobody edits, and the plan is carried out later", 20 * time.Second, 1000, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			a.pass(30 * time.Second)
		}, "no fault", "Baker", "1 searches, 0 readings, 10 updates"},
		{"edited since the plan", 20 * time.Second, 1000, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			a.edits(t, 7, "jobtitle", "Cook")
			a.pass(30 * time.Second)
		}, "overtaken", "Cook", "1 searches, 1 readings, 10 updates"},
		{"edited before the plan, when the index had not got it", time.Minute, 1000, func(t *testing.T, a *linkedAccount) {
			a.edits(t, 7, "jobtitle", "Cook")
			a.pass(10 * time.Second)
			a.listen(t)
			a.pass(time.Minute)
		}, "overtaken", "Cook", "1 searches, 1 readings, 10 updates"},
		{"edited some minutes before the plan, and again, which the index has not got", time.Minute, 1000, func(t *testing.T, a *linkedAccount) {
			a.edits(t, 7, "city", "Ely")
			a.pass(2 * time.Minute)
			a.listen(t)
			a.edits(t, 7, "jobtitle", "Cook")
		}, "overtaken", "Cook", "0 searches, 1 readings, 10 updates"},
		{"edited twice, and the index is later than ever", time.Hour, 1000, func(t *testing.T, a *linkedAccount) {
			a.edits(t, 7, "city", "Ely")
			items, err := a.Fetch(t.Context(), []string{a.id(7)})
			must(t, err)
			a.known[a.id(7)] = items[0]
			a.pass(10 * time.Minute)
			a.listen(t)
			a.known[a.id(7)] = items[0]
			a.edits(t, 7, "jobtitle", "Cook")
		}, "overtaken", "Cook", "0 searches, 1 readings, 10 updates"},
		{"edited an hour before the plan, which the plan knows", time.Minute, 1000, func(t *testing.T, a *linkedAccount) {
			a.edits(t, 7, "jobtitle", "Cook")
			a.pass(time.Hour)
			a.listen(t)
		}, "no fault", "Baker", "0 searches, 0 readings, 10 updates"},
		{"what stays open: the first edit for long, which the index has not got", time.Minute, 1000, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			a.edits(t, 7, "jobtitle", "Cook")
			a.edits(t, 7, "city", "Ely")
		}, "no fault", "Baker", "0 searches, 0 readings, 10 updates"},
		{"up to a hundred are read, and nothing stays open", time.Minute, 100, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			a.edits(t, 7, "jobtitle", "Cook")
		}, "overtaken", "Cook", "0 searches, 1 readings, 1 updates"},
		{"merged into another one", 20 * time.Second, 1000, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			_, err := a.Merge(a.id(7), a.id(999))
			must(t, err)
			a.pass(time.Minute)
		}, "missing", "", "1 searches, 1 readings, 10 updates"},
		{"archived", 20 * time.Second, 1000, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			a.Archive(a.id(7))
			a.pass(time.Minute)
		}, "missing", "", "1 searches, 0 readings, 10 updates"},
		{"a plan of another day", 20 * time.Second, 1000, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			a.edits(t, 7, "jobtitle", "Cook")
			a.pass(time.Hour)
			a.Contacts = a.open(t)
		}, "overtaken", "Cook", "0 searches, 10 readings, 10 updates"},
		{"a plan of a listing of everything", 20 * time.Second, 1000, func(t *testing.T, a *linkedAccount) {
			a.known, _ = listed(t, a.Contacts, "")
			a.edits(t, 7, "jobtitle", "Cook")
			a.pass(30 * time.Second)
		}, "overtaken", "Cook", "1 searches, 1 readings, 10 updates"},
		{"a plan of a listing of everything, which took its time", 2 * time.Second, 1000, func(t *testing.T, a *linkedAccount) {
			a.known, _ = listed(t, a.Contacts, "")
			a.edits(t, 7, "jobtitle", "Cook")
			a.pass(5 * time.Second)
		}, "overtaken", "Cook", "1 searches, 1 readings, 10 updates"},
		{"others change many, but fewer than we do", 20 * time.Second, 2500, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			for n := range 600 {
				a.edits(t, n+1500, "city", "Ely")
				a.pass(time.Millisecond)
			}
			a.edits(t, 7, "jobtitle", "Cook")
			a.pass(30 * time.Second)
		}, "overtaken", "Cook", "4 searches, 1 readings, 10 updates"},
		{"others change more than we do", 20 * time.Second, 2500, func(t *testing.T, a *linkedAccount) {
			a.listen(t)
			for n := range 2400 {
				a.edits(t, n+100, "city", "Ely")
			}
			a.edits(t, 7, "jobtitle", "Cook")
			a.pass(30 * time.Second)
		}, "overtaken", "Cook", "1 searches, 10 readings, 1 updates"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			a := linked(t, sandbox.Options{Lag: row.lag}, row.people)
			row.do(t, a)
			writes := a.titles(t, min(row.people, 1000))
			a.Reset()
			out := a.Write(t.Context(), writes)
			if got := faultOf(out[7].Fault); got != row.fault {
				t.Errorf("who was edited: got %s, want %s", got, row.fault)
			}
			if values, _ := a.Contact(a.id(7)); values["jobtitle"] != row.title {
				t.Errorf("HubSpot has the title %q, want %q", values["jobtitle"], row.title)
			}
			if o := out[8]; row.people < 2000 && (o.Fault != nil || value(t, a.Contacts, o.Record, "jobtitle") != "Baker" || value(t, a.Contacts, o.Record, "firstname") != "First 8") {
				t.Errorf("somebody else: got %+v, %v; want it written, with all values", o.Record, o.Fault)
			}
			c := a.Counts()
			if n := a.Calls(writes); row.fault == "no fault" && (c.Calls > n || c.Calls < n-1) {
				t.Errorf("the budget is told of %d calls, there were %d", n, c.Calls)
			}
			if got := fmt.Sprintf("%d searches, %d readings, %d updates", c.ByCall["POST search"], c.ByCall["POST batch/read"], c.ByCall["POST batch/update"]); got != row.calls {
				t.Errorf("got %s, want %s", got, row.calls)
			}
			if len(c.Breaches) > 0 {
				t.Errorf("limits: %q", c.Breaches)
			}
		})
	}
}

// Properties that we do not write stay theirs, whatever stays open.
func TestWhatWeDoNotWriteStaysTheirs(t *testing.T) {
	a := linked(t, sandbox.Options{Lag: time.Minute}, 1000)
	a.listen(t)
	a.edits(t, 7, "city", "Ely")
	a.Write(t.Context(), a.titles(t, 1000))
	if values, _ := a.Contact(a.id(7)); values["city"] != "Ely" || values["jobtitle"] != "Baker" {
		t.Errorf("got %v, want their city and our title", values)
	}
	a.pass(time.Hour)
	items, _ := listed(t, a.Contacts, a.cursor) // and the next listing tells it
	if got := value(t, a.Contacts, items[a.id(7)].Record, "city"); got != "Ely" {
		t.Errorf("listed: got city %q, want Ely", got)
	}
}

// Nothing is written under a condition that could not be looked at.
func TestWithoutALookNothingIsWritten(t *testing.T) {
	for _, row := range []struct {
		sentence, path string
		people         int
	}{{"the index does not answer", "/search", 1000}, {"nobody can be read", "/batch/read", 100}} {
		a := linked(t, sandbox.Options{}, row.people)
		a.listen(t)
		a.pass(time.Minute)
		undo := a.Inject(sandbox.Fault{Path: row.path, Status: 429, Policy: "TEN_SECONDLY_ROLLING"})
		writes := append(a.titles(t, row.people), connector.Write{Op: connector.OpDelete, ID: a.id(3), Version: a.known[a.id(3)].Version})
		out := a.Write(t.Context(), writes)
		undo()
		for i, o := range out {
			if faultOf(o.Fault) != "busy" {
				t.Errorf("%s: write %d: got %s, want busy", row.sentence, i, faultOf(o.Fault))
			}
		}
		if values, there := a.Contact(a.id(3)); !there || values["jobtitle"] != "" {
			t.Errorf("%s: got %v, want nothing written", row.sentence, values)
		}
		out = a.Write(t.Context(), writes[:row.people])
		if out[3].Fault != nil {
			t.Errorf("%s: tried again: got %v", row.sentence, out[3].Fault)
		}
	}
}

// Who is deleted is always read before: an old id may lead to somebody else.
func TestWhoIsDeletedIsReadBefore(t *testing.T) {
	a := linked(t, sandbox.Options{Lag: time.Minute}, 300)
	a.listen(t)
	into, err := a.Merge(a.id(7), a.id(8))
	must(t, err)
	a.edits(t, 9, "city", "Ely")
	var writes []connector.Write
	for n := range 200 {
		writes = append(writes, connector.Write{Op: connector.OpDelete, ID: a.id(n), Version: a.known[a.id(n)].Version})
	}
	want := map[int]string{7: "missing", 8: "missing", 9: "overtaken"}
	for n, o := range a.Write(t.Context(), writes) {
		if got := faultOf(o.Fault); got != want[n] && (want[n] != "" || got != "no fault") {
			t.Errorf("delete %d: got %s, want %q", n, got, want[n])
		}
	}
	if _, there := a.Contact(into); !there || a.Len() != 102 {
		t.Errorf("%d are left, the survivor %v; want the 100 others, the survivor and who was edited", a.Len(), there)
	}
}
