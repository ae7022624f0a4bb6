package hubspot_test

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
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A flow is an address book and a HubSpot account, kept in step by the engine.
type flow struct {
	*stage
	t      *testing.T
	store  *store.Store
	engine *link.Engine
	sync   store.Sync
	id     int64 // of the connection
	keys   int
	people int
	merges int
	emails map[string]bool // of everybody, wherever they were born
	refs   []int64
	theirs []string // ids of those who were born in HubSpot
	remote *hubspot.Contacts
	opened time.Time
}

var flowSecret = plan.Secret{1, 2}

func flowFields() contact.Schema {
	return contact.Schema{Fields: []contact.Field{
		{Name: "email", Kind: contact.Email}, {Name: "first_name", Kind: contact.Name}, {Name: "last_name", Kind: contact.Name},
		{Name: "company", Kind: contact.Text}, {Name: "note", Kind: contact.Text}, {Name: "stage", Kind: contact.Text},
	}}
}

func newFlow(t *testing.T, st *stage) *flow {
	t.Helper()
	f := &flow{stage: st, t: t, emails: map[string]bool{}}
	var err error
	f.store, err = store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "kith.db"))
	must(t, err)
	t.Cleanup(func() { f.store.Close() })
	_, err = f.store.CreateBook(t.Context(), store.Book{Name: "people", Region: "GB", Fields: flowFields().Fields})
	must(t, err)
	c, err := f.store.SaveConnection(t.Context(), store.Connection{Name: "crm", Kind: "hubspot"})
	must(t, err)
	f.id = c.ID
	f.engine = &link.Engine{Memory: f.store, Ends: f, Now: f.Now, Secret: flowSecret, NewKey: func() string { f.keys++; return fmt.Sprint("key-", f.keys) }}
	def := plan.Sync{Name: "crm", Source: plan.Endpoint{Book: "people"}, Target: plan.Endpoint{Connection: "crm", Object: "contacts"}, Direction: plan.TwoWay}
	for _, m := range [][2]string{{"email", "email"}, {"first_name", "firstname"}, {"last_name", "lastname"}, {"company", "company"}, {"note", "message"}, {"stage", "lifecyclestage"}} {
		def.Map = append(def.Map, plan.Mapping{From: m[0], To: m[1], Write: plan.WriteAlways})
	}
	f.sync, err = f.store.SaveSync(t.Context(), def.Defaults(), "")
	must(t, err)
	return f
}

// Book, Remote and Pair are the ends of the sync.
func (f *flow) Book(ctx context.Context, _ store.Sync, _ contact.Schema) (link.Book, error) {
	return book.Open(ctx, f.store, "people", flowSecret, nil)
}

// Remote opens the account. As in an installation, what a plan has opened serves
// the run that carries it out.
func (f *flow) Remote(ctx context.Context, _ store.Sync) (connector.Remote, error) {
	if f.remote != nil && f.Now().Sub(f.opened) < time.Minute {
		return f.remote, nil
	}
	c, err := hubspot.Open(ctx, f.settings(), f.client, f.clock)
	if err != nil {
		return nil, err
	}
	f.remote, f.opened = c, f.Now()
	return c, nil
}

func (f *flow) Pair(ctx context.Context, _ store.Sync, book int64) (store.Pair, error) {
	return f.store.PairOf(ctx, f.id, "contacts", book)
}

// run runs the sync once. Whatever goes wrong, the next run goes on.
func (f *flow) run() store.Run {
	f.t.Helper()
	r, err := f.engine.Plan(f.t.Context(), f.sync)
	if err == nil {
		r, _ = f.engine.Apply(f.t.Context(), f.sync, r) // it is told by the contacts in the end
	}
	return r
}

// born is somebody in the book, or in HubSpot.
func (f *flow) born(here bool) {
	f.t.Helper()
	f.people++
	email := fmt.Sprintf("person%d@example.com", f.people)
	f.emails[email] = true
	if !here {
		id, err := f.Sandbox.Add(map[string]string{"email": email, "lastname": fmt.Sprint("Person ", f.people)})
		must(f.t, err)
		f.theirs = append(f.theirs, id)
		return
	}
	values := make([]string, len(flowFields().Fields))
	for name, v := range map[string]string{"email": email, "last_name": fmt.Sprint("Person ", f.people), "company": fmt.Sprint("Firm ", f.people%3), "stage": []string{"lead", "", "customer"}[f.people%3]} {
		values[flowFields().Index(name)] = v
	}
	f.refs = append(f.refs, f.write(plan.Change{Action: plan.Create, Values: values}))
}

// write does what an edit by hand does: a run of its own.
func (f *flow) write(c plan.Change) int64 {
	f.t.Helper()
	ctx := f.t.Context()
	b, err := book.Open(ctx, f.store, "people", flowSecret, nil)
	must(f.t, err)
	r := store.Run{Name: "edit", Kind: store.KindEdit, Status: store.Applying, Started: f.Now(), BookID: b.ID()}
	must(f.t, f.store.CreateRun(ctx, &r))
	if c.Action == plan.Create {
		c.Ref, err = b.Reserve(ctx, r.ID, 1)
		must(f.t, err)
	}
	must(f.t, f.store.AppendPlan(ctx, r.ID, nil, 0, []plan.Change{c}))
	_, err = b.Write(ctx, connector.Batch{Run: r.ID, Now: f.Now(), Changes: []plan.Change{c}, Position: 1, IndexNow: true})
	must(f.t, err)
	r.Status = store.Succeeded
	must(f.t, f.store.UpdateRun(ctx, &r))
	return c.Ref
}

