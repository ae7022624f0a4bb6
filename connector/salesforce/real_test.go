package salesforce_test

import (
	"context"
	"iter"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/connectortest"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// The suite in an org of Salesforce's own: KITH_SALESFORCE_URL and _CLIENT_ID, with
// _CLIENT_SECRET, _REFRESH_TOKEN, or _USERNAME and _PRIVATE_KEY. It makes contacts
// and leads, and removes them in the end; it looks at nobody else's.
func TestReal(t *testing.T) {
	env := func(name string) string { return os.Getenv("KITH_SALESFORCE_" + name) }
	s := salesforce.Settings{URL: env("URL"), ClientID: env("CLIENT_ID"), ClientSecret: env("CLIENT_SECRET"), RefreshToken: env("REFRESH_TOKEN"),
		Username: env("USERNAME"), PrivateKey: env("PRIVATE_KEY"), Session: new(salesforce.Session)}
	if s.URL == "" {
		t.Skip("KITH_SALESFORCE_URL is not set")
	}
	s.Auth = "client_credentials"
	if s.RefreshToken != "" {
		s.Auth = "refresh_token"
	} else if s.PrivateKey != "" {
		s.Auth = "jwt"
	}
	realSuite(t, s, &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{}}, time.Now)
}

// The same, in an org where strangers are.
func TestRealAtTheSandbox(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	for range 12 {
		st.Sandbox.Add("Contact", map[string]string{"LastName": "Stranger", "Email": "person1@example.com"})
		st.Sandbox.Add("Lead", map[string]string{"LastName": "Stranger", "Company": "Acme"})
	}
	st.AddField("Lead", sandbox.NewField{Name: salesforce.ExternalID, Length: 40, External: true, Unique: true})
	s := st.settings("")
	s.Session = new(salesforce.Session)
	realSuite(t, s, st.client, st.now)
	if st.Count("Contact") != 12 || st.Count("Lead") != 12 {
		t.Errorf("got %d contacts and %d leads left, want the strangers", st.Count("Contact"), st.Count("Lead"))
	}
}

func realSuite(t *testing.T, s salesforce.Settings, client *http.Client, now func() time.Time) {
	for _, object := range []string{"Contact", "Lead", salesforce.Person} {
		t.Run(object, func(t *testing.T) {
			connectortest.Remote{
				Open: func(t *testing.T) (connector.Remote, connectortest.Other) {
					s.Object = object
					r, err := salesforce.Open(t.Context(), s, client, now)
					if err != nil {
						t.Fatalf("open: %v", err)
					}
					o := &ours{named: named{r.Page(5), func(string) map[string]string {
						more := map[string]string{"LastName": "Kith conformance", "Company": "Kith conformance", salesforce.SyncAs: "Lead", salesforce.Company: "Kith conformance"}
						return only(r, more)
					}}, mine: map[string]bool{}, keys: fresh()}
					t.Cleanup(func() { o.clear(t) })
					return o, o
				},
				Fields: []string{"Email", "FirstName", "Description"},
				Stored: func(field, value string) string {
					if field == "Email" {
						return strings.ToLower(value)
					}
					return value
				},
				Settle: func(*testing.T, connector.Remote) { client.CloseIdleConnections() },
			}.Run(t)
		})
	}
}

func fresh() string { return salesforce.NewVerifier()[:12] }

// only are the values of fields that the object has.
func only(r *salesforce.Object, values map[string]string) map[string]string {
	schema, _ := r.Schema(context.Background()) // never fails
	for name := range values {
		if schema.Index(name) < 0 {
			delete(values, name)
		}
	}
	return values
}

// Ours is a remote that shows only what was made through it, and somebody else who
// works in the org.
type ours struct {
	named
	keys string
	mu   sync.Mutex
	mine map[string]bool
}

func (o *ours) has(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mine[id]
}

func (o *ours) add(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if id != "" {
		o.mine[id] = true
	}
}

func (o *ours) keep(items []connector.Item) []connector.Item {
	return slices.DeleteFunc(items, func(i connector.Item) bool { return !o.has(i.ID) })
}

func (o *ours) Changes(ctx context.Context, since string) iter.Seq2[connector.Page, error] {
	return func(yield func(connector.Page, error) bool) {
		for p, err := range o.named.Changes(ctx, since) {
			p.Items = o.keep(p.Items)
			if !yield(p, err) {
				return
			}
		}
	}
}

func (o *ours) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	items, err := o.named.Find(ctx, field, values)
	return o.keep(items), err
}

func (o *ours) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	own := slices.Clone(writes)
	for i := range own {
		if own[i].Op == connector.OpCreate {
			own[i].Key = o.keys + own[i].Key
		}
	}
	out := o.named.Write(ctx, own)
	for i := range out {
		if writes[i].Op == connector.OpCreate {
			o.add(out[i].Record.ID)
		}
	}
	return out
}

func (o *ours) must(t *testing.T, w connector.Write) string {
	t.Helper()
	out := o.Write(context.WithoutCancel(t.Context()), []connector.Write{w})[0]
	if out.Fault != nil {
		t.Fatalf("the other one's write: %v", out.Fault)
	}
	return out.Record.ID
}

func (o *ours) Add(t *testing.T, values map[string]string) string {
	return o.must(t, connector.Write{Op: connector.OpCreate, Key: fresh(), Set: values})
}

func (o *ours) Change(t *testing.T, id string, values map[string]string) {
	o.must(t, connector.Write{Op: connector.OpUpdate, ID: id, Set: values})
}

func (o *ours) Remove(t *testing.T, id string) {
	o.must(t, connector.Write{Op: connector.OpDelete, ID: id})
}

func (o *ours) clear(t *testing.T) {
	var writes []connector.Write
	for id := range o.mine {
		writes = append(writes, connector.Write{Op: connector.OpDelete, ID: id})
	}
	for _, out := range o.Object.Write(context.WithoutCancel(t.Context()), writes) {
		if f := out.Fault; f != nil && f.Kind != connector.Missing {
			t.Errorf("a record of the suite stays behind: %v", f)
		}
	}
}
