package contact

import (
	"net/netip"
	"strings"
	"unicode"
)

// canonicalURL returns an address of the web with its scheme and host in lower
// case, https where no scheme is written, no default port, and no slash after
// a bare host. Path and query are kept: their letters may matter.
func canonicalURL(s string) (string, Problem) {
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return s, URLInvalid
	}
	scheme, rest, written := strings.Cut(s, "://")
	if written = written && validScheme(scheme); !written {
		scheme, rest = "https", strings.TrimPrefix(s, "//")
	}
	scheme = strings.ToLower(scheme)
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, ok := canonicalHost(rest[:end], scheme)
	if !ok || !written && (!strings.Contains(host, ".") || strings.Contains(host, "@")) {
		return s, URLInvalid // "none" is a word, ann@example.com an address for mail
	}
	path := rest[end:]
	if path == "/" {
		path = ""
	}
	return scheme + "://" + host + path, ""
}

// validScheme reports whether s is a scheme (RFC 3986 3.1).
func validScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}

// canonicalHost returns the authority of a URL: its user as it stands, its host
// in lower-case ASCII, its port unless it is the scheme's own.
func canonicalHost(s, scheme string) (string, bool) {
	user := s[:strings.LastIndexByte(s, '@')+1]
	host, port := s[len(user):], ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host, port = host[:i], host[i+1:]
		if !digitsOnly(port) {
			return "", false
		}
	}
	host, ok := hostName(host)
	if !ok {
		return "", false
	}
	if port == "" || port == defaultPort(scheme) {
		return user + host, true
	}
	return user + host + ":" + port, true
}

// hostName returns a host name in lower-case ASCII, or an IPv6 address in its
// brackets.
func hostName(s string) (string, bool) {
	inside, literal := strings.CutPrefix(s, "[")
	if !literal {
		return asciiHost(strings.TrimSuffix(s, "."))
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
	return "[" + addr.String() + "]", err == nil && addr.Is6() && strings.HasSuffix(s, "]") && addr.Zone() == ""
}

// defaultPort returns the port that a scheme means when none is written.
func defaultPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "http":
		return "80"
	case "ftp":
		return "21"
	}
	return ""
}

// digitsOnly reports whether s holds nothing but ASCII digits; "" does.
func digitsOnly(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
