package ldap_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/ldap"
)

func wantFault(t *testing.T, err error, kind connector.FaultKind, words string) {
	t.Helper()
	var fault *connector.Fault
	if !errors.As(err, &fault) || fault.Kind != kind || !strings.Contains(fault.Error(), words) {
		t.Errorf("got %v, want a fault that is %s and says %q", err, kind, words)
		return
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("the fault has the password: %v", err)
	}
}

func TestFaults(t *testing.T) {
	s := start(t, crowd(1500), "")
	closed := freePort(t)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dead.Close() })
	go func() {
		for {
			conn, err := dead.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	onHost := func(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }
	rows := []struct {
		name  string
		edit  func(*ldap.Settings)
		kind  connector.FaultKind // none: all is well
		words string
	}{
		{"all is well", func(*ldap.Settings) {}, 0, ""},
		{"a wrong password is denied", func(s *ldap.Settings) { s.Password = "wrong" }, connector.Denied, "password"},
		{"an account that is not there is denied", func(s *ldap.Settings) { s.BindDN = "cn=nobody," + suffix }, connector.Denied, "password"},
		{"no password is not an anonymous sign-in", func(s *ldap.Settings) { s.Password = "" }, connector.Invalid, "password is missing"},
		{"a base that is not there is named", func(s *ldap.Settings) { s.BaseDN = "ou=nowhere," + suffix }, connector.Invalid, "ou=nowhere"},
		{"nobody signed in sees no base", func(s *ldap.Settings) { s.BindDN = "" }, connector.Invalid, people},
		{"a base that is no name", func(s *ldap.Settings) { s.BaseDN = "people" }, connector.Invalid, `"people"`},
		{"no base", func(s *ldap.Settings) { s.BaseDN = "" }, connector.Invalid, "base"},
		{"a filter that does not end", func(s *ldap.Settings) { s.Filter = "(uid=x" }, connector.Invalid, "(uid=x"},
		{"a filter that breaks out", func(s *ldap.Settings) { s.Filter = "(uid=x))(|(uid=*)" }, connector.Invalid, "filter"},
		{"an attribute that is none", func(s *ldap.Settings) { s.Attributes = []string{"a=b)("} }, connector.Invalid, "a=b)("},
		{"a key that is none", func(s *ldap.Settings) { s.Key = "a b" }, connector.Invalid, "a b"},
		{"a key that is a photograph", func(s *ldap.Settings) { s.Key = "jpegPhoto" }, connector.Invalid, "jpegPhoto"},
		{"another kind of address", func(s *ldap.Settings) { s.URL = "https://example.org" }, connector.Invalid, "ldap://"},
		{"a base in the address", func(s *ldap.Settings) { s.URL += "/" + people }, connector.Invalid, "base"},
		{"somebody in the address", func(s *ldap.Settings) { s.URL = "ldap://ann:" + secret + "@example.org" }, connector.Invalid, "not in the address"},
		{"a port nobody listens on is busy", func(s *ldap.Settings) { s.URL = "ldap://" + closed }, connector.Busy, "cannot be reached"},
		{"a server that hangs up is busy", func(s *ldap.Settings) { s.URL = "ldap://" + dead.Addr().String() }, connector.Busy, "cannot be reached"},
		{"a server that hangs up on TLS is busy", func(s *ldap.Settings) { s.URL = "ldaps://" + dead.Addr().String() }, connector.Busy, "ended before it was encrypted"},
		{"more people than the server lists is not a listing", func(s *ldap.Settings) { s.BindDN = limited }, connector.Invalid, "size limit"},
		{"a base on another server", func(s *ldap.Settings) { s.BaseDN = "ou=abroad," + suffix }, connector.Invalid, "another server"},
		{"a part on another server is not a listing", func(s *ldap.Settings) { s.BaseDN = suffix }, connector.Invalid, "another server"},
		{"ldaps with the authority", func(c *ldap.Settings) { c.URL, c.RootCAs = "ldaps://"+onHost(s.tls), s.roots }, 0, ""},
		{"StartTLS with the authority", func(c *ldap.Settings) {
			c.URL, c.RootCAs, c.StartTLS = "ldap://"+onHost(s.plain), s.roots, true
		}, 0, ""},
		{"an unknown authority", func(c *ldap.Settings) { c.URL = "ldaps://" + onHost(s.tls) }, connector.Denied, "authority"},
		{"an unknown authority after StartTLS", func(c *ldap.Settings) { c.URL, c.StartTLS = "ldap://"+onHost(s.plain), true }, connector.Denied, "authority"},
		{"a certificate for another name", func(c *ldap.Settings) { c.URL, c.RootCAs = "ldaps://"+s.tls, s.roots }, connector.Denied, "not for 127.0.0.1"},
		{"ldaps on the plain port", func(c *ldap.Settings) { c.URL, c.RootCAs = "ldaps://"+onHost(s.plain), s.roots }, connector.Busy, "port speaks TLS"},
		{"both ways to encrypt", func(c *ldap.Settings) { c.URL, c.StartTLS = "ldaps://"+onHost(s.tls), true }, connector.Invalid, "encrypted already"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			settings := s.settings()
			row.edit(&settings)
			d, err := ldap.Open(t.Context(), settings, new(net.Dialer).DialContext, now)
			var l listing
			if err == nil {
				l = list(t.Context(), d, "")
				err = l.err
			}
			if l.complete != (row.kind == 0) {
				t.Errorf("complete: got %v, want %v", l.complete, row.kind == 0)
			}
			if row.kind != 0 {
				wantFault(t, err, row.kind, row.words)
			} else if err != nil {
				t.Errorf("got %v (%v), want no error", err, errors.Unwrap(err))
			}
		})
	}
	t.Run("a certificate that has expired", func(t *testing.T) {
		settings := s.settings()
		settings.URL, settings.RootCAs = "ldaps://"+onHost(s.tls), s.roots
		later := func() time.Time { return now().AddDate(1, 0, 0) }
		_, err := ldap.Open(t.Context(), settings, new(net.Dialer).DialContext, later)
		wantFault(t, err, connector.Denied, "expired")
	})
	t.Run("the dial function has its own reasons", func(t *testing.T) {
		refuse := func(context.Context, string, string) (net.Conn, error) {
			return nil, &connector.Fault{Kind: connector.Invalid, Message: "This address is inside the network."}
		}
		_, err := ldap.Open(t.Context(), s.settings(), refuse, now)
		wantFault(t, err, connector.Invalid, "inside the network")
	})
}

