package hubspot_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/hubspot"
	"github.com/kith-sync/kith/connector/hubspot/sandbox"
)

func kindOf(err error) string {
	if f, ok := errors.AsType[*connector.Fault](err); ok && f != nil {
		return f.Kind.String()
	}
	if err == nil {
		return "no fault"
	}
	return err.Error()
}

func faultOf(f *connector.Fault) string {
	if f == nil {
		return "no fault"
	}
	return f.Kind.String()
}

func create(values ...string) connector.Write {
	return connector.Write{Op: connector.OpCreate, Key: "k", Set: pairs(values)}
}

func update(id string, values ...string) connector.Write {
	return connector.Write{Op: connector.OpUpdate, ID: id, Set: pairs(values)}
}

func pairs(values []string) map[string]string {
	set := map[string]string{}
	for i := 0; i < len(values); i += 2 {
		set[values[i]] = values[i+1]
	}
	return set
}

// Every answer that HubSpot's manual knows is told apart, when we read and when
// we write.
func TestFaults(t *testing.T) {
	for _, row := range []struct {
		sentence    string
		fault       sandbox.Fault
		read, write string
		after       time.Duration
	}{
		{"too many within ten seconds", sandbox.Fault{Status: 429, Policy: "TEN_SECONDLY_ROLLING"}, "busy", "busy", 0},
		{"too many, and when to come back", sandbox.Fault{Status: 429, Policy: "TEN_SECONDLY_ROLLING", RetryAfter: 9 * time.Second}, "busy", "busy", 9 * time.Second},
		{"the day's calls are used up", sandbox.Fault{Status: 429, Policy: "DAILY"}, "quota", "quota", 0},
		{"locked: wait two seconds", sandbox.Fault{Status: 423}, "busy", "busy", 2 * time.Second},
		{"the account is moving", sandbox.Fault{Status: 477, RetryAfter: 3 * time.Hour}, "busy", "busy", 3 * time.Hour},
		{"the token has expired", sandbox.Fault{Status: 401, Category: "EXPIRED_AUTHENTICATION"}, "denied", "denied", 0},
		{"not allowed", sandbox.Fault{Status: 403, Category: "MISSING_SCOPES"}, "denied", "denied", 0},
		{"sent elsewhere", sandbox.Fault{Status: 307}, "denied", "denied", 0},
		{"an error inside", sandbox.Fault{Status: 500}, "busy", "unknown", 0},
		{"a gateway gives up", sandbox.Fault{Status: 502}, "busy", "unknown", 0},
		{"a gateway does not wait", sandbox.Fault{Status: 504}, "busy", "unknown", 0},
		{"out of service", sandbox.Fault{Status: 503}, "busy", "busy", 0},
		{"the network in front of it finds nobody", sandbox.Fault{Status: 521}, "busy", "busy", 0},
		{"the network in front of it does not wait", sandbox.Fault{Status: 524}, "busy", "unknown", 0},
		{"nothing is at the address", sandbox.Fault{Status: 404}, "invalid", "invalid", 0},
		{"refused", sandbox.Fault{Status: 400, Category: "VALIDATION_ERROR"}, "invalid", "invalid", 0},
		{"the answer is lost", sandbox.Fault{Lost: true}, "busy", "unknown", 0},
		{"the answer breaks off", sandbox.Fault{Cut: true}, "busy", "unknown", 0},
	} {
		st := newStage(t, sandbox.Options{})
		c := st.open(t)
		undo := st.Inject(row.fault)
		_, err := c.Fetch(t.Context(), []string{"1001"})
		o := c.Write(t.Context(), []connector.Write{create("email", "ada@example.com")})[0]
		undo()
		if kindOf(err) != row.read || faultOf(o.Fault) != row.write {
			t.Errorf("%s: read %s, write %s; want %s, %s", row.sentence, kindOf(err), faultOf(o.Fault), row.read, row.write)
		}
		if f, _ := errors.AsType[*connector.Fault](err); f != nil && f.RetryAfter != row.after || o.Fault != nil && o.Fault.RetryAfter != row.after {
			t.Errorf("%s: wait %v, want %s", row.sentence, o.Fault.RetryAfter, row.after)
		}
	}
}

