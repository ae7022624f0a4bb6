package workspace_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// An office is a data folder and a folder of files beside it.
type office struct {
	*workspace.Workspace
	t     *testing.T
	files string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, files: t.TempDir()}
	o.reopen(t.TempDir())
	return o
}

func (o *office) reopen(folder string) {
	o.t.Helper()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	w, err := workspace.Open(o.t.Context(), workspace.Options{Folder: folder, Now: func() time.Time { now = now.Add(time.Second); return now }})
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { w.Close() })
	o.Workspace = w
}

// run plans and applies the sync of that name over a file.
func (o *office) run(name, file, text string, change func(*plan.Sync)) store.Run {
	o.t.Helper()
	r, s := o.plan(name, file, text, change)
	if r.Status != store.Planned {
		return r
	}
	r, err := o.Engine.Apply(o.t.Context(), s, r)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *office) plan(name, file, text string, change func(*plan.Sync)) (store.Run, store.Sync) {
	o.t.Helper()
	path := filepath.Join(o.files, file)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	def := plan.Sync{Name: name, Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: "people"}, Region: "GB", Match: []plan.Rule{plan.ByEmail, plan.ByPhone}}
	if change != nil {
		change(&def)
	}
	s, err := o.Store.SaveSync(o.t.Context(), def.Defaults(), "")
	if err != nil {
		o.t.Fatal(err)
	}
	r, err := o.Engine.Plan(o.t.Context(), s)
	if err != nil {
		o.t.Fatal(err)
	}
	return r, s
}

func (o *office) edit(changes ...plan.Change) store.Run {
	o.t.Helper()
	r, err := o.Engine.Edit(o.t.Context(), o.book(), "edit", changes)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *office) book() store.Book {
	o.t.Helper()
	b, err := o.Store.Book(o.t.Context(), "people")
	if err != nil {
		o.t.Fatal(err)
	}
	return b
}

// contacts are the e-mails of the book, in order.
func (o *office) contacts() string {
	o.t.Helper()
	var list []string
	for c, err := range o.Store.Contacts(o.t.Context(), o.book(), 0) {
		if err != nil {
			o.t.Fatal(err)
		}
		list = append(list, c.Values[0])
	}
	return strings.Join(list, " ")
}

func (o *office) erase(number int64) (store.ErasureReport, []string) {
	o.t.Helper()
	p, err := o.Engine.PersonOf(o.t.Context(), o.Store, o.book(), store.Ref(o.book().ID, number), "")
	if err != nil {
		o.t.Fatal(err)
	}
	done, kept, err := o.Erase(o.t.Context(), p)
	if err != nil {
		o.t.Fatal(err)
	}
	return done, kept
}

