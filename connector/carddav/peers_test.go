package carddav_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/carddav"
	"github.com/kith-sync/kith/connector/connectortest"
)

// needPeer skips without a real server, except where KITH_CI says it must be there.
func needPeer(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil && os.Getenv("KITH_CI") == "1" {
		t.Fatalf("%s is required here: %v", program, err)
	}
	if err != nil {
		t.Skipf("%s is not installed (apt install %s): %v", program, program, err)
	}
	return path
}

// A peer is a real server in a folder of its own, and the books on it.
type peer struct {
	url, home      string // of the server, and the path where books are made
	user, password string
	folder         string
	client         *http.Client
	books          atomic.Int32
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs a server until the test ends and waits for its first answer.
func (p *peer) start(t *testing.T, program string, args ...string) {
	t.Helper()
	var log bytes.Buffer
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Env = append(os.Environ(), "HOME="+p.folder)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}, Timeout: 30 * time.Second}
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		stop()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			text := log.String()
			t.Logf("the log of %s ends:\n%s", program, text[max(0, len(text)-4000):])
		}
	})
	for range 200 {
		if answer, err := p.client.Get(p.url); err == nil {
			answer.Body.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not answer:\n%s", program, log.String())
}

func startRadicale(t *testing.T) *peer {
	program := needPeer(t, "radicale")
	p := &peer{folder: t.TempDir(), home: "/kith/", user: "kith", password: "correct horse"}
	address := freeAddress(t)
	p.url = "http://" + address + "/"
	write(t, filepath.Join(p.folder, "users"), "kith:correct horse\n")
	config := filepath.Join(p.folder, "config")
	write(t, config, fmt.Sprintf(`[server]
hosts = %s
[auth]
type = htpasswd
htpasswd_filename = %s
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = %s
`, address, filepath.Join(p.folder, "users"), filepath.Join(p.folder, "collections")))
	p.start(t, program, "--config", config)
	return p
}

func startXandikos(t *testing.T) *peer {
	program := needPeer(t, "xandikos")
	p := &peer{folder: t.TempDir(), home: "/user/contacts/"}
	host, port, _ := strings.Cut(freeAddress(t), ":")
	p.url = "http://" + host + ":" + port + "/"
	p.start(t, program, "-d", filepath.Join(p.folder, "dav"), "--defaults", "-l", host, "-p", port)
	return p
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// book makes an empty address book and returns its address.
func (p *peer) book(t *testing.T) string {
	t.Helper()
	path := fmt.Sprintf("%sbook%d/", p.home, p.books.Add(1))
	p.send(t, "MKCOL", path, `<?xml version="1.0"?><d:mkcol xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:set><d:prop>`+
		`<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype><d:displayname>`+strings.Trim(path, "/")+`</d:displayname></d:prop></d:set></d:mkcol>`, http.StatusCreated)
	return strings.TrimSuffix(p.url, "/") + path
}

func (p *peer) send(t *testing.T, method, path, body string, want int) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(p.url, "/")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if p.user != "" {
		req.SetBasicAuth(p.user, p.password)
	}
	req.Header.Set("Content-Type", map[string]string{http.MethodPut: "text/vcard"}[method])
	if method == "MKCOL" {
		req.Header.Set("Content-Type", "text/xml")
	}
	answer, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil || answer.StatusCode/100 != want/100 {
		t.Fatalf("%s %s: got %s (%v) %s, want %d", method, path, answer.Status, err, text.String(), want)
	}
	return text.String()
}

func (p *peer) settings(url string) carddav.Settings {
	return carddav.Settings{URL: url, User: p.user, Password: p.password}
}

// open opens a new book and somebody who works in it by plain requests.
func (p *peer) open(t *testing.T) (connector.Remote, connectortest.Other) {
	t.Helper()
	url := p.book(t)
	b, err := carddav.Open(t.Context(), p.settings(url), p.client)
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	if !b.Promises().Incremental || b.Promises().ReadOnly {
		t.Fatalf("promises: got %+v, want what this server can do", b.Promises())
	}
	return b.Batch(10), &somebody{peer: p, path: strings.TrimPrefix(url, strings.TrimSuffix(p.url, "/"))}
}

// somebody edits cards without any of our code.
type somebody struct {
	peer *peer
	path string
	n    int
}

func (s *somebody) Add(t *testing.T, values map[string]string) string {
	t.Helper()
	s.n++
	id := fmt.Sprintf("somebody-%04d.vcf", s.n)
	s.Change(t, id, values)
	return id
}

func (s *somebody) Change(t *testing.T, id string, values map[string]string) {
	t.Helper()
	text := "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + strings.TrimSuffix(id, ".vcf") + "\r\nFN:" + values["first_name"] + "\r\nN:;" + values["first_name"] + ";;;\r\n"
	if values["email"] != "" {
		text += "EMAIL;TYPE=INTERNET:" + values["email"] + "\r\n"
	}
	s.peer.send(t, http.MethodPut, s.path+id, text+"NOTE:"+values["note"]+"\r\nEND:VCARD\r\n", http.StatusCreated)
}

func (s *somebody) Remove(t *testing.T, id string) {
	t.Helper()
	s.peer.send(t, http.MethodDelete, s.path+id, "", http.StatusOK)
}

func TestRadicale(t *testing.T) {
	p := startRadicale(t)
	connectortest.Remote{Open: p.open, Settle: p.settle}.Run(t)
}

func TestXandikos(t *testing.T) {
	p := startXandikos(t)
	connectortest.Remote{Open: p.open, Settle: p.settle}.Run(t)
}

func (p *peer) settle(*testing.T, connector.Remote) { p.client.CloseIdleConnections() }

// The books of a real server are found from everywhere a person may point.
func TestDiscoveryOnRealServers(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *peer{"Radicale": startRadicale, "Xandikos": startXandikos} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			first := p.book(t)
			second := p.book(t)
			for _, url := range []string{p.url, strings.TrimSuffix(p.url, "/"), p.url + strings.Split(p.home, "/")[1] + "/", strings.TrimSuffix(p.url, "/") + p.home} {
				all, err := carddav.Books(t.Context(), p.settings(url), p.client)
				if err != nil || len(all) < 2 {
					t.Errorf("books at %s: got %+v, %v; want at least 2", url, all, err)
				}
				s := p.settings(url)
				var several *carddav.ChoiceError
				if _, err := carddav.Open(t.Context(), s, p.client); !errors.As(err, &several) || len(several.Books) != len(all) {
					t.Errorf("open %s: got %v, want to be asked which", url, err)
				}
				s.Book = strings.Trim(p.home, "/") + "/book2" // its name, and its path
				if b, err := carddav.Open(t.Context(), s, p.client); err != nil || !strings.HasSuffix(b.Name(), s.Book) {
					t.Errorf("open %s of %s: got %v, %v", s.Book, url, b, err)
				}
			}
			for _, url := range []string{first, strings.TrimSuffix(second, "/")} {
				if _, err := carddav.Open(t.Context(), p.settings(url), p.client); err != nil {
					t.Errorf("open %s: %v", url, err)
				}
			}
			if p.user == "" {
				return
			}
			wrong := p.settings(p.url)
			wrong.Password = "x"
			var f *connector.Fault
			if _, err := carddav.Open(t.Context(), wrong, p.client); !errors.As(err, &f) || f.Kind != connector.Denied {
				t.Errorf("a wrong password: got %v, want denied", err)
			}
		})
	}
}

