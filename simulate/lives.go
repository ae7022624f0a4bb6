package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// People come back, and two become one. What they did before is then for those to say who
// brought them back or merged them: only later edits count.

// undelete has somebody take a record out of the system's recycle bin.
func (s *system) undelete() {
	var gone []string
	for id, x := range s.remote.records {
		if x.gone && x.into == "" {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return
	}
	slices.Sort(gone)
	id := gone[s.rng.IntN(len(gone))]
	s.remote.Undelete(id)
	s.notes.n++
	delete(s.notes.gone, fmt.Sprint(s.at, "/", id))
	s.notes.merged[place{side: s.at, id: id}] = s.notes.n
	s.handle(id)
}

// handle notes that people have said what becomes of a record: whose it is then is for
// the engine to say.
func (s *system) handle(id string) {
	if id != "" {
		s.handled[id] = true
	}
}

// restoreHere has somebody take a contact out of the trash.
func (w *world) restoreHere() {
	refs := slices.Sorted(maps.Keys(w.notes.trashed))
	if len(refs) == 0 {
		return
	}
	ref := refs[w.rng.IntN(len(refs))]
	w.say("a person restores %d", store.Number(ref))
	w.byHand(plan.Change{Action: plan.Restore, Ref: ref})
	w.notes.n++
	delete(w.notes.trashed, ref)
	for _, s := range w.systems {
		s.handle(s.linked[ref]) // it may be gone there by now, and is made anew
	}
	w.overrule(ref)
}

// mergeHere has somebody make one contact of two.
func (w *world) mergeHere() {
	loser, ok := w.somebodyHere()
	survivor, _ := w.somebodyHere()
	if !ok || loser == survivor {
		return
	}
	w.say("a person merges %d into %d", store.Number(loser), store.Number(survivor))
	w.byHand(plan.Change{Action: plan.Remove, Ref: loser, Into: survivor})
	w.notes.n++
	w.notes.into[loser] = survivor
	w.overrule(loser)
	w.overrule(survivor)
}

// overrule notes that a person has decided about all values of a contact.
func (w *world) overrule(ref int64) {
	w.notes.merged[place{id: strconv.FormatInt(ref, 10)}] = w.notes.n
	for _, s := range w.systems {
		for id, of := range s.came {
			if of == ref {
				s.notes.merged[place{side: s.at, id: id}] = s.notes.n
			}
		}
	}
}

// mergedInto reports whether people made one contact another.
func (n *notebook) mergedInto(ref, survivor int64) bool {
	for range len(n.into) {
		if ref = n.into[ref]; ref == survivor {
			return true
		}
	}
	return false
}

// addAgain has a person add somebody again whom the system has, or had before: with the same
// e-mail, and mostly the same names. They do not look first.
func (s *system) addAgain(do string) {
	var all, gone []string
	for _, id := range slices.Sorted(maps.Keys(s.remote.records)) {
		if x := s.remote.records[id]; x.values["email"] != "" {
			if all = append(all, id); x.gone {
				gone = append(gone, id)
			}
		}
	}
	if len(gone) > 0 && chance(s.rng, 60) {
		all = gone
	}
	if len(all) == 0 {
		return
	}
	side := s.at
	if do == "add again here" {
		side = 0
	}
	of, values := s.remote.records[all[s.rng.IntN(len(all))]].values, s.person(side)
	for _, field := range []string{"email", "first_name", "last_name"} {
		if of[field] != "" && (field == "email" || chance(s.rng, 70)) {
			values[field] = of[field]
		}
	}
	if side == 0 {
		s.addHere(values)
	} else {
		s.add(values)
	}
}
