package storm_test

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-sync/kith/simulate"
	"github.com/kith-sync/kith/simulate/storm"
)

func player(t *testing.T, system string) *storm.Player {
	t.Helper()
	p, err := storm.New(system, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// number reads a variable that says how much is to be played.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Whatever is lost on the way, nobody is doubled, nobody is lost, no edit is lost, who
// said no stays so, no limit is broken, and it comes to rest: I1, I2, I3, I6, I7 and I15
// of docs/reliability.md, with the vendors' own limits and manners. KITH_STORMS plays
// more worlds of each system than a few, from KITH_FROM on.
func TestStorms(t *testing.T) {
	n, from := number(t, "KITH_STORMS", 6), number(t, "KITH_FROM", 0)
	for _, system := range storm.Systems() {
		t.Run(system, func(t *testing.T) {
			p := player(t, system)
			totals := simulate.Many(t.Context(), p.Run, uint64(from), n, runtime.GOMAXPROCS(0), nil)
			slices.SortFunc(totals.Failed, func(a, b simulate.Result) int { return int(a.Seed) - int(b.Seed) })
			for _, r := range totals.Failed {
				t.Errorf("seed %d: %s\nrepeat it: KITH_STORM=%s/%d go test ./simulate/storm -run TestOneStorm -v", r.Seed, r.Violations[0], system, r.Seed)
			}
			t.Logf("%d seeds, %d violations, %d crashes, %d faults, %d runs", totals.Seeds, totals.Violations, totals.Crashes, totals.Faults, totals.Runs)
			if n >= 12 && (totals.Crashes == 0 || totals.Faults == 0) {
				t.Errorf("nothing went wrong in %d seeds: this tests nothing", n)
			}
		})
	}
}

// R3: a failure that cannot be repeated is worth nothing.
func TestTheSameStormTwice(t *testing.T) {
	for _, system := range storm.Systems() {
		p := player(t, system)
		for seed := range uint64(number(t, "KITH_STORMS", 40) / 20) {
			if a, b := p.Run(seed), p.Run(seed); a.TraceHash != b.TraceHash {
				t.Errorf("%s: seed %d took two courses: %x and %x", system, seed, a.TraceHash, b.TraceHash)
			}
		}
	}
}

// TestOneStorm shows the course of the world in KITH_STORM, such as hubspot/7.
func TestOneStorm(t *testing.T) {
	system, text, ok := strings.Cut(os.Getenv("KITH_STORM"), "/")
	if !ok {
		t.Skip("KITH_STORM names no world, such as hubspot/7")
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	r := player(t, system).Play(seed, true)
	t.Log(strings.Join(r.Trace, "\n"))
	for _, v := range r.Violations {
		t.Error(v)
	}
}
