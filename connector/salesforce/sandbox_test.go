package salesforce_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// A stage is an org on loopback, and a clock that both sides go by.
type stage struct {
	*sandbox.Sandbox
	http   *httptest.Server
	client *http.Client

	mu    sync.Mutex
	ahead time.Duration
	add   func(values map[string]string) string
}

func newStage(t *testing.T, o sandbox.Options) *stage {
	t.Helper()
	st := &stage{}
	o.Now = st.now
	st.Sandbox = sandbox.New(o)
	st.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", st.now().UTC().Format(http.TimeFormat))
		st.Sandbox.ServeHTTP(w, r)
	}))
	st.client = &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	t.Cleanup(func() {
		st.client.CloseIdleConnections()
		st.http.Close()
	})
	return st
}

func (st *stage) now() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return time.Now().Add(st.ahead)
}

// pass lets time go by.
func (st *stage) pass(d time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.ahead += d
}

func (st *stage) settings(object string) salesforce.Settings {
	return salesforce.Settings{URL: st.http.URL, Auth: "client_credentials", ClientID: "kith", ClientSecret: "sandbox", Object: object}
}

func (st *stage) open(t *testing.T, s salesforce.Settings) *salesforce.Object {
	t.Helper()
	r, err := salesforce.Open(t.Context(), s, st.client, st.now)
	if err != nil {
		t.Fatalf("open %s: %v", s.Object, err)
	}
	return r.Hurry()
}

// withKeys gives objects the field for our keys.
func (st *stage) withKeys(objects ...string) {
	for _, o := range objects {
		st.AddField(o, sandbox.NewField{Name: salesforce.ExternalID, Label: "Kith Id", Length: 40, External: true, Unique: true})
	}
}

// Somebody else who works in the org.
func (st *stage) Add(_ *testing.T, values map[string]string) string { return st.add(values) }
func (st *stage) Change(_ *testing.T, id string, values map[string]string) {
	st.Sandbox.Change(id, values)
}
func (st *stage) Remove(_ *testing.T, id string) { st.Sandbox.Remove(id) }

// disturb makes each trouble as the org and networks make it.
func (st *stage) disturb(t *testing.T, trouble connectortest.Trouble) (undo func()) {
	t.Helper()
	switch trouble {
	case connectortest.SignedOut:
		return st.Fail(sandbox.Fault{Times: -1, Status: http.StatusUnauthorized, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"})
	case connectortest.Throttled:
		return st.Fail(sandbox.Fault{Times: -1, Status: http.StatusServiceUnavailable, Code: "SERVER_UNAVAILABLE", Header: map[string]string{"Retry-After": "7"}})
	case connectortest.Down:
		return st.down(t)
	case connectortest.LostAnswer:
		return st.Fail(sandbox.Fault{Times: 1, Method: http.MethodPost, Path: "composite/sobjects", DropLate: true})
	case connectortest.CutShort:
		return st.Fail(sandbox.Fault{Times: -1, Method: http.MethodGet, Path: "query", Cut: true})
	case connectortest.OldCursor:
		st.pass(20 * 24 * time.Hour)
		return func() { st.pass(-20 * 24 * time.Hour) }
	case connectortest.Refused:
		return st.Refuse(sandbox.RowFault{Op: "create", Times: -1, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "Ask Ann first."})
	}
	t.Fatalf("no such trouble: %s", trouble)
	return nil
}

// down sends the client to a port where nobody listens.
func (st *stage) down(t *testing.T) func() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	transport := st.client.Transport.(*http.Transport)
	st.client.CloseIdleConnections()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, l.Addr().String())
	}
	return func() { transport.DialContext = nil }
}

// A named remote gives creates of the suite what an org demands of everybody.
type named struct {
	*salesforce.Object
	more func(key string) map[string]string
}

func (n named) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	full := make([]connector.Write, len(writes))
	for i, w := range writes {
		full[i] = w
		if w.Op == connector.OpCreate {
			full[i].Set = map[string]string{}
			for _, set := range []map[string]string{n.more(w.Key), w.Set} {
				for k, v := range set {
					full[i].Set[k] = v
				}
			}
		}
	}
	return n.Object.Write(ctx, full)
}

