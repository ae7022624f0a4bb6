package mailchimp_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
	"github.com/kith-sync/kith/contact"
)

func TestChoosingAnAudience(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	events := st.AddAudience("Events")
	for _, row := range []struct{ wanted, name, says string }{
		{"Events", "Mailchimp: Events", ""},
		{"newsletter", "Mailchimp: Newsletter", ""},
		{events.ID, "Mailchimp: Events", ""},
		{"", "", "There are several audiences. Choose one of \"Newsletter\""},
		{"Nobody", "", "no single audience called \"Nobody\""},
	} {
		s := st.settings()
		s.Audience = row.wanted
		a, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now)
		var choice *mailchimp.ChoiceError
		switch {
		case row.says == "" && (err != nil || a.Name() != row.name):
			t.Errorf("%q: got %v, want %s", row.wanted, err, row.name)
		case row.says != "" && (!errors.As(err, &choice) || !strings.Contains(err.Error(), row.says) || len(choice.Audiences) != 2):
			t.Errorf("%q: got %v, want %s", row.wanted, err, row.says)
		}
	}
	if all, err := mailchimp.Audiences(t.Context(), st.settings(), st.client); err != nil || len(all) != 2 {
		t.Errorf("audiences: got %v, %v", all, err)
	}
	none := sandbox.New(sandbox.Options{})
	st.http.Config.Handler = none
	if _, err := mailchimp.Open(t.Context(), st.settings(), st.client, st.clock.now); err == nil || !strings.Contains(err.Error(), "no audience") {
		t.Errorf("no audience: got %v", err)
	}
}

// An OAuth token names no data center: it is asked for.
func TestSigningInWithAToken(t *testing.T) {
	st := newStage(t, sandbox.Options{Key: "token"})
	s := mailchimp.Settings{Key: "token", Login: st.http.URL}
	if a, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now); err != nil || a.Name() != "Mailchimp: Newsletter" {
		t.Errorf("got %v", err)
	}
	s.Key = "other"
	if _, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now); kindOf(err) != "denied" {
		t.Errorf("another token: got %v, want denied", err)
	}
	if _, err := mailchimp.Open(t.Context(), mailchimp.Settings{}, st.client, st.clock.now); kindOf(err) != "denied" {
		t.Errorf("no key: got %v, want denied", err)
	}
}

func TestTheKeyNamesTheDataCenter(t *testing.T) {
	asked := ""
	client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		asked = r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
		return nil, errors.New("no network")
	})}
	_, err := mailchimp.Open(t.Context(), mailchimp.Settings{Key: "secret-us19"}, client, time.Now)
	if asked != "https://us19.api.mailchimp.com/3.0/lists" || kindOf(err) != "busy" || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %s, %v", asked, err)
	}
}

func TestSigningInOfTheSandbox(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := st.client.Get(st.http.URL + "/oauth2/authorize?response_type=code&state=s&redirect_uri=" + url.QueryEscape("http://127.0.0.1:1/back"))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	back, err := answer.Location()
	if err != nil || back.Query().Get("state") != "s" {
		t.Fatalf("got %v, %v", back, err)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}}
	for _, want := range []int{http.StatusOK, http.StatusBadRequest} { // a code is good once
		answer, err := st.client.PostForm(st.http.URL+"/oauth2/token", form)
		if err != nil || answer.StatusCode != want {
			t.Errorf("got %v, %v; want %d", answer, err, want)
		}
		_ = answer.Body.Close()
	}
}

func TestSchema(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.list = st.AddAudience("Full", sandbox.MergeField{Tag: "BORN", Name: "Born", Type: "date"}, sandbox.MergeField{Tag: "SITE", Name: "Website", Type: "url"}, sandbox.MergeField{Tag: "N", Name: "Number", Type: "number"})
	s := st.settings()
	s.Audience = "Full"
	a, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := a.Schema(t.Context())
	var got []string
	for _, f := range schema.Fields {
		got = append(got, f.Name+":"+string(f.Kind))
	}
	want := "email_address:email status:consent FNAME:name LNAME:name ADDRESS.addr1:text ADDRESS.addr2:text ADDRESS.city:text ADDRESS.state:text ADDRESS.zip:text ADDRESS.country:country " +
		"PHONE:phone BORN:date SITE:url N:text tags:text language:language vip:text"
	if strings.Join(got, " ") != want || err != nil {
		t.Errorf("got %s, %v\nwant %s", strings.Join(got, " "), err, want)
	}
	if f, _ := schema.Field("ADDRESS.city"); f.Title() != "Address: city" {
		t.Errorf("label: got %q", f.Title())
	}
}