// A cursor that a real server never gave, or has forgotten, begins anew.
func TestACursorThatRealServersDoNotKnow(t *testing.T) {
	for name, row := range map[string]struct {
		start func(*testing.T) *peer
		token string
	}{
		"Radicale": {startRadicale, "http://radicale.org/ns/sync/" + strings.Repeat("0", 64)},
		"Xandikos": {startXandikos, strings.Repeat("0", 40)},
	} {
		t.Run(name, func(t *testing.T) {
			b, other := row.start(t).open(t)
			other.Add(t, map[string]string{"first_name": "Ada"})
			for _, token := range []string{row.token, "nonsense"} {
				for _, err := range b.Changes(t.Context(), token) {
					if got := kindOf(err); got != "expired" {
						t.Errorf("since %q: got %s (%v), want expired", token, got, err)
					}
				}
			}
		})
	}
}

// A book of cards with photos comes a hundred at a time.
func TestABookOfRadicaleComesInPages(t *testing.T) {
	p := startRadicale(t)
	url := p.book(t)
	var all strings.Builder
	for i := range 250 {
		fmt.Fprintf(&all, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u%d\r\nFN:Person %d\r\nN:%d;Person;;;\r\nPHOTO;ENCODING=b;TYPE=JPEG:%s\r\nEND:VCARD\r\n", i, i, i, strings.Repeat("QUJD", 2500))
	}
	p.send(t, http.MethodPut, strings.TrimPrefix(url, strings.TrimSuffix(p.url, "/")), all.String(), http.StatusCreated)
	b, err := carddav.Open(t.Context(), p.settings(url), p.client)
	if err != nil {
		t.Fatal(err)
	}
	began, pages, cards := time.Now(), 0, 0
	for page, err := range b.Changes(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		pages, cards = pages+1, cards+len(page.Items)
	}
	t.Logf("%d cards with 10 kB each on %d pages in %s", cards, pages, time.Since(began).Round(time.Millisecond))
	if pages != 3 || cards != 250 {
		t.Errorf("got %d cards on %d pages, want 250 on 3", cards, pages)
	}
}
