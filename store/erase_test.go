package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kith-sync/kith/plan"
)

// testErase: everything about a person goes in one transaction, and nothing about
// others (requirements 3.14).
func testErase(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	past := makeRun(t, s, Run{Status: Succeeded, BookID: b.ID})
	write(t, s, Batch{Book: b, Run: past.ID, Creates: []ContactWrite{
		{Ref: Ref(b.ID, 1), Values: []string{"ada@example.com", "Ada"}, Add: []Key{{2, 11}, {3, 31}, {2, 12}}},
		{Ref: Ref(b.ID, 2), Values: []string{"bob@example.org", "Bob"}, Add: []Key{{2, 21}, {3, 31}}},
		{Ref: Ref(b.ID, 3), Values: []string{"ada@example.net", "Ada"}, Add: []Key{{2, 12}}},
	}})
	write(t, s, Batch{Book: b, Run: past.ID, Trash: []ContactWrite{{Ref: Ref(b.ID, 3), IfVersion: 1, Remove: []Key{{2, 12}}}}})
	noError(t, s.AppendPlan(ctx, past.ID, nil, 0, []plan.Change{
		{Action: plan.Update, Ref: Ref(b.ID, 1), SourceID: "ada@example.com", Fields: []plan.FieldChange{{Name: "first_name", Old: "Adah", New: "Ada", Rule: "always"}}},
		{Action: plan.Reject, Reason: plan.LanguageUnknown, Fields: []plan.FieldChange{{Name: "first_name", New: "Ada"}}, Detail: plan.Detail{Value: "ada@example.com", Column: "E-mail"}},
		{Action: plan.Update, Ref: Ref(b.ID, 2), Fields: []plan.FieldChange{{Name: "email", Old: "ada@example.com", New: "bob@example.org"}, {Name: "first_name", Old: "Rob", New: "Bob"}}},
		{Action: plan.Remove, Ref: Ref(b.ID, 3), Into: Ref(b.ID, 1), Fields: []plan.FieldChange{{Name: "email", Old: "ada@example.net"}}},
	}))
	looked := makeRun(t, s, Run{Status: Planned, BookID: b.ID})
	other := makeRun(t, s, Run{Status: Planned, RunDetail: RunDetail{Stage: "abc.csv"}})
	bystander := makeRun(t, s, Run{Status: Planned, RunDetail: RunDetail{Stage: "def.csv"}})
	same(t, "who was merged into the contact", must(s.MergedFrom(ctx, Ref(b.ID, 1)))(t), []int64{Ref(b.ID, 3)})
	same(t, "nobody was merged into the other", must(s.MergedFrom(ctx, Ref(b.ID, 2)))(t), nil)

	done, err := s.Erase(ctx, Erasure{Book: reread(t, s, b), Refs: []int64{Ref(b.ID, 1), Ref(b.ID, 3)}, Keys: []Key{{2, 13}}, Now: someDay, Stages: []string{"abc.csv"},
		Mentions: func(text string) bool { return strings.Contains(text, "ada@example") }})
	noError(t, err)
	noError(t, s.Compact(ctx))

	equal(t, "contacts that went, with their copies", done.Contacts, 2)
	equal(t, "rows of history", done.Changes, 4)
	equal(t, "plans dropped", done.Plans, 2)
	same(t, "who is left", numbers(t, s, b), []int64{2})
	equal(t, "population", reread(t, s, b).Population, 1)
	equal(t, "the trash", len(must(s.TrashedContacts(ctx, b))(t)), 0)
	equal(t, "the keys of those erased", len(find(t, s, reread(t, s, b), 2, 11, 12)), 0)
	same(t, "the keys of others", find(t, s, reread(t, s, b), 2, 21), []KeyHit{{21, Ref(b.ID, 2)}})
	for _, r := range []Run{looked, other} {
		if _, err := s.Run(ctx, r.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("plan %d: got %v, want it dropped", r.ID, err)
		}
	}
	_, err = s.Run(ctx, bystander.ID)
	noError(t, err)

	_, left := detailsOf(t, s, past.ID)
	same(t, "fields of the person's update", left[0].Fields, []plan.FieldChange{{Name: "first_name", Rule: "always"}})
	equal(t, "it says why", left[0].Reason, plan.Erased)
	equal(t, "the source's name for the record", left[0].SourceID, "")
	equal(t, "the rejected record's value", left[1].Detail.Value+left[1].Fields[0].New, "")
	equal(t, "its reason and column stay", string(left[1].Reason)+left[1].Detail.Column, "language.unknownE-mail")
	same(t, "of somebody else only what names the person goes", left[2].Fields, []plan.FieldChange{{Name: "email"}, {Name: "first_name", Old: "Rob", New: "Bob"}})
	equal(t, "the other's change keeps its reason", left[2].Reason, plan.NoReason)
	equal(t, "into whom the copy was merged", left[3].Into, Ref(b.ID, 1))

	suppressed := must(s.Suppressions(ctx))(t)
	equal(t, "suppressions", len(suppressed), 1)
	same(t, "keys that nobody else has", suppressed[0].Keys, []Key{{2, 11}, {2, 12}, {2, 13}})
	equal(t, "whose", suppressed[0].Ref, Ref(b.ID, 1))
	equal(t, "when", suppressed[0].At.UnixMilli(), someDay.UnixMilli())
	equal(t, "the run that erased", must(s.Run(ctx, done.Run))(t).Totals.Deleted, 2)
	same(t, "whom it touched", must(s.TouchedSince(ctx, b.ID, past.ID))(t), []int64{Ref(b.ID, 1), Ref(b.ID, 3)})

	noError(t, s.LiftSuppression(ctx, suppressed[0].ID))
	equal(t, "suppressions after it was lifted", len(must(s.Suppressions(ctx))(t)), 0)
	if err := s.LiftSuppression(ctx, suppressed[0].ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("lifted twice: got %v, want %v", err, ErrNotFound)
	}
}

