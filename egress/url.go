package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
)

// CheckURL reads a location that a person typed and refuses what the guard would
// refuse whatever its name turns out to lead to, so that a form can say so at
// once. It looks nothing up; the address is judged when it is dialed. Its errors
// repeat no part of the text but the host: the rest may hold a password.
func (g *Guard) CheckURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("this is not a URL; write for example https://crm.example.com/contacts.csv")
	}
	if usualPort(u.Scheme) == "" {
		return nil, errors.New("the URL must begin with http://, https://, ftp://, ftps://, sftp://, ldap:// or ldaps://")
	}
	if u.Hostname() == "" {
		return nil, errors.New("the URL names no host; write for example https://crm.example.com/contacts.csv")
	}
	port, err := strconv.ParseUint(portOf(u), 10, 16)
	if err != nil || port == 0 {
		return nil, fmt.Errorf("the port of %s must lie between 1 and 65535", u.Hostname())
	}
	host, ok := hostOf(u.Hostname())
	if !ok {
		return nil, &Refused{Target: u.Host, Why: noHost}
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if err := g.check(host, u.Host, netip.AddrPortFrom(a, uint16(port)).String()); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// portOf is the port a location names, or else the usual one of its scheme.
func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return usualPort(u.Scheme)
}

// usualPort is the port of a scheme that Kith speaks, and empty for any other.
func usualPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	case "ftp":
		return "21"
	case "ftps":
		return "990"
	case "sftp":
		return "22"
	case "ldap":
		return "389"
	case "ldaps":
		return "636"
	}
	return ""
}
