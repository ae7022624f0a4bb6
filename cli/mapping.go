package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/suggest"
	"github.com/kith-sync/kith/workspace"
)

// mapColumns returns the map of an import with --map: what is suggested for the
// file, except for the columns and fields that the flags name. The fingerprint
// names the file's header.
func mapColumns(ctx context.Context, w *workspace.Workspace, def plan.Sync, flags []string) (m []plan.Mapping, fingerprint string, err error) {
	columns, err := sampleColumns(ctx, w, store.Sync{Name: def.Name, Definition: def})
	if err != nil {
		return nil, "", err
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	b, err := w.Store.Book(ctx, def.Target.Book)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, "", err
	}
	m = suggestedMap(columns, b.Fields)
	for _, flag := range flags {
		column, field, err := mapFlag(flag, names)
		if err != nil {
			return nil, "", err
		}
		m = slices.DeleteFunc(m, func(m plan.Mapping) bool { return m.Reads(column) || m.To == field })
		if field != "" {
			m = append(m, plan.Mapping{From: column, To: field})
		}
	}
	return m, suggest.Fingerprint(names), nil
}

// mapFlag reads "Column=field". The last equals sign counts: no field has one.
func mapFlag(flag string, columns []string) (column, field string, err error) {
	at := strings.LastIndexByte(flag, '=')
	if at < 1 {
		return "", "", usage(`--map wants "Column=field", as in --map "E-mail Address=email"; got %q`, flag)
	}
	column, field = flag[:at], strings.TrimSpace(flag[at+1:])
	if slices.Contains(columns, column) {
		return column, field, nil
	}
	message := fmt.Sprintf("The file has no column %q. Nothing was changed", column)
	if near := nearest(column, columns); near != "" {
		return "", "", refuse(run.CodeColumnGone, "%s. Did you mean %q?", message, near)
	}
	return "", "", refuse(run.CodeColumnGone, "%s. Its columns are: %s", message, strings.Join(columns, ", "))
}

// suggestedMap is the map of a file that nobody said anything about. A column
// that is not known becomes a field of its own when it has values.
func suggestedMap(columns []suggest.Column, fields []contact.Field) []plan.Mapping {
	return run.Suggested(suggest.Mapping(columns, fields), columns)
}

const (
	sampleBytes = 1 << 20
	sampleRows  = 200
)

// sampleColumns reads a file's header and the values of its first records, the
// way the engine will read it.
func sampleColumns(ctx context.Context, w *workspace.Workspace, s store.Sync) ([]suggest.Column, error) {
	source, err := w.Source(ctx, s)
	if err != nil {
		return nil, err
	}
	return columnsOf(ctx, source)
}

func columnsOf(ctx context.Context, source connector.Source) ([]suggest.Column, error) {
	stager, ok := source.(connector.Stager)
	if !ok {
		return nil, fmt.Errorf("%s is not a file", source.Name())
	}
	var head bounded
	staging, err := stager.Stage(ctx, &head)
	if err != nil {
		var file *csv.FileError
		if errors.As(err, &file) {
			return nil, refuse(file.Code, "%s: %s Nothing was changed", source.Name(), file.Message)
		}
		return nil, err
	}
	return readColumns(csv.NewReader(&head.Buffer, staging.Dialect, csv.Limits{}), staging.Dialect.Header)
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), sampleBytes-b.Len())])
	return len(p), nil
}

func readColumns(r *csv.Reader, header bool) (columns []suggest.Column, err error) {
	if header {
		names, err := r.Header()
		if err != nil && err != io.EOF {
			return nil, err
		}
		columns = named(names)
	}
	for range sampleRows {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if columns == nil {
			columns = named(make([]string, len(row.Fields)))
		}
		for i, value := range row.Fields {
			if row.Problem == nil && i < len(columns) && !contact.Blank(string(value)) {
				columns[i].Samples = append(columns[i].Samples, string(value))
			}
		}
	}
	return columns, nil
}

func named(names []string) []suggest.Column {
	columns := make([]suggest.Column, len(names))
	for i, name := range csv.UniqueNames(names) {
		columns[i].Name = name
	}
	return columns
}
