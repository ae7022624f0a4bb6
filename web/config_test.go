package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

const memberBook = "apiVersion: kith/v1\nkind: Book\nname: members\nfields:\n  - name: email\n    kind: email\n"

func (w *world) applies(name, text string) {
	w.t.Helper()
	_, err := w.ApplyConfig(w.t.Context(), account.Console(), service.ConfigRequest{Files: []desk.ConfigFile{{Name: name, Text: text}}})
	w.no(err)
}

func TestConfigurationAsFiles(t *testing.T) {
	w := newWorld(t)
	manager, viewer := w.as(account.Manager), w.as(account.Viewer)
	viewer.get("/config").is(403)
	viewer.post("/config/apply", url.Values{"text": {memberBook}}).is(403)
	manager.post("/config/plan", url.Values{"text": {memberBook}}).is(200).says("#would ~ p", "create", "members")
	manager.get("/config").saysNot("main", "members")
	if to := manager.post("/config/apply", url.Values{"text": {memberBook}, "file": {"books/members.yaml"}}).to; to != "/config" {
		t.Errorf("applying leads to %q, want /config", to)
	}
	manager.get("/config").says("summary", "books/members.yaml")
}

func TestMistakesInAConfigurationComeBackWithTheText(t *testing.T) {
	w := newWorld(t)
	text := strings.Replace(memberBook, "kind: email", "kind: emial", 1)
	page := w.as(account.Manager).post("/config/plan", url.Values{"text": {text + "# <script>"}}).is(422)
	page.says("pre.alarm", "pasted.yaml:6:11:", "Did you mean email?").says("textarea", "kind: emial", "# <script>")
}

func TestASyncThatIsKeptInAFileIsReadOnly(t *testing.T) {
	w := newWorld(t)
	w.imports("members", "email\nada@example.com\n")
	files, err := w.ExportConfig(t.Context())
	w.no(err)
	for _, f := range files {
		w.applies(f.Name, f.Text)
	}
	manager := w.as(account.Manager)
	page := manager.get("/syncs/import-members").is(200)
	page.says(".managed", "syncs/import-members.yaml").has(".managed a[href^='/config/document']", 1)
	manager.get("/config/document?kind=Sync&name=import-members").is(200).says("textarea", "name: import-members")
	manager.post("/syncs/import-members/delete", nil)
	manager.get("/syncs/import-members").is(200)

	if to := manager.post("/config/detach", url.Values{"kind": {"Sync"}, "name": {"import-members"}}).to; to == "" {
		t.Error("detaching leads nowhere")
	}
	manager.get("/syncs/import-members").has(".managed", 0)
	manager.post("/syncs/import-members/delete", nil)
	manager.get("/syncs/import-members").is(404)
}

// Over the network no file of the server can be named, and of its environment only
// what is meant for that.
func TestConfigurationOverTheNetworkReadsNothingOfTheServer(t *testing.T) {
	w := newWorld(t)
	t.Setenv("KITH_DATABASE", "postgres://ada:tiger@db.example.org/kith")
	t.Setenv("KITH_SECRET_HR", "lion")
	connection := "apiVersion: kith/v1\nkind: Connection\nname: hr\ntype: sftp\nsettings:\n  url: sftp://files.example.org\n  user: kith\nsecret: "
	for _, row := range []struct{ sentence, text, want string }{
		{"a variable that is meant for it", connection + "${env:KITH_SECRET_HR}\n", ""},
		{"another variable", connection + "${env:KITH_DATABASE}\n", "8:9: secret"},
		{"a file", connection + "${file:/etc/passwd}\n", "8:9: secret"},
		{"a certificate of the machine", "apiVersion: kith/v1\nkind: Connection\nname: office\ntype: carddav\nsettings:\n  url: https://dav.example.org\n  ca: /etc/passwd\n", "Only whoever runs Kith"},
		{"a certificate for mails", "apiVersion: kith/v1\nkind: Channel\nname: mail\ntype: smtp\nsettings:\n  host: mail.example.org\n  from: kith@example.org\n  ca: /etc/passwd\n", "Only whoever runs Kith"},
		{"a sync that reads a file", "apiVersion: kith/v1\nkind: Sync\nname: nosy\nsource: {file: /etc/passwd}\ntarget: {book: members}\n", "4:9: source"},
	} {
		_, err := w.PlanConfig(t.Context(), account.Console(), service.ConfigRequest{Files: []desk.ConfigFile{{Name: "a.yaml", Text: row.text}}})
		if (err == nil) != (row.want == "") || err != nil && (!strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "tiger")) {
			t.Errorf("%s: got %v, want %q", row.sentence, err, row.want)
		}
	}
}

func TestADemoSaysThatItIsOne(t *testing.T) {
	w := newWorld(t)
	p := w.as(account.Owner)
	p.get("/").has(".demo", 0).has(".tries", 0)
	w.Demo = true
	p.get("/").says(".demo", "Demo data").has(".tries li", 4)
}
