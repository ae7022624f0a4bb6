package book

import (
	"cmp"
	"context"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A contact that was merged away may have keys itself that it kept for others.
// They stay with it, so that taking the merge back needs nothing; who looks for
// them is led to the contact that stands for it now (requirements 3.13).

// standing leads the hits of contacts that were merged away to those that stand
// for them. Whoever is gone for another reason is nobody.
func (b *Book) standing(ctx context.Context, hits []store.KeyHit) ([]store.KeyHit, error) {
	if len(hits) == 0 {
		return hits, nil
	}
	if b.keepers == nil {
		refs, err := b.store.Keepers(ctx, b.book.ID)
		if err != nil {
			return nil, err
		}
		b.keepers = map[int64]bool{}
		for _, ref := range refs {
			b.keepers[ref] = true
		}
	}
	moved := false
	for i, h := range hits {
		if !b.keepers[h.Ref] {
			continue
		}
		ref, err := b.standsFor(ctx, h.Ref)
		if err != nil {
			return nil, err
		}
		moved = moved || ref != h.Ref
		hits[i].Ref = ref
	}
	if !moved {
		return hits, nil
	}
	hits = slices.DeleteFunc(hits, func(h store.KeyHit) bool { return h.Ref == 0 })
	slices.SortFunc(hits, func(a, b store.KeyHit) int { return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Ref, b.Ref)) })
	return slices.Compact(hits), nil
}

// standsFor returns the live contact that one is now, or 0.
func (b *Book) standsFor(ctx context.Context, ref int64) (int64, error) {
	for ref != 0 {
		for c, err := range b.store.ContactsByRef(ctx, b.book, []int64{ref}) {
			return c.Ref, err
		}
		into := int64(0)
		for c, err := range b.store.ChangesOf(ctx, ref) {
			if err != nil {
				return 0, err
			}
			if c.Action == plan.Remove && !c.Remote {
				into = c.Into
			}
		}
		ref = into
	}
	return 0, nil
}
