package toxic

import (
	"fmt"
	"strings"
	"testing"
	"time"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

const staff = 60 // people in the directory: six pages

// I13: whoever is on a page of a listing that did not come is not gone.
func TestADirectoryOverABadNetwork(t *testing.T) {
	x := peer.StartToxiproxy(t)
	down := func(kind string, attributes map[string]int) []peer.Toxic {
		return []peer.Toxic{{Type: kind, Attributes: attributes}}
	}
	for _, row := range []struct {
		bad
		fails bool
	}{
		{bad{"the connection ends in the first page", down("limit_data", map[string]int{"bytes": 1500})}, true},
		{bad{"the connection ends in the middle of the listing", down("limit_data", map[string]int{"bytes": 15_000})}, true},
		{bad{"the connection is reset", []peer.Toxic{{Type: "latency", Attributes: map[string]int{"latency": 20}}, {Type: "reset_peer", Attributes: map[string]int{"timeout": 100}}}}, true},
		{bad{"the directory stops in the middle and says nothing more", down("slicer", map[string]int{"average_size": 2000, "delay": 60_000_000})}, true},
		{bad{"nothing reaches the directory", []peer.Toxic{{Type: "timeout", Up: true, Attributes: map[string]int{"timeout": 0}}}}, true},
		{bad{"every page takes 100 ms more", down("latency", map[string]int{"latency": 100, "jitter": 50})}, false},
		{bad{"answers come in small pieces", down("slicer", map[string]int{"average_size": 50, "delay": 100})}, false},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			t.Parallel()
			slapd := peer.StartSlapd(t, people())
			d, way := sit(t), x.To(t, slapd.Addr)
			d.connect("ldap", peer.SlapdSecret, map[string]string{"url": "ldap://" + way.Addr, "base": peer.SlapdPeople, "user": peer.SlapdAdmin, "page_size": "10"})
			d.keep(plan.Sync{Source: plan.Endpoint{Connection: "far"}, Target: plan.Endpoint{Book: "people"},
				Policy: plan.Policy{Delete: plan.Delete{NotFound: plan.Trash}}, Guard: plan.Guard{Deletes: plan.NoLimit, Changes: plan.NoLimit, Day: plan.NoLimit}})
			if row.fails { // a first listing that is cut
				way.Add(t, row.toxics...)
				d.fails()
				way.Heal(t)
			}
			if r := d.well("the first run"); r.Totals.Created != staff {
				t.Fatalf("got %+v, want %d created", r.Totals, staff)
			}
			dismiss(t, slapd, 7)
			d.ahead = 8 * 24 * time.Hour // everything is listed again, to see who is gone
			before := d.here()
			way.Add(t, row.toxics...)
			if row.fails {
				d.fails()
				want(t, "the contacts afterwards", d.here(), before)
				way.Heal(t)
			}
			if r := d.well("the next run"); r.Totals.Deleted != 1 || r.Totals.Writes() != 1 {
				t.Errorf("got %+v, want one deleted and nothing else", r.Totals)
			}
			if got := len(d.contacts()); got != staff-1 {
				t.Errorf("got %d contacts, want %d", got, staff-1)
			}
		})
	}
}

func people() string {
	var b strings.Builder
	for i := range staff {
		fmt.Fprintf(&b, "dn: uid=p%d,%s\nobjectClass: inetOrgPerson\nuid: p%d\ncn: Person %d\ngivenName: Person %d\nsn: Example\nmail: p%d@example.org\ndescription: %s\n\n",
			i, peer.SlapdPeople, i, i, i, i, strings.Repeat("as always ", 10))
	}
	return b.String()
}

// dismiss takes somebody out of the directory.
func dismiss(t *testing.T, slapd *peer.Slapd, i int) {
	t.Helper()
	conn, err := ldapv3.DialURL("ldap://" + slapd.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err = conn.Bind(peer.SlapdAdmin, peer.SlapdSecret); err == nil {
		err = conn.Del(ldapv3.NewDelRequest(fmt.Sprintf("uid=p%d,%s", i, peer.SlapdPeople), nil))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fails wants a run that fails, writes nothing, and says that the directory cannot
// be reached.
func (d *desk) fails() {
	d.t.Helper()
	r, err := d.run()
	d.t.Logf("%s, %s: %s", r.Status, r.Code, r.Message)
	if err == nil || r.Status != store.Failed || r.Code != "target.unreachable" || r.Totals.Writes() != 0 {
		d.t.Errorf("got %s, %s, %d writes, %v; want it failed with target.unreachable and nothing written", r.Status, r.Code, r.Totals.Writes(), err)
	}
}
