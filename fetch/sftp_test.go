package fetch_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/internal/peer"
)

// An unknown host key is told from a changed one, and neither is taken.
func TestHostKeys(t *testing.T) {
	s := peer.StartSSHD(t)
	key, err := fetch.ParseHostKey(s.HostKey)
	if err != nil {
		t.Fatal(err)
	}
	open := func(k fetch.HostKey) error {
		p, err := fetch.SFTP(t.Context(), fetch.SFTPSettings{Addr: s.Addr, User: s.User, Secret: s.Key, Key: k}, guard(t).DialContext)
		if err == nil {
			p.Close()
		}
		return err
	}
	other := fetch.HostKey{Type: key.Type, Print: "SHA256:" + strings.Repeat("A", 43)}

	t.Run("a key that nobody has accepted", func(t *testing.T) {
		unknown, ok := errors.AsType[*fetch.UnknownHost](open(fetch.HostKey{}))
		if !ok || unknown.Key != key {
			t.Errorf("got %+v, want that %s is unknown", unknown, key)
		}
	})
	t.Run("the key that was accepted", func(t *testing.T) {
		if err := open(key); err != nil {
			t.Error(err)
		}
	})
	t.Run("the key that was accepted, without its type", func(t *testing.T) {
		if err := open(fetch.HostKey{Print: key.Print}); err != nil {
			t.Error(err)
		}
	})
	for name, was := range map[string]fetch.HostKey{"another key of that type": other, "another key of any type": {Print: other.Print}, "a type of key that the server has not": {Type: "ssh-rsa", Print: other.Print}} {
		t.Run(name, func(t *testing.T) {
			err := open(was)
			changed, ok := errors.AsType[*fetch.ChangedHost](err)
			if !ok || changed.Was != was {
				t.Errorf("got %v, want that the key has changed", err)
			}
		})
	}
	t.Run("the server is set up anew", func(t *testing.T) {
		s.Serve("another")
		changed, ok := errors.AsType[*fetch.ChangedHost](open(key))
		if !ok || changed.Was != key || changed.Now.String() != s.HostKey {
			t.Errorf("got %v, want a change from %s to %s", changed, key, s.HostKey)
		}
	})
	t.Run("a key is asked for without signing in", func(t *testing.T) {
		got, err := fetch.HostKeyOf(t.Context(), s.Addr, guard(t).DialContext)
		if err != nil || got.String() != s.HostKey {
			t.Errorf("got %s, %v; want %s", got, err, s.HostKey)
		}
	})
}

