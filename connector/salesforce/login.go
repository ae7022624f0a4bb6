package salesforce

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/httpfault"
)

// A login is how a session is made.
type login struct {
	Settings
	client *http.Client
	host   *url.URL
	now    func() time.Time
}

// fingerprint is a hash of the settings with a refresh token.
func (l login) fingerprint(refresh string) [32]byte {
	return sha256.Sum256([]byte(strings.Join([]string{l.host.String(), l.Auth, l.ClientID, l.ClientSecret, l.Username, l.PrivateKey, l.Audience, refresh}, "\x00")))
}

// A grant is an answer with tokens. There is no expires_in: a 401 tells.
type grant struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	InstanceURL  string `json:"instance_url"`
	ID           string `json:"id"` // an address that ends in the ids of org and user
	Error        string `json:"error"`
}

func (l login) grant(ctx context.Context, refresh string) (grant, error) {
	form := url.Values{"client_id": {l.ClientID}}
	if l.ClientSecret != "" {
		form.Set("client_secret", l.ClientSecret)
	}
	switch l.Auth {
	case "client_credentials":
		form.Set("grant_type", "client_credentials")
	case "refresh_token":
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", refresh)
	case "jwt":
		assertion, err := l.assertion()
		if err != nil {
			return grant{}, err
		}
		form = url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	}
	return token(ctx, l.client, l.host, form)
}

// token asks for tokens.
func token(ctx context.Context, client *http.Client, host *url.URL, form url.Values) (g grant, err error) {
	at := host.JoinPath("/services/oauth2/token").String()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return g, invalid("url", "This is not an address that can be asked.")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	answer, err := client.Do(req)
	if err != nil {
		return g, httpfault.NoAnswer(ctx, err, false, "Salesforce")
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return g, httpfault.NoAnswer(ctx, err, false, "Salesforce")
	}
	unread := json.Unmarshal(text, &g)
	if answer.StatusCode == http.StatusOK && unread == nil && g.AccessToken != "" && g.InstanceURL != "" {
		return g, nil
	}
	return g, tokenFault(answer, g.Error)
}

// assertion is a signed claim to be a user [RFC 7523]. It holds three minutes: some
// orgs take no longer ones.
func (l login) assertion() (string, error) {
	key, err := privateKey(l.PrivateKey)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"iss": l.ClientID, "sub": l.Username, "aud": l.audience(), "exp": l.now().Add(3 * time.Minute).Unix()})
	if err != nil {
		return "", err
	}
	signed := part([]byte(`{"alg":"RS256"}`)) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", &connector.Fault{Kind: connector.Invalid, Field: "private_key", Message: "Nothing can be signed with this private key.", Err: err}
	}
	return signed + "." + part(signature), nil
}

func part(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// audience is the login host that a My Domain belongs to.
func (l login) audience() string {
	host := l.host.Hostname()
	switch {
	case l.Audience != "":
		return l.Audience
	case strings.HasSuffix(host, ".sandbox.my.salesforce.com"):
		return "https://test.salesforce.com"
	case strings.HasSuffix(host, ".my.salesforce.com"):
		return "https://login.salesforce.com"
	}
	return l.host.Scheme + "://" + l.host.Host
}

func privateKey(text string) (*rsa.PrivateKey, error) {
	bad := invalid("private_key", "This is not a private key of RSA in PEM.")
	block, _ := pem.Decode(bytes.TrimSpace([]byte(text)))
	if block == nil {
		return nil, bad
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := any.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, bad
	}
	return key, nil
}

// trusted reads where the token holds. It is shown to nobody but the host we were
// given and Salesforce's own.
func (l login) trusted(instance string) (*url.URL, error) {
	u, err := url.Parse(instance)
	if err != nil || u.Host == "" {
		return nil, &connector.Fault{Kind: connector.Denied, Message: "Salesforce did not say where the org is."}
	}
	if u.Scheme == l.host.Scheme && u.Host == l.host.Host {
		return u, nil
	}
	for _, owner := range []string{".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn"} {
		if u.Scheme == "https" && strings.HasSuffix(u.Hostname(), owner) && strings.HasSuffix(l.host.Hostname(), owner) {
			return u, nil
		}
	}
	return nil, &connector.Fault{Kind: connector.Denied, Message: "The login sends us to " + u.Host + ", which is another site. If that is right, connect to it directly."}
}

// loginOf checks the settings that signing in needs.
func loginOf(s Settings, client *http.Client, now func() time.Time) (login, error) {
	l := login{Settings: s, client: client, now: now}
	var err error
	if l.host, err = hostOf(s.URL); err != nil {
		return l, err
	}
	l.Auth = cmp.Or(s.Auth, "refresh_token")
	for _, need := range []struct{ auth, field, value string }{
		{"", "client_id", s.ClientID}, {"client_credentials", "client_secret", s.ClientSecret}, {"refresh_token", "refresh_token", s.RefreshToken},
		{"jwt", "username", s.Username}, {"jwt", "private_key", s.PrivateKey},
	} {
		if need.value == "" && (need.auth == "" || need.auth == l.Auth) {
			return l, invalid(need.field, "The connection lacks its "+strings.ReplaceAll(need.field, "_", " ")+".")
		}
	}
	switch l.Auth {
	case "client_credentials", "refresh_token":
	case "jwt":
		_, err = privateKey(s.PrivateKey)
	default:
		err = invalid("auth", "There is no such way to sign in. There are client_credentials, jwt and refresh_token.")
	}
	return l, err
}

// hostOf reads the address of a login host. People leave https:// out.
func hostOf(text string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	if text != "" && !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, invalid("url", "This is not the address of a Salesforce org. Give its My Domain, https://login.salesforce.com or https://test.salesforce.com.")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// tokenFault says what an answer without a token means [HELP: OAuth 2.0 error codes].
func tokenFault(answer *http.Response, code string) error {
	f := &connector.Fault{Kind: connector.Denied, Code: cmp.Or(code, strconv.Itoa(answer.StatusCode)), RetryAfter: httpfault.RetryAfter(answer.Header),
		Message: "Salesforce refused our key. Reconnect the account under Connections."}
	switch {
	case code == "rate_limit_exceeded" || answer.StatusCode == http.StatusTooManyRequests:
		f.Kind, f.Message = connector.Busy, "Salesforce lets nobody in just now: too many tries."
	case answer.StatusCode >= 500:
		f.Kind, f.Message = connector.Busy, "Salesforce could not answer."
	case code == "inactive_org" || code == "inactive_user":
		f.Message = "The user or the org is not active in Salesforce."
	case code == "invalid_app_access":
		f.Message = "The user may not use this app. Approve the user for it in Salesforce."
	case code == "invalid_client_id" || code == "invalid_client":
		f.Message = "Salesforce does not know this client id, or the client secret is another one."
	}
	return f
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
