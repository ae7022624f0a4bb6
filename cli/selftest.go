package cli

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/simulate"
	"github.com/kith-sync/kith/simulate/storm"
)

func (a *app) selftestCommand() *cobra.Command {
	var n int
	var from uint64
	var over string
	c := &cobra.Command{
		Use: "selftest", Short: "Have this program prove that it loses and doubles nothing", Args: exactly(),
		Long: `Play invented worlds with the engine of this very program: address books and
remote systems in memory, people who edit both sides at any moment, networks that
fail, crashes at every step. After each the invariants of docs/reliability.md are
checked. Nothing of yours is read or changed, and nothing leaves this computer.

With --over the worlds are accounts at a sandbox of salesforce, mailchimp, hubspot or
listmonk, reached by their connectors over HTTP: 429 storms, time-outs after commit,
locked rows, expired tokens, late searches, and the vendors' own limits.

The same seed always takes the same course. The last line reads
"N seeds, V violations, C crashes, F faults"; with a violation the exit code is 1.`,
		Example: "  kith selftest --seeds 100\n  kith selftest --seeds 1 --from 4711\n  kith selftest --over salesforce --seeds 20",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if n < 1 {
				return usage("--seeds takes a number above zero: %d worlds prove nothing", n)
			}
			folder, err := os.MkdirTemp("", "kith-selftest")
			if err != nil {
				return err
			}
			defer os.RemoveAll(folder)
			play, end, err := player(folder, over)
			if err != nil {
				return err
			}
			defer end()
			totals := simulate.Many(cmd.Context(), play, from, n, runtime.GOMAXPROCS(0), nil)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			return a.tellSelftest(totals, over)
		},
	}
	c.Flags().IntVar(&n, "seeds", 1000, "how many worlds to play")
	c.Flags().Uint64Var(&from, "from", 0, "the first seed")
	c.Flags().StringVar(&over, "over", "", "a vendor's sandbox to play against: "+strings.Join(storm.Systems(), ", "))
	return c
}

// player returns what plays a seed in a folder, and how to end it.
func player(folder, over string) (play func(uint64) simulate.Result, end func(), err error) {
	if over != "" {
		if !slices.Contains(storm.Systems(), over) {
			return nil, nil, usage("--over takes one of %s", strings.Join(storm.Systems(), ", "))
		}
		p, err := storm.New(over, folder)
		if err != nil {
			return nil, nil, err
		}
		return p.Run, func() {}, nil
	}
	s, err := simulate.New(folder)
	if err != nil {
		return nil, nil, err
	}
	return s.Run, func() { _ = s.Close() }, nil // the folder goes with it
}

func (a *app) tellSelftest(t simulate.Totals, over string) error {
	if t.Violations > 0 {
		a.exit = exitFailed
	}
	if over != "" {
		over = "--over " + over + " "
	}
	slices.SortFunc(t.Failed, func(x, y simulate.Result) int { return int(x.Seed) - int(y.Seed) })
	report := SelftestReport{Seeds: t.Seeds, Violations: t.Violations, Crashes: t.Crashes, Faults: t.Faults, Failed: []SelftestFailed{}}
	for _, r := range t.Failed {
		failed := SelftestFailed{Seed: r.Seed}
		for _, v := range r.Violations {
			failed.Violations = append(failed.Violations, fmt.Sprint(v))
		}
		report.Failed = append(report.Failed, failed)
	}
	return one(a, report, shape[SelftestReport]{columns: []string{"seeds", "violations", "crashes", "faults"}, row: func(r SelftestReport) []string {
		return []string{fmt.Sprint(r.Seeds), fmt.Sprint(r.Violations), fmt.Sprint(r.Crashes), fmt.Sprint(r.Faults)}
	}}, func(out io.Writer) { selftestText(out, report, over) })
}

func selftestText(out io.Writer, t SelftestReport, over string) {
	for _, r := range t.Failed {
		fmt.Fprintf(out, "seed %d: %s\n  repeat it: kith selftest %s--seeds 1 --from %d\n", r.Seed, r.Violations[0], over, r.Seed)
	}
	fmt.Fprintf(out, "%d seeds, %d violations, %d crashes, %d faults\n", t.Seeds, t.Violations, t.Crashes, t.Faults)
}
