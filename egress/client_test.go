package egress_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kith-sync/kith/egress"
)

// loopback is a guard that lets tests reach their own servers.
func loopback(t *testing.T) *egress.Guard {
	_, resolver := answerer(t)
	return guard(t, egress.Settings{Allow: "127.0.0.0/8 nas.example.com", Resolver: resolver})
}

func TestRedirectsAreFollowedFiveTimes(t *testing.T) {
	left := 0
	server := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		if left == 0 {
			hello(w, r)
			return
		}
		left--
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	client := loopback(t).Client(egress.Options{})
	for _, c := range []struct {
		name      string
		redirects int
		want      string
	}{
		{"none", 0, ""},
		{"five are followed", 5, ""},
		{"the sixth is not", 6, "redirects more than 5 times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			left = c.redirects
			contains(t, get(client, server.URL), c.want)
		})
	}
}

func contains(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("got error %v, want %q in it", err, want)
	}
}

// What the last server of a chain of redirects is told about who asks.
func TestCredentialsStayWithTheirHost(t *testing.T) {
	var got http.Header
	last := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) { got = r.Header.Clone() })
	away := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("back"), http.StatusFound)
	})
	var next string
	first := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			got = r.Header.Clone()
			return
		}
		w.Header().Set("Location", next)
		w.WriteHeader(http.StatusFound)
	})
	for _, c := range []struct {
		name, next string
		kept       bool
	}{
		{"the same host keeps them", "/end", true},
		{"the same host, written out, keeps them", first.URL + "/end", true},
		{"another port is another host", last.URL, false},
		{"another name for the same server is another host", "http://nas.example.com:" + first.port() + "/end", false},
		{"another host with a password in the link gets none", "http://eve:eve@" + last.host(), false},
		{"coming back from another host brings nothing back", away.URL + "?back=" + first.URL + "/end", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, got = c.next, nil
			req, _ := http.NewRequest(http.MethodGet, first.URL+"/?token=in-the-link", nil)
			req.Header = http.Header{"Authorization": {"Bearer key"}, "Cookie": {"session=key"}, "X-Api-Key": {"key"}, "Accept": {"text/csv"}}
			resp, err := loopback(t).Client(egress.Options{}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			for _, name := range []string{"Authorization", "Cookie", "X-Api-Key"} {
				if has := got.Get(name) != ""; has != c.kept {
					t.Errorf("after a redirect to %s %s is %q, want kept=%t", c.next, name, got.Get(name), c.kept)
				}
			}
			if referer := got.Get("Referer"); !c.kept && referer != "" {
				t.Errorf("after a redirect to %s Referer is %q, want none", c.next, referer)
			}
			if got.Get("Accept") != "text/csv" {
				t.Errorf("after a redirect to %s Accept is %q, want text/csv", c.next, got.Get("Accept"))
			}
		})
	}
}

func TestUserinfoStaysWithItsHost(t *testing.T) {
	var got string
	last := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") })
	first := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "secret" {
			t.Error("the first host did not get its password")
		}
		http.Redirect(w, r, last.URL, http.StatusFound)
	})
	if err := get(loopback(t).Client(egress.Options{}), "http://ada:secret@"+first.host()); err != nil {
		t.Fatal(err)
	}
	if got != "" {
		t.Errorf("the second host got Authorization %q, want none", got)
	}
}

func TestWhatIsWrittenIsNotTakenToAnotherHost(t *testing.T) {
	var method string
	last := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) { method = r.Method })
	first := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, last.URL, http.StatusTemporaryRedirect)
	})
	client := loopback(t).Client(egress.Options{})
	for method, want := range map[string]string{
		"POST": "redirects what was to be written", "PUT": "redirects what was to be written", "PATCH": "redirects what was to be written",
		"GET": "", "PROPFIND": "", "REPORT": "",
	} {
		req, _ := http.NewRequest(method, first.URL, strings.NewReader("a contact"))
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		contains(t, err, want)
	}
	if method == "POST" || method == "PUT" || method == "PATCH" {
		t.Errorf("the second host got a %s", method)
	}
}

