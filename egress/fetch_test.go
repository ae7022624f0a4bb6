package egress_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/fetch"
)

// S1 for everything that brings files: each form on each protocol, the probe for
// a host key and the second connection of FTP included.
func TestEveryFormIsRefusedWhereverFilesAreBrought(t *testing.T) {
	_, resolver := answerer(t)
	target := open(t, "127.0.0.1:0", hello)
	var next string
	entrance := open(t, "127.0.0.1:0", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", next)
		w.WriteHeader(http.StatusFound)
	})
	g := guard(t, egress.Settings{Resolver: resolver, Allow: entrance.host()})
	get := func(url string) error {
		p, err := fetch.HTTP(fetch.HTTPSettings{URL: url}, g.Client(egress.Options{}))
		if err != nil {
			return err
		}
		_, err = fetch.Copy(t.Context(), p, "/people.csv", fetch.Entry{}, fetch.Limits{}, &bytes.Buffer{})
		return err
	}
	paths := []struct {
		name string
		try  func(f form) error
	}{
		{"http", func(f form) error { return get(linkTo(f.host, target.port())) }},
		{"a redirect of http", func(f form) error {
			next = linkTo(f.host, target.port())
			return get(entrance.URL)
		}},
		{"ftp", func(f form) error { return ftpTo(t, g, f, target.port(), fetch.Plain) }},
		{"explicit ftps", func(f form) error { return ftpTo(t, g, f, target.port(), fetch.Explicit) }},
		{"implicit ftps", func(f form) error { return ftpTo(t, g, f, target.port(), fetch.Implicit) }},
		{"sftp", func(f form) error {
			_, err := fetch.SFTP(t.Context(), fetch.SFTPSettings{Addr: net.JoinHostPort(f.host, target.port()), User: "ada", Key: fetch.HostKey{Print: "SHA256:x"}}, g.DialContext)
			return err
		}},
		{"the probe for a host key", func(f form) error {
			_, err := fetch.HostKeyOf(t.Context(), net.JoinHostPort(f.host, target.port()), g.DialContext)
			return err
		}},
	}
	for i, f := range forms {
		for _, p := range paths {
			t.Run(f.name+"/"+p.name, func(t *testing.T) { wantRefused(t, linkless(p.try(f), f), fmt.Sprintf("row %d, %s", i, f.host)) })
		}
	}
	if n := target.visits.Load(); n != 0 {
		t.Errorf("%d connections reached the server, want none", n)
	}
}

// linkless takes a form that is no part of any address for refused: it could not
// even be written as one.
func linkless(err error, f form) error {
	if err != nil && strings.Contains(err.Error(), "The address must begin") {
		return &egress.Refused{Target: f.host}
	}
	return err
}

func ftpTo(t *testing.T, g *egress.Guard, f form, port string, mode fetch.TLSMode) error {
	t.Helper()
	_, err := fetch.FTP(t.Context(), fetch.FTPSettings{Addr: net.JoinHostPort(f.host, port), User: "ada", Password: "s3cret", TLS: mode}, g.DialContext)
	return err
}

// The second connection of FTP: an allowed server that names any other address
// reaches none of them, and the port it names has to be allowed, too.
func TestTheDataConnectionOfFTPLeadsNowhereElse(t *testing.T) {
	_, resolver := answerer(t)
	target := open(t, "127.0.0.2:0", hello)
	targetPort := netip.MustParseAddrPort(target.host()).Port()
	for _, f := range forms {
		a, err := netip.ParseAddr(f.host)
		if err != nil || !a.Unmap().Is4() {
			continue // PASV can name nothing else
		}
		b := a.Unmap().As4()
		answer := fmt.Sprintf("227 Entering Passive Mode (%d,%d,%d,%d,%d,%d)", b[0], b[1], b[2], b[3], targetPort/256, targetPort%256)
		t.Run(f.name, func(t *testing.T) {
			server := ftpServer(t, answer)
			g := guard(t, egress.Settings{Resolver: resolver, Allow: server})
			p, err := fetch.FTP(t.Context(), fetch.FTPSettings{Addr: server, User: "ada", Password: "s3cret"}, g.DialContext)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			_, err = p.List(context.Background(), "/", "*.csv")
			wantRefused(t, err, f.host)
			if err != nil && !strings.HasSuffix(err.Error(), "egress.allow:  127.0.0.1") {
				t.Errorf("got %v, want the line without a port: the next one is another", err)
			}
		})
	}
	if n := target.visits.Load(); n != 0 {
		t.Errorf("%d connections reached another address, want none", n)
	}
}

// The other half: where the operator allows an FTP server by its name, both of its
// connections reach it, and nothing else of the machine is open.
func TestAnFTPServerThatIsAllowedByItsName(t *testing.T) {
	_, resolver := answerer(t)
	data, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if conn, err := data.Accept(); err == nil {
			fmt.Fprint(conn, "-rw-r--r--    1 0        0              22 Nov 22 06:00 people.csv\r\n")
			conn.Close()
		}
	}()
	t.Cleanup(func() { data.Close(); <-served })
	port := data.Addr().(*net.TCPAddr).Port
	server := ftpServer(t, fmt.Sprintf("227 Entering Passive Mode (10,1,2,3,%d,%d)", port/256, port%256))
	named := strings.Replace(server, "127.0.0.1", "nas.example.com", 1)
	g := guard(t, egress.Settings{Resolver: resolver, Allow: "nas.example.com"})
	p, err := fetch.FTP(t.Context(), fetch.FTPSettings{Addr: named, User: "ada", Password: "s3cret"}, g.DialContext)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	files, err := p.List(context.Background(), "/", "*.csv")
	if err != nil || len(files) != 1 {
		t.Errorf("got %v, %v; want one file over the second connection", files, err)
	}
	wantRefused(t, dial(g, data.Addr().String()), "the machine by its address")
}

// ftpServer lets anybody in and answers PASV as it is told.
func ftpServer(t *testing.T, pasv string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "220 hello\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			word, _, _ := strings.Cut(lines.Text(), " ")
			answer := map[string]string{"USER": "230 in", "TYPE": "200 ok", "CWD": "250 ok", "PASV": pasv, "LIST": "150 here\r\n226 done", "QUIT": "221 bye"}[word]
			if answer == "" {
				answer = "502 no"
			}
			fmt.Fprint(conn, answer+"\r\n")
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}
