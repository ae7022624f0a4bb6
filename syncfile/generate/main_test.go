package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kith-sync/kith/syncfile"
)

func TestDocumentationIsUpToDate(t *testing.T) {
	files, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
			t.Errorf("docs/%s is not what the code says; run go generate ./syncfile", name)
		}
	}
}

func TestExamplesOfTheReferenceAreRead(t *testing.T) {
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(prose, -1)
	if len(examples) < 3 {
		t.Fatalf("found %d examples, want at least 3", len(examples))
	}
	for _, e := range examples {
		if _, err := syncfile.Parse("example.yaml", []byte(e[1])); err != nil {
			t.Errorf("%v\n%s", err, e[1])
		}
	}
}

// Whoever edits with the schema gets a description of every key.
func TestSchemaDescribesEveryKey(t *testing.T) {
	text, err := syncfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if got, want := schema["$schema"], "https://json-schema.org/draft/2020-12/schema"; got != want {
		t.Errorf("$schema: got %v, want %v", got, want)
	}
	described := 0
	var walk func(path string, node map[string]any)
	walk = func(path string, node map[string]any) {
		if items, ok := node["items"].(map[string]any); ok {
			walk(path+"[]", items)
		}
		properties, _ := node["properties"].(map[string]any)
		if properties != nil && node["additionalProperties"] != false {
			t.Errorf("%s: unknown keys are allowed", path)
		}
		for name, p := range properties {
			p := p.(map[string]any)
			if d, _ := p["description"].(string); strings.TrimSpace(d) == "" {
				t.Errorf("%s.%s has no description", path, name)
			}
			described++
			walk(path+"."+name, p)
		}
	}
	walk("sync", schema)
	if described < 50 {
		t.Errorf("found %d keys, want at least 50", described)
	}
}