// Each refusal of a contact is its own, with the field that it is about, and
// stops no other of the batch.
func TestRefusalsOfOneContact(t *testing.T) {
	for _, options := range []sandbox.Options{{}, {WholeBatch: true}, {WholeBatch: true, ShortConflict: true}} {
		st := newStage(t, options)
		st.Seed()
		ada, gone := "1001", "1004"
		st.Archive(gone)
		st.AddProperty(sandbox.Property{Name: "leaving", Custom: true})
		c := st.open(t)
		st.RemoveProperty("leaving") // after we asked
		writes := []connector.Write{
			create("email", "new1@example.com", "firstname", "New"),
			create("email", "ADA.byron@example.com"),
			create("email", "not an address", "firstname", "Bad"),
			create("email", "new2@example.com", "lifecyclestage", "emperor"),
			create("firstname", "New", "lastname", "Three"),
			create("company", "Nobody Ltd"),
			create("firstname", "New", "no_such_field", "x"),
			create("firstname", "New", "hs_email_optout", "true"),
			create("firstname", "New", "leaving", "x"),
			create("firstname", "New", "seats", "several"),
			update("1002", "email", "eve2@example.com", "company", ""),
			update("1003", "email", "ada.byron@example.com"),
			update(gone, "firstname", "Nobody"),
			update("999999", "firstname", "Nobody"),
			update("1002", "firstname", "Cem Ali"),
			{Op: connector.OpDelete, ID: "1005"},
			{Op: connector.OpDelete, ID: gone},
			{Op: 9},
			{Op: connector.OpUpdate, Set: map[string]string{"firstname": "x"}},
		}
		st.Reset()
		want := []string{"no fault ", "taken email", "invalid email", "invalid lifecyclestage", "no fault ", "invalid email", "invalid no_such_field",
			"invalid hs_email_optout", "invalid leaving", "invalid seats", "no fault ", "taken email", "missing ", "missing ", "no fault ", "no fault ", "missing ", "invalid ", "invalid "}
		for i, o := range c.Write(t.Context(), writes) {
			got := faultOf(o.Fault) + " "
			if o.Fault != nil {
				got += o.Fault.Field
				if strings.Contains(o.Fault.Message, "@") || strings.Contains(o.Fault.Message, "not an address") {
					t.Errorf("%+v: write %d: the message quotes: %s", options, i, o.Fault.Message)
				}
				if o.Fault.Kind == connector.Taken && o.Fault.ID != ada {
					t.Errorf("%+v: write %d: taken by %q, want %s", options, i, o.Fault.ID, ada)
				}
			}
			if got != want[i] {
				t.Errorf("%+v: write %d: got %s, want %s", options, i, got, want[i])
			}
		}
		if n := st.Counts().ByCall["POST batch/create"]; !options.WholeBatch && n != 1 {
			t.Errorf("got %d calls to create, want one: no refusal stops the others", n)
		}
		if cem, _ := st.Contact("1002"); cem["firstname"] != "Cem Ali" || cem["company"] != "" || cem["email"] != "eve2@example.com" {
			t.Errorf("%+v: got %v, want both updates of one contact", options, cem)
		}
		if b := st.Counts().Breaches; len(b) > 0 {
			t.Errorf("%+v: limits: %q", options, b)
		}
	}
}

