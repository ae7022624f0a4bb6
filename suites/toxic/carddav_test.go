package toxic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A pairing is a desk whose book is kept in step with a CardDAV server.
type pairing struct {
	*desk
	dav *peer.DAV
	way *peer.Proxy
}

// pair keeps a book of six people in step with a server of the same six.
func pair(t *testing.T, x *peer.Toxiproxy, dav *peer.DAV) *pairing {
	t.Helper()
	p := &pairing{desk: sit(t), dav: dav, way: x.To(t, dav.Addr)}
	p.connect("carddav", dav.Password, map[string]string{"url": "http://" + p.way.Addr + dav.Path, "user": dav.User})
	fields := []contact.Field{{Name: "first_name", Kind: contact.Name}, {Name: "email", Kind: contact.Email}, {Name: "note", Kind: contact.Text}}
	if _, err := p.Store.CreateBook(t.Context(), store.Book{Name: "people", Fields: fields}); err != nil {
		t.Fatal(err)
	}
	p.keep(plan.Sync{Source: plan.Endpoint{Connection: "far"}, Target: plan.Endpoint{Book: "people"}, Direction: plan.TwoWay,
		Policy: plan.Policy{Delete: plan.Delete{NotFound: plan.Trash, Back: plan.Trash}}, Guard: plan.Guard{Deletes: plan.NoLimit, Changes: plan.NoLimit, Day: plan.NoLimit},
		Map: []plan.Mapping{{From: "first_name", To: "first_name"}, {From: "email", To: "email"}, {From: "note", To: "note"}}})
	for _, first := range []string{"Ada", "Bea", "Cy"} {
		p.card(first, "met in spring")
	}
	for _, first := range []string{"Dot", "Eve", "Fay"} {
		p.add(first, address(first), "met in autumn")
	}
	p.rest("the first runs")
	return p
}

func address(first string) string { return strings.ToLower(first) + "@example.com" }

// card is what somebody writes at the server.
func (p *pairing) card(first, note string) {
	p.t.Helper()
	p.dav.Put(p.t, p.name(first), fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:;%s;;;\r\nEMAIL:%s\r\nNOTE:%s\r\nEND:VCARD\r\n",
		strings.TrimSuffix(p.name(first), ".vcf"), first, first, address(first), note))
}

// name is the file of somebody's card: their own, or the one that Kith made.
func (p *pairing) name(first string) string {
	p.t.Helper()
	for file, text := range p.dav.Cards(p.t) {
		if strings.Contains(text, address(first)) {
			return file
		}
	}
	return strings.ToLower(first) + ".vcf"
}

// there are the people of the server as lines, sorted.
func (p *pairing) there() string {
	p.t.Helper()
	var all []string
	for _, text := range p.dav.Cards(p.t) {
		values := map[string]string{}
		for _, l := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
			name, value, _ := strings.Cut(l, ":")
			switch name, _, _ = strings.Cut(name, ";"); strings.ToUpper(name) {
			case "N":
				values["first_name"] = strings.Split(value, ";")[1]
			case "EMAIL":
				values["email"] = value
			case "NOTE":
				values["note"] = value
			}
		}
		all = append(all, line(values))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// same wants these people on both sides, and nobody else.
func (p *pairing) same(what string, people ...string) {
	p.t.Helper()
	want(p.t, what+", in the book", p.here(), lines(people...))
	want(p.t, what+", at the server", p.there(), lines(people...))
}
