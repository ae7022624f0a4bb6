// Package deploy_test holds together what runs Kith elsewhere: the unit, the
// container, the compose files and what the manual says of them. It builds nothing.
package deploy_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/kith-sync/kith/cli"
)

func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// said is the one thing that a file says in the place of a pattern's group.
func said(t *testing.T, path, pattern string) string {
	t.Helper()
	found := regexp.MustCompile("(?m)"+pattern).FindAllStringSubmatch(text(t, path), -1)
	if len(found) != 1 {
		t.Fatalf("%s: %d places are %s, want one", path, len(found), pattern)
	}
	return found[0][1]
}

// served are the words that the unit and the container begin Kith with.
func served(t *testing.T) map[string][]string {
	t.Helper()
	var container []string
	if err := yaml.Unmarshal([]byte(said(t, "Dockerfile", `^CMD (\[.*\])$`)), &container); err != nil {
		t.Fatal(err)
	}
	return map[string][]string{
		"kith.service": strings.Fields(said(t, "kith.service", `^ExecStart=/usr/local/bin/kith (.*)$`)),
		"Dockerfile":   container,
	}
}

// help is what kith serve says of itself.
func help(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if exit := cli.Run(t.Context(), cli.World{Args: []string{"serve", "--help"}, Getenv: func(string) string { return "" },
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now}); exit != 0 {
		t.Fatalf("kith serve --help: exit %d\n%s", exit, &out)
	}
	return out.String()
}

func TestTheFlagsAreThoseOfKith(t *testing.T) {
	manual := help(t)
	for file, words := range served(t) {
		if words[0] != "serve" {
			t.Errorf("%s runs kith %s, want serve", file, words[0])
		}
		for _, w := range words {
			if strings.HasPrefix(w, "--") && !regexp.MustCompile(`(?m)^ +`+regexp.QuoteMeta(w)+`\b`).MatchString(manual) {
				t.Errorf("%s says %s, which kith serve does not know:\n%s", file, w, manual)
			}
		}
	}
}

// Whoever reads 8080 in one place finds it in all.
func TestEverywhereIsOnePort(t *testing.T) {
	port := regexp.MustCompile(`default "127\.0\.0\.1:(\d+)"`).FindStringSubmatch(help(t))
	if port == nil {
		t.Fatal("kith serve tells no address to listen on by default")
	}
	for _, row := range []struct{ file, pattern string }{
		{"kith.service", `^ExecStart=.*--listen 127\.0\.0\.1:(\d+)`},
		{"Dockerfile", `^EXPOSE (\d+)$`},
		{"Dockerfile", `^CMD .*"--listen", "0\.0\.0\.0:(\d+)"`},
		{"Dockerfile", `^CMD .*"--base-url", "http://localhost:(\d+)"`},
		{"compose.yaml", `^ *ports: \["127\.0\.0\.1:\d+:(\d+)"\]$`},
		{"compose.yaml", `^ *ports: \["127\.0\.0\.1:(\d+):\d+"\]$`},
		{"compose.postgres.yaml", `^ *ports: \["127\.0\.0\.1:\d+:(\d+)"\]$`},
		{"compose.postgres.yaml", `^ *ports: \["127\.0\.0\.1:(\d+):\d+"\]$`},
	} {
		if got := said(t, row.file, row.pattern); got != port[1] {
			t.Errorf("%s, %s: got port %s, want %s", row.file, row.pattern, got, port[1])
		}
	}
}

// The data lie where they outlive the program.
func TestTheDataFolderIsTheOneThatStays(t *testing.T) {
	if folder, kept := said(t, "kith.service", `^Environment=KITH_DATA=(.*)$`), "/var/lib/"+said(t, "kith.service", `^StateDirectory=(.*)$`); folder != kept {
		t.Errorf("the unit's data lie in %s, and %s is what systemd keeps", folder, kept)
	}
	folder := said(t, "Dockerfile", `^ENV KITH_DATA=(.*)$`)
	if kept := said(t, "Dockerfile", `^VOLUME (.*)$`); folder != kept {
		t.Errorf("the container's data lie in %s, and its volume is %s", folder, kept)
	}
	for _, file := range []string{"compose.yaml", "compose.postgres.yaml"} {
		if mount := said(t, file, `^ *volumes: \["data:([^"]*)"\]`); mount != folder {
			t.Errorf("%s keeps %s, and the container's data lie in %s", file, mount, folder)
		}
	}
}

