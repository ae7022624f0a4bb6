package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/kith-sync/kith/account"
	mailchimp "github.com/kith-sync/kith/connector/mailchimp/sandbox"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// S1: a set-up is numbered steps. Each is done when what it asks for is there, and the
// next one says so.
func TestASetUpIsNumberedSteps(t *testing.T) {
	w := newWorld(t)
	owner, viewer := w.as(account.Owner), w.as(account.Viewer)
	lists, events := "section:nth-of-type(1)", "section:nth-of-type(2)"
	next := func(section, title, to string) {
		t.Helper()
		page := owner.get("/setups").is(http.StatusOK).has(section+" .next", 1)
		if got := page.words(section + " .next b"); got != title {
			t.Errorf("next: got %q, want %q", got, title)
		}
		if got := page.Find(section+" .next a").AttrOr("href", ""); !strings.HasPrefix(got, to) {
			t.Errorf("%s: the button leads to %q, want %s", title, got, to)
		}
	}
	next(lists, "Connect the CRM", "/connections/new")
	next(events, "Connect Salesforce", "/connections/new")
	viewer.get("/setups").is(http.StatusOK).has(".todo a[href='/connections/new']", 0).says(lists, "0 of 10 steps done", "if you want it")

	org, _ := w.crm()
	org.Add("Contact", map[string]string{"LastName": "Archer", "FirstName": "Ada", "Email": "ada@example.com"})
	org.Add("Campaign", map[string]string{"Name": "Expo 2026"})
	next(lists, "Connect the CRM", "/connections/crm")
	owner.post("/connections/crm/test", nil).is(http.StatusOK)
	next(lists, "Connect the mailing list", "/connections/new")
	w.audience()
	owner.post("/connections/list/test", nil).is(http.StatusOK)
	next(lists, "Choose the object", "/syncs/new?direction=two_way&from=connection%3Acrm&from_object=Contact&preset=syncapps&to=book%3Amain")
	owner.get(owner.get("/setups").Find(lists+" .next a").AttrOr("href", "")).is(http.StatusOK).says("main", "Contacts: main (new)", "Which field goes where")
	w.keeps("name: crm-to-main\npreset: syncapps\nsource: {connection: crm, object: Contact}\ntarget: {book: main}\n")
	next(lists, "Choose the list", "/syncs/new?direction=two_way&from=book%3Amain&preset=syncapps&to=connection%3Alist")
	w.keeps("name: main-to-list\npreset: syncapps\nsource: {book: main}\ntarget: {connection: list, object: Main}\n")
	owner.get("/setups").says(lists, "CRM both ways, list both ways", "they travel both ways", "nobody who is there is changed", "6 of 10 steps done")
	next(lists, "Plan", "/syncs/crm-to-main")
	w.runs("crm-to-main")
	next(lists, "Plan", "/syncs/main-to-list")
	w.runs("main-to-list")
	next(lists, "Schedule", "/syncs/crm-to-main/schedule")
	for _, name := range []string{"crm-to-main", "main-to-list"} {
		owner.post("/syncs/"+name+"/schedule", url.Values{"at": {"02:00"}, "zone": {"UTC"}, "every": {"day"}, "interval": {"1"}}).is(http.StatusSeeOther)
	}
	owner.get("/setups").says(lists, "9 of 10 steps done").has(lists+" .next", 0)

	// Events: the people, their fields, the sync, the event, its campaign, its members.
	run := w.imports("guests", "email,first_name,last_name,company\nada@example.com,Ada,Archer,Acme\n")
	next(events, "Required fields", "/contacts/")
	owner.get("/setups").says(events, "has no sync_as")
	w.imports("guests", "email,first_name,last_name,company,sync_as\nada@example.com,Ada,Archer,Acme,Lead\n")
	next(events, "Choose the object, and map the fields", "/syncs/new?direction=one_way&from=book%3Aguests&preset=eventgeek&to=connection%3Acrm&to_object=Person")
	w.keeps("name: people\npreset: eventgeek\nsource: {book: guests}\ntarget: {connection: crm, object: Person}\n")
	next(events, "Add the event, and who takes part", "/events/new")
	book, err := w.Workspace.Store.Book(t.Context(), "guests")
	w.no(err)
	owner.post(fmt.Sprintf("/events/%d/attend", book.ID), url.Values{"run": {fmt.Sprint(run.ID)}, "new": {"Expo"}}).is(http.StatusSeeOther)
	crm := fmt.Sprintf("/events/%d/1/crm", book.ID)
	next(events, "Connect the event with its campaign", crm)
	campaign := owner.get(crm+"?connection=crm&q=expo").Find("input[name=campaign]").AttrOr("value", "")
	owner.post(crm, url.Values{"connection": {"crm"}, "campaign": {campaign}}).is(http.StatusSeeOther)
	next(events, "Send the campaign members", crm)
	owner.post(crm+"/sync", nil).is(http.StatusSeeOther)
	next(events, "Plan", "/syncs/people")
	w.runs("people")
	w.runs("guests campaign members")
	owner.get("/setups").saysNot("main", "campaign members at crm")
	next(events, "Schedule", "/syncs/people/schedule")
	owner.get("/contacts").says("main", "guests", "main").saysNot("tbody", "campaign members") // a feed is no book of people
	owner.get("/contacts?all=1").says("tbody", "guests: campaign members at crm")
	owner.get("/syncs/new").saysNot("form", "campaign members")
	owner.get("/imports/new").saysNot("form", "campaign members")
	if got := owner.get(crm).Find("select[name=connection] option").Length(); got != 1 {
		t.Errorf("connections with campaigns: got %d, want only the CRM", got)
	}
}

