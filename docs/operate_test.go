package docs_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/kith-sync/kith/metrics"
	"github.com/kith-sync/kith/store"
)

// Every command of the page is carried out, in one data folder. Serve is tried in
// cmd/kith, for it does not end.
func TestTheCommandsOfThePageOnOperatingWork(t *testing.T) {
	page, err := os.ReadFile("operate.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	run(t, "kith books create people")
	done := 0
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			command := strings.TrimSpace(line)
			if !strings.HasPrefix(command, "kith ") || command == "kith serve" {
				continue
			}
			if strings.HasPrefix(command, "kith restore ") {
				command += " --yes"
			}
			done++
			out := strings.Join(run(t, command+" -o json"), "\n")
			if strings.Contains(out, `"error"`) {
				t.Errorf("%s:\n%s", command, out)
			}
		}
	}
	if done < 5 {
		t.Errorf("%d commands were tried, want 5 at least; are the blocks right?", done)
	}
}

// The page, the dashboard and the alert rules name the metrics that there are.
func TestMetricsAreThoseOfThePage(t *testing.T) {
	m := metrics.New("v1", func(context.Context) (metrics.Now, error) {
		now := map[string]time.Time{"people": time.Unix(1, 0)}
		return metrics.Now{Success: now, Next: now, Calls: map[string]int64{"office": 1}, Remaining: map[string]int64{"office": 1}}, nil
	})
	m.Ran(store.Run{Name: "people", Status: store.Succeeded, Started: time.Unix(1, 0), Finished: time.Unix(2, 0)}, map[string]int64{"email.invalid": 1})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	var there []string
	for _, one := range regexp.MustCompile(`(?m)^# TYPE (kith_\w+)`).FindAllStringSubmatch(w.Body.String(), -1) {
		there = append(there, one[1])
	}
	for _, path := range []string{"operate.md", "../deploy/alerts.yaml", "../deploy/grafana/kith.json"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\bkith_[a-z_]+\b`).FindAllString(string(text), -1) {
			if !slices.Contains(there, strings.TrimSuffix(name, "_bucket")) {
				t.Errorf("%s names %s, which is not among %v", path, name, there)
			}
		}
	}
	page, err := os.ReadFile("operate.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range there {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("operate.md does not explain %s", name)
		}
	}
}

// What others deploy with can be read.
func TestDeploymentFilesCanBeRead(t *testing.T) {
	for _, path := range []string{"../deploy/alerts.yaml", "../deploy/compose.yaml", "../deploy/compose.postgres.yaml", "../deploy/grafana/kith.json"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var into map[string]any
		if strings.HasSuffix(path, ".json") {
			err = json.Unmarshal(text, &into)
		} else {
			err = yaml.Unmarshal(text, &into)
		}
		if err != nil || len(into) == 0 {
			t.Errorf("%s: %v, %d keys", path, err, len(into))
		}
	}
}