// A stop in the middle of a run has the same time everywhere.
func TestThereIsTimeToStop(t *testing.T) {
	want := said(t, "kith.service", `^TimeoutStopSec=(\d+)$`)
	for _, file := range []string{"compose.yaml", "compose.postgres.yaml"} {
		if got := said(t, file, `^ *stop_grace_period: (\d+)s$`); got != want {
			t.Errorf("%s: got %s seconds to stop, want the unit's %s", file, got, want)
		}
	}
}

// A release, a container and make build are the same program.
func TestAllBuildTheSameProgram(t *testing.T) {
	if got, want := said(t, "Dockerfile", `^FROM golang:(\S+) `), said(t, "../go.mod", `^go (\d+\.\d+)`); got != want {
		t.Errorf("the container is built by Go %s, want that of go.mod: %s", got, want)
	}
	for _, file := range []string{"Dockerfile", "release.sh", "../Makefile"} {
		if line := said(t, file, `^(.*go build .*\./cmd/kith\b.*)$`); !regexp.MustCompile(`CGO_ENABLED=0 go build -trimpath -ldflags ["']-s -w -X main\.version=\S+["'] -o `).MatchString(line) {
			t.Errorf("%s builds otherwise than the others: %s", file, line)
		}
	}
}

// A compose file can be read, and names files that are there or that its own lines
// tell how to make; none of those with secrets gets into a container or into git.
func TestComposeFilesNameWhatIsThere(t *testing.T) {
	for _, file := range []string{"compose.yaml", "compose.postgres.yaml"} {
		var c struct {
			Services map[string]struct {
				Build struct {
					Context, Dockerfile string
				}
				EnvFile  []string `yaml:"env_file"`
				Networks []string
				Secrets  []string
				ReadOnly bool     `yaml:"read_only"`
				CapDrop  []string `yaml:"cap_drop"`
			}
			Secrets  map[string]struct{ File string }
			Networks map[string]any
		}
		if err := yaml.Unmarshal([]byte(text(t, file)), &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		kith := c.Services["kith"]
		if _, err := os.Stat(filepath.Join(kith.Build.Context, kith.Build.Dockerfile)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if !kith.ReadOnly || len(kith.CapDrop) != 1 || kith.CapDrop[0] != "ALL" {
			t.Errorf("%s: kith may write to its container or has rights to spare: %+v", file, kith)
		}
		made := kith.EnvFile
		for _, s := range c.Secrets {
			made = append(made, s.File)
		}
		for name, s := range c.Services {
			for _, n := range s.Networks {
				if _, there := c.Networks[n]; !there {
					t.Errorf("%s: %s is on a network %s that is not there", file, name, n)
				}
			}
			for _, n := range s.Secrets {
				if c.Secrets[n].File == "" {
					t.Errorf("%s: %s has a secret %s that is not there", file, name, n)
				}
			}
		}
		for _, m := range made {
			for where, names := range map[string]string{file: "deploy/" + m, "../.dockerignore": "deploy/" + m, ".gitignore": m} {
				if !strings.Contains(text(t, where), names) {
					t.Errorf("%s says nothing of %s", where, names)
				}
			}
		}
	}
}

func TestTheManualTellsEveryFile(t *testing.T) {
	manual := text(t, "../docs/operate.md")
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, ".") || name == "kith.env" || name == "postgres-password" {
			continue
		}
		if !strings.Contains(manual, "`"+name) {
			t.Errorf("docs/operate.md does not say what deploy/%s is for", name)
		}
	}
}

// systemd itself reads the unit, where it is there.
func TestSystemdUnderstandsTheUnit(t *testing.T) {
	program, err := exec.LookPath("systemd-analyze")
	if err != nil && os.Getenv("KITH_CI") == "1" {
		t.Fatal("systemd-analyze is not here; .ci/run peers installs it")
	}
	if err != nil {
		t.Skip("systemd-analyze is not here: install systemd to have it read the unit")
	}
	unit := filepath.Join(t.TempDir(), "kith.service")
	content := strings.ReplaceAll(text(t, "kith.service"), "/usr/local/bin/kith", "/bin/true") // which is there
	if err := os.WriteFile(unit, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), program, "verify", "--man=no", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
