package server

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// outer is what every request passes first, whatever answers it: pages, API, health
// and refusals alike have headers that forbid everything (reliability.md 8, rows 15
// to 20), which pages then loosen for themselves; and a Kith that only this machine
// reaches answers to this machine's names only, so that a page elsewhere whose name
// is made to lead here (DNS rebinding) finds nobody.
func outer(base string, next http.Handler) http.Handler {
	here, err := url.Parse(base)
	own := err == nil && here.Host != "" && loopback(withPort(here.Host))
	secure := strings.HasPrefix(base, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if secure || r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if own && !loopback(withPort(r.Host)) {
			http.Error(w, "Kith is not reached by this name. Say --base-url when it shall be.", http.StatusMisdirectedRequest)
			return
		}
		if r.ContentLength != 0 {
			h.Set("Connection", "close")
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // a writer of tests has none
		}
		next.ServeHTTP(w, r)
	})
}

// bodyTimeout is how long a body may take until somebody wants it: whoever sends one
// slowly that nobody reads loses the connection. Pages and API lift this once they
// know who it is and that it is theirs.
const bodyTimeout = 30 * time.Second

// Behind gives requests that come by one of these proxies the address that it says
// they come from: the last one in X-Forwarded-For that is no proxy of ours (ASVS
// 4.1.3). What anybody else says of it is not believed.
func Behind(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, ok := origin(proxies, r); ok {
			r = r.WithContext(r.Context()) // a copy of our own
			r.RemoteAddr = net.JoinHostPort(from.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

// origin walks back from the peer through the proxies that are ours.
func origin(proxies []netip.Prefix, r *http.Request) (from netip.Addr, moved bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !among(proxies, peer.Addr()) {
		return from, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return from, moved // a proxy of ours writes addresses: what stands before is a stranger's
		}
		from, moved = hop.Unmap().WithZone(""), true
		if !among(proxies, from) {
			return from, true
		}
	}
	return from, moved
}

func among(proxies []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
