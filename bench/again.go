package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/kith-sync/kith/bench/child"
	"github.com/kith-sync/kith/bench/peers"
	"github.com/kith-sync/kith/bench/people"
	"github.com/kith-sync/kith/bench/verify"
)

// unchanged is workload 2: the same file once more. It is to be skipped at no more than the price of a checksum.
func unchanged(s *suite) ([]row, error) {
	base, _, err := s.base()
	if err != nil {
		return nil, err
	}
	data, err := s.clone(base, "again")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	both, checks, err := s.repeat(data)
	if err != nil {
		return nil, err
	}
	return []row{both.row("unchanged-skip", "sha256sum", 1, checks...)}, nil
}

// repeat imports the unchanged file against sha256sum, round by round.
func (s *suite) repeat(data string, flags ...string) (series, []check, error) {
	var both series
	status := check{Want: "skipped_unchanged", Met: true}
	effects := check{Want: "0 contacts written", Met: true}
	little := check{Want: "≤ 8 pages of the store differ", Met: true}
	for range s.runs {
		before, err := pagesOf(data)
		if err != nil {
			return both, nil, err
		}
		o, err := s.mustLoad(s.file(), data, flags...)
		if err != nil {
			return both, nil, err
		}
		after, err := pagesOf(data)
		if err != nil {
			return both, nil, err
		}
		if n := differing(before, after); n > mostPages {
			little.Met, little.Got = false, fmt.Sprintf("%d pages of 8 KiB", n)
		}
		p, err := s.peer(peers.SHA256(s.file()))
		if err != nil {
			return both, nil, err
		}
		both.add(o.Usage, p)
		effects.expect(o.Totals["created"]+o.Totals["updated"]+o.Totals["deleted"], 0)
		if len(flags) == 0 && o.Status != status.Want {
			status.Met, status.Got = false, o.Status
		}
	}
	checks := []check{effects, little}
	if len(flags) == 0 {
		checks = append(checks, status)
	}
	return both, checks, nil
}

// changed is workload 3: the unchanged file with --every-time against sha256sum, then a file of which 1 % is edited
// against a diff in DuckDB.
func changed(s *suite) ([]row, error) {
	base, _, err := s.base()
	if err != nil {
		return nil, err
	}
	data, err := s.clone(base, "again")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	forced, checks, err := s.repeat(data, "--every-time")
	if err != nil {
		return nil, err
	}
	rows := []row{forced.row("forced-unchanged", "sha256sum", 1, checks...)}
	edited, err := s.edits(data, median(forced.ours).CPU)
	return append(rows, edited...), err
}

// edits imports a new edition of the file in each round: the same people are changed, each time to something new.
func (s *suite) edits(data string, nothing time.Duration) ([]row, error) {
	var both series
	n := s.rows / 100
	exact := check{Want: fmt.Sprintf("%d updated and no other effect", n), Met: true}
	duckSays := check{Want: "DuckDB counts the same", Met: true}
	before := s.path("before.csv")
	defer os.Remove(before)
	for round := range s.runs {
		if err := os.Rename(s.file(), before); err != nil {
			return nil, err
		}
		if _, err := s.write(s.file(), people.Options{Rows: s.rows, Changed: n, Edit: round + 1}); err != nil {
			return nil, err
		}
		o, err := s.mustLoad(s.file(), data)
		if err != nil {
			return nil, err
		}
		p, err := s.diff(before, &duckSays, n)
		if err != nil {
			return nil, err
		}
		both.add(o.Usage, p)
		exact.expect(o.Totals["updated"], n)
		exact.expect(o.Totals["updated"]+o.Totals["created"]+o.Totals["deleted"], n)
	}
	perRow := (median(both.ours).CPU - nothing) / time.Duration(n)
	checks := []check{{Want: "≤ 100 µs a changed row over forced-unchanged", Met: perRow <= 100*time.Microsecond, Got: perRow.String()},
		exact, duckSays}
	judge, err := verify.Diff(s.ctx, s.path("judge.db"), before, s.file())
	if err == nil {
		checks = append(checks, agrees(judge, verify.Counts{Updated: n}))
	} else if !errors.Is(err, child.Missing) {
		return nil, err
	}
	return []row{both.row("1 % changed", "DuckDB hash diff", 0.5, checks...)}, clear(s.path("judge.db"))
}

func (s *suite) diff(before string, says *check, want int) (*child.Result, error) {
	if !s.installDuck() {
		return nil, nil
	}
	p, err := s.peer(s.duck.Diff(before, s.file()))
	if p == nil || err != nil {
		return p, err
	}
	got, err := peers.Changed(p.Stdout)
	says.expect(got, want)
	return p, err
}
