package hubspot_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/contact"
)

// A merge makes a new contact. The links of both old ones lead to it, by the
// listing and by looking (requirements 3.13, section 4, 5).
func TestMerges(t *testing.T) {
	for _, row := range []struct {
		sentence string
		options  sandbox.Options
	}{
		{"a new id", sandbox.Options{}},
		{"a new id, and the old ones left out of readings", sandbox.Options{MergedLeftOut: true}},
		{"the first one's id stays", sandbox.Options{MergeKeepsID: true}},
	} {
		st := newStage(t, row.options)
		st.Seed()
		st.pass(time.Hour)
		c := st.open(t)
		_, last := listed(t, c, "")
		st.pass(time.Hour)
		into, err := st.Merge("1001", "1002")
		must(t, err)
		st.pass(time.Hour)
		want := map[string]string{"1001": into, "1002": into}
		if row.options.MergeKeepsID {
			delete(want, "1001")
		}
		for _, since := range []string{last.Cursor, ""} {
			items, _ := listed(t, c, since)
			for id, survivor := range want {
				if !items[id].Gone || items[id].MergedInto != survivor {
					t.Errorf("%s: listed since %q: %s is %+v, want it gone into %s", row.sentence, since, id, items[id], survivor)
				}
			}
			if items[into].Gone || value(t, c, items[into].Record, "email") != "ada.byron@example.com" {
				t.Errorf("%s: the survivor: got %+v", row.sentence, items[into])
			}
		}
		fetched, err := c.Fetch(t.Context(), []string{"1001", "1002", "1003", "77"})
		must(t, err)
		if got := ids(fetched); !slices.Equal(got, []string{"1001", "1002", "1003", "77"}) {
			t.Errorf("%s: fetched %v, want each that was asked for, once", row.sentence, got)
		}
		for _, item := range fetched {
			if survivor, merged := want[item.ID]; merged && (!item.Gone || item.MergedInto != survivor) || item.ID == "77" && !item.Gone {
				t.Errorf("%s: fetched %+v", row.sentence, item)
			}
		}
		found, err := c.Find(t.Context(), "email", []string{"cem.oz@example.org"})
		if must(t, err); len(found) != 1 || found[0].ID != into {
			t.Errorf("%s: by a further address: got %+v, want %s", row.sentence, found, into)
		}
		must(t, st.Set(into, "hs_merged_object_ids", "1001;1002;"+into)) // as some accounts have it
		if items, _ := listed(t, c, ""); items[into].Gone {
			t.Errorf("%s: the survivor is gone into itself", row.sentence)
		}
		// Who deletes an old id must not delete the survivor.
		if o := c.Write(t.Context(), []connector.Write{{Op: connector.OpDelete, ID: "1002"}})[0]; faultOf(o.Fault) != "missing" {
			t.Errorf("%s: delete: got %s, want missing", row.sentence, faultOf(o.Fault))
		}
		if _, there := st.Contact(into); !there {
			t.Errorf("%s: the survivor was deleted", row.sentence)
		}
	}
}

// The index is late. Who was made a moment ago is found by e-mail at once, and no
// change is passed over for good.
func TestTheSearchIndexIsLate(t *testing.T) {
	st := newStage(t, sandbox.Options{Lag: 30 * time.Second})
	st.Seed()
	st.pass(time.Hour)
	c := st.open(t)
	_, last := listed(t, c, "")
	made := c.Write(t.Context(), []connector.Write{create("email", "gul@example.com", "firstname", "Gül", "phone", "+1 202-555-0111")})[0].Record
	if found, err := c.Find(t.Context(), "email", []string{"GUL@example.com"}); err != nil || len(found) != 1 || found[0].ID != made.ID {
		t.Errorf("found %+v, %v; want the contact made a moment ago", found, err)
	}
	if found, err := c.Find(t.Context(), "phone", []string{"(202) 555-0111"}); err != nil || len(found) > 0 {
		t.Errorf("found by telephone: %+v, %v; the index cannot have it yet", found, err)
	}
	st.pass(10 * time.Second)
	missed, last := listed(t, c, last.Cursor)
	if _, seen := missed[made.ID]; seen {
		t.Fatal("the sandbox's index is not late")
	}
	st.pass(c.Promises().Lag)
	if found, err := c.Find(t.Context(), "phone", []string{"(202) 555-0111"}); err != nil || len(found) != 1 {
		t.Errorf("found by telephone after the promised lag: %+v, %v; want it", found, err)
	}
	if items, _ := listed(t, c, last.Cursor); items[made.ID].ID == "" {
		t.Error("the change that was late is passed over by the next listing")
	}
	// One who was archived may still be in the index.
	must(t, st.Change("1001", map[string]string{"city": "Ely"}))
	st.pass(time.Minute)
	st.Archive("1001")
	for range 2 {
		items, _ := listed(t, c, last.Cursor)
		if !items["1001"].Gone {
			t.Errorf("archived: got %+v, want it gone", items["1001"])
		}
		st.pass(time.Minute)
	}
	// Who was archived long ago is not told again and again.
	st.pass(time.Hour)
	_, last = listed(t, c, last.Cursor)
	if items, _ := listed(t, c, last.Cursor); len(items) > 0 {
		t.Errorf("nothing happened since: got %+v", items)
	}
}

