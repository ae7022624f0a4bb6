package crm

import (
	"net/http/httptest"
	"testing"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
	"github.com/kith-sync/kith/desk"
)

// A connection that goes from a sandbox to production and back must never go on with
// what it was let in with at the other.
func TestAConnectionIsAtTheOrgThatItNames(t *testing.T) {
	w := newWorld(t)
	first := w.salesforce()
	second := sandbox.New(sandbox.Options{Now: w.clock})
	other := httptest.NewServer(second)
	t.Cleanup(other.Close)
	c, err := w.Store.Connection(t.Context(), "crm")
	if err != nil {
		t.Fatal(err)
	}
	here := c.Settings["url"]
	look := func(url string) {
		t.Helper()
		c.Settings["url"] = url
		if _, err := w.Store.SaveConnection(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, err := desk.TestConnection(t.Context(), w.Workspace, c, "Contact", ""); err != nil {
			t.Fatal(err)
		}
	}
	look(here)
	look(other.URL)
	was, there := first.Counts().Calls, second.Counts().Calls
	look(here)
	if now := first.Counts().Calls; now == was || second.Counts().Calls != there {
		t.Errorf("back at the first org: %d new calls there, %d at the other, want all at the first", now-was, second.Counts().Calls-there)
	}
}

// A key that signs in by itself is sent to nobody as a client secret.
func TestAPrivateKeyIsNoClientSecret(t *testing.T) {
	w := newWorld(t)
	w.salesforce()
	c, err := w.Store.Connection(t.Context(), "crm")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := w.SealSecret(t.Context(), "crm", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	if err != nil {
		t.Fatal(err)
	}
	key := c
	key.Settings, key.Secret = map[string]string{"url": c.Settings["url"], "client_id": "kith"}, sealed
	if _, err := w.Login(t.Context(), key, "https://kith.example.org/connections/signed-in"); err == nil {
		t.Error("a private key was taken for a client secret")
	}
	for auth, refused := range map[string]bool{"jwt": true, "client_credentials": true, "web": false, "": false} {
		c.Settings["auth"] = auth
		if _, err := w.Login(t.Context(), c, "https://kith.example.org/connections/signed-in"); (err != nil) != refused {
			t.Errorf("signing in in the browser with auth %q: got %v, want refused %v", auth, err, refused)
		}
	}
}