// Each kind of value comes back as Mailchimp keeps it.
func TestValues(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.list = st.AddAudience("Full", sandbox.MergeField{Tag: "BORN", Name: "Born", Type: "date"}, sandbox.MergeField{Tag: "N", Name: "Number", Type: "number"})
	s := st.settings()
	s.Audience = "Full"
	a, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	schema, _ := a.Schema(t.Context())
	id := ""
	for _, row := range []struct {
		sentence  string
		set, want map[string]string
	}{
		{"a whole address, a date and a number", map[string]string{"email_address": "Ada@Example.com", "ADDRESS.addr1": "1 High Street", "ADDRESS.city": "Ely", "ADDRESS.state": "Cambs", "ADDRESS.zip": "CB7", "ADDRESS.country": "GB", "BORN": "1990-02-03", "N": "41"},
			map[string]string{"ADDRESS.addr1": "1 High Street", "ADDRESS.city": "Ely", "ADDRESS.country": "GB", "BORN": "1990-02-03", "N": "41", "email_address": "Ada@Example.com", "status": "pending", "vip": "false"}},
		{"one part of an address keeps the others", map[string]string{"ADDRESS.city": "March"}, map[string]string{"ADDRESS.addr1": "1 High Street", "ADDRESS.city": "March", "ADDRESS.zip": "CB7"}},
		{"no part: no address", map[string]string{"ADDRESS.addr1": "", "ADDRESS.city": "", "ADDRESS.state": "", "ADDRESS.zip": ""}, map[string]string{"ADDRESS.addr1": "", "ADDRESS.country": "", "N": "41"}},
		{"a number is taken away", map[string]string{"N": "", "BORN": ""}, map[string]string{"N": "", "BORN": ""}},
		{"a language with a country", map[string]string{"language": "pt-PT", "vip": "yes"}, map[string]string{"language": "pt-PT", "vip": "true"}},
		{"a language without", map[string]string{"language": "en-GB"}, map[string]string{"language": "en"}},
		{"tags", map[string]string{"tags": "two;one; ;two"}, map[string]string{"tags": "one; two"}},
		{"other tags", map[string]string{"tags": "two; three", "FNAME": "Ada"}, map[string]string{"tags": "three; two", "FNAME": "Ada"}},
		{"no tags", map[string]string{"tags": ""}, map[string]string{"tags": ""}},
		{"another address is the same member", map[string]string{"email_address": "ada@example.org"}, map[string]string{"email_address": "ada@example.org", "FNAME": "Ada"}},
	} {
		var o connector.Outcome
		if id == "" {
			o = create(t, a, row.set)
			id = o.Record.ID
		} else {
			o = update(t, a, id, row.set)
		}
		if o.Fault != nil || o.Record.ID != id {
			t.Fatalf("%s: got %+v", row.sentence, o)
		}
		for name, want := range row.want {
			if got := o.Record.Value(schema.Index(name)); got != want {
				t.Errorf("%s: %s: got %q, want %q", row.sentence, name, got, want)
			}
		}
	}
	if c := st.Counts(); c.Fired > 0 {
		t.Errorf("got %d automations set off by tags, want none", c.Fired)
	}
}

func TestAnAddressThatAnotherHas(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	id := st.Add(t, map[string]string{"email_address": "ada@example.com"})
	st.Add(t, map[string]string{"email_address": "ben@example.com"})
	a := st.open(t)
	for set, want := range map[string]string{"ben@example.com": "taken", "": "invalid", "ADA@example.com": "done"} {
		if got := kindOfOutcome(update(t, a, id, map[string]string{"email_address": set})); got != want {
			t.Errorf("%q: got %s, want %s", set, got, want)
		}
	}
}

func TestWhoCannotBeArchived(t *testing.T) {
	for status, want := range map[string]string{"subscribed": "done", "unsubscribed": "done", "pending": "invalid", "cleaned": "invalid", "archived": "missing"} {
		st := newStage(t, sandbox.Options{})
		id := st.Add(t, map[string]string{"email_address": "ada@example.com", "status": status})
		a := st.open(t)
		if got := kindOfOutcome(write(t, a, connector.Write{Op: connector.OpDelete, ID: id})); got != want {
			t.Errorf("%s: got %s, want %s", status, got, want)
		}
		if _, got, _ := st.list.Look(id); (got == "archived") != (want != "invalid") {
			t.Errorf("%s: became %s", status, got)
		}
	}
}

