package toxic

import (
	"fmt"
	"testing"
	"time"

	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// I3: a create whose answer was lost may have been carried out. It is not sent
// again blindly, and afterwards everybody is there once.
func TestTheAnswerToACreateIsLost(t *testing.T) {
	x := peer.StartToxiproxy(t)
	rows := []bad{
		{"the connection ends with the first byte of the answer", []peer.Toxic{{Type: "limit_data", Attributes: map[string]int{"bytes": 0}}}},
		{"the connection ends in the middle of the head of the answer", []peer.Toxic{{Type: "limit_data", Attributes: map[string]int{"bytes": 20}}}},
		{"the connection is reset", []peer.Toxic{{Type: "reset_peer", Attributes: map[string]int{"timeout": 0}}}},
		{"the answer does not come for a minute", []peer.Toxic{{Type: "bandwidth", Attributes: map[string]int{"rate": 0}}}},
		{"the line is cut and stays cut", nil},
	}
	for _, server := range []struct {
		name  string
		start func(testing.TB) *peer.DAV
	}{{"Radicale", peer.StartRadicale}, {"Xandikos", peer.StartXandikos}} {
		for _, row := range rows {
			t.Run(server.name+": "+row.sentence, func(t *testing.T) {
				t.Parallel()
				p := pair(t, x, server.start(t))
				p.add("Gil", address("Gil"), "new here")
				p.add("Hal", address("Hal"), "new here")
				p.add("Ida", address("Ida"), "new here")
				p.unanswered(row.toxics)
				p.way.Heal(t)
				p.way.Cut(t, false)
				p.rest("the way is good again")
				p.same("afterwards", append(six(), "Gil <gil@example.com> new here", "Hal <hal@example.com> new here", "Ida <ida@example.com> new here")...)
			})
		}
	}
}

// unanswered applies a plan and does this to the connection at the moment when the
// server has the first new card, and its answer is on the way.
func (p *pairing) unanswered(toxics []peer.Toxic) {
	p.t.Helper()
	r, err := p.Plan(p.t.Context(), p.sync)
	if err != nil || r.Status != store.Planned || r.Totals.Created != 3 {
		p.t.Fatalf("plan: got %s, %+v, %v", r.Status, r.Totals, err)
	}
	p.way.Add(p.t, peer.Toxic{Type: "latency", Attributes: map[string]int{"latency": 500}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, err = p.Apply(p.t.Context(), p.sync, r)
	}()
	for len(p.dav.Cards(p.t)) < 7 {
		select {
		case <-done:
			p.t.Fatalf("the run ended before it created anybody: %s, %v", r.Status, err)
		case <-time.After(2 * time.Millisecond):
		}
	}
	if p.way.Add(p.t, toxics...); toxics == nil {
		p.way.Cut(p.t, true)
	}
	<-done
	p.t.Logf("%s, %d held, %v, %d cards at the server; %v", r.Status, r.Totals.Held, r.Reasons, len(p.dav.Cards(p.t)), err)
	if r.Reasons[string(plan.OutcomeUnknown)] == 0 {
		p.t.Errorf("got %s with %v, want the run to say that an outcome is unknown", r.Status, r.Reasons)
	}
}

// six are the people that pair begins with.
func six() (all []string) {
	for _, first := range []string{"Ada", "Bea", "Cy"} {
		all = append(all, fmt.Sprintf("%s <%s> met in spring", first, address(first)))
	}
	for _, first := range []string{"Dot", "Eve", "Fay"} {
		all = append(all, fmt.Sprintf("%s <%s> met in autumn", first, address(first)))
	}
	return all
}
