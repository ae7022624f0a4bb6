package run

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/suggest"
)

// A source is copied before it is read, so that the plan and its apply read the
// same bytes, whatever becomes of the file meanwhile. Every source is staged as
// delimited text: a file as it is, other systems as a table with their ids.

// idColumn carries a record's own name in the stage of a source that is not a file.
const idColumn = "kith:id"

// A stage is a staged source.
type stage struct {
	connector.Staging
	name   string    // of the file in the stage folder
	places *noteFile // where its records start, once all were read
	whole  bool      // that it has no records means that there are none
}

// stageSource copies a source. What may hold passwords is sealed before it gets
// its name (settled question 19).
func (e *Engine) stageSource(ctx context.Context, src connector.Source, def plan.Sync) (*stage, error) {
	if err := e.Files.MkdirAll(e.Stage); err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	temp := filepath.Join(e.Stage, "incoming-"+rand.Text())
	file, err := e.Files.Create(temp)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	s := &stage{}
	_, s.whole = src.(connector.Complete)
	if stager, ok := src.(connector.Stager); ok {
		s.Staging, err = stager.Stage(ctx, file)
	} else {
		s.Staging, err = stageRecords(ctx, src, file)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = e.Files.Remove(temp)
		return nil, sourceFault(src.Name(), err)
	}
	s.name = filepath.Base(temp)
	final := s.Hash + ".csv"
	if e.mayHoldPasswords(s, def) {
		if err := e.sealStage(s); err != nil {
			_ = e.Files.Remove(temp)
			return nil, err
		}
		final += sealedStage
	}
	if err := e.Files.Rename(e.stagePath(s.name), e.stagePath(final)); err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	s.name = final
	return s, nil
}

// mayHoldPasswords reports whether a staged source has a column that looks like
// a password, or that the sync says is one. One that cannot be read is as good
// as any other: it will be refused.
func (e *Engine) mayHoldPasswords(s *stage, def plan.Sync) bool {
	columns, err := e.sample(s)
	if err != nil || e.Vault == nil {
		return false
	}
	isPassword := func(field string) bool { return field == string(contact.Password) }
	for _, m := range def.Map {
		if isPassword(m.To) || isPassword(m.As) {
			return true
		}
	}
	for _, suggestion := range suggest.Mapping(columns, nil) {
		if suggestion.Field.Kind == contact.Password {
			return true
		}
	}
	return false
}

// sourceFault says that nothing was read, and keeps the source's own sentence.
func sourceFault(name string, err error) error {
	var file *csv.FileError
	if errors.As(err, &file) {
		return &Error{Code: file.Code, Message: fmt.Sprintf("%s: %s Nothing was changed", name, file.Message), Err: file.Err}
	}
	return fault(CodeSource, fmt.Sprintf("%s could not be read. Nothing was changed", name), err)
}

func stageRecords(ctx context.Context, src connector.Source, w io.Writer) (connector.Staging, error) {
	s := connector.Staging{Dialect: csv.Dialect{Delimiter: ",", Header: true, Encoding: "utf-8"}, Key: idColumn}
	sum := sha256.New()
	counted := &counter{w: io.MultiWriter(w, sum)}
	table := csv.NewWriter(counted, s.Dialect)
	schema, records := src.Records(ctx)
	row := []string{idColumn}
	for _, f := range schema.Fields {
		row = append(row, f.Name)
	}
	if err := table.Write(row); err != nil {
		return s, err
	}
	for r, err := range records {
		if err != nil {
			return s, err
		}
		row = append(row[:0], r.ID)
		for i := range schema.Fields {
			row = append(row, masked(schema.Fields[i].Kind, r.Value(i)))
		}
		if err := table.Write(row); err != nil {
			return s, err
		}
	}
	err := table.Flush()
	s.Size, s.Hash = counted.n, hex.EncodeToString(sum.Sum(nil))
	return s, err
}

