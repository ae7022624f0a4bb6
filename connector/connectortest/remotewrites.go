package connectortest

import (
	"maps"
	"reflect"
	"testing"

	"github.com/kith-sync/kith/connector"
)

func (s Remote) readOnly(t *testing.T) {
	r, other := s.Open(t)
	id := other.Add(t, s.person(1))
	for _, w := range []connector.Write{
		{Op: connector.OpCreate, Key: "k-1", Set: s.person(2)},
		{Op: connector.OpUpdate, ID: id, Set: s.person(2)},
		{Op: connector.OpDelete, ID: id},
	} {
		kind(t, "write", do(t, r, w).Fault, connector.Denied, connector.Invalid)
	}
	items := latest(listed(t, r, ""))
	if len(there(items)) != 1 {
		t.Errorf("got %d records, want 1", len(items))
	}
	s.same(t, "the record", r, items[id].Record, s.person(1))
}

func (s Remote) creates(t *testing.T) {
	r, _ := s.Open(t)
	cursor := listed(t, r, "")[0].Cursor
	rec := done(t, "create", do(t, r, connector.Write{Op: connector.OpCreate, Key: "k-1", Set: s.person(1)}))
	s.same(t, "the outcome", r, rec, s.person(1))
	if rec.ID == "" || rec.Version == "" && r.Promises().Conditional {
		t.Errorf("got id %q and version %q, want both", rec.ID, rec.Version)
	}
	if now := only(t, r, rec.ID).Record; !reflect.DeepEqual(now, rec) {
		t.Errorf("the outcome: got %+v, want what the remote holds: %+v", rec, now)
	}
	s.same(t, "listed", r, latest(listed(t, r, cursor))[rec.ID].Record, s.person(1))
}

func (s Remote) createsOnce(t *testing.T) {
	r, other := s.Open(t)
	create := connector.Write{Op: connector.OpCreate, Key: "k-1", Set: s.person(1)}
	first := done(t, "create", do(t, r, create))
	second := do(t, r, create)
	records := len(there(latest(listed(t, r, ""))))
	if once := records == 1 && second.Fault == nil && second.Record.ID == first.ID; once != r.Promises().ChosenKey {
		t.Errorf("created twice with one key: got %d records, %s, ids %q and %q; the promise of one is %v",
			records, faultOf(second.Fault), first.ID, second.Record.ID, r.Promises().ChosenKey)
	}
	if !r.Promises().ChosenKey {
		return
	}
	// A create that finds the earlier record returns it as it is: somebody may
	// have changed it since.
	other.Change(t, first.ID, s.person(7))
	third := done(t, "create again", do(t, r, create))
	s.same(t, "created again after a change by others", r, third, s.person(7))
	other2 := done(t, "create another", do(t, r, connector.Write{Op: connector.OpCreate, Key: "k-2", Set: s.person(1)}))
	if other2.ID == first.ID {
		t.Error("another key made the same record")
	}
}

func (s Remote) updates(t *testing.T) {
	r, other := s.Open(t)
	id := other.Add(t, s.person(1))
	want := s.person(1)
	for _, set := range []map[string]string{
		{s.Fields[1]: "Changed"}, {s.Fields[2]: "also", s.Fields[0]: "changed@example.com"}, {s.Fields[2]: ""}, {s.Fields[2]: "again"},
	} {
		maps.Copy(want, set)
		rec := done(t, "update", do(t, r, connector.Write{Op: connector.OpUpdate, ID: id, Version: only(t, r, id).Version, Set: set}))
		s.same(t, "the outcome", r, rec, want)
		if now := only(t, r, id).Record; !reflect.DeepEqual(now, rec) {
			t.Errorf("the outcome: got %+v, want what the remote holds: %+v", rec, now)
		}
	}
	gone := other.Add(t, s.person(2))
	other.Remove(t, gone)
	kind(t, "update what is gone", do(t, r, connector.Write{Op: connector.OpUpdate, ID: gone, Set: s.person(3)}).Fault, connector.Missing)
}

func (s Remote) twice(t *testing.T) {
	r, other := s.Open(t)
	id := other.Add(t, s.person(1))
	w := connector.Write{Op: connector.OpUpdate, ID: id, Set: map[string]string{s.Fields[1]: "Changed"}}
	first := done(t, "update", do(t, r, w))
	second := done(t, "update again", do(t, r, w))
	if !reflect.DeepEqual(first.Values, second.Values) || len(there(latest(listed(t, r, "")))) != 1 {
		t.Errorf("written twice: got %+v, want %+v and one record", second, first)
	}
}

