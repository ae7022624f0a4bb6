package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

func TestEvents(t *testing.T) {
	w := newWorld(t)
	viewer, operator := w.as(account.Viewer), w.as(account.Operator)
	viewer.get("/events").is(http.StatusOK).says("main", "There is no event yet", "needs an address book first").has("main .button", 0)
	run := w.imports("friends", people)
	operator.get("/events").has("main .button.main", 2)
	operator.post("/events/new", url.Values{"book": {"1"}, "name": {""}}).is(http.StatusUnprocessableEntity).says(".alarm", "An event needs a name")
	bad := operator.post("/events/new", url.Values{"book": {"1"}, "name": {"Expo"}, "starts": {"2026-11-22"}, "ends": {"2026-11-21"}, "place": {"Leeds"}}).is(http.StatusUnprocessableEntity)
	if bad.says(".alarm", "The end is before the beginning"); bad.Find("input[name=place]").AttrOr("value", "") != "Leeds" {
		t.Error("the form comes back without what was typed")
	}
	made := operator.post("/events/new", url.Values{"book": {"1"}, "name": {"<b>Expo"}, "starts": {"2026-11-22"}, "ends": {"2026-11-23"}, "place": {"Leeds"}}).is(http.StatusSeeOther)
	if made.to != "/events/1/1/people" {
		t.Fatalf("a new event led to %q, want /events/1/1/people", made.to)
	}
	operator.get(made.to).says(".said", "Added the event <b>Expo").says("main", "Nobody takes part yet", "22 Nov 2026 – 23 Nov 2026", "Leeds")

	// Everybody of an import, by its run.
	operator.get(fmt.Sprintf("/runs/%d", run.ID)).is(http.StatusOK).says("main", "Add these people to an event").has("select[name=event] option", 2)
	to := operator.post("/events/1/attend", url.Values{"run": {fmt.Sprint(run.ID)}, "event": {"1"}, "status": {"attended"}}).is(http.StatusSeeOther).to
	operator.get(to).says(".said", "Added 3 contacts.").has("#rows tr", 3).says("#rows", "Ada Archer", "<script>alert(1)</script> Cole", "attended", "not synced yet").has("main script", 0)
	operator.post("/events/1/1/people", url.Values{"id": {"1", "2"}, "status": {"no show"}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/people").says(".said", "2 contacts got another status").says("#rows tr:nth-child(1)", "no show")
	operator.post("/events/1/1/leave", url.Values{"id": {"3"}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/people?q=cy@").says(".said", "Took out 1 contact").has("#rows tr", 2).has("form[action$=people] input[name=id][value='3']", 1)
	operator.post("/events/1/1/people", nil).is(http.StatusUnprocessableEntity)
	operator.post("/events/1/1/leave", url.Values{"id": {"3"}}).is(http.StatusNotFound)

	// Those who are ticked in a list, or chosen, or one from their page; to a new event.
	operator.get("/contacts/1?q=acme").has("button[formaction='/events/1/attend']", 1)
	to = operator.post("/events/1/attend", url.Values{"who": {"chosen"}, "q": {"acme"}, "new": {"Dinner"}}).is(http.StatusSeeOther).to
	operator.get(to).says("h1", "Dinner").has("#rows tr", 2)
	operator.post("/events/1/attend", url.Values{"id": {"2"}, "event": {"2"}, "status": {"invited"}}).is(http.StatusSeeOther)
	operator.get("/contacts/1/2").says("main", "Dinner", "invited", "no show", "Add to event")
	operator.post("/events/1/attend", url.Values{"id": {"2"}}).is(http.StatusUnprocessableEntity).says("main", "No event is chosen")
	operator.post("/events/1/attend", url.Values{"event": {"2"}}).is(http.StatusUnprocessableEntity).says("main", "No contact is ticked")

	// What it is can be changed; who only looks sees facts.
	operator.post("/events/1/1", url.Values{"name": {"Expo"}, "starts": {"2026-11-22T09:30"}, "ends": {""}, "note": {"hall 3\nbadge 7"}}).is(http.StatusSeeOther)
	page := operator.get("/events/1/1").says(".said", "Saved Expo")
	if got := page.Find("input[name=starts]").AttrOr("type", "") + " " + page.Find("input[name=starts]").AttrOr("value", ""); got != "datetime-local 2026-11-22T09:30" {
		t.Errorf("the beginning: got %q, want the minute", got)
	}
	operator.post("/events/1/1", url.Values{"name": {"Expo"}, "starts": {"soon"}}).is(http.StatusUnprocessableEntity).says(".alarm", "is no time")
	viewer.get("/events/1/1").is(http.StatusOK).says("dl", "hall 3").has("main form", 0)
	viewer.get("/events/1/1/people").has("main input", 0).has("main button", 0).has("#rows tr", 2)
	viewer.get("/contacts/1/2").saysNot("main", "Add to event")
	viewer.get("/events").says("tbody", "Expo", "Dinner", "friends").has("main .button", 0)
	for _, path := range []string{"/events/1/1", "/events/new", "/events/1/attend", "/events/1/1/people", "/events/1/1/leave", "/events/1/1/delete", "/events/1/1/crm"} {
		viewer.post(path, nil).is(http.StatusForbidden)
	}
	viewer.get("/events/1/9").is(http.StatusNotFound)
	viewer.get("/meetings/1/1").is(http.StatusNotFound)
	w.audited("events.attend", "book:1")
	w.audited("events.add", "id:2 book:1")

	operator.post("/events/1/1/delete", nil).is(http.StatusSeeOther)
	operator.get("/events").says(".said", "The contacts stay").saysNot("tbody", "Expo")
}

func TestMeetings(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	w.imports("others", "email\ngus@example.com\n")
	operator := w.as(account.Operator)
	operator.post("/events/new", url.Values{"book": {"1"}, "name": {"Expo"}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/meetings").says("main", "No meeting belongs")
	form := operator.get("/meetings/new?book=1&event=1").is(http.StatusOK).says("main", "Subject").has("select[name=book] option", 2)
	if got := form.Find("select[name=event] option[selected]").Text(); got != "Expo" {
		t.Errorf("the event of a new meeting: got %q, want Expo", got)
	}
	to := operator.post("/meetings/new", url.Values{"book": {"1"}, "event": {"1"}, "name": {"A talk"}, "starts": {"2026-11-22T14:30"}}).is(http.StatusSeeOther).to
	if to != "/meetings/1/2/people" {
		t.Fatalf("a new meeting led to %q, want /meetings/1/2/people", to)
	}
	operator.post("/meetings/1/2/people", url.Values{"id": {"1"}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/meetings").says("tbody", "A talk", "14:30", "1")
	operator.get("/meetings").says("tbody", "A talk", "Expo")
	operator.get("/meetings/1/2").is(http.StatusOK).says("main", "Meeting Info", "Expo").saysNot(".tabs", "CRM")
	operator.get("/contacts/1/1").says("main", "A talk meeting")
	operator.post("/meetings/1/2", url.Values{"name": {"A talk"}, "event": {""}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/meetings").has("table", 0)
	operator.post("/meetings/1/2/delete", nil).is(http.StatusSeeOther)
}

// Who takes part is shown with who they are there, and how far that is (E15); a
// campaign says which sync sends its members, or what that sync would be (E21).
func TestEventsAtTheCRM(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	operator, viewer := w.as(account.Operator), w.as(account.Viewer)
	operator.post("/events/new", url.Values{"book": {"1"}, "name": {"Expo"}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/crm").says("main", "no connection with a CRM yet").has("main .button.main", 0)
	w.linked()
	operator.post("/events/1/1/people", url.Values{"id": {"1", "2", "3"}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/people").says("#rows tr:nth-child(1)", "r1", "office people", "Synced", "never")
	operator.get("/events/1/1/crm").says("main", "no connection with a CRM yet").has("select[name=connection]", 0) // office has address books, and no campaigns
	operator.post("/events/1/1/crm", url.Values{"connection": {"nowhere"}, "campaign": {"701"}}).is(http.StatusNotFound)

	o, err := w.Workspace.Store.Occasion(t.Context(), 1)
	w.no(err)
	o.Connection, o.Campaign, o.CampaignName = "office", "701", "Expo 2026"
	_, err = w.Workspace.Store.SaveOccasion(t.Context(), o)
	w.no(err)
	operator.get("/events").says("tbody", "Expo 2026", "office")
	operator.get("/events/1/1/crm").says("main", "Expo 2026", "No sync sends the members yet").says("pre", "preset: eventgeek", "object: campaign_members", "connection: office")
	operator.get("/events/1/1/people").says("thead", "Campaign").says("#rows", "not yet")
	_, err = w.Workspace.Store.SaveSync(t.Context(), plan.Sync{Name: "members", Source: plan.Endpoint{Book: "friends", Object: plan.CampaignMembers}, Target: plan.Endpoint{Connection: "office", Object: "CampaignMember"}}, "")
	w.no(err)
	viewer.get("/events/1/1/crm").says("main", "Expo 2026", "after the next run of members").saysNot("main", "No sync sends").has("main form", 0)
	operator.post("/events/1/1/crm", url.Values{"connection": {""}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/crm").says(".said", "connected with no campaign").saysNot("main", "Expo 2026")
	if o, err := w.Workspace.Store.Occasion(t.Context(), 1); err != nil || o.Kind != store.KindEvent || o.Campaign != "" {
		t.Errorf("got %+v, %v, want an event without a campaign", o, err)
	}
}

// The whole way of an event marketer: the list of those who came is imported, everybody
// in it joins the event, the event is connected with a campaign, and the page says who
// is there and who waits.
func TestFromAnAttendeeListToACampaign(t *testing.T) {
	w := newWorld(t)
	org, at := w.crm()
	org.Add("Campaign", map[string]string{"Name": "Expo 2026", "IsActive": "true"})
	org.Add("Campaign", map[string]string{"Name": "Autumn <i>webinar", "IsActive": "true"})

	run := w.imports("attendees", `email,first_name,last_name,company,sync_as
ada@example.com,Ada,Archer,Acme,Lead
bo@example.org,Bo,Baker,Bell,Contact
cy@example.com,Cy,Cole,,Lead
`)
	manager, operator := w.as(account.Manager), w.as(account.Operator)
	operator.post("/events/1/attend", url.Values{"run": {fmt.Sprint(run.ID)}, "new": {"Expo"}, "status": {"Responded"}}).is(http.StatusSeeOther)
	found := operator.get("/events/1/1/crm?connection=crm&q=expo").is(http.StatusOK).has("input[name=campaign]", 1).says("fieldset", "Expo 2026")
	operator.get("/events/1/1/crm?connection=crm&q=nothing").says("main", "crm has no campaign with “nothing” in its name")
	operator.get("/events/1/1/crm?connection=crm").says("fieldset", "Autumn <i>webinar").has("input[name=campaign]", 2)
	operator.post("/events/1/1/crm", url.Values{"connection": {"crm"}, "campaign": {"701"}}).is(http.StatusNotFound)
	campaign := found.Find("input[name=campaign]").AttrOr("value", "")
	operator.post("/events/1/1/crm", url.Values{"connection": {"crm"}, "campaign": {campaign}}).is(http.StatusSeeOther)
	operator.get("/events/1/1/crm").says(".said", "Connected with the campaign Expo 2026").says("main", "No sync sends the members yet").has("form[action$=sync]", 0)
	operator.post("/events/1/1/crm/sync", nil).is(http.StatusForbidden)
	manager.get("/events/1/1/crm").has("form[action$=sync]", 1)
	if to := manager.post("/events/1/1/crm/sync", nil).is(http.StatusSeeOther).to; to != "/syncs/attendees%20campaign%20members" {
		t.Fatalf("the new sync: got %q", to)
	}
	manager.post("/events/1/1/crm/sync", nil).is(http.StatusUnprocessableEntity).says("main", "There is a sync attendees campaign members already")

	people, err := syncfile.Parse("", []byte("apiVersion: kith/v1\nkind: Sync\nname: people\npreset: eventgeek\nsource: {book: attendees}\ntarget: {connection: crm, object: Person}\n"))
	w.no(err)
	_, err = w.Workspace.Store.SaveSync(t.Context(), people[0], "")
	w.no(err)
	w.runs("people")
	w.runs("attendees campaign members")
	page := operator.get("/events/1/1/people").is(http.StatusOK)
	page.says("#rows tr:nth-child(1)", "Ada Archer", "Responded", "00Q", "Synced", "Member")
	page.says("#rows tr:nth-child(2)", "Bo Baker", "003", "Synced", "Member")
	page.says("#rows tr:nth-child(3)", "Cy Cole", "Waiting", "missing fields: company", "never", "not yet")
	if to := page.Find("#rows tr:nth-child(1) td a[rel=noreferrer]").AttrOr("href", ""); !strings.HasPrefix(to, at+"/00Q") {
		t.Errorf("the Salesforce ID leads to %q, want the record's page", to)
	}
	operator.get("/contacts/1/1").says("main", "00Q", "people", "Expo 2026").has("a[href^='"+at+"']", 1)
	operator.get("/contacts/1/3").says("main", "Waiting", "missing fields: company").saysNot("main", "linked with nothing")
	if got := len(org.IDs("CampaignMember")); got != 2 {
		t.Errorf("members in Salesforce: got %d, want 2", got)
	}
	operator.get("/syncs").saysNot("tbody", "campaign members at crm") // a feed is nobody's sync
	operator.get("/contacts/2").saysNot("main", "Add to event")        // nor are its contacts people
}

// crm is a connection crm with an org in Salesforce, and its address.
func (w *world) crm() (org *sandbox.Sandbox, at string) {
	w.t.Helper()
	org = sandbox.New(sandbox.Options{})
	listening := httptest.NewServer(org)
	w.t.Cleanup(listening.Close)
	w.no(os.WriteFile(filepath.Join(w.Workspace.Folder, workspace.AllowName), []byte("127.0.0.0/8\n"), 0o600))
	sealed, err := w.Workspace.SealSecret(w.t.Context(), "crm", "sandbox")
	w.no(err)
	_, err = w.Workspace.Store.SaveConnection(w.t.Context(), store.Connection{Name: "crm", Kind: "salesforce", Secret: sealed,
		Settings: map[string]string{"url": listening.URL, "client_id": "kith", "auth": "client_credentials"}})
	w.no(err)
	return org, listening.URL
}

// runs runs a kept sync to its end.
func (w *world) runs(name string) {
	w.t.Helper()
	sync, err := w.Workspace.Store.Sync(w.t.Context(), name)
	w.no(err)
	r, err := w.Workspace.Plan(w.t.Context(), sync)
	w.no(err)
	_, err = w.Workspace.Apply(w.t.Context(), sync, r)
	w.no(err)
}
