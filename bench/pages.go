package main

import (
	"crypto/sha256"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A run that changes nothing may write one row about itself: a page of the table and those of its indexes. What the
// operating system counts as written cannot show that: where it keeps a file in pieces of 64 KiB or more, a page of
// 8 KiB counts as a whole piece. So the data folder is compared page by page.
const (
	pageSize  = 8 << 10
	mostPages = 8
)

// A page is a piece of one file of a data folder.
type page struct {
	file string
	n    int
}


// pagesOf hashes every page of every file in a folder.
func pagesOf(folder string) (map[page][sha256.Size]byte, error) {
	pages := map[page][sha256.Size]byte{}
	buffer := make([]byte, pageSize)
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for n := 0; ; n++ {
			size, err := io.ReadFull(f, buffer)
			if size > 0 {
				pages[page{path, n}] = sha256.Sum256(buffer[:size])
			}
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	return pages, err
}

// differing counts the pages that are new, gone or not what they were.
func differing(before, after map[page][sha256.Size]byte) (n int) {
	for p, hash := range after {
		if was, ok := before[p]; !ok || was != hash {
			n++
		}
	}
	for p := range before {
		if _, ok := after[p]; !ok {
			n++
		}
	}
	return n
}
