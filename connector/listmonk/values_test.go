package listmonk_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/listmonk/sandbox"
)

// Attributes are fields where a text can hold them.
func TestAttributesAreFields(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	for _, a := range []map[string]any{
		{"city": "Ely", "visits": 3, "member": true, "tags": []string{"a"}, "address": map[string]any{"zip": "1"}, "name": "inner", "empty": nil},
		{"city": "Graz", "visits": 4.5, "member": false, "mixed": 1, "phone": "020 7946 0101"},
		{"mixed": "two", "odd": []int{1}},
		{"odd": "text"},
	} {
		st.made++
		st.Sandbox.Add(sandbox.Person{Email: strconv.Itoa(st.made) + "@example.com", Name: "X", Attribs: a, Lists: map[int]string{st.list: "confirmed"}})
	}
	s := st.settings()
	s.Attributes = []string{" later ", "city", ""}
	schema, err := open(t, s, st).Schema(t.Context())
	var got []string
	for _, f := range schema.Fields {
		got = append(got, f.Name+":"+string(f.Kind))
	}
	want := []string{"email:email", "name:name", "status:consent", "city:text", "later:text", "member:text", "mixed:text", "attribs.name:text", "phone:phone", "visits:text"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// A value stays what it is in JSON: a number, a truth, a text.
func TestFormsOfAttributes(t *testing.T) {
	for _, o := range []sandbox.Options{{}, {Old: true}} {
		for _, row := range []struct {
			sentence string
			old      any
			write    string
			want     any
			fault    string
		}{
			{"a number stays one", json.Number("3"), "4", json.Number("4"), ""},
			{"however it is written", json.Number("3"), "4.50", json.Number("4.50"), ""},
			{"what is no number becomes a text", json.Number("3"), "four", "four", ""},
			{"nor is this one in JSON", json.Number("3"), "04", "04", ""},
			{"a truth stays one", true, "false", false, ""},
			{"what is none becomes a text", true, "no", "no", ""},
			{"a text stays one", "3", "4", "4", ""},
			{"what is not there is written as with others", nil, "4", json.Number("4"), ""},
			{"a list is not replaced", []any{"a"}, "b", []any{"a"}, "invalid"},
			{"nor emptied", map[string]any{"a": "b"}, "", map[string]any{"a": "b"}, "invalid"},
			{"an empty value clears", "x", "", nil, ""},
		} {
			st := newStage(t, o)
			st.Sandbox.Add(sandbox.Person{Email: "other@example.com", Attribs: map[string]any{"value": 1}, Lists: map[int]string{st.list: "confirmed"}})
			attribs := map[string]any{"value": row.old, "keep": "me"}
			if row.old == nil {
				delete(attribs, "value")
			}
			id := st.Sandbox.Add(sandbox.Person{Email: "a@example.com", Name: "A", Attribs: attribs, Lists: map[int]string{st.list: "confirmed"}})
			s := st.settings()
			s.Attributes = []string{"value"}
			l := open(t, s, st)
			if schema, _ := l.Schema(t.Context()); schema.Index("value") < 0 {
				t.Fatalf("%s: there is no such field", row.sentence)
			}
			w := l.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: strconv.Itoa(id), Set: map[string]string{"value": row.write}}})[0]
			fault := ""
			if w.Fault != nil {
				fault = w.Fault.Kind.String()
			}
			p, _ := st.Get(id)
			if fault != row.fault || !reflect.DeepEqual(p.Attribs["value"], row.want) || p.Attribs["keep"] != "me" {
				t.Errorf("%s (%+v): got %q and %v, want %q and %#v", row.sentence, o, fault, p.Attribs, row.fault, row.want)
			}
		}
	}
}