func (s Remote) overtaken(t *testing.T) {
	r, other := s.Open(t)
	id := other.Add(t, s.person(1))
	seen := only(t, r, id).Version
	other.Change(t, id, s.person(2))
	want := s.person(2)
	late := map[string]string{s.Fields[1]: "Late"}
	o := do(t, r, connector.Write{Op: connector.OpUpdate, ID: id, Version: seen, Set: late})
	if !r.Promises().Conditional {
		done(t, "update of an earlier version, no condition promised", o)
		return
	}
	kind(t, "update of an earlier version", o.Fault, connector.Overtaken)
	kind(t, "delete of an earlier version", do(t, r, connector.Write{Op: connector.OpDelete, ID: id, Version: seen}).Fault, connector.Overtaken)
	s.same(t, "the record", r, only(t, r, id).Record, want)
	maps.Copy(want, late)
	rec := done(t, "update of the version as it is", do(t, r, connector.Write{Op: connector.OpUpdate, ID: id, Version: only(t, r, id).Version, Set: late}))
	s.same(t, "updated", r, rec, want)
	if rec.Version == seen || rec.Version == "" {
		t.Errorf("version: got %q, want a new one", rec.Version)
	}
}

func (s Remote) deletes(t *testing.T) {
	r, other := s.Open(t)
	ids := []string{other.Add(t, s.person(1)), other.Add(t, s.person(2))}
	cursor := listed(t, r, "")[0].Cursor
	w := connector.Write{Op: connector.OpDelete, ID: ids[0], Version: only(t, r, ids[0]).Version}
	if o := do(t, r, w); o.Fault != nil || o.Record.ID != "" || o.Record.Values != nil {
		t.Errorf("delete: got %+v, want nothing", o)
	}
	if o := do(t, r, w); o.Fault != nil {
		kind(t, "delete again", o.Fault, connector.Missing)
	}
	if o := do(t, r, connector.Write{Op: connector.OpDelete, ID: ids[0]}); o.Fault != nil {
		kind(t, "delete again, no condition", o.Fault, connector.Missing)
	}
	items := latest(listed(t, r, cursor))
	if r.Promises().TellsGone != items[ids[0]].Gone {
		t.Errorf("listed: got gone %v, want %v as promised", items[ids[0]].Gone, r.Promises().TellsGone)
	}
	if got := there(latest(listed(t, r, ""))); len(got) != 1 || got[0] != ids[1] {
		t.Errorf("left: got %v, want %v", got, ids[1:])
	}
}

func (s Remote) deletesForever(t *testing.T) {
	r, other := s.Open(t)
	ids := []string{other.Add(t, s.person(1)), other.Add(t, s.person(2)), other.Add(t, s.person(3))}
	seen := only(t, r, ids[1]).Version
	other.Change(t, ids[1], s.person(4))
	other.Remove(t, ids[2])
	writes := []connector.Write{
		{Op: connector.OpDelete, Forever: true, ID: ids[0], Version: only(t, r, ids[0]).Version},
		{Op: connector.OpDelete, Forever: true, ID: ids[1], Version: seen},
		{Op: connector.OpDelete, Forever: true, ID: ids[2]},
	}
	for n, what := range []string{"delete for good", "delete for good again"} {
		for i, w := range writes {
			switch f := do(t, r, w).Fault; {
			case f == nil:
			case r.Promises().Erases:
				t.Errorf("%s, record %d: got %s, want it done whatever became of it", what, i, faultOf(f))
			case n == 0 && i == 0:
				t.Errorf("%s: got %s, want it done", what, faultOf(f))
			case i == 1:
				kind(t, what, f, connector.Overtaken, connector.Missing)
			default:
				kind(t, what, f, connector.Missing)
			}
		}
	}
	for i, item := range there(latest(listed(t, r, ""))) {
		if r.Promises().Erases || item != ids[1] {
			t.Errorf("left %d: got %s, want nobody", i, item)
		}
	}
}

func (s Remote) independent(t *testing.T) {
	r, other := s.Open(t)
	id := other.Add(t, s.person(1))
	gone := other.Add(t, s.person(2))
	other.Remove(t, gone)
	writes := []connector.Write{
		{Op: connector.OpUpdate, ID: gone, Set: s.person(3)},
		{Op: connector.OpCreate, Key: "k-1", Set: s.person(4)},
		{Op: connector.OpUpdate, ID: id, Set: s.person(5)},
	}
	if r.Promises().WriteBatch < len(writes) {
		return // they never meet
	}
	out := doAll(t.Context(), t, r, writes...)
	kind(t, "first", out[0].Fault, connector.Missing)
	s.same(t, "second", r, done(t, "second", out[1]), s.person(4))
	s.same(t, "third", r, done(t, "third", out[2]), s.person(5))
}

func (s Remote) characters(t *testing.T) {
	r, _ := s.Open(t)
	for i, text := range []string{
		`quotes " and "", commas, 'and' ; | \ backslashes`, "Çelik Øystein 田中 👩‍👩‍👧", "two\nlines", "<b>&amp;</b>", `ends with \`, "=1+1", "a:b;c=d", "long " + longText,
	} {
		want := map[string]string{s.Fields[0]: string(rune('a'+i)) + "@example.com", s.Fields[2]: text}
		rec := done(t, text, do(t, r, connector.Write{Op: connector.OpCreate, Key: "k-" + string(rune('a'+i)), Set: want}))
		s.same(t, "created", r, rec, want)
		s.same(t, "fetched", r, only(t, r, rec.ID).Record, want)
	}
}

var longText = func() string {
	b := make([]rune, 300)
	for i := range b {
		b[i] = 'ä' + rune(i%7)
	}
	return string(b)
}()
