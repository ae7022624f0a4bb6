package csvfile

import (
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
	dialect csv.Dialect
	columns []string
	schema  contact.Schema
	rows    [][]string // nil: removed
	idAt    int        // column that names the records, or -1
}

// load reads the file. A file that is not there yet is empty.
func (f *File) load() (*content, error) {
	file, err := f.open()
	if errors.Is(err, ErrMissing) {
		return newContent(csv.Dialect{Delimiter: ",", Header: true, Encoding: "utf-8"}, nil, f.key), nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	dialect, _, err := f.Dialect(file)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return readContent(csv.NewReader(onlyReader{file}, dialect, csv.Limits{}), dialect, f.key, f.Name())
}

func readContent(r *csv.Reader, dialect csv.Dialect, key, name string) (*content, error) {
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
			if columns, err = columnNames(r, dialect, row); err != nil {
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
	if columns == nil && dialect.Header {
		var err error
		if columns, err = columnNames(r, dialect, nil); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	c := newContent(dialect, columns, key)
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
func newContent(dialect csv.Dialect, columns []string, key string) *content {
	c := &content{dialect: dialect, columns: columns, idAt: -1}
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

// highest returns the largest number among the file's keys, and whether every
// key is a number.
func (c *content) highest() (highest int64, numeric bool) {
	for _, row := range c.rows {
		if row == nil || row[c.idAt] == "" {
			continue
		}
		n, err := strconv.ParseInt(row[c.idAt], 10, 64)
		if err != nil {
			return 0, false
		}
		highest = max(highest, n)
	}
	return highest, true
}