// Whoever asked to be forgotten is deleted for good whatever their status, and no sync
// brings them back: Mailchimp says so, and we say it in words.
func TestADeletionForGood(t *testing.T) {
	for _, status := range []string{"subscribed", "unsubscribed", "pending", "cleaned", "transactional", "archived"} {
		st := newStage(t, sandbox.Options{})
		id := st.Add(t, map[string]string{"email_address": "ada@example.com", "status": status})
		a := st.open(t)
		for _, what := range []string{"once", "again"} {
			if o := write(t, a, connector.Write{Op: connector.OpDelete, ID: id, Forever: true, Version: "an earlier one"}); o.Fault != nil {
				t.Errorf("%s, %s: got %v, want it done", status, what, o.Fault)
			}
		}
		if st.list.Len() != 0 || st.list.Values(id) != nil {
			t.Errorf("%s: got %d members, want none, archived or not", status, st.list.Len())
		}
		o := create(t, a, map[string]string{"email_address": "Ada@example.com", "FNAME": "Ada"})
		if got := kindOfOutcome(o); got != "invalid" || !strings.Contains(o.Fault.Message, "must sign up by themselves") {
			t.Errorf("%s, made again: got %s %v, want it refused with what the person can do", status, got, o.Fault)
		}
	}
}

// A deletion for good that is not carried out does not count as one.
func TestADeletionForGoodThatFails(t *testing.T) {
	for _, row := range []struct {
		sentence string
		fault    sandbox.Fault
		want     string
	}{
		{"refused", sandbox.Fault{Path: "/actions/delete-permanent", Status: 405}, "invalid"},
		{"busy", sandbox.Fault{Path: "/actions/delete-permanent", Status: 429}, "busy"},
		{"no answer", sandbox.Fault{Path: "/actions/delete-permanent", Status: 504}, "unknown"},
		{"the audience is not there any more", sandbox.Fault{Path: "/lists", Status: 404}, "denied"},
	} {
		st := newStage(t, sandbox.Options{})
		id := st.Add(t, map[string]string{"email_address": "ada@example.com"})
		a := st.open(t)
		row.fault.Stays = true
		st.Break(row.fault)
		if got := kindOfOutcome(write(t, a, connector.Write{Op: connector.OpDelete, ID: id, Forever: true})); got != row.want || st.list.Len() != 1 {
			t.Errorf("%s: got %s and %d members, want %s and 1", row.sentence, got, st.list.Len(), row.want)
		}
	}
}

// Updates of a batch that are refused go by themselves when only a status was
// missing, and none is sent for it.
func TestABatchThatWantsAStatus(t *testing.T) {
	st := newStage(t, sandbox.Options{BatchNeedsStatus: true})
	ids := []string{st.Add(t, map[string]string{"email_address": "ada@example.com"}), st.Add(t, map[string]string{"email_address": "ben@example.com"})}
	a := st.open(t)
	schema, _ := a.Schema(t.Context())
	items := listed(t, a, "")
	var writes []connector.Write
	for _, id := range ids {
		writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: id, Version: items[id].Version, Known: values(schema, items[id].Record), Set: map[string]string{"FNAME": "New"}})
	}
	for i, o := range a.Write(t.Context(), writes) {
		if o.Fault != nil || o.Record.Value(schema.Index("FNAME")) != "New" {
			t.Errorf("write %d: got %+v", i, o)
		}
	}
	if sent := strings.Join(st.sent, " "); strings.Contains(sent, "subscribed") {
		t.Errorf("a status was sent: %s", sent)
	}
}

