package desk

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// What contacts may share that are one person.
const (
	SharePhone = "phone" // within a book
	ShareName  = "name"  // within a book
	ShareEmail = "email" // with contacts of other books
)

// A DuplicateQuery asks for contacts of a book that may be one person.
type DuplicateQuery struct {
	Share string // phone, name or email
	After uint64 // where to go on
}

// A DuplicatesPage is what was found, and how far was looked.
type DuplicatesPage struct {
	Book   store.Book       `json:"-"`
	Groups []DuplicateGroup `json:"groups"`
	Looked int64            `json:"looked"`                // at so many keys or contacts
	Left   int64            `json:"left,omitempty"`        // groups of this page that are not shown
	Next   uint64           `json:"next,omitempty,string"` // where to go on; 0: that was all
}

// A DuplicateGroup are contacts that share something.
type DuplicateGroup struct {
	Contacts []Duplicate `json:"contacts"`
}

// A Duplicate is one contact of a group.
type Duplicate struct {
	Book BookName `json:"book"`
	ContactReport
}

// Duplicates come in pages of groups; a request looks at so many keys, or at so
// many contacts, and at no more than so many of one group.
const (
	duplicateGroups   = 25
	duplicateKeys     = 100_000
	duplicateContacts = 10_000
	duplicateMembers  = 10
)

// A BookName names a book for people and for addresses.
type BookName struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Duplicates returns a page of contacts that may be one person. Telephones and
// e-mails are compared by the index of keys, in its order; names are compared
// among the contacts that were looked at for the page.
func Duplicates(ctx context.Context, w *workspace.Workspace, b store.Book, q DuplicateQuery) (DuplicatesPage, error) {
	page, search := DuplicatesPage{Book: b, Groups: []DuplicateGroup{}}, likeness{w}
	var err error
	switch q.Share {
	case SharePhone:
		err = search.samePhone(ctx, b, q.After, &page)
	case ShareEmail:
		err = search.sameEmail(ctx, b, q.After, &page)
	case ShareName:
		err = search.sameName(ctx, b, q.After, &page)
	default:
		err = usage("Duplicates share a phone, a name or an email")
	}
	return page, err
}

// likeness looks for contacts that are alike.
type likeness struct{ workspace *workspace.Workspace }

// samePhone reads the telephones of a book in order of their hash: equal ones lie
// side by side.
func (l likeness) samePhone(ctx context.Context, b store.Book, after uint64, page *DuplicatesPage) error {
	var group []store.KeyHit
	for k, err := range l.workspace.Store.Keys(ctx, b.ID, plan.NumberOf(plan.ByPhone), after) {
		if err != nil {
			return err
		}
		if len(group) > 0 && group[0].Hash != k.Hash {
			if err := l.addGroup(ctx, map[int64]store.Book{b.ID: b}, group, page); err != nil {
				return err
			}
			group = group[:0]
			if len(page.Groups) == duplicateGroups || page.Looked >= duplicateKeys {
				page.Next = k.Hash
				return nil
			}
		}
		page.Looked++
		if len(group) < duplicateMembers {
			group = append(group, k)
		}
	}
	return l.addGroup(ctx, map[int64]store.Book{b.ID: b}, group, page)
}

// sameEmail walks through the e-mail addresses of a book and of all others at
// once, all in order of their hash.
func (l likeness) sameEmail(ctx context.Context, b store.Book, after uint64, page *DuplicatesPage) error {
	books, err := PeopleBooks(ctx, l.workspace)
	if err != nil {
		return err
	}
	byID := map[int64]store.Book{}
	var others []*keyWalk
	for _, o := range books {
		if byID[o.ID] = o; o.ID != b.ID && o.Population > 0 {
			w := l.walk(ctx, o.ID, after)
			defer w.stop()
			others = append(others, w)
		}
	}
	if len(others) == 0 {
		return nil
	}
	for k, err := range l.workspace.Store.Keys(ctx, b.ID, plan.NumberOf(plan.ByEmail), after) {
		if err != nil {
			return err
		}
		if len(page.Groups) == duplicateGroups || page.Looked >= duplicateKeys {
			page.Next = k.Hash
			return nil
		}
		page.Looked++
		group := []store.KeyHit{k}
		for _, o := range others {
			hits, err := o.at(k.Hash)
			if err != nil {
				return err
			}
			group = append(group, hits...)
		}
		if err := l.addGroup(ctx, byID, group[:min(len(group), duplicateMembers)], page); err != nil {
			return err
		}
	}
	return nil
}

