package fetch_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kith-sync/kith/fetch"
)

func TestOnlyTheOperatorsFolders(t *testing.T) {
	base := t.TempDir()
	lay(t, base, "srv/hr/out/people.csv", "email\n", 1)
	lay(t, base, "srv/hr-secret/people.csv", "email\n", 1)
	lay(t, base, "other/people.csv", "email\n", 1)
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(base, name)); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(base, "other"), "srv/hr/leads-out")
	link("out/people.csv", "srv/hr/stays.csv")
	link(filepath.Join(base, "other/people.csv"), "srv/hr/leads-out.csv")
	roots := []string{filepath.Join(base, "srv/hr")}

	for _, c := range []struct{ name, folder, code string }{
		{"the root itself", "srv/hr", ""},
		{"a folder in it", "srv/hr/out", ""},
		{"its parent", "srv", fetch.CodeFolderClosed},
		{"a folder whose name begins alike", "srv/hr-secret", fetch.CodeFolderClosed},
		{"a way out and in again", "srv/hr/../hr-secret", fetch.CodeFolderClosed},
		{"a link that leads out", "srv/hr/leads-out", fetch.CodeMissing},
		{"a folder that is not there", "srv/hr/nowhere", fetch.CodeMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := fetch.Folder(filepath.Join(base, c.folder), roots)
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
	p, err := fetch.Folder(roots[0], roots)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, path := range []string{"../hr-secret/people.csv", "/../hr-secret/people.csv", "leads-out.csv", "leads-out/people.csv", "out/../../hr-secret/people.csv"} {
		t.Run("a path: "+path, func(t *testing.T) {
			if _, _, err := p.Open(t.Context(), path, fetch.Entry{}); err == nil {
				t.Error("it was opened, want it refused")
			}
		})
	}
	listed(t, p, "/", "*.csv", "stays.csv")
	t.Run("no folder is open by itself", func(t *testing.T) {
		_, err := fetch.Folder(roots[0], nil)
		want(t, err, fetch.CodeFolderClosed)
	})
}

func TestRoots(t *testing.T) {
	roots, err := fetch.Roots("# of the HR department\n/srv/hr/\n\n  /srv/crm  \n")
	if err != nil || len(roots) != 2 || roots[0] != "/srv/hr" || roots[1] != "/srv/crm" {
		t.Errorf("got %q, %v; want /srv/hr and /srv/crm", roots, err)
	}
	_, err = fetch.Roots("srv/hr")
	want(t, err, fetch.CodeFolderClosed)
}

// A file that is still being written waits (reliability.md 4).
func TestSettled(t *testing.T) {
	folder := t.TempDir()
	lay(t, folder, "people.csv", "email\n", 5)
	p := folderAt(t, folder)
	for _, c := range []struct {
		name  string
		while func()
		code  string
	}{
		{"nobody writes", func() {}, ""},
		{"it grows", func() { lay(t, folder, "people.csv", "email\nada@example.com\n", 5) }, fetch.CodePostponed},
		{"it is written anew", func() { lay(t, folder, "people.csv", "email\nbob@example.com\n", 4) }, fetch.CodePostponed},
		{"it goes away", func() { os.Remove(filepath.Join(folder, "people.csv")) }, fetch.CodeMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := fetch.Settled(t.Context(), p, "/people.csv", time.Hour, func(context.Context, time.Duration) error { c.while(); return nil })
			if c.code == "" && err != nil {
				t.Error(err)
			} else if c.code != "" {
				want(t, err, c.code)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct{ path, folder, pattern string }{
		{"/out/people-*.csv", "/out", "people-*.csv"}, {"*.csv", "", "*.csv"}, {"/*.csv", "/", "*.csv"}, {"out/x.csv", "out", "x.csv"},
		{"/a/../b/x?.csv", "/b", "x?.csv"}, {"/o*/x.csv", "", ""}, {"/out/x[1.csv", "", ""},
	} {
		folder, pattern, err := fetch.Split(c.path)
		if (err == nil) != (c.pattern != "") || err == nil && (folder != c.folder || pattern != c.pattern) {
			t.Errorf("%s: got %q and %q, %v; want %q and %q", c.path, folder, pattern, err, c.folder, c.pattern)
		}
	}
}

func TestMarked(t *testing.T) {
	files := []fetch.Entry{{Path: "/out/a.csv"}, {Path: "/out/b.csv"}, {Path: "/out/c.csv"}, {Path: "/out/a.csv.done"}, {Path: "/out/b.done"}}
	got := fetch.Marked(files, files, ".done")
	if len(got) != 2 || got[0].Path != "/out/a.csv" || got[1].Path != "/out/b.csv" {
		t.Errorf("got %v, want a.csv and b.csv: c.csv has no marker, and markers are none", got)
	}
	if got := fetch.Marked(files, nil, ""); len(got) != len(files) {
		t.Errorf("got %v, want all where no marker is asked for", got)
	}
}