// traces are the needles that can be read anywhere in the data folder, in
// whatever letters: the database, its log, staged sources, temporary files.
func (o *office) traces(needles ...string) (found []string) {
	o.t.Helper()
	err := filepath.WalkDir(o.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		text = bytes.ToLower(text)
		for _, needle := range needles {
			wide := []byte{}
			for _, c := range utf16.Encode([]rune(strings.ToLower(needle))) {
				wide = append(wide, byte(c), byte(c>>8))
			}
			if bytes.Contains(text, []byte(strings.ToLower(needle))) || bytes.Contains(text, wide) {
				found = append(found, needle+" in "+entry.Name())
			}
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

var zelda = []string{"zelda@example.com", "zelda.old@example.org", "zelda@example.net", "zelda2@example.com", "Zelda", "Quixall", "Zebedee",
	"020 7946 0177", "2079460177", "7946-0177", "79460188", "7946 0188"}

// Torture test 10, I18, rank 15: nothing of an erased person can be read, and the
// same file the next night does not bring the person back.
func TestErasedStaysErased(t *testing.T) {
	o := newOffice(t)
	people := "email,first_name,last_name,phone\nzelda.old@example.org,Zelda,Quixall,020 7946 0177\nbob@example.org,Bob,Hill,020 7946 0002\n"
	first := o.run("people", "people.csv", people, nil)
	// She is met in every way: renamed, telephoned, edited by hand, merged, rejected,
	// held, in UTF-16, in a file with passwords, and in a plan that nobody applied.
	update := o.run("people", "people.csv", strings.ReplaceAll(people, "Quixall,020 7946 0177", "Zebedee,+44 20 7946-0188"), func(s *plan.Sync) { s.Policy.Update = plan.WriteAlways })
	o.edit(plan.Change{Action: plan.Update, Ref: store.Ref(o.book().ID, 1), Fields: []plan.FieldChange{{Name: "email", Old: "zelda.old@example.org", New: "zelda@example.com", Rule: "edit"}}})
	o.run("twice", "twice.csv", "email,first_name,last_name\nzelda@example.net,Zelda,Quixall\n", nil)
	merged := o.edit(plan.Change{Action: plan.Remove, Ref: store.Ref(o.book().ID, 3), Into: store.Ref(o.book().ID, 1),
		Fields: []plan.FieldChange{{Name: "email", Old: "zelda@example.net"}, {Name: "first_name", Old: "Zelda"}, {Name: "last_name", Old: "Quixall"}}})
	o.run("wide", "wide.csv", utf16File("email,first_name,last_name\nzelda@example.com,Zelda,Zebedee\n"), nil)
	o.run("logins", "logins.csv", "email,password\nzelda@example.com,open sesame\n", nil)
	o.run("bad", "bad.csv", "email,first_name,language\nzelda@example.com,Zelda,gibberish\nbob@example.org,Bob,en\n", nil)
	o.plan("planned", "planned.csv", "email,first_name,last_name,phone\nzelda2@example.com,Zelda,Zebedee,020 7946 0188\n", nil)
	if len(o.traces(zelda...)) == 0 {
		t.Fatal("the test finds nothing before the erasure either")
	}

	done, kept := o.erase(1)
	if done.Contacts != 2 || done.Plans == 0 || done.Sources < 6 || len(kept) > 0 {
		t.Errorf("erased: got %+v, kept %v; want 2 contacts, a plan, 6 sources or more, and nothing kept", done, kept)
	}
	if found := o.traces(zelda...); len(found) > 0 {
		t.Errorf("while the folder is open there is still: %v", found)
	}
	o.Close()
	if found := o.traces(zelda...); len(found) > 0 {
		t.Errorf("once it is closed there is still: %v", found)
	}

	o.reopen(o.Folder)
	next := o.run("people", "people.csv", people, nil)
	if next.Totals.Skipped != 1 || next.Reasons[string(plan.Erased)] != 1 || next.Totals.Writes() != 0 {
		t.Errorf("the next night: got %+v %v; want one skipped, erased on request, and nothing written", next.Totals, next.Reasons)
	}
	for what, text := range map[string]string{
		"by her other address":        "email,first_name\nzelda@example.net,Zelda\n",
		"by her telephone alone":      "email,first_name,phone\n,Zelda,020 7946 0188\n",
		"by the address of old files": "email\nZelda.Old@Example.org\n",
	} {
		if r := o.run("again", "again.csv", text, nil); r.Totals.Created != 0 || r.Reasons[string(plan.Erased)] != 1 {
			t.Errorf("%s: got %+v %v; want her skipped", what, r.Totals, r.Reasons)
		}
	}
	if got := o.contacts(); got != "bob@example.org" {
		t.Errorf("the book: got %s, want bob@example.org", got)
	}
	for what, r := range map[string]store.Run{"import": first, "update": update, "merge": merged} {
		s, err := o.Store.Sync(o.t.Context(), "people")
		if err != nil {
			t.Fatal(err)
		}
		if r, err = o.Store.Run(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		undone, err := o.Engine.Undo(t.Context(), s, r)
		if err != nil {
			t.Fatalf("undo of the %s: %v", what, err)
		}
		if undone.Reasons[string(plan.Erased)] != 1 {
			t.Errorf("undo of the %s: got %v, want it to say erased.on_request", what, undone.Reasons)
		}
	}
	if got := o.contacts(); strings.Contains(got, "zelda") {
		t.Errorf("an undo brought her back: %s", got)
	}
	o.Close()
	if found := o.traces(zelda...); len(found) > 0 {
		t.Errorf("after the next night there is: %v", found)
	}
}

// Somebody who shares the telephone is left alone; a lifted suppression lets the
// person in again.
func TestErasureAndOthers(t *testing.T) {
	o := newOffice(t)
	household := "email,first_name,phone\nann@example.com,Ann,020 7946 0100\nben@example.com,Ben,020 7946 0100\n"
	o.run("people", "people.csv", household, func(s *plan.Sync) { s.Match = []plan.Rule{plan.ByEmail} })
	done, _ := o.erase(1)
	r := o.run("people", "people.csv", household+"cy@example.com,Cy,020 7946 0100\n", func(s *plan.Sync) { s.Match = []plan.Rule{plan.ByEmail} })
	if got := o.contacts(); got != "ben@example.com cy@example.com" || r.Totals.Skipped != 1 {
		t.Errorf("the household: got %s, %+v; want Ben and Cy, and Ann skipped", got, r.Totals)
	}
	if err := o.Store.LiftSuppression(t.Context(), done.Suppression); err != nil {
		t.Fatal(err)
	}
	o.run("people", "people.csv", household, func(s *plan.Sync) { s.Match = []plan.Rule{plan.ByEmail} })
	if got := o.contacts(); got != "ben@example.com cy@example.com ann@example.com" {
		t.Errorf("after the suppression was lifted: got %s, want Ann among them", got)
	}
}

func utf16File(text string) string {
	b := []byte{0xff, 0xfe}
	for _, c := range utf16.Encode([]rune(text)) {
		b = append(b, byte(c), byte(c>>8))
	}
	return string(b)
}
