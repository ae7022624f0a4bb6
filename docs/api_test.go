package docs_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/server"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/workspace"
)

// asked is a marked request of docs/api.md: its first line, its headers and its body;
// then, after a blank line, the status and some of what is answered.
var asked = regexp.MustCompile("(?ms)^<!-- ask -->\n\n```http\n(.*?)\n\n(\\d{3})\n(.*?)\n```$")

func TestTheExamplesOfTheAPIAreTrue(t *testing.T) {
	page, err := os.ReadFile("api.md")
	if err != nil {
		t.Fatal(err)
	}
	url, token := serving(t)
	examples := asked.FindAllStringSubmatch(string(page), -1)
	if len(examples) < 15 || len(examples) != strings.Count(string(page), "<!-- ask -->") {
		t.Fatalf("api.md has %d examples of %d marks; are the marks right?", len(examples), strings.Count(string(page), "<!-- ask -->"))
	}
	id := ""
	for _, example := range examples {
		request := strings.ReplaceAll(example[1], "{id}", id)
		status, body := ask(t, url, token, request)
		if strconv.Itoa(status) != example[2] {
			t.Fatalf("%s\ngot %d %s, want %s", request, status, body, example[2])
		}
		var got, want map[string]any
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%s\n%v in %s", request, err, body)
		}
		if err := json.Unmarshal([]byte(example[3]), &want); err != nil {
			t.Fatalf("the page: %v in %s", err, example[3])
		}
		if where := differs("", got, want); where != "" {
			t.Errorf("%s\nanswers %s, which is not as the page says at %s", request, body, where)
		}
		if text, ok := got["id"].(string); ok && len(text) > 5 {
			id = text // of an import
		}
	}
}

// serving is a server with an owner and their token.
func serving(t *testing.T) (url, token string) {
	t.Helper()
	room, err := workspace.Open(t.Context(), workspace.Options{Folder: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { room.Close() })
	gate, err := room.Gate(t.Context(), time.Now, false)
	if err != nil {
		t.Fatal(err)
	}
	u, err := gate.AddUser(t.Context(), account.Console(), account.NewUser{Email: "ada@example.org", Role: account.Owner})
	if err != nil {
		t.Fatal(err)
	}
	if token, _, err = gate.NewToken(t.Context(), account.Console(), account.TokenRequest{User: u.ID, Name: "docs", Scopes: account.Scopes()}); err != nil {
		t.Fatal(err)
	}
	s := service.New(service.Options{Workspace: room, Accounts: gate, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Version: "docs"})
	handler, err := server.Handler(s)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(handler)
	t.Cleanup(listening.Close)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return listening.URL, token
}

var headerLine = regexp.MustCompile(`^[A-Z][A-Za-z-]+: `)

// ask sends a request as the page writes it. A job is waited for.
func ask(t *testing.T, url, token, text string) (int, string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	method, path, _ := strings.Cut(lines[0], " ")
	header := http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
	for lines = lines[1:]; len(lines) > 0 && headerLine.MatchString(lines[0]); lines = lines[1:] {
		name, value, _ := strings.Cut(lines[0], ": ")
		header.Set(name, value)
	}
	for range 500 {
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(strings.Join(lines, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		if r.Header = header; len(lines) == 0 {
			r.Header.Del("Content-Type")
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if !strings.Contains(path, "/jobs/") || strings.Contains(string(body), `"finished"`) {
			return resp.StatusCode, string(body)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s is not over", path)
	return 0, ""
}

// differs says where a value has not all that is wanted of it.
func differs(at string, got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		is, ok := got.(map[string]any)
		if !ok {
			return at
		}
		for key, value := range want {
			if where := differs(at+"."+key, is[key], value); where != "" {
				return where
			}
		}
		return ""
	case []any:
		is, ok := got.([]any)
		if !ok || len(is) != len(want) {
			return at
		}
		for i, value := range want {
			if where := differs(at+"["+strconv.Itoa(i)+"]", is[i], value); where != "" {
				return where
			}
		}
		return ""
	}
	if got != want {
		return at
	}
	return ""
}
