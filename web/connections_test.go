package web_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

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
