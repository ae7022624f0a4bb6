// Package crm plays the stories of two articles from end to end, the marketing
// person's files and sync files on one side, the vendors' sandboxes on the other.
package crm

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// A world is an installation with an address book called people, and systems on
// loopback that it is connected to.
type world struct {
	*workspace.Workspace
	t      *testing.T
	folder string // of sync files and CSV files
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir(), now: time.Now().UTC().Truncate(time.Second)}
	data := t.TempDir()
	w.write(data, workspace.AllowName, "127.0.0.0/8\n")
	var err error
	if w.Workspace, err = workspace.Open(t.Context(), workspace.Options{Folder: data, Now: w.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func (w *world) clock() time.Time { w.now = w.now.Add(time.Millisecond); return w.now }

func (w *world) write(folder, name, text string) string {
	w.t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// connect serves a system and makes the connection to it.
func (w *world) connect(name, kind, secret string, settings map[string]string, system http.Handler) {
	w.t.Helper()
	server := httptest.NewServer(system)
	w.t.Cleanup(server.Close)
	sealed, err := w.SealSecret(w.t.Context(), name, secret)
	if err != nil {
		w.t.Fatal(err)
	}
	settings["url"] = server.URL
	if _, err := w.Store.SaveConnection(w.t.Context(), store.Connection{Name: name, Kind: kind, Settings: settings, Secret: sealed}); err != nil {
		w.t.Fatal(err)
	}
}

// recipe is the sync of a name in a page of docs/recipes, without its first two lines.
func recipe(t *testing.T, page, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "recipes", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if rest, ok := strings.CutPrefix(block, "apiVersion: kith/v1\nkind: Sync\n"); ok && strings.HasPrefix(rest, "name: "+name+"\n") {
			return rest
		}
	}
	t.Fatalf("%s has no sync %s", page, name)
	return ""
}

// sync keeps a sync as its file says it.
func (w *world) sync(text string) store.Sync {
	w.t.Helper()
	defs, err := syncfile.Parse("a.yaml", []byte("apiVersion: kith/v1\nkind: Sync\n"+text))
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := w.Store.SaveSync(w.t.Context(), defs[0], w.folder)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// plan plans a sync; run plans and applies it.
func (w *world) plan(s store.Sync) store.Run {
	w.t.Helper()
	r, err := w.Plan(w.t.Context(), s)
	if err != nil {
		w.t.Fatalf("plan %s: %v", s.Name, err)
	}
	return r
}

func (w *world) run(s store.Sync) store.Run {
	w.t.Helper()
	r := w.plan(s)
	if r.Status != store.Planned {
		return r
	}
	r, err := w.Apply(w.t.Context(), s, r)
	if err != nil {
		w.t.Fatalf("apply %s: %v", s.Name, err)
	}
	return r
}

// rest runs a sync until it writes nothing, which has to be soon.
func (w *world) rest(s store.Sync) {
	w.t.Helper()
	for n := range 4 {
		r := w.run(s)
		if r.Totals.Writes() == 0 {
			return
		}
		if n == 3 {
			w.t.Errorf("%s does not come to rest: %+v", s.Name, r.Totals)
		}
	}
}

// imports reads people from a CSV file into a book.
func (w *world) imports(book, csv string) {
	w.t.Helper()
	w.write(w.folder, "people.csv", csv)
	w.run(w.sync("name: \"import-" + book + "\"\nsource: {file: people.csv, every_time: true}\ntarget: {book: \"" + book + "\"}\nmatch: [email]\n" + mapOf(csv)))
}

// mapOf maps every column of a file to a field of its name.
func mapOf(csv string) string {
	header, _, _ := strings.Cut(csv, "\n")
	text := "map:\n"
	for _, name := range strings.Split(header, ",") {
		text += "  - {from: " + name + ", to: " + name + ", write: always}\n"
	}
	return text
}

func (w *world) book(name string) store.Book {
	w.t.Helper()
	b, err := desk.Book(w.t.Context(), w.Workspace, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// contact is the contact with an e-mail in a book.
func (w *world) contact(book, email string) store.Contact {
	w.t.Helper()
	_, c, err := desk.OneContact(w.t.Context(), w.Workspace, book, email)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// reasons says why records of a run were left alone, by e-mail or whatever names them.
func (w *world) reasons(r store.Run) string {
	var all []string
	for why, n := range r.Reasons {
		all = append(all, fmt.Sprintf("%s %d", why, n))
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

// edit changes a contact by hand.
func (w *world) edit(book, email string, values map[string]string) {
	w.t.Helper()
	b, c := w.book(book), w.contact(book, email)
	change := plan.Change{Action: plan.Update, Ref: c.Ref, Version: desk.VersionOf(c)}
	for i, f := range b.Fields {
		if v, ok := values[f.Name]; ok {
			change.Fields = append(change.Fields, plan.FieldChange{Name: f.Name, Old: c.Values[i], New: v, Rule: desk.ByHand})
		}
	}
	if r, err := w.Engine.Edit(w.t.Context(), b, "edit", []plan.Change{change}); err != nil || r.Totals.Updated != 1 {
		w.t.Fatalf("edit: %v, %+v", err, r.Totals)
	}
}

func (w *world) want(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s:\n got %s\nwant %s", what, strings.ReplaceAll(got, "\n", "\n     "), strings.ReplaceAll(want, "\n", "\n     "))
	}
}
