package main

import (
	"fmt"
	"os"
	"time"

	"github.com/kith-sync/kith/bench/child"
	"github.com/kith-sync/kith/bench/people"
)

// storeGrowth is workload 4: the same number of changed rows, spread evenly, into ever larger stores. The field's
// products slow down with the store; ours must not.
func storeGrowth(s *suite) ([]row, error) {
	sizes := []int{s.rows / 100, s.rows / 10, s.rows}
	if s.big {
		sizes = append(sizes, 5*s.rows)
	}
	edits := people.People(sizes[0])
	stores := make([]series, len(sizes))
	exact := make([]check, len(sizes))
	for i, size := range sizes {
		exact[i] = check{Want: fmt.Sprintf("%d updated", edits), Met: true}
		if err := s.store(size); err != nil {
			return nil, err
		}
		defer os.RemoveAll(s.path(storeName(size)))
	}
	for round := range s.runs {
		var smallest child.Result // the first store of each round is the peer of all
		for i, size := range sizes {
			file := s.path("edits.csv")
			if _, err := s.write(file, people.Options{Rows: size, Changed: edits, Edit: round + 1, Only: true}); err != nil {
				return nil, err
			}
			o, err := s.mustLoad(file, s.path(storeName(size)))
			if err != nil {
				return nil, err
			}
			if i == 0 {
				smallest = o.Result
			}
			stores[i].add(o.Usage, &smallest)
			exact[i].expect(o.Totals["updated"], edits)
		}
	}
	var rows []row
	for i, size := range sizes {
		rows = append(rows, stores[i].storeRow(size, edits, exact[i]))
	}
	if s.big {
		last := len(sizes) - 1
		growth := stores[last].perRow(edits).Seconds() / stores[last-1].perRow(edits).Seconds()
		rows[last].Checks = append(rows[last].Checks, check{Want: fmt.Sprintf("≤ 2× the store of %d", sizes[last-1]),
			Met: growth <= 2, Got: fmt.Sprintf("%.2f×", growth)})
	}
	return rows, nil
}

func storeName(size int) string { return fmt.Sprintf("store-%d", size) }

// store makes a data folder of size rows.
func (s *suite) store(size int) error {
	if size == s.rows {
		base, _, err := s.base()
		if err == nil {
			_, err = s.clone(base, storeName(size))
		}
		return err
	}
	if _, err := s.write(s.file(), people.Options{Rows: size}); err != nil {
		return err
	}
	_, err := s.mustLoad(s.file(), s.path(storeName(size)))
	return err
}

func (s *series) perRow(edits int) time.Duration { return median(s.ours).CPU / time.Duration(edits) }

func (s *series) storeRow(size, edits int, exact check) row {
	each := s.perRow(edits)
	return row{
		Case: fmt.Sprintf("%d changed rows into a store of %d: %.0f µs each", edits, size, float64(each.Nanoseconds())/1e3),
		Ours: median(s.ours), Peer: median(s.peer), PeerName: "ours, smallest store",
		Ratio:  fmt.Sprintf("%.2f", s.ratio()),
		Checks: []check{{Want: "≤ 100 µs a changed row", Met: each <= 100*time.Microsecond, Got: each.String()}, exact},
	}
}
