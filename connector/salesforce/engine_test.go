package salesforce_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A flow is an address book and an org's people, kept in step by the engine.
type flow struct {
	*stage
	t      *testing.T
	store  *store.Store
	engine *link.Engine
	sync   store.Sync
	id     int64 // of the connection
	keys   int
	people int
	emails map[string]bool // of everybody, wherever they were born
	refs   []int64
}

var flowSecret = plan.Secret{1, 2}

func flowFields() contact.Schema {
	return contact.Schema{Fields: []contact.Field{
		{Name: "email", Kind: contact.Email}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name}, {Name: "company", Kind: contact.Text},
		{Name: "sync_as", Kind: contact.Text}, {Name: "note", Kind: contact.Text}, {Name: "news", Kind: contact.Consent}, {Name: "owner", Kind: contact.Email},
	}}
}

func newFlow(t *testing.T, st *stage) *flow {
	t.Helper()
	f := &flow{stage: st, t: t, emails: map[string]bool{}}
	var err error
	if f.store, err = store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "kith.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.store.Close() })
	if _, err := f.store.CreateBook(t.Context(), store.Book{Name: "people", Region: "GB", Fields: flowFields().Fields}); err != nil {
		t.Fatal(err)
	}
	c, err := f.store.SaveConnection(t.Context(), store.Connection{Name: "crm", Kind: "salesforce"})
	if err != nil {
		t.Fatal(err)
	}
	f.id = c.ID
	f.engine = &link.Engine{Memory: f.store, Ends: f, Now: f.now, Secret: flowSecret, NewKey: func() string { f.keys++; return fmt.Sprint("key-", f.keys) }}
	def := plan.Sync{Name: "crm", Source: plan.Endpoint{Book: "people"}, Target: plan.Endpoint{Connection: "crm", Object: salesforce.Person}, Direction: plan.TwoWay}
	for _, m := range [][2]string{{"email", "Email"}, {"first_name", "FirstName"}, {"last_name", "LastName"}, {"company", "company"}, {"sync_as", "sync_as"}, {"note", "Description"}, {"news", "HasOptedOutOfEmail"}, {"owner", "owner_email"}} {
		def.Map = append(def.Map, plan.Mapping{From: m[0], To: m[1], Write: plan.WriteAlways})
	}
	if f.sync, err = f.store.SaveSync(t.Context(), def.Defaults(), ""); err != nil {
		t.Fatal(err)
	}
	return f
}

// Book, Remote and Pair are the ends of the sync.
func (f *flow) Book(ctx context.Context, _ store.Sync, _ contact.Schema) (link.Book, error) {
	return book.Open(ctx, f.store, "people", flowSecret, nil)
}

func (f *flow) Remote(ctx context.Context, _ store.Sync) (connector.Remote, error) {
	r, err := salesforce.Open(ctx, f.settings(salesforce.Person), f.client, f.now)
	if err != nil {
		return nil, err
	}
	return r.Hurry(), nil
}

func (f *flow) Pair(ctx context.Context, _ store.Sync, book int64) (store.Pair, error) {
	return f.store.PairOf(ctx, f.id, salesforce.Person, book)
}

// run runs the sync once. Whatever goes wrong, the next run goes on.
func (f *flow) run() store.Run {
	f.t.Helper()
	r, err := f.engine.Plan(f.t.Context(), f.sync)
	if err == nil {
		r, _ = f.engine.Apply(f.t.Context(), f.sync, r) // it is told by the records in the end
	}
	return r
}

// born is somebody in the book, or in the org.
func (f *flow) born(here bool) {
	f.t.Helper()
	f.people++
	email := fmt.Sprintf("person%d@example.com", f.people)
	f.emails[email] = true
	last := fmt.Sprint("Person ", f.people)
	if !here {
		f.Sandbox.Add("Contact", map[string]string{"LastName": last, "Email": email})
		return
	}
	values := make([]string, len(flowFields().Fields))
	for name, v := range map[string]string{"email": email, "last_name": last, "company": fmt.Sprint("Firm ", f.people%3), "sync_as": []string{"Lead", "Contact"}[f.people%2],
		"news": []string{"subscribed", "unsubscribed", ""}[f.people%3], "owner": []string{"nora.ashdown@larchandfinch.example", "nobody@example.com"}[f.people%2]} {
		values[flowFields().Index(name)] = v
	}
	f.refs = append(f.refs, f.write(plan.Change{Action: plan.Create, Values: values}))
}

