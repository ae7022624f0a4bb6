// Package csvfile makes a delimited text file a source and a target, so that
// any sync can be tried from file to file. A target file is held in memory and
// replaced in one step when the run is finished.
package csvfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/files"
	"github.com/kith-sync/kith/plan"
)

// ErrChanging is returned when a file changes while it is copied.
var ErrChanging = errors.New("the file changed while it was read; try again when it is complete")

// ErrMissing is returned when there is no file at the path.
var ErrMissing = errors.New("there is no file of that name")

// A File is one delimited text file.
type File struct {
	files   files.System
	path    string
	dialect plan.CSV
	key     string // column that names its records
}

// New returns the file at path, read as the sync says.
func New(system files.System, path string, e plan.Endpoint) *File {
	return &File{files: system, path: path, dialect: e.CSV, key: e.Key}
}

// Name returns the file's own name, without its folder.
func (f *File) Name() string { return filepath.Base(f.path) }

func (f *File) open() (files.File, error) {
	file, err := f.files.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open %s: %w", f.Name(), ErrMissing)
	}
	return file, err
}

// Fingerprint returns the file's size and SHA-256; only the size when it is not
// the expected one.
func (f *File) Fingerprint(ctx context.Context, expectedSize int64) (int64, string, error) {
	file, err := f.open()
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() != expectedSize {
		return sizeOf(info), "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, reading{ctx, file}); err != nil {
		return 0, "", err
	}
	return info.Size(), hex.EncodeToString(sum.Sum(nil)), nil
}

func sizeOf(info fs.FileInfo) int64 {
	if info == nil {
		return 0
	}
	return info.Size()
}

// reading reads until it is told to stop. It hides a file's other abilities, so
// that io.Copy uses its own buffer.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// Stamp is the file's size and time of modification.
func (f *File) Stamp(context.Context) (string, error) {
	info, err := f.files.Stat(f.path)
	if err != nil {
		return "", err
	}
	return stamp(info), nil
}

func stamp(info fs.FileInfo) string {
	return fmt.Sprintf("%d bytes, %s", info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano))
}

// Stage copies the file's bytes to w.
func (f *File) Stage(ctx context.Context, w io.Writer) (connector.Staging, error) {
	file, err := f.open()
	if err != nil {
		return connector.Staging{}, err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return connector.Staging{}, err
	}
	dialect, notes, err := f.Dialect(file)
	if err != nil {
		return connector.Staging{}, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return connector.Staging{}, err
	}
	sum := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(w, sum), reading{ctx, file}, make([]byte, 256<<10))
	if err != nil {
		return connector.Staging{}, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	after, err := f.files.Stat(f.path)
	if err != nil || after.Size() != n || before.Size() != n || !after.ModTime().Equal(before.ModTime()) {
		return connector.Staging{}, fmt.Errorf("read %s: %w", f.Name(), ErrChanging)
	}
	return connector.Staging{Dialect: dialect, Size: n, Hash: hex.EncodeToString(sum.Sum(nil)), Stamp: stamp(after), Key: f.key, Notes: notes}, nil
}

// sniffSize is how much of a file is looked at to recognise how it is written.
const sniffSize = 256 << 10

// Dialect says how the file is written: what the sync says, the rest recognised
// from its first bytes.
func (f *File) Dialect(r io.Reader) (csv.Dialect, []string, error) {
	head := make([]byte, sniffSize)
	n, err := io.ReadFull(r, head)
	whole := err == io.EOF || err == io.ErrUnexpectedEOF
	if err != nil && !whole {
		return csv.Dialect{}, nil, err
	}
	return Recognise(head[:n], whole, f.dialect)
}

// Recognise says how a file that starts with head is written, where the sync
// does not say so itself.
func Recognise(head []byte, whole bool, said plan.CSV) (csv.Dialect, []string, error) {
	d, err := csv.SniffAs(head, whole, said.Encoding)
	if err != nil {
		return d, nil, err
	}
	d = asSaid(d, said)
	return d, describe(d), nil
}

// asSaid returns the dialect with what the sync says about it.
func asSaid(d csv.Dialect, said plan.CSV) csv.Dialect {
	if said.Delimiter != "" && said.Delimiter != "auto" {
		d.Delimiter = delimiter(said.Delimiter)
	}
	if said.Quote != "" {
		d.Quote = said.Quote
	}
	if said.Header != nil {
		d.Header = *said.Header
	}
	if said.Preamble != nil {
		d.Preamble = *said.Preamble
	}
	d.StrictLineBreaks = said.StrictLineBreaks
	return d
}

// saysEncoding reports whether the sync names the encoding.
func saysEncoding(said plan.CSV) bool { return said.Encoding != "" && said.Encoding != "auto" }

// delimiter turns the words of the delimiter list (C13) into the characters.
func delimiter(word string) string {
	named := map[string]string{"comma": ",", "tab": "\t", `\t`: "\t", "semicolon": ";", "pipe": "|", "space": " "}
	if d, ok := named[word]; ok {
		return d
	}
	return word
}

func describe(d csv.Dialect) []string {
	named := map[string]string{",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe", " ": "space", "": "comma"}
	word, ok := named[d.Delimiter]
	if !ok {
		word = strconv.Quote(d.Delimiter)
	}
	header := "first line is the header"
	if !d.Header {
		header = "no header"
	}
	switch {
	case d.Preamble == 1:
		header += ", after 1 line that is not part of the table"
	case d.Preamble > 1:
		header += ", after " + strconv.Itoa(d.Preamble) + " lines that are not part of the table"
	}
	encoding := d.Encoding
	if encoding == "" {
		encoding = "utf-8"
	}
	return []string{encoding + ", delimiter " + word + ", " + header}
}

// Records yields the file's records. Records that cannot be read end the list
// with an error: the engine, which stages the file instead, judges them singly.
func (f *File) Records(ctx context.Context) (contact.Schema, iter.Seq2[contact.Record, error]) {
	content, err := f.load(ctx)
	if err != nil {
		return contact.Schema{}, func(yield func(contact.Record, error) bool) { yield(contact.Record{}, err) }
	}
	return content.schema, func(yield func(contact.Record, error) bool) {
		for i := range content.rows {
			if err := ctx.Err(); err != nil {
				yield(contact.Record{}, err)
				return
			}
			if !yield(content.record(i), nil) {
				return
			}
		}
	}
}