// Many updates refuse what was overtaken and write the rest, with few calls:
// whether the caller has just listed the audience, or comes with versions from
// another day.
func TestManyUpdatesOfWhichSomeWereOvertaken(t *testing.T) {
	for _, row := range []struct {
		sentence string
		fresh    bool
		known    bool
		gone     string // whoever was deleted for good, which no list of changes tells
		calls    int
	}{
		{"who has just listed all", false, true, "invalid", 3},
		{"who has just listed all, and does not say what it knows", false, false, "missing", 6},
		{"who comes back another day", true, true, "missing", 6},
	} {
		st := newStage(t, sandbox.Options{})
		var ids []string
		for n := range 30 {
			ids = append(ids, st.Add(t, map[string]string{"email_address": fmt.Sprintf("p%d@example.com", n)}))
		}
		st.Remove(t, st.Add(t, map[string]string{"email_address": "gone@example.com"}))
		a := st.open(t)
		schema, _ := a.Schema(t.Context())
		items := listed(t, a, "")
		if row.fresh {
			a = st.open(t)
		}
		a.Quick()
		st.Change(t, ids[1], map[string]string{"LNAME": "Changed"})
		st.Remove(t, ids[2])
		st.list.Forget(ids[3])
		var writes []connector.Write
		for _, id := range ids {
			w := connector.Write{Op: connector.OpUpdate, ID: id, Version: items[id].Version, Set: map[string]string{"FNAME": "New"}}
			if row.known {
				w.Known = values(schema, items[id].Record)
			}
			writes = append(writes, w)
		}
		want := map[int]string{1: "overtaken", 2: "missing", 3: row.gone}
		for round := range 2 {
			st.Recount()
			for i, o := range a.Write(t.Context(), writes) {
				if got := kindOfOutcome(o); got != cmp.Or(want[i], "done") {
					t.Errorf("%s, round %d, write %d: got %s, want %s", row.sentence, round, i, got, cmp.Or(want[i], "done"))
				}
				if o.Fault == nil {
					writes[i].Version = o.Record.Version // the version of our own write is good
				}
			}
			if c := st.Counts(); c.Calls > row.calls {
				t.Errorf("%s, round %d: got %d calls %v, want at most %d", row.sentence, round, c.Calls, c.ByCall, row.calls)
			}
		}
	}
}

// A version that no listing can have told is compared by itself.
func TestAVersionThatWasNeverTold(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	ids := []string{st.Add(t, map[string]string{"email_address": "ada@example.com"}), st.Add(t, map[string]string{"email_address": "ben@example.com"})}
	a := st.open(t)
	schema, _ := a.Schema(t.Context())
	items := listed(t, a, "")
	for _, version := range []string{"2027-01-01T00:00:00+00:00 0", "no version"} {
		var writes []connector.Write
		for _, id := range ids {
			writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: id, Version: version, Known: values(schema, items[id].Record), Set: map[string]string{"FNAME": "New"}})
		}
		for i, o := range a.Write(t.Context(), writes) {
			if got := kindOfOutcome(o); got != "overtaken" {
				t.Errorf("%q, write %d: got %s, want overtaken", version, i, got)
			}
		}
	}
}

func TestManyAreAskedForInOneBatch(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	var ids, emails []string
	for n := range 250 {
		emails = append(emails, fmt.Sprintf("P%d@example.com", n))
		ids = append(ids, st.Add(t, map[string]string{"email_address": emails[n], "FNAME": fmt.Sprint(n)}))
	}
	st.Remove(t, ids[7])
	st.list.Forget(ids[8])
	a := st.open(t).Quick()
	st.Recount()
	items, err := a.Fetch(t.Context(), append(ids, "never"))
	gone := 0
	for i, item := range items {
		if item.Gone {
			gone++
		}
		if item.ID != append(ids, "never")[i] {
			t.Errorf("item %d: got %s", i, item.ID)
		}
	}
	if err != nil || len(items) != 251 || gone != 3 {
		t.Errorf("fetch: got %d items, %d gone, %v; want 251, 3 gone", len(items), gone, err)
	}
	found, err := a.Find(t.Context(), "email_address", append(emails, "nobody@example.com"))
	if err != nil || len(found) != 248 {
		t.Errorf("find: got %d, %v; want 248", len(found), err)
	}
	if c := st.Counts(); c.Calls > 10 || len(c.Breaches) > 0 {
		t.Errorf("got %d calls and breaches %v, want at most 10 and none: the key is not shown where results lie", c.Calls, c.Breaches)
	}
	for _, f := range []sandbox.Fault{{Path: "/batch-results/", Status: 500}, {Path: "/batch-results/", Status: 200, Body: "no archive"}, {Path: "/batches/", Status: 429}} {
		st.Break(f)
		if _, err := a.Fetch(t.Context(), ids); kindOf(err) != "busy" {
			t.Errorf("%s answered with %d: got %v, want busy", f.Path, f.Status, err)
		}
	}
}

