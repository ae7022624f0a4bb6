package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/cli"
	"github.com/kith-sync/kith/internal/peer"
	"github.com/kith-sync/kith/internal/screen"
	"github.com/kith-sync/kith/sandbox"
	"github.com/kith-sync/kith/workspace"
)

// kithWith runs one command in a data folder.
func kithWith(ctx context.Context, folder string, out io.Writer, env map[string]string, args ...string) int {
	getenv := func(name string) string { return env[name] }
	return cli.Run(ctx, cli.World{Args: append([]string{"--data", folder}, args...), Getenv: getenv, Stdin: strings.NewReader(""), Stdout: out, Stderr: out, Now: time.Now, Version: "v0.0.0-test"})
}

// started plays a system until the test ends, and returns what it has printed.
func started(t *testing.T, folder string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, code := &screen.Screen{}, make(chan int, 1)
	go func() { code <- kithWith(ctx, folder, out, nil, append([]string{"sandbox"}, args...)...) }()
	t.Cleanup(func() {
		stop()
		if got := <-code; got != 0 {
			t.Errorf("interrupted: got exit code %d, want 0\n%s", got, out)
		}
	})
	for range 1000 {
		if text := out.String(); strings.Contains(text, "connections test") || strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}\n") {
			return text
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("nothing was started: %s", out)
	return ""
}

// pages are a first page of people of each system.
func pages(r cli.SandboxReport) *http.Request {
	ask := func(path string) *http.Request {
		request, _ := http.NewRequest(http.MethodGet, r.URL+path, nil) //nolint:noctx // the test's client has a time-out
		return request
	}
	var request *http.Request
	switch r.System {
	case "listmonk":
		request = ask("/api/subscribers?per_page=100")
		request.SetBasicAuth("kith", r.Secret)
	case "mailchimp":
		request = ask("/3.0/lists")
		request.SetBasicAuth("kith", r.Secret)
	case "hubspot":
		request = ask("/crm/v3/objects/contacts?limit=100")
		request.Header.Set("Authorization", "Bearer "+r.Secret)
	case "salesforce":
		request = ask("/services/data/")
	}
	return request
}

func TestEachSandboxIsServed(t *testing.T) {
	for _, name := range sandbox.Names() {
		t.Run(name, func(t *testing.T) {
			var r cli.SandboxReport
			text := started(t, t.TempDir(), name, "--listen", "127.0.0.1:0", "--people", "7", "-o", "json")
			if err := json.Unmarshal([]byte(text), &r); err != nil || r.System != name || r.Secret == "" || len(r.Hint) == 0 || len(r.Settings) == 0 {
				t.Fatalf("got %s, %v; want what a connection needs", text, err)
			}
			answer, err := http.DefaultClient.Do(pages(r))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, _ := io.ReadAll(answer.Body)
			if answer.StatusCode != http.StatusOK || !json.Valid(body) || len(body) < 50 {
				t.Errorf("a page: got %s and %s", answer.Status, body)
			}
		})
	}
}

// The commands that a sandbox prints connect Kith to it.
func TestASandboxSaysHowToConnectToIt(t *testing.T) {
	for _, name := range sandbox.Names() {
		t.Run(name, func(t *testing.T) {
			system, err := workspace.SystemNamed(name)
			if err != nil {
				t.Skipf("Kith cannot connect to it yet: %v", err)
			}
			folder := t.TempDir()
			text := started(t, folder, name, "--listen", "127.0.0.1:0")
			typed := regexp.MustCompile(`(?m)^  KITH_SECRET=(\S+) kith (connections add .*)\n  echo (\S+) >>(\S+)\n  kith (connections test .*)$`).FindStringSubmatch(text)
			if typed == nil || typed[4] != filepath.Join(folder, workspace.AllowName) {
				t.Fatalf("got %s, want three commands", text)
			}
			for _, set := range regexp.MustCompile(`--set '?(\w+)=`).FindAllStringSubmatch(typed[2], -1) {
				if !slices.ContainsFunc(system.Settings, func(s workspace.SystemSetting) bool { return s.Name == set[1] }) {
					t.Errorf("%s has no setting %s", name, set[1])
				}
			}
			var out bytes.Buffer
			words := strings.Fields(strings.ReplaceAll(typed[2], "'", ""))
			if code := kithWith(t.Context(), folder, &out, map[string]string{"KITH_SECRET": typed[1]}, words...); code != 0 {
				t.Fatalf("add: got exit code %d: %s", code, &out)
			}
			if code := kithWith(t.Context(), folder, &out, nil, strings.Fields(typed[5])...); code == 0 {
				t.Errorf("before it is allowed: got exit code 0: %s", &out)
			}
			appended(t, typed[4], typed[3]+"\n")
			if code := kithWith(t.Context(), folder, &out, nil, strings.Fields(typed[5])...); code != 0 {
				t.Errorf("test: got exit code %d: %s", code, &out)
			}
		})
	}
}

