package connectortest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// A Remote says how to make the remote of a connector for its suite, which
// proves the promises of connector.Remote: one that is given is kept, and one
// that is not given is not kept by chance either. What cannot be made leaves its
// field zero.
type Remote struct {
	// Open makes a remote with no records, and somebody else who works there.
	// Each call makes another one.
	Open func(t *testing.T) (connector.Remote, Other)
	// Fields are three that the suite fills: one that tells people apart and two
	// plain ones. Without them, e-mail, first name and note.
	Fields []string
	// Stored is how the system keeps a value, where it does not keep it as it is.
	Stored func(field, value string) string
	// Settle ends what may stay behind on purpose: idle connections.
	Settle func(t *testing.T, r connector.Remote)
	// Troubles are those that Disturb can make.
	Troubles []Trouble
	// Disturb makes trouble for a remote that Open has made, until undone.
	Disturb func(t *testing.T, r connector.Remote, trouble Trouble) (undo func())
}

// Other is another client of the system: a person, or another program.
type Other interface {
	Add(t *testing.T, values map[string]string) (id string)
	Change(t *testing.T, id string, values map[string]string)
	Remove(t *testing.T, id string)
}

// Run runs the suite.
func (s Remote) Run(t *testing.T) {
	if len(s.Fields) == 0 {
		s.Fields = []string{"email", "first_name", "note"}
	}
	t.Run("has a name and a schema", s.schema)
	t.Run("lists nothing where nothing is", s.empty)
	t.Run("lists all, page by page", s.pages)
	t.Run("lists what changed since the cursor", s.since)
	t.Run("goes on from every cursor", s.resumes)
	t.Run("fetches", s.fetches)
	t.Run("finds", s.finds)
	t.Run("writes", s.writing)
	t.Run("stops when told", s.cancels)
	t.Run("tells what is wrong", s.troubles)
}

func (s Remote) writing(t *testing.T) {
	if r, _ := s.Open(t); r.Promises().ReadOnly {
		t.Run("read only refuses", s.readOnly)
		return
	}
	t.Run("creates", s.creates)
	t.Run("creates once for one key", s.createsOnce)
	t.Run("updates what is named", s.updates)
	t.Run("writes twice as once", s.twice)
	t.Run("refuses what was overtaken", s.overtaken)
	t.Run("deletes", s.deletes)
	t.Run("deletes for good", s.deletesForever)
	t.Run("one fault does not stop the others", s.independent)
	t.Run("keeps every character", s.characters)
}

// person is somebody the suite has invented.
func (s Remote) person(n int) map[string]string {
	number := strconv.Itoa(n)
	return map[string]string{s.Fields[0]: "person" + number + "@example.com", s.Fields[1]: "First " + number, s.Fields[2]: "note " + number}
}

// stored is what a remote should hold of some values.
func (s Remote) stored(values map[string]string) map[string]string {
	out := map[string]string{}
	for f, v := range values {
		if s.Stored != nil {
			v = s.Stored(f, v)
		}
		if v != "" {
			out[f] = v
		}
	}
	return out
}

// holds are the values of a record in the suite's fields.
func (s Remote) holds(t *testing.T, r connector.Remote, rec contact.Record) map[string]string {
	t.Helper()
	schema, err := r.Schema(t.Context())
	if err != nil {
		t.Fatalf("schema: %v", err)
	}
	out := map[string]string{}
	for _, f := range s.Fields {
		if v := rec.Value(schema.Index(f)); v != "" {
			out[f] = v
		}
	}
	return out
}

func (s Remote) same(t *testing.T, what string, r connector.Remote, rec contact.Record, want map[string]string) {
	t.Helper()
	if got := s.holds(t, r, rec); !maps.Equal(got, s.stored(want)) {
		t.Errorf("%s: got %q, want %q", what, got, s.stored(want))
	}
}

// listed reads a listing to its end.
func listed(t *testing.T, r connector.Remote, since string) (pages []connector.Page) {
	t.Helper()
	for p, err := range r.Changes(t.Context(), since) {
		if err != nil {
			t.Fatalf("changes since %q: %v", since, err)
		}
		pages = append(pages, p)
	}
	if len(pages) == 0 {
		t.Fatalf("changes since %q: got no page, want one that tells how to go on", since)
	}
	return pages
}

// latest are the last states of the records on some pages, by id.
func latest(pages []connector.Page) map[string]connector.Item {
	out := map[string]connector.Item{}
	for _, p := range pages {
		for _, item := range p.Items {
			out[item.ID] = item
		}
	}
	return out
}

func there(items map[string]connector.Item) (ids []string) {
	for id, item := range items {
		if !item.Gone {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// only fetches one record, which may be gone.
func only(t *testing.T, r connector.Remote, id string) connector.Item {
	t.Helper()
	items, err := r.Fetch(t.Context(), []string{id})
	if err != nil || len(items) != 1 || items[0].ID != id {
		t.Fatalf("fetch %s: got %+v, %v; want this one", id, items, err)
	}
	return items[0]
}

// do carries out one write.
func do(t *testing.T, r connector.Remote, w connector.Write) connector.Outcome {
	t.Helper()
	return doAll(t.Context(), t, r, w)[0]
}

func doAll(ctx context.Context, t *testing.T, r connector.Remote, writes ...connector.Write) []connector.Outcome {
	t.Helper()
	out := r.Write(ctx, writes)
	if len(out) != len(writes) {
		t.Fatalf("outcomes: got %d, want one for each of %d writes", len(out), len(writes))
	}
	return out
}

func done(t *testing.T, what string, o connector.Outcome) contact.Record {
	t.Helper()
	if o.Fault != nil {
		t.Fatalf("%s: got %s (%v), want no fault", what, o.Fault.Kind, o.Fault)
	}
	return o.Record
}

func kind(t *testing.T, what string, f *connector.Fault, want ...connector.FaultKind) {
	t.Helper()
	if f == nil || !slices.Contains(want, f.Kind) {
		t.Errorf("%s: got %v, want a fault of kind %v", what, faultOf(f), want)
	}
}

func faultOf(f *connector.Fault) string {
	if f == nil {
		return "no fault"
	}
	return f.Kind.String() + ": " + f.Error()
}

// settled waits until Find must see what was created.
func settled(r connector.Remote) { time.Sleep(r.Promises().Lag) }
