package simulate_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-sync/kith/simulate"
)

func TestSeeds(t *testing.T) {
	s, err := simulate.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n, from := 300, 0
	if v, err := strconv.Atoi(os.Getenv("KITH_SEEDS")); err == nil {
		n = v
	}
	if v, err := strconv.Atoi(os.Getenv("FROM")); err == nil {
		from = v
	}
	bad := 0
	var crashes, faults int
	for seed := from; seed < from+n; seed++ {
		r := s.Play(simulate.ScenarioOf(uint64(seed)), n == 1)
		crashes += r.Crashes
		faults += r.Faults
		if len(r.Violations) > 0 {
			bad++
			if bad < 15 {
				v := strings.Join(r.Violations[:min(3, len(r.Violations))], "\n   ")
				if len(v) > 900 {
					v = v[:900]
				}
				t.Errorf("seed %d: %s", seed, v)
			}
		}
		if n == 1 {
			t.Log(strings.Join(r.Trace, "\n"))
		}
	}
	t.Logf("%d seeds %d bad %d crashes %d faults", n, bad, crashes, faults)
}
