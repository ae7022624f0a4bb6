package fetch_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/internal/peer"
)

// guard lets tests reach their servers on loopback.
func guard(t *testing.T) *egress.Guard {
	t.Helper()
	g, err := egress.New(egress.Settings{Allow: "127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A kind of place, with a folder of this machine behind it: how it is opened, and
// the path by which it calls the folder.
type kind struct {
	name  string
	serve func(t *testing.T, folder string) (open func(t *testing.T) fetch.Place, root string)
}

func kinds() []kind {
	all := []kind{{"sftp", func(t *testing.T, folder string) (func(t *testing.T) fetch.Place, string) {
		s := peer.StartSSHD(t)
		return func(t *testing.T) fetch.Place { return sftpAt(t, s) }, folder
	}}, {"folder", func(t *testing.T, folder string) (func(t *testing.T) fetch.Place, string) {
		return func(t *testing.T) fetch.Place { return folderAt(t, folder) }, "/"
	}}}
	for _, mode := range []struct {
		name, tls string
		fetch.TLSMode
	}{{"ftp", "", fetch.Plain}, {"ftps, explicit", "explicit", fetch.Explicit}, {"ftps, implicit", "implicit", fetch.Implicit}} {
		all = append(all, kind{mode.name, func(t *testing.T, folder string) (func(t *testing.T) fetch.Place, string) {
			cert, key, text := peer.Certificate(t)
			addr := peer.VSFTPD(t, folder, mode.tls, cert, key)
			return func(t *testing.T) fetch.Place { return ftpAt(t, addr, mode.TLSMode, text) }, "/"
		}})
	}
	return all
}

func folderAt(t *testing.T, folder string) fetch.Place {
	t.Helper()
	p, err := fetch.Folder(folder, []string{folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func ftpAt(t *testing.T, addr string, mode fetch.TLSMode, pem []byte) fetch.Place {
	t.Helper()
	p, err := fetch.FTP(t.Context(), fetch.FTPSettings{Addr: addr, User: "anonymous", Password: "ada@example.com", TLS: mode, Roots: roots(t, pem)}, guard(t).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func roots(t *testing.T, pem []byte) *x509.CertPool {
	t.Helper()
	if pem == nil {
		return nil
	}
	pool, err := egress.Trust(pem)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func sftpAt(t *testing.T, s *peer.SSHD) fetch.Place {
	t.Helper()
	key, err := fetch.ParseHostKey(s.HostKey)
	if err != nil {
		t.Fatal(err)
	}
	p, err := fetch.SFTP(t.Context(), fetch.SFTPSettings{Addr: s.Addr, User: s.User, Secret: s.Key, Key: key}, guard(t).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// lay puts a file into a folder, modified so many minutes ago.
func lay(t *testing.T, folder, name, text string, ago int) {
	t.Helper()
	file := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 6, 0, 30, 0, time.UTC).Add(-time.Duration(ago) * time.Minute)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

// everybody opens a folder to the user of an FTP server.
func everybody(t *testing.T, folder string) string {
	t.Helper()
	err := filepath.Walk(folder, func(file string, info os.FileInfo, err error) error {
		if err == nil && info.IsDir() && file != folder { // vsftpd refuses a root that can be written to
			err = os.Chmod(file, 0o777)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	f, ok := errors.AsType[*fetch.Fault](err)
	if !ok || f.Code != code {
		t.Errorf("got %v, want the fault %s", err, code)
	}
}

// C19-C21 on real servers: one test for all kinds of places, as a caller sees them.
func TestPlaces(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			folder := t.TempDir()
			content := make([]byte, 5<<20)
			for i := range content {
				content[i] = byte(rand.Uint32())
			}
			lay(t, folder, "out/people-2.csv", "email\nada@example.com\n", 3)
			lay(t, folder, "out/people-1.csv", "email\n", 2)
			lay(t, folder, "out/people-3.csv", "", 3)
			lay(t, folder, "out/large.bin", string(content), 1)
			lay(t, folder, "out/notes.txt", "x", 1)
			lay(t, folder, "out/.people-9.csv", "x", 1)
			lay(t, folder, "out/people-folder.csv/inner.csv", "x", 1)
			lay(t, folder, "out/Ä b's & Co.csv", "email\n", 400*24*60)
			lay(t, folder, "-la/x.csv", "email\n", 1)
			lay(t, folder, "done/people-3.csv", "older", 1)
			open, root := k.serve(t, everybody(t, folder))
			p := open(t)
			at := func(name string) string { return path.Join(root, name) }

			t.Run("a pattern finds its files, oldest first, then by name", func(t *testing.T) {
				listed(t, p, at("out"), "people-*.csv", "people-2.csv people-3.csv people-1.csv")
				listed(t, p, at("out"), "people-[12].csv", "people-2.csv people-1.csv")
				listed(t, p, at("out"), "*.csv", "Ä b's & Co.csv people-2.csv people-3.csv people-1.csv")
				listed(t, p, at("out"), "nobody-?.csv", "")
				listed(t, p, at("-la"), "*.csv", "x.csv")
			})
			t.Run("a path that begins nowhere begins where the session does", func(t *testing.T) {
				if k.name == "sftp" {
					t.Skip("OpenSSH begins in the user's home, which is not the test's folder")
				}
				for range 2 { // the first look leads nowhere else
					listed(t, p, "out", "people-*.csv", "people-2.csv people-3.csv people-1.csv")
				}
				listed(t, p, "", "*", "")
				if e, err := p.Stat(t.Context(), "out/people-2.csv"); err != nil || e.Size != 22 {
					t.Errorf("got %+v, %v; want 22 bytes", e, err)
				}
			})
			t.Run("times are told to the second", func(t *testing.T) {
				e, err := p.Stat(t.Context(), at("out/Ä b's & Co.csv"))
				if got := e.Modified.UTC().Format(time.DateTime); err != nil || got != "2025-10-18 06:00:30" || e.Size != 6 {
					t.Errorf("got %s, %d bytes, %v; want 2025-10-18 06:00:30, 6 bytes", got, e.Size, err)
				}
			})
			t.Run("a file comes byte for byte", func(t *testing.T) {
				var got bytes.Buffer
				c, err := fetch.Copy(t.Context(), p, at("out/large.bin"), fetch.Entry{}, fetch.Limits{}, &got)
				if err != nil || !bytes.Equal(got.Bytes(), content) || c.Bytes != int64(len(content)) || c.Hash != fmt.Sprintf("%x", sha256.Sum256(content)) {
					t.Errorf("got %d bytes, hash %s, error %v; want all %d", got.Len(), c.Hash, err, len(content))
				}
			})
			t.Run("a file that is too large is not brought", func(t *testing.T) {
				var got bytes.Buffer
				// In a session of its own: vsftpd ends one whose transfer was broken off.
				_, err := fetch.Copy(t.Context(), open(t), at("out/large.bin"), fetch.Entry{}, fetch.Limits{Size: 1 << 20}, &got)
				want(t, err, fetch.CodeTooLarge)
			})
			t.Run("what is not there is told from what may not be listed", func(t *testing.T) {
				_, err := p.Stat(t.Context(), at("out/nobody.csv"))
				want(t, err, fetch.CodeMissing)
				_, _, err = p.Open(t.Context(), at("out/nobody.csv"), fetch.Entry{})
				want(t, err, fetch.CodeMissing)
				_, err = p.List(t.Context(), at("nowhere"), "*.csv")
				want(t, err, fetch.CodeMissing)
			})
			t.Run("a file is moved, and never over another", func(t *testing.T) {
				want(t, p.Move(t.Context(), at("out/people-3.csv"), at("done/people-3.csv")), fetch.CodeNotOffered)
				if err := p.Move(t.Context(), at("out/people-2.csv"), at("done/people-2.csv")); err != nil {
					t.Error(err)
				}
				listed(t, p, at("out"), "people-*.csv", "people-3.csv people-1.csv")
				listed(t, p, at("done"), "*", "people-2.csv people-3.csv")
				if old, _ := os.ReadFile(filepath.Join(folder, "done/people-3.csv")); string(old) != "older" {
					t.Errorf("the file in the way has now %q, want what it had", old)
				}
			})
			t.Run("a file is moved into a folder that is made for it", func(t *testing.T) {
				if err := p.Move(t.Context(), at("done/people-2.csv"), at("done/2026/q4/people-2.csv")); err != nil {
					t.Error(err)
				}
				listed(t, p, at("done"), "*.csv", "people-3.csv")
				listed(t, p, at("done/2026/q4"), "*", "people-2.csv")
				err := p.Move(t.Context(), at("done/2026/q4/people-2.csv"), at("done/people-3.csv/people-2.csv"))
				if want(t, err, fetch.CodeDenied); !strings.Contains(fmt.Sprint(err), "Make it there") {
					t.Errorf("a file stands where the folder should be: got %v, want what to do about it", err)
				}
				if err := p.Move(t.Context(), at("done/2026/q4/people-2.csv"), at("done/people-2.csv")); err != nil {
					t.Error(err)
				}
			})
			t.Run("a file is deleted", func(t *testing.T) {
				if err := p.Remove(t.Context(), at("out/people-1.csv")); err != nil {
					t.Error(err)
				}
				want(t, p.Remove(t.Context(), at("out/people-1.csv")), removedTwice(k.name))
				listed(t, p, at("out"), "people-*.csv", "people-3.csv")
			})
			t.Run("what ends early ends the call", func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				r, _, err := p.Open(ctx, at("out/large.bin"), fetch.Entry{})
				if err != nil {
					t.Fatal(err)
				}
				cancel()
				for err == nil {
					_, err = r.Read(make([]byte, 4096))
				}
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want that it was told to stop", err)
				}
				_ = r.Close()
			})
		})
	}
}

// removedTwice is what a server says of deleting a file that is gone: FTP has one
// answer for that and for a user who may not.
func removedTwice(kind string) string {
	if strings.HasPrefix(kind, "ftp") {
		return fetch.CodeDenied
	}
	return fetch.CodeMissing
}

func listed(t *testing.T, p fetch.Place, folder, pattern, want string) {
	t.Helper()
	found, err := p.List(t.Context(), folder, pattern)
	if err != nil {
		t.Errorf("list %s in %s: %v", pattern, folder, err)
		return
	}
	var names []string
	for _, e := range fetch.Oldest(found) {
		names = append(names, path.Base(e.Path))
	}
	if got := strings.Join(names, " "); got != want {
		t.Errorf("list %s in %s: got %q, want %q", pattern, folder, got, want)
	}
}
