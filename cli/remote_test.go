package cli_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/plan"
	serving "github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/workspace"
)

// atServer starts a server with one sync of two people, and a session that names it.
func atServer(t *testing.T, text string) *session {
	t.Helper()
	no := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	room, err := workspace.Open(t.Context(), workspace.Options{Folder: t.TempDir(), Now: time.Now})
	no(err)
	t.Cleanup(func() { room.Close() })
	gate, err := room.Gate(t.Context(), time.Now, false)
	no(err)
	u, err := gate.AddUser(t.Context(), account.Console(), account.NewUser{Email: "ada@example.org", Role: account.Owner})
	no(err)
	token, _, err := gate.NewToken(t.Context(), account.Console(), account.TokenRequest{User: u.ID, Name: "test", Scopes: account.Scopes()})
	no(err)
	s := service.New(service.Options{Workspace: room, Accounts: gate, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Version: "test"})
	handler, err := serving.Handler(s)
	no(err)
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	no(s.Start(t.Context()))
	t.Cleanup(s.Close)
	path := filepath.Join(t.TempDir(), "people.csv")
	no(os.WriteFile(path, []byte(text), 0o600))
	_, err = room.Store.SaveSync(t.Context(), plan.Sync{Name: "people", Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: "contacts"}}, filepath.Dir(path))
	no(err)
	session := newSession(t)
	session.env["KITH_URL"], session.env["KITH_TOKEN"] = listening.URL, token
	return session
}

// there runs kith without a data folder of its own.
func (s *session) there(args ...string) (exit int, stdout, stderr string) {
	s.t.Helper()
	return s.kith(append([]string{"--data", ""}, args...)...)
}

func TestAServerIsDrivenByCommands(t *testing.T) {
	s := atServer(t, "email,first_name\nada@example.com,Ada\nno address,Bo\n")
	for _, row := range []struct {
		args string
		exit int
		says []string
	}{
		{"plan people", 0, []string{"plan ", "create 1", "/runs/1"}},
		{"plan people --detailed-exitcode -o json", 2, []string{`"changes": [`, `"action":"create"`, `"format_version": 1`}},
		{"run people", 3, []string{"finished with rejects", "created 1", "kith undo"}},
		{"syncs list -o jsonl", 0, []string{`"name":"people"`, `"status":"completed_with_errors"`}},
		{"syncs show people", 0, []string{"kind: Sync", "book: contacts"}},
		{"runs list", 0, []string{"people", "RUN"}},
		{"contacts list", 0, []string{"ada@example.com"}},
		{"contacts list -o csv", 0, []string{"id,", "ada@example.com"}},
		{"contacts show ada@example.com", 0, []string{"Ada  contact 1 in contacts"}},
		{"contacts show 1 -o json", 0, []string{`"id": "1"`, `"first_name": "Ada"`}},
		{"contacts show nobody@example.com", 1, nil},
		{"explain ada@example.com", 0, []string{"contact 1 in contacts", "column \"email\""}},
		{"rejects 3", 0, []string{"email.invalid"}},
		{"rejects 3 -o json", 0, []string{`"records": [`, `"no address"`}},
		{"undo 3 -o json", 0, []string{`"undo_of": 3`}},
		{"runs show 4", 0, []string{"run 4"}},
		{"run nothing", 1, nil},
		{"run people --wait=false -o json", 0, []string{`"state": "`, `"sync": "people"`}},
		{"run people --wait", 0, []string{"up to date"}},
		{"duplicates --share name -o json", 0, []string{"[]"}},
		{"books list", 64, nil},
		{"import x.csv", 64, nil},
		{"version", 0, []string{"v0.0.0-test"}},
	} {
		exit, out, errs := s.there(strings.Fields(row.args)...)
		if exit != row.exit {
			t.Errorf("kith %s: got exit %d, want %d; %s%s", row.args, exit, row.exit, out, errs)
		}
		for _, want := range row.says {
			if !strings.Contains(out, want) {
				t.Errorf("kith %s: got %q, want it to have %q", row.args, out, want)
			}
		}
	}
}