func TestHostKeysAsPeopleWriteThem(t *testing.T) {
	const print = "SHA256:gRJIaD6EDE3CTTGHzR3hPNGdFMnbFyZFeX4XIyfGB34"
	const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIHJYPHjRjUL9Qg+qDTyKZXCcB7l1sAzpeZI2BvXzbmCi"
	for _, c := range []struct{ name, text, want string }{
		{"a fingerprint", print, print},
		{"with its type", "ssh-ed25519 " + print, "ssh-ed25519 " + print},
		{"as ssh-keygen -l prints it", "256 " + print + " root@files (ED25519)", print},
		{"a .pub file", "ssh-ed25519 " + blob + " root@files", "ssh-ed25519 " + fingerprint(t, blob)},
		{"a line of known_hosts", "[files.example.org]:2222 ssh-ed25519 " + blob, "ssh-ed25519 " + fingerprint(t, blob)},
		{"a fingerprint that was cut", print[:30], ""},
		{"a key that was cut", "ssh-ed25519 " + blob[:20], ""},
		{"MD5, which nobody should compare", "MD5:c9:1c:31:6b", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := fetch.ParseHostKey(c.text)
			if got.String() != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func fingerprint(t *testing.T, blob string) string {
	t.Helper()
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte("ssh-ed25519 " + blob))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.FingerprintSHA256(public)
}

func TestAFolderThatMayNotBeListedBySFTP(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("root may list every folder: a server of the test's own refuses instead")
	}
	s := startSSH(t, "s3cret", false)
	p := passwordAt(t, s, "s3cret")
	_, err := p.List(t.Context(), "/closed", "*.csv")
	want(t, err, fetch.CodeNoListing)
	_, err = p.Stat(t.Context(), "/closed/people.csv")
	want(t, err, fetch.CodeDenied)
}

func TestSigningInToSFTP(t *testing.T) {
	real := peer.StartSSHD(t)
	real2, _ := fetch.ParseHostKey(real.HostKey)
	byPassword, byQuestion := startSSH(t, "s3cret", false), startSSH(t, "s3cret", true)
	for _, c := range []struct {
		name string
		s    fetch.SFTPSettings
		code string
	}{
		{"a password", fetch.SFTPSettings{Addr: byPassword.addr, User: "ada", Secret: "s3cret", Key: byPassword.key}, ""},
		{"a wrong password", fetch.SFTPSettings{Addr: byPassword.addr, User: "ada", Secret: "wrong", Key: byPassword.key}, fetch.CodeDenied},
		{"a password that is asked for", fetch.SFTPSettings{Addr: byQuestion.addr, User: "ada", Secret: "s3cret", Key: byQuestion.key}, ""},
		{"a key", fetch.SFTPSettings{Addr: real.Addr, User: real.User, Secret: real.Key, Key: real2}, ""},
		{"a key whose last line break was lost", fetch.SFTPSettings{Addr: real.Addr, User: real.User, Secret: strings.TrimSpace(real.Key), Key: real2}, ""},
		{"a password where a key is wanted", fetch.SFTPSettings{Addr: real.Addr, User: real.User, Secret: "s3cret", Key: real2}, fetch.CodeDenied},
		{"half a key", fetch.SFTPSettings{Addr: real.Addr, User: real.User, Secret: real.Key[:100], Key: real2}, fetch.CodeDenied},
		{"a locked key", fetch.SFTPSettings{Addr: real.Addr, User: real.User, Secret: lockedKey(t), Key: real2}, fetch.CodeDenied},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := fetch.SFTP(t.Context(), c.s, guard(t).DialContext)
			if c.code != "" {
				want(t, err, c.code)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p.Close()
		})
	}
}

func lockedKey(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("locked"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := pem.Encode(&b, block); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An sshServer takes passwords, which the tests' own user has none of.
type sshServer struct {
	addr string
	key  fetch.HostKey
}

func passwordAt(t *testing.T, s sshServer, password string) fetch.Place {
	t.Helper()
	p, err := fetch.SFTP(t.Context(), fetch.SFTPSettings{Addr: s.addr, User: "ada", Secret: password, Key: s.key}, guard(t).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func startSSH(t *testing.T, password string, asks bool) sshServer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{}
	if asks {
		config.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil || len(answers) != 1 || answers[0] != password {
				return nil, errors.New("no")
			}
			return nil, nil
		}
	} else {
		config.PasswordCallback = func(_ ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
			if string(given) != password {
				return nil, errors.New("no")
			}
			return nil, nil
		}
	}
	config.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serveSSH(conn, config)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return sshServer{l.Addr().String(), fetch.HostKey{Type: "ssh-ed25519", Print: ssh.FingerprintSHA256(signer.PublicKey())}}
}

func serveSSH(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for asked := range channels {
		channel, asks, err := asked.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asks {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		handlers := sftp.InMemHandler()
		handlers.FileList = closedFolder{handlers.FileList}
		server := sftp.NewRequestServer(channel, handlers)
		_ = server.Serve()
		_ = server.Close()
	}
}

// closedFolder refuses the folder /closed.
type closedFolder struct{ sftp.FileLister }

func (c closedFolder) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	if strings.HasPrefix(filepath.ToSlash(r.Filepath), "/closed") {
		return nil, sftp.ErrSSHFxPermissionDenied
	}
	return c.FileLister.Filelist(r)
}