// write does what an edit by hand does: a run of its own.
func (f *flow) write(c plan.Change) int64 {
	f.t.Helper()
	ctx := f.t.Context()
	b, err := book.Open(ctx, f.store, "people", flowSecret, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	r := store.Run{Name: "edit", Kind: store.KindEdit, Status: store.Applying, Started: f.now(), BookID: b.ID()}
	if err := f.store.CreateRun(ctx, &r); err != nil {
		f.t.Fatal(err)
	}
	if c.Action == plan.Create {
		if c.Ref, err = b.Reserve(ctx, r.ID, 1); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := f.store.AppendPlan(ctx, r.ID, nil, 0, []plan.Change{c}); err != nil {
		f.t.Fatal(err)
	}
	if _, err := b.Write(ctx, connector.Batch{Run: r.ID, Now: f.now(), Changes: []plan.Change{c}, Position: 1, IndexNow: true}); err != nil {
		f.t.Fatal(err)
	}
	r.Status = store.Succeeded
	if err := f.store.UpdateRun(ctx, &r); err != nil {
		f.t.Fatal(err)
	}
	return c.Ref
}

// disturbed is a fault as chance makes it: before or after a call is carried out.
func disturbed(chance *rand.Rand) sandbox.Fault {
	return sandbox.Fault{
		Method: []string{"POST", "PATCH", ""}[chance.IntN(3)], Path: []string{"composite/sobjects", "composite", ""}[chance.IntN(3)],
		DropLate: chance.IntN(2) == 0, Cut: chance.IntN(3) == 0, Late: chance.IntN(2) == 0, Skip: chance.IntN(4), Times: 1 + chance.IntN(2),
		Status: []int{0, 503, 500, 401}[chance.IntN(4)], Code: []string{"", "UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION"}[chance.IntN(3)],
	}
}

// live is a stretch of life: people are born and edited, leads converted, calls lost.
func (f *flow) live(chance *rand.Rand) (undo []func()) {
	for range chance.IntN(6) {
		f.born(chance.IntN(4) > 0)
	}
	if len(f.refs) > 0 && chance.IntN(2) == 0 {
		note := plan.FieldChange{Name: "note", Old: "\x00", New: fmt.Sprint("note ", chance.Int()), Rule: "edit"}
		f.write(plan.Change{Action: plan.Update, Ref: f.refs[chance.IntN(len(f.refs))], Fields: []plan.FieldChange{note}})
	}
	if leads := f.IDs("Lead"); len(leads) > 2 && chance.IntN(3) == 0 {
		if id := leads[chance.IntN(len(leads))]; f.Values(id)["IsConverted"] != "true" {
			f.Convert(id, sandbox.Conversion{})
		}
	}
	if chance.IntN(2) == 0 {
		undo = append(undo, f.Fail(disturbed(chance)))
	}
	if chance.IntN(3) == 0 {
		undo = append(undo, f.Refuse(sandbox.RowFault{Times: 2}))
	}
	if chance.IntN(4) == 0 {
		f.Expire()
	}
	return undo
}

// there is how many records of the org stand for somebody.
func (f *flow) there(email string) (n int) {
	for _, id := range append(f.Find("Lead", "Email", email), f.Find("Contact", "Email", email)...) {
		if f.Values(id)["IsConverted"] != "true" {
			n++
		}
	}
	return n
}

// Whatever is lost on the way, everybody is in the org once in the end, with and
// without a field for our keys, and the sync comes to rest (I1, I3, I7). KITH_SEEDS
// plays more lives than a few.
func TestWithTheEngine(t *testing.T) {
	seeds, _ := strconv.Atoi(os.Getenv("KITH_SEEDS"))
	for seed := range uint64(max(seeds, 2)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			st := newStage(t, sandbox.Options{ShortPage: 3})
			if seed%2 == 0 {
				st.withKeys("Lead", "Contact")
			}
			f, chance := newFlow(t, st), rand.New(rand.NewPCG(seed, 1))
			for range 10 {
				undo := f.live(chance)
				f.run()
				f.pass(time.Duration(chance.IntN(1200)) * time.Second)
				for _, u := range undo {
					u()
				}
			}
			for range 4 {
				f.run()
				f.pass(time.Minute)
			}
			before := st.Counts().Saved
			if r := f.run(); r.Totals.Writes() > 0 || st.Counts().Saved != before {
				t.Errorf("the sync does not come to rest: %+v, %v", r.Totals, r.Reasons)
			}
			for email := range f.emails {
				if n := f.there(email); n != 1 {
					t.Errorf("%s is there %d times, want once", email, n)
				}
			}
			if b := st.Counts().Breaches; len(b) > 0 {
				t.Errorf("limits of the API were broken: %v", b)
			}
		})
	}
}
