package secret_test

import (
	"bytes"
	"context"
	cryptorand "crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/secret"
)

var ctx = context.Background()

// A shelf keeps the wrapped keys in memory. It can fail at a chosen swap,
// before or after it has stored.
type shelf struct {
	mu     sync.Mutex
	stored []byte
	fail   map[int]string // swap -> "before" or "after"
	swaps  int
}

var errShelf = errors.New("the database is gone")

func (s *shelf) Load(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.stored), nil
}

func (s *shelf) Swap(_ context.Context, was, now []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swaps++
	if s.fail[s.swaps] == "before" {
		return false, errShelf
	}
	if !bytes.Equal(was, s.stored) {
		return false, nil
	}
	s.stored = bytes.Clone(now)
	if s.fail[s.swaps] == "after" {
		return false, errShelf
	}
	return true, nil
}

// random is repeatable; seeds differ so that keys do.
func random(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func keyText(seed byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, 32))
}

func open(t *testing.T, outer secret.Outer, s secret.Shelf) *secret.Box {
	t.Helper()
	b, err := secret.Open(ctx, outer, s, cryptorand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func seal(t *testing.T, b *secret.Box, where secret.Where, plain string) secret.Sealed {
	t.Helper()
	sealed, err := b.Seal(where, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func wantOpen(t *testing.T, b *secret.Box, where secret.Where, sealed secret.Sealed, want string) {
	t.Helper()
	if got, err := b.Open(where, sealed); err != nil || string(got) != want {
		t.Errorf("Open(%v) = %q, %v; want %q", where, got, err, want)
	}
}

var here = secret.Where{Table: "connection", Row: "7", Column: "password", Version: "3"}

func TestPropWhatIsSealedOpens(t *testing.T) {
	b := open(t, secret.Outer{Text: keyText(1)}, &shelf{})
	rapid.Check(t, func(t *rapid.T) {
		where := secret.Where{Table: rapid.String().Draw(t, "table"), Row: rapid.String().Draw(t, "row"), Column: rapid.String().Draw(t, "column"), Version: rapid.String().Draw(t, "version")}
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed, err := b.Seal(where, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Open(where, sealed); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Open(Seal(%x)) = %x, %v", plain, got, err)
		}
		if again, _ := b.Seal(where, plain); again == sealed {
			t.Fatalf("a value sealed twice looks alike: %s", sealed)
		}
	})
}

// Every character in turn becomes every other byte.
func TestAnAlteredValueDoesNotOpen(t *testing.T) {
	b := open(t, secret.Outer{Text: keyText(1)}, &shelf{})
	sealed := seal(t, b, here, "correct horse battery staple")
	for at := range len(sealed) {
		for to := range 256 {
			altered := []byte(sealed)
			if altered[at] == byte(to) {
				continue
			}
			altered[at] = byte(to)
			if got, err := b.Open(here, secret.Sealed(altered)); !errors.Is(err, secret.ErrDamaged) {
				t.Fatalf("%s opened as %q, %v", altered, got, err)
			}
		}
	}
}

func TestASealedValueOpensInItsPlaceOnly(t *testing.T) {
	b := open(t, secret.Outer{Text: keyText(1)}, &shelf{})
	sealed := seal(t, b, here, "hunter2")
	for _, c := range []struct {
		name  string
		where secret.Where
	}{
		{"another table", secret.Where{Table: "user", Row: "7", Column: "password", Version: "3"}},
		{"another row", secret.Where{Table: "connection", Row: "8", Column: "password", Version: "3"}},
		{"another column", secret.Where{Table: "connection", Row: "7", Column: "token", Version: "3"}},
		{"an older version put back", secret.Where{Table: "connection", Row: "7", Column: "password", Version: "4"}},
		{"the same letters, parted otherwise", secret.Where{Table: "connection7", Row: "", Column: "password", Version: "3"}},
		{"nowhere", secret.Where{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := b.Open(c.where, sealed); !errors.Is(err, secret.ErrDamaged) {
				t.Errorf("Open = %q, %v; want ErrDamaged", got, err)
			}
		})
	}
	for _, text := range []secret.Sealed{"", "hunter2", "kith1", "kith1..", "kith1.00000000.", "kith2." + sealed[6:], sealed + ".", sealed[:20], sealed + "="} {
		if got, err := b.Open(here, text); !errors.Is(err, secret.ErrDamaged) {
			t.Errorf("Open(%q) = %q, %v; want ErrDamaged", text, got, err)
		}
	}
	wantOpen(t, b, here, sealed, "hunter2")
}

func TestACopiedDatabaseRevealsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	database := &shelf{}
	b := open(t, secret.Outer{File: file}, database)
	sealed := seal(t, b, here, "hunter2")
	if strings.Contains(string(sealed)+string(database.stored), "hunter2") {
		t.Error("the password stands in the database")
	}
	for _, c := range []struct {
		name  string
		outer secret.Outer
		want  error
	}{
		{"without the key", secret.Outer{File: filepath.Join(t.TempDir(), "key")}, secret.ErrKeyGone},
		{"with another key", secret.Outer{Text: keyText(2)}, secret.ErrOtherKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := secret.Open(ctx, c.outer, database, random(2)); !errors.Is(err, c.want) {
				t.Errorf("Open: %v, want %v", err, c.want)
			}
		})
	}
	// A box of another installation with its own keys opens nothing of ours.
	other, err := secret.Open(ctx, secret.Outer{Text: keyText(1)}, &shelf{}, random(9))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := other.Open(here, sealed); !errors.Is(err, secret.ErrDamaged) {
		t.Errorf("another installation opened %q, %v", got, err)
	}
}

func TestAMissingKeyIsNotMadeAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	_, err := secret.Open(ctx, secret.Outer{File: file}, &shelf{stored: []byte("kith keys 1\n")}, random(1))
	if !errors.Is(err, secret.ErrKeyGone) {
		t.Errorf("Open: %v, want ErrKeyGone", err)
	}
	if found, _ := filepath.Glob(filepath.Dir(file) + "/*"); len(found) != 0 {
		t.Errorf("a key was made: %v", found)
	}
}

func TestDamagedDataKeysAreRefused(t *testing.T) {
	database := &shelf{}
	open(t, secret.Outer{Text: keyText(1)}, database)
	good := string(database.stored)
	for _, text := range []string{"x", "kith keys 1", "kith keys 1\n", "kith keys 2" + good[11:], good + "\n", good + "a b\n", strings.Replace(good, " ", "  ", 3), good[:len(good)-6] + "AAAA\n", strings.ToUpper(good)} {
		if _, err := secret.Open(ctx, secret.Outer{Text: keyText(1)}, &shelf{stored: []byte(text)}, random(1)); err == nil {
			t.Errorf("data keys %q were taken", text)
		}
	}
}

func TestKeysArePrintedByNoVerb(t *testing.T) {
	b := open(t, secret.Outer{Text: keyText('A')}, &shelf{})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		if got := fmt.Sprintf(verb, b); got != "secret.Box" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestARandomSourceThatEnds(t *testing.T) {
	if _, err := secret.Open(ctx, secret.Outer{Text: keyText(1)}, &shelf{}, strings.NewReader("short")); err == nil {
		t.Error("a data key was made of 5 bytes")
	}
	file := filepath.Join(t.TempDir(), "key")
	if _, err := secret.Open(ctx, secret.Outer{File: file}, &shelf{}, strings.NewReader("short")); err == nil {
		t.Error("an outer key was made of 5 bytes")
	}
}

func TestProcessesThatBeginAtTheSameTimeAgree(t *testing.T) {
	database, file := &shelf{}, filepath.Join(t.TempDir(), "key")
	sealed := make([]secret.Sealed, 8)
	var all sync.WaitGroup
	for i := range sealed {
		all.Go(func() {
			b, err := secret.Open(ctx, secret.Outer{File: file}, database, random(byte(i)))
			if err != nil {
				t.Error(err)
				return
			}
			sealed[i], _ = b.Seal(here, []byte("hunter2"))
		})
	}
	all.Wait()
	b := open(t, secret.Outer{File: file}, database)
	for _, s := range sealed {
		wantOpen(t, b, here, s, "hunter2")
	}
}
