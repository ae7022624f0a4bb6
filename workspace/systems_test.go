package workspace_test

import (
	"bytes"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// connect opens a connection of an installation that may reach this machine.
func connect(t *testing.T, kind, plain string, settings map[string]string) error {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, workspace.AllowName), []byte("127.0.0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: folder, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := store.Connection{Name: "office", Kind: kind, Settings: settings}
	if c.Secret, err = w.SealSecret(t.Context(), c.Name, plain); err != nil {
		t.Fatal(err)
	}
	_, err = w.Connect(t.Context(), c, "")
	return err
}

// With starttls=yes nothing, and no password, is said before the connection is
// encrypted (RFC 4511 4.14).
func TestStartTLSComesBeforeThePassword(t *testing.T) {
	for _, row := range []struct {
		sentence, startTLS string
		want, not          string // in the first thing that is said
	}{
		{"it is asked for first", "yes", "1.3.6.1.4.1.1466.20037", "hunter2"},
		{"without it the password is the first thing", "no", "hunter2", "1.3.6.1.4.1.1466.20037"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			said := make(chan []byte, 1)
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				first := make([]byte, 1024)
				n, _ := conn.Read(first)
				said <- first[:n]
			}()
			err = connect(t, "ldap", "hunter2", map[string]string{"url": "ldap://" + l.Addr().String(), "base": "dc=example,dc=org",
				"user": "cn=ada,dc=example,dc=org", "starttls": row.startTLS})
			if err == nil {
				t.Error("a directory that hangs up was opened")
			}
			if got := <-said; !bytes.Contains(got, []byte(row.want)) || bytes.Contains(got, []byte(row.not)) {
				t.Errorf("first said %q, want %s in it and not %s", got, row.want, row.not)
			}
		})
	}
}

func TestHowAnAccountSignsIn(t *testing.T) {
	for _, row := range []struct {
		sentence, user, want string
	}{
		{"with a user the secret is the password", "ada", "Basic YWRhOmh1bnRlcjI="},
		{"without one it is a token", "", "Bearer hunter2"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			got := ""
			there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.Header.Get("Authorization")
				w.WriteHeader(http.StatusForbidden)
			}))
			_ = connect(t, "carddav", "hunter2", map[string]string{"url": there.URL, "user": row.user})
			there.Close()
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestAnAuthorityOfOnesOwnIsTrusted(t *testing.T) {
	var visits atomic.Int64
	there := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		w.WriteHeader(http.StatusForbidden)
	}))
	there.Config.ErrorLog = log.New(io.Discard, "", 0)
	there.StartTLS()
	defer there.Close()
	file := filepath.Join(t.TempDir(), "authority.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: there.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = connect(t, "carddav", "", map[string]string{"url": there.URL})
	if n := visits.Load(); n != 0 {
		t.Errorf("without the authority: %d requests arrived, want none", n)
	}
	_ = connect(t, "carddav", "", map[string]string{"url": there.URL, "ca": file})
	if visits.Load() == 0 {
		t.Error("with the authority no request arrived")
	}
}
