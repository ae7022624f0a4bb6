//go:build e2e

package e2e

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// A world is an installation of its own on loopback: the real handler, the real
// queue, and a clock that moves when it is told to.
type world struct {
	*service.Service
	t       *testing.T
	folder  string // of the installation
	outside string // a folder that files may be fetched from
	clock   *clock
}

// A clock stands still until somebody moves it.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d / time.Second)) }

const (
	owner    = "grace@example.org"
	password = "violet tractor seldom whistles"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir(), outside: t.TempDir(), clock: new(clock)}
	w.clock.at.Store(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC).Unix())
	w.no(os.WriteFile(filepath.Join(w.folder, "roots"), []byte(w.outside+"\n"), 0o600))
	room, err := workspace.Open(t.Context(), workspace.Options{Folder: w.folder, Now: w.clock.now})
	w.no(err)
	t.Cleanup(func() { room.Close() })
	gate, err := room.Gate(t.Context(), w.clock.now, false)
	w.no(err)
	w.Service = service.New(service.Options{Workspace: room, Accounts: gate, Now: w.clock.now, Version: "test",
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	handler, err := server.Handler(w.Service)
	w.no(err)
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	w.BaseURL = listening.URL
	w.no(w.Start(t.Context()))
	t.Cleanup(w.Close)
	return w
}

// owned is a world whose owner has signed in with a browser.
func owned(t *testing.T) (*world, *tab) {
	t.Helper()
	w := newWorld(t)
	if _, err := w.Accounts.AddUser(t.Context(), account.Console(), account.NewUser{Email: owner, Name: "Grace", Role: account.Owner, Password: password}); err != nil {
		t.Fatal(err)
	}
	b := w.tab()
	b.signIn()
	return w, b
}

func (w *world) no(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// file writes a file that a person has on their computer.
func (w *world) file(name, text string) (path string) {
	w.t.Helper()
	path = filepath.Join(w.t.TempDir(), name)
	w.no(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// places writes a file into the folder that imports fetch from.
func (w *world) places(name, text string) {
	w.t.Helper()
	w.no(os.WriteFile(filepath.Join(w.outside, name), []byte(text), 0o600))
}

// connects makes a connection to that folder.
func (w *world) connects(name string) {
	w.t.Helper()
	_, err := w.Workspace.Store.SaveConnection(w.t.Context(), store.Connection{Name: name, Kind: "folder",
		Settings: map[string]string{"url": w.outside, "settle_seconds": "0"}})
	w.no(err)
}

// imports brings a file of comma-separated values into a book without the pages.
func (w *world) imports(book, text string, def plan.Sync) store.Run {
	w.t.Helper()
	path := w.file(book+".csv", text)
	def.Name, def.Source.File, def.Target.Book = "import-"+book, path, book
	def, err := syncfile.Apply(def.Preset, def)
	w.no(err)
	sync, err := w.Workspace.Store.SaveSync(w.t.Context(), def, filepath.Dir(path))
	w.no(err)
	r, err := w.Workspace.Plan(w.t.Context(), sync)
	w.no(err)
	if r.Status == store.Blocked {
		return r
	}
	r, err = w.Workspace.Apply(w.t.Context(), sync, r)
	w.no(err)
	return r
}
