package fetch_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jlaffaye/ftp"

	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/internal/peer"
)

func signIn(t *testing.T, s fetch.FTPSettings) error {
	t.Helper()
	p, err := fetch.FTP(t.Context(), s, guard(t).DialContext)
	if err == nil {
		p.Close()
	}
	return err
}

// The other half of TestPlaces: this server does insist that the data connection
// resumes the session, so that a client that does not is refused.
func TestTheServerInsistsOnAResumedSession(t *testing.T) {
	cert, key, text := peer.Certificate(t)
	addr := peer.VSFTPD(t, t.TempDir(), "explicit", cert, key)
	c, err := ftp.Dial(addr, ftp.DialWithExplicitTLS(&tls.Config{RootCAs: roots(t, text), ServerName: "127.0.0.1"}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Quit() }()
	if err := c.Login("anonymous", "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.List(""); err == nil {
		t.Error("a data connection without a resumed session was taken; want it refused, or TestPlaces proves nothing about it")
	}
}

func TestSigningInToFTP(t *testing.T) {
	cert, key, text := peer.Certificate(t)
	folder := t.TempDir()
	plain := peer.VSFTPD(t, folder, "", "", "")
	explicit := peer.VSFTPD(t, folder, "explicit", cert, key)
	implicit := peer.VSFTPD(t, folder, "implicit", cert, key)
	_, _, other := peer.Certificate(t)
	for _, c := range []struct {
		name string
		s    fetch.FTPSettings
		code string
	}{
		{"a user the server does not know", fetch.FTPSettings{Addr: plain, User: "ada", Password: "wrong"}, fetch.CodeDenied},
		{"a certificate nobody vouches for, explicit", fetch.FTPSettings{Addr: explicit, User: "anonymous", TLS: fetch.Explicit}, fetch.CodeDenied},
		{"a certificate nobody vouches for, implicit", fetch.FTPSettings{Addr: implicit, User: "anonymous", TLS: fetch.Implicit}, fetch.CodeDenied},
		{"another authority", fetch.FTPSettings{Addr: explicit, User: "anonymous", TLS: fetch.Explicit, Roots: roots(t, other)}, fetch.CodeDenied},
		{"another name than the certificate's", fetch.FTPSettings{Addr: strings.Replace(explicit, "127.0.0.1", "127.0.0.2", 1), User: "anonymous", TLS: fetch.Explicit, Roots: roots(t, text)}, fetch.CodeUnreachable},
		{"a server that wants TLS, asked without", fetch.FTPSettings{Addr: explicit, User: "anonymous"}, fetch.CodeDenied},
		{"a server without TLS, asked for it", fetch.FTPSettings{Addr: plain, User: "anonymous", TLS: fetch.Explicit, Roots: roots(t, text)}, fetch.CodeDenied},
		{"a server without TLS, asked for it from the first byte", fetch.FTPSettings{Addr: plain, User: "anonymous", TLS: fetch.Implicit, Roots: roots(t, text)}, fetch.CodeDenied},
	} {
		t.Run(c.name, func(t *testing.T) { want(t, signIn(t, c.s), c.code) })
	}
	addr, _ := peer.FreeAddr(t)
	t.Run("nobody listens", func(t *testing.T) {
		want(t, signIn(t, fetch.FTPSettings{Addr: addr, User: "anonymous"}), fetch.CodeUnreachable)
	})
}

// C24: no permission to list is said clearly, and never taken for no files.
func TestAFolderThatMayNotBeListed(t *testing.T) {
	folder := t.TempDir()
	lay(t, folder, "out/people.csv", "email\n", 1)
	for _, c := range []struct {
		name  string
		serve func(t *testing.T) fetch.Place
		root  string
	}{
		{"by the server's configuration", func(t *testing.T) fetch.Place {
			return ftpAt(t, peer.VSFTPD(t, everybody(t, folder), "", "", "", "dirlist_enable=NO"), fetch.Plain, nil)
		}, "/out"},
		{"by the folder's permissions, which vsftpd takes for success", func(t *testing.T) fetch.Place {
			closed := filepath.Join(folder, "closed")
			lay(t, closed, "people.csv", "email\n", 1)
			if err := os.Chmod(closed, 0o711); err != nil {
				t.Fatal(err)
			}
			return ftpAt(t, peer.VSFTPD(t, folder, "", "", ""), fetch.Plain, nil)
		}, "/closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.serve(t)
			_, err := p.List(t.Context(), c.root, "*.csv")
			want(t, err, fetch.CodeNoListing)
			if err == nil || !strings.Contains(err.Error(), "may not list the folder "+c.root) {
				t.Errorf("got %v, want words that say it", err)
			}
			var got bytes.Buffer
			if _, err := fetch.Copy(t.Context(), p, c.root+"/people.csv", fetch.Entry{}, fetch.Limits{}, &got); err != nil || got.String() != "email\n" {
				t.Errorf("one file by its name: got %q, %v; want it to come all the same", got.String(), err)
			}
		})
	}
}

