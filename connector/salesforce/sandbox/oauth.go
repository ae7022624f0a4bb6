package sandbox

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// signIn is who may come in.
type signIn struct {
	access  map[string]*session
	refresh map[string]*session
	codes   map[string]*code
}

// A session is what an access token or a refresh token stands for.
type session struct {
	user  int32
	until int64
	scope string
	dead  bool // a refresh token that was rotated away
}

// A code is what the browser carries back to the app.
type code struct {
	redirect, challenge, scope string
	user                       int32
	until                      int64
}

func newSignIn() signIn {
	return signIn{map[string]*session{}, map[string]*session{}, map[string]*code{}}
}

func secret() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (s *Sandbox) life() int64 {
	if s.options.TokenLife > 0 {
		return int64(s.options.TokenLife / time.Second)
	}
	return 2 * 60 * 60
}

// enter lets a call of the data API in.
func (s *Sandbox) enter(c *call) *problem {
	if c.auth {
		return nil
	}
	kind, token, _ := strings.Cut(c.header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") && !strings.EqualFold(kind, "OAuth") {
		return refuse("INVALID_SESSION_ID", "Session expired or invalid").at(http.StatusUnauthorized)
	}
	user, ok := s.who(token)
	if !ok {
		return refuse("INVALID_SESSION_ID", "Session expired or invalid").at(http.StatusUnauthorized)
	}
	c.user, c.auth = user, true
	if used := s.tally.used(s.now()); used >= s.daily() {
		s.tally.refused++
		return refuse("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").at(http.StatusForbidden)
	}
	s.tally.use(s.now())
	return nil
}

// who is the user of an access token. Use renews it.
func (s *Sandbox) who(token string) (int32, bool) {
	if token == first(s.options.Token, ReadyToken) {
		return s.admin, true
	}
	t := s.sign.access[token]
	if t == nil || t.until < s.now() {
		delete(s.sign.access, token)
		return 0, false
	}
	t.until = s.now() + s.life()
	return t.user, true
}

// Expire ends every access token; refresh tokens still hold.
func (s *Sandbox) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sign.access)
}

// SignOut ends every token there is.
func (s *Sandbox) SignOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sign = newSignIn()
}

// oauth answers below /services/oauth2 and for the address of an identity.
func (s *Sandbox) oauth(c *call) answer {
	s.tally.oauth++
	form := c.query
	if c.method == http.MethodPost {
		posted, err := url.ParseQuery(string(c.body))
		if err != nil {
			return denied("invalid_request", "the form cannot be read")
		}
		for k, v := range posted {
			form[k] = v
		}
	}
	switch strings.TrimSuffix(c.path, "/") {
	case "/services/oauth2/authorize":
		return s.authorize(c, form)
	case "/services/oauth2/token":
		if c.method != http.MethodPost {
			return denied("invalid_request", "must use HTTP POST")
		}
		return s.token(c, form)
	case "/services/oauth2/revoke":
		delete(s.sign.access, form.Get("token"))
		delete(s.sign.refresh, form.Get("token"))
		return empty(http.StatusOK)
	case "/services/oauth2/introspect":
		user, ok := s.who(form.Get("token"))
		if !ok {
			return reply(http.StatusOK, map[string]any{"active": false})
		}
		return reply(http.StatusOK, map[string]any{"active": true, "token_type": "access_token", "client_id": s.clientID(), "username": s.userValue(user, "Username"), "scope": "api"})
	}
	return s.identity(c)
}

func denied(kind, description string) answer {
	return reply(http.StatusBadRequest, map[string]any{"error": kind, "error_description": description})
}

// token is the token endpoint.
func (s *Sandbox) token(c *call, form url.Values) answer {
	id, key := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := (&http.Request{Header: c.header}).BasicAuth(); ok {
		id, key = user, password
	}
	kind := form.Get("grant_type")
	if kind == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		return s.byJWT(c, form.Get("assertion"))
	}
	switch {
	case kind != "client_credentials" && kind != "refresh_token" && kind != "authorization_code":
		return denied("unsupported_grant_type", "grant type not supported")
	case id != s.clientID():
		return denied("invalid_client_id", "client identifier invalid")
	case key != s.clientSecret() && (key != "" || kind == "client_credentials"):
		return denied("invalid_client", "invalid client credentials")
	}
	switch kind {
	case "client_credentials":
		if s.options.NoRunAs {
			return denied("invalid_grant", "no client credentials user enabled")
		}
		return s.grant(c, s.admin, "api", "")
	case "refresh_token":
		return s.refresh(c, form.Get("refresh_token"))
	}
	return s.byCode(c, form)
}

func (s *Sandbox) refresh(c *call, token string) answer {
	old := s.sign.refresh[token]
	if old == nil || old.dead {
		if old != nil {
			s.tally.breach("a refresh token used after it was rotated")
		}
		return denied("invalid_grant", "expired access/refresh token")
	}
	next := ""
	if s.options.RotateRefresh {
		old.dead, next = true, secret()
		s.sign.refresh[next] = &session{user: old.user, scope: old.scope}
	}
	return s.grant(c, old.user, old.scope, next)
}

