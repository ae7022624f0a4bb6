package listmonk_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/listmonk"
	"github.com/kith-sync/kith/connector/listmonk/sandbox"
)

// benchmarks.md 1: 1,000 changed among 1,000,000 cost a handful of calls.
func TestThousandChangedAmongAMillion(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	st := newStage(t, sandbox.Options{})
	st.clock.at = at
	st.Populate(1_000_000)
	s := st.settings()
	s.PageSize = 0
	l, err := listmonk.Open(t.Context(), s, st.client)
	if err != nil {
		t.Fatal(err)
	}
	since := "from=2026-10-01T00%3A00%3A00Z" // a million people are older
	if got, _, _ := listed(t, l, since); len(got) > 0 {
		t.Fatalf("got %d changed, want nobody", len(got))
	}
	for n := range 1000 {
		id := 1 + n*997
		if n%2 == 0 {
			st.Says(id, st.list, "unsubscribed")
			continue
		}
		st.Sandbox.Change(id, func(p *sandbox.Person) { p.Name = "Changed" })
	}
	st.Counts()
	ids, cursor, _ := listed(t, l, since)
	if got := st.Counts(); len(ids) != 1000 || got.Total > 2 {
		t.Errorf("got %d people in %d calls, want 1,000 in at most 2", len(ids), got.Total)
	}
	st.clock.pass(time.Hour)
	if ids, _, _ := listed(t, l, cursor); len(ids) != 1000 {
		t.Errorf("again: got %d, want those of the same moment", len(ids))
	}
	var writes []connector.Write
	for n := range 100 {
		writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: strconv.Itoa(500_000 + n), Set: map[string]string{"city": "Bath"}})
	}
	st.Counts()
	for _, o := range l.Write(t.Context(), writes) {
		if o.Fault != nil {
			t.Fatal(o.Fault)
		}
	}
	if got := st.Counts(); got.Total != 101 || got.Calls["PATCH /api/subscribers/{id}"] != 100 {
		t.Errorf("100 updates: got %v, want one look and 100 changes", got.Calls)
	}
}
