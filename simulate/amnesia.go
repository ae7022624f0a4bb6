package simulate

import (
	"maps"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// recall is what an observer expects of a store that was put back: what people
// did in the book since is gone with it, and nobody can hold that against us. What
// they did at the remotes is still there and must not be lost.
func (w *world) recall(b backup) {
	w.say("amnesia")
	w.notes.trashed = maps.Clone(b.notes.trashed)
	w.notes.edits = map[place]edit{}
	for _, s := range w.systems {
		s.plans, s.made, s.linked, s.came = map[int64]store.Run{}, map[int64]string{}, map[int64]string{}, map[string]int64{}
		s.logged, s.why = map[int64]int{}, map[string]plan.Action{}
		for _, id := range slices.Sorted(maps.Keys(s.remote.records)) {
			x := s.remote.records[id]
			for _, field := range slices.Sorted(maps.Keys(x.values)) {
				if x.people[field] && !x.gone {
					w.notes.note(s.at, id, field, x.values[field])
				}
			}
		}
		s.look()
	}
}
