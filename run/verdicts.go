package run

import (
	"iter"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/spill"
)

// A verdict is what matching said of a record.
type verdict struct {
	action plan.Action
	reason uint8
	rule   uint8
	ref    int64
	other  int64 // record that won, or -1
}

// verdictReader walks through the verdicts in order of records.
type verdictReader struct {
	next    func() ([]spill.Record, error, bool)
	stop    func()
	stretch []spill.Record
}

func newVerdictReader(s *spill.Sorter) *verdictReader {
	r := &verdictReader{}
	r.next, r.stop = iter.Pull2(s.Sorted())
	return r
}

// forRecord returns the verdict on a record. Records are asked for in order.
func (r *verdictReader) forRecord(number int64) (verdict, bool, error) {
	none := verdict{other: -1}
	for len(r.stretch) == 0 {
		stretch, err, ok := r.next()
		if !ok || err != nil {
			return none, false, err
		}
		r.stretch = stretch
	}
	v := r.stretch[0]
	if int64(v[0]) != number {
		return none, false, nil
	}
	r.stretch = r.stretch[1:]
	out := verdict{action: plan.Action(v[1]), reason: uint8(v[1] >> 8), rule: uint8(v[1] >> 16), other: -1}
	if out.action == plan.Update {
		out.ref = int64(v[2])
	} else {
		out.other = int64(v[2]) - 1
	}
	return out, true, nil
}

func sortChanges(changes []plan.Change) {
	slices.SortStableFunc(changes, func(a, b plan.Change) int { return int(a.Row - b.Row) })
}
