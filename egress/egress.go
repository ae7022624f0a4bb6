// Package egress is the one guard for all outgoing traffic: every connection
// that Kith opens to a place a person named goes through a Guard, which looks at
// the address that is really dialed. It does not read configuration, does not
// speak any protocol but the HTTP client it hands out, and does not guard name
// look-ups, which go to the operator's own resolver.
//
// What is allowed (reliability.md 5.2):
//
//	link-local, cloud metadata, multicast, reserved, Kith itself   never
//	private, ULA, CGNAT, loopback, other special ranges             by the operator's line in egress.allow
//	public                                                         always
package egress

import (
	"net"
	"net/netip"
)

// Settings are what a Guard is made of. With none of them set, public addresses
// are allowed and no others.
type Settings struct {
	// Allow is the operator's list, egress.allow: lines or words, each one of
	//
	//	192.168.7.0/24       a range, on every port
	//	192.168.7.20         an address, on every port
	//	192.168.7.20:8443    an address and a port; [fd00::20]:8443 likewise
	//	nas.example.org      a name, wherever in a private network it leads
	//	nas.example.org:22   a name and a port
	//
	// with "#" before comments. Only the operator may set it: a stolen web
	// account must not widen it.
	Allow string
	// Listen are Kith's own addresses, to which it never connects.
	Listen []netip.AddrPort
	// Resolver looks names up; the system's when nil.
	Resolver *net.Resolver
}

// A Guard decides which connections may be opened. It is safe for use by
// several goroutines.
type Guard struct {
	rules    []rule
	listen   []netip.AddrPort
	resolver *net.Resolver
	// local lists the addresses of this machine, for a Kith that listens on all.
	local func() ([]net.Addr, error)
}

// New returns a guard, or an error that names the line of Allow that is wrong.
func New(s Settings) (*Guard, error) {
	rules, err := parseAllow(s.Allow)
	if err != nil {
		return nil, err
	}
	return &Guard{rules: rules, listen: s.Listen, resolver: s.Resolver, local: net.InterfaceAddrs}, nil
}
