package book

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A book with random unique keys (C29) has nine digits for each contact. Among
// a million contacts some five hundred draws meet a key that is taken, so every
// batch asks for its draws and draws again where need be.

const drawsAtMost = 100 // in a row without a free code: the digits are used up

// drawCodes draws a unique key for each of the batch's creates.
func (w *writer) drawCodes(ctx context.Context, changes []plan.Change) error {
	b := w.book
	if !b.book.KeyMade || b.book.Schema().Index(b.book.KeyField) < 0 {
		return nil
	}
	wanted := 0
	for _, c := range changes {
		if c.Action == plan.Create {
			wanted++
		}
	}
	for range drawsAtMost {
		if len(w.codes) == wanted {
			return nil
		}
		if err := w.draw(ctx, wanted-len(w.codes)); err != nil {
			return err
		}
	}
	return errors.New("no unique keys of nine digits are left")
}

// draw adds up to n codes that neither a contact nor another create has.
func (w *writer) draw(ctx context.Context, n int) error {
	b := w.book
	hashes := map[string]uint64{}
	var drawn []string
	for range n {
		code, err := b.codes.NineDigits()
		if err != nil {
			return err
		}
		if _, twice := hashes[code]; !twice && !slices.Contains(w.codes, code) {
			hashes[code] = b.hashCode(code)
			drawn = append(drawn, code)
		}
	}
	taken, err := b.store.FindKeys(ctx, b.book, plan.NumberOf(plan.ByKey), slices.Sorted(maps.Values(hashes)))
	if err != nil {
		return err
	}
	w.codes = append(w.codes, slices.DeleteFunc(drawn, func(code string) bool {
		return slices.ContainsFunc(taken, func(k store.KeyHit) bool { return k.Hash == hashes[code] })
	})...)
	return nil
}

// hashCode is the hash of a unique key, as the keyring makes it.
func (b *Book) hashCode(code string) uint64 {
	values := make([]string, len(b.book.Fields))
	values[b.book.Schema().Index(b.book.KeyField)] = code
	for _, key := range b.keyring.Keys(plan.ByKey, values, nil) {
		return b.secret.Hash(key)
	}
	return b.secret.Hash(code)
}
