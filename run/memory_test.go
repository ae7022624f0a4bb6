package run_test

import (
	"bytes"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/kith-sync/kith/files"
)

// memory is a file system that is gone when the test ends: worlds are many and
// small, and opening a file costs more than all that is done with it.
type memory struct {
	mu    sync.Mutex
	files map[string]*content
}

type content struct {
	name    string
	bytes   []byte
	changed time.Time
}

func newMemory() *memory { return &memory{files: map[string]*content{}} }

// put replaces a file.
func (m *memory) put(path, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[path] = &content{name: path, bytes: []byte(text)}
}

func (m *memory) find(path string) (*content, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.files[path]; c != nil {
		return c, nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func (m *memory) Open(path string) (files.File, error) {
	c, err := m.find(path)
	if err != nil {
		return nil, err
	}
	return &opened{content: c, Reader: bytes.NewReader(c.bytes)}, nil
}

func (m *memory) Create(path string) (files.File, error) {
	m.put(path, "")
	c, err := m.find(path)
	return &opened{content: c, Reader: bytes.NewReader(nil)}, err
}

func (m *memory) Rename(from, to string) error {
	c, err := m.find(from)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, from)
	m.files[to] = c
	return nil
}

func (m *memory) Remove(path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, path)
	return nil
}

func (m *memory) Stat(path string) (fs.FileInfo, error) { return m.find(path) }
func (m *memory) MkdirAll(string) error                 { return nil }

// opened is an open file: read from where it stood when it was opened, written
// at its end.
type opened struct {
	*content
	*bytes.Reader
}

func (o *opened) Write(p []byte) (int, error) {
	o.content.bytes = append(o.content.bytes, p...)
	return len(p), nil
}

func (o *opened) Close() error                       { return nil }
func (o *opened) Sync() error                        { return nil }
func (o *opened) Stat() (fs.FileInfo, error)         { return o.content, nil }
func (o *opened) Size() int64                        { return o.content.Size() }
func (o *opened) WriteTo(w io.Writer) (int64, error) { return o.Reader.WriteTo(w) }

func (c *content) Name() string       { return c.name }
func (c *content) Size() int64        { return int64(len(c.bytes)) }
func (c *content) Mode() fs.FileMode  { return 0o600 }
func (c *content) ModTime() time.Time { return c.changed }
func (c *content) IsDir() bool        { return false }
func (c *content) Sys() any           { return nil }