// "The owner of two people stayed who it was, and the run did not say so."
func TestWhatTheCRMHasToSayOfARunIsPrinted(t *testing.T) {
	var r cli.SandboxReport
	folder := t.TempDir()
	if err := json.Unmarshal([]byte(started(t, folder, "salesforce", "--listen", "127.0.0.1:0", "-o", "json")), &r); err != nil {
		t.Fatal(err)
	}
	appended(t, filepath.Join(folder, workspace.AllowName), strings.TrimPrefix(r.URL, "http://")+"\n")
	people, sync := filepath.Join(folder, "people.csv"), filepath.Join(folder, "people.yaml")
	appended(t, people, "first_name,last_name,email,company,sync_as,owner\nZoe,Quill,zoe@example.com,Acme,Lead,ghost@example.org\n")
	appended(t, sync, "apiVersion: kith/v1\nkind: Sync\nname: people\npreset: eventgeek\nsource: {book: people}\ntarget: {connection: crm, object: Person}\n")
	add := []string{"connections", "add", "crm", "--type", "salesforce"}
	for _, s := range r.Settings {
		add = append(add, "--set", s.Name+"="+s.Value)
	}
	const said = "The owner was left out of 1 record"
	for _, c := range []struct {
		typed []string
		want  int // times that it is said
	}{{add, 0}, {[]string{"import", people, "--book", "people"}, 0}, {[]string{"run", "-f", sync}, 1}, {[]string{"runs", "show", "2"}, 1}} {
		var out bytes.Buffer
		if code := kithWith(t.Context(), folder, &out, map[string]string{"KITH_SECRET": r.Secret}, c.typed...); code != 0 || strings.Count(out.String(), said) != c.want {
			t.Errorf("kith %s: exit code %d, %q is said %d times, want %d:\n%s", strings.Join(c.typed, " "), code, said, strings.Count(out.String(), said), c.want, &out)
		}
	}
}

// appended writes more to a file, as >> does.
func appended(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// Whoever has just connected a CRM does not know what its objects are called.
func TestAConnectionSaysWhichObjectsItHas(t *testing.T) {
	folder := t.TempDir()
	addr, _ := peer.FreeAddr(t)
	started(t, folder, "salesforce", "--listen", addr)
	if err := os.WriteFile(filepath.Join(folder, workspace.AllowName), []byte("127.0.0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		sentence, want string
		code           int
		args           []string
	}{
		{"connected", "Saved the connection crm", 0, []string{"connections", "add", "crm", "--type", "salesforce", "--set", "url=http://" + addr, "--set", "client_id=kith", "--set", "auth=client_credentials"}},
		{"without an object it says which there are", "CampaignMember  CampaignMember\n", 0, []string{"connections", "test", "crm"}},
		{"one that is not there is refused, once", "does not show it to our user", 5, []string{"connections", "test", "crm", "--object", "Nonsense"}},
		{"a field for keys is made on one", "Person of crm has a field", 0, []string{"connections", "prepare", "crm", "--object", "Person"}},
		{"which has to be named", "Which object gets the field?", 64, []string{"connections", "prepare", "crm"}},
	} {
		var out bytes.Buffer
		code := kithWith(t.Context(), folder, &out, map[string]string{"KITH_SECRET": "sandbox"}, row.args...)
		if code != row.code || strings.Count(out.String(), row.want) != 1 {
			t.Errorf("%s: got exit code %d and %q, want %d and %q once", row.sentence, code, out.String(), row.code, row.want)
		}
	}
}