// So many leave between two pages that the next one lies behind the end.
func TestAPageBehindTheEnd(t *testing.T) {
	for _, hides := range []bool{false, true} {
		st := newStage(t, sandbox.Options{HidesArchived: hides})
		var ids []string
		for n := range 20 {
			ids = append(ids, st.Add(t, map[string]string{"email_address": fmt.Sprintf("p%d@example.com", n)}))
		}
		listed, complete := map[string]bool{}, false
		for p, err := range st.open(t).Batch(10).Changes(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range p.Items {
				listed[item.ID] = true
			}
			complete = p.Complete
			for _, id := range ids[:11] {
				st.list.Archive(id)
			}
		}
		for _, id := range ids[11:] {
			if complete && !listed[id] {
				t.Errorf("hidden archive %v: %s was passed over in a listing that says it is complete", hides, id)
			}
		}
	}
}

// I13: what a listing announced and did not have is unknown, not gone.
func TestAListingThatCountsMoreThanItHas(t *testing.T) {
	for _, row := range []struct {
		over bool
		has  int
	}{{false, 7}, {true, 7}, {false, 1}, {true, 1}, {true, 0}} {
		over := row.over
		st := newStage(t, sandbox.Options{Overcounts: over})
		for n := range row.has {
			st.Add(t, map[string]string{"email_address": fmt.Sprintf("p%d@example.com", n)})
		}
		items, complete, cursor := 0, false, ""
		for p, err := range st.open(t).Batch(5).Changes(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			items, complete, cursor = items+len(p.Items), p.Complete, p.Cursor
		}
		if items != row.has || complete == over || cursor == "" && row.has > 0 {
			t.Errorf("counts too many %v: got %d items, complete %v, cursor %q; want %d, %v, one", over, items, complete, cursor, row.has, !over)
		}
	}
}

func TestABatchThatDoesNotEnd(t *testing.T) {
	st := newStage(t, sandbox.Options{Polls: 1 << 30})
	a, err := mailchimp.Open(t.Context(), st.settings(), st.client, func() time.Time {
		st.clock.tick() // time flies
		return st.clock.now()
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Quick().Fetch(t.Context(), make([]string, 30)); kindOf(err) != "busy" {
		t.Errorf("got %v, want busy", err)
	}
}

// I13, I17: whoever changes while an audience is listed, nobody is passed over.
func TestNobodyIsPassedOverWhileTheAudienceChanges(t *testing.T) {
	finished := 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		st := newStage(t, sandbox.Options{HidesArchived: seed%2 == 0, Exclusive: seed%3 == 0})
		var ids []string
		same := rng.IntN(2) == 0 // all in one second
		kinds := 8
		if seed%5 == 0 { // somebody clears out
			kinds = 2
		}
		for n := range 60 {
			if !same {
				st.clock.tick()
			}
			ids = append(ids, st.list.Add(map[string]string{"email_address": fmt.Sprintf("p%d@example.com", n)}))
		}
		a := st.open(t).Batch(10)
		state := map[string]connector.Item{}
		take := func(since string) (cursor string, err error) {
			listed := map[string]bool{}
			for p, err := range a.Changes(t.Context(), since) {
				if err != nil {
					return cursor, err
				}
				for _, item := range p.Items {
					state[item.ID], listed[item.ID] = item, true
				}
				for id := range state {
					if p.Complete && !listed[id] {
						state[id] = connector.Item{Gone: true}
					}
				}
				cursor = p.Cursor
				for range rng.IntN(16) { // somebody works meanwhile
					if rng.IntN(3) == 0 {
						st.clock.tick()
					}
					id := ids[rng.IntN(len(ids))]
					switch rng.IntN(kinds) {
					case 0:
						st.list.Archive(id)
					case 1:
						ids = append(ids, st.list.Add(map[string]string{"email_address": fmt.Sprintf("n%d@example.com", len(ids))}))
					default:
						st.list.Change(id, map[string]string{"FNAME": fmt.Sprint(rng.IntN(1000))})
					}
				}
			}
			return cursor, nil
		}
		cursor := ""
		for range 4 {
			next, err := take(cursor)
			if kindOf(err) == "busy" {
				continue // faster than can be listed, and said so
			}
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			cursor = next
			finished++
		}
		if cursor == "" { // no listing came to its end: this one has all
			clear(state)
		}
		maps.Copy(state, listed(t, a, cursor))
		items, err := a.Fetch(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for _, now := range items {
			got, seen := state[now.ID]
			if seen && got.Gone != now.Gone || !now.Gone && got.Version != now.Version {
				t.Errorf("seed %d, all in a second %v: %s was passed over: got %+v, want %+v", seed, same, now.ID, got, now)
			}
		}
		st.http.Close()
	}
	if finished < 50 {
		t.Errorf("got %d listings that came to their end, want more than 50 of 160", finished)
	}
}

// The answer to a batch add has no contact ids: one listing has them all.
func TestNewMembersAreIdentifiedTogether(t *testing.T) {
	for _, exclusive := range []bool{false, true} {
		st := newStage(t, sandbox.Options{Exclusive: exclusive})
		a := st.open(t)
		st.Recount()
		var writes []connector.Write
		for n := range 5 {
			writes = append(writes, connector.Write{Op: connector.OpCreate, Key: fmt.Sprint(n), Set: map[string]string{"email_address": fmt.Sprintf("p%d@example.com", n)}})
		}
		for i, o := range a.Write(t.Context(), writes) {
			if o.Fault != nil || o.Record.ID != st.list.Member(i) {
				t.Errorf("exclusive %v, write %d: got %+v, want id %s", exclusive, i, o, st.list.Member(i))
			}
		}
		if c := st.Counts(); c.Calls != 2 {
			t.Errorf("exclusive %v: got %d calls %v, want 2", exclusive, c.Calls, c.ByCall)
		}
	}
}

// No more than ten requests of an account at once, whoever makes them.
func TestTenConnections(t *testing.T) {
	st := newStage(t, sandbox.Options{Bodiless: true})
	id := st.Add(t, map[string]string{"email_address": "ada@example.com"})
	a := st.open(t)
	next := st.http.Config.Handler
	st.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st.underway(+1)
		defer st.underway(-1)
		for range 1000 { // long enough for others to come in
			runtime.Gosched()
		}
		next.ServeHTTP(w, r)
	})
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if _, err := a.Fetch(t.Context(), []string{id}); err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	if c := st.Counts(); st.most > 8 || st.most < 2 || len(c.Breaches) > 0 {
		t.Errorf("got %d at once and breaches %v, want several, at most 8", st.most, c.Breaches)
	}
}

