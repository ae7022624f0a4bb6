package salesforce_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

// A person lets us in with the browser; from then on we come in by ourselves, though
// every key holds once only, until the person takes it back.
func TestConnectInTheBrowser(t *testing.T) {
	st := newStage(t, sandbox.Options{RotateRefresh: true})
	w := salesforce.WebLogin{URL: st.http.URL, ClientID: "kith", ClientSecret: "sandbox", Callback: "https://kith.example.com/callback"}
	verifier := salesforce.NewVerifier()
	connected, err := w.Exchange(t.Context(), st.client, allowed(t, w, verifier), verifier)
	if err != nil || connected.URL != st.http.URL || connected.User == "" {
		t.Fatalf("got %+v, %v", connected, err)
	}
	if _, err := w.Exchange(t.Context(), st.client, allowed(t, w, verifier), salesforce.NewVerifier()); faultOf(err) == nil || faultOf(err).Kind != connector.Denied {
		t.Errorf("somebody else's verifier: got %v, want denied", err)
	}
	kept := connected.RefreshToken
	for range 3 { // processes, one after another
		s := salesforce.Settings{URL: connected.URL, ClientID: "kith", ClientSecret: "sandbox", RefreshToken: kept, Object: "Contact", Session: new(salesforce.Session)}
		s.Rotated = func(_ context.Context, token string) error {
			kept = token
			return nil
		}
		r := st.open(t, s)
		st.Expire()
		if _, err := whole(t.Context(), r, ""); err != nil {
			t.Fatalf("after the access token has expired: %v", err)
		}
	}
	st.SignOut()
	_, err = salesforce.Open(t.Context(), salesforce.Settings{URL: connected.URL, ClientID: "kith", ClientSecret: "sandbox", RefreshToken: kept, Object: "Contact"}, st.client, st.now)
	if f := faultOf(err); f == nil || f.Kind != connector.Denied {
		t.Errorf("taken back: got %v, want denied", err)
	}
}

// allowed is the code that comes back once somebody has said yes.
func allowed(t *testing.T, w salesforce.WebLogin, verifier string) string {
	t.Helper()
	at, err := w.AuthorizeURL("state-1", verifier)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	form := u.Query()
	form.Set("answer", "allow")
	jar, _ := cookiejar.New(nil) // never fails
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.PostForm(w.URL+"/services/oauth2/authorize", form)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	browser.CloseIdleConnections()
	back, err := answer.Location()
	if err != nil || back.Query().Get("state") != "state-1" || back.Query().Get("code") == "" {
		t.Fatalf("got %s, %v; want a code and our state", answer.Status, err)
	}
	return back.Query().Get("code")
}

func TestSignedClaimAtTheSandbox(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	st := newStage(t, sandbox.Options{PublicKeyPEM: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})})
	text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	user := st.Values(st.IDs("User")[0])["Username"]
	s := salesforce.Settings{URL: st.http.URL, Auth: "jwt", ClientID: "kith", Username: user, PrivateKey: text, Object: "Contact"}
	st.open(t, s)
	s.Username = "nobody@example.com"
	if _, err := salesforce.Open(t.Context(), s, st.client, st.now); faultOf(err) == nil || faultOf(err).Kind != connector.Denied {
		t.Errorf("somebody who is not there: got %v, want denied", err)
	}
}
