package simulate

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kith-sync/kith/plan"
)

// A Scenario is a world and what happens in it. The same scenario always takes
// the same course.
type Scenario struct {
	Seed  uint64 `json:"seed"`
	World Setup  `json:"world"`
	Steps []Step `json:"steps"`
}

// A Setup says what a world is like: a swarm of seeds covers all combinations.
type Setup struct {
	People  int      `json:"people"`
	Systems []System `json:"systems"` // one or two, each with a book in common
}

// A System is one remote and the syncs between it and the book.
type System struct {
	ChosenKey   bool     `json:"chosen_key,omitempty"` // Tier A
	Conditional bool     `json:"conditional,omitempty"`
	NoVersions  bool     `json:"no_versions,omitempty"` // as at listmonk; never with conditions
	Incremental bool     `json:"incremental,omitempty"`
	TellsGone   bool     `json:"tells_gone,omitempty"`
	Finds       []string `json:"finds,omitempty"`
	Batch       int      `json:"batch"`
	Page        int      `json:"page"`
	LagMinutes  int      `json:"lag_minutes,omitempty"`
	Normalizes  bool     `json:"normalizes,omitempty"`
	Truncates   bool     `json:"truncates,omitempty"` // company, to eight signs
	Syncs       []Flow   `json:"syncs"`
}

// Lag is how late a search of the system may be.
func (s System) Lag() time.Duration { return time.Duration(s.LagMinutes) * time.Minute }

// A Flow is one sync. Two of them may share a system and the book.
type Flow struct {
	FromBook bool           `json:"from_book,omitempty"` // its source is the book
	TwoWay   bool           `json:"two_way,omitempty"`
	Update   plan.Write     `json:"update,omitempty"`
	Back     plan.Write     `json:"back,omitempty"`
	Gone     plan.NotFound  `json:"gone,omitempty"`
	GoneBack plan.NotFound  `json:"gone_back,omitempty"`
	Whole    bool           `json:"whole,omitempty"` // removals may concern contacts that other hands brought
	Match    []plan.Rule    `json:"match,omitempty"`
	Map      []plan.Mapping `json:"map"`
}

// A Step is one thing that happens. All chance in it comes from its own number,
// so that leaving other steps out leaves it as it is.
type Step struct {
	Do   string  `json:"do"`
	R    uint64  `json:"r"`
	Rate float64 `json:"rate,omitempty"` // of faults, where the step calls a remote
	At   int     `json:"at,omitempty"`   // the effect before or after which a crash comes
}

// ScenarioOf draws the scenario of a seed.
func ScenarioOf(seed uint64) Scenario {
	rng := rand.New(rand.NewPCG(seed, 0x6b697468))
	s := Scenario{Seed: seed, World: drawSetup(rng), Steps: drawSteps(rng)}
	versions := rand.New(rand.NewPCG(seed, 0x76657273))
	for i := range s.World.Systems {
		y := &s.World.Systems[i]
		y.NoVersions = !y.Conditional && chance(versions, 30)
	}
	if lives := rand.New(rand.NewPCG(seed, 0x6c697665)); chance(lives, 30) {
		s.Steps = addLives(lives, s.Steps)
	}
	if names := rand.New(rand.NewPCG(seed, 0x6e616d65)); chance(names, 15) {
		s.Steps = addNamesakes(names, s.Steps)
	}
	return s
}

// addNamesakes has people add somebody again who was there before, or somebody with the
// same e-mail, and often take a run back then.
func addNamesakes(rng *rand.Rand, steps []Step) []Step {
	for range 1 + rng.IntN(3) {
		at := 1 + rng.IntN(len(steps))
		again := Step{Do: pick(rng, "add again there", "add again there", "add again here"), R: rng.Uint64()}
		if steps = slices.Insert(steps, at, again); chance(rng, 40) {
			undo := Step{Do: "undo", R: rng.Uint64(), Rate: pick(rng, 0, 0.05), At: pick(rng, 0, 0, 1+rng.IntN(30))}
			steps = slices.Insert(steps, at+1, undo)
		}
	}
	return steps
}