// The sandbox says what is too much, in both ways it may be said.
func TestMoreThanTenConnectionsToTheSandbox(t *testing.T) {
	for _, bodiless := range []bool{false, true} {
		st := newStage(t, sandbox.Options{Connections: 1, Bodiless: bodiless})
		a := st.open(t)
		inside, release := make(chan bool, 1), make(chan bool)
		next := st.http.Config.Handler
		st.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
		slow := &slowBody{inside: inside, release: release}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, st.http.URL+"/3.0/batches", slow)
		req.SetBasicAuth("x", sandbox.Key)
		recorder := make(chan bool)
		go func() {
			defer close(recorder)
			st.ServeHTTP(newDiscard(), req)
		}()
		<-inside
		_, err := a.Fetch(t.Context(), []string{"none"})
		if kindOf(err) != "busy" {
			t.Errorf("bodiless %v: got %v, want busy", bodiless, err)
		}
		close(release)
		<-recorder
	}
}

type slowBody struct {
	inside, release chan bool
	once            sync.Once
}

func (s *slowBody) Read([]byte) (int, error) {
	s.once.Do(func() { s.inside <- true })
	<-s.release
	return 0, errors.New("gone")
}

type discard struct{ header http.Header }

func newDiscard() *discard                     { return &discard{http.Header{}} }
func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func TestSeedAndHint(t *testing.T) {
	s := sandbox.New(sandbox.Options{})
	s.Seed()
	st := newStage(t, sandbox.Options{})
	st.http.Config.Handler = s
	a := st.open(t)
	items := listed(t, a, "")
	states := map[string]int{}
	for _, item := range items {
		if !item.Gone {
			states[item.Value(1)]++
		}
	}
	if want := map[string]int{contact.Subscribed: 2, contact.Pending: 1, contact.Unsubscribed: 1, contact.Cleaned: 1}; !maps.Equal(states, want) {
		t.Errorf("got %v, want %v", states, want)
	}
	if hint := strings.Join(s.Hint(), "\n"); !strings.Contains(hint, sandbox.Key) {
		t.Errorf("hint: got %s", hint)
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(items)), func(i connector.Item) bool { return i.Gone }) {
		t.Error("nobody is archived")
	}
}