// secure starts an HTTPS server and returns it with its certificate in PEM.
func secure(t *testing.T, config *tls.Config, serve http.HandlerFunc) (*httptest.Server, []byte) {
	s := httptest.NewUnstartedServer(serve)
	s.TLS = config
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

func TestCertificatesAreVerified(t *testing.T) {
	plainer := open(t, "127.0.0.1:0", hello)
	good, cert := secure(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, plainer.URL, http.StatusFound)
		}
	})
	old, _ := secure(t, &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, hello)
	roots, err := egress.Trust(cert)
	if err != nil {
		t.Fatal(err)
	}
	g := loopback(t)
	for _, c := range []struct {
		name   string
		client *http.Client
		link   string
		want   string
	}{
		{"an unknown authority is refused", g.Client(egress.Options{}), good.URL, "certificate"},
		{"an authority the connection names is trusted", g.Client(egress.Options{Roots: roots}), good.URL, ""},
		{"a certificate for another name is refused", g.Client(egress.Options{Roots: roots}), strings.Replace(good.URL, "127.0.0.1", "nas.example.org", 1), "not nas.example.org"},
		{"TLS 1.1 is refused", g.Client(egress.Options{Roots: roots}), old.URL, "protocol version"},
		{"https does not become http", g.Client(egress.Options{Roots: roots}), good.URL + "/down", "from https to http"},
	} {
		t.Run(c.name, func(t *testing.T) { contains(t, get(c.client, c.link), c.want) })
	}
	if n := plainer.visits.Load(); n != 0 {
		t.Errorf("%d requests fell back to http, want none", n)
	}
	if _, err := egress.Trust([]byte("no certificate")); err == nil {
		t.Error("Trust took a text without a certificate")
	}
}

// net/http reads the environment only once, so that a test cannot set it.
func TestTheProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	transport := loopback(t).Client(egress.Options{}).Transport.(*egress.Transport)
	if transport.Proxy != nil {
		t.Error("the client asks for a proxy, which would dial in the guard's place")
	}
}

func TestOtherSchemesAndNetworksAreRefused(t *testing.T) {
	g := loopback(t)
	for _, link := range []string{"file:///etc/passwd", "gopher://127.0.0.1/", "unix:///run/kith.sock", "data:text/csv,a"} {
		if err := get(g.Client(egress.Options{}), link); err == nil {
			t.Errorf("the client opened %s", link)
		}
	}
	for _, network := range []string{"unix", "udp", "ip4:icmp", ""} {
		if conn, err := g.DialContext(context.Background(), network, "127.0.0.1:9"); err == nil {
			conn.Close()
			t.Errorf("the guard dialed network %q", network)
		}
	}
	server := open(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "ftp://"+r.Host)
		w.WriteHeader(http.StatusFound)
	})
	contains(t, get(g.Client(egress.Options{}), server.URL), "not a web address")
}

// The error of a refused name does not say where the name led.
func TestARefusalHidesWhereANameLeads(t *testing.T) {
	_, resolver := answerer(t)
	g := guard(t, egress.Settings{Resolver: resolver})
	for host, want := range map[string]string{
		"private.example.com:22": "Kith does not connect to private.example.com:22: it leads to a private network. If that is meant, whoever runs this Kith adds this line to egress.allow:  private.example.com:22",
		"[fd00::1]:22":           "Kith does not connect to [fd00::1]:22: it leads to a private network. If that is meant, whoever runs this Kith adds this line to egress.allow:  [fd00::1]:22",
		"metadata.example.com:1": "Kith does not connect to metadata.example.com:1: it is link-local, where clouds keep their passwords",
		"127.1:80":               "Kith does not connect to 127.1:80: that is neither a host name nor an address",
	} {
		if err := dial(g, host); fmt.Sprint(err) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
