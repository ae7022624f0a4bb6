package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// linked links the first contacts of the first book with a connection, and leaves
// conflicts about the first of them.
func (w *world) linked(conflicts ...plan.Conflict) {
	w.t.Helper()
	ctx, s := w.t.Context(), w.Workspace.Store
	c, err := s.SaveConnection(ctx, store.Connection{Name: "office", Kind: "carddav", Settings: map[string]string{"url": "https://dav.example.org"}})
	w.no(err)
	p, err := s.PairOf(ctx, c.ID, "people", 1)
	w.no(err)
	batch := store.LinkBatch{Pair: p.ID, Position: -1}
	for i := range 3 {
		batch.Mirror = append(batch.Mirror, store.Mirrored{RemoteID: fmt.Sprintf("r%d", i+1), Ref: store.Ref(1, int64(i+1))})
	}
	for _, c := range conflicts {
		c.Winner = plan.WinReview
		batch.Conflicts = append(batch.Conflicts, store.Conflict{Ref: store.Ref(1, 1), RemoteID: "r1", Run: 1, Found: time.UnixMilli(w.now.UnixMilli()), Conflict: c})
	}
	w.no(s.WriteLinks(ctx, batch))
}

func TestConflicts(t *testing.T) {
	w := newWorld(t)
	w.imports("friends", people)
	viewer, operator := w.as(account.Viewer), w.as(account.Operator)
	viewer.get("/conflicts").is(http.StatusOK).says("main", "No conflict waits for anybody")
	w.linked(plan.Conflict{Field: "company", Base: "Acme", Ours: "Bee <b>", Theirs: "<script>alert(1)</script>"},
		plan.Conflict{Field: "phone", Ours: "1", Theirs: "2", Oscillates: true})
	page := viewer.get("/conflicts").is(http.StatusOK)
	page.says("#conflict-1", "Ada Archer", "company", "Acme", "Bee <b>", "<script>alert(1)</script>", "office people").has(".versus", 2).has("main button", 0).has("main script", 0)
	page.says("#conflict-2", "Frozen", "nothing both had agreed on")
	viewer.post("/conflicts/1", url.Values{"pick": {"ours"}}).is(http.StatusForbidden)
	operator.get("/conflicts").has("#conflict-1 button", 2)
	operator.post("/conflicts/1", url.Values{"pick": {"mine"}}).is(http.StatusUnprocessableEntity)
	operator.post("/conflicts/9", url.Values{"pick": {"ours"}}).is(http.StatusNotFound)
	if to := operator.post("/conflicts/1", url.Values{"pick": {"theirs"}}).to; to != "/conflicts#conflict-1" {
		t.Errorf("a choice led to %q, want /conflicts#conflict-1", to)
	}
	operator.get("/conflicts").says("#conflict-1 .chosen", "Theirs", "Chosen").says("#conflict-1", "decided: theirs").has("#conflict-1 button", 1)
	w.audited("conflicts.pick", "id:1")
	viewer.get("/connections/office/links").says("tbody", "Ada Archer", "r1").has("#rows tr", 3)
	viewer.get("/connections").says("tbody", "office")
}
