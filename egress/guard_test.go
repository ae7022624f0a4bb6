package egress_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/egress"
)

// A place is a server on loopback that counts who comes.
type place struct {
	*httptest.Server
	visits atomic.Int64
}

// open starts a server on an address of loopback.
func open(t *testing.T, addr string, serve http.HandlerFunc) *place {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{}
	p.Server = &httptest.Server{Listener: l, Config: &http.Server{Handler: serve, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			p.visits.Add(1)
		}
	}}}
	p.Start()
	t.Cleanup(p.Close)
	return p
}

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

func (p *place) host() string { return p.Listener.Addr().String() }

func (p *place) port() string {
	_, port, _ := net.SplitHostPort(p.host())
	return port
}

func guard(t *testing.T, s egress.Settings) *egress.Guard {
	t.Helper()
	g, err := egress.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func dial(g *egress.Guard, addr string) error {
	conn, err := g.DialContext(context.Background(), "tcp", addr)
	if err == nil {
		conn.Close()
	}
	return err
}

func get(c *http.Client, link string) error {
	resp, err := c.Get(link)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

// linkTo writes a host of the table as a browser would take it.
func linkTo(host, port string) string {
	if _, err := netip.ParseAddr(host); err == nil && strings.Contains(host, ":") {
		host = "[" + strings.ReplaceAll(host, "%", "%25") + "]"
	}
	return "http://" + host + ":" + port + "/"
}

// S1: every form is refused on every path, by the guard and not by chance. The
// same paths reach the server once the operator allows it: see the next test.
func TestEveryFormIsRefusedOnEveryPath(t *testing.T) {
	names, resolver := answerer(t)
	target := open(t, "127.0.0.1:0", hello)
	var next string // where the entrance redirects to
	entrance := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", next)
		w.WriteHeader(http.StatusFound)
	})
	g := guard(t, egress.Settings{Resolver: resolver, Allow: entrance.host() + " 127.0.0.9"})
	client := g.Client(egress.Options{Whole: 20 * time.Second})

	paths := []struct {
		name string
		try  func(t *testing.T, f form) error
	}{
		{"dialed", func(_ *testing.T, f form) error {
			return dial(g, net.JoinHostPort(f.host, target.port()))
		}},
		{"as a link", func(_ *testing.T, f form) error {
			return get(client, linkTo(f.host, target.port()))
		}},
		{"as a redirect", func(_ *testing.T, f form) error {
			next = linkTo(f.host, target.port())
			return get(client, entrance.URL)
		}},
		{"as a name that leads elsewhere first", func(t *testing.T, f form) error {
			name := rebinding(t, names, resolver, f)
			return dial(g, net.JoinHostPort(name, target.port()))
		}},
	}
	for i, f := range forms {
		for _, p := range paths {
			t.Run(f.name+"/"+p.name, func(t *testing.T) {
				wantRefused(t, p.try(t, f), fmt.Sprintf("row %d, %s", i, f.host))
			})
		}
	}
	if n := target.visits.Load(); n != 0 {
		t.Errorf("%d connections reached the server, want none", n)
	}
	if len(forms) < 80 {
		t.Errorf("the table has %d forms, want at least 80", len(forms))
	}
}

// wantRefused wants the guard's own error: a connection that failed for another
// reason proves nothing.
func wantRefused(t *testing.T, err error, what string) {
	t.Helper()
	if _, ok := errors.AsType[*egress.Refused](err); ok {
		return
	}
	if err != nil && !hasIPv6() {
		t.Skipf("%s: this machine has no IPv6, so that nothing gets as far as the guard: %v", what, err)
	}
	t.Errorf("%s: got %v, want a refusal by the guard", what, err)
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// rebinding returns a name that led to 127.0.0.9, which is allowed, and leads to
// the form's address from now on. A guard that looks a name up, is content, and
// lets somebody else look it up again to dial it is open to this.
func rebinding(t *testing.T, names *nameServer, resolver *net.Resolver, f form) string {
	a, err := netip.ParseAddr(f.host)
	if err != nil {
		t.Skip("only an address can be the answer to a look-up")
	}
	name := fmt.Sprintf("%x.example.com", sha256.Sum224([]byte(f.name)))
	names.set(name, addrs("127.0.0.9"), []netip.Addr{a.WithZone("")})
	found, err := resolver.LookupNetIP(context.Background(), "ip", name)
	if err != nil || len(found) != 1 || found[0].Unmap() != netip.MustParseAddr("127.0.0.9") {
		t.Fatalf("the first look-up of %s gave %v, %v; want 127.0.0.9", name, found, err)
	}
	return name
}

// The other half of the test above: what the operator allows is reached on all
// the same paths, so that a guard that refuses everything fails here.
func TestWhatTheOperatorAllowsIsReached(t *testing.T) {
	names, resolver := answerer(t)
	target := open(t, "127.0.0.1:0", hello)
	entrance := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	names.set("rebinds.example.com", addrs("10.9.9.9"), addrs("127.0.0.1"))
	port := target.port()
	for _, c := range []struct{ name, allow, host string }{
		{"a range", "127.0.0.0/8", "127.0.0.1"},
		{"an address", "127.0.0.1", "127.0.0.1"},
		{"an address and a port", "127.0.0.1:" + port, "127.0.0.1"},
		{"an address, for a name that leads there", "127.0.0.1", "nas.example.com"},
		{"an address, in its mapped form", "127.0.0.1", "::ffff:127.0.0.1"},
		{"an address that is listed in its mapped form", "::ffff:127.0.0.1", "127.0.0.1"},
		{"a name", "nas.example.com", "nas.example.com"},
		{"a name and a port", "nas.example.com:" + port, "nas.example.com"},
		{"a name in capitals with a final dot", "NAS.Example.com.", "nas.example.COM"},
		{"an international name", "müller.example.com", "MÜLLER.example.com"},
		{"a name that has left a place that is not allowed", "127.0.0.1", "rebinds.example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := guard(t, egress.Settings{Resolver: resolver, Allow: c.allow + "\n" + entrance.host()})
			client := g.Client(egress.Options{})
			if strings.HasPrefix(c.host, "rebinds") {
				if err := dial(g, c.host+":"+port); err == nil {
					t.Errorf("the first look-up of %s leads to 10.9.9.9, and was dialed", c.host)
				}
			}
			if err := dial(g, net.JoinHostPort(c.host, port)); err != nil {
				t.Errorf("dialed: %v", err)
			}
			if err := get(client, linkTo(c.host, port)); err != nil {
				t.Errorf("as a link: %v", err)
			}
			if err := get(client, entrance.URL+"?to="+url.QueryEscape(linkTo(c.host, port))); err != nil {
				t.Errorf("as a redirect: %v", err)
			}
		})
	}
}