func TestNamesAndAddresses(t *testing.T) {
	st := newStage(t, sandbox.Options{Old: true})
	l := st.open(t)
	write := func(op connector.Op, id string, set map[string]string) (got []string) {
		o := l.Write(t.Context(), []connector.Write{{Op: op, ID: id, Key: "k", Set: set}})[0]
		if o.Fault != nil {
			return []string{o.Fault.Kind.String(), o.Fault.Field, o.Fault.ID}
		}
		return append(o.Record.Values[:2:2], o.Record.ID)
	}
	for _, row := range []struct {
		sentence string
		op       connector.Op
		id       string
		set      map[string]string
		want     []string
	}{
		{"who has no name gets one as listmonk makes it", connector.OpCreate, "", map[string]string{"email": "Ada.van.Abel@Example.com"}, []string{"ada.van.abel@example.com", "Ada Van Abel", "1"}},
		{"the same address again, in another case", connector.OpCreate, "", map[string]string{"email": "ADA.van.Abel@example.com"}, []string{"taken", "email", "1"}},
		{"somebody else", connector.OpCreate, "", map[string]string{"email": "o'brien@example.com", "name": " Bela "}, []string{"o'brien@example.com", "Bela", "2"}},
		{"an address that somebody has", connector.OpUpdate, "2", map[string]string{"email": "ada.van.abel@example.com"}, []string{"taken", "email", "1"}},
		{"one's own address, in another case", connector.OpUpdate, "2", map[string]string{"email": "O'Brien@example.com"}, []string{"o'brien@example.com", "Bela", "2"}},
		{"another address", connector.OpUpdate, "2", map[string]string{"email": "b@example.com"}, []string{"b@example.com", "Bela", "2"}},
		{"a name cannot be blank", connector.OpUpdate, "2", map[string]string{"name": ""}, []string{"b@example.com", "B", "2"}},
		{"an address cannot be blank", connector.OpUpdate, "2", map[string]string{"email": " "}, []string{"invalid", "email", ""}},
		{"nobody without an address", connector.OpCreate, "", map[string]string{"name": "Cem"}, []string{"invalid", "email", ""}},
		{"what is no address", connector.OpCreate, "", map[string]string{"email": "cem"}, []string{"invalid", "", ""}},
		{"a field that is not there", connector.OpUpdate, "2", map[string]string{"shoe": "9"}, []string{"invalid", "shoe", ""}},
	} {
		if got := write(row.op, row.id, row.set); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
	p, _ := st.Get(2)
	if p.Email != "b@example.com" || p.Name != "B" {
		t.Errorf("got %+v", p)
	}
}

// A create of somebody whom the server knows joins the list and overwrites nothing. What
// differs is not said to have been written: whose values are right, the next run decides.
func TestJoiningTheListOverwritesNothing(t *testing.T) {
	for _, o := range []sandbox.Options{{}, {Old: true}} {
		st := newStage(t, o)
		other := st.AddList("Other", "single")
		id := st.Sandbox.Add(sandbox.Person{Email: "ada@example.com", Name: "Ada", Attribs: map[string]any{"note": "theirs"}, Lists: map[int]string{other: "confirmed"}})
		w := st.open(t).Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k",
			Set: map[string]string{"email": "ada@example.com", "name": "Ida", "note": "ours", "first_name": "Ida"}}})[0]
		p, _ := st.Get(id)
		if w.Fault == nil || w.Fault.Kind != connector.Taken || w.Fault.ID != strconv.Itoa(id) || p.Name != "Ada" || p.Attribs["note"] != "theirs" || p.Attribs["first_name"] != "Ida" || p.Lists[other] != "confirmed" {
			t.Errorf("got %v, %+v; want the list joined, a blank filled, nothing overwritten, and to be told whose address it is", w.Fault, p)
		}
		same := st.Sandbox.Add(sandbox.Person{Email: "cem@example.com", Name: "Cem", Attribs: map[string]any{"note": "ours"}, Lists: map[int]string{other: "confirmed"}})
		w = st.open(t).Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "c", Set: map[string]string{"email": "cem@example.com", "name": "Cem", "note": "ours", "first_name": "Cem"}}})[0]
		if w.Fault != nil || w.Record.ID != strconv.Itoa(same) {
			t.Errorf("who has the same values: got %v, %+v; want them on the list", w.Fault, w.Record)
		}
	}
}

// To delete is to take off the list: the person stays on the server and on its
// other lists, and leaves together with others in one call.
func TestDeleteTakesOffTheList(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	other := st.AddList("Other", "single")
	ids := st.crowd(t, 30)
	st.Join(7, other, "confirmed")
	l := st.open(t)
	st.Counts()
	var writes []connector.Write
	for _, id := range ids {
		writes = append(writes, connector.Write{Op: connector.OpDelete, ID: id})
	}
	for i, o := range l.Write(t.Context(), writes) {
		if o.Fault != nil {
			t.Errorf("delete %s: %v", ids[i], o.Fault)
		}
	}
	if got := st.Counts().Total; got != 2 {
		t.Errorf("got %d calls, want 2: who is there, and who leaves", got)
	}
	if p, there := st.Get(7); !there || p.Lists[other] != "confirmed" || len(p.Lists) != 1 {
		t.Errorf("got %+v, %v; want the person on the other list", p, there)
	}
}

// listmonk asks people to confirm again whenever they are written: a write that
// changes nothing is not sent.
func TestAWriteThatChangesNothingIsNotSent(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	id := st.Add(t, map[string]string{"email": "a@example.com", "note": "n"})
	l := st.open(t)
	st.Counts()
	o := l.Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: id, Set: map[string]string{"email": "A@example.com", "name": "Somebody", "note": "n", "status": "subscribed", "first_name": ""}}})[0]
	if got := st.Counts().Total; got != 1 || o.Fault != nil || o.Record.ID != id {
		t.Errorf("got %d calls, %+v; want 1, to look", got, o)
	}
}

// I2: whether somebody was put on the list can be asked again. Taken for a create that
// may have been carried out, it would be held for ours with whatever values are there.
func TestJoiningWithoutAnAnswerIsTriedAgain(t *testing.T) {
	for _, consent := range []string{"subscribed", "unsubscribed"} {
		st := newStage(t, sandbox.Options{})
		st.Sandbox.Add(sandbox.Person{Email: "ada@example.com", Name: "Ada", Lists: map[int]string{st.AddList("Other", "single"): "confirmed"}})
		st.Fail(sandbox.Fault{Method: http.MethodPut, Path: "lists", Status: http.StatusInternalServerError, Commit: true, Times: 1})
		w := st.open(t).Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"email": "ada@example.com", "name": "Ada", "status": consent}}})[0]
		if w.Fault == nil || w.Fault.Kind != connector.Busy {
			t.Errorf("%s: got %v, want busy", consent, w.Fault)
		}
	}
}
