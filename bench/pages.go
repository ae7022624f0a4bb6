package main

import (
	"crypto/sha256"
	"encoding/binary"
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

// pagesOf hashes every page of every file in a folder. It keeps eight bytes of each hash: what the runner holds
// counts as the child's memory.
func pagesOf(folder string) (map[string][]uint64, error) {
	files := map[string][]uint64{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = pagesOfFile(path)
		return err
	})
	return files, err
}

func pagesOfFile(path string) (pages []uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buffer := make([]byte, pageSize)
	for {
		n, err := io.ReadFull(f, buffer)
		if n > 0 {
			sum := sha256.Sum256(buffer[:n])
			pages = append(pages, binary.LittleEndian.Uint64(sum[:]))
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return pages, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// differing counts the pages that are new, gone or not what they were.
func differing(before, after map[string][]uint64) (n int) {
	for path, was := range before {
		n += max(0, len(was)-len(after[path]))
	}
	for path, is := range after {
		was := before[path]
		for i, hash := range is {
			if i >= len(was) || was[i] != hash {
				n++
			}
		}
	}
	return n
}
