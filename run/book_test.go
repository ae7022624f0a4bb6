package run_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// checkBook checks what must be true of a book after every run: each contact is
// found by each of its match keys, and by no other.
func (w *world) checkBook(t tb) {
	t.Helper()
	s := w.shelf(t)
	book := must[store.Book](t, "read book")(w.bench.Store.Book(ctx, w.book.Name))
	rules := plan.KeyRules
	if book.SecondKeys {
		rules = slices.Concat(rules, plan.SecondRules)
	}
	for _, rule := range rules {
		want := map[uint64][]int64{}
		for _, hash := range w.hashesInPlay(rule) {
			want[hash] = nil
		}
		for _, number := range slices.Sorted(maps.Keys(s)) {
			for _, key := range w.keyring().Keys(rule, w.values(s[number]), nil) {
				hash := w.bench.Secret().Hash(key)
				want[hash] = append(want[hash], number)
			}
		}
		got := map[uint64][]int64{}
		for hash := range want {
			got[hash] = nil
		}
		for _, hit := range must[[]store.KeyHit](t, "find keys")(w.bench.Store.FindKeys(ctx, book, plan.NumberOf(rule), slices.Sorted(maps.Keys(want)))) {
			got[hit.Hash] = append(got[hit.Hash], store.Number(hit.Ref))
		}
		if !maps.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("%s keys: got %v, want %v\nbook%v\n%v", rule, slices.Sorted(maps.Keys(inverted(got))), slices.Sorted(maps.Keys(inverted(want))), s, w)
		}
	}
}

// hashesInPlay are the hashes of all keys that a contact of this world can have.
func (w *world) hashesInPlay(rule plan.Rule) (hashes []uint64) {
	for i := range fields {
		for _, value := range alphabet[i] {
			row := make([]string, len(fields))
			row[i] = value
			for _, key := range w.keyring().Keys(rule, row, nil) {
				hashes = append(hashes, w.bench.Secret().Hash(key))
			}
		}
	}
	return hashes
}

// inverted turns hashes, which are secret, into the contacts that have them.
func inverted(keys map[uint64][]int64) map[string]bool {
	out := map[string]bool{}
	for _, numbers := range keys {
		if len(numbers) > 0 {
			out[fmt.Sprint(numbers)] = true
		}
	}
	return out
}
