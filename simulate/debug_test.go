package simulate_test

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-sync/kith/simulate"
)

func TestDebug(t *testing.T) {
	seed, err := strconv.Atoi(os.Getenv("SEED"))
	if err != nil {
		t.Skip()
	}
	s, _ := simulate.New(t.TempDir())
	sc := s.Shrink(simulate.ScenarioOf(uint64(seed)), 300)
	r := s.Play(sc, true)
	for i := range sc.World.Systems {
		for j := range sc.World.Systems[i].Syncs {
			f := sc.World.Systems[i].Syncs[j]
			for _, m := range f.Map {
				if m.Direction+string(m.Write)+string(m.Winner) != "" || m.MayClear {
					t.Log(f.FromBook, f.TwoWay, f.Update, f.Back, m)
				}
			}
		}
	}
	b, _ := json.Marshal(sc.World)
	t.Log(string(b))
	t.Log("\n" + strings.Join(r.Trace, "\n"))
}
