package simulate

import (
	"slices"
	"strings"
)

// Shrink looks for a shorter scenario that breaks something as well, by leaving
// out stretches of steps, halves first, then people, systems and syncs. It plays
// at most a number of scenarios.
func (s *Simulator) Shrink(sc Scenario, plays int) Scenario {
	first := s.Play(sc, false)
	fails := func(c Scenario) bool {
		plays--
		return plays >= 0 && first.kind() != "" && s.Play(c, false).kind() == first.kind()
	}
	for changed := true; changed && plays > 0; {
		before := len(sc.Steps)
		sc = shrinkSteps(sc, fails)
		sc = shrinkWorld(sc, fails)
		changed = len(sc.Steps) < before
	}
	return sc
}

func shrinkSteps(sc Scenario, fails func(Scenario) bool) Scenario {
	for size := max(1, len(sc.Steps)/2); size > 0; size /= 2 {
		for at := 0; at+size <= len(sc.Steps); {
			without := sc
			without.Steps = slices.Concat(sc.Steps[:at], sc.Steps[at+size:])
			if fails(without) {
				sc = without
			} else {
				at += size
			}
		}
	}
	return sc
}

func shrinkWorld(sc Scenario, fails func(Scenario) bool) Scenario {
	for _, smaller := range []func(*Setup){
		func(w *Setup) { w.People = 0 }, func(w *Setup) { w.People = min(w.People, 1) }, func(w *Setup) { w.People /= 2 },
		func(w *Setup) { w.Systems = w.Systems[:1] }, func(w *Setup) { w.Systems = w.Systems[len(w.Systems)-1:] },
		func(w *Setup) { w.Systems[0].Syncs = w.Systems[0].Syncs[:1] },
		func(w *Setup) { w.Systems[0].Truncates = false }, func(w *Setup) { w.Systems[0].Normalizes = false },
		func(w *Setup) { w.Systems[0].Batch, w.Systems[0].Page = 10, 50 },
	} {
		c := sc
		c.World.Systems = slices.Clone(sc.World.Systems)
		if smaller(&c.World); fails(c) {
			sc = c
		}
	}
	return sc
}

// kind is the invariant that is broken first.
func (r Result) kind() string {
	if len(r.Violations) == 0 {
		return ""
	}
	kind, _, _ := strings.Cut(r.Violations[0], ":")
	return kind
}
