package link_test

import (
	"testing"

	"github.com/kith-sync/kith/plan"
)

// E11: the e-mail is looked for over two kinds of record, the contact's own kind
// first, the other only without a hit. The field company plays the kind here.
func TestTheKindThatAContactIsSyncedAsGoesFirst(t *testing.T) {
	for _, row := range []struct {
		sentence string
		several  plan.OnSeveral
		kind     string
		want     string
	}{
		{"a contact of the second kind takes the second record", plan.SeveralFirst, "Contact", "r0001 company=Lead email=ada@example.com\nr0002 company=Contact email=ada@example.com phone=020 7946 0000"},
		{"one of the first kind, the first", plan.SeveralFirst, "Lead", "r0001 company=Lead email=ada@example.com phone=020 7946 0000\nr0002 company=Contact email=ada@example.com"},
		{"a person need not choose between two kinds", plan.SeveralReview, "Contact", "r0001 company=Lead email=ada@example.com\nr0002 company=Contact email=ada@example.com phone=020 7946 0000"},
		{"without a hit in its own kind the first found is taken", plan.SeveralFirst, "Partner", "r0001 company=Lead email=ada@example.com phone=020 7946 0000\nr0002 company=Contact email=ada@example.com"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			w := newWorld(t, plan.Sync{Source: plan.Endpoint{Book: "people"}, Target: plan.Endpoint{Connection: "crm"}, Prefer: "company", OnSeveral: row.several,
				Map: []plan.Mapping{{From: "email", To: "email"}, {From: "phone", To: "phone"}, {From: "company", To: "company", Write: plan.WriteIfExistingBlank}}})
			for _, kind := range []string{"Lead", "Contact"} {
				w.remote.Add(map[string]string{"email": "ada@example.com", "company": kind})
			}
			w.add(map[string]string{"email": "ada@example.com", "phone": "020 7946 0000", "company": row.kind})
			w.rest()
			w.want("the remote", w.there(), row.want)
		})
	}
}
