// Package simulate runs the whole engine of linked syncs in a world of its own:
// a clock, a network and remotes that fail as real ones do, crashes at every
// effect, and people who edit both sides at any moment. One seed gives one world
// and one course of events; the invariants of docs/reliability.md are checked in
// the remotes themselves and at the end.
package simulate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	"github.com/kith-sync/kith/store"
)

// A Result is what became of a scenario.
type Result struct {
	Seed       uint64
	Violations []string
	Crashes    int
	Faults     int
	Runs       int
	Writes     int
	TraceHash  uint64
	Trace      []string // where it was asked for
}

// A Simulator plays scenarios in a folder of its own. It may be used by several
// goroutines at once.
type Simulator struct {
	folder string
	empty  []byte // a database with its schema
	mu     sync.Mutex
	idle   []*ground // nobody plays in them now
}

// New makes a simulator that keeps its databases in folder.
func New(folder string) (*Simulator, error) {
	path := filepath.Join(folder, "empty.db")
	s, err := store.OpenScratch(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	empty, err := os.ReadFile(path)
	return &Simulator{folder: folder, empty: empty}, err
}

// Run plays the scenario of a seed.
func (s *Simulator) Run(seed uint64) Result { return s.Play(ScenarioOf(seed), false) }

// Play plays a scenario, and keeps its trace if asked to.
func (s *Simulator) Play(sc Scenario, trace bool) (result Result) {
	result.Seed = sc.Seed
	g, err := s.take()
	if err != nil {
		result.Violations = append(result.Violations, "set up: "+err.Error())
		return result
	}
	w, err := newWorld(sc.World, g, &result)
	defer func() { s.giveBack(g, w) }()
	if err != nil {
		w.broken("set up: %v", err)
		return result
	}
	w.keep = trace
	func() {
		defer func() {
			if p := recover(); p != nil {
				w.broken("the engine panicked: %v\n%s", p, debug.Stack())
			}
		}()
		w.course(sc)
	}()
	result.TraceHash, result.Trace = w.trace.Sum64(), w.journal
	return result
}

// course is the scenario from beginning to end: what happens, then a time
// without faults in which everything must come to rest.
func (w *world) course(sc Scenario) {
	w.populate(sc.Seed)
	for _, step := range sc.Steps {
		if w.play(step); len(w.result.Violations) > 0 {
			return // the first one says most
		}
	}
	w.rest(sc.Seed)
}

// String says in a line what became of the scenario.
func (r Result) String() string {
	return fmt.Sprintf("seed %d: %d violations, %d crashes, %d faults, %d runs", r.Seed, len(r.Violations), r.Crashes, r.Faults, r.Runs)
}
