// Package toxic puts toxiproxy between Kith and real servers and does to their
// connections what networks do: slow them down, cut them, let them hang, tear
// answers apart. The whole engine runs as users run it, over a workspace. The
// package has tests only; where a server or toxiproxy is missing they skip, and
// with KITH_CI=1 they fail.
package toxic

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector/polite"
	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// TestMain lets more rows run side by side than there are processors: most of
// their time is waiting.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// A desk is a workspace with one connection, behind a bad network, and one sync.
type desk struct {
	*workspace.Workspace
	t     *testing.T
	sync  store.Sync
	ahead time.Duration // of the machine's clock
}

// silence is how long the tests' systems may say nothing, so that one that hangs
// does not hold them up. A person's may say nothing for a minute.
const silence = 4 * time.Second

// sit opens a workspace. Its patience is a user's, with shorter waits.
func sit(t *testing.T) *desk {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, workspace.AllowName), []byte("127.0.0.0/8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t}
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: folder, Now: func() time.Time { return time.Now().Add(d.ahead) }, Silence: silence,
		Patience: polite.Patience{Tries: 2, First: 50 * time.Millisecond, Longest: time.Second, Repeats: 20}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	d.Workspace = w
	return d
}

// connect stores the connection that the sync names as "far".
func (d *desk) connect(kind, secret string, settings map[string]string) {
	d.t.Helper()
	sealed, err := d.SealSecret(d.t.Context(), "far", secret)
	if err == nil {
		_, err = d.Store.SaveConnection(d.t.Context(), store.Connection{Name: "far", Kind: kind, Settings: settings, Secret: sealed})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) keep(def plan.Sync) {
	d.t.Helper()
	def.Name = "toxic"
	var err error
	if d.sync, err = d.Store.SaveSync(d.t.Context(), def.Defaults(), ""); err != nil {
		d.t.Fatal(err)
	}
}

// run plans and applies once, whatever comes of it.
func (d *desk) run() (store.Run, error) {
	r, err := d.Plan(d.t.Context(), d.sync)
	if err != nil || r.Status != store.Planned {
		return r, err
	}
	return d.Apply(d.t.Context(), d.sync, r)
}

// well wants a run that ends without an error.
func (d *desk) well(what string) store.Run {
	d.t.Helper()
	r, err := d.run()
	if err != nil || r.Status == store.Failed || r.Status == store.Blocked {
		d.t.Fatalf("%s: got %s, %v (%s)", what, r.Status, err, r.Message)
	}
	return r
}

// rest wants that the sync comes to rest: at most three runs that write, then one
// that does not (I1).
func (d *desk) rest(what string) {
	d.t.Helper()
	var r store.Run
	for range 4 {
		if r = d.well(what); r.Totals.Writes() == 0 && r.Totals.Held == 0 {
			return
		}
	}
	d.t.Errorf("%s: the sync does not come to rest in four runs: %+v %v", what, r.Totals, r.Reasons)
}

// here are the people of the book as lines, sorted.
func (d *desk) here() string {
	d.t.Helper()
	var lines []string
	for _, c := range d.contacts() {
		lines = append(lines, c.line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

type person struct {
	store.Contact
	line, name string
}

func (d *desk) contacts() (all []person) {
	d.t.Helper()
	b, err := d.Store.Book(d.t.Context(), "people")
	if err != nil {
		d.t.Fatal(err)
	}
	for c, err := range d.Store.Contacts(d.t.Context(), b, 0) {
		if err != nil {
			d.t.Fatal(err)
		}
		values := map[string]string{}
		for i, f := range b.Fields {
			values[f.Name] = c.Values[i]
		}
		all = append(all, person{c, line(values), values["first_name"]})
	}
	return all
}

// line is what a person looks like on both sides.
func line(values map[string]string) string {
	return fmt.Sprintf("%s <%s> %s", values["first_name"], values["email"], values["note"])
}

// add, edit and trash are what somebody does by hand in Kith.
func (d *desk) add(first, email, note string) {
	d.t.Helper()
	b, err := d.Store.Book(d.t.Context(), "people")
	if err != nil {
		d.t.Fatal(err)
	}
	values := make([]string, len(b.Fields))
	for i, f := range b.Fields {
		values[i] = map[string]string{"first_name": first, "email": email, "note": note}[f.Name]
	}
	d.byHand(plan.Change{Action: plan.Create, Values: values})
}

func (d *desk) edit(first, field, value string) {
	d.t.Helper()
	d.byHand(plan.Change{Action: plan.Update, Ref: d.ref(first), Fields: []plan.FieldChange{{Name: field, Old: "\x00", New: value, Rule: "edit"}}})
}

func (d *desk) trash(first string) {
	d.t.Helper()
	d.byHand(plan.Change{Action: plan.Remove, Ref: d.ref(first)})
}

func (d *desk) ref(first string) int64 {
	d.t.Helper()
	for _, c := range d.contacts() {
		if c.name == first {
			return c.Ref
		}
	}
	d.t.Fatalf("nobody is called %s", first)
	return 0
}

func (d *desk) byHand(c plan.Change) {
	d.t.Helper()
	b, err := d.Store.Book(d.t.Context(), "people")
	if err == nil {
		_, err = d.Engine.Edit(d.t.Context(), b, "by hand", []plan.Change{c})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", what, got, want)
	}
}

func lines(all ...string) string {
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// bad is one way in which a network is bad.
type bad struct {
	sentence string
	toxics   []peer.Toxic
}

// atLength skips the longest tables where -short asks for it, as the race detector does.
func atLength(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes a minute, most of it waiting; go test without -short runs it")
	}
}
