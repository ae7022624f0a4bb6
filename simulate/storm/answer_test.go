package storm

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// A meddler types something into whoever has just been called Ours.
type meddler struct {
	net    http.RoundTripper
	vendor vendor
	did    bool
}

func (m *meddler) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := m.net.RoundTrip(r)
	for id, values := range m.vendor.people() {
		if values["last_name"] == "Ours" && !m.did {
			m.vendor.edit(id, "last_name", "Theirs")
			m.did = true
		}
	}
	return answer, err
}

// I2: a connector that looks again what became of its write finds what somebody has
// typed since, and does not take that for an answer to its own: the edit would be what
// both sides had agreed on, and never come to the other.
func TestAnEditRightAfterAWriteIsNoAnswerToIt(t *testing.T) {
	for _, system := range Systems() {
		for seed := range uint64(6) {
			for _, op := range []connector.Op{connector.OpCreate, connector.OpUpdate} {
				t.Run(fmt.Sprint(system, " ", seed, " ", op), func(t *testing.T) {
					c := &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
					v := vendors[system](rand.New(rand.NewPCG(seed, 1)), c)
					server := httptest.NewServer(v)
					defer server.Close()
					m := &meddler{net: &http.Transport{DisableKeepAlives: true}, vendor: v}
					remote, err := v.open(t.Context(), server.URL, &http.Client{Transport: m}, c)
					if err != nil {
						t.Fatal(err)
					}
					got := writeOurs(t, v, remote, op)
					if !m.did || got != "Ours" {
						t.Errorf("meddled %v; the answer has %q, want what was written", m.did, got)
					}
				})
			}
		}
	}
}

// writeOurs has somebody called Ours, and returns what the answer says of that.
func writeOurs(t *testing.T, v vendor, remote connector.Remote, op connector.Op) string {
	t.Helper()
	name := func(field string) string {
		i := slices.IndexFunc(v.fields(), func(f [2]string) bool { return f[0] == field })
		return v.fields()[i][1]
	}
	schema, err := remote.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := connector.Write{Op: op, Set: map[string]string{name("last_name"): "Ours"}}
	if op == connector.OpCreate {
		w.Key, w.Set[name("email")], w.Set[name("first_name")] = "k", "ada@example.com", "Ada"
		if v.object() == "Person" {
			w.Set[name("sync_as")] = "Contact"
		}
	} else {
		v.add(map[string]string{"email": "ada@example.com", "first_name": "Ada", "last_name": "Moreno", "company": "Firm", "sync_as": "Contact"})
		for id := range v.people() {
			w.ID = id
		}
		as := known(t, remote, w.ID)
		w.Version, w.Known = as.Version, map[string]string{}
		for _, f := range v.fields() {
			w.Known[f[1]] = as.Value(schema.Index(f[1]))
		}
	}
	o := remote.Write(t.Context(), []connector.Write{w})[0]
	if o.Fault != nil {
		t.Fatal(o.Fault)
	}
	return o.Record.Value(schema.Index(name("last_name")))
}

// known is a record as the engine has read it before it decides on a write.
func known(t *testing.T, remote connector.Remote, id string) contact.Record {
	t.Helper()
	items, err := remote.Fetch(t.Context(), []string{id})
	if err != nil || len(items) != 1 {
		t.Fatalf("fetch %s: %v, %v", id, items, err)
	}
	return items[0].Record
}