func TestCancelEndsASearch(t *testing.T) {
	s := start(t, crowd(size), "")
	before := runtime.NumGoroutine()
	d := open(t, s.settings())

	t.Run("between pages", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		pages := 0
		for _, err := range d.Changes(ctx, "") {
			if pages++; pages > 1 && !errors.Is(err, context.Canceled) {
				t.Fatalf("after the cancel: got a page or %v, want %v", err, context.Canceled)
			}
			cancel()
		}
		if pages != 2 {
			t.Errorf("got %d yields, want a page and an error", pages)
		}
	})
	t.Run("while the server says nothing", func(t *testing.T) {
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		for _, scheme := range []string{"ldap://", "ldaps://", "starttls"} {
			settings := s.settings()
			settings.StartTLS = scheme == "starttls"
			settings.URL = strings.Replace(scheme, "starttls", "ldap://", 1) + silent.Addr().String()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error)
			go func() {
				_, err := ldap.Open(ctx, settings, new(net.Dialer).DialContext, now)
				done <- err
			}()
			conn, err := silent.Accept()
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v, want %v", scheme, err, context.Canceled)
			}
			conn.Close()
		}
	})
	t.Run("a listing that is left early", func(t *testing.T) {
		for _, err := range d.Changes(t.Context(), "") {
			if err != nil {
				t.Error(err)
			}
			break
		}
	})
	// The library's own two end soon after the connection is closed.
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("goroutines: got %d, want %d\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