// addLives has people come back, and two become one, between the other steps.
func addLives(rng *rand.Rand, steps []Step) []Step {
	for range 1 + rng.IntN(4) {
		s := Step{Do: pick(rng, "undelete there", "restore here", "merge here", "undo", "undo"), R: rng.Uint64()}
		if s.Do == "undo" {
			s.Rate, s.At = pick(rng, 0, 0.05, 0.2), pick(rng, 0, 0, 1+rng.IntN(30))
		}
		steps = slices.Insert(steps, 1+rng.IntN(len(steps)), s)
	}
	return steps
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

func chance(rng *rand.Rand, percent int) bool { return rng.IntN(100) < percent }

func drawSetup(rng *rand.Rand) (s Setup) {
	s.People = pick(rng, 0, 1, 2, 3, 4, 5, 6, 8, 10, 14)
	switch n := rng.IntN(200); {
	case n == 0:
		s.People = 300
	case n < 8:
		s.People = 60
	case n < 30:
		s.People = 25
	}
	s.Systems = []System{drawSystem(rng)}
	if chance(rng, 15) {
		s.Systems = append(s.Systems, drawSystem(rng))
	}
	return s
}

func drawSystem(rng *rand.Rand) System {
	s := System{ChosenKey: chance(rng, 50), Conditional: chance(rng, 60), Incremental: chance(rng, 60), TellsGone: chance(rng, 60),
		Batch: pick(rng, 1, 2, 3, 10), Page: pick(rng, 1, 2, 5, 50), Normalizes: chance(rng, 60), Truncates: chance(rng, 20)}
	if s.Finds = []string{"email"}; chance(rng, 20) {
		s.Finds = pick(rng, nil, []string{"phone"}, []string{"email", "phone"})
	}
	if !s.ChosenKey {
		s.LagMinutes = pick(rng, 0, 5, 15)
	}
	s.Syncs = []Flow{drawFlow(rng)}
	if chance(rng, 12) {
		s.Syncs = append(s.Syncs, drawSecond(rng, s.Syncs[0]))
	}
	return s
}

func drawFlow(rng *rand.Rand) Flow {
	return drawRulesOf(rng, Flow{FromBook: chance(rng, 35), TwoWay: chance(rng, 75)})
}

func drawRulesOf(rng *rand.Rand, f Flow) Flow {
	f.Update = pick(rng, plan.WriteIfNewNotBlank, plan.WriteIfNewNotBlank, plan.WriteAlways, plan.WriteIfExistingBlank)
	f.Back = pick(rng, "", plan.WriteIfNewNotBlank, plan.WriteAlways, plan.WriteIfExistingBlank)
	if chance(rng, 40) {
		f.Gone = pick(rng, plan.Keep, plan.Trash, plan.DeleteGone, plan.Unlink)
		f.GoneBack = pick(rng, plan.Keep, plan.Trash, plan.DeleteGone, plan.Unlink)
		f.Whole = chance(rng, 70)
	}
	f.Match = pick(rng, nil, nil, []plan.Rule{plan.ByLink, plan.ByEmail, plan.ByPhone})
	for _, name := range []string{"email", "first_name", "last_name", "phone", "company", "stage"} {
		m := plan.Mapping{From: name, To: name}
		if name == "stage" {
			m.Values = map[string]string{"lead": "L", "client": "C"}
			if f.FromBook {
				m.Values = map[string]string{"L": "lead", "C": "client"}
			}
		}
		if name != "email" && chance(rng, 30) {
			drawRules(rng, &f, &m)
		}
		f.Map = append(f.Map, m)
	}
	return f
}

func drawRules(rng *rand.Rand, f *Flow, m *plan.Mapping) {
	m.Direction = pick(rng, "", "", plan.BothWays, plan.ToTarget, plan.ToSource)
	m.Write = pick(rng, "", "", plan.WriteAlways, plan.WriteIfExistingBlank, plan.WriteNever)
	m.Winner = pick(rng, "", plan.WinSource, plan.WinTarget, plan.WinNonBlank, plan.WinReview, plan.WinRecent)
	m.MayClear = chance(rng, 40)
	if !f.TwoWay && m.Direction == plan.ToSource {
		m.Direction = ""
	}
}

// drawSecond is another sync over the same system and book: one that has other
// fields, or the same ones and another opinion.
func drawSecond(rng *rand.Rand, first Flow) Flow {
	second := drawRulesOf(rng, Flow{FromBook: first.FromBook, TwoWay: chance(rng, 75)})
	if chance(rng, 70) {
		second.Map = slices.DeleteFunc(second.Map, func(m plan.Mapping) bool { return m.From != "email" && m.From != "phone" && m.From != "company" })
	}
	return second
}

func drawSteps(rng *rand.Rand) []Step {
	var do []string
	for _, s := range swarm {
		if s.always || chance(rng, 60) {
			for range s.weight {
				do = append(do, s.do)
			}
		}
	}
	rate := pick(rng, 0, 0.01, 0.05, 0.05, 0.2)
	steps := make([]Step, 6+rng.IntN(24))
	for i := range steps {
		steps[i] = Step{Do: pick(rng, do...), R: rng.Uint64()}
		switch steps[i].Do {
		case "run", "plan", "apply", "restart":
			steps[i].Rate = rate
		case "crash":
			steps[i].Rate, steps[i].At = rate, 1+rng.IntN(pick(rng, 12, 30, 90))
		}
	}
	return steps
}

// swarm lists what may happen, and how often in relation. A seed leaves some of
// it out: what is rare together is then not rare.
var swarm = []struct {
	do     string
	weight int
	always bool
}{
	{"run", 10, true}, {"edit here", 5, true}, {"edit there", 5, true},
	{"add here", 3, true}, {"add there", 3, true}, {"add both", 2, false},
	{"delete here", 2, false}, {"delete there", 2, false}, {"merge there", 1, false},
	{"mass delete here", 2, false}, {"mass delete there", 2, false},
	{"edit alike", 1, false}, {"clear", 2, false}, {"quarrel", 2, false},
	{"crash", 4, false}, {"plan", 2, false}, {"apply", 2, false},
	{"wait", 3, false}, {"clock back", 1, false}, {"expire", 1, false},
	{"backup", 1, false}, {"amnesia", 1, false}, {"pick", 1, false}, {"narrow", 1, false},
}
