package run

import (
	"context"
	"encoding/json"
	"iter"

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
	err     error
}

// windowSize is how far the snapshot looks ahead for a record that moved up
// because others before it are gone.
const windowSize = 4 * blockRows

// openSnapshot returns the snapshot of a sync's last run, or nil where the last
// run says nothing about this one: another configuration, or new contacts in the
// target that a record might now be.
func (e *Engine) openSnapshot(ctx context.Context, b binding, last *store.Run, bookID int64) (*snapshot, error) {
	if last == nil || last.BlocksOf == 0 || bookID == 0 || last.BookID != bookID {
		return nil, nil
	}
	decided, err := e.Journal.Run(ctx, last.BlocksOf)
	if err != nil {
		return nil, err
	}
	var old binding
	if err := json.Unmarshal(decided.Config, &old); err != nil || old.print() != b.print() {
		return nil, nil
	}
	runs, err := e.Journal.BookRuns(ctx, bookID)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.ID > decided.ID && r.Totals.Created > 0 {
			return nil, nil
		}
	}
	touched, err := e.Journal.TouchedSince(ctx, bookID, decided.ID)
	if err != nil {
		return nil, err
	}
	s := &snapshot{ref: decided.FirstRef, touched: refset{}}
	for _, ref := range touched {
		s.touched.add(ref)
	}
	s.next, s.stop = iter.Pull2(e.Journal.Blocks(ctx, decided.ID))
	return s, nil
}

func (s *snapshot) close() {
	if s != nil {
		s.stop()
	}
}

// recall returns the note of a record that is as it was.
func (s *snapshot) recall(hash uint64) (rowNote, bool) {
	if s == nil {
		return rowNote{}, false
	}
	s.fill()
	for i, o := range s.window {
		if o.Hash != hash {
			continue
		}
		s.window = s.window[i+1:]
		if !settledWell(o.Action) || o.Ref == 0 || s.touched.has(o.Ref) {
			return rowNote{}, false
		}
		return rowNote{Hash: hash, Keys: o.Keys, Settled: plan.Unchanged, Rule: o.Rule, Ref: o.Ref}, true
	}
	return rowNote{}, false
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

// reopenLimit is the share of records that may be looked at again one by one;
// beyond it, reading everything anew costs less.
const reopenLimit = 0.05

// reopenDisturbed looks again at the records that are as they were, but that
// share a key or a contact with one that is not: what is decided about the one
// may change what is right for the other. It repeats until nobody else is
// disturbed. It reports false when too many are: all must then be read anew.
func (p *planning) reopenDisturbed(ctx context.Context) (ok bool, err error) {
	p.reopened = map[int64]rowNote{}
	known := map[uint64]bool{}
	refs := refset{}
	for {
		grown, err := p.disturbance(ctx, known, refs)
		if err != nil || !grown {
			return true, err
		}
		numbers, err := p.disturbed(known, refs)
		if err != nil || len(numbers) == 0 {
			return true, err
		}
		if float64(len(p.reopened)+len(numbers)) > 1000+reopenLimit*float64(p.notes.count) {
			return false, nil
		}
		if err := p.reopen(numbers); err != nil {
			return false, err
		}
	}
}

// disturbance adds the keys that are entered for matching, and the contacts that
// have them, and reports whether there were new ones.
func (p *planning) disturbance(ctx context.Context, known map[uint64]bool, refs refset) (grown bool, err error) {
	for _, rule := range p.book.Rules {
		for stretch, err := range p.entries[rule].Sorted() {
			if err != nil {
				return false, err
			}
			hits, err := p.target.Lookup(ctx, rule, hashesOf(stretch))
			if err != nil {
				return false, err
			}
			for _, h := range hits {
				refs.add(h.Ref)
			}
			for _, r := range stretch {
				// Hashes of different rules cannot be told apart here: a false
				// alarm only costs a second look.
				grown = grown || !known[r[0]]
				known[r[0]] = true
			}
		}
	}
	return grown, nil
}

// disturbed returns the numbers of the undisturbed records that no longer are.
func (p *planning) disturbed(known map[uint64]bool, refs refset) (numbers []int64, err error) {
	notes, err := p.notes.read()
	if err != nil {
		return nil, err
	}
	rough := newBitset(1 << 20) // spares most look-ups in the map
	for h := range known {
		rough.add(int64(h & (1<<20 - 1)))
	}
	for number := range p.notes.count {
		note, err := notes.next()
		if err != nil {
			return nil, err
		}
		if note.Settled != plan.Unchanged {
			continue
		}
		hit := refs.has(note.Ref)
		for _, k := range note.Keys {
			hit = hit || k != 0 && rough.has(int64(k&(1<<20-1))) && known[k]
		}
		if _, again := p.reopened[number]; hit && !again {
			numbers = append(numbers, number)
		}
	}
	return numbers, nil
}

// reopen judges records as if there had been no run before.
func (p *planning) reopen(numbers []int64) error {
	in, err := p.engine.openStage(p.stage)
	if err != nil {
		return err
	}
	defer in.Close()
	for _, n := range numbers {
		row, err := in.At(n)
		if err != nil {
			return err
		}
		note := p.judge(in, row)
		note.Hash = hashRow(row)
		p.reopened[n] = note
		if err := p.enter(note, n); err != nil {
			return err
		}
	}
	return nil
}
