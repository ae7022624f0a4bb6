package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// oneContact finds the live contact with an ID, unique identifier, e-mail
// address or telephone number.
func oneContact(ctx context.Context, w *workspace.Workspace, bookName, who string) (store.Book, store.Contact, error) {
	b, err := book(ctx, w, bookName)
	if err != nil {
		return b, store.Contact{}, err
	}
	c, err := contactIn(ctx, w, b, who)
	return b, c, err
}

func contactIn(ctx context.Context, w *workspace.Workspace, b store.Book, who string) (store.Contact, error) {
	refs, err := refsOf(ctx, w, b, who)
	if err != nil {
		return store.Contact{}, err
	}
	var found []store.Contact
	for c, err := range w.Store.ContactsByRef(ctx, b, refs) {
		if err != nil {
			return c, err
		}
		found = append(found, c)
	}
	switch len(found) {
	case 0:
		if into, run, err := mergedInto(ctx, w, b, who); into != 0 || err != nil {
			return store.Contact{}, cmp.Or(err, refuse("not_found", "Contact %s of %s was merged into contact %d by run %d. Nothing was changed. Name contact %d, or bring %s back:  kith contacts restore %s --book %s",
				who, b.Name, into, run, into, who, who, quoted(b.Name)))
		}
		return store.Contact{}, refuse("not_found", "There is no contact %q in %s. kith trash shows the deleted ones, kith contacts list --search TEXT finds others", who, b.Name)
	case 1:
		return found[0], nil
	}
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = strconv.FormatInt(store.Number(c.Ref), 10)
	}
	return store.Contact{}, refuse("match.several", "Several contacts of %s are %q: %s. Name one by its ID", b.Name, who, strings.Join(ids, ", "))
}

// mergedInto returns the number of the contact that the one with an ID was merged
// into, and the run that did it; zeros where there is none.
func mergedInto(ctx context.Context, w *workspace.Workspace, b store.Book, id string) (into, run int64, err error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 {
		return 0, 0, nil // it is not an ID
	}
	into, run, err = w.Engine.MergedInto(ctx, store.Ref(b.ID, n))
	return store.Number(into), run, err
}

// refsOf returns the handles that somebody may mean, in ascending order.
func refsOf(ctx context.Context, w *workspace.Workspace, b store.Book, who string) ([]int64, error) {
	if id, err := strconv.ParseInt(who, 10, 64); err == nil && id > 0 {
		refs := []int64{store.Ref(b.ID, id)}
		for _, err := range w.Store.ContactsByRef(ctx, b, refs) {
			return refs, err // an ID means that contact, whoever has it as a number of another kind
		}
	}
	norm := contact.NewNormalizer(b.Region)
	kinds := map[plan.Rule]contact.Kind{plan.ByKey: contact.Text, plan.ByEmail: contact.Email, plan.ByPhone: contact.Phone}
	if f, ok := b.Schema().Field(b.KeyField); ok {
		kinds[plan.ByKey] = f.Kind
	}
	for _, rule := range plan.KeyRules {
		key, _ := norm.MatchKey(kinds[rule], who)
		if key == "" {
			continue
		}
		hits, err := w.Store.FindKeys(ctx, b, plan.NumberOf(rule), []uint64{w.Secret().Hash(key)})
		if err != nil || len(hits) > 0 {
			return handles(hits), err
		}
	}
	return nil, nil
}

func handles(hits []store.KeyHit) []int64 {
	refs := make([]int64, len(hits))
	for i, h := range hits {
		refs[i] = h.Ref
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// trashedContact finds a contact in the trash by its ID.
func trashedContact(ctx context.Context, w *workspace.Workspace, b store.Book, id string) (store.Contact, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return store.Contact{}, usage("%q is not the ID of a contact. kith trash lists them", id)
	}
	trash, err := w.Store.TrashedContacts(ctx, b)
	if err != nil {
		return store.Contact{}, err
	}
	for _, c := range trash {
		if store.Number(c.Ref) == number {
			return c, nil
		}
	}
	return store.Contact{}, refuse("not_found", "Contact %d is not in the trash of %s. kith trash --book %s lists what is", number, b.Name, quoted(b.Name))
}

// versionOf is a contact's version as changes carry it: a write is refused when
// the contact has moved on.
func versionOf(c store.Contact) string { return fmt.Sprint(c.Version) }
