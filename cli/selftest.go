package cli

import (
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/simulate"
)

func (a *app) selftestCommand() *cobra.Command {
	var n int
	var from uint64
	c := &cobra.Command{
		Use: "selftest", Short: "Have this program prove that it loses and doubles nothing", Args: exactly(),
		Long: `Play invented worlds with the engine of this very program: address books and
remote systems in memory, people who edit both sides at any moment, networks that
fail, crashes at every step. After each the invariants of docs/reliability.md are
checked. Nothing of yours is read or changed, and nothing leaves this computer.

The same seed always takes the same course. The last line reads
"N seeds, V violations, C crashes, F faults"; with a violation the exit code is 1.`,
		Example: "  kith selftest --seeds 100\n  kith selftest --seeds 1 --from 4711",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if n < 1 {
				return usage("--seeds takes a number above zero: %d worlds prove nothing", n)
			}
			folder, err := os.MkdirTemp("", "kith-selftest")
			if err != nil {
				return err
			}
			defer os.RemoveAll(folder)
			s, err := simulate.New(folder)
			if err != nil {
				return err
			}
			defer s.Close()
			totals := s.Many(cmd.Context(), from, n, runtime.GOMAXPROCS(0), nil)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			a.tellSelftest(totals)
			return nil
		},
	}
	c.Flags().IntVar(&n, "seeds", 1000, "how many worlds to play")
	c.Flags().Uint64Var(&from, "from", 0, "the first seed")
	return c
}

func (a *app) tellSelftest(t simulate.Totals) {
	slices.SortFunc(t.Failed, func(x, y simulate.Result) int { return int(x.Seed) - int(y.Seed) })
	for _, r := range t.Failed {
		fmt.Fprintf(a.Stdout, "seed %d: %s\n  repeat it: kith selftest --seeds 1 --from %d\n", r.Seed, r.Violations[0], r.Seed)
	}
	fmt.Fprintf(a.Stdout, "%d seeds, %d violations, %d crashes, %d faults\n", t.Seeds, t.Violations, t.Crashes, t.Faults)
	if t.Violations > 0 {
		a.exit = exitFailed
	}
}
