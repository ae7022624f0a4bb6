// Package files is the file system as the engine sees it: a handful of
// operations that tests and simulations can take the place of. It does not
// decide which paths may be opened.
package files

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is an open file.
type File interface {
	io.Reader
	io.Writer
	io.Seeker
	io.Closer
	Sync() error
	Stat() (fs.FileInfo, error)
}

// A System opens, replaces and removes files by path.
type System interface {
	Open(path string) (File, error)
	// Create makes an empty file that only its owner may read, replacing one of
	// the same name.
	Create(path string) (File, error)
	// Rename replaces to with from in one step and makes the change durable.
	Rename(from, to string) error
	Remove(path string) error
	Stat(path string) (fs.FileInfo, error)
	MkdirAll(path string) error
}

// OS is the operating system's own file system.
type OS struct{}

// Open opens a file for reading. Folders and pipes are refused: reading one
// would fail later, or never end.
func (OS) Open(path string) (File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	return os.Open(path)
}

type notRegular struct{}

func (notRegular) Error() string { return "not a regular file" }

var errNotRegular error = notRegular{}

// Create makes an empty file that only its owner may read.
func (OS) Create(path string) (File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

// Rename replaces to with from and syncs the folder, so that the new name
// survives a power loss.
func (OS) Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(to))
	if err != nil {
		return nil // some systems cannot open folders; the rename itself is done
	}
	defer folder.Close()
	_ = folder.Sync()
	return nil
}

// Remove removes a file.
func (OS) Remove(path string) error { return os.Remove(path) }

// Stat describes a file.
func (OS) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// MkdirAll makes a folder that only its owner may enter, with its parents.
func (OS) MkdirAll(path string) error { return os.MkdirAll(path, 0o700) }