func TestSandbox(t *testing.T) {
	lead := map[string]string{"LastName": "Example", "Company": "Example Ltd"}
	for _, row := range []struct {
		sentence string
		object   string
		options  sandbox.Options
		keys     []string
		more     map[string]string
		add      func(st *stage, values map[string]string) string
	}{
		{"contacts, with a field for our keys", "Contact", sandbox.Options{}, []string{"Contact"}, map[string]string{"LastName": "Example"}, nil},
		{"contacts, without", "Contact", sandbox.Options{}, nil, map[string]string{"LastName": "Example"}, nil},
		{"leads, on short pages and in no order", "Lead", sandbox.Options{ShortPage: 2, Unordered: true}, []string{"Lead"}, lead, nil},
		{"people who are leads", salesforce.Person, sandbox.Options{}, []string{"Lead", "Contact"},
			map[string]string{"LastName": "Example", salesforce.SyncAs: "Lead", salesforce.Company: "Example Ltd"}, nil},
		{"people who are contacts", salesforce.Person, sandbox.Options{}, nil,
			map[string]string{"LastName": "Example", salesforce.SyncAs: "Contact", salesforce.Company: "Example Ltd"},
			func(st *stage, values map[string]string) string { return st.Sandbox.Add("Contact", values) }},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			stages := map[connector.Remote]*stage{}
			connectortest.Remote{
				Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
					st := newStage(t, row.options)
					st.withKeys(row.keys...)
					st.Sandbox.Add("Account", map[string]string{"Name": "Example Ltd"})
					st.add = func(values map[string]string) string {
						full := map[string]string{"LastName": "Example"}
						for k, v := range values {
							full[k] = v
						}
						switch {
						case row.add != nil:
							return row.add(st, full)
						case row.object == "Contact":
							return st.Sandbox.Add("Contact", full)
						}
						full["Company"] = "Example Ltd"
						return st.Sandbox.Add("Lead", full)
					}
					r := named{st.open(t, st.settings(row.object)).Page(5), func(string) map[string]string { return row.more }}
					stages[r.Object] = st
					return r, st
				},
				Fields: []string{"Email", "FirstName", "Description"},
				Stored: func(field, value string) string {
					if field == "Email" {
						return strings.ToLower(value)
					}
					return value
				},
				Settle: func(_ *testing.T, r connector.Remote) { stages[r.(named).Object].client.CloseIdleConnections() },
				Troubles: []connectortest.Trouble{connectortest.SignedOut, connectortest.Throttled, connectortest.Down, connectortest.LostAnswer,
					connectortest.CutShort, connectortest.OldCursor, connectortest.Refused},
				Disturb: func(t *testing.T, r connector.Remote, trouble connectortest.Trouble) func() {
					return stages[r.(named).Object].disturb(t, trouble)
				},
			}.Run(t)
			for _, st := range stages {
				if b := st.Counts().Breaches; len(b) > 0 {
					t.Errorf("limits of the API were broken: %v", b)
				}
			}
		})
	}
}

// Members have nothing of their own to tell them apart by but whom they stand for,
// so that the suite's fields are custom ones.
func TestSandboxMembers(t *testing.T) {
	for _, keyed := range []bool{true, false} {
		t.Run(map[bool]string{true: "with a field for our keys", false: "without"}[keyed], func(t *testing.T) {
			stages := map[connector.Remote]*stage{}
			connectortest.Remote{
				Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
					st := newStage(t, sandbox.Options{})
					st.AddField("CampaignMember", sandbox.NewField{Name: "Mail__c", Kind: "email", Length: 80, External: true})
					st.AddField("CampaignMember", sandbox.NewField{Name: "First__c", Length: 80})
					st.AddField("CampaignMember", sandbox.NewField{Name: "Note__c", Kind: "textarea", Length: 32000})
					if keyed {
						st.withKeys("CampaignMember")
					}
					campaign := st.Sandbox.Add("Campaign", map[string]string{"Name": "Spring fair"})
					people := map[string]string{}
					person := func(key string) string {
						if people[key] == "" || key == "" {
							people[key] = st.Sandbox.Add("Lead", map[string]string{"LastName": "Example", "Company": "Example Ltd"})
						}
						return people[key]
					}
					st.add = func(values map[string]string) string {
						values["CampaignId"], values["LeadId"] = campaign, person("")
						return st.Sandbox.Add("CampaignMember", values)
					}
					s := st.settings("CampaignMember")
					s.Campaign = campaign
					r := named{st.open(t, s).Page(5), func(key string) map[string]string { return map[string]string{"LeadId": person(key)} }}
					stages[r.Object] = st
					return r, st
				},
				Fields: []string{"Mail__c", "First__c", "Note__c"},
				Settle: func(_ *testing.T, r connector.Remote) { stages[r.(named).Object].client.CloseIdleConnections() },
				Troubles: []connectortest.Trouble{connectortest.SignedOut, connectortest.Throttled, connectortest.Down, connectortest.LostAnswer,
					connectortest.CutShort, connectortest.OldCursor, connectortest.Refused},
				Disturb: func(t *testing.T, r connector.Remote, trouble connectortest.Trouble) func() {
					return stages[r.(named).Object].disturb(t, trouble)
				},
			}.Run(t)
		})
	}
}
