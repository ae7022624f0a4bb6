package crm

import (
	"testing"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
)

// "I took the run back that deleted her lead, and Salesforce refused to have her again":
// what the org sets by itself, as whether mail bounced, is not sent.
func TestTheUndoSentSalesforceWhatItSetsByItself(t *testing.T) {
	w := newWorld(t)
	org := w.salesforce()
	people := w.sync(`name: sf
source: {connection: crm, object: Contact}
target: {book: main}
direction: two_way
policy: {create_back: true, delete: {not_found: trash, back: trash}}
map:
  - {from: Email, to: email}
  - {from: LastName, to: last_name}
`)
	org.Add("Contact", map[string]string{"LastName": "Byron", "Email": "ada@example.com"})
	org.Add("Contact", map[string]string{"LastName": "Birch", "Email": "bo@example.org"})
	w.rest(people)
	b := w.book("main")
	away := []plan.Change{desk.Removal(b, w.contact("main", "ada@example.com"))}
	if _, err := w.Engine.Edit(t.Context(), b, "delete", away); err != nil {
		t.Fatal(err)
	}
	r := w.plan(people)
	r.Approved = true // one of two is more than the guard lets pass
	r, err := w.Apply(t.Context(), people, r)
	if err != nil {
		t.Fatal(err)
	}
	w.want("deleted", there(org, "Contact", "LastName"), "Contact LastName=Birch")
	if _, err := w.Undo(t.Context(), people, r); err != nil {
		t.Fatal(err)
	}
	w.want("brought back", there(org, "Contact", "LastName"), "Contact LastName=Birch\nContact LastName=Byron")
}
