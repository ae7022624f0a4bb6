// Package storm plays the whole engine of linked syncs with the connectors of CRMs and
// mailing lists, over HTTP on loopback, against sandboxes that behave as the vendors'
// manuals say. One seed gives one account, one course of events and one bad network;
// package simulate does the same with remotes of its own, which can do what no vendor
// does. It judges what people see: nobody doubled, nobody lost, no edit lost, nobody
// subscribed again.
package storm

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/kith-sync/kith/simulate"
	"github.com/kith-sync/kith/store"
)

// vendors make an account as a seed draws it.
var vendors = map[string]func(rng *rand.Rand, c *clock) vendor{
	"salesforce": newSalesforce, "mailchimp": newMailchimp, "hubspot": newHubSpot, "listmonk": newListmonk,
}

// Systems are those that can be played against.
func Systems() []string { return slices.Sorted(maps.Keys(vendors)) }

// A Player plays worlds with one system. It may be used by several goroutines at once.
type Player struct {
	system string
	folder string
	empty  []byte // a database with its schema
}

// New makes a player that keeps its databases in folder.
func New(system, folder string) (*Player, error) {
	if vendors[system] == nil {
		return nil, fmt.Errorf("there is no sandbox of %q: %v", system, Systems())
	}
	path := filepath.Join(folder, "empty.db")
	s, err := store.OpenScratch(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	empty, err := os.ReadFile(path)
	return &Player{system: system, folder: folder, empty: empty}, err
}

// Run plays the world of a seed.
func (p *Player) Run(seed uint64) simulate.Result { return p.Play(seed, false) }

// Play plays the world of a seed, and keeps its trace if asked to.
func (p *Player) Play(seed uint64, trace bool) (result simulate.Result) {
	result.Seed = seed
	w := &world{seed: seed, result: &result, keep: trace}
	defer w.close()
	if err := w.setUp(p, seed); err != nil {
		w.broken("set up: %v", err)
		return result
	}
	func() {
		defer func() {
			if p := recover(); p != nil {
				w.broken("panic: %v\n%s", p, debug.Stack())
			}
		}()
		w.course()
	}()
	result.TraceHash, result.Trace = w.trace.Sum64(), w.journal
	return result
}

// course is the world's from beginning to end: what happens, then a time without
// faults in which everything must come to rest.
func (w *world) course() {
	for range 2 + w.rng.IntN(6) {
		w.somebody()
	}
	for range 5 + w.rng.IntN(10) {
		if w.step(); len(w.result.Violations) > 0 {
			return // the first one says most
		}
	}
	w.rest()
}
