package simulate

import (
	"maps"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// recall is what an observer expects of a store that was put back: what people
// did in the book since is gone with it, and nobody can hold that against us. What
// they did at the remotes is still there and must not be lost.
func (w *world) recall(b backup) {
	w.say("amnesia")
	w.notes.trashed = maps.Clone(b.notes.trashed)
	edits := map[place]edit{}
	for at, e := range b.notes.edits {
		if at.side == 0 {
			edits[at] = e
		}
	}
	for at, e := range w.notes.edits {
		if at.side > 0 && w.systems[at.side-1].remote.records[at.id].people[at.field] {
			edits[at] = e
		}
	}
	w.notes.edits = edits
	for _, s := range w.systems {
		s.plans, s.made, s.linked, s.came = map[int64]store.Run{}, map[int64]string{}, map[int64]string{}, map[string]int64{}
		s.applying, s.removals, s.looked = 0, nil, -1
		clear(s.did)
		clear(s.acted)
		s.logged, s.why = map[int64]int{}, map[string]plan.Action{}
		s.look()
	}
}
