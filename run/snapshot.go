package run

import (
	"context"
	"encoding/json"
	"iter"
	"slices"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A snapshot is what the last run knew of each record: its plan's blocks. A
// record that is the same again, and whose contact nobody has touched since,
// needs no second look, so that a run costs what has changed.
type snapshot struct {
	next    func() (store.Block, error, bool)
	stop    func()
	ref     int64     // of the next record that was created
	window  []outcome // records of the last run that may still come
	touched refset
	edited  []int64 // the same, as a list
	freed   []int64 // contacts whose records of the last run are gone or other than they were
	ranks   []int   // places in outcome.Keys of the sync's match rules, best first
	err     error
}

// windowSize is how far the snapshot looks ahead for a record that moved up
// because others before it are gone.
const windowSize = 4 * blockRows

// openSnapshot returns the snapshot of a sync's last run, or nil where the last
// run says nothing about this one: another configuration, or new contacts in the
// target that a record might now be.
func (e *Engine) openSnapshot(ctx context.Context, b binding, last *store.Run, bookID int64) (*snapshot, error) {
	if b.Sync.Secondary { // blocks know the keys of main cards only
		return nil, nil
	}
	if b.Sync.Scope != "" || b.takesOneOfSeveral() || last == nil || last.BlocksOf == 0 || bookID == 0 || last.BookID != bookID {
		return nil, nil
	}
	decided, err := e.Journal.Run(ctx, last.BlocksOf)
	if err != nil {
		return nil, err
	}
	if len(b.Sync.Match) > 1 && decided.Totals.Held+decided.Reasons[string(plan.MatchSeveral)] > 0 {
		return nil, nil // who waited would find taken by a better rule whom a lesser one has settled
	}
	var old binding
	if err := json.Unmarshal(decided.Config, &old); err != nil || old.print() != b.print() {
		return nil, nil
	}
	runs, err := e.Journal.BookRuns(ctx, bookID, decided.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.Totals.Created > 0 {
			return nil, nil
		}
	}
	touched, err := e.Journal.TouchedSince(ctx, bookID, decided.ID)
	if err != nil || len(touched) > touchedLimit {
		return nil, err
	}
	moved, renamed, err := e.moved(ctx, decided, b)
	if err != nil || renamed || len(moved) > touchedLimit {
		return nil, err
	}
	touched = append(touched, moved...)
	s := &snapshot{edited: touched, ref: decided.FirstRef, touched: refset{}}
	for _, rule := range b.Sync.Match {
		s.ranks = append(s.ranks, plan.NumberOf(rule)-1)
	}
	for _, ref := range touched {
		s.touched.add(ref)
	}
	s.next, s.stop = iter.Pull2(e.Journal.Blocks(ctx, decided.ID))
	return s, nil
}

// moved are the contacts to which a run gave another e-mail, telephone or identifier:
// who is found by it may be somebody else now. A run that changed who is told apart by
// name behind a telephone (settled question 8) has renamed; nobody can tell then.
func (e *Engine) moved(ctx context.Context, decided store.Run, b binding) (refs []int64, renamed bool, err error) {
	if decided.Totals.Updated == 0 {
		return nil, false, nil
	}
	byName := b.Sync.TellsByName()
	for c, err := range e.Journal.Changes(ctx, decided.ID) {
		if err != nil {
			return nil, false, err
		}
		if byName && renames(c.Change) {
			return nil, true, nil
		}
		if b.movesKey(c.Change) {
			refs = append(refs, c.Ref)
		}
	}
	return refs, false, nil
}

// movesKey reports whether a change gives a contact another value by which people are
// found.
func (b *binding) movesKey(c plan.Change) bool {
	return c.Action == plan.Update && slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool {
		field, known := b.Target.Field(f.Name)
		return f.Written() && (f.Name == b.Target.Key || known && (field.Kind == contact.Email || field.Kind == contact.Phone))
	})
}

// renames reports whether a change writes a name, or writes to a contact of another
// name than the record's: a telephone, say, that others of the source have too.
func renames(c plan.Change) bool {
	written, another := false, false
	for _, f := range c.Fields {
		name := f.Name == "last_name" || f.Name == "name"
		if name && f.Written() {
			return true
		}
		written, another = written || f.Written(), another || name && f.Kept != ""
	}
	return c.Action == plan.Update && written && another
}

// takesOneOfSeveral reports whether whom a record was found to be says too little
// about whom it would be found to be now: the contact changed last is another one
// after every run, and of several the first protects the others from removal.
func (b *binding) takesOneOfSeveral() bool {
	return b.Sync.OnSeveral == plan.SeveralMostRecent ||
		b.Sync.OnSeveral == plan.SeveralFirst && b.Sync.Policy.Delete.NotFound != plan.Keep
}

// touchedLimit is how many contacts others may have changed since the last run;
// beyond it, reading everything anew costs less.
const touchedLimit = 10000

func (s *snapshot) close() {
	if s != nil {
		s.stop()
	}
}

// recall looks for a record among those of the last run. It returns the note of
// one that is settled as it was, and whether the record itself is unchanged.
func (s *snapshot) recall(hash uint64) (note rowNote, settled, unchanged bool) {
	if s == nil {
		return note, false, false
	}
	s.fill()
	for i, o := range s.window {
		if o.Hash != hash {
			continue
		}
		s.free(s.window[:i])
		s.window = s.window[i+1:]
		touched := s.touched.has(o.Ref)
		if !settledWell(o.Action) || o.Ref == 0 || touched {
			return note, false, !touched
		}
		return rowNote{Hash: hash, Keys: o.Keys, Settled: plan.Unchanged, Rule: s.ruleFor(o), Ref: o.Ref}, true, true
	}
	return note, false, false
}

// ruleFor is the rule that finds a record's contact now: the one that found it
// then, or its best key where the contact was created from it.
func (s *snapshot) ruleFor(o outcome) uint8 {
	if o.Rule != 0 {
		return o.Rule
	}
	for _, at := range s.ranks {
		if o.Keys[at] != 0 {
			return uint8(at + 1)
		}
	}
	return 0
}

// free notes the contacts that records of the last run stood for: they are there
// for others again.
func (s *snapshot) free(gone []outcome) {
	for _, o := range gone {
		if o.Ref != 0 {
			s.freed = append(s.freed, o.Ref)
		}
	}
}

// freedAll goes to the end of the last run and returns the contacts whose
// records have not come again.
func (s *snapshot) freedAll() ([]int64, error) {
	for s.err == nil {
		s.free(s.window)
		s.window = s.window[len(s.window):]
		if s.fill(); len(s.window) == 0 {
			break
		}
	}
	return s.freed, s.err
}

func settledWell(a plan.Action) bool {
	return a == plan.Create || a == plan.Update || a == plan.Unchanged
}

// fill keeps at least half a window of the last run's records in view.
func (s *snapshot) fill() {
	for len(s.window) < windowSize/2 {
		block, err, ok := s.next()
		if !ok || err != nil {
			s.err = err
			return
		}
		kept := make([]outcome, len(s.window), windowSize)
		copy(kept, s.window)
		first := len(kept)
		if s.window, err = decodeBlock(block, kept); err != nil {
			s.err = err
			return
		}
		for i := first; i < len(s.window); i++ {
			if s.window[i].Action == plan.Create {
				s.window[i].Ref = s.ref
				s.ref++
			}
		}
	}
}
