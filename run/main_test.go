package run_test

import (
	"flag"
	"os"
	"runtime/debug"
	"testing"
)

// fixedSeed makes the laws look at the same worlds every time, so that a red run
// is about the change at hand. -rapid.seed=N looks at others; `make property`
// takes a new seed every time.
const fixedSeed = "20261121"

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.seed"); f != nil && f.Value.String() == "0" {
		_ = flag.Set("rapid.seed", fixedSeed)
	}
	debug.SetGCPercent(400) // a case is over before its garbage matters
	os.Exit(m.Run())
}
