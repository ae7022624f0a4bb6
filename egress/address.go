package egress

import (
	"encoding/binary"
	"net/netip"
)

// A standing is what may be done with an address.
type standing uint8

const (
	public standing = iota
	private
	never
)

// A network is a range of addresses that are not public, with the words that
// people read about it.
type network struct {
	prefix   netip.Prefix
	standing standing
	words    string
}

// networks lists what is not public, most specific first where ranges overlap.
// Sources: the special-purpose registries of IANA (RFC 6890) and the manuals of
// the clouds for their metadata services.
var networks = []network{
	{netip.MustParsePrefix("0.0.0.0/8"), never, "it stands for this machine itself"},
	{netip.MustParsePrefix("100.100.100.200/32"), never, "a cloud keeps its passwords there"}, // Alibaba
	{netip.MustParsePrefix("168.63.129.16/32"), never, "a cloud keeps its passwords there"},   // Azure
	{netip.MustParsePrefix("169.254.0.0/16"), never, "it is link-local, where clouds keep their passwords"},
	{netip.MustParsePrefix("192.0.0.0/24"), never, "it is reserved"}, // with Oracle's 192.0.0.192
	{netip.MustParsePrefix("224.0.0.0/4"), never, "it is a multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), never, "it is reserved"}, // with broadcast

	{netip.MustParsePrefix("10.0.0.0/8"), private, "a private network"},
	{netip.MustParsePrefix("100.64.0.0/10"), private, "a provider's internal network"},
	{netip.MustParsePrefix("127.0.0.0/8"), private, "this machine itself"},
	{netip.MustParsePrefix("172.16.0.0/12"), private, "a private network"},
	{netip.MustParsePrefix("192.168.0.0/16"), private, "a private network"},
	{netip.MustParsePrefix("192.0.2.0/24"), private, "a range for examples"},
	{netip.MustParsePrefix("192.88.99.0/24"), private, "a range that is no longer in use"},
	{netip.MustParsePrefix("198.18.0.0/15"), private, "a range for measurements"},
	{netip.MustParsePrefix("198.51.100.0/24"), private, "a range for examples"},
	{netip.MustParsePrefix("203.0.113.0/24"), private, "a range for examples"},

	{netip.MustParsePrefix("::1/128"), private, "this machine itself"},
	{netip.MustParsePrefix("::/96"), never, "it stands for this machine itself"},
	{netip.MustParsePrefix("fd00:ec2::/32"), never, "a cloud keeps its passwords there"},          // AWS
	{netip.MustParsePrefix("fd20:ce::254/128"), never, "a cloud keeps its passwords there"},       // Google
	{netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), never, "a cloud keeps its passwords there"}, // Oracle
	{netip.MustParsePrefix("fe80::/10"), never, "it is link-local, where clouds keep their passwords"},
	{netip.MustParsePrefix("ff00::/8"), never, "it is a multicast address"},
	{netip.MustParsePrefix("fc00::/7"), private, "a private network"},
	{netip.MustParsePrefix("fec0::/10"), private, "a private network"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), private, "a network's own translation to IPv4"},
	{netip.MustParsePrefix("2001::/23"), private, "a range for special protocols"},
	{netip.MustParsePrefix("2001:db8::/32"), private, "a range for examples"},
	{netip.MustParsePrefix("3fff::/20"), private, "a range for examples"},
	// Whatever else is not global unicast (RFC 4291 2.4) is nobody's yet.
	{netip.MustParsePrefix("::/3"), private, "a range that is not in use"},
	{netip.MustParsePrefix("4000::/2"), private, "a range that is not in use"},
	{netip.MustParsePrefix("8000::/1"), private, "a range that is not in use"},
}

// judge says what may be done with an address and, unless it is public, why. An
// IPv4 address inside an IPv6 one counts as itself; only a public one may be
// reached so, for no network of ours is behind a translator (RFC 6052 3.1).
func judge(a netip.Addr) (standing, string) {
	inner, translated := embedded(a)
	for _, n := range networks {
		if !n.prefix.Contains(inner) {
			continue
		}
		if translated {
			return never, "it hides an address that is not public"
		}
		return n.standing, n.words
	}
	return public, ""
}

// plain strips what makes one address look like two: the zone, for which
// netip.Prefix.Contains is always false, and the mapping of IPv4 into IPv6.
func plain(a netip.Addr) netip.Addr { return a.WithZone("").Unmap() }

// embedded returns the IPv4 address that a translated address stands for, or the
// plain address itself.
//
//	64:ff9b::/96     NAT64 (RFC 6052)            last 32 bits
//	::ffff:0:0:0/96  SIIT (RFC 2765)             last 32 bits
//	2002::/16        6to4 (RFC 3056)             bits 16 to 48
//	2001::/32        Teredo (RFC 4380)           last 32 bits, inverted
func embedded(a netip.Addr) (inner netip.Addr, translated bool) {
	a = plain(a)
	if !a.Is6() {
		return a, false
	}
	b := a.As16()
	last := binary.BigEndian.Uint32(b[12:])
	switch {
	case within(a, "64:ff9b::/96"), within(a, "::ffff:0:0:0/96"):
		return ipv4(last), true
	case within(a, "2002::/16"):
		return ipv4(binary.BigEndian.Uint32(b[2:])), true
	case within(a, "2001::/32"):
		return ipv4(^last), true
	}
	return a, false
}

func within(a netip.Addr, prefix string) bool { return netip.MustParsePrefix(prefix).Contains(a) }

func ipv4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}
