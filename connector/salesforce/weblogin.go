package salesforce

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/url"

	"github.com/kith-sync/kith/connector"
)

// A WebLogin is an app that people let into their org in a browser: the web
// server flow with PKCE (RFC 7636, S256).
type WebLogin struct {
	URL                    string // as in Settings
	ClientID, ClientSecret string
	Callback               string // the redirect URI, as the app in Salesforce has it
}

// NewVerifier is a new secret of one try to connect.
func NewVerifier() string { return rand.Text() + rand.Text() }

// AuthorizeURL is where to send the browser. The state comes back with it; the
// verifier stays with us until Exchange.
func (w WebLogin) AuthorizeURL(state, verifier string) (string, error) {
	host, err := hostOf(w.URL)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(verifier))
	at := host.JoinPath("/services/oauth2/authorize")
	at.RawQuery = url.Values{
		"response_type": {"code"}, "client_id": {w.ClientID}, "redirect_uri": {w.Callback}, "scope": {"api refresh_token"},
		"state": {state}, "code_challenge": {part(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode()
	return at.String(), nil
}

// A Connected org is what a person let us into.
type Connected struct {
	RefreshToken string // goes into Settings, with the URL
	URL          string // of the org
	User         string // id of who let us in
}

// Exchange makes the code that came back to the callback a refresh token.
func (w WebLogin) Exchange(ctx context.Context, client *http.Client, code, verifier string) (Connected, error) {
	host, err := hostOf(w.URL)
	if err != nil {
		return Connected{}, err
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {w.ClientID}, "redirect_uri": {w.Callback}, "code_verifier": {verifier}}
	if w.ClientSecret != "" {
		form.Set("client_secret", w.ClientSecret)
	}
	g, err := token(ctx, client, host, form)
	if err != nil {
		return Connected{}, err
	}
	if g.RefreshToken == "" {
		return Connected{}, &connector.Fault{Kind: connector.Denied, Message: "Salesforce gave no refresh token. Allow the app the scope refresh_token, offline_access."}
	}
	l := login{Settings: Settings{URL: w.URL}, host: host}
	at, err := l.trusted(g.InstanceURL)
	if err != nil {
		return Connected{}, err
	}
	return Connected{RefreshToken: g.RefreshToken, URL: at.Scheme + "://" + at.Host, User: lastPart(g.ID)}, nil
}
