package server

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
)

// figures answers Prometheus. Whoever is on this machine may look; everybody else
// needs a token of scope read. A request that came by a proxy is from elsewhere, and
// so is every request once people reach Kith by another address than this machine's.
func figures(s *service.Service) http.Handler {
	answer := s.Metrics.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if !fromHere(s.BaseURL, r) && !withToken(s, r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="kith"`)
			http.Error(w, "Metrics are for this machine, or for a token of scope read: kith token add", http.StatusUnauthorized)
			return
		}
		answer.ServeHTTP(w, r)
	})
}

// forwarded are what a proxy says of where a request came from.
func forwarded() []string { return []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via"} }

// fromHere reports whether a request is of this machine. A page that makes a browser
// ask here by a name of its own is not.
func fromHere(base string, r *http.Request) bool {
	for _, name := range forwarded() {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	u, err := url.Parse(base)
	return err == nil && loopback(withPort(u.Host)) && loopback(withPort(r.Host)) && loopback(r.RemoteAddr)
}

func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), "0")
}

// withToken reports whether a request carries a token that may read.
func withToken(s *service.Service, r *http.Request) bool {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	who, err := s.Accounts.Token(r.Context(), strings.TrimSpace(secret), account.From{Address: host, Agent: r.UserAgent()})
	return err == nil && who.May(account.Viewer)
}
