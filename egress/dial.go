package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Refused is the error of a connection that the guard did not open. Nothing was
// sent, and nothing was learned about whether anybody listens there.
type Refused struct {
	Target string // as it was asked for: host:port
	Why    string
	Line   string // that the operator may add to egress.allow; empty when none would help
}

func (r *Refused) Error() string {
	if r.Line == "" {
		return fmt.Sprintf("Kith does not connect to %s: %s", r.Target, r.Why)
	}
	return fmt.Sprintf("Kith does not connect to %s: it leads to %s. If that is meant, whoever runs this Kith adds this line to egress.allow:  %s", r.Target, r.Why, r.Line)
}

const connectTimeout = 10 * time.Second

// DialContext connects to "host:port" by TCP, as net.Dialer does. A name is
// looked up once, and the address that is dialed is the one that is judged: a
// name that changes its mind gains nothing. A connection that is not allowed
// yields *Refused.
func (g *Guard) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, &Refused{Target: addr, Why: "only TCP connections are made"}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	name, ok := hostOf(host)
	if !ok {
		return nil, &Refused{Target: addr, Why: noHost}
	}
	d := net.Dialer{Timeout: connectTimeout, Resolver: g.resolver}
	// Control runs for every address that is tried, after the look-up and before
	// the first packet.
	d.ControlContext = func(_ context.Context, _, to string, _ syscall.RawConn) error {
		return g.check(name, addr, to)
	}
	conn, err := d.DialContext(ctx, network, net.JoinHostPort(name, port))
	// Without the words around it, which have the address that a name led to.
	if refused, ok := errors.AsType[*Refused](err); ok {
		return nil, refused
	}
	return conn, err
}

const noHost = "that is neither a host name nor an address"

// hostOf returns a host as it is dialed: an address as it is, a name in ASCII.
// The empty name, which would be dialed as this machine, is none.
func hostOf(host string) (name string, ok bool) {
	if _, err := netip.ParseAddr(host); err == nil {
		return host, true
	}
	return asciiName(host)
}

// check judges the address a connection is about to be opened to.
func (g *Guard) check(host, target, to string) error {
	at, err := netip.ParseAddrPort(to)
	if err != nil {
		return &Refused{Target: target, Why: "the address it leads to cannot be read"}
	}
	if g.own(at) {
		return &Refused{Target: target, Why: "that is Kith itself"}
	}
	standing, words := judge(at.Addr())
	switch {
	case standing == public:
		return nil
	case standing == never:
		return &Refused{Target: target, Why: words}
	case g.allows(host, at):
		return nil
	}
	return &Refused{Target: target, Why: words, Line: lineFor(host, at.Port())}
}

func (g *Guard) allows(host string, to netip.AddrPort) bool {
	for _, r := range g.rules {
		if r.allows(host, to) {
			return true
		}
	}
	return false
}

// lineFor is the narrowest line that would have let the connection pass. It
// repeats what was asked for and not where a name led: the error may be read by
// somebody who must not learn the addresses of a private network.
func lineFor(host string, port uint16) string {
	if a, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(plain(a), port).String()
	}
	return fmt.Sprintf("%s:%d", host, port)
}

// own reports whether an address is one that Kith itself listens on.
func (g *Guard) own(to netip.AddrPort) bool {
	addr, _ := embedded(to.Addr())
	for _, l := range g.listen {
		listens := plain(l.Addr())
		if l.Port() != to.Port() {
			continue
		}
		if addr == listens || listens.IsUnspecified() && (addr.IsLoopback() || g.isLocal(addr)) {
			return true
		}
	}
	return false
}

// isLocal reports whether an address is one of this machine's. When the machine
// does not tell, every one is.
func (g *Guard) isLocal(a netip.Addr) bool {
	addrs, err := g.local()
	if err != nil {
		return true
	}
	for _, l := range addrs {
		text, _, _ := strings.Cut(l.String(), "/")
		if own, err := netip.ParseAddr(text); err == nil && plain(own) == a {
			return true
		}
	}
	return false
}
