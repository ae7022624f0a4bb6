package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// OneContact finds the live contact with an ID, unique identifier, e-mail
// address or telephone number.
func OneContact(ctx context.Context, w *workspace.Workspace, bookName, who string) (store.Book, store.Contact, error) {
	b, err := Book(ctx, w, bookName)
	if err != nil {
		return b, store.Contact{}, err
	}
	c, err := ContactIn(ctx, w, b, who)
	return b, c, err
}

// ContactIn finds the live contact of a book with an ID, unique identifier, e-mail
// address or telephone number.
func ContactIn(ctx context.Context, w *workspace.Workspace, b store.Book, who string) (store.Contact, error) {
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
		if into, run, err := MergedInto(ctx, w, b, who); into != 0 || err != nil {
			return store.Contact{}, cmp.Or(err, refuse("not_found", "Contact %s of %s was merged into contact %d by run %d. Nothing was changed. Name contact %d, or bring %s back:  kith contacts restore %s --book %s",
				who, b.Name, into, run, into, who, who, Quoted(b.Name)))
		}
		return store.Contact{}, refuse("not_found", "There is no contact %q in %s. kith trash shows the deleted ones, kith contacts list --search TEXT finds others", who, b.Name)
	case 1:
		return found[0], nil
	}
	return store.Contact{}, refuse("match.several", "Several contacts of %s are %q: %s. Name one by its ID", b.Name, who, idsOf(found))
}

// MergedInto returns the number of the contact that the one with an ID was merged
// into, and the run that did it; zeros where there is none.
func MergedInto(ctx context.Context, w *workspace.Workspace, b store.Book, id string) (into, run int64, err error) {
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

// TrashedContact finds a contact in the trash by its ID, unique identifier, e-mail
// address or telephone number.
func TrashedContact(ctx context.Context, w *workspace.Workspace, b store.Book, who string) (store.Contact, error) {
	if number, err := strconv.ParseInt(who, 10, 64); err == nil {
		c, err := w.Store.TrashedContact(ctx, b, store.Ref(b.ID, number))
		if err == nil && store.Number(c.Ref) == number || err != nil && !errors.Is(err, store.ErrNotFound) {
			return c, err
		}
	}
	trash, err := w.Store.TrashedContacts(ctx, b)
	if err != nil {
		return store.Contact{}, err
	}
	norm := contact.NewNormalizer(b.Region)
	for _, known := range []func(contact.Field) bool{
		func(f contact.Field) bool { return f.Name == b.KeyField },
		func(f contact.Field) bool { return f.Kind == contact.Email },
		func(f contact.Field) bool { return f.Kind == contact.Phone },
	} {
		found := slices.DeleteFunc(slices.Clone(trash), func(c store.Contact) bool { return !isKnownBy(norm, b, c, known, who) })
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0], nil
		}
		return store.Contact{}, refuse("match.several", "Several contacts in the trash of %s are %q: %s. Name one by its ID", b.Name, who, idsOf(found))
	}
	return store.Contact{}, refuse("not_found", "Contact %s is not in the trash of %s. kith trash --book %s lists what is", who, b.Name, Quoted(b.Name))
}

// isKnownBy reports whether a value of a contact, in some of the fields, is what
// somebody means.
func isKnownBy(norm *contact.Normalizer, b store.Book, c store.Contact, known func(contact.Field) bool, who string) bool {
	for i, f := range b.Fields {
		if !known(f) || i >= len(c.Values) {
			continue
		}
		meant, _ := norm.MatchKey(f.Kind, who)
		if value, _ := norm.MatchKey(f.Kind, c.Values[i]); value != "" && value == meant {
			return true
		}
	}
	return false
}

func idsOf(contacts []store.Contact) string {
	ids := make([]string, len(contacts))
	for i, c := range contacts {
		ids[i] = strconv.FormatInt(store.Number(c.Ref), 10)
	}
	return strings.Join(ids, ", ")
}

// VersionOf is a contact's version as changes carry it: a write is refused when
// the contact has moved on.
func VersionOf(c store.Contact) string { return fmt.Sprint(c.Version) }

// Book finds an address book by name, or says which there are.
func Book(ctx context.Context, w *workspace.Workspace, name string) (store.Book, error) {
	b, err := w.Store.Book(ctx, name)
	if !errors.Is(err, store.ErrNotFound) {
		return b, err
	}
	books, err := w.Store.Books(ctx)
	if err != nil {
		return b, err
	}
	names := make([]string, len(books))
	for i, b := range books {
		names[i] = b.Name
	}
	return b, Absent("book", name, names, "kith books list")
}

// SavedSync finds a sync by name, or says which there are.
func SavedSync(ctx context.Context, w *workspace.Workspace, name string) (store.Sync, error) {
	s, near, err := SyncOrNear(ctx, w, name)
	if err == nil && s.ID == 0 {
		err = Absent("sync", name, []string{near}, "kith syncs list")
	}
	return s, err
}

// SyncOrNear finds a sync by name, or the name that was probably meant; neither
// is no error.
func SyncOrNear(ctx context.Context, w *workspace.Workspace, name string) (s store.Sync, near string, err error) {
	s, err = w.Store.Sync(ctx, name)
	if !errors.Is(err, store.ErrNotFound) {
		return s, "", err
	}
	syncs, err := w.Store.Syncs(ctx)
	names := make([]string, len(syncs))
	for i, s := range syncs {
		names[i] = s.Name
	}
	return store.Sync{}, Nearest(name, names), err
}

// Absent says that nothing has a name, and what was probably meant.
func Absent(kind, name string, names []string, lister string) error {
	if near := Nearest(name, names); near != "" {
		return refuse("not_found", "There is no %s %q. Did you mean %q?", kind, name, near)
	}
	return refuse("not_found", "There is no %s %q. %s shows what there is", kind, name, lister)
}

// Nearest returns the name that was probably meant, or "": one slip of the pen
// in four letters is forgiven.
func Nearest(typed string, names []string) (near string) {
	if len(typed) > 60 {
		return ""
	}
	a := []rune(strings.ToLower(typed))
	least := len(a)/4 + 2
	for _, name := range names {
		if d := distance(a, []rune(strings.ToLower(name))); d < least {
			near, least = name, d
		}
	}
	return near
}

// ContactsIn finds several contacts, each once.
func ContactsIn(ctx context.Context, w *workspace.Workspace, b store.Book, who []string) (found []store.Contact, err error) {
	seen := map[int64]bool{}
	for _, one := range who {
		c, err := ContactIn(ctx, w, b, one)
		if err != nil {
			return nil, err
		}
		if seen[c.Ref] {
			return nil, usage("%q names contact %d a second time", one, store.Number(c.Ref))
		}
		seen[c.Ref] = true
		found = append(found, c)
	}
	return found, nil
}
