package store

import (
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
)

func testTested(t *testing.T, s *Store) {
	c := must(s.SaveConnection(ctx, Connection{Name: "office", Kind: "carddav"}))(t)
	at := time.UnixMilli(1_700_000_000_000).UTC()
	for _, want := range []Tested{{c.ID, at, "connection.denied", "It was refused."}, {c.ID, at.Add(time.Hour), "", "It answers."}} {
		noError(t, s.SaveTested(ctx, want))
		equal(t, "test", must(s.Tests(ctx))(t)[c.ID], want)
	}
	noError(t, s.ForgetTested(ctx, c.ID))
	equal(t, "tests of a changed connection", len(must(s.Tests(ctx))(t)), 0)
	must(s.Spend(ctx, c.ID, "2026-11-22", 5))(t)
	must(s.Spend(ctx, c.ID, "2026-11-22", 5))(t)
	equal(t, "calls of a day", must(s.SpentOn(ctx, "2026-11-22"))(t)[c.ID], 2)
	equal(t, "calls of another day", must(s.SpentOn(ctx, "2026-11-23"))(t)[c.ID], 0)
	noError(t, s.SaveTested(ctx, Tested{c.ID, at, "", "It answers."}))
	noError(t, s.DeleteConnection(ctx, c.ID))
	equal(t, "tests of a deleted connection", len(must(s.Tests(ctx))(t)), 0)
}

func testLinkPages(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 3)
	p := makePair(t, s, b)
	var mirror []Mirrored
	for i, id := range []string{"r1", "r2", "r3"} {
		mirror = append(mirror, Mirrored{RemoteID: id, Ref: Ref(b.ID, int64(i)+1)})
	}
	batch := LinkBatch{Pair: p.ID, Mirror: mirror, Position: -1}
	for _, field := range []string{"company", "phone"} {
		batch.Conflicts = append(batch.Conflicts, Conflict{Ref: Ref(b.ID, 1), RemoteID: "r1", Found: time.UnixMilli(1), Conflict: plan.Conflict{Field: field, Winner: plan.WinReview}})
	}
	noError(t, s.WriteLinks(ctx, batch))
	first := must(s.LinksAt(ctx, LinkPage{Connection: p.ConnectionID, Limit: 2}))(t)
	equal(t, "links of the first stretch", len(first), 2)
	rest := must(s.LinksAt(ctx, LinkPage{Book: b.ID, After: first[1].At, Limit: 2}))(t)
	equal(t, "links of the second stretch", len(rest), 1)
	equal(t, "the last record", rest[0].RemoteID, "r3")
	equal(t, "links of another book", len(must(s.LinksAt(ctx, LinkPage{Book: b.ID + 1, Limit: 2}))(t)), 0)
	equal(t, "links of the connection", must(s.CountLinks(ctx))(t)[p.ConnectionID], 3)
	one := must(s.ConflictsAfter(ctx, 0, 1))(t)
	two := must(s.ConflictsAfter(ctx, one[0].ID, 5))(t)
	equal(t, "conflicts behind the first", len(two), 1)
	equal(t, "the second", two[0].Field, "phone")
}