// What is printed of a server has the shape of what is printed of a data folder.
func TestTheSameShapesHereAndThere(t *testing.T) {
	const text = "email,first_name\nada@example.com,Ada\nno address,Bo\n"
	there, here := atServer(t, text), newSession(t)
	file := here.file("people.csv", text)
	here.kith("import", file, "--name", "people", "--yes")
	there.there("run", "people")
	for _, command := range []string{"syncs list", "runs list", "runs show 1", "runs show 1 --plan", "rejects 1", "contacts list", "contacts show 1", "explain ada@example.com"} {
		args := append(strings.Fields(command), "-o", "json")
		_, far, errs := there.there(args...)
		_, near, _ := here.kith(args...)
		if got, want := allKeys(t, far), allKeys(t, near); got != want {
			t.Errorf("kith %s: got the keys\n%s\nwant\n%s\n%s", command, got, want, errs)
		}
	}
}

// allKeys are the keys of a value and of those below it.
func allKeys(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	keys := map[string]bool{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, below := range v {
				keys[at+"."+k] = true
				walk(at+"."+k, below)
			}
		case []any:
			for _, below := range v {
				walk(at+"[]", below)
			}
		}
	}
	walk("", v)
	return strings.Join(slices.Sorted(maps.Keys(keys)), "\n")
}

func TestWhatAServerIsAskedWith(t *testing.T) {
	for _, row := range []struct {
		sentence, url, token string
		exit                 int
		says                 string
	}{
		{"a token is needed", "http://127.0.0.1:1", "", 64, "KITH_TOKEN is missing"},
		{"a token is not sent in clear over a network", "http://kith.example.org", "kith_x", 64, "begins with https://"},
		{"nor to an address with a password", "https://a:b@kith.example.org", "kith_x", 64, "begins with https://"},
		{"a server that is not there", "http://127.0.0.1:1", "kith_x", 5, "does not answer"},
	} {
		s := newSession(t)
		s.env["KITH_URL"], s.env["KITH_TOKEN"] = row.url, row.token
		exit, _, errs := s.there("syncs", "list")
		if exit != row.exit || !strings.Contains(errs, row.says) {
			t.Errorf("%s: got exit %d and %q, want %d and %q", row.sentence, exit, errs, row.exit, row.says)
		}
	}
}

// "A bad token prints two documents": whoever may not sign in gets one error, and so
// does whoever reaches no server (exit 5, cannot connect or sign in).
func TestASignInThatFailsIsOneDocument(t *testing.T) {
	s := atServer(t, "email\nada@example.com\n")
	right := maps.Clone(s.env)
	for _, c := range []struct{ name, variable, value, code string }{
		{"a token that is not valid", "KITH_TOKEN", "bad", "access.nobody"},
		{"a server that is not there", "KITH_URL", "http://127.0.0.1:1", "server.unreachable"},
	} {
		maps.Copy(s.env, right)
		s.env[c.variable] = c.value
		for _, command := range []string{"runs list", "syncs list", "contacts list", "runs show 1", "run people", "rejects 1"} {
			exit, out, errs := s.there(append(strings.Fields(command), "-o", "json")...)
			var said struct{ Error struct{ Code string } }
			if err := json.Unmarshal([]byte(out), &said); err != nil || said.Error.Code != c.code || exit != 5 {
				t.Errorf("%s, kith %s: got exit %d and %q (%v), want 5 and one document with %s; %s", c.name, command, exit, out, err, c.code, errs)
			}
		}
		if exit, out, _ := s.there("runs", "list", "-o", "csv"); exit != 5 || out != "" {
			t.Errorf("%s: got exit %d and %q as csv, want 5 and nothing", c.name, exit, out)
		}
	}
}