// A server that sends its clients elsewhere (reliability.md 5.2): the data
// connection goes to the server itself.
func TestTheHostOfPASVIsIgnored(t *testing.T) {
	for _, c := range []struct{ name, host string }{
		{"another address of this machine", "127,0,0,9"}, {"metadata", "169,254,169,254"}, {"a private network", "10,0,0,1"}, {"nowhere", "0,0,0,0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fakeFTP(t, c.host, "email\nada@example.com\n", "226 done")
			var got bytes.Buffer
			_, err := fetch.Copy(t.Context(), ftpAt(t, s, fetch.Plain, nil), "/people.csv", fetch.Entry{}, fetch.Limits{}, &got)
			if err != nil || got.String() != "email\nada@example.com\n" {
				t.Errorf("got %q, %v; want the file from the server itself", got.String(), err)
			}
		})
	}
}

// Truncated downloads are failures, not fewer rows.
func TestATransferThatBreaksOff(t *testing.T) {
	for _, c := range []struct{ name, sent, last string }{
		{"the server says so", "email\nada@", "426 broken"},
		{"the server says it was all", "email\nada@", "226 done"},
		{"the server sends more than it said", "email\nada@example.com\nbo@example.com\n", "226 done"},
		{"the server says nothing more", "email\nada@example.com\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fakeFTP(t, "127,0,0,1", c.sent, c.last)
			_, err := fetch.Copy(t.Context(), ftpAt(t, s, fetch.Plain, nil), "/people.csv", fetch.Entry{}, fetch.Limits{}, &bytes.Buffer{})
			want(t, err, fetch.CodeCut)
		})
	}
}

// fakeFTP serves one session after the other. It names a host of its choice in
// its answer to PASV, and says that its file has 22 bytes.
func fakeFTP(t *testing.T, host, content, last string) string {
	t.Helper()
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	data, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := data.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := control.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "220 hello\r\n")
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				word, _, _ := strings.Cut(lines.Text(), " ")
				switch strings.ToUpper(word) {
				case "USER":
					fmt.Fprint(conn, "230 in\r\n")
				case "TYPE":
					fmt.Fprint(conn, "200 ok\r\n")
				case "SIZE":
					fmt.Fprint(conn, "213 22\r\n")
				case "PASV":
					fmt.Fprintf(conn, "227 Entering Passive Mode (%s,%d,%d)\r\n", host, port/256, port%256)
				case "RETR":
					fmt.Fprint(conn, "150 here\r\n")
					if to, err := data.Accept(); err == nil {
						fmt.Fprint(to, content)
						to.Close()
					}
					if last == "" {
						conn.Close()
					}
					fmt.Fprint(conn, last+"\r\n")
				case "QUIT":
					fmt.Fprint(conn, "221 bye\r\n")
					conn.Close()
				default:
					fmt.Fprint(conn, "502 no\r\n")
				}
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { control.Close(); data.Close(); <-done })
	return control.Addr().String()
}