// audience is a connection list with a mailing list Main.
func (w *world) audience() {
	w.t.Helper()
	list := mailchimp.New(mailchimp.Options{Key: "0123456789abcdef-us19"})
	list.AddAudience("Main")
	listening := httptest.NewServer(list)
	w.t.Cleanup(listening.Close)
	sealed, err := w.Workspace.SealSecret(w.t.Context(), "list", "0123456789abcdef-us19")
	w.no(err)
	_, err = w.Workspace.Store.SaveConnection(w.t.Context(), store.Connection{Name: "list", Kind: "mailchimp", Secret: sealed, Settings: map[string]string{"url": listening.URL}})
	w.no(err)
}

// keeps keeps a sync.
func (w *world) keeps(text string) {
	w.t.Helper()
	all, err := syncfile.Parse("", []byte("apiVersion: kith/v1\nkind: Sync\n"+text))
	w.no(err)
	_, err = w.Workspace.Store.SaveSync(w.t.Context(), all[0], "")
	w.no(err)
}

// What a system has to say of a run stands at the run and at the connection: an owner
// whom nobody knows there (E8), an allowance that is nearly used.
func TestAStepOfASetUpLedToAPageThatSaidNo(t *testing.T) {
	w := newWorld(t)
	owner := w.as(account.Owner)
	links := owner.get("/setups").is(http.StatusOK).Find("main ol.todo a")
	if links.Length() < 10 {
		t.Fatalf("%d links, want one of each step", links.Length())
	}
	links.Each(func(_ int, a *goquery.Selection) { owner.get(a.AttrOr("href", "")).is(http.StatusOK) })
}

func TestWhatASystemSaysReachesPeople(t *testing.T) {
	w := newWorld(t)
	w.crm()
	w.imports("people", "email,first_name,last_name,company,sync_as,owner\nada@example.com,Ada,Archer,Acme,Lead,nobody@example.org\n")
	w.keeps("name: people\npreset: eventgeek\nsource: {book: people}\ntarget: {connection: crm, object: Person}\n")
	w.runs("people")
	viewer := w.as(account.Viewer)
	const said = "The owner was left out of 1 record: no active user in Salesforce has this e-mail."
	viewer.get("/runs/2").says(".note", said)
	viewer.get("/connections/crm").says(".guard", "people: "+said).says("dl", "of")
}

// The form says what a sync does that says nothing: where both sides changed a field, the
// source wins. Who chooses a person gets one.
func TestANewSyncSaysWhoWins(t *testing.T) {
	w := newWorld(t)
	owner := w.as(account.Owner)
	w.crm()
	w.imports("people", people)
	const ends = "from=book%3Apeople&to=connection%3Acrm&to_object=Contact&direction=two_way"
	form := owner.get("/syncs/new?" + ends).is(http.StatusOK)
	if got := form.Find("select[name=winner-0] option[selected]").AttrOr("value", ""); got != "source" {
		t.Errorf("chosen: got %q, want source", got)
	}
	form.says("form", "What may be done to Contacts: people", "What may be done to crm", "Who is gone from crm")
	owner.get("/syncs/new?from=book%3Apeople&to=connection%3Acrm&to_object=Contact").is(http.StatusOK).saysNot("form", "Who is gone from crm")
	made := url.Values{"back": {"always"}, "gone_back": {"trash"}, "way-0": {"to_target"}, "from": {"book:people"}, "to": {"connection:crm"}, "to_object": {"Contact"}, "direction": {"two_way"}, "name": {"people-to-crm"}, "update": {"if_new_not_blank"},
		"field": {"email", "last_name"}, "field-0": {"Email"}, "field-1": {"LastName"}, "winner-0": {"source"}, "winner-1": {"review"}, "creates": {"on"}}
	if page := owner.post("/syncs/new", made); page.to == "" {
		t.Fatalf("the sync is not made: %s", page.words("main"))
	}
	s, err := w.Workspace.Store.Sync(t.Context(), "people-to-crm")
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Definition.Policy; p.Back != plan.WriteAlways || p.Delete.Back != plan.Trash || p.Creates() != true || p.CreateBack == nil || *p.CreateBack {
		t.Errorf("kept of what may be done here: got %+v", p)
	}
	if got := s.Definition; got.Map[0].Direction != plan.ToTarget || got.Policy.Update != plan.WriteIfNewNotBlank || got.Map[0].Winner != "" || got.Map[1].Winner != plan.WinReview {
		t.Errorf("kept: got %q, winners %q and %q", got.Policy.Update, got.Map[0].Winner, got.Map[1].Winner)
	}
}
