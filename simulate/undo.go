package simulate

import (
	"context"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// undoSomething has a person take one of the latest runs of a sync back. Which of all
// earlier values are then right is decided: only later edits count.
func (s *system) undoSomething(sync store.Sync) {
	runs, err := s.store.RunsOf(s.ctx, sync.ID, 0, 4)
	if err != nil {
		s.broken("read runs: %v", err)
	}
	var done []store.Run
	for _, r := range runs {
		if r.Kind == store.KindSync && r.Status.Applied() {
			done = append(done, r)
		}
	}
	if len(done) == 0 {
		return
	}
	r := done[s.rng.IntN(len(done))]
	s.say("a person takes run %d of %s back", r.ID, sync.Name)
	s.decided(r)
	s.undo(true)
	s.takes(r)
	r, err = s.engine.Undo(s.ctx, sync, r)
	s.say("undo: %s %v %s", r.Status, r.Totals, r.Code)
	s.expected(err)
	s.undone(r)
}

// undo begins or ends to take a run back.
func (s *system) undo(on bool) { s.undoing, s.remote.Restoring = on, on }

// takes notes what a run that is taken back has left in each field of either side.
func (s *system) takes(r store.Run) {
	s.left, s.takenBack = map[place]string{}, r.ID
	for _, c := range s.journalOf(r) {
		side, id := 0, strconv.FormatInt(c.Ref, 10)
		if c.Remote {
			side, id = s.at, c.TargetID
		}
		for _, f := range c.Fields {
			if f.Written() {
				s.left[place{side, id, f.Name}] = f.New
			}
		}
	}
}

// saysSame reports whether two values say the same, or both nothing.
func saysSame(field, a, b string) bool { return same(field, a, b) || blank(a) && blank(b) }

// watchUndo judges a write of an undo: what a person has typed since stays.
func (s *system) watchUndo(w connector.Write, now map[string]string) {
	x := s.remote.records[w.ID]
	typed := func(field string) bool {
		return x.people[field] && !saysSame(field, now[field], s.left[place{s.at, w.ID, field}])
	}
	switch w.Op {
	case connector.OpCreate:
		if id := s.namesake(w); id != "" {
			s.broken("an undo makes contact %d a second time beside %s", store.Number(s.refOf[w.Key]), id)
		}
	case connector.OpUpdate:
		for field, value := range w.Set {
			if typed(field) && !same(field, now[field], value) {
				s.broken("an undo writes %q over %q, which a person has typed into %s of %s", value, now[field], field, w.ID)
			}
		}
	case connector.OpDelete:
		for _, f := range remoteFields.Fields {
			if typed(f.Name) {
				s.broken("an undo deletes %s, whose %s a person has typed", w.ID, f.Name)
			}
		}
	}
}

// namesake is a record that people can see, with the e-mail of one that is about to be
// brought back, and nobody else's. What stood beside that when the run was planned, which is
// taken back, may go on doing so.
func (s *system) namesake(w connector.Write) string {
	email := normalized(contact.Email, w.Set["email"])
	if email == "" || s.narrowed || !slices.Contains(s.Finds, "email") {
		return ""
	}
	for id, x := range s.remote.records {
		of := s.came[id]
		seen := !x.gone && x.seq <= s.intended[w.Key] && !x.visible.After(s.remote.Now())
		if seen && x.seq > s.knownBy[s.takenBack] && (of == 0 || of == s.refOf[w.Key]) && normalized(contact.Email, x.values["email"]) == email {
			return id
		}
	}
	return ""
}

// watchUndoHere judges the same of a change that the book has taken.
func (s *system) watchUndoHere(c plan.Change, before map[string]string) {
	id := strconv.FormatInt(c.Ref, 10)
	for _, f := range c.Fields {
		at := place{0, id, f.Name}
		now, e := before[f.Name], s.notes.edits[at]
		typed := before != nil && e.n != 0 && same(f.Name, e.value, now) && !saysSame(f.Name, now, s.left[at])
		switch {
		case typed && c.Action == plan.Remove:
			s.broken("an undo throws contact %d away, whose %s a person has typed", store.Number(c.Ref), f.Name)
		case typed && c.Action == plan.Update && f.Written() && !same(f.Name, f.New, now):
			s.broken("an undo writes %q over %q, which a person has typed into %s of contact %d", f.New, now, f.Name, store.Number(c.Ref))
		}
	}
}

// undone is the end of an undo, first or resumed: what it wrote was judged by what it
// took back. What it found out of first has gone back, too.
func (s *system) undone(r store.Run) {
	s.undo(false)
	for _, c := range s.journalOf(r) {
		if c.Remote {
			s.handle(c.TargetID)
		}
	}
	s.removedHere, s.removedThere = 0, 0
	clear(s.did)
	s.look()
}

// decided notes that a person has decided about all that a run wrote.
func (s *system) decided(r store.Run) {
	s.notes.n++
	for _, c := range s.journalOf(r) {
		id := c.SourceID
		if c.Remote {
			id = c.TargetID
		}
		s.overrule(c.Ref)
		s.notes.merged[place{side: s.at, id: id}] = s.notes.n
		s.handle(id)
		s.handle(s.linked[c.Ref])
	}
}

// reverse is what the engine of books makes of a run's changes to the book.
func (s *system) reverse(ctx context.Context, sync store.Sync, r store.Run) ([]plan.Change, error) {
	e := run.Engine{Journal: s.store, Connector: books{s}, Now: s.now, Secret: s.secret}
	return e.Reverse(ctx, sync, r)
}

// books opens the book for the engine that reverses runs on it.
type books struct{ s *system }

func (books) Source(context.Context, store.Sync) (connector.Source, error) {
	panic("an undo reads no source")
}

func (b books) Target(ctx context.Context, _ store.Sync, _ string) (run.Target, error) {
	target, err := book.Open(ctx, b.s.store, bookName, b.s.secret, nil)
	return opened{target}, err
}

// opened is a book that is there.
type opened struct{ *book.Book }

func (o opened) BookID() int64 { return o.ID() }

func (opened) Make(context.Context, contact.Schema) error { return nil }