// disturbed is a fault as chance makes it: before or after a call is carried out.
func disturbed(chance *rand.Rand) sandbox.Fault {
	f := sandbox.Fault{Path: []string{"/batch/", "/batch/create", "/batch/update", "/search", ""}[chance.IntN(5)], Times: 1 + chance.IntN(2)}
	switch chance.IntN(4) {
	case 0:
		f.Lost = true
	case 1:
		f.Cut = true
	default:
		f.Status = []int{429, 423, 477, 500, 502, 503, 504, 524}[chance.IntN(8)]
	}
	return f
}

// live is a stretch of life: people are born, edited and merged, calls lost.
func (f *flow) live(chance *rand.Rand) (undo []func()) {
	for range chance.IntN(6) {
		f.born(chance.IntN(4) > 0)
	}
	if len(f.refs) > 0 && chance.IntN(2) == 0 {
		note := plan.FieldChange{Name: "note", Old: "\x00", New: fmt.Sprint("note ", chance.Int()), Rule: "edit"}
		f.write(plan.Change{Action: plan.Update, Ref: f.refs[chance.IntN(len(f.refs))], Fields: []plan.FieldChange{note}})
	}
	if n := len(f.theirs); n > 0 && chance.IntN(2) == 0 {
		_ = f.Sandbox.Change(f.theirs[chance.IntN(n)], map[string]string{"company": fmt.Sprint("Their firm ", chance.IntN(99))}) // who was merged is somebody else now
	}
	if n := len(f.theirs); n > 1 && chance.IntN(4) == 0 {
		if _, err := f.Merge(f.theirs[chance.IntN(n)], f.theirs[chance.IntN(n)]); err == nil { // not with themselves
			f.merges++
		}
	}
	if chance.IntN(2) == 0 {
		undo = append(undo, f.Inject(disturbed(chance)))
	}
	return undo
}

// there is how many contacts of HubSpot have an address.
func (f *flow) there(c *hubspot.Contacts, email string) int {
	items, err := c.Find(f.t.Context(), "email", []string{email})
	must(f.t, err)
	return len(items)
}

// Whatever is lost on the way and however late the index is, everybody is in
// HubSpot once in the end, and the sync comes to rest (I1, I3, I7). KITH_SEEDS
// plays more lives than a few.
func TestWithTheEngine(t *testing.T) {
	seeds, _ := strconv.Atoi(os.Getenv("KITH_SEEDS"))
	for seed := range uint64(max(seeds, 3)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			st := newStage(t, sandbox.Options{Lag: time.Duration(seed%3) * 20 * time.Second, WholeBatch: seed%4 == 3, EchoTrace: seed%2 == 1})
			f, chance := newFlow(t, st), rand.New(rand.NewPCG(seed, 1))
			for range 10 {
				undo := f.live(chance)
				f.run()
				f.pass(time.Duration(chance.IntN(600)) * time.Second)
				for _, u := range undo {
					u()
				}
			}
			for range 4 {
				f.pass(10 * time.Minute)
				f.run()
			}
			before := st.Counts().ByCall
			f.pass(10 * time.Minute)
			r := f.run()
			now := st.Counts().ByCall
			if r.Totals.Writes() > 0 || now["POST batch/create"] != before["POST batch/create"] || now["POST batch/update"] != before["POST batch/update"] {
				t.Errorf("the sync does not come to rest: %+v, %v", r.Totals, r.Reasons)
			}
			c := st.open(t)
			for email := range f.emails {
				if n := f.there(c, email); n != 1 {
					t.Errorf("%s is there %d times, want once", email, n)
				}
			}
			if n := st.Len(); n != len(f.emails)-f.merges {
				t.Errorf("got %d contacts, want %d", n, len(f.emails)-f.merges)
			}
			if b := st.Counts().Breaches; len(b) > 0 {
				t.Errorf("limits of the API were broken: %q", b)
			}
		})
	}
}

// What a person types in HubSpot between the plan and the run is not overwritten: it
// is news to the next run, and so is ours (requirements 3.4).
func TestAnEditBetweenPlanAndRun(t *testing.T) {
	st := newStage(t, sandbox.Options{Lag: 10 * time.Second})
	f := newFlow(t, st)
	first := st.Populate(300, time.Millisecond)
	for range 2 {
		f.run()
		f.pass(time.Hour)
	}
	f.editAll(t, "called")
	r, err := f.engine.Plan(t.Context(), f.sync)
	must(t, err)
	edited := fmt.Sprint(first + 7)
	must(t, st.Change(edited, map[string]string{"message": "theirs", "company": "Their firm"}))
	f.pass(20 * time.Second)
	st.Reset()
	r, err = f.engine.Apply(t.Context(), f.sync, r)
	must(t, err)
	calls := st.Counts().ByCall
	if r.Totals.Updated != 299 || r.Totals.Failed != 1 || calls["POST search"] != 1 || calls["POST batch/read"] != 1 {
		t.Errorf("got %+v by %v, want 299 updates and one left alone, by one search and one reading", r.Totals, calls)
	}
	if values, _ := st.Contact(edited); values["message"] != "theirs" {
		t.Errorf("got %v, want what they typed", values)
	}
	f.pass(time.Hour)
	f.run()
	now, err := f.store.OpenConflicts(t.Context(), 1)
	if values, _ := st.Contact(edited); err != nil || values["company"] != "Their firm" || len(now) > 0 {
		t.Errorf("after the next run: %v, %v, %v; want both sides' edits, and the conflict decided", values, now, err)
	}
}
