package simulate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// populate puts the first people on one side, the other, or both.
func (w *world) populate(seed uint64) {
	w.rng = rand.New(rand.NewPCG(seed, 0x706f70))
	for range w.People {
		w.addSomebody(pick(w.rng, "add here", "add there", "add there", "add both"))
	}
}

func (w *world) addSomebody(do string) {
	s := w.system()
	switch do {
	case "add here":
		w.addHere(w.person(0))
	case "add there":
		s.add(s.person(s.at))
	case "add both":
		here, there := w.person(0), s.person(s.at)
		there["email"] = here["email"]
		if chance(w.rng, 50) { // the two say the same of what both know
			for field, value := range there {
				if here[field] != "" && field != "stage" {
					there[field] = here[field]
				} else if field == "stage" {
					delete(there, field)
				}
				_ = value
			}
		}
		w.addHere(here)
		s.add(there)
	}
}

func (w *world) system() *system { return w.systems[w.rng.IntN(len(w.systems))] }

func (s *system) sync() store.Sync { return s.syncs[s.rng.IntN(len(s.syncs))] }

// play does one step.
func (w *world) play(step Step) {
	w.rng = rand.New(rand.NewPCG(step.R, 1))
	w.rate, w.crashAt, w.effects, w.meddle, w.budget = 0, 0, 0, false, 0
	w.say("step %s", step.Do)
	switch step.Do {
	case "run", "plan", "apply", "crash", "narrow", "undo":
		w.work(step)
	case "wait":
		w.offset += pick(w.rng, time.Minute, 10*time.Minute, time.Hour, 25*time.Hour, 40*24*time.Hour)
	case "clock back":
		back := pick(w.rng, time.Minute, time.Hour, 24*time.Hour)
		w.offset, w.behind = w.offset-back, w.behind+back
	case "backup":
		w.backup()
	case "amnesia":
		w.amnesia()
	case "pick":
		w.pickConflict()
	default:
		w.people(step.Do)
	}
}

// people is what happens without us.
func (w *world) people(do string) {
	s := w.system()
	switch do {
	case "add here", "add there", "add both":
		w.addSomebody(do)
	case "edit here":
		for range 1 + w.rng.IntN(3) {
			w.editSomebodyHere(w.field())
		}
	case "edit there":
		for range 1 + w.rng.IntN(3) {
			s.editSomebodyThere(s.field())
		}
	case "delete here":
		if ref, ok := w.somebodyHere(); ok {
			w.trashHere(ref)
		}
	case "delete there":
		if id, ok := s.somebodyThere(); ok {
			s.remove(id)
		}
	case "merge there":
		s.mergeTwo()
	case "merge here":
		w.mergeHere()
	case "add again there", "add again here":
		s.addAgain(do)
	case "undelete there":
		s.undelete()
	case "restore here":
		w.restoreHere()
	case "mass delete here":
		share := pick(w.rng, 12, 15, 18, 50, 100)
		for _, ref := range slices.Sorted(maps.Keys(w.contacts())) {
			if chance(w.rng, share) {
				w.trashHere(ref)
			}
		}
	case "mass delete there":
		share := pick(w.rng, 12, 15, 18, 50, 100)
		for _, id := range slices.Sorted(maps.Keys(s.remote.There())) {
			if chance(w.rng, share) {
				s.remove(id)
			}
		}
	case "expire":
		s.remote.Expire()
	case "edit alike", "quarrel", "clear":
		s.editLinked(do)
	}
}

func (w *world) editSomebodyHere(field string) {
	if ref, ok := w.somebodyHere(); ok {
		w.editHere(ref, field, w.value(0, field))
	}
}

func (s *system) editSomebodyThere(field string) {
	if id, ok := s.somebodyThere(); ok {
		s.edit(id, field, s.value(s.at, field))
	}
}

func (s *system) mergeTwo() {
	loser, ok := s.somebodyThere()
	winner, _ := s.somebodyThere()
	if ok && loser != winner {
		s.merge(loser, winner)
	}
}