func (s *Sandbox) byCode(c *call, form url.Values) answer {
	got := s.sign.codes[form.Get("code")]
	delete(s.sign.codes, form.Get("code"))
	verifier := form.Get("code_verifier")
	switch {
	case got == nil || got.until < s.now():
		return denied("invalid_grant", "expired authorization code")
	case got.redirect != form.Get("redirect_uri"):
		return denied("redirect_uri_mismatch", "redirect_uri must match configuration")
	case got.challenge != "" && verifier == "":
		return denied("invalid_grant", "invalid code verifier")
	case got.challenge != "" && !verifies(verifier, got.challenge):
		return denied("invalid_request", "invalid code verifier")
	}
	token := ""
	if strings.Contains(got.scope, "refresh_token") || strings.Contains(got.scope, "offline_access") || strings.Contains(got.scope, "full") || got.scope == "" {
		token = secret()
		s.sign.refresh[token] = &session{user: got.user, scope: got.scope}
	}
	return s.grant(c, got.user, got.scope, token)
}

// verifies checks a PKCE verifier (RFC 7636 4.6, S256 only). jsforce sends 171
// characters, more than the RFC allows, and is understood.
func verifies(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return len(verifier) >= 43 && base64.RawURLEncoding.EncodeToString(sum[:]) == strings.TrimRight(challenge, "=")
}

// grant makes an access token. There is no word of when it ends: there is none
// at Salesforce either.
func (s *Sandbox) grant(c *call, user int32, scope, refresh string) answer {
	token := s.orgID()[:shortID] + "!" + secret()
	s.sign.access[token] = &session{user: user, until: s.now() + s.life()}
	id, at := c.host+"/id/"+s.orgID()+"/"+makeID("005", user), strconv.FormatInt(s.now()*1000, 10)
	mac := hmac.New(sha256.New, []byte(s.clientSecret()))
	mac.Write([]byte(id + at))
	body := map[string]any{"access_token": token, "instance_url": c.host, "id": id, "token_type": "Bearer", "issued_at": at,
		"signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)), "scope": first(scope, "refresh_token api")}
	if refresh != "" {
		body["refresh_token"] = refresh
	}
	return reply(http.StatusOK, body)
}

// byJWT lets in who holds the app's key (RFC 7523).
func (s *Sandbox) byJWT(c *call, assertion string) answer {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return denied("invalid_grant", "invalid assertion")
	}
	var claims struct {
		Iss, Sub string
		Aud      any
		Exp      json.Number
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return denied("invalid_grant", "invalid assertion")
	}
	exp, err := claims.Exp.Int64()
	aud, _ := claims.Aud.(string)
	switch {
	case claims.Iss != s.clientID():
		return denied("invalid_client_id", "client identifier invalid")
	case !s.signed(parts):
		return denied("invalid_grant", "invalid assertion")
	case err != nil || exp < s.now() || exp > s.now()+5*60:
		return denied("invalid_grant", "expired authorization code")
	case aud != c.host && aud != "https://login.salesforce.com" && aud != "https://test.salesforce.com":
		return denied("invalid_grant", "audience is invalid")
	}
	o := s.objects["user"]
	found := s.holders(o, o.field("Username"), claims.Sub)
	switch {
	case len(found) == 0:
		return denied("invalid_grant", "user hasn't approved this consumer")
	case found[0].get(o.field("IsActive")) == "":
		return denied("inactive_user", "user is inactive")
	}
	return s.grant(c, found[0].n, "api", "")
}

// signed checks the signature of an assertion.
func (s *Sandbox) signed(parts []string) bool {
	if s.options.AnyKey {
		return true
	}
	block, _ := pem.Decode(s.options.PublicKeyPEM)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if block == nil || err != nil {
		return false
	}
	var key any
	if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
		key = cert.PublicKey
	} else if key, err = x509.ParsePKIXPublicKey(block.Bytes); err != nil {
		return false
	}
	public, ok := key.(*rsa.PublicKey)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return ok && rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil
}

func (s *Sandbox) userValue(user int32, name string) string {
	o := s.objects["user"]
	return s.value(o, o.row(user), o.field(name))
}

func (s *Sandbox) orgID() string { return makeID(orgPrefix, 0) }

// identity tells who a token is of, at userinfo and at the address of the id.
func (s *Sandbox) identity(c *call) answer {
	_, token, _ := strings.Cut(c.header.Get("Authorization"), " ")
	user, ok := s.who(first(token, c.query.Get("access_token")))
	if !ok {
		return answer{status: http.StatusForbidden, text: "Bad_OAuth_Token", kind: "text/html"}
	}
	id := makeID("005", user)
	return reply(http.StatusOK, map[string]any{"sub": c.host + "/id/" + s.orgID() + "/" + id, "id": c.host + "/id/" + s.orgID() + "/" + id, "user_id": id, "organization_id": s.orgID(),
		"preferred_username": s.userValue(user, "Username"), "username": s.userValue(user, "Username"), "name": s.userValue(user, "Name"), "display_name": s.userValue(user, "Name"), "email": s.userValue(user, "Email"), "email_verified": true,
		"given_name": s.userValue(user, "FirstName"), "family_name": s.userValue(user, "LastName"), "active": true, "is_app_installed": true, "user_type": "STANDARD", "language": "en_GB", "locale": "en_GB", "zoneinfo": "Europe/London",
		"urls": map[string]string{"rest": c.host + "/services/data/v{version}/", "sobjects": c.host + "/services/data/v{version}/sobjects/", "query": c.host + "/services/data/v{version}/query/"}})
}
