package egress_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/egress"
)

func TestAllowNamesTheLineThatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, allow, want string }{
		{"nothing", "", ""},
		{"comments and blank lines", "# the office\n\n192.168.7.0/24 # printers\n", ""},
		{"several on a line", "10.0.0.0/8, fd00::/8 nas.example.org", ""},
		{"every kind of line", "10.0.0.1\n10.0.0.1:22\n[fd00::20]:8443\nfd00::20\n[fd00::21]\nnas\nnas_2.lan:443", ""},
		{"everything there is", "0.0.0.0/0 ::/0", ""},
		{"a range that begins in its middle", "\n10.0.0.5/8", `egress.allow, line 2: "10.0.0.5/8" begins in the middle of its range; write 10.0.0.0/8, or 10.0.0.5 for one address`},
		{"a range that is too long", "10.0.0.0/33", `line 1: "10.0.0.0/33" is not a range`},
		{"a mapped range", "::ffff:10.0.0.0/104", "write it as IPv4"},
		{"a port that is none", "# a\n# b\nnas:70000", `line 3: "nas:70000" has no port between 1 and 65535`},
		{"port 0", "nas:0", "has no port between 1 and 65535"},
		{"no port after the colon", "nas:", "has no port between 1 and 65535"},
		{"an open bracket", "[fd00::20:22", "has no closing bracket"},
		{"something after a bracket", "[fd00::20]22", "goes on after its bracket"},
		{"a URL", "https://nas.example.org", "is not a range"},
		{"a wildcard", "*.example.org", "is not a range, an address or a name"},
		{"a number that some take for an address", "127.1", "is not a range, an address or a name"},
		{"metadata", "169.254.169.254", `"169.254.169.254" can never be allowed: it is link-local, where clouds keep their passwords. Remove it`},
		{"metadata with a port", "169.254.169.254:80", "can never be allowed"},
		{"a range of link-local", "fe80::/64", "can never be allowed"},
		{"the unspecified address", "0.0.0.0", "can never be allowed"},
		{"a private address behind NAT64", "64:ff9b::10.0.0.1", "can never be allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := egress.New(egress.Settings{Allow: c.allow})
			contains(t, err, c.want)
		})
	}
}

// The line that a refusal names is one that the list takes.
func TestTheLineOfARefusalIsTaken(t *testing.T) {
	_, resolver := answerer(t)
	g := guard(t, egress.Settings{Resolver: resolver})
	for _, f := range forms {
		err := dial(g, joined(f.host))
		_, line, found := strings.Cut(err.Error(), "egress.allow:  ")
		if !found {
			continue
		}
		if _, err := egress.New(egress.Settings{Allow: line}); err != nil {
			t.Errorf("%s: the refusal of %s names a line that is wrong: %v", f.name, f.host, err)
		}
	}
}

func joined(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]:443"
	}
	return host + ":443"
}

func TestAnyTextIsReadOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("0123456789abf.:/[]%#, \nx-_é*"))).Draw(t, "allow")
		if _, err := egress.New(egress.Settings{Allow: text}); err != nil && !strings.HasPrefix(err.Error(), "egress.allow, line ") {
			t.Fatalf("%q: the error names no line: %v", text, err)
		}
	})
}