// editLinked has both sides edit one person: alike, differently, or one of them
// clear a field.
func (s *system) editLinked(do string) {
	s.look()
	here, there := s.contacts(), s.remote.There()
	var both []int64
	for ref, id := range s.linked {
		if here[ref] != nil && there[id] != nil {
			both = append(both, ref)
		}
	}
	if len(both) == 0 {
		return
	}
	slices.Sort(both)
	ref, field := both[s.rng.IntN(len(both))], pick(s.rng, "first_name", "last_name", "phone", "company")
	id := s.linked[ref]
	switch value := s.value(0, field); do {
	case "edit alike":
		s.editHere(ref, field, value)
		s.edit(id, field, value)
	case "quarrel":
		s.editHere(ref, field, value)
		s.edit(id, field, s.value(s.at, field))
	case "clear":
		if chance(s.rng, 50) {
			s.editHere(ref, field, "")
		} else {
			s.edit(id, field, "")
		}
		if chance(s.rng, 30) {
			s.editHere(ref, field, value)
		}
	}
}

// work calls the engine, with the step's faults. A process that died comes up
// again before anything else is asked of it.
func (w *world) work(step Step) {
	s := w.system()
	w.rate, w.crashAt, w.meddle, w.budget = step.Rate, step.At, true, 3
	s.hidden = step.Do == "narrow"
	s.narrowed = s.narrowed || s.hidden
	survived := w.alive(func() {
		if !w.restart() {
			return
		}
		sync := s.sync()
		if step.Do == "undo" {
			s.undoSomething(sync)
			return
		}
		if step.Do == "apply" {
			if r, ok := s.plans[sync.ID]; ok {
				s.apply(sync, r, r.Stop != nil && chance(w.rng, 30))
			}
			return
		}
		if r, ok := s.plan(sync); ok && step.Do != "plan" {
			s.apply(sync, r, r.Stop != nil && chance(w.rng, 20))
		}
	})
	s.hidden, w.crashAt, w.rate, w.meddle = false, 0, 0, false
	if !survived {
		w.forget()
	}
	if s.undoing {
		s.undone(store.Run{}) // it died, and is resumed
	}
}

func (w *world) backup() {
	image, err := w.store.Image(w.ctx)
	if err != nil {
		w.broken("back up: %v", err)
		return
	}
	b := backup{image: image, notes: w.notes.copy()}
	for _, s := range w.systems {
		b.runs = append(b.runs, runsOf{maps.Clone(s.why), maps.Clone(s.acted), maps.Clone(s.did), s.applying, s.removedHere, s.removedThere, s.ranSince})
	}
	w.backups = append(w.backups, b)
}

// amnesia puts a backup in the store's place: whatever was learned since is gone,
// while the remotes have moved on.
func (w *world) amnesia() {
	if len(w.backups) == 0 {
		return
	}
	b := w.backups[w.rng.IntN(len(w.backups))]
	err := w.store.Close()
	if err == nil {
		w.restored++
		w.path = filepath.Join(w.folder, fmt.Sprintf("restored%d.db", w.restored))
		err = os.WriteFile(w.path, b.image, 0o600)
	}
	if err == nil {
		err = w.open()
	}
	if err != nil {
		w.broken("restore: %v", err)
		return
	}
	w.recall(b)
}

// pickConflict has a person decide a conflict.
func (w *world) pickConflict() {
	open, err := w.store.OpenConflicts(w.ctx, 0)
	if err != nil || len(open) == 0 {
		return
	}
	c := open[w.rng.IntN(len(open))]
	winner := pick(w.rng, plan.WinOurs, plan.WinTheirs)
	w.say("a person picks %s for %s of %d", winner, c.Field, store.Number(c.Ref))
	if err := w.store.PickConflict(w.ctx, c.ID, winner, w.now()); err != nil {
		w.broken("pick: %v", err)
	}
	w.notes.n++
}
