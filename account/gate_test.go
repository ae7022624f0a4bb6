package account_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/secret"
	"github.com/kith-sync/kith/store"
)

var ctx = context.Background()

const (
	good  = "violet tractor seldom whistles"
	other = "quarry lemon under seven bridges"
)

// A world is a gate with a database of its own and a clock that stands still.
type world struct {
	*account.Gate
	t    *testing.T
	now  time.Time
	path string
	box  *secret.Box
}

func open(t *testing.T) *world { return openWith(t, false) }

func openWith(t *testing.T, requireTOTP bool) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), path: filepath.Join(t.TempDir(), "kith.db")}
	s := must(store.OpenSQLite(ctx, w.path))(t)
	t.Cleanup(func() { s.Close() })
	w.box = must(secret.Open(ctx, secret.Outer{Text: base64.StdEncoding.EncodeToString(make([]byte, 32))}, &shelf{}, rand.Reader))(t)
	w.Gate = must(account.New(account.Options{Store: s, Sealer: w.box, AuditKey: []byte("a key outside the database"),
		Now: func() time.Time { return w.now }, Random: rand.Reader, RequireTOTP: requireTOTP}))(t)
	account.Hurry(w.Gate)
	return w
}

// A shelf keeps data keys in memory.
type shelf struct{ stored []byte }

func (s *shelf) Load(context.Context) ([]byte, error) { return s.stored, nil }
func (s *shelf) Swap(_ context.Context, was, now []byte) (bool, error) {
	if !bytes.Equal(s.stored, was) {
		return false, nil
	}
	s.stored = now
	return true, nil
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func fails(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

var here = account.From{Address: "192.0.2.1", Agent: "Browser 1.0"}

// add makes a user with the password good.
func (w *world) add(email string, role account.Role) store.User {
	w.t.Helper()
	return must(w.AddUser(ctx, account.Console(), account.NewUser{Email: email, Name: "Somebody Else", Role: role, Password: good}))(w.t)
}

func (w *world) signIn(email, password string) account.SignedIn {
	w.t.Helper()
	return must(w.SignIn(ctx, email, password, here))(w.t)
}

// person makes a user and signs in.
func (w *world) person(email string, role account.Role) account.Actor {
	w.t.Helper()
	w.add(email, role)
	return w.signIn(email, good).Actor
}

// raw changes the database behind everybody's back.
func (w *world) raw(statements ...string) {
	w.t.Helper()
	db := must(sql.Open("sqlite", w.path+"?_busy_timeout=5000"))(w.t)
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			w.t.Fatalf("%s: %v", s, err)
		}
	}
}

func rawError(w *world, statement string) error {
	db, err := sql.Open("sqlite", w.path+"?_busy_timeout=5000")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}
