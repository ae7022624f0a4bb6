package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// authorize signs in whoever comes, and sends back with a code.
func (s *Sandbox) authorize(w http.ResponseWriter, r *http.Request) {
	back, err := url.Parse(r.URL.Query().Get("redirect_uri"))
	if err != nil || back.Host == "" || r.URL.Query().Get("response_type") != "code" {
		http.Error(w, "redirect_uri and response_type=code are needed", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	code := fmt.Sprintf("code-%d", len(s.codes)+1)
	s.codes[code] = true
	s.mu.Unlock()
	q := back.Query()
	q.Set("code", code)
	if state := r.URL.Query().Get("state"); state != "" {
		q.Set("state", state)
	}
	back.RawQuery = q.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token gives the token for a code, once. It does not expire, and there are no
// scopes.
func (s *Sandbox) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fresh := s.codes[r.FormValue("code")]
	if fresh {
		s.codes[r.FormValue("code")] = false
	}
	s.mu.Unlock()
	if !fresh || r.FormValue("grant_type") != "authorization_code" {
		write(w, http.StatusBadRequest, "application/json", map[string]any{"error": "invalid_grant"})
		return
	}
	write(w, http.StatusOK, "application/json", map[string]any{"access_token": s.options.Key, "expires_in": 0, "scope": nil})
}

// metadata tells the data center of an account.
func (s *Sandbox) metadata(w http.ResponseWriter, r *http.Request) {
	if _, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); token != s.options.Key {
		write(w, http.StatusUnauthorized, "application/json", map[string]any{"error": "invalid_token"})
		return
	}
	write(w, http.StatusOK, "application/json", map[string]any{"dc": "us1", "role": "owner", "accountname": "Kith Sandbox", "api_endpoint": "http://" + r.Host, "login_url": "http://" + r.Host})
}
