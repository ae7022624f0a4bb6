package crm

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/store"
)

// A plan is looked at, and may be thrown away: the address book has the fields that a
// sync brings when it is applied, and not before.
func TestAPlanOfALinkedSyncAddsNoFields(t *testing.T) {
	w := newWorld(t)
	w.imports("people", "email,first_name\nada@example.com,Ada\n")
	w.mailchimp().Add(map[string]string{"email_address": "ada@example.com", "status": "subscribed", "FNAME": "Ada", "LNAME": "Byron"})
	s := w.sync("name: from-list\nsource: {connection: list, object: Main}\ntarget: {book: people}\n")
	before := w.book("people")

	r := w.plan(s)
	w.want("fields after the plan", names(w.book("people")), names(before))
	if !strings.Contains(strings.Join(r.Notes, "\n"), "people gets new fields: ") {
		t.Errorf("notes of the plan: %q, want the new fields in them", r.Notes)
	}
	if r, err := w.Apply(t.Context(), s, r); err != nil || r.Status != store.Succeeded || r.Totals.Updated != 1 {
		t.Fatalf("apply: %v %s %s %+v", err, r.Status, r.Message, r.Totals)
	}
	b := w.book("people")
	at := b.Schema().Index("last_name")
	if at < 0 || w.contact("people", "ada@example.com").Values[at] != "Byron" {
		t.Errorf("after the run: fields %s, want last_name among them, and Byron in it", names(b))
	}
	w.rest(s)
}

func names(b store.Book) string {
	var all []string
	for _, f := range b.Fields {
		all = append(all, f.Name)
	}
	return strings.Join(all, " ")
}
