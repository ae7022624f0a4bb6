// Package fetch brings files from servers and folders: HTTP, FTP, FTPS, SFTP and
// folders of this machine, behind one interface. It proves that what it brings is
// whole, and that the server is the one a person accepted. It does not know what
// is in a file, keeps nothing between two calls, and opens no connection except
// by the Dial it is given, which is the guard's (package egress).
package fetch

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// A Place is a server or folder that files are taken from. Its methods are called
// one after the other, and a context that ends ends them. Their errors are a
// *Fault wherever a person can do something about them.
type Place interface {
	// List returns the files of a folder whose names match the pattern, in no
	// order. Folders, and names that could lead out of it, are left out.
	List(ctx context.Context, folder, pattern string) ([]Entry, error)
	// Stat looks at one file.
	Stat(ctx context.Context, path string) (Entry, error)
	// Open begins to read a file. Closing it says whether the server sent all of
	// it. What had tells is what the caller has of it already: a server that can
	// tell that nothing has changed answers with the fault Unchanged.
	Open(ctx context.Context, path string, had Entry) (io.ReadCloser, Entry, error)
	// Remove deletes a file, and Move gives it another path, where no file is yet. It
	// makes the folder that the path leads to.
	Remove(ctx context.Context, path string) error
	Move(ctx context.Context, from, to string) error
	Close() error
}

// An Entry is a file as its server tells it.
type Entry struct {
	Path     string    `json:"path"`
	Size     int64     `json:"size"`               // -1: the server does not say
	Modified time.Time `json:"modified,omitzero"`  // zero: the server does not say
	Tag      string    `json:"tag,omitempty"`      // ETag of HTTP
	Name     string    `json:"name,omitempty"`     // that the server gives the file, where it is another than the path's
	Encoding string    `json:"encoding,omitempty"` // the content is compressed so
	Endless  bool      `json:"-"`                  // the server does not tell where the content ends
}

// Same reports whether two looks at a file saw the same content, as far as its
// server tells: size, time of modification and tag.
func (e Entry) Same(other Entry) bool {
	return e.Size == other.Size && e.Modified.Equal(other.Modified) && e.Tag == other.Tag
}

// Stamp is a text that differs when the file was written to; empty when the
// server tells nothing to go by.
func (e Entry) Stamp() string {
	if e.Tag == "" && e.Modified.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d bytes, %s %s", e.Size, e.Modified.UTC().Format(time.RFC3339Nano), e.Tag)
}

// A Dial opens connections: the guard's DialContext, outside of tests.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// The codes of faults, as the catalogue of errors has them.
const (
	CodeUnreachable    = "fetch.unreachable"
	CodeDenied         = "fetch.denied"
	CodeMissing        = "fetch.missing"
	CodeNoListing      = "fetch.no_listing" // C24
	CodePostponed      = "fetch.postponed"
	CodeCut            = "fetch.cut"
	CodeWrongContent   = "fetch.wrong_content"
	CodeTooLarge       = "fetch.too_large"
	CodeNotOffered     = "fetch.not_offered"
	CodeHostKeyUnknown = "fetch.host_key_unknown"
	CodeHostKeyChanged = "fetch.host_key_changed"
	CodeFolderClosed   = "folder.not_allowed"
	// Unchanged is no fault to people: the server said that nothing has changed.
	Unchanged = "fetch.unchanged"
)

// A Fault is why a file could not be brought, said for people in sentences that
// hold no secret. Which file and which connection it is about, its caller says.
type Fault struct {
	Code    string
	Message string
	Err     error // what the server or the network said; may be nil
	// Again says that trying once more later may help.
	Again bool
}

func (f *Fault) Error() string {
	if f.Err != nil {
		return f.Message + ": " + f.Err.Error()
	}
	return f.Message
}

func (f *Fault) Unwrap() error { return f.Err }

func fault(code, message string, err error) *Fault {
	return &Fault{Code: code, Message: message, Err: err}
}
