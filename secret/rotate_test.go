package secret_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/kith-sync/kith/secret"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestANewDataKey(t *testing.T) {
	outer, database := secret.Outer{Text: keyText(1)}, &shelf{}
	b := open(t, outer, database)
	old := seal(t, b, here, "hunter2")
	if b.Stale(old) {
		t.Error("a value that was just sealed is stale")
	}
	must(t, b.AddKey(ctx))
	if !b.Stale(old) {
		t.Error("a value of the old data key is not stale")
	}
	wantOpen(t, b, here, old, "hunter2")
	next := here
	next.Version = "4"
	renewed, err := b.Reseal(here, next, old)
	must(t, err)
	if b.Stale(renewed) || renewed.KeyID() == old.KeyID() {
		t.Errorf("a value that was sealed anew has key %s, as before", renewed.KeyID())
	}
	must(t, b.Drop(ctx))
	again := open(t, outer, database)
	wantOpen(t, again, next, renewed, "hunter2")
	if got, err := again.Open(here, old); !errors.Is(err, secret.ErrDamaged) {
		t.Errorf("after Drop the old value opens as %q, %v", got, err)
	}
}

func TestANewOuterKeyLeavesValuesAsTheyAre(t *testing.T) {
	was, now, database := secret.Outer{Text: keyText(1)}, secret.Outer{Text: keyText(2)}, &shelf{}
	b := open(t, was, database)
	sealed := seal(t, b, here, "hunter2")
	must(t, b.Admit(ctx, now))
	wantOpen(t, open(t, was, database), here, sealed, "hunter2")
	b = open(t, now, database)
	wantOpen(t, b, here, sealed, "hunter2")
	if err := b.AddKey(ctx); err == nil {
		t.Error("a data key was made that one of two outer keys does not open")
	}
	must(t, b.Only(ctx))
	wantOpen(t, open(t, now, database), here, sealed, "hunter2")
	if _, err := secret.Open(ctx, was, database, random(1)); !errors.Is(err, secret.ErrOtherKey) {
		t.Errorf("the old outer key: %v, want ErrOtherKey", err)
	}
}

func TestTwoWhoChangeTheKeysAtOnce(t *testing.T) {
	outer, database := secret.Outer{Text: keyText(1)}, &shelf{}
	one, two := open(t, outer, database), open(t, outer, database)
	must(t, one.AddKey(ctx))
	if err := two.AddKey(ctx); !errors.Is(err, secret.ErrBusy) {
		t.Errorf("the second got %v, want ErrBusy", err)
	}
	sealed := seal(t, one, here, "hunter2")
	wantOpen(t, open(t, outer, database), here, sealed, "hunter2")
}

// I6 for the key file: wherever the change of the key stops, the key that lies
// in the file opens what was sealed, and the change can be begun anew.
func TestAChangeOfTheKeyFileMayStopAnywhere(t *testing.T) {
	for _, c := range []struct {
		name string
		fail map[int]string
	}{
		{"it goes through", nil},
		{"before the new key is admitted", map[int]string{2: "before"}},
		{"after the new key is admitted", map[int]string{2: "after"}},
		{"before the old key is forgotten", map[int]string{3: "before"}},
		{"after the old key is forgotten", map[int]string{3: "after"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "key")
			outer, database := secret.Outer{File: file}, &shelf{fail: c.fail}
			b := open(t, outer, database) // the first swap
			sealed := seal(t, b, here, "hunter2")
			before, err := os.ReadFile(file)
			must(t, err)
			if err := b.ChangeFile(ctx, file); (err != nil) != (c.fail != nil) {
				t.Errorf("ChangeFile: %v", err)
			}

			b = open(t, outer, database)
			wantOpen(t, b, here, sealed, "hunter2")
			must(t, b.ChangeFile(ctx, file))
			b = open(t, outer, database)
			wantOpen(t, b, here, sealed, "hunter2")
			after, err := os.ReadFile(file)
			must(t, err)
			if bytes.Equal(before, after) {
				t.Error("the key file is as before")
			}
			old := filepath.Join(t.TempDir(), "old")
			must(t, os.WriteFile(old, before, 0o600))
			if _, err := secret.Open(ctx, secret.Outer{File: old}, database, random(1)); !errors.Is(err, secret.ErrOtherKey) {
				t.Errorf("the old key: %v, want ErrOtherKey", err)
			}
			if found, _ := os.ReadDir(filepath.Dir(file)); len(found) != 1 {
				t.Errorf("the folder has %v, want the key alone", found)
			}
		})
	}
}