func testEraseLinks(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 2)
	p := makePair(t, s, b)
	linked, other := Mirrored{RemoteID: "r1", Ref: Ref(b.ID, 1), Version: "v1", Hashes: [3]uint64{0, 7, 0}, Seen: map[string]string{"email": "ada@example.com"},
		Base: map[string]plan.Agreed{"email": {Ours: "ada@example.com", Theirs: "ada@example.com"}}}, Mirrored{RemoteID: "r2", Ref: Ref(b.ID, 2), Seen: map[string]string{"email": "bob@example.org"}}
	loose := Mirrored{RemoteID: "r3", Hashes: [3]uint64{0, 7, 0}, Seen: map[string]string{"email": "ADA@example.com"}}
	noError(t, s.WriteLinks(ctx, LinkBatch{Pair: p.ID, Run: 1, Position: -1, Mirror: []Mirrored{linked, other, loose}, Judged: []int64{Ref(b.ID, 1)},
		Conflicts: []Conflict{{RemoteID: "r1", Ref: Ref(b.ID, 1), Found: someDay, Conflict: plan.Conflict{Field: "first_name", Ours: "Ada", Theirs: "Adah", TheirsRaw: "ADAH", Base: "A", Winner: plan.WinReview}}}}))
	noError(t, s.Intend(ctx, p.ID, p.Epoch, []Intent{{Run: 1, Key: "k1", Op: 2, Ref: Ref(b.ID, 1), RemoteID: "r1", Payload: map[string]string{"email": "ada@example.com"}, Attempted: someDay},
		{Run: 1, Key: "k3", Op: 1, Ref: Ref(b.ID, 1), Payload: map[string]string{"email": "ada@example.com"}, Attempted: someDay},
		{Run: 1, Key: "k2", Op: 2, Ref: Ref(b.ID, 2), RemoteID: "r2", Payload: map[string]string{"email": "bob@example.org"}, Attempted: someDay}}))

	done, err := s.Erase(ctx, Erasure{Book: reread(t, s, b), Refs: []int64{Ref(b.ID, 1)}, Keys: []Key{{2, 7}}, Now: someDay,
		Mentions: func(text string) bool { return strings.Contains(text, "ada@example") }})
	noError(t, err)
	equal(t, "records of which only the id is kept", done.Links, 2)
	equal(t, "writes under way", done.Intents, 2)
	equal(t, "conflicts", done.Conflicts, 1)
	same(t, "records that may be there", told(done.Records), []string{"office people r1 1", "office people r3 0"})
	same(t, "creates without an answer", told(done.Unanswered), []string{"office people  1"})
	for id, want := range map[string]struct {
		state MirrorState
		ref   int64
		seen  int
	}{"r1": {Erased, Ref(b.ID, 1), 0}, "r2": {There, Ref(b.ID, 2), 1}, "r3": {Erased, 0, 0}} {
		m := must(s.MirrorByRemote(ctx, p.ID, []string{id}))(t)[0]
		equal(t, id+": state", m.State, want.state)
		equal(t, id+": its contact, or the tombstone", m.Ref, want.ref)
		equal(t, id+": values", len(m.Seen), want.seen)
		if m.State == Erased {
			equal(t, id+": base and version", len(m.Base)+len(m.Version), 0)
		}
	}
	equal(t, "open conflicts", len(must(s.OpenConflicts(ctx, 0))(t)), 0)
	c := must(s.ConflictsOf(ctx, Ref(b.ID, 1)))(t)[0]
	equal(t, "values of the conflict", c.Base+c.Ours+c.Theirs+c.TheirsRaw, "")
	equal(t, "intents of others", must(s.Intents(ctx, p.ID))(t)[0].Key, "k2")

	again, err := s.Erase(ctx, Erasure{Book: reread(t, s, b), Keys: []Key{{2, 7}}, Now: someDay, Mentions: func(string) bool { return false }})
	noError(t, err)
	same(t, "erased again by e-mail: the records that may be there", told(again.Records), told(done.Records))
	equal(t, "erased again: the suppression", again.Suppression, done.Suppression)

	noError(t, s.LiftSuppression(ctx, done.Suppression))
	equal(t, "tombstones after it was lifted", len(must(s.MirrorByRemote(ctx, p.ID, []string{"r1", "r3"}))(t)), 0)
	equal(t, "the remote is listed anew", must(s.Pair(ctx, p.ID))(t).Cursor, "")
}

func told(list []Linked) (all []string) {
	for _, l := range list {
		all = append(all, fmt.Sprint(l.Connection, " ", l.Object, " ", l.RemoteID, " ", Number(l.Ref)))
	}
	return all
}
