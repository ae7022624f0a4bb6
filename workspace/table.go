package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/csvfile"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/files"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Three kinds of file are rewritten as a plain table whenever they are read:
// vCards, workbooks, and our own spreadsheet export, whose guard against formulas
// comes off again. Nothing of the table is kept beside the stage, so that a changed file
// is seen, and a backup needs no more than the file itself.

// A table is a file that is rewritten as a plain table while it is staged. Its
// stamp is the file's; its size and hash are those of the table.
type table struct {
	*csvfile.File
	path    string
	key     string // column that names its records
	header  *bool  // false: the first row is a record
	rewrite func(in io.ReadSeeker, rows *csv.Writer) (notes []string, err error)
}

// File is the file that a sync reads, rewritten as a table where it has to be. It
// needs no data folder.
func File(s store.Sync) connector.Source {
	return fileAt(s.Definition, absolute(s.Base, s.Definition.Source.File))
}

func fileAt(def plan.Sync, path string) connector.Source {
	e := def.Source
	plain := csvfile.New(files.OS{}, path, e)
	if strings.EqualFold(filepath.Ext(path), ".vcf") {
		withUID := def.Target.Key == "uid" || e.Key == "uid"
		return &table{plain, path, e.Key, nil, func(in io.ReadSeeker, rows *csv.Writer) ([]string, error) { return tableOfCards(in, withUID, rows) }}
	}
	if isWorkbook(path) {
		return &table{plain, path, e.Key, e.CSV.Header, func(in io.ReadSeeker, rows *csv.Writer) ([]string, error) { return tableOfWorkbook(in, e.CSV, rows) }}
	}
	if guarded(plain, path) {
		return &table{plain, path, e.Key, nil, func(in io.ReadSeeker, rows *csv.Writer) ([]string, error) { return tableOfSheet(plain, in, rows) }}
	}
	return plain
}

// Stage writes the table to w.
func (t *table) Stage(ctx context.Context, w io.Writer) (connector.Staging, error) {
	s := connector.Staging{Dialect: csv.Dialect{Delimiter: ",", Header: true, Encoding: "utf-8"}, Key: t.key}
	s.Dialect.Header = t.header == nil || *t.header
	before, err := t.Stamp(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("open %s: %w", t.Name(), csvfile.ErrMissing)
	}
	if err != nil {
		return s, err
	}
	in, err := os.Open(t.path)
	if err != nil {
		return s, err
	}
	defer in.Close()
	sum := sha256.New()
	out := &counted{w: io.MultiWriter(w, sum)}
	rows := csv.NewWriter(out, s.Dialect)
	watched := &watched{ReadSeeker: in, ctx: ctx}
	s.Notes, err = t.rewrite(watched, rows)
	if err := errors.Join(watched.failed, err); err != nil {
		return s, err
	}
	if err := rows.Flush(); err != nil {
		return s, err
	}
	if s.Stamp, err = t.Stamp(ctx); err != nil || s.Stamp != before {
		return s, fmt.Errorf("read %s: %w", t.Name(), csvfile.ErrChanging)
	}
	s.Size, s.Hash = out.n, hex.EncodeToString(sum.Sum(nil))
	return s, nil
}

// Fingerprint returns what Stage would, without keeping the table.
func (t *table) Fingerprint(ctx context.Context, expectedSize int64) (int64, string, error) {
	s, err := t.Stage(ctx, io.Discard)
	if err != nil || s.Size != expectedSize {
		return s.Size, "", err
	}
	return s.Size, s.Hash, nil
}

// Records is not how a table is read: every stager is staged.
func (t *table) Records(context.Context) (contact.Schema, iter.Seq2[contact.Record, error]) {
	return contact.Schema{}, func(yield func(contact.Record, error) bool) {
		yield(contact.Record{}, fmt.Errorf("read %s: it has to be staged", t.Name()))
	}
}

// counted counts what is written.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// watched reads until it is told to stop, and remembers that reading failed: a
// file that was read in part must not pass for a whole one with damaged records.
type watched struct {
	io.ReadSeeker
	ctx    context.Context
	failed error
}

func (r *watched) Read(p []byte) (n int, err error) {
	if err = r.ctx.Err(); err == nil {
		n, err = r.ReadSeeker.Read(p)
	}
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}
