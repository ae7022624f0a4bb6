package hubspot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/contact"
)

// What HubSpot makes of a write is what the outcome says: then nothing is sent a
// second time.
func TestOutcomesAreWhatHubSpotKeeps(t *testing.T) {
	for _, options := range []sandbox.Options{{}, {RepeatSent: true}} {
		outcomesAreKept(t, options)
	}
}

func outcomesAreKept(t *testing.T, options sandbox.Options) {
	st := newStage(t, options)
	st.Seed()
	c := st.open(t)
	for _, row := range []struct {
		sentence          string
		write             connector.Write
		field, want, city string
	}{
		{"an address in small letters", update("1001", "email", "ADA@Example.com"), "email", "ada@example.com", "London"},
		{"a stage moves forward", update("1002", "lifecyclestage", "opportunity"), "lifecyclestage", "opportunity", ""},
		{"and never back", update("1002", "lifecyclestage", "lead"), "lifecyclestage", "opportunity", ""},
		{"it can be cleared", update("1002", "lifecyclestage", ""), "lifecyclestage", "", ""},
		{"and then set", update("1002", "lifecyclestage", "subscriber"), "lifecyclestage", "subscriber", ""},
		{"a day in milliseconds", update("1003", "member_since", "1735689600000"), "member_since", "2025-01-01", "Aachen"},
		{"several values", update("1003", "interests", "fairs;news"), "interests", "fairs;news", "Aachen"},
		{"a new one has a stage", create("email", "new@example.com"), "lifecyclestage", "lead", ""},
	} {
		for _, how := range []string{"without a look", "looked at before", "under a condition"} {
			write := row.write
			if how != "without a look" && write.ID == "" {
				continue
			}
			if st.pass(2 * time.Minute); how != "without a look" {
				now, err := c.Fetch(t.Context(), []string{write.ID})
				must(t, err)
				if how == "under a condition" {
					write.Version, write.Known = now[0].Version, seenIn(t, c, now[0].Record)
					st.pass(2 * time.Minute)
				}
			}
			o := c.Write(t.Context(), []connector.Write{write})[0]
			if o.Fault != nil || value(t, c, o.Record, row.field) != row.want || value(t, c, o.Record, "city") != row.city {
				t.Errorf("%s, %s, %+v: got %q of %+v, %v; want %q", row.sentence, how, options, value(t, c, o.Record, row.field), o.Record, o.Fault, row.want)
			}
			now, err := c.Fetch(t.Context(), []string{o.Record.ID})
			if must(t, err); fmt.Sprint(now[0].Record) != fmt.Sprint(o.Record) {
				t.Errorf("%s, %s, %+v: got %v, want what HubSpot has: %v", row.sentence, how, options, o.Record, now[0].Record)
			}
		}
	}
}

// seenIn are a record's values as the engine keeps them: by field, without blanks.
func seenIn(t *testing.T, c *hubspot.Contacts, r contact.Record) map[string]string {
	t.Helper()
	schema, err := c.Schema(t.Context())
	must(t, err)
	values := map[string]string{}
	for i, f := range schema.Fields {
		if v := r.Value(i); v != "" {
			values[f.Name] = v
		}
	}
	return values
}

// What was read of a contact is what it was before a write for a minute only.
func TestWhatWasReadLongAgoIsReadAgain(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Seed()
	c := st.open(t)
	_, err := c.Fetch(t.Context(), []string{"1001"})
	must(t, err)
	st.pass(2 * time.Minute)
	must(t, st.Change("1001", map[string]string{"city": "Ely"}))
	o := c.Write(t.Context(), []connector.Write{update("1001", "jobtitle", "Countess")})[0]
	if got := value(t, c, o.Record, "city"); o.Fault != nil || got != "Ely" {
		t.Errorf("got %q, %v; want Ely", got, o.Fault)
	}
	before := st.Counts().ByCall
	out := c.Write(t.Context(), []connector.Write{update("1001", "city", "York"), update("1002", "city", "Bath"), update("1001", "city", "Hull", "zip", "")})
	now := st.Counts().ByCall
	if now["POST batch/update"]-before["POST batch/update"] != 2 || value(t, c, out[2].Record, "city") != "Hull" || value(t, c, out[0].Record, "city") != "York" {
		t.Errorf("one contact twice: got %+v by %v, want both updates, in order, by two calls", out, now)
	}
}

// An address that one contact gives up is free for a new one of the same batch.
func TestAnAddressMovesFromOneToAnother(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Seed()
	for i, o := range st.open(t).Write(t.Context(), []connector.Write{create("email", "eve@example.com", "firstname", "New"), update("1004", "email", "eve.moreau@example.com")}) {
		if o.Fault != nil {
			t.Errorf("write %d: %v", i, o.Fault)
		}
	}
}

// A batch's answers come in any order, and without a word of whose they are.
func TestNewContactsAreToldApart(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	c := st.open(t)
	var writes []connector.Write
	for i := range 40 {
		writes = append(writes, create("email", fmt.Sprintf("P%d@example.com", i), "firstname", fmt.Sprint("N", i)), create("firstname", fmt.Sprint("M", i), "lastname", "Same"))
	}
	writes = append(writes, create("firstname", "Day", "member_since", "1735689600000")) // kept in another form
	for i, o := range c.Write(t.Context(), writes) {
		if o.Fault != nil || value(t, c, o.Record, "firstname") != writes[i].Set["firstname"] {
			t.Errorf("write %d: got %+v, %v; want %v", i, o.Record, o.Fault, writes[i].Set)
		}
	}
	if got := st.Counts().ByCall["POST batch/create"]; got != 1 {
		t.Errorf("got %d calls, want 1", got)
	}
}
