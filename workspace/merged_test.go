package workspace_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Requirements 3.13: whoever comes by the keys of somebody who was merged is the
// contact that is there now, through any number of merges, whatever is done to the
// book in between, and is themselves again when the merge is taken back.
func TestMergesOfMerges(t *testing.T) {
	const ann, beth, cleo = 1, 2, 3
	people := [][]string{{"1", "ann@example.com", "020 7946 0001", "Ann"}, {"2", "beth@example.com", "", "Beth"}, {"3", "cleo@example.com", "", "Cleo"}}
	type world struct {
		book func() store.Book
		edit func(changes ...plan.Change) store.Run
		undo func(r store.Run)
		set  func(change func(b *store.Book))
	}
	merge := func(w world, gone, into int64) store.Run {
		b := w.book()
		c := plan.Change{Action: plan.Remove, Ref: store.Ref(b.ID, gone), Into: store.Ref(b.ID, into)}
		for i, value := range people[gone-1] {
			c.Fields = append(c.Fields, plan.FieldChange{Name: b.Fields[i].Name, Old: value, Rule: "merge"})
		}
		return w.edit(c)
	}
	for _, c := range []struct {
		what  string
		do    func(w world)
		email string // that a record has
		phone string
		want  int64 // contact it is found to be
	}{
		{"merged once", func(w world) { merge(w, ann, beth) }, "ann@example.com", "", beth},
		{"merged into one that was merged", func(w world) { merge(w, ann, beth); merge(w, beth, cleo) }, "ann@example.com", "", cleo},
		{"merged once, and the book got a region", func(w world) {
			merge(w, ann, beth)
			w.set(func(b *store.Book) { b.Region = "GB" })
		}, "ann@example.com", "", beth},
		{"merged twice, and the book got an identifier", func(w world) {
			merge(w, ann, beth)
			merge(w, beth, cleo)
			w.set(func(b *store.Book) { b.KeyField = "no" })
		}, "ann@example.com", "", cleo},
		{"a telephone that only the region makes one", func(w world) {
			merge(w, ann, beth)
			w.set(func(b *store.Book) { b.Region = "GB" })
		}, "", "020 7946 0001", beth},
		{"the second merge taken back", func(w world) { merge(w, ann, beth); w.undo(merge(w, beth, cleo)) }, "ann@example.com", "", beth},
		{"the first merge taken back", func(w world) {
			first := merge(w, ann, beth)
			merge(w, beth, cleo)
			w.undo(first)
		}, "ann@example.com", "", ann},
	} {
		t.Run(c.what, func(t *testing.T) {
			ws := open(t)
			ctx := t.Context()
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			_, err := ws.Store.CreateBook(ctx, store.Book{Name: "people", Fields: []contact.Field{{Name: "no", Kind: contact.Text},
				{Name: "email", Kind: contact.Email}, {Name: "phone", Kind: contact.Phone}, {Name: "name", Kind: contact.Name}}})
			must(err)
			w := world{
				book: func() store.Book { b, err := ws.Store.Book(ctx, "people"); must(err); return b },
			}
			w.edit = func(changes ...plan.Change) store.Run {
				r, err := ws.Engine.Edit(ctx, w.book(), "edit", changes)
				must(err)
				return r
			}
			w.undo = func(r store.Run) {
				r, err := ws.Store.Run(ctx, r.ID)
				must(err)
				var s store.Sync
				s.Definition.Target.Book = "people"
				_, err = ws.Engine.Undo(ctx, s, r)
				must(err)
			}
			w.set = func(change func(b *store.Book)) {
				b := w.book()
				change(&b)
				must(ws.Configure(ctx, b))
			}
			for _, values := range people {
				w.edit(plan.Change{Action: plan.Create, Values: values})
			}
			c.do(w)
			path := filepath.Join(t.TempDir(), "list.csv")
			must(os.WriteFile(path, []byte("email,phone,name\n"+c.email+","+c.phone+",New Name\n"), 0o600))
			def := plan.Sync{Name: "list", Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: "people"}, Match: []plan.Rule{plan.ByEmail, plan.ByPhone},
				Map: []plan.Mapping{{From: "email", To: "email"}, {From: "phone", To: "phone"}, {From: "name", To: "name"}}}
			s, err := ws.Store.SaveSync(ctx, def.Defaults(), "")
			must(err)
			r, err := ws.Engine.Plan(ctx, s)
			must(err)
			for change, err := range ws.Engine.Changes(ctx, r) {
				must(err)
				if got := store.Number(change.Ref); change.Action != plan.Update || got != c.want {
					t.Errorf("the record: got %s %s of contact %d, want an update of %d", change.Action, change.Reason, got, c.want)
				}
			}
		})
	}
}