// A keyWalk goes through the keys of a book in order.
type keyWalk struct {
	next func() (store.KeyHit, error, bool)
	stop func()
	key  store.KeyHit
	more bool
	err  error
}

func (l likeness) walk(ctx context.Context, book int64, from uint64) *keyWalk {
	w := &keyWalk{}
	w.next, w.stop = iter.Pull2(l.workspace.Store.Keys(ctx, book, plan.NumberOf(plan.ByEmail), from))
	w.step()
	return w
}

func (w *keyWalk) step() { w.key, w.err, w.more = w.next() }

// at goes on to a hash, and returns the keys that have it.
func (w *keyWalk) at(hash uint64) (hits []store.KeyHit, err error) {
	for w.more && w.err == nil && w.key.Hash < hash {
		w.step()
	}
	for w.more && w.err == nil && w.key.Hash == hash {
		hits = append(hits, w.key)
		w.step()
	}
	return hits, w.err
}

// addGroup adds contacts that share a key, when they are several.
func (l likeness) addGroup(ctx context.Context, books map[int64]store.Book, hits []store.KeyHit, page *DuplicatesPage) error {
	byBook := map[int64][]int64{}
	for _, h := range hits {
		if id := store.BookOf(h.Ref); !slices.Contains(byBook[id], h.Ref) {
			byBook[id] = append(byBook[id], h.Ref)
		}
	}
	if len(hits) < 2 {
		return nil
	}
	var g DuplicateGroup
	first := page.Book.ID
	ids := []int64{first}
	for id := range byBook {
		if id != first {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids[1:])
	for _, id := range ids {
		b := books[id]
		slices.Sort(byBook[id])
		for c, err := range l.workspace.Store.ContactsByRef(ctx, b, byBook[id]) {
			if err != nil {
				return err
			}
			g.Contacts = append(g.Contacts, Duplicate{BookName{b.ID, b.Name}, ReportContact(b, Naming(b), c)})
		}
	}
	if len(g.Contacts) > 1 {
		page.Groups = append(page.Groups, g)
	}
	return nil
}

// sameName compares the names of a stretch of the book.
func (l likeness) sameName(ctx context.Context, b store.Book, after uint64, page *DuplicatesPage) error {
	naming, norm := Naming(b), contact.NewNormalizer(b.Region)
	by, last := map[string][]int64{}, int64(0)
	var names []string // those that came twice, in order
	for c, err := range l.workspace.Store.SomeContacts(ctx, b, store.Ref(b.ID, int64(after)), duplicateContacts) {
		if err != nil {
			return err
		}
		page.Looked++
		last = store.Number(c.Ref)
		name, _ := norm.MatchKey(contact.Name, NameOf(naming, c.Values))
		if name = strings.ToLower(name); !strings.Contains(name, " ") {
			continue // no name, or half of one
		}
		if by[name] = append(by[name], c.Ref); len(by[name]) == 2 {
			names = append(names, name)
		}
	}
	if page.Looked == duplicateContacts {
		page.Next = uint64(last)
	}
	for _, name := range names[:min(len(names), namesOnPage)] {
		var hits []store.KeyHit
		for _, ref := range by[name][:min(len(by[name]), duplicateMembers)] {
			hits = append(hits, store.KeyHit{Ref: ref})
		}
		if err := l.addGroup(ctx, map[int64]store.Book{b.ID: b}, hits, page); err != nil {
			return err
		}
	}
	page.Left = int64(len(names) - min(len(names), namesOnPage))
	return nil
}

// namesOnPage is how many names of a stretch are shown: whoever merges those sees
// the next.
const namesOnPage = duplicateGroups

// EveryDuplicate yields all groups of contacts of a book that share something.
func EveryDuplicate(ctx context.Context, w *workspace.Workspace, b store.Book, share string) iter.Seq2[DuplicateGroup, error] {
	return func(yield func(DuplicateGroup, error) bool) {
		for q := (DuplicateQuery{Share: share}); ; {
			page, err := Duplicates(ctx, w, b, q)
			if err != nil {
				yield(DuplicateGroup{}, err)
				return
			}
			for _, g := range page.Groups {
				if !yield(g, nil) {
					return
				}
			}
			if q.After = page.Next; q.After == 0 {
				return
			}
		}
	}
}