func TestWhatALineDoesNotAllow(t *testing.T) {
	_, resolver := answerer(t)
	target := open(t, "127.0.0.1:0", hello)
	for _, c := range []struct{ name, allow, host string }{
		{"another port of the address", "127.0.0.1:1", "127.0.0.1"},
		{"another port of the name", "nas.example.com:1", "nas.example.com"},
		{"another address", "127.0.0.2", "127.0.0.1"},
		{"the address a listed name leads to", "nas.example.com", "127.0.0.1"},
		{"another name for the same address", "nas.example.com", "loopback.example.com"},
		{"a name below a listed one", "example.com", "nas.example.com"},
		{"a private address hidden in a translated one", "127.0.0.0/8", "64:ff9b::127.0.0.1"},
		{"a private address hidden by 6to4", "127.0.0.0/8", "2002:7f00:1::"},
		{"metadata behind NAT64, by a line for everything", "0.0.0.0/0, ::/0", "64:ff9b::a9fe:a9fe"},
		{"metadata by 6to4, by a line for everything", "0.0.0.0/0, ::/0", "2002:a9fe:a9fe::1"},
		{"metadata by Teredo, by a line for everything", "0.0.0.0/0, ::/0", "2001:0:4136:e378:8000:63bf:5601:5601"},
		{"metadata by SIIT, by a line for everything", "0.0.0.0/0, ::/0", "::ffff:0:a9fe:a9fe"},
		{"link-local with a zone, by a line for everything", "0.0.0.0/0, ::/0", "fe80::1%lo"},
		{"metadata, by a line for everything", "0.0.0.0/0, ::/0", "169.254.169.254"},
		{"metadata, by a line for the name that leads there", "metadata.example.com", "metadata.example.com"},
		{"the unspecified address, by a line for everything", "0.0.0.0/0, ::/0", "0.0.0.0"},
		{"the IPv6 metadata of AWS, by a line for all of ULA", "fc00::/7", "fd00:ec2::254"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := guard(t, egress.Settings{Resolver: resolver, Allow: c.allow})
			wantRefused(t, dial(g, net.JoinHostPort(c.host, target.port())), fmt.Sprintf("%s under %q", c.host, c.allow))
		})
	}
	if n := target.visits.Load(); n != 0 {
		t.Errorf("%d connections reached the server, want none", n)
	}
}

func TestKithDoesNotConnectToItself(t *testing.T) {
	_, resolver := answerer(t)
	self := open(t, "127.0.0.1:0", hello)
	port := netip.MustParseAddrPort(self.host()).Port()
	everywhere := netip.AddrPortFrom(netip.IPv4Unspecified(), port)
	everywhere6 := netip.AddrPortFrom(netip.IPv6Unspecified(), port)
	for _, c := range []struct {
		name, host string
		listen     netip.AddrPort
	}{
		{"by the address it listens on", "127.0.0.1", netip.MustParseAddrPort(self.host())},
		{"by the mapped form of it", "::ffff:127.0.0.1", netip.MustParseAddrPort(self.host())},
		{"by a name", "nas.example.com", netip.MustParseAddrPort(self.host())},
		{"by loopback, when it listens everywhere", "127.0.0.1", everywhere},
		{"by IPv6 loopback, when it listens everywhere", "::1", everywhere6},
		{"by its own address, when it listens everywhere", ownAddress(t), everywhere},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := guard(t, egress.Settings{Resolver: resolver, Allow: "0.0.0.0/0 ::/0 nas.example.com", Listen: []netip.AddrPort{c.listen}})
			if strings.Contains(c.name, "IPv6") && !hasIPv6() {
				t.Skip("this machine has no IPv6")
			}
			err := dial(g, net.JoinHostPort(c.host, self.port()))
			if err == nil || !strings.Contains(err.Error(), "that is Kith itself") {
				t.Errorf("got %v, want a refusal that says it is Kith itself", err)
			}
		})
	}
	if n := self.visits.Load(); n != 0 {
		t.Errorf("%d connections reached Kith, want none", n)
	}
}

// ownAddress is one of this machine's addresses, loopback when it has no other.
func ownAddress(t *testing.T) string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() {
			return p.Addr().String()
		}
	}
	return "127.0.0.1"
}
