package crm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

// Torture tests of requirements.md 7 that concern CRMs, with Salesforce on the other
// side. The number is the one there.

func TestAChangedEmailKeepsTheLinkOnEitherSide(t *testing.T) { // 1
	w := newWorld(t)
	org := w.salesforce()
	w.imports("people", "first_name,last_name,email,company,sync_as,phone\nAda,Byron,ada@example.com,Acme,Lead,020 7946 0001\n")
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	w.rest(people)
	lead := org.IDs("Lead")[0]
	org.Change(lead, map[string]string{"Email": "countess@example.com"})
	w.imports("people", "email,phone\nada@example.com,020 7946 0009\n")
	w.rest(people)
	w.want("changed there: still one lead", there(org, "Lead", "Phone"), "Lead Phone=020 7946 0009")
	w.edit("people", "ada@example.com", map[string]string{"email": "ada@example.org", "phone": "020 7946 0010"})
	w.rest(people)
	w.want("changed here: still one lead", there(org, "Lead", "Phone"), "Lead Phone=020 7946 0010")
}

func TestTwoCRMDuplicatesThatAreMergedThenStayOne(t *testing.T) { // 2
	w := newWorld(t)
	org := w.salesforce()
	first := org.Add("Contact", map[string]string{"LastName": "Byron", "Email": "ada@example.com"})
	second := org.Add("Contact", map[string]string{"LastName": "King", "Email": "ada@example.com"})
	w.imports("people", "first_name,last_name,email,company,sync_as,phone\nAda,Byron,ada@example.com,Acme,Contact,020 7946 0001\n")
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	w.rest(people)
	w.want("only the first found is updated (E13)", there(org, "Contact", "LastName", "Phone"), "Contact LastName=Byron Phone=020 7946 0001\nContact LastName=King Phone=")
	org.Merge(second, first)
	w.imports("people", "email,phone\nada@example.com,020 7946 0002\n")
	w.rest(people)
	w.want("the survivor goes on", there(org, "Contact", "Phone"), "Contact Phone=020 7946 0002")
	if n := org.Count("Contact"); n != 1 {
		t.Errorf("got %d contacts, want 1", n)
	}
}

func TestALeadThatIsConvertedBetweenReadAndWriteIsFollowed(t *testing.T) { // 3
	w := newWorld(t)
	org := w.salesforce()
	w.imports("people", "first_name,last_name,email,company,sync_as,phone\nAda,Byron,ada@example.com,Acme,Lead,020 7946 0001\n")
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	w.rest(people)
	w.imports("people", "email,phone\nada@example.com,020 7946 0002\n")
	planned := w.plan(people)
	contact, _ := org.Convert(org.IDs("Lead")[0], sandbox.Conversion{})
	if _, err := w.Apply(t.Context(), people, planned); err != nil {
		t.Fatal(err)
	}
	w.rest(people)
	w.want("the contact it became has the edit", org.Values(contact)["Phone"], "020 7946 0002")
	if n := org.Count("Contact"); n != 1 {
		t.Errorf("got %d contacts, want 1", n)
	}
}

func TestAHundredIdleCyclesWriteNothing(t *testing.T) { // 4
	w := newWorld(t)
	org := w.salesforce()
	w.imports("people", "first_name,last_name,email,company,sync_as,phone\nAda,Byron,ada@example.com,Acme,Lead,(020) 7946 0001\nGrace,Hopper,GRACE@Example.ORG,Navy,Contact,+44 20 7946 0002\n")
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	w.rest(people)
	before := org.Counts()
	for range 100 {
		if r := w.run(people); r.Totals.Writes() != 0 {
			t.Fatalf("an idle cycle wrote: %+v", r.Totals)
		}
	}
	after := org.Counts()
	if before.Saved != after.Saved || after.Calls-before.Calls > 300 {
		t.Errorf("a hundred idle cycles made %d writes and %d calls, want none and at most 300", after.Saved-before.Saved, after.Calls-before.Calls)
	}
}

