package egress

import (
	"net"
	"net/netip"
	"testing"
)

// The neighbours of what is refused are public.
func TestPublicAddressesAreAllowed(t *testing.T) {
	g, err := New(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, host string }{
		{"the first public address", "1.0.0.0"},
		{"before 10/8", "9.255.255.255"},
		{"after 10/8", "11.0.0.0"},
		{"before a provider's network", "100.63.255.255"},
		{"after a provider's network", "100.128.0.0"},
		{"before loopback", "126.255.255.255"},
		{"after loopback", "128.0.0.0"},
		{"beside Azure's metadata", "168.63.129.17"},
		{"before link-local", "169.253.255.255"},
		{"after link-local", "169.255.0.0"},
		{"before 172.16/12", "172.15.255.255"},
		{"after 172.16/12", "172.32.0.0"},
		{"before 192.168/16", "192.167.255.255"},
		{"after 192.168/16", "192.169.0.0"},
		{"before the measurements", "198.17.255.255"},
		{"after the measurements", "198.20.0.0"},
		{"before multicast", "223.255.255.255"},
		{"public, mapped", "::ffff:8.8.8.8"},
		{"public, behind NAT64", "64:ff9b::8.8.8.8"},
		{"public, by 6to4", "2002:808:808::1"},
		{"public, by Teredo", "2001:0:4136:e378:8000:63bf:f7f7:f7f7"},
		{"public IPv6", "2606:4700:4700::1111"},
		{"public IPv6, the first after the special ones", "2001:200::1"},
		{"public IPv6, before the examples", "2001:db7:ffff::1"},
		{"public IPv6, after the examples", "2001:db9::1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := g.check(c.host, c.host, net.JoinHostPort(c.host, "443")); err != nil {
				t.Errorf("got %v, want it allowed", err)
			}
		})
	}
}

func TestAMachineThatDoesNotTellItsAddresses(t *testing.T) {
	g, err := New(Settings{Allow: "10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	g.listen = append(g.listen, netip.MustParseAddrPort("0.0.0.0:8080"))
	g.local = func() ([]net.Addr, error) { return nil, net.UnknownNetworkError("none") }
	if g.check("10.0.0.1", "", "10.0.0.1:8080") == nil {
		t.Error("port 8080 of 10.0.0.1 may be Kith itself and was allowed")
	}
	if err := g.check("10.0.0.1", "", "10.0.0.1:8081"); err != nil {
		t.Errorf("another port: got %v, want it allowed", err)
	}
}
