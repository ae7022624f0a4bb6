package run

import (
	"cmp"
	"context"
	"strconv"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Whoever asks for an explanation names a contact by what they have at hand: its
// ID, or any of its keys. This file finds out whom they mean.

func (x *explaining) hashKeys() {
	x.origin = map[string]FieldOrigin{}
	x.born = func(string) FieldOrigin { return FieldOrigin{Run: x.contact.CreatedRun, Rule: "create"} }
	norm := contact.NewNormalizer(x.book.Region)
	kinds := [3]contact.Kind{contact.Text, contact.Email, contact.Phone}
	if f, ok := x.book.Schema().Field(x.book.KeyField); ok {
		kinds[0] = f.Kind
	}
	for i, kind := range kinds {
		if key, _ := norm.MatchKey(kind, x.who); key != "" {
			x.hashes[i] = x.engine.Secret.Hash(key)
		}
	}
}

// find looks for the contact itself: by number, by key, then among those that
// are gone. One that was merged leads to the contact that was kept.
func (x *explaining) find(ctx context.Context) error {
	number := x.number()
	if err := x.load(ctx, number); err != nil || x.out.Found {
		return err
	}
	hit, err := x.findByKey(ctx)
	if err != nil || x.out.Found {
		return err
	}
	gone, err := x.findInTrash(ctx, number)
	if err != nil {
		return err
	}
	ref, err := x.follow(ctx, cmp.Or(gone, number, hit))
	if err != nil {
		return err
	}
	if err := x.load(ctx, ref); err != nil || x.out.Found {
		return err
	}
	return x.loadTrashed(ctx, ref)
}

// number is the handle of the contact with the ID asked for, or 0.
func (x *explaining) number() int64 {
	n, err := strconv.ParseInt(x.who, 10, 64)
	if err != nil || n <= 0 || n != store.Number(n) {
		return 0
	}
	return store.Ref(x.book.ID, n)
}

// findByKey takes the contact that has a key asked for as its own. Another that
// keeps it for one merged into it is returned.
func (x *explaining) findByKey(ctx context.Context) (keeper int64, err error) {
	for i, rule := range plan.KeyRules {
		if x.hashes[i] == 0 {
			continue
		}
		hits, err := x.store.FindKeys(ctx, x.book, plan.NumberOf(rule), []uint64{x.hashes[i]})
		if err != nil {
			return 0, err
		}
		for _, h := range hits {
			keeper = cmp.Or(keeper, h.Ref)
			if err := x.load(ctx, h.Ref); err != nil || x.out.Found && x.owns(x.contact.Values) {
				return 0, err
			}
			x.contact, x.out.Found, x.out.ID = nil, false, ""
		}
	}
	return keeper, nil
}

// owns reports whether one of a contact's own keys is what was asked for.
func (x *explaining) owns(values []string) bool {
	ring := plan.NewKeyring(x.book.Schema(), x.book.Region, true)
	for i, rule := range plan.KeyRules {
		for _, key := range ring.Keys(rule, values, nil) {
			if x.engine.Secret.Hash(key) == x.hashes[i] {
				return true
			}
		}
	}
	return false
}

// load takes the contact with that handle as the one asked for, if it lives.
func (x *explaining) load(ctx context.Context, ref int64) error {
	if ref == 0 {
		return nil
	}
	for c, err := range x.store.ContactsByRef(ctx, x.book, []int64{ref}) {
		if err != nil {
			return err
		}
		x.contact, x.out.Found, x.out.ID = &c, true, targetID(ref)
	}
	return nil
}

// trashed are the contacts in the book's trash.
func (x *explaining) trashed(ctx context.Context) (_ []store.Contact, err error) {
	if x.trash == nil {
		x.trash, err = x.store.TrashedContacts(ctx, x.book)
	}
	return x.trash, err
}

// findInTrash returns the handle of the contact in the trash that was asked for,
// or 0.
func (x *explaining) findInTrash(ctx context.Context, number int64) (int64, error) {
	trash, err := x.trashed(ctx)
	for _, c := range trash {
		if c.Ref == number || x.owns(c.Values) {
			return c.Ref, err
		}
	}
	return 0, err
}

// loadTrashed takes a contact in the trash as the one asked for.
func (x *explaining) loadTrashed(ctx context.Context, ref int64) error {
	trash, err := x.trashed(ctx)
	for _, c := range trash {
		if c.Ref == ref {
			x.contact, x.out.Trashed, x.out.ID = &c, true, targetID(ref)
		}
	}
	return err
}
