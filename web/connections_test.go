package web_test

import (
	"crypto/ed25519"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kith-sync/kith/account"
)

// nobody is an address of this machine where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestConnections(t *testing.T) {
	w := newWorld(t)
	viewer, manager := w.as(account.Viewer), w.as(account.Manager)
	viewer.get("/connections").is(http.StatusOK).says("main", "There is no connection yet").has("main a.button", 0)
	viewer.get("/connections/new").is(http.StatusForbidden)
	manager.get("/connections/new").is(http.StatusOK).says(".cards", "CardDAV", "SFTP", "LDAP")
	form := manager.get("/connections/new?type=sftp").is(http.StatusOK)
	form.has(`textarea[name="secret"]`, 1).has(`input[name="set.url"][required]`, 1).has("script:not([src])", 0)

	for _, row := range []struct {
		sentence string
		form     url.Values
		says     string
	}{
		{"a connection needs a name", url.Values{"set.url": {"https://dav.example.org"}}, "needs a name"},
		{"its name stands in addresses", url.Values{"name": {"a/b"}, "set.url": {"https://dav.example.org"}}, "needs a name"},
		{"what is required is asked for", url.Values{"name": {"office"}}, "This is missing"},
		{"a password has no place in the address", url.Values{"name": {"office"}, "set.url": {"https://ada:pw@dav.example.org"}}, "no user name and no password"},
		{"a file of the machine is nobody's in a browser", url.Values{"name": {"office"}, "set.url": {"https://dav.example.org"}, "set.ca": {"/etc/passwd"}}, "Only whoever runs Kith"},
		{"a limit is a number", url.Values{"name": {"office"}, "set.url": {"https://dav.example.org"}, "set.calls_per_day": {"many"}}, "takes a whole number above zero"},
	} {
		page := manager.post("/connections/new?type=carddav", row.form).is(http.StatusUnprocessableEntity)
		if !strings.Contains(page.words("main"), row.says) {
			t.Errorf("%s: got %q, want it to say %q", row.sentence, page.words("main"), row.says)
		}
	}
	at := nobody(t)
	office := url.Values{"name": {"office"}, "set.url": {"http://" + at}, "set.user": {"ada"}, "set.calls_per_day": {"500"}, "secret": {"open sesame"}}
	if to := manager.post("/connections/new?type=carddav", office).to; to != "/connections/office" {
		t.Fatalf("saving led to %q, want /connections/office", to)
	}
	page := manager.get("/connections/office").is(http.StatusOK).says("main", "set, sealed", "0 of 500", "not tested")
	edit := manager.get("/connections/office/edit").is(http.StatusOK).says("main", "leave blank to keep it")
	for what, body := range map[string]string{"the page": page.body, "the form": edit.body} {
		if strings.Contains(body, "open sesame") {
			t.Errorf("%s shows the secret", what)
		}
	}
	manager.post("/connections/new?type=carddav", office).is(http.StatusUnprocessableEntity).says("main", "There is a connection of this name already")

	tested := manager.post("/connections/office/test", nil).is(http.StatusOK).says("#test", "It does not work", "egress.allow", at)
	tested.has("#test .alarm", 1)
	viewer.get("/connections").says("tbody", "office", "0 of 500", "Failed")
	viewer.post("/connections/office/test", nil).is(http.StatusForbidden)

	elsewhere := url.Values{"set.url": {"https://other.example.org"}, "set.user": {"ada"}}
	manager.post("/connections/office/edit", elsewhere).is(http.StatusUnprocessableEntity).says("main", "Give the secret once more")
	same := url.Values{"set.url": {"http://" + at}, "set.user": {"bo"}}
	if to := manager.post("/connections/office/edit", same).to; to != "/connections/office" {
		t.Errorf("a change at the same server led to %q, want /connections/office", to)
	}
	manager.get("/connections/office").says("main", "bo", "set, sealed", "not tested")
	viewer.get("/connections/office/links").is(http.StatusOK).says("main", "Nobody is linked")

	viewer.post("/connections/office/delete", nil).is(http.StatusForbidden)
	manager.post("/connections/office/delete", nil).is(http.StatusSeeOther)
	manager.get("/connections/office").is(http.StatusNotFound)
	w.audited("connections.save", "name:office")
	w.audited("connections.delete", "name:office")
}

// audited fails unless somebody did that to an object, once or several times.
func (w *world) audited(action, object string) {
	w.t.Helper()
	for e, err := range w.Accounts.Audit(w.t.Context(), 0) {
		w.no(err)
		if e.Action == action && e.Object == object {
			return
		}
	}
	w.t.Errorf("the audit log: got no %s of %q, want one", action, object)
}

// strict is a server of SSH that nobody may sign in to.
func strict(t *testing.T) (addr, key string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, os.ErrPermission }}
	config.AddHostKey(signer)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _, _, _ = ssh.NewServerConn(c, config) // ends with the refusal
			}()
		}
	}()
	return l.Addr().String(), "ssh-ed25519 " + ssh.FingerprintSHA256(signer.PublicKey())
}

func TestTrust(t *testing.T) {
	w := newWorld(t)
	addr, key := strict(t)
	w.no(os.WriteFile(filepath.Join(w.Workspace.Folder, "egress.allow"), []byte(addr), 0o600))
	viewer, manager := w.as(account.Viewer), w.as(account.Manager)
	manager.post("/connections/new?type=sftp", url.Values{"name": {"hr"}, "set.url": {"sftp://" + addr}, "set.user": {"kith"}, "secret": {"open sesame"}}).is(http.StatusSeeOther)
	manager.post("/connections/hr/test", nil).is(http.StatusOK).says("#test", "shows its key for the first time", key).has(`form[action$="/trust"]`, 1)
	viewer.post("/connections/hr/trust", url.Values{"key": {key}, "compared": {"on"}}).is(http.StatusForbidden)
	other := "ssh-ed25519 SHA256:gRJIaD6EDE3CTTGHzR3hPNGdFMnbFyZFeX4XIyfGB34"
	for _, row := range []struct {
		sentence string
		form     url.Values
		status   int
	}{
		{"a key that nobody has compared", url.Values{"key": {key}}, http.StatusUnprocessableEntity},
		{"a key that the server does not show", url.Values{"key": {other}, "compared": {"on"}}, http.StatusUnprocessableEntity},
		{"what is no key", url.Values{"key": {"yes"}, "compared": {"on"}}, http.StatusUnprocessableEntity},
		{"the key that was shown and compared", url.Values{"key": {key}, "compared": {"on"}}, http.StatusSeeOther},
	} {
		if got := manager.post("/connections/hr/trust", row.form).status; got != row.status {
			t.Errorf("%s: got %d, want %d", row.sentence, got, row.status)
		}
	}
	manager.get("/connections/hr").says("dl", key)
	manager.post("/connections/hr/test", nil).is(http.StatusOK).says("#test", "It does not work").has(`form[action$="/trust"]`, 0)

	manager.post("/connections/hr/edit", url.Values{"set.url": {"sftp://" + addr}, "set.user": {"kith"}, "set.host_key": {other}}).is(http.StatusSeeOther)
	manager.post("/connections/hr/test", nil).says("#test", "another key than the one that was accepted", key, other).has(".guard", 0)
}
