package store

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// together runs f for several writers at once and fails with their first error.
func together(t *testing.T, f func(writer int64) error) {
	t.Helper()
	const writers = 4
	errs := make([]error, writers)
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() { errs[i] = f(int64(i)) })
	}
	wait.Wait()
	noError(t, errors.Join(errs...))
}

func testTwoWriters(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 1)
	before := reread(t, s, b)
	const batches = 20
	together(t, func(w int64) error {
		for i := range int64(batches) {
			ref := Ref(b.ID, 1000*(w+1)+i)
			_, err := s.Write(ctx, Batch{Book: b, Run: w, Position: -1, Creates: []ContactWrite{{Ref: ref, Add: []Key{{2, uint64(i)}}}}})
			if err != nil {
				return err
			}
			// Everybody wants the first contact, and to be next in the index.
			if _, err := s.Write(ctx, Batch{Book: b, Run: w, Position: -1, Updates: []ContactWrite{{Ref: Ref(b.ID, 1), IfVersion: i + 1}}}); err != nil {
				return err
			}
			if err := s.AddKeys(ctx, b.ID, 3, []KeyHit{{uint64(w), ref}}); err != nil {
				return err
			}
		}
		return nil
	})
	now := reread(t, s, b)
	equal(t, "population", now.Population, 4*batches+1)
	equal(t, "contacts", len(numbers(t, s, b)), 4*batches+1)
	for hash := range uint64(batches) {
		equal(t, "contacts with one key", len(find(t, s, now, 2, hash)), 4)
	}
	equal(t, "keys", len(find(t, s, now, 3, 0, 1, 2, 3)), 4*batches)
	updates := all(t, s.Contacts(ctx, b, 0))[0].Version - 1
	equal(t, "change counter", now.Seq-before.Seq, 2*4*batches+updates)
}

func testTwoReserve(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	r := makeRun(t, s, Run{})
	first := make([]int64, 4)
	together(t, func(w int64) (err error) {
		first[w], err = s.ReserveNumbers(ctx, b.ID, r.ID, 10)
		return err
	})
	same(t, "one run's first number", first, []int64{Ref(b.ID, 1), Ref(b.ID, 1), Ref(b.ID, 1), Ref(b.ID, 1)})
	next, err := s.ReserveNumbers(ctx, b.ID, makeRun(t, s, Run{}).ID, 1)
	noError(t, err)
	equal(t, "next run", Number(next), 11)
	together(t, func(w int64) error {
		return s.AddFields(ctx, b.ID, []contact.Field{{Name: string(rune('a' + w)), Kind: contact.Text}, {Name: "all", Kind: contact.Text}})
	})
	equal(t, "fields", len(reread(t, s, b).Fields), len(people)+5)
}

// A run walks through its plan while it writes what the plan says.
func testWriteWhileReading(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 500)
	r := makeRun(t, s, Run{BookID: b.ID})
	var changes []plan.Change
	for i := range int64(500) {
		changes = append(changes, plan.Change{Action: plan.Update, Ref: Ref(b.ID, i+1)})
	}
	noError(t, s.AppendPlan(ctx, r.ID, []Block{{0, []byte{1}}}, 0, changes))
	read := 0
	for range all(t, s.Blocks(ctx, r.ID)) {
		for c, err := range s.Changes(ctx, r.ID) {
			noError(t, err)
			for old, err := range s.Contacts(ctx, b, c.Ref-1) {
				noError(t, err)
				if read++; read%50 != 0 {
					break
				}
				write(t, s, Batch{Book: b, Run: r.ID, Position: c.Seq + 1, Updates: []ContactWrite{{Ref: c.Ref, IfVersion: old.Version, Values: old.Values}}})
				noError(t, s.SettleChange(ctx, r.ID, c.Seq, c.Change))
				break
			}
		}
	}
	equal(t, "changes read", read, 500)
	touched := 0
	for _, c := range all(t, s.Contacts(ctx, b, 0)) {
		touched += int(c.Version - 1)
	}
	equal(t, "contacts written", touched, 10)
	equal(t, "connections in use", s.db.Stats().InUse, 0)
}

func testCancelled(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 1000)
	ended, cancel := context.WithCancel(ctx)
	var last error
	n := 0
	for _, err := range s.Contacts(ended, b, 0) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	cancel()
	// What the driver has fetched already may still come; the end must not look whole.
	if last == nil && n < 1000 || n > 1000 {
		t.Errorf("a list cancelled at its third contact: got %d contacts and error %v", n, last)
	}
	if _, err := s.Write(ended, Batch{Book: b, Position: -1, Creates: []ContactWrite{{Ref: Ref(b.ID, 2000)}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("write: got %v, want %v", err, context.Canceled)
	}
	equal(t, "contacts", len(numbers(t, s, b)), 1000)
}

func testCheck(t *testing.T, s *Store) {
	fill(t, s, makeBook(t, s, "people"), 10)
	noError(t, s.Check(ctx))
}
