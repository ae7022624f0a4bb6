package simulate_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-sync/kith/simulate"
)

func simulator(t *testing.T) *simulate.Simulator {
	t.Helper()
	s, err := simulate.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // the folder goes with it
	return s
}

// seeds is how many are played: KITH_SEEDS, 10,000 where the figures of the project
// are counted (KITH_CI=1), else 300; 100 where tests are to be short.
func seeds(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("KITH_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("KITH_SEEDS: %v", err)
		}
		return n
	}
	switch {
	case testing.Short(): // as under the race detector
		return 100
	case os.Getenv("KITH_CI") == "1":
		return 10_000
	}
	return 300
}

// TestSeeds is R1 of docs/reliability.md. KITH_FROM names the first seed.
func TestSeeds(t *testing.T) {
	s, n := simulator(t), seeds(t)
	from, _ := strconv.ParseUint(os.Getenv("KITH_FROM"), 10, 64) // empty: 0
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	totals := s.Many(ctx, from, n, runtime.GOMAXPROCS(0), func(r simulate.Result) {
		if len(r.Violations) > 0 && os.Getenv("KITH_FIRST") != "" { // one is enough, as for a mutant
			enough()
		}
	})
	slices.SortFunc(totals.Failed, func(a, b simulate.Result) int { return int(a.Seed) - int(b.Seed) })
	for _, r := range totals.Failed {
		t.Errorf("seed %d: %s\nrepeat it: KITH_SHRINK=%d go test ./simulate -run TestShrink -v", r.Seed, r.Violations[0], r.Seed)
	}
	t.Logf("%d seeds, %d violations, %d crashes, %d faults, %d runs", totals.Seeds, totals.Violations, totals.Crashes, totals.Faults, totals.Runs)
	if totals.Seeds >= 300 && (totals.Crashes == 0 || totals.Faults == 0) {
		t.Errorf("nothing went wrong in %d seeds: the simulator tests nothing", n)
	}
}

// TestTheSameSeedTakesTheSameCourse is R3: a failure that cannot be repeated is
// worth nothing.
func TestTheSameSeedTakesTheSameCourse(t *testing.T) {
	s, n := simulator(t), min(max(seeds(t)/40, 20), 1000)
	for seed := range uint64(n) {
		if a, b := s.Run(seed), s.Run(seed); a.TraceHash != b.TraceHash {
			t.Errorf("seed %d took two courses: %x and %x", seed, a.TraceHash, b.TraceHash)
		}
	}
}

// TestRegressions replays what once broke something.
func TestRegressions(t *testing.T) {
	files, err := filepath.Glob("testdata/regressions/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no regressions found: %v", err)
	}
	s := simulator(t)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var sc simulate.Scenario
			if err := json.Unmarshal(text, &sc); err != nil {
				t.Fatal(err)
			}
			for _, v := range s.Play(sc, false).Violations {
				t.Error(v)
			}
		})
	}
}

// TestShrink looks for the shortest way to break something with the seed in
// KITH_SHRINK, shows its course, and writes it to KITH_SHRUNK where that is set.
func TestShrink(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv("KITH_SHRINK"), 10, 64)
	if err != nil {
		t.Skip("KITH_SHRINK names no seed")
	}
	s := simulator(t)
	sc := s.Shrink(simulate.ScenarioOf(seed), 200)
	text, err := json.MarshalIndent(sc, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\n%s", text, strings.Join(s.Play(sc, true).Trace, "\n"))
	if path := os.Getenv("KITH_SHRUNK"); path != "" {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
