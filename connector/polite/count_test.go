package polite_test

import (
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/polite"
)

func TestCallsAreCountedByMethod(t *testing.T) {
	s := &scripted{pages: map[string][]step{"": {page("1", "a"), page("2", "b"), failed(connector.Busy)}}}
	r := polite.Count(s)
	_, _ = r.Schema(ctx)
	for range 2 {
		_, _ = r.Fetch(ctx, nil)
	}
	for range 3 {
		_, _ = r.Find(ctx, "email", nil)
	}
	r.Write(ctx, creates("a", "b", "c"))
	r.Write(ctx, creates("d"))
	_, _ = list(r, "")
	for _, err := range r.Changes(ctx, "1") {
		t.Error("nothing changed since 1", err)
	}
	equal(t, "counts", r.Counts(), polite.Counts{Schema: 1, Fetch: 2, Find: 3, Write: 2, Writes: 4, Changes: 2, Pages: 2})
}
