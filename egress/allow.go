package egress

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// A rule is one entry of the operator's list: a range of addresses or a name, on
// one port or, when that is 0, on every one.
type rule struct {
	prefix netip.Prefix
	host   string
	port   uint16
}

// allows reports whether the rule lets a connection that was asked for by name
// go to an address.
func (r rule) allows(host string, to netip.AddrPort) bool {
	if r.port != 0 && r.port != to.Port() {
		return false
	}
	if r.host != "" {
		return r.host == host
	}
	return r.prefix.Contains(plain(to.Addr()))
}

// parseAllow reads the operator's list. Its error names the line.
func parseAllow(text string) (rules []rule, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		for _, entry := range strings.FieldsFunc(line, separates) {
			r, wrong := parseRule(entry)
			if wrong != "" {
				return nil, fmt.Errorf("egress.allow, line %d: %q %s", number, entry, wrong)
			}
			rules = append(rules, r)
		}
	}
	return rules, nil
}

func separates(c rune) bool { return c == ',' || unicode.IsSpace(c) }

// parseRule reads one entry, or says in words what is wrong with it.
func parseRule(entry string) (r rule, wrong string) {
	if strings.Contains(entry, "/") {
		return parseRange(entry)
	}
	host, port, wrong := splitPort(entry)
	if wrong != "" {
		return rule{}, wrong
	}
	if a, err := netip.ParseAddr(host); err == nil {
		a = plain(a)
		return rule{prefix: netip.PrefixFrom(a, a.BitLen()), port: port}, hopeless(a)
	}
	name, ok := asciiName(host)
	if !ok {
		return rule{}, "is not a range, an address or a name; write for example 192.168.7.0/24, 192.168.7.20:8443 or nas.example.org"
	}
	return rule{host: name, port: port}, ""
}

func parseRange(entry string) (r rule, wrong string) {
	p, err := netip.ParsePrefix(entry)
	if err != nil {
		return rule{}, "is not a range of addresses; write for example 192.168.7.0/24"
	}
	if p.Addr().Is4In6() {
		return rule{}, "is an IPv4 range written as IPv6; write it as IPv4"
	}
	if p != p.Masked() {
		return rule{}, fmt.Sprintf("begins in the middle of its range; write %s, or %s for one address", p.Masked(), p.Addr())
	}
	// A range as wide as 0.0.0.0/0 still has what may be reached.
	for _, n := range networks {
		if n.standing == never && n.prefix.Bits() <= p.Bits() && n.prefix.Contains(p.Addr()) {
			return rule{}, hopeless(p.Addr())
		}
	}
	return rule{prefix: p}, ""
}

// hopeless says why a line for this address would change nothing.
func hopeless(a netip.Addr) string {
	if standing, words := judge(a); standing == never {
		return "can never be allowed: " + words + ". Remove it"
	}
	return ""
}

// splitPort splits "host", "host:port", "::1", "[::1]" and "[::1]:port".
func splitPort(entry string) (host string, port uint16, wrong string) {
	if _, err := netip.ParseAddr(entry); err == nil {
		return entry, 0, ""
	}
	host, digits, found := strings.Cut(entry, ":")
	if rest, ok := strings.CutPrefix(entry, "["); ok {
		host, digits, ok = strings.Cut(rest, "]")
		if !ok {
			return "", 0, "has no closing bracket"
		}
		digits, found = strings.CutPrefix(digits, ":")
		if !found && digits != "" {
			return "", 0, "goes on after its bracket; write for example [fd00::20]:8443"
		}
	}
	if !found {
		return host, 0, ""
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return "", 0, "has no port between 1 and 65535 after its colon"
	}
	return host, uint16(n), ""
}

// asciiName returns a host name as it is looked up: lower case, in ASCII (RFC
// 5891), without the final dot. Numbers that only some resolvers take for an
// address, such as 127.1 or 0x7f000001, are no names.
func asciiName(host string) (name string, ok bool) {
	name = strings.ToLower(strings.TrimSuffix(host, "."))
	if strings.ContainsFunc(name, func(r rune) bool { return r >= 0x80 }) {
		var err error
		if name, err = idna.Lookup.ToASCII(name); err != nil {
			return "", false
		}
	}
	odd := strings.ContainsFunc(name, func(r rune) bool {
		// The underscore is in no host name, and in many networks.
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", r)
	})
	return name, !odd && name != "" && len(name) <= 253 && !numeric(name)
}

// numeric reports whether the last label of a name is a number, which no domain
// is (WHATWG URL, "ends in a number").
func numeric(name string) bool {
	label := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
