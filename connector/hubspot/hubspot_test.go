package hubspot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
	"github.com/kith-sync/kith/contact"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listed are the last states on the pages of a listing, and its last page.
func listed(t testing.TB, c *hubspot.Contacts, since string) (map[string]connector.Item, connector.Page) {
	t.Helper()
	items, last := map[string]connector.Item{}, connector.Page{}
	for page, err := range c.Changes(t.Context(), since) {
		if err != nil {
			t.Fatalf("changes since %q: %v", since, err)
		}
		for _, item := range page.Items {
			items[item.ID] = item
		}
		last = page
	}
	return items, last
}

func value(t testing.TB, c *hubspot.Contacts, r contact.Record, field string) string {
	t.Helper()
	schema, err := c.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if schema.Index(field) < 0 {
		t.Fatalf("the schema lacks %s", field)
	}
	return r.Value(schema.Index(field))
}

func ids(items []connector.Item) (all []string) {
	for _, item := range items {
		all = append(all, item.ID)
	}
	slices.Sort(all)
	return all
}

func TestSchema(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.AddProperty(sandbox.Property{Name: "secret_score", Hidden: true})
	c := st.open(t)
	schema, err := c.Schema(t.Context())
	must(t, err)
	for name, kind := range map[string]contact.Kind{"email": contact.Email, "firstname": contact.Name, "phone": contact.Phone, "mobilephone": contact.Phone,
		"country": contact.Country, "hs_language": contact.Language, "website": contact.URL, "member_since": contact.Date, "hs_email_optout": contact.Consent,
		"interests": contact.Text, "lifecyclestage": contact.Text} {
		if f, ok := schema.Field(name); !ok || f.Kind != kind {
			t.Errorf("%s: got %+v, want a field of kind %s", name, f, kind)
		}
	}
	for _, name := range []string{"createdate", "lastmodifieddate", "hs_object_id", "hs_email_domain", "hs_merged_object_ids", "secret_score"} {
		if f, ok := schema.Field(name); ok {
			t.Errorf("%s: got %+v, want it left out", name, f)
		}
	}
	if got := schema.Fields[schema.First(contact.Email)].Name + schema.Fields[schema.First(contact.Phone)].Name; got != "emailphone" {
		t.Errorf("the first e-mail and telephone: got %s", got)
	}
	before := st.Counts().Calls
	_, _ = c.Schema(t.Context())
	if got := st.Counts().Calls; got != before {
		t.Errorf("asked again at once: got %d calls more, want none", got-before)
	}
	st.pass(2 * time.Minute)
	st.AddProperty(sandbox.Property{Name: "shoe_size", Custom: true})
	if schema, _ = c.Schema(t.Context()); schema.Index("shoe_size") < 0 {
		t.Error("a property that was added later is not seen")
	}
}

// An opt-out is a consent, and no opt-out is none (requirements 3.14).
func TestOptOut(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Seed()
	must(t, st.Set("1001", "hs_email_optout", "true"))
	must(t, st.Set("1002", "hs_email_optout", "false"))
	c := st.open(t)
	items, _ := listed(t, c, "")
	for id, want := range map[string]string{"1001": contact.Unsubscribed, "1002": "", "1003": ""} {
		if got := value(t, c, items[id].Record, "hs_email_optout"); got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

func TestFindByTelephone(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	st.Seed()
	c := st.open(t)
	for _, row := range []struct {
		field, number, want string
	}{
		{"phone", "+44 20 7946 0101", "[1001]"},
		{"phone", "+442079460101", "[1001]"},
		{"phone", "020 7946 0101", "[1001]"},
		{"phone", "+1-202-555-0186", "[1005]"},
		{"phone", "+1 202 555 0143", "[]"},
		{"mobilephone", "(202) 555-0143", "[1002]"},
		{"phone", "none", "[]"},
	} {
		found, err := c.Find(t.Context(), row.field, []string{row.number})
		if got := fmt.Sprint(ids(found)); err != nil || got != row.want {
			t.Errorf("%s %s: got %s, %v; want %s", row.field, row.number, got, err, row.want)
		}
	}
}

// The pace of searching is kept, however many search at once.
func TestSearchesKeepTheirPace(t *testing.T) {
	st := newStage(t, sandbox.Options{PerTenSeconds: -1})
	st.Seed()
	c := st.open(t)
	for i := range 40 {
		if _, err := c.Find(t.Context(), "phone", []string{fmt.Sprint("+1 202 555 01", 10+i)}); err != nil {
			t.Fatalf("search %d: %v", i, err)
		}
	}
	if b := st.Counts().Breaches; len(b) > 0 {
		t.Errorf("limits: %q", b)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Find(ended, "phone", []string{"1"}); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("a search after the end: got %v", err)
	}
}

func TestTheDaysCallsAreTold(t *testing.T) {
	for _, row := range []struct{ limit, used, most int }{{1000, 2, 1000}, {-1, 0, 0}} {
		st := newStage(t, sandbox.Options{PerDay: row.limit})
		c := st.open(t)
		_, err := c.Fetch(t.Context(), []string{"1"})
		if used, most := c.Limits(); err != nil || used != row.used || most != row.most {
			t.Errorf("got %d of %d, %v; want %d of %d", used, most, err, row.used, row.most)
		}
	}
}
