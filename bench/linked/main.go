// Command linked measures linked syncs (workload 6): calls and time of a run in
// which none, a thousand or a hundred thousand of the linked records changed, at
// several sizes of both sides. The remote is in memory and costs next to nothing,
// so the figures are the engine's and the store's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/connector/polite"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

func main() {
	sizes := flag.String("sizes", "10000,100000,1000000", "linked records")
	work := flag.String("work", os.TempDir(), "folder for the stores")
	flag.Parse()
	fmt.Println("| linked | changed | calls | floor | per change | CPU | peak memory |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for text := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(text)
		if err == nil {
			err = measure(*work, n)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "linked:", err)
			os.Exit(1)
		}
	}
}

// batch is how many records one call writes or fetches: those of Salesforce's
// collections.
const batch = 200

func measure(work string, n int) error {
	ctx := context.Background()
	folder, err := os.MkdirTemp(work, "kith-linked-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	s, err := store.OpenSQLite(ctx, filepath.Join(folder, "kith.db"))
	if err != nil {
		return err
	}
	defer s.Close()
	w := &world{store: s, remote: newRemote(n)}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	began := cpu()
	if err := w.run(ctx); err != nil {
		return err
	}
	fmt.Printf("| %d | first listing, all created | %d | %d | %v | %.1f s | %d MB |\n", n, w.calls(), n/1000+1, (cpu()-began)/time.Duration(n), (cpu() - began).Seconds(), peak())
	if err := w.run(ctx); err != nil { // whoever was created is looked at once more
		return err
	}
	for _, changed := range []int{0, 1000, 100_000} {
		if changed > n {
			continue
		}
		w.remote.change(changed)
		if err := w.edit(ctx, changed); err != nil {
			return err
		}
		w.counted = nil
		began := cpu()
		if err := w.run(ctx); err != nil {
			return err
		}
		took := cpu() - began
		each := time.Duration(0)
		if changed > 0 {
			each = took / time.Duration(2*changed)
		}
		fmt.Printf("| %d | %d there, %d here | %d | %d | %v | %.2f s | %d MB |\n", n, changed, changed, w.calls(), changed/batch+changed/1000+1, each, took.Seconds(), peak())
	}
	return nil
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail for ourselves
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func peak() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc >> 20
}

var schema = contact.Schema{Fields: []contact.Field{
	{Name: "email", Kind: contact.Email}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name},
	{Name: "phone", Kind: contact.Phone}, {Name: "company", Kind: contact.Text}, {Name: "note", Kind: contact.Text},
}}

// world is a book and a remote that hold the same people.
type world struct {
	store   *store.Store
	remote  *remote
	counted *polite.Counted
	asked   connector.Remote
	sync    store.Sync
	pair    int64
	keys    int
	edited  int
}

var secret = plan.Secret{1, 2}

func (w *world) prepare(ctx context.Context) error {
	if _, err := w.store.CreateBook(ctx, store.Book{Name: "people", Region: "GB", Fields: schema.Fields}); err != nil {
		return err
	}
	c, err := w.store.SaveConnection(ctx, store.Connection{Name: "crm", Kind: "bench"})
	if err != nil {
		return err
	}
	w.pair = c.ID
	def := plan.Sync{Name: "crm", Source: plan.Endpoint{Connection: "crm"}, Target: plan.Endpoint{Book: "people"}, Direction: plan.TwoWay}
	w.sync, err = w.store.SaveSync(ctx, def.Defaults(), "")
	return err
}

func (w *world) run(ctx context.Context) error {
	e := &link.Engine{Memory: w.store, Ends: w, Now: time.Now, Secret: secret, NewKey: func() string { w.keys++; return strconv.Itoa(w.keys) }}
	r, err := e.Plan(ctx, w.sync)
	if err != nil {
		return err
	}
	r, err = e.Apply(ctx, w.sync, r)
	if err == nil && r.Totals.Failed+r.Totals.Held+r.Totals.Rejected > 0 {
		err = fmt.Errorf("run %d: %+v %v", r.ID, r.Totals, r.Reasons)
	}
	return err
}

func (w *world) calls() int64 {
	if w.counted == nil {
		return 0
	}
	c := w.counted.Counts()
	return int64(c.Schema) + int64(c.Pages) + int64(c.Fetch) + int64(c.Find) + int64(c.Write)
}

// edit changes as many contacts as a person would, other ones than the remote's.
func (w *world) edit(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	b, err := book.Open(ctx, w.store, "people", secret, nil)
	if err != nil {
		return err
	}
	r := store.Run{Name: "edit", Kind: store.KindEdit, Status: store.Applying, Started: time.Now(), BookID: b.ID()}
	if err := w.store.CreateRun(ctx, &r); err != nil {
		return err
	}
	w.edited++
	value := "edited " + strconv.Itoa(w.edited)
	for first := 0; first < n; first += 1000 {
		var changes []plan.Change
		for i := first; i < min(n, first+1000); i++ {
			changes = append(changes, plan.Change{Action: plan.Update, Ref: store.Ref(b.ID(), int64(1+i)),
				Fields: []plan.FieldChange{{Name: "company", Old: "\x00", New: value, Rule: "edit"}}})
		}
		if err := w.store.AppendPlan(ctx, r.ID, nil, int64(first), changes); err != nil {
			return err
		}
		if _, err := b.Write(ctx, connector.Batch{Run: r.ID, Now: time.Now(), Changes: changes, Position: int64(first), IndexNow: true}); err != nil {
			return err
		}
	}
	r.Status = store.Succeeded
	return w.store.UpdateRun(ctx, &r)
}

// Book, Remote and Pair are the ends of the sync.
func (w *world) Book(ctx context.Context, _ store.Sync, _ contact.Schema) (link.Book, error) {
	return book.Open(ctx, w.store, "people", secret, nil)
}

func (w *world) Remote(context.Context, store.Sync) (connector.Remote, error) {
	if w.counted == nil {
		w.counted = polite.Count(w.remote)
		w.asked = polite.Remember(w.counted)
	}
	return w.asked, nil
}

func (w *world) Pair(ctx context.Context, _ store.Sync, id int64) (store.Pair, error) {
	return w.store.PairOf(ctx, w.pair, "contacts", id)
}
