package csvfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/suggest"
)

// content is a whole file in memory. A row's handle is its place plus one; the
// places of removed rows stay empty until the file is written.
type content struct {
	style
	columns []string
	schema  contact.Schema
	rows    [][]string // nil: removed
	idAt    int        // column that names the records, or -1
	ids     numbering
}

// load reads the file. A file that is not there yet, or has nothing in it, is a
// file with a header to come.
func (f *File) load(ctx context.Context) (*content, error) {
	file, err := f.open()
	if errors.Is(err, ErrMissing) {
		return f.fresh(), nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	style, err := f.styleOf(reading{ctx, file})
	if err != nil {
		return nil, err
	}
	if style.empty {
		return f.fresh(), nil
	}
	if style.preamble, err = preambleOf(file, style.dialect); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return readContent(csv.NewReader(reading{ctx, file}, style.dialect, csv.Limits{}), style, f.key, f.Name())
}

func (f *File) fresh() *content {
	d := asSaid(csv.Dialect{Delimiter: ",", Header: true, Encoding: "utf-8"}, f.dialect)
	if saysEncoding(f.dialect) {
		d.Encoding = f.dialect.Encoding
	}
	return newContent(style{dialect: d, preamble: make([]string, d.Preamble)}, nil, f.key)
}

func readContent(r *csv.Reader, style style, key, name string) (*content, error) {
	var rows [][]string
	var columns []string
	for {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if columns == nil {
			if columns, err = columnNames(r, style.dialect, row); err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
		}
		problem := row.Problem
		if problem == nil {
			problem = r.Ragged(row)
		}
		if problem != nil {
			return nil, fmt.Errorf("read %s: %w", name, problem)
		}
		rows = append(rows, texts(row.Fields, len(columns)))
	}
	if columns == nil && style.dialect.Header {
		var err error
		if columns, err = columnNames(r, style.dialect, nil); err != nil && err != io.EOF {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	c := newContent(style, columns, key)
	c.rows = rows
	return c, nil
}

// columnNames returns the header, or as many invented names as the first record
// has fields. Blank and repeated names get one of their own (csv.UniqueNames).
func columnNames(r *csv.Reader, d csv.Dialect, first *csv.Row) ([]string, error) {
	if d.Header {
		names, err := r.Header()
		return csv.UniqueNames(names), err
	}
	if first == nil {
		return nil, nil
	}
	return csv.UniqueNames(make([]string, len(first.Fields))), nil
}

func texts(fields [][]byte, width int) []string {
	out := make([]string, width)
	for i := range min(len(fields), width) {
		out[i] = string(fields[i])
	}
	return out
}

// newContent gives the columns the kinds that their names suggest. In a target
// file the fields are the columns, under the names they have there.
func newContent(style style, columns []string, key string) *content {
	c := &content{style: style, columns: columns, idAt: -1}
	named := make([]suggest.Column, len(columns))
	for i, name := range columns {
		named[i].Name = name
		if name == key {
			c.idAt = i
		}
	}
	kinds := map[int]contact.Kind{}
	for _, s := range suggest.Mapping(named, nil) {
		kinds[s.Column] = s.Field.Kind
	}
	for i, name := range columns {
		kind := kinds[i]
		if kind == "" || kind == contact.Password {
			kind = contact.Text
		}
		c.schema.Fields = append(c.schema.Fields, contact.Field{Name: name, Kind: kind})
	}
	if c.idAt >= 0 {
		c.schema.Key = key
	}
	return c
}

// at returns the row of a handle, or nil where there is none.
func (c *content) at(ref int64) []string {
	if ref < 1 || ref > int64(len(c.rows)) {
		return nil
	}
	return c.rows[ref-1]
}

func (c *content) record(i int) contact.Record {
	return contact.Record{ID: c.id(i), Values: c.rows[i], Rank: int64(i)}
}

// id is the record's key, else its place in the file.
func (c *content) id(i int) string {
	if c.idAt >= 0 && c.rows[i] != nil && c.rows[i][c.idAt] != "" {
		return c.rows[i][c.idAt]
	}
	return "row " + strconv.Itoa(i+1)
}
