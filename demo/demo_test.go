package demo_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"

	"github.com/kith-sync/kith/cli"
	"github.com/kith-sync/kith/demo"
)

var update = flag.Bool("update", false, "write testdata/demo.golden")

// environment names data of the caller's own. The demo must not touch them: it
// would stop at either.
func environment() map[string]string {
	return map[string]string{"KITH_DATA": "/dev/null/kith", "KITH_DATABASE": "postgres://nobody@localhost:1/nothing"}
}

// kith runs the whole program at a clock that stands still.
func kith(t *testing.T, args ...string) (out, messages string, exit int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	exit = cli.Run(context.Background(), cli.World{Args: args, Getenv: func(name string) string { return environment()[name] }, Stdin: strings.NewReader(""),
		Stdout: &stdout, Stderr: &stderr, Now: func() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) }})
	return stdout.String(), stderr.String(), exit
}

// hashes name plans. They are made with the installation's own key, so that they
// differ in every folder.
var hashes = regexp.MustCompile(`((?:kith apply|--plan) )[0-9a-f]{8}\b`)

func TestDemo(t *testing.T) {
	got, messages, exit := kith(t, "demo")
	if exit != 0 || messages != "" {
		t.Fatalf("kith demo: exit %d, want 0\n%s", exit, messages)
	}
	got = hashes.ReplaceAllString(got, "${1}7f3c2a1b")
	golden := filepath.Join("testdata", "demo.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("kith demo has changed; look at it, then go test ./demo -update\ngot\n%s\nwant\n%s", got, want)
	}
}

func TestDemoIsReadInAMinute(t *testing.T) {
	got, _, _ := kith(t, "demo", "--no-serve")
	lines := strings.Split(strings.TrimRight(got, "\n"), "\n")
	if len(lines) > 75 {
		t.Errorf("the demo has %d lines, want 75 at most", len(lines))
	}
	for _, l := range lines {
		if uniseg.StringWidth(l) > 100 {
			t.Errorf("this line is too wide:\n%s", l)
		}
	}
}

func TestColours(t *testing.T) {
	for _, c := range []struct {
		name     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"headings stand out on a terminal", true, nil, true},
		{"NO_COLOR asks for plain text", true, map[string]string{"NO_COLOR": "1"}, false},
		{"a file gets plain text", false, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			exit := cli.Run(context.Background(), cli.World{Args: []string{"demo", "--no-serve"}, Getenv: func(name string) string { return c.env[name] },
				Stdin: strings.NewReader(""), Stdout: &out, Stderr: io.Discard, Now: time.Now, Terminal: func(any) bool { return c.terminal }})
			if got := strings.Contains(out.String(), "\x1b"); got != c.want || exit != 0 {
				t.Errorf("coloured: %v, exit %d; want %v, 0", got, exit, c.want)
			}
		})
	}
}

func TestKeptDemoCanBeUsed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "kept")
	if out, messages, exit := kith(t, "demo", "--keep", folder); exit != 0 || !strings.Contains(out, "kith --data "+filepath.Join(folder, "data")) {
		t.Fatalf("kith demo --keep: exit %d\n%s%s", exit, out, messages)
	}
	for _, name := range []string{"attendees.csv", filepath.Join("data", "kith.db")} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Errorf("the kept folder: %v", err)
		}
	}
	if _, messages, exit := kith(t, "demo", "--keep", folder); exit != 1 || !strings.Contains(messages, "is not empty. Nothing was changed") {
		t.Errorf("a folder in use: got exit %d, %q", exit, messages)
	}
}

func TestTemporaryFolderIsGone(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	kith(t, "demo")
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("the demo left %v, %v; want nothing", left, err)
	}
}

// What the story says is checked: a command that ends otherwise stops it.
func TestDemoStopsWhenACommandFails(t *testing.T) {
	var out bytes.Buffer
	err := demo.Tell(context.Background(), demo.Stage{Folder: t.TempDir(), Out: &out,
		Kith: func(_ context.Context, out io.Writer, _ ...string) int {
			_, _ = out.Write([]byte("disk full\n"))
			return 1
		}})
	if err == nil || !strings.Contains(err.Error(), "exit code 1, not 0:\ndisk full") {
		t.Errorf("got %v, want the command's exit code and what it printed", err)
	}
}