func masked(kind contact.Kind, value string) string {
	if kind == contact.Password {
		return "" // a portal password never leaves its book
	}
	return value
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// sealedStage ends the name of a staged source that holds passwords and is
// therefore encrypted.
const sealedStage = ".sealed"

// sealStage encrypts a staged source.
func (e *Engine) sealStage(s *stage) error {
	if strings.HasSuffix(s.name, sealedStage) {
		return nil
	}
	in, err := e.Files.Open(e.stagePath(s.name))
	if err != nil {
		return fmt.Errorf("seal staged source: %w", err)
	}
	defer in.Close()
	out, err := e.Files.Create(e.stagePath(s.name + sealedStage))
	if err != nil {
		return fmt.Errorf("seal staged source: %w", err)
	}
	w, err := e.Vault.Encrypt(out)
	if err == nil {
		_, err = io.Copy(w, in)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("seal staged source: %w", err)
	}
	if err := e.Files.Remove(e.stagePath(s.name)); err != nil {
		return fmt.Errorf("seal staged source: %w", err)
	}
	s.name += sealedStage
	return nil
}

// A reading goes through a staged source from its first record to its last.
type reading struct {
	file   io.Closer
	csv    *csv.Reader
	schema contact.Schema
	keyAt  int // column that names the record in the source, or -1
	row    *csv.Row
	next   int64 // number of the record that Next would read
	fields []string
	places *noteFile // where records start, when that is known
	blank  int64     // rows of nothing but delimiters
	first  bool      // the first record was read to learn the columns, and is to come again
}

// openStage starts reading. The schema's fields are the columns, all text.
func (e *Engine) openStage(s *stage) (*reading, error) {
	file, err := e.Files.Open(filepath.Join(e.Stage, s.name))
	if err != nil {
		return nil, fmt.Errorf("open staged source: %w", err)
	}
	var in io.Reader = file
	if strings.HasSuffix(s.name, sealedStage) {
		if in, err = e.Vault.Decrypt(file); err != nil {
			file.Close()
			return nil, fmt.Errorf("open staged source: %w", err)
		}
	}
	r := &reading{file: file, csv: csv.NewReader(in, s.Dialect, csv.Limits{}), keyAt: -1, places: s.places}
	if err := r.learnColumns(s); err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

func (r *reading) learnColumns(s *stage) error {
	var names []string
	if s.Dialect.Header {
		header, err := r.csv.Header()
		if err != nil && err != io.EOF {
			return err
		}
		names = csv.UniqueNames(header)
	} else {
		row, err := r.csv.Next()
		if err != nil && err != io.EOF {
			return err
		}
		r.row, r.first = row, row != nil
		if row != nil && row.Problem != nil && row.Problem.Code == csv.WrongColumns { // more than the limit: as a header would
			return &csv.FileError{Code: csv.WrongColumns, Message: row.Problem.Message}
		}
		if row != nil {
			names = csv.UniqueNames(make([]string, len(row.Fields)))
		}
	}
	for i, n := range names {
		r.schema.Fields = append(r.schema.Fields, contact.Field{Name: n, Kind: contact.Text})
		if n == s.Key {
			r.keyAt = i
		}
	}
	return nil
}

// Next reads the next record, or io.EOF. Its slices are valid until the next call.
// A row of nothing but delimiters, as spreadsheets leave them, is a blank line and
// no record.
func (r *reading) Next() (*csv.Row, error) {
	if r.first {
		r.first = false
		if !onlyDelimiters(r.row) {
			r.next++
			return r.row, nil
		}
		r.blank++
	}
	row, err := r.csv.Next()
	for err == nil && onlyDelimiters(row) {
		r.blank++
		row, err = r.csv.Next()
	}
	if err != nil {
		return nil, err
	}
	r.next++
	if row.Problem == nil {
		row.Problem = r.csv.Ragged(row)
	}
	r.row = row
	return row, nil
}

// onlyDelimiters reports whether a row has several fields and nothing in any. In a
// file of one column, an empty value is written "" and is a record.
func onlyDelimiters(row *csv.Row) bool {
	if row.Problem != nil || len(row.Fields) < 2 {
		return false
	}
	for _, f := range row.Fields {
		if len(f) > 0 && contact.Trim(string(f)) != "" {
			return false
		}
	}
	return true
}

// BlankLines returns how many lines without a value were passed so far.
func (r *reading) BlankLines() int64 { return r.csv.BlankLines() + r.blank }

// At reads forward to the record with that number. Those before it are passed
// over where it is known where they end.
func (r *reading) At(number int64) (*csv.Row, error) {
	if err := r.skip(number); err != nil {
		return nil, err
	}
	for {
		row, err := r.Next()
		if err == io.EOF {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if r.next-1 == number {
			return row, nil
		}
	}
}

func (r *reading) skip(number int64) error {
	if r.places == nil || number <= r.next {
		return nil
	}
	note, err := r.places.at(number)
	if err != nil {
		return err
	}
	skipped, err := r.csv.Skip(note.Place, note.Line)
	if skipped {
		r.next, r.first = number, false
	}
	return err
}

// Texts returns the record's fields as strings that share one copy of its
// bytes. The slice is reused, the strings are not.
func (r *reading) Texts(row *csv.Row) []string {
	size := 0
	for _, f := range row.Fields {
		size += len(f)
	}
	var buffer strings.Builder
	buffer.Grow(size)
	for _, f := range row.Fields {
		buffer.Write(f)
	}
	all := buffer.String()
	r.fields = r.fields[:0]
	for _, f := range row.Fields {
		r.fields = append(r.fields, all[:len(f)])
		all = all[len(f):]
	}
	for len(r.fields) < len(r.schema.Fields) {
		r.fields = append(r.fields, "")
	}
	return r.fields
}

// SourceID is the record's own name in the source, if it has one.
func (r *reading) SourceID(fields []string) string {
	if r.keyAt < 0 || r.keyAt >= len(fields) {
		return ""
	}
	return fields[r.keyAt]
}

// Close closes the staged file.
func (r *reading) Close() error { return r.file.Close() }
