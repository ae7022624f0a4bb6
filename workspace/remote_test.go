package workspace_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A desk is a workspace with a connection to a folder of the test.
type desk struct {
	*workspace.Workspace
	t      *testing.T
	folder string
	sync   store.Sync
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// sit opens a workspace whose connection "hr" is the folder, and a sync from it
// into the book contacts.
func sit(t *testing.T, source plan.Endpoint) *desk {
	t.Helper()
	d := &desk{t: t, folder: t.TempDir()}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "roots"), []byte("# of the tests\n"+d.folder+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, workspace.AllowName), []byte("127.0.0.0/8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: data, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	d.Workspace = w
	d.connect(store.Connection{Kind: "folder", Settings: map[string]string{"url": d.folder, "settle_seconds": "0"}}, "")
	source.Connection = "hr"
	d.keep(source, plan.Policy{})
	return d
}

func (d *desk) connect(c store.Connection, secret string) {
	d.t.Helper()
	c.Name = "hr"
	var err error
	if c.Secret, err = d.SealSecret(d.t.Context(), "hr", secret); err == nil {
		_, err = d.Store.SaveConnection(d.t.Context(), c)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) keep(source plan.Endpoint, policy plan.Policy) {
	d.t.Helper()
	def := plan.Sync{Name: "hr", Source: source, Target: plan.Endpoint{Book: "contacts"}, Policy: policy}.Defaults()
	var err error
	if d.sync, err = d.Store.SaveSync(d.t.Context(), def, ""); err != nil {
		d.t.Fatal(err)
	}
}

// lay puts a file into the folder, written so many minutes before noon.
func (d *desk) lay(name string, ago int, lines ...string) {
	d.t.Helper()
	file := filepath.Join(d.folder, name)
	at := noon.Add(-time.Duration(ago) * time.Minute)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Chtimes(file, at, at); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) plan() (store.Run, error) { return d.Plan(d.t.Context(), d.sync) }

// run plans and applies.
func (d *desk) run() (store.Run, error) {
	d.t.Helper()
	r, err := d.plan()
	if err != nil || r.Status != store.Planned {
		return r, err
	}
	return d.Apply(d.t.Context(), d.sync, r)
}

// ran wants a run that ends with a status and these numbers: created, updated, deleted.
func (d *desk) ran(what string, status store.Status, created, updated, deleted int64) store.Run {
	d.t.Helper()
	r, err := d.run()
	got := fmt.Sprintf("%s, %d created, %d updated, %d deleted", r.Status, r.Totals.Created, r.Totals.Updated, r.Totals.Deleted)
	want := fmt.Sprintf("%s, %d created, %d updated, %d deleted", status, created, updated, deleted)
	if err != nil || got != want {
		d.t.Fatalf("%s: got %s, %v; want %s\n%v", what, got, err, want, r.Notes)
	}
	return r
}

// failed wants a run that fails with a code and changes nothing.
func (d *desk) failed(what, code string) store.Run {
	d.t.Helper()
	r, err := d.run()
	if r.Status != store.Failed || r.Code != code || err == nil || r.Totals.Writes() != 0 {
		d.t.Fatalf("%s: got %s, %q, %v; want it failed with %s", what, r.Status, r.Code, err, code)
	}
	return r
}

// there wants these files in the folder.
func (d *desk) there(what string, names ...string) {
	d.t.Helper()
	var got []string
	err := filepath.Walk(d.folder, func(file string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			rel, _ := filepath.Rel(d.folder, file)
			got = append(got, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil || strings.Join(got, " ") != strings.Join(names, " ") {
		d.t.Errorf("%s: got the files %v, %v; want %v", what, got, err, names)
	}
}

func noted(t *testing.T, r store.Run, words string) {
	t.Helper()
	if !strings.Contains(strings.Join(r.Notes, "\n"), words) {
		t.Errorf("got the notes %q, want %q among them", r.Notes, words)
	}
}

const header = "email,first_name"

// C20, C48: one remote file is what a local one is.
func TestARemoteFileIsReadLikeALocalOne(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/people.csv"})
	d.lay("out/people.csv", 10, header, "ada@example.com,Ada", "bo@example.com,Bo")
	r := d.ran("first", store.Succeeded, 2, 0, 0)
	if r.Source != "people.csv at hr" {
		t.Errorf("the run calls its source %q, want people.csv at hr", r.Source)
	}
	noted(t, r, "hr: /out/people.csv, 55 bytes, of 2026-11-22 11:50:00 UTC")
	d.ran("again", store.SkippedUnchanged, 0, 0, 0)
	d.lay("out/people.csv", 5, header, "ada@example.com,Ada", "bo@example.com,Bo")
	d.ran("written anew with the same content", store.SkippedUnchanged, 0, 0, 0)
	d.lay("out/people.csv", 5, header, "ada@example.com,Augusta", "cy@example.com,Cy")
	changed := d.ran("changed", store.Succeeded, 1, 1, 0)

	changed, err := d.Store.Run(t.Context(), changed.ID)
	if err != nil {
		t.Fatal(err)
	}
	undone, err := d.Undo(t.Context(), d.sync, changed)
	if err != nil || undone.Totals.Deleted != 1 || undone.Totals.Updated != 1 {
		t.Fatalf("undo: got %+v, %v", undone.Totals, err)
	}
	d.ran("after the undo", store.Succeeded, 1, 1, 0)
}

// A plan is for the file that was looked at, and no other (requirements 3.12).
func TestAPlanHoldsForItsFile(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/*.csv", Which: plan.WhichNewest, After: plan.AfterDelete})
	d.lay("out/a.csv", 10, header, "ada@example.com,Ada")
	for _, row := range []struct {
		sentence  string
		meanwhile func()
	}{
		{"a newer file came", func() { d.lay("out/b.csv", 5, header, "bo@example.com,Bo") }},
		{"the file was rewritten", func() { d.lay("out/a.csv", 1, header, "cy@example.com,Cy") }},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			r, err := d.plan()
			if err != nil {
				t.Fatal(err)
			}
			row.meanwhile()
			if _, err = d.Apply(t.Context(), d.sync, r); err == nil || !strings.Contains(err.Error(), "has changed since plan") {
				t.Errorf("got %v, want the plan refused", err)
			}
		})
	}
	d.there("after two plans", "out/a.csv", "out/b.csv")
}

// C22: the newest of several.
func TestTheNewestFile(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/people-*.csv"})
	d.keep(plan.Endpoint{Connection: "hr", Path: "/out/people-*.csv"}, plan.Policy{Delete: plan.Delete{NotFound: plan.Trash}})
	d.lay("out/people-1.csv", 30, header, "ada@example.com,Ada", "bo@example.com,Bo")
	d.lay("out/people-2.csv", 20, header, "ada@example.com,Ada", "cy@example.com,Cy")
	d.lay("out/others.csv", 1, header, "dee@example.com,Dee")
	r := d.ran("two files", store.Succeeded, 2, 0, 0)
	if r.Source != "people-2.csv at hr" {
		t.Errorf("got %s, want the newest", r.Source)
	}
	if err := os.Remove(filepath.Join(d.folder, "out/people-2.csv")); err != nil {
		t.Fatal(err)
	}
	noted(t, d.ran("only the older is left", store.SkippedUnchanged, 0, 0, 0), "No file newer than people-2.csv, which run")
	d.lay("out/people-3.csv", 10, header, "ada@example.com,Ada", "cy@example.com,Cyrus", "eve@example.com,Eve")
	d.ran("a new one", store.Succeeded, 1, 1, 0)
}

// C21, C22: all files, oldest first, each once, one run for each.
func TestAllFiles(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/*.csv", Which: plan.WhichAll})
	d.lay("out/b.csv", 30, header, "ada@example.com,Ada")
	d.lay("out/c.csv", 20, header, "ada@example.com,Augusta")
	d.lay("out/a.csv", 20, header, "bo@example.com,Bo")
	for i, want := range []struct {
		source           string
		created, updated int64
	}{{"b.csv at hr", 1, 0}, {"a.csv at hr", 1, 0}, {"c.csv at hr", 0, 1}} {
		r := d.ran(want.source, store.Succeeded, want.created, want.updated, 0)
		if r.Source != want.source || r.Waiting != 2-i {
			t.Errorf("file %d: got %s with %d more waiting, want %s with %d", i, r.Source, r.Waiting, want.source, 2-i)
		}
	}
	noted(t, d.ran("all were read", store.SkippedUnchanged, 0, 0, 0), "No new file; all 3 that match have been read")
	d.lay("out/b.csv", 2, header, "ada@example.com,Ada")
	noted(t, d.ran("one was only touched", store.SkippedUnchanged, 0, 0, 0), "No new file")
	d.lay("out/b.csv", 1, header, "ada@example.com,Ada L")
	d.ran("one has new content", store.Succeeded, 0, 1, 0)
}

// A file that cannot be read stops those after it, and removes nobody.
func TestOneUnreadableFileOfMany(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/*.csv", Which: plan.WhichAll})
	d.lay("out/1.csv", 30, header, "ada@example.com,Ada")
	d.lay("out/2.csv", 20, "<!DOCTYPE html><title>Sign in</title>")
	d.lay("out/3.csv", 10, header, "bo@example.com,Bo")
	d.ran("the first", store.Succeeded, 1, 0, 0)
	d.failed("the second", fetch.CodeWrongContent)
	d.failed("and again: the third waits for it", fetch.CodeWrongContent)
	d.lay("out/2.csv", 20, header, "cy@example.com,Cy")
	d.ran("mended", store.Succeeded, 1, 0, 0)
	d.ran("the third", store.Succeeded, 1, 0, 0)
}

// What becomes of a file, once it is fully applied and not before.
func TestWhatBecomesOfAFile(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/*.csv", After: plan.MoveTo("../done")})
	d.lay("done/people.csv", 60, "an older one")
	d.lay("out/people.csv", 10, header, "ada@example.com,Ada", "not an address,Bo")
	if _, err := d.plan(); err != nil {
		t.Fatal(err)
	}
	d.there("planned only", "done/people.csv", "out/people.csv")
	r := d.ran("with a rejected row, which is still fully applied", store.WithErrors, 1, 0, 0)
	name := fmt.Sprintf("people.run-%d.csv", r.ID)
	noted(t, r, "people.csv was moved to /done/"+name)
	d.there("applied; one of that name was there", "done/people.csv", "done/"+name)
	d.ran("nothing is left", store.WithWarnings, 0, 0, 0)

	d.keep(plan.Endpoint{Connection: "hr", Path: "/out/*.csv", After: plan.AfterDelete}, plan.Policy{})
	d.lay("out/people.csv", 5, header, "cy@example.com,Cy")
	noted(t, d.ran("deleted", store.Succeeded, 1, 0, 0), "people.csv was deleted at hr")
	d.there("deleted", "done/people.csv", "done/"+name)
}

// Putting away that failed is told, and tried again after the next run.
func TestAFileThatCannotBePutAway(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/*.csv", After: plan.MoveTo("/done")})
	d.lay("out/people.csv", 10, header, "ada@example.com,Ada")
	d.lay("done", 60, "a file where the folder should be")
	r := d.ran("no such folder", store.WithWarnings, 1, 0, 0)
	if r.Warnings[workspace.CodeNotTidy] != 1 {
		t.Errorf("got the warnings %v, want %s", r.Warnings, workspace.CodeNotTidy)
	}
	noted(t, r, "There is no folder /done, and this user may not make it. Make it there")
	d.there("still there", "done", "out/people.csv")
	if err := os.Remove(filepath.Join(d.folder, "done")); err != nil {
		t.Fatal(err)
	}
	d.ran("again", store.SkippedUnchanged, 0, 0, 0)
	d.there("put away", "done/people.csv")
}

// A folder to put files away in is made with the first of them.
func TestTheFolderOfFilesPutAwayIsMade(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/*.csv", After: plan.MoveTo("done/2026")})
	d.lay("out/people.csv", 10, header, "ada@example.com,Ada")
	noted(t, d.ran("no folder yet", store.Succeeded, 1, 0, 0), "people.csv was moved to /out/done/2026/people.csv at hr")
	d.there("put away", "out/done/2026/people.csv")
}

// A web server offers neither to move nor to delete: the sync that asks for it is
// refused before it reads.
func TestAWebFileCannotBePutAway(t *testing.T) {
	for _, after := range []plan.After{plan.AfterDelete, plan.MoveTo("done")} {
		d := sit(t, plan.Endpoint{Path: "people.csv", After: after})
		d.connect(store.Connection{Kind: "https", Settings: map[string]string{"url": "https://127.0.0.1:1"}}, "")
		if r := d.failed(string(after), fetch.CodeNotOffered); !strings.Contains(r.Message, "Leave after out of the sync") {
			t.Errorf("got %q, want what to do", r.Message)
		}
	}
}

// A file that was written to after it was read has not been read.
func TestAFileThatWasWrittenToSinceStays(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/*.csv", After: plan.MoveTo("/nowhere")})
	d.lay("out/people.csv", 10, header, "ada@example.com,Ada")
	d.lay("nowhere", 60, "a file where the folder should be")
	d.ran("no such folder", store.WithWarnings, 1, 0, 0)
	d.keep(plan.Endpoint{Connection: "hr", Path: "/out/*.csv", After: plan.AfterDelete, NoFile: plan.NoFileOK}, plan.Policy{})
	d.lay("out/people.csv", 5, header, "ada@example.com,Ada", "bo@example.com,Bo")
	if r, err := d.plan(); err != nil || r.Totals.Created != 1 {
		t.Fatalf("got %+v, %v", r.Totals, err)
	}
	d.there("planned", "nowhere", "out/people.csv")
	d.ran("applied", store.Succeeded, 1, 0, 0)
	d.there("applied", "nowhere")
}

func TestNoFile(t *testing.T) {
	for _, path := range []string{"/out/*.csv", "/out/people.csv"} {
		t.Run(path, func(t *testing.T) {
			d := sit(t, plan.Endpoint{Path: path})
			d.keep(plan.Endpoint{Connection: "hr", Path: path, NoFile: plan.NoFileOK}, plan.Policy{Delete: plan.Delete{NotFound: plan.Trash}})
			d.lay("out/people.csv", 10, header, "ada@example.com,Ada")
			d.ran("a file", store.Succeeded, 1, 0, 0)
			if err := os.Remove(filepath.Join(d.folder, "out/people.csv")); err != nil {
				t.Fatal(err)
			}
			d.ran("none, which is ok", store.SkippedUnchanged, 0, 0, 0)
			for _, say := range []string{plan.NoFileWarn, ""} {
				d.keep(plan.Endpoint{Connection: "hr", Path: path, NoFile: say}, plan.Policy{Delete: plan.Delete{NotFound: plan.Trash}})
				if r := d.ran("none", store.WithWarnings, 0, 0, 0); r.Warnings[workspace.CodeNoFile] != 1 {
					t.Errorf("got the warnings %v, want %s", r.Warnings, workspace.CodeNoFile)
				}
			}
			d.keep(plan.Endpoint{Connection: "hr", Path: path, NoFile: plan.NoFileError}, plan.Policy{Delete: plan.Delete{NotFound: plan.Trash}})
			d.failed("none, which is an error", workspace.CodeNoFile)
			d.lay("out/people.csv", 10, header, "ada@example.com,Ada")
			d.ran("back again", store.SkippedUnchanged, 0, 0, 0)
		})
	}
	d := sit(t, plan.Endpoint{Path: "/nowhere/*.csv", NoFile: plan.NoFileOK})
	d.failed("no folder is another matter", fetch.CodeMissing)
}

// A web server that says that nothing has changed is not asked for the file.
func TestAnUnchangedWebFileIsNotDownloaded(t *testing.T) {
	content, downloads := header+"\nada@example.com,Ada\n", 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tag := fmt.Sprintf(`"%d"`, len(content))
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if r.Method == http.MethodGet {
			downloads++
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		fmt.Fprint(w, content)
	}))
	defer server.Close()
	d := sit(t, plan.Endpoint{Path: "people.csv"})
	d.connect(store.Connection{Kind: "https", Settings: map[string]string{"url": server.URL + "/out/"}}, "token")
	d.ran("first", store.Succeeded, 1, 0, 0)
	d.ran("again", store.SkippedUnchanged, 0, 0, 0)
	d.ran("and again", store.SkippedUnchanged, 0, 0, 0)
	if downloads != 1 {
		t.Errorf("got %d downloads, want 1", downloads)
	}
	content += "bo@example.com,Bo\n"
	d.ran("changed", store.Succeeded, 1, 0, 0)
	if downloads != 2 {
		t.Errorf("got %d downloads, want 2: one each", downloads)
	}
	if left, _ := filepath.Glob(filepath.Join(d.Folder, "tmp", "*")); len(left) != 0 {
		t.Errorf("%v stay in the folder of temporary files, want none", left)
	}
}

// A plan holds for a web file whose server refuses HEAD: it is looked at by GET,
// and where that tells nothing, its content decides.
func TestAPlanHoldsForAWebFileWithoutHEAD(t *testing.T) {
	for _, row := range []struct {
		sentence string
		status   int    // to HEAD
		told     string // the header that tells one state of the file from another
		before   string
		after    string
		secret   bool // the address is the secret
	}{
		{"signed for GET", http.StatusForbidden, "ETag", `"1"`, `"2"`, false},
		{"HEAD is not allowed", http.StatusMethodNotAllowed, "Last-Modified", "Sun, 22 Nov 2026 06:00:00 GMT", "Sun, 22 Nov 2026 07:00:00 GMT", false},
		{"HEAD is not known", http.StatusNotImplemented, "ETag", `"1"`, `"2"`, false},
		{"nothing is told but the content", http.StatusForbidden, "X-Nothing", "", "", false},
		{"the address is a secret", http.StatusForbidden, "ETag", `"1"`, `"2"`, true},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			content, told := header+"\nada@example.com,Ada\n", row.before
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet {
					w.WriteHeader(row.status)
					return
				}
				w.Header().Set(row.told, told)
				fmt.Fprint(w, content)
			}))
			defer server.Close()
			d := sit(t, plan.Endpoint{Path: "people.csv"})
			secret := ""
			if row.secret {
				secret = server.URL + "/people.csv?X-Amz-Signature=1f0c"
			}
			d.connect(store.Connection{Kind: "https", Settings: map[string]string{"url": server.URL}}, secret)
			d.ran("as it was planned", store.Succeeded, 1, 0, 0)
			content, told = header+"\nada@example.com,Ada\nbo@example.com,Bo\n", row.after
			r, err := d.plan()
			if err != nil || r.Totals.Created != 1 {
				t.Fatalf("got %+v, %v; want one create planned", r.Totals, err)
			}
			content, told = header+"\nada@example.com,Ada\ncy@example.com,Cy\n", row.before
			if _, err = d.Apply(t.Context(), d.sync, r); err == nil || !strings.Contains(err.Error(), "has changed since plan") {
				t.Errorf("the file changed after the plan: got %v, want the plan refused", err)
			}
		})
	}
}

// What goes wrong on the way is a failed run with its code, and changes nothing.
func TestWhatCannotBeBroughtChangesNothing(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/people.csv"})
	d.keep(plan.Endpoint{Connection: "hr", Path: "/out/people.csv"}, plan.Policy{Delete: plan.Delete{NotFound: plan.Trash}})
	d.lay("out/people.csv", 10, header, "ada@example.com,Ada")
	d.ran("first", store.Succeeded, 1, 0, 0)

	addr, _ := peer.FreeAddr(t)
	s := peer.StartSSHD(t)
	sftp := func(key string) store.Connection {
		return store.Connection{Kind: "sftp", Settings: map[string]string{"url": "sftp://" + s.Addr, "user": s.User, "host_key": key, "settle_seconds": "0"}}
	}
	for _, c := range []struct {
		name, code, secret string
		connection         store.Connection
	}{
		{"a folder that is not the operator's", fetch.CodeFolderClosed, "", store.Connection{Kind: "folder", Settings: map[string]string{"url": "/etc"}}},
		{"a server whose key nobody has accepted", fetch.CodeHostKeyUnknown, s.Key, sftp("")},
		{"a server with another key", fetch.CodeHostKeyChanged, s.Key, sftp("ssh-ed25519 SHA256:" + strings.Repeat("A", 43))},
		{"a wrong password", fetch.CodeDenied, "wrong", sftp(s.HostKey)},
		{"no password (C23)", fetch.CodeDenied, "", store.Connection{Kind: "ftp", Settings: map[string]string{"url": "ftp://" + addr, "user": "ada"}}},
		{"an address nobody allowed", workspace.CodeEgress, "x", store.Connection{Kind: "ftp", Settings: map[string]string{"url": "ftp://10.9.8.7", "user": "ada"}}},
		{"records and no files", run.CodeConfig, "", store.Connection{Kind: "carddav", Settings: map[string]string{"url": "https://example.org"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := *d
			d.t = t
			d.connect(c.connection, c.secret)
			r := d.failed(c.name, c.code)
			if !strings.Contains(r.Message, "Nothing was changed") && c.code != run.CodeConfig {
				t.Errorf("got %q, want that it says what is safe", r.Message)
			}
		})
	}
	t.Run("the key is accepted", func(t *testing.T) {
		d := *d
		d.t = t
		d.lay("out/people.csv", 5, header, "ada@example.com,Ada", "bo@example.com,Bo")
		d.connect(store.Connection{Kind: "sftp", Settings: map[string]string{"url": "sftp://" + s.Addr + d.folder, "user": s.User, "settle_seconds": "0"}}, s.Key)
		key, err := d.HostKeyNow(t.Context(), "hr")
		if err != nil || key != s.HostKey {
			t.Fatalf("got %q, %v; want %s", key, err, s.HostKey)
		}
		if err := d.Trust(t.Context(), "hr", key); err != nil {
			t.Fatal(err)
		}
		d.keep(plan.Endpoint{Connection: "hr", Path: "out/people.csv"}, plan.Policy{}) // below the folder of the address
		r := d.ran("by SFTP", store.Succeeded, 1, 0, 0)
		noted(t, r, "hr: "+d.folder+"/out/people.csv")
	})
}

// A workbook from anywhere is read like a file of text, from the sheet that is named.
func TestARemoteWorkbook(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/people.xlsx", CSV: plan.CSV{Sheet: "People"}})
	f := excelize.NewFile()
	defer f.Close()
	if _, err := f.NewSheet("People"); err != nil {
		t.Fatal(err)
	}
	for cell, row := range map[string][]any{"A2": {"Email", "First name", "Zip"}, "A3": {"ada@example.com", "Ada", "00501"}, "A5": {"bo@example.com", "Bo, \"B\" Baker", "02134", "one too many"}, "A6": {"cy@example.com"}} {
		if err := f.SetSheetRow("People", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SaveAs(filepath.Join(d.folder, "people.xlsx")); err != nil {
		t.Fatal(err)
	}
	r := d.ran("a workbook", store.WithErrors, 2, 0, 0)
	if r.Totals.Read != 3 || r.Reasons["row.columns"] != 1 {
		t.Errorf("got %+v, %v; want three records, one of them too wide", r.Totals, r.Reasons)
	}
	noted(t, r, "workbook, sheet People")
	d.ran("again", store.SkippedUnchanged, 0, 0, 0)
	d.keep(plan.Endpoint{Connection: "hr", Path: "/people.xlsx", CSV: plan.CSV{Sheet: "Peeple"}}, plan.Policy{})
	if r := d.failed("no such sheet", "file.sheet"); !strings.Contains(r.Message, "Sheet1, People") {
		t.Errorf("got %q, want the sheets that there are", r.Message)
	}
}

// FTPS through a connection: its own authority, and the TLS session that vsftpd
// wants resumed. The file is moved away at the end.
func TestAFileByFTPS(t *testing.T) {
	for _, mode := range []string{"explicit", "implicit"} {
		t.Run(mode, func(t *testing.T) {
			d := sit(t, plan.Endpoint{Path: "/out/*.csv"})
			cert, key, _ := peer.Certificate(t)
			d.lay("out/people.csv", 10, header, "ada@example.com,Ada")
			d.lay("done/old.csv", 10, header)
			for _, folder := range []string{"out", "done"} {
				if err := os.Chmod(filepath.Join(d.folder, folder), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			addr := peer.VSFTPD(t, d.folder, mode, cert, key)
			settings := map[string]string{"url": "ftp://" + addr, "user": "anonymous", "tls": mode, "ca": cert, "settle_seconds": "0"}
			d.connect(store.Connection{Kind: "ftps", Settings: settings}, "ada@example.com")
			d.keep(plan.Endpoint{Connection: "hr", Path: "/out/*.csv", After: plan.MoveTo("/done")}, plan.Policy{})
			d.ran("first", store.Succeeded, 1, 0, 0)
			d.there("moved", "done/old.csv", "done/people.csv")
			delete(settings, "ca")
			d.connect(store.Connection{Kind: "ftps", Settings: settings}, "ada@example.com")
			d.failed("a certificate nobody vouches for", fetch.CodeDenied)
		})
	}
}

// A process that ends between applying a file and putting it away: the next run
// sees that it was read, and puts it away.
func TestAFileIsPutAwayAfterACrash(t *testing.T) {
	for _, which := range []string{plan.WhichNewest, plan.WhichAll} {
		t.Run(which, func(t *testing.T) {
			d := sit(t, plan.Endpoint{Path: "/out/*.csv"})
			d.keep(plan.Endpoint{Connection: "hr", Path: "/out/*.csv", Which: which, After: plan.AfterDelete}, plan.Policy{})
			d.lay("out/people.csv", 10, header, "ada@example.com,Ada")
			r, err := d.plan()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Engine.Apply(t.Context(), d.sync, r); err != nil { // without what the workspace does after it
				t.Fatal(err)
			}
			d.there("applied", "out/people.csv")
			d.ran("the next run", store.SkippedUnchanged, 0, 0, 0)
			d.there("put away")
			if known, err := d.Store.FetchedBy(t.Context(), d.sync.ID); err != nil || len(known) != 1 || known[0].Run != r.ID {
				t.Errorf("got %+v, %v; want that run %d has read the file", known, err, r.ID)
			}
		})
	}
}

// A run that the guard has stopped has not applied its file.
func TestAFileOfAStoppedRunStays(t *testing.T) {
	d := sit(t, plan.Endpoint{Path: "/out/*.csv"})
	d.keep(plan.Endpoint{Connection: "hr", Path: "/out/*.csv", After: plan.AfterDelete}, plan.Policy{Delete: plan.Delete{NotFound: plan.Trash}})
	d.lay("out/1.csv", 20, header, "ada@example.com,Ada", "bo@example.com,Bo")
	d.ran("first", store.Succeeded, 2, 0, 0)
	d.lay("out/2.csv", 10, header, "ada@example.com,Ada")
	r, err := d.run()
	if err != nil || r.Status != store.Blocked {
		t.Fatalf("got %s, %v; want it stopped by the guard", r.Status, err)
	}
	d.there("stopped", "out/2.csv")
	r.Status, r.Approved = store.Planned, true
	if r, err = d.Apply(t.Context(), d.sync, r); err != nil || r.Totals.Deleted != 1 {
		t.Fatalf("got %s, %v", r.Status, err)
	}
	d.there("approved")
}

// A server that is busy is asked again, a little later; one that has no file says
// what no_file says about it.
func TestAWebServerThatIsBusyAtFirst(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if r.URL.Path != "/people.csv" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Last-Modified", "Sun, 22 Nov 2026 06:00:00 GMT")
		fmt.Fprint(w, header+"\nada@example.com,Ada\n")
	}))
	defer server.Close()
	d := sit(t, plan.Endpoint{Path: "/people.csv"})
	d.connect(store.Connection{Kind: "https", Settings: map[string]string{"url": server.URL}}, "")
	d.ran("busy once", store.Succeeded, 1, 0, 0)
	d.keep(plan.Endpoint{Connection: "hr", Path: "/nobody.csv"}, plan.Policy{})
	if r := d.ran("no file", store.WithWarnings, 0, 0, 0); r.Warnings[workspace.CodeNoFile] != 1 {
		t.Errorf("got the warnings %v, want %s", r.Warnings, workspace.CodeNoFile)
	}
}
