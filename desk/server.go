package desk

import (
	"net/url"
	"strings"
)

// SameServer reports whether two sets of settings lead to one server: a secret is
// sent to no other than it was given for.
func SameServer(a, b map[string]string) bool {
	for _, name := range []string{"host", "port"} {
		if a[name] != b[name] {
			return false
		}
	}
	return serverOf(a["url"]) == serverOf(b["url"])
}

// serverOf is the part of an address that says who gets a secret.
func serverOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}
