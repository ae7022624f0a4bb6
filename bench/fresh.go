package main

import (
	"fmt"
	"os"

	"github.com/kith-sync/kith/bench/peers"
	"github.com/kith-sync/kith/bench/people"
	"github.com/kith-sync/kith/bench/verify"
)

const mostMemory = 100_000_000

// fresh is workload 1: the ordinary file into an empty store, against the sqlite3 shell with two indexes.
func fresh(s *suite) ([]row, error) {
	n, err := s.write(s.file(), people.Options{Rows: s.rows})
	if err != nil {
		return nil, err
	}
	var both series
	created := check{Want: fmt.Sprintf("%d created", n.People), Met: true}
	data, db := s.path("base"), s.path("peer.db") // the last store is the one that other workloads start from
	for range s.runs {
		if err := clear(data, db); err != nil {
			return nil, err
		}
		o, err := s.mustLoad(s.file(), data)
		if err != nil {
			return nil, err
		}
		p, err := s.peer(peers.SQLite(s.file(), db))
		if err != nil {
			return nil, err
		}
		both.add(o.Usage, p)
		created.expect(o.Totals["created"], n.People)
	}
	checks := []check{memory(both), created}
	if len(both.peer) > 0 {
		judge, err := verify.Fresh(s.ctx, db)
		if err != nil {
			return nil, err
		}
		checks = append(checks, agrees(judge, verify.Counts{Created: n.People}))
	}
	return []row{both.row("import-fresh", "sqlite3 .import + 2 indexes", 2, checks...)}, clear(db)
}

func memory(s series) check {
	rss := median(s.ours).RSS
	return check{Want: "RSS ≤ 100 MB", Met: rss <= mostMemory, Got: megabytes(rss) + " MB"}
}

// expect makes the check fail when a round gave another number.
func (c *check) expect(got, want int) {
	if got != want {
		c.Met, c.Got = false, fmt.Sprint(got)
	}
}

// agrees holds the generator's expectation against the judge's.
func agrees(judge, want verify.Counts) check {
	return check{Want: "SQL counts the same", Met: judge == want, Got: fmt.Sprintf("%+v, generator %+v", judge, want)}
}

func clear(paths ...string) error {
	for _, p := range paths {
		if err := os.RemoveAll(p); err != nil {
			return err
		}
	}
	return nil
}
