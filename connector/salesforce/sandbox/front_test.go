package sandbox_test

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector/salesforce/sandbox"
)

func TestAPersonLooksAround(t *testing.T) {
	d := open(t, sandbox.Options{})
	d.Seed()
	lead := d.IDs("Lead")[0]
	name := d.Values(lead)["Name"]
	see := func(path, want string) {
		t.Helper()
		if s := d.ask("GET", path, ""); s.status != 200 || !strings.Contains(s.text, want) {
			t.Errorf("%s: got %d without %q: %.300s", path, s.status, want, s.text)
		}
	}
	press := func(want string, pairs ...string) {
		t.Helper()
		if s := d.form("/"+lead, pairs...); !strings.Contains(s.text, want) {
			t.Errorf("%v: got %.1500s, want %q", pairs, s.text, want)
		}
	}
	see("/", "client")
	see("/lightning/o/Lead/list", name)
	see("/lightning/r/Lead/"+lead+"/view", "Lead: "+name)
	see("/"+lead[:15], "Lead: "+name)
	press("Saved.", "do", "change", "field", "Title", "value", "<b>Buyer</b>")
	see("/"+lead, "&lt;b&gt;Buyer&lt;/b&gt;")
	press("invalid email address", "do", "change", "field", "Email", "value", "none")
	press("It is in the recycle bin.", "do", "delete")
	press("It is back.", "do", "undelete")
	press("Converted.", "do", "convert")
	press("cannot reference converted lead", "do", "change", "field", "Title", "value", "x")
	if d.Counts().Calls != 0 {
		t.Errorf("got %d calls of the API, want none", d.Counts().Calls)
	}
}
