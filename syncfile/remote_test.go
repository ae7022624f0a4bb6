package syncfile_test

import (
	"strings"
	"testing"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/syncfile"
)

const remoteHead = "apiVersion: kith/v1\nkind: Sync\nname: hr\ntarget: {book: contacts}\n"

// What a file of a connection may say, and what it means (C20-C22).
func TestAFileOfAConnection(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"one file", "source: {connection: hr, path: /out/people.csv}", ""},
		{"all that match, kept", `source: {connection: hr, path: "/out/*.csv", which: all, after: keep, no_file: ok}`, ""},
		{"the newest, moved", `source: {connection: hr, path: "/out/*.csv", which: newest, after: {move: /done}, no_file: error}`, ""},
		{"deleted, from a sheet", `source: {connection: hr, path: "people-?.xlsx", after: delete, csv: {sheet: People}}`, ""},
		{"contacts that the newest does not have", "source: {connection: hr, path: \"/out/*.csv\"}\npolicy: {delete: {not_found: trash}}", ""},
		{"a path without a connection", "source: {file: a.csv, path: /out/people.csv}", "source.path: belongs to a connection"},
		{"an object beside it", "source: {connection: hr, path: a.csv, object: Contact}", "source.object: stands beside path"},
		{"a pattern for a folder", `source: {connection: hr, path: "/o*/people.csv"}`, "source.path: has a pattern in its folder"},
		{"half a pattern", `source: {connection: hr, path: "/out/[ab.csv"}`, "source.path: the pattern"},
		{"which of one", "source: {connection: hr, path: a.csv, which: all}", "source.which: asks which of several files, and path names one"},
		{"all, every time", `source: {connection: hr, path: "*.csv", which: all, every_time: true}`, "source.every_time: each file of which: all is read once"},
		{"contacts that one of all does not have", "source: {connection: hr, path: \"*.csv\", which: all}\npolicy: {delete: {not_found: trash}}",
			"policy.delete.not_found: a file of several never holds everybody"},
		{"what nobody can do with a file", "source: {connection: hr, path: a.csv, after: archive}", "source.after: \"archive\" is nothing that can be done with a file"},
		{"moved nowhere", `source: {connection: hr, path: a.csv, after: {move: " "}}`, "source.after: says nothing that can be done with a file"},
		{"moved and deleted", `source: {connection: hr, path: a.csv, after: {move: a, delete: b}}`, "source.after: says nothing that can be done with a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			syncs, err := syncfile.Parse("hr.yaml", []byte(remoteHead+c.text+"\n"))
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if syncs[0].Linked() {
				t.Error("it counts as linked; a file has no links")
			}
			text, err := syncfile.Marshal(syncs[0])
			if err != nil {
				t.Fatal(err)
			}
			again, err := syncfile.Parse("again.yaml", text)
			if err != nil || string(again[0].Canonical()) != string(syncs[0].Canonical()) {
				t.Errorf("written and read again: got %+v, %v; want %s\n%s", again, err, syncs[0].Canonical(), text)
			}
		})
	}
	syncs, err := syncfile.Parse("hr.yaml", []byte(remoteHead+"source: {connection: hr, path: a.csv, after: {move: /done}}\n"))
	if err != nil || syncs[0].Source.After != plan.MoveTo("/done") {
		t.Errorf("got %v, %v; want a move to /done", syncs, err)
	}
}
