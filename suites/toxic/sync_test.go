package toxic

import (
	"testing"
	"time"

	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/store"
)

// networks are the bad ways to a CardDAV server. Whatever they do, a write was
// carried out once or not at all, and what could not be read is not gone.
func networks() []bad {
	at := func(kind string, up bool, attributes map[string]int) peer.Toxic {
		return peer.Toxic{Type: kind, Up: up, Attributes: attributes}
	}
	return []bad{
		{"every answer takes 300 ms, more or less", []peer.Toxic{at("latency", false, map[string]int{"latency": 300, "jitter": 100})}},
		{"the line carries 20 kB a second both ways", []peer.Toxic{at("bandwidth", false, map[string]int{"rate": 20}), at("bandwidth", true, map[string]int{"rate": 20})}},
		{"answers come in pieces of a few bytes", []peer.Toxic{at("slicer", false, map[string]int{"average_size": 16, "size_variation": 8, "delay": 200})}},
		{"requests go out in pieces of a few bytes", []peer.Toxic{at("slicer", true, map[string]int{"average_size": 16, "size_variation": 8, "delay": 200})}},
		{"every connection is reset after 60 ms", []peer.Toxic{at("latency", false, map[string]int{"latency": 15}), at("reset_peer", false, map[string]int{"timeout": 60})}},
		{"every connection is reset after 150 ms", []peer.Toxic{at("latency", false, map[string]int{"latency": 15}), at("reset_peer", false, map[string]int{"timeout": 150})}},
		{"requests are reset on their way", []peer.Toxic{at("reset_peer", true, map[string]int{"timeout": 100}), at("latency", true, map[string]int{"latency": 15})}},
		{"answers stop in the middle", []peer.Toxic{at("slicer", false, map[string]int{"average_size": 400, "delay": 60_000_000})}},
		{"two connections of five are reset before their answers", []peer.Toxic{{Type: "reset_peer", Share: 0.4, Attributes: map[string]int{"timeout": 10}}}},
		{"two connections of five are reset before their requests", []peer.Toxic{{Type: "reset_peer", Up: true, Share: 0.4, Attributes: map[string]int{"timeout": 0}}}},
		{"two connections of five end in the middle of their answers", []peer.Toxic{{Type: "limit_data", Share: 0.4, Attributes: map[string]int{"bytes": 100}}}},
		{"nothing reaches the server", []peer.Toxic{at("timeout", true, map[string]int{"timeout": 0})}},
		{"every connection ends after 300 bytes of answers", []peer.Toxic{at("limit_data", false, map[string]int{"bytes": 300})}},
		{"every connection ends after 600 bytes of answers", []peer.Toxic{at("limit_data", false, map[string]int{"bytes": 600})}},
		{"every connection ends after 1,500 bytes of answers", []peer.Toxic{at("limit_data", false, map[string]int{"bytes": 1500})}},
		{"every connection ends after 900 bytes of requests", []peer.Toxic{at("limit_data", true, map[string]int{"bytes": 900})}},
	}
}

// Two-way, with people at work on both sides before and while the network is bad.
func TestTwoWayOverABadNetwork(t *testing.T) {
	atLength(t)
	x := peer.StartToxiproxy(t)
	for _, server := range []struct {
		name  string
		start func(testing.TB) *peer.DAV
		rows  []bad
	}{
		{"Radicale", peer.StartRadicale, networks()},
		{"Xandikos", peer.StartXandikos, []bad{networks()[5], networks()[10], networks()[12],
			{"answers do not come for a minute", []peer.Toxic{{Type: "latency", Attributes: map[string]int{"latency": 60_000}}}}}},
	} {
		for _, row := range server.rows {
			t.Run(server.name+": "+row.sentence, func(t *testing.T) {
				t.Parallel()
				work(t, pair(t, x, server.start(t)), row.toxics)
			})
		}
	}
}

// work is a day at both desks. The first and the last run are over the bad
// network from their beginning, the one between from the moment it writes.
func work(t *testing.T, p *pairing, toxics []peer.Toxic) {
	t.Helper()
	p.edit("Dot", "note", "edited here")
	p.card("Ada", "edited there")
	p.add("Gil", address("Gil"), "new here")
	p.card("Hal", "new there")
	p.way.Add(t, toxics...)
	p.badly("the first run", p.run)
	p.way.Heal(t)
	p.edit("Ada", "email", "ada@example.org")
	p.card("Eve", "edited there too")
	p.trash("Fay")
	p.dav.Remove(t, p.name("Cy"))
	r, err := p.Plan(t.Context(), p.sync)
	if err != nil || r.Status != store.Planned {
		t.Fatalf("plan: got %s, %v", r.Status, err)
	}
	p.way.Add(t, toxics...)
	p.badly("the second run", func() (store.Run, error) { return p.Apply(t.Context(), p.sync, r) })
	p.add("Ida", address("Ida"), "new while it is bad")
	p.card("Jo", "new there while it is bad")
	p.ahead = 8 * 24 * time.Hour // everything is listed, to see who is gone
	p.badly("the third run", p.run)
	p.way.Heal(t)
	p.rest("the way is good again")
	p.same("afterwards", "Ada <ada@example.org> edited there", "Bea <bea@example.com> met in spring", "Dot <dot@example.com> edited here",
		"Eve <eve@example.com> edited there too", "Gil <gil@example.com> new here", "Hal <hal@example.com> new there",
		"Ida <ida@example.com> new while it is bad", "Jo <jo@example.com> new there while it is bad")
}

// badly runs once. What comes of it is told; it may fail, and must not lose.
func (p *pairing) badly(what string, run func() (store.Run, error)) {
	p.t.Helper()
	began := time.Now()
	r, err := run()
	p.t.Logf("%s: %s, %d writes, %d held, %d ms, %v", what, r.Status, r.Totals.Writes(), r.Totals.Held, time.Since(began).Milliseconds(), err)
	if err != nil && r.Message == "" {
		p.t.Errorf("%s: the run has failed and says nothing: %v", what, err)
	}
}
