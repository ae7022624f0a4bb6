package cli_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/cli"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A backup beside a server that writes without a pause is of one moment: nothing in
// it is half of a transaction, and it can be restored.
func TestBackupBesideAServerThatWrites(t *testing.T) {
	dir := t.TempDir()
	folder, file, other := filepath.Join(dir, "data"), filepath.Join(dir, "kith.tar.gz"), filepath.Join(dir, "other")
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: folder, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	fields := []contact.Field{{Name: "email", Kind: contact.Email}, {Name: "note", Kind: contact.Text}}
	var written atomic.Int64
	begun, stop, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if _, err := w.Store.CreateBook(t.Context(), store.Book{Name: fmt.Sprintf("book-%d", n), Fields: fields}); err != nil {
				done <- err
				return
			}
			if written.Add(1) == 20 {
				close(begun)
			}
		}
	}()
	<-begun
	before := written.Load()
	kithIn(t, folder, "backup", file)
	after := written.Load()
	close(stop)
	if err := <-done; err != nil {
		t.Fatalf("the server could not write beside the backup: %v", err)
	}
	kithIn(t, other, "restore", file, "--yes")
	kithIn(t, other, "doctor")
	copied, err := workspace.Open(t.Context(), workspace.Options{Folder: other, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	books, err := copied.Store.Books(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(len(books)); n < before || n > after+1 {
		t.Errorf("the backup has %d books; %d were there when it began and %d when it had ended", n, before, after)
	}
	for _, b := range books {
		if len(b.Fields) != len(fields) {
			t.Errorf("%s has %d fields in the backup, want %d: half a transaction", b.Name, len(b.Fields), len(fields))
		}
	}
}

// kithIn runs a command that must go well.
func kithIn(t *testing.T, folder string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	code := cli.Run(t.Context(), cli.World{Args: append([]string{"--data", folder}, args...), Getenv: func(string) string { return "" },
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Version: "v0.0.0-test"})
	if code != 0 {
		t.Fatalf("kith %s: exit %d\n%s", strings.Join(args, " "), code, out.String())
	}
	return out.String()
}
