package peer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A Toxiproxy is a running toxiproxy, which stands between Kith and real servers
// and does to their connections what networks do.
type Toxiproxy struct {
	api string
	n   atomic.Int64 // ways so far
}

// StartToxiproxy starts the toxiproxy that the step peers of .ci/run has built,
// or one on the PATH.
func StartToxiproxy(t testing.TB) *Toxiproxy {
	t.Helper()
	addr, port := FreeAddr(t)
	Start(t, addr, toxiproxy(t), "-host", "127.0.0.1", "-port", port)
	return &Toxiproxy{api: "http://" + addr}
}

func toxiproxy(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"toxiproxy-server", "toxiproxy"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	// Tests run in their own folder; bin lies beside go.mod, above it.
	for up := "."; ; up = filepath.Join("..", up) {
		if path, err := filepath.Abs(filepath.Join(up, "bin", "toxiproxy")); err == nil && executable(path) {
			return path
		}
		if _, err := os.Stat(filepath.Join(up, "go.mod")); err == nil || len(up) > 40 {
			break
		}
	}
	Missing(t, "toxiproxy is not there: .ci/run peers builds bin/toxiproxy, to test against real servers behind a bad network")
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// A Proxy is the way to one server.
type Proxy struct {
	Addr string // to connect to instead
	to   string
	api  string
	name string
}

// To opens a way to the server at addr, which does nothing to it yet.
func (x *Toxiproxy) To(t testing.TB, addr string) *Proxy {
	t.Helper()
	listen, _ := FreeAddr(t)
	return x.From(t, listen, addr)
}

// From is To, by an address of the test's choice.
func (x *Toxiproxy) From(t testing.TB, listen, addr string) *Proxy {
	t.Helper()
	p := &Proxy{Addr: listen, to: addr, api: x.api, name: fmt.Sprint("way", x.n.Add(1))}
	p.open(t)
	return p
}

func (p *Proxy) open(t testing.TB) {
	t.Helper()
	var opened struct{ Listen string }
	p.ask(t, http.MethodPost, "/proxies", map[string]any{"name": p.name, "listen": p.Addr, "upstream": p.to, "enabled": true}, &opened)
	p.Addr = opened.Listen
}

// A Toxic is what is done to every connection, those that are open included.
// Up is the way to the server; otherwise what the server answers suffers.
type Toxic struct {
	Type       string // latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data
	Up         bool
	Attributes map[string]int
	Share      float64 // of the connections that it is done to; all when 0
}

func (x Toxic) String() string {
	direction := "downstream"
	if x.Up {
		direction = "upstream"
	}
	return fmt.Sprint(x.Type, " ", direction, strings.TrimPrefix(fmt.Sprint(x.Attributes), "map"))
}

// Add begins to do this.
func (p *Proxy) Add(t testing.TB, toxics ...Toxic) {
	t.Helper()
	for _, x := range toxics {
		stream := "downstream"
		if x.Up {
			stream = "upstream"
		}
		p.ask(t, http.MethodPost, "/proxies/"+p.name+"/toxics", map[string]any{"name": x.Type + "-" + stream, "type": x.Type, "stream": stream, "toxicity": cmp.Or(x.Share, 1), "attributes": x.Attributes}, nil)
	}
}

// Heal lays the way anew: every connection ends, and nothing is done to those to come.
// Toxics are not taken from open connections, since toxiproxy waits five seconds for each
// piece that somebody who has gone does not take any more.
func (p *Proxy) Heal(t testing.TB) {
	t.Helper()
	p.ask(t, http.MethodDelete, "/proxies/"+p.name, nil, nil)
	p.open(t)
}

// Cut ends every connection, and lets nobody in until it is opened again.
func (p *Proxy) Cut(t testing.TB, cut bool) {
	t.Helper()
	p.ask(t, http.MethodPost, "/proxies/"+p.name, map[string]any{"enabled": !cut}, nil)
}

func (p *Proxy) ask(t testing.TB, method, path string, body, answer any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(method, p.api+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}}
	got, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	said, err := io.ReadAll(got.Body)
	if err == nil && answer != nil {
		err = json.Unmarshal(said, answer)
	}
	if err != nil || got.StatusCode >= 300 {
		t.Fatalf("toxiproxy: %s %s %s: got %s %s, %v", method, path, text, got.Status, said, err)
	}
}
