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
	"time"

	"github.com/kith-sync/kith/account"
	hubspot "github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// hub is a connection hub to a HubSpot, and its sync both ways with a book.
func (w *world) hub(book string) *hubspot.Sandbox {
	w.t.Helper()
	account := hubspot.New(hubspot.Options{Now: func() time.Time { return w.now }, SearchPerSecond: -1})
	listening := httptest.NewServer(account)
	w.t.Cleanup(listening.Close)
	w.no(os.WriteFile(filepath.Join(w.Workspace.Folder, workspace.AllowName), []byte("127.0.0.0/8\n"), 0o600))
	sealed, err := w.Workspace.SealSecret(w.t.Context(), "hub", hubspot.DefaultToken)
	w.no(err)
	_, err = w.Workspace.Store.SaveConnection(w.t.Context(), store.Connection{Name: "hub", Kind: "hubspot", Secret: sealed, Settings: map[string]string{"url": listening.URL}})
	w.no(err)
	w.keeps(fmt.Sprintf("name: both\ndirection: two_way\nsource: {book: %s}\ntarget: {connection: hub, object: contacts}\npolicy: {delete: {not_found: trash}}\n", book) +
		"map:\n  - {from: email, to: email}\n  - {from: first_name, to: firstname}\n  - {from: last_name, to: lastname}\n  - {from: company, to: company}\n")
	return account
}

// plans plans a kept sync, and returns where the plan is shown.
func (w *world) plans(name string) (r store.Run, at string) {
	w.t.Helper()
	sync, err := w.Workspace.Store.Sync(w.t.Context(), name)
	w.no(err)
	r, err = w.Workspace.Plan(w.t.Context(), sync)
	w.no(err)
	return r, fmt.Sprintf("/runs/%d", r.ID)
}

// The pages of a linked sync say which side is written, and about whom.
func TestALinkedRunSaysWhichSideIsWritten(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	hub := w.hub("friends")
	_, err := hub.Add(map[string]string{"email": "dee@example.com", "firstname": "Dee", "lastname": "Dunn"})
	w.no(err)
	operator := w.as(account.Operator)

	_, plan := w.plans("both")
	page := operator.get(plan).is(http.StatusOK)
	page.says("main", "friends ↔ hub contacts").saysNot("main", "from HubSpot")
	page.says(".written", "Into friends: 1 created. At hub: 3 created.")
	page.says("thead", "Written to").has("thead th", 8)
	page.says("#rows tr:contains('Ada Archer')", "Ada Archer, contact 1 → a new record", "+ createhub")
	page.says("#rows tr:contains('Dee')", "→ a new contact", "+ createfriends")

	operator.arrived(operator.post(plan+"/apply", nil)).is(http.StatusOK).says("#rows tr:contains('Bo Baker')", "Bo Baker, contact 2 → record ")
	operator.get(plan).says("#rows tr:contains('Dee Dunn')", "→ contact 4").saysNot("#rows", "a new record")

	// One who is thrown away here is still called by name there.
	operator.post("/contacts/1/2/delete", nil).is(http.StatusSeeOther)
	w.now = w.now.Add(time.Hour)
	_, plan = w.plans("both")
	operator.get(plan).says("main", "Bo Baker, contact 2 → record ", "- deletehub")
	operator.get("/runs/1").has("thead th", 7).saysNot("thead", "Written to") // of a file there is one side
}

// What an undo would do stands on a page before anybody says yes.
func TestUndoIsShownBefore(t *testing.T) {
	w := newWorld(t)
	first := w.imports("friends", people)
	hub := w.hub("friends")
	id, err := hub.Add(map[string]string{"email": "dee@example.com", "firstname": "Dee", "lastname": "Dunn"})
	w.no(err)
	operator := w.as(account.Operator)
	_, run := w.plans("both")
	operator.arrived(operator.post(run+"/apply", nil)).has("main a[href$='/undo']", 1).has("main form[action$='/undo']", 0)
	w.as(account.Viewer).get(run + "/undo").is(http.StatusForbidden)

	page := operator.get(run+"/undo").is(http.StatusOK).has("main form[action='"+run+"/undo']", 1)
	page.says("section:nth-of-type(1)", "In friends", "1 contact that the run created: into the trash")
	page.says("section:nth-of-type(2)", "At hub", "The run created 3 records: deleted there again", "What somebody has edited there since is left alone")
	page.says("tbody", "Dee Dunnfriendsgoes to the trash", "Ada Archerhubis deleted")
	operator.get(run).says("main", "Succeeded").saysNot("main", "taken back") // to look takes nothing back

	// Who was edited since is left alone, and the page says so.
	operator.post("/contacts/1/4/edit", url.Values{"f.first_name": {"Deedee"}}).is(http.StatusSeeOther)
	operator.get(run+"/undo").says("section:nth-of-type(1)", "Left alone, 1", "undo.changed_since")

	// A record that was deleted comes back as another one, without what else it held.
	w.now = w.now.Add(time.Hour)
	w.runs("both")
	operator.post("/contacts/1/4/delete", nil).is(http.StatusSeeOther)
	w.now = w.now.Add(time.Hour)
	_, run = w.plans("both")
	operator.arrived(operator.post(run+"/approve", url.Values{"seen": {"on"}}))
	if _, there := hub.Contact(id); there {
		t.Fatal("the record was not deleted")
	}
	operator.get(run+"/undo").says("main", "The run deleted 1 record", "as a new record", "What else it held is gone", "Deedee Dunnhubcomes back as a new record")
	operator.arrived(operator.post(run+"/undo", nil)).says("main", "takes back", "friends ↔ hub contacts").says(".written", "At hub: 1 created")
	operator.get(run+"/undo").is(http.StatusUnprocessableEntity).says("main", "was undone already")

	// Of an import there is one side; of nothing there is no undo.
	operator.get(fmt.Sprintf("/runs/%d/undo", first.ID)).says("section", "In friends", "3 contacts that the run created").has("section", 1)
	operator.get("/runs/99/undo").is(http.StatusNotFound)
}