func TestUndoLeavesWhatAThirdPartyChangedMeanwhile(t *testing.T) { // 8
	w := newWorld(t)
	org := w.salesforce()
	org.Add("Contact", map[string]string{"LastName": "Byron", "FirstName": "Ada", "Email": "ada@example.com", "Phone": "020 7946 0001", "Title": "Countess"})
	w.imports("people", "first_name,last_name,email,company,sync_as,phone,title\nAda,Byron,ada@example.com,Acme,Contact,020 7946 0002,Analyst\n")
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	r := w.run(people)
	id := org.Find("Contact", "Email", "ada@example.com")[0]
	w.want("after the run", org.Values(id)["Phone"]+" "+org.Values(id)["Title"], "020 7946 0002 Analyst")
	org.Change(id, map[string]string{"Title": "Programmer"})
	if _, err := w.Undo(t.Context(), people, r); err != nil {
		t.Fatal(err)
	}
	w.want("the untouched field is as it was, the other is theirs", org.Values(id)["Phone"]+" "+org.Values(id)["Title"], "020 7946 0001 Programmer")
}

func TestAQuotaPausesARunAndTheNextDaySendsTheRest(t *testing.T) { // 11
	w := newWorld(t)
	org := w.salesforce()
	var csv strings.Builder
	csv.WriteString("first_name,last_name,email,company,sync_as\n")
	for i := range 30 {
		fmt.Fprintf(&csv, "P%02d,Doe,p%02d@example.com,Acme,Lead\n", i, i)
	}
	w.imports("people", csv.String())
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	undo := org.Fail(sandbox.Fault{Method: "POST", Path: "/composite/", Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Times: 1000})
	r := w.plan(people)
	r, err := w.Apply(t.Context(), people, r)
	if err == nil || r.Code != "quota.paused" || org.Count("Lead") != 0 {
		t.Fatalf("got %v, %s %s with %d leads, want a pause for quota and none", err, r.Status, r.Code, org.Count("Lead"))
	}
	undo()
	w.now = w.now.Add(24 * time.Hour)
	w.rest(people)
	if n := org.Count("Lead"); n != 30 {
		t.Errorf("got %d leads, want 30", n)
	}
}

func TestAMappingAddedAfterAYearFillsBackWhatItMissed(t *testing.T) { // 15
	w := newWorld(t)
	org := w.salesforce()
	w.imports("people", "first_name,last_name,email,company,sync_as,title\nAda,Byron,ada@example.com,Acme,Lead,Analyst\n")
	without := recipe(t, events, "people-to-salesforce") + "map:\n  - {from: first_name, to: FirstName}\n  - {from: last_name, to: LastName}\n  - {from: email, to: Email}\n  - {from: company, to: company}\n  - {from: sync_as, to: sync_as, write: if_existing_blank}\n"
	w.rest(w.sync(without))
	w.want("the title is not mapped", there(org, "Lead", "Title"), "Lead Title=")
	w.now = w.now.Add(365 * 24 * time.Hour)
	with := w.sync(without + "  - {from: title, to: Title}\n")
	r := w.plan(with)
	if r.Totals.Updated != 1 || there(org, "Lead", "Title") != "Lead Title=" {
		t.Errorf("got the plan %+v, want one update that is not made yet", r.Totals)
	}
	w.rest(with)
	w.want("once mapped it is filled", there(org, "Lead", "Title"), "Lead Title=Analyst")
}

// E1: meetings go to the calendars of those they were held with.
func TestMeetingsBecomeEventsOfTheirContacts(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	w.imports("people", "first_name,last_name,email,company,sync_as\nAda,Byron,ada@example.com,Acme,Lead\nGrace,Hopper,grace@example.org,Navy,Contact\n")
	people := w.sync(recipe(t, events, "people-to-salesforce"))
	meetings := w.sync("name: meetings\npreset: eventgeek\nsource: {book: people, object: meetings}\ntarget: {connection: crm, object: Event}\n")
	b := w.book("people")
	talk, err := desk.SaveOccasion(t.Context(), w.Workspace, b, store.KindMeeting, 0, desk.OccasionChange{Name: new("A talk"), Starts: new("2026-11-22 14:00"), Ends: new("2026-11-22 14:30"), Place: new("stand 7")})
	if err != nil {
		t.Fatal(err)
	}
	both := []store.Contact{w.contact("people", "ada@example.com"), w.contact("people", "grace@example.org")}
	if err := desk.Attend(t.Context(), w.Workspace, talk, both, ""); err != nil {
		t.Fatal(err)
	}
	r := w.run(meetings)
	w.want("it waits until they are there", w.reasons(r)+there(org, "Event", "Subject"), "target.required_missing 2")
	w.run(people)
	w.rest(meetings)
	line := "Event Subject=A talk StartDateTime=2026-11-22T14:00:00Z Location=stand 7"
	w.want("one for each", strings.ReplaceAll(there(org, "Event", "Subject", "StartDateTime", "Location"), ".000+0000", "Z"), line+"\n"+line)
}