// A cursor never stands where the index may still be incomplete.
func TestCursorsKeepBehindTheIndex(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	first := st.Populate(1000, time.Millisecond)
	c := st.open(t)
	for i := range int64(700) {
		st.pass(time.Millisecond)
		must(t, st.Change(fmt.Sprint(first+i), map[string]string{"city": "Ely"}))
	}
	for page, err := range c.Changes(t.Context(), fmt.Sprintf("since %d", st.Now().Add(-10*time.Minute).UnixMilli())) {
		must(t, err)
		var ms int64
		if _, err := fmt.Sscanf(page.Cursor, "since %d", &ms); err != nil || st.Now().Sub(time.UnixMilli(ms)) < 5*time.Minute {
			t.Errorf("a cursor at %s, want at least five minutes before %s", time.UnixMilli(ms).UTC(), st.Now())
		}
	}
}

// What is changed while everything is listed, which takes long, is told by the
// next listing.
func TestChangesWhileEverythingIsListed(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	first := fmt.Sprint(st.Populate(350, time.Millisecond))
	c := st.open(t)
	cursor, n := "", 0
	for page, err := range c.Changes(t.Context(), "") {
		must(t, err)
		if cursor = page.Cursor; n == 0 {
			must(t, st.Change(first, map[string]string{"city": "Ely"}))
		}
		n++
		st.pass(20 * time.Minute)
	}
	if items, _ := listed(t, c, cursor); value(t, c, items[first].Record, "city") != "Ely" {
		t.Errorf("got %+v, want the change of the first page's contact", items[first])
	}
}

// What is changed while we list is listed, now or from the last cursor: contacts
// move to the end of the list under our hands.
func TestChangesWhileWeList(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	first := st.Populate(1500, time.Millisecond)
	st.pass(time.Hour)
	c := st.open(t)
	seen := map[string]bool{}
	n := 0
	for page, err := range c.Changes(t.Context(), fmt.Sprintf("since %d", st.Now().Add(-24*time.Hour).UnixMilli())) {
		must(t, err)
		for _, item := range page.Items {
			seen[item.ID] = true
		}
		for range 50 { // somebody works through those that we have read already
			must(t, st.Change(fmt.Sprint(first+int64(n)), map[string]string{"city": "Ely"}))
			n++
		}
	}
	for i := range int64(1500) {
		if id := fmt.Sprint(first + i); !seen[id] {
			t.Fatalf("contact %s is passed over", id)
		}
	}
}

// An import changes many at one moment: more than HubSpot lets anybody page
// through.
func TestTenThousandAndMoreOfOneMoment(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Populate(10_450, 0)
	st.pass(time.Hour)
	c := st.open(t)
	from := fmt.Sprintf("since %d", st.Now().Add(-24*time.Hour).UnixMilli())
	for range 3 {
		_, err := st.Add(map[string]string{"firstname": "Later"})
		must(t, err)
		st.pass(time.Second)
	}
	items, _ := listed(t, c, from)
	if len(items) != 10_453 {
		t.Errorf("got %d contacts, want 10453", len(items))
	}
	if b := st.Counts().Breaches; len(b) > 0 {
		t.Errorf("limits: %q", b)
	}
}

// An account with very many properties is read as a whole all the same.
func TestMorePropertiesThanASearchCanName(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	for i := range 400 {
		st.AddProperty(sandbox.Property{Name: fmt.Sprintf("a_custom_property_%03d", i), Custom: true})
	}
	st.Seed()
	must(t, st.Change("1001", map[string]string{"a_custom_property_399": "x", "phone": "+1 202 555 0122"}))
	st.pass(time.Hour)
	c := st.open(t)
	all, last := listed(t, c, "")
	changed, _ := listed(t, c, fmt.Sprintf("since %d", st.Now().Add(-24*time.Hour).UnixMilli()))
	found, err := c.Find(t.Context(), "phone", []string{"+1 (202) 555-0122"})
	must(t, err)
	if !last.Complete || len(all) != 5 || len(changed) != 5 || len(found) != 1 {
		t.Fatalf("got %d, %d and %d contacts, want 5, 5 and 1", len(all), len(changed), len(found))
	}
	for _, r := range []contact.Record{all["1001"].Record, changed["1001"].Record, found[0].Record} {
		if got := value(t, c, r, "a_custom_property_399"); got != "x" {
			t.Errorf("got %q, want x", got)
		}
	}
	if b := st.Counts().Breaches; len(b) > 0 {
		t.Errorf("limits: %q", b)
	}
}

// A cursor that is none of ours begins anew; one in the middle of everything goes
// on there.
func TestCursors(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Populate(250, time.Second)
	c := st.open(t)
	for _, cursor := range []string{"x", "since", "since x", "all", "all 1", "since 1 2", "all x 5"} {
		for _, err := range c.Changes(t.Context(), cursor) {
			if kindOf(err) != "expired" {
				t.Errorf("%q: got %s, want expired", cursor, kindOf(err))
			}
		}
	}
	var pages []connector.Page
	for page, err := range c.Changes(t.Context(), "") {
		must(t, err)
		pages = append(pages, page)
	}
	rest, last := listed(t, c, pages[1].Cursor)
	if len(pages) != 3 || len(rest) != 50 || !last.Complete || last.Cursor != pages[2].Cursor {
		t.Errorf("got %d pages, %d contacts after the second, complete %v; want 3, 50, true", len(pages), len(rest), last.Complete)
	}
}
