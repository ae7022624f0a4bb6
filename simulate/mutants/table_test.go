package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A bug can only be planted where its text stands once: whoever changes the engine
// there changes the table with it.
func TestEveryBugHasItsPlace(t *testing.T) {
	names := map[string]bool{}
	for _, m := range mutants {
		text, err := os.ReadFile(filepath.Join("../..", m.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), m.old); n != 1 {
			t.Errorf("%s: %s has its text %d times, not once", m.name, m.file, n)
		}
		if m.old == m.new || names[m.name] {
			t.Errorf("%s: it changes nothing, or stands in the table twice", m.name)
		}
		names[m.name] = true
	}
}
