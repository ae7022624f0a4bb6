package simulate

import (
	"maps"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/store"
)

// recall is what an observer expects of a store that was put back: what people
// did in the book since is gone with it, and nobody can hold that against us. What
// they did at the remotes is still there and must not be lost.
func (w *world) recall(b backup) {
	w.say("amnesia")
	w.notes.trashed, w.notes.into = maps.Clone(b.notes.trashed), maps.Clone(b.notes.into)
	edits := map[place]edit{}
	for at, e := range b.notes.edits {
		if at.side == 0 {
			// A later edit is gone from the book, but may have come to a remote before,
			// from where it comes back: either value is right.
			now := w.notes.edits[at]
			e.either = e.either || now.either || now.n != e.n
			e.n = max(e.n, now.n)
			edits[at] = e
		}
	}
	for at, e := range w.notes.edits {
		if _, known := edits[at]; at.side == 0 && !known { // likewise the first one of a field
			e.either = true
			edits[at] = e
		}
		if at.side > 0 && w.systems[at.side-1].remote.records[at.id].people[at.field] {
			edits[at] = e
		}
	}
	w.notes.edits = edits
	open, err := w.store.Interrupted(w.ctx)
	if err != nil {
		w.broken("read interrupted runs: %v", err)
	}
	for i, s := range w.systems {
		s.plans, s.made, s.linked, s.came = map[int64]store.Run{}, map[int64]string{}, map[int64]string{}, map[string]int64{}
		s.removals, s.looked = nil, -1
		known := b.runs[i]
		s.why, s.acted, s.did, s.applying = maps.Clone(known.why), maps.Clone(known.acted), maps.Clone(known.did), known.applying
		s.removedHere, s.removedThere, s.ranSince = known.removedHere, known.removedThere, known.ranSince
		s.logged, s.running = map[int64]int{}, 0
		for d := range s.actedBy { // a run that is open again may have been at its end before
			s.forgotten[d.did] = true
			if slices.ContainsFunc(open, func(r store.Run) bool { return r.ID == d.run }) {
				s.acted[d.did] = true
			}
		}
		for _, l := range s.remote.late {
			if l.w.Op == connector.OpDelete { // it was right when it was sent
				s.handle(l.w.ID)
			}
			for field := range l.w.Set { // nobody knows any more whose it is
				w.notes.unsure(i+1, l.w.ID, field)
			}
			s.lost[l.w.Key] = l.w.Op == connector.OpCreate
		}
		s.look()
	}
	for at, e := range w.notes.edits {
		if at.side == 0 || e.n <= b.notes.n {
			continue
		}
		if agreed, _ := w.systems[at.side-1].agreedThere(at.id, at.field, e.value); agreed {
			w.notes.unsure(at.side, at.id, at.field) // who gave the value of the backup back has changed nothing since
		}
	}
}