func TestOpening(t *testing.T) {
	st := newStage(t, sandbox.Options{Without: []string{"crm.schemas.contacts.read"}})
	for _, row := range []struct {
		sentence, want string
		change         func(*hubspot.Settings)
	}{
		{"a scope that is missing is named", "HubSpot does not allow this. Give the private app the scope crm.schemas.contacts.read.", func(*hubspot.Settings) {}},
		{"another token", "HubSpot does not accept the token. Copy it anew under Connections.", func(s *hubspot.Settings) { s.Token = "x" }},
		{"no token", "HubSpot needs a token. Make a private app or a service key there and copy its token.", func(s *hubspot.Settings) { s.Token = " " }},
		{"no address", "This is not the address of an API. Leave it out, or give one that begins with https://.", func(s *hubspot.Settings) { s.URL = "people" }},
		{"an address with a secret", "This is not the address of an API. Leave it out, or give one that begins with https://.", func(s *hubspot.Settings) { s.URL = "https://a:b@example.com" }},
		{"another version", "Versions of HubSpot's API are v3 and dates such as 2026-03.", func(s *hubspot.Settings) { s.Version = "v1" }},
		{"another service", "There is no HubSpot at this address. Leave the address out, or check it.", func(s *hubspot.Settings) { s.URL += "/elsewhere" }},
	} {
		s := st.settings()
		row.change(&s)
		if _, err := hubspot.Open(t.Context(), s, st.client, st.clock); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", row.sentence, err, row.want)
		}
	}
}

// What is wrong is told without values, names of people and the token.
func TestFaultsNameNobody(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	c := st.open(t)
	st.down(t)
	o := c.Write(t.Context(), []connector.Write{create("email", "lovelace@example.com")})[0]
	if text := fmt.Sprint(o.Fault, o.Fault.Err); strings.Contains(text, "lovelace") || strings.Contains(text, sandbox.DefaultToken) {
		t.Errorf("got %s", text)
	}
}

// Once HubSpot asks us to wait, the rest is not sent: it would only be asked
// again. Nor is it after three answers in a row that did not come: what became of
// everybody in them has to be found out.
func TestWritesStopWhenHubSpotSaysSo(t *testing.T) {
	for _, row := range []struct {
		status int
		want   int
	}{{http.StatusTooManyRequests, 1}, {http.StatusUnauthorized, 1}, {477, 1}, {http.StatusBadGateway, 3}} {
		st := newStage(t, sandbox.Options{})
		c := st.open(t)
		st.Inject(sandbox.Fault{Status: row.status})
		writes := make([]connector.Write, 450)
		for i := range writes {
			writes[i] = create("email", fmt.Sprintf("person%d@example.com", i))
		}
		for i, o := range c.Write(t.Context(), writes) {
			want := "unknown"
			if i >= 300 {
				want = "busy"
			}
			if got := faultOf(o.Fault); row.status == http.StatusBadGateway && got != want || o.Fault == nil {
				t.Errorf("%d: write %d: got %s, want %s", row.status, i, got, want)
			}
		}
		if got := st.Counts().Refused; got != row.want {
			t.Errorf("%d: asked %d times, want %d", row.status, got, row.want)
		}
	}
}

// An answer in between begins the count anew.
func TestLostAnswersInARow(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	first := st.Populate(200, time.Millisecond)
	c := st.open(t)
	st.Inject(sandbox.Fault{Path: "/batch/update", Status: http.StatusBadGateway, Times: 1})
	st.Inject(sandbox.Fault{Path: "/batch/create", Status: http.StatusBadGateway, Times: 2})
	var writes []connector.Write
	for i := range 200 {
		writes = append(writes, update(fmt.Sprint(first+int64(i)), "city", "Ely"))
	}
	for i := range 300 {
		writes = append(writes, create("email", fmt.Sprintf("new%d@example.com", i)))
	}
	want := []string{"unknown", "no fault", "unknown", "unknown", "no fault"}
	for i, o := range c.Write(t.Context(), writes) {
		if got := faultOf(o.Fault); got != want[i/100] {
			t.Fatalf("write %d: got %s, want %s", i, got, want[i/100])
		}
	}
}

// The token is shown to the service it belongs to and to nobody else.
func TestARedirectElsewhereGetsNoToken(t *testing.T) {
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusPermanentRedirect)
	}))
	defer here.Close()
	st := newStage(t, sandbox.Options{})
	s := st.settings()
	s.URL = here.URL
	if _, err := hubspot.Open(t.Context(), s, st.client, st.clock); kindOf(err) != "denied" || asked {
		t.Errorf("got %v and asked %v, want it denied and nobody asked", err, asked)
	}
}