// An erasure says which records it would delete at other systems; where one is left, it
// leads to where the person is erased again, by e-mail, for their contact is gone.
func TestEraseEverywhereAndAgain(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	hub := w.hub("friends")
	w.runs("both")
	manager := w.as(account.Manager)
	links, err := w.Workspace.Store.Links(t.Context(), store.Ref(1, 2))
	w.no(err)
	record := links[0].RemoteID
	manager.get("/contacts/1/2/erase").is(http.StatusOK).says("tbody", "hub", "contacts", record, "there").has("input[name=everywhere]:checked", 0)

	signIn := hub.Inject(hubspot.Fault{Status: http.StatusUnauthorized})
	left := manager.post("/contacts/1/2/erase", url.Values{"sure": {"on"}, "everywhere": {"on"}}).is(http.StatusOK)
	left.says("main", "Still at hub: record "+record, "erase again, by e-mail, when hub can be reached").has("a[href='/suppressions#again']", 1)
	signIn()

	manager.get("/contacts/1/2").is(http.StatusNotFound)
	w.as(account.Operator).post("/suppressions/erase", url.Values{"book": {"1"}, "who": {"bo@example.org"}}).is(http.StatusForbidden)
	manager.get("/suppressions").has("form[action='/suppressions/erase'] option", 1)
	manager.post("/suppressions/erase", url.Values{"book": {"1"}, "who": {"1"}}).is(http.StatusUnprocessableEntity).says("main", "Type the e-mail address")
	asked := manager.post("/suppressions/erase", url.Values{"book": {"1"}, "who": {"bo@example.org"}}).is(http.StatusOK)
	asked.says(".alarm", "bo@example.org, who is no contact").says("tbody", record, "may still be there").has("input[name=everywhere]:checked", 1)
	to := asked.Find("form[action$='/erase']").AttrOr("action", "")
	manager.post(to, url.Values{"who": {"bo@example.org"}}).is(http.StatusUnprocessableEntity).says("main", "Tick that it cannot be undone")
	if _, there := hub.Contact(record); !there {
		t.Error("to ask has deleted the record")
	}
	done := manager.post(to, url.Values{"who": {"bo@example.org"}, "sure": {"on"}, "everywhere": {"on"}}).is(http.StatusOK).says("main", "Deleted at HubSpot", "1 record").saysNot("main", "Still at")
	if _, there := hub.Contact(record); there {
		t.Error("the record is still there")
	}

	// Nothing takes an erasure back, and nothing offers to.
	run := done.Find("main a[href^='/runs/']").AttrOr("href", "")
	manager.get(run).is(http.StatusOK).says(".written", "At hub: 1 deleted").has("main a[href$='/undo']", 0)
	manager.get(run+"/undo").is(http.StatusUnprocessableEntity).says("main", "erased somebody on request")
	manager.get("/runs").is(http.StatusOK)
	for _, r := range []string{"/runs/3", "/runs/5"} {
		manager.get(r).saysNot("main", "Undo")
	}
	w.audited("contacts.erase", "book:1")
}

// What a run holds until somebody has decided needs somebody, however well the run went.
func TestHeldRecordsNeedSomebody(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	w.hub("friends")
	w.runs("both")
	operator := w.as(account.Operator)
	operator.get("/").says("main", "Nothing. Everything is in step")
	operator.post("/contacts/1/1/merge", url.Values{"with": {"2"}, "pick.email": {"1"}, "pick.first_name": {"1"}, "pick.last_name": {"1"}, "pick.phone": {"1"}}).is(http.StatusSeeOther)
	w.now = w.now.Add(time.Hour)
	w.runs("both")
	home := operator.get("/")
	home.says("main", "Needs you (1)", "both holds 1 record until somebody has decided (identity.conflict)", "Needs a decision")
	operator.get(home.Find(".needs a").AttrOr("href", "")).is(http.StatusOK).has("tr.hold", 1).says("#rows", "identity.conflict").has("#rows td:nth-of-type(2):empty", 1)
}

// Of a long run nobody waits until each of its people was looked at.
func TestUndoOfALongRun(t *testing.T) {
	w := newWorld(t)
	var text strings.Builder
	text.WriteString("email\n")
	for i := range 10_001 {
		fmt.Fprintf(&text, "p%05d@example.com\n", i)
	}
	run := w.imports("many", text.String())
	page := w.as(account.Operator).get(fmt.Sprintf("/runs/%d/undo", run.ID)).is(http.StatusOK)
	page.says("section", "10,001 contacts that the run created", "It is long").has("tbody", 0).has("main form", 1)
}
