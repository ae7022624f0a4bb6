package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPagesThatDiffer(t *testing.T) {
	content := slices.Repeat([]byte("0123456789abcdef"), 3*pageSize/16)
	for _, c := range []struct {
		name   string
		change func(path string) error
		want   int
	}{
		{"nothing was done", func(string) error { return nil }, 0},
		{"a byte is another", func(path string) error {
			other := slices.Clone(content)
			other[pageSize+5]++
			return os.WriteFile(path, other, 0o600)
		}, 1},
		{"the file has grown by a byte", func(path string) error { return os.WriteFile(path, append(slices.Clone(content), 'x'), 0o600) }, 1},
		{"the file is a page shorter", func(path string) error { return os.Truncate(path, 2*pageSize) }, 1},
		{"there is another file", func(path string) error { return os.WriteFile(path+"-wal", []byte("x"), 0o600) }, 1},
		{"the file is gone", os.Remove, 3},
	} {
		path := filepath.Join(t.TempDir(), "kith.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := pagesOf(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.change(path); err != nil {
			t.Fatal(err)
		}
		after, err := pagesOf(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		if got := differing(before, after); got != c.want {
			t.Errorf("%s: got %d pages that differ, want %d", c.name, got, c.want)
		}
	}
}
