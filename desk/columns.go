package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/suggest"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

var unknownWord = regexp.MustCompile(`unknown name (\S+)`)

// UnknownName is the field that a formula asks for and that there is not, or "".
func UnknownName(err error) string {
	if err == nil {
		return ""
	}
	if m := unknownWord.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return ""
}

// MapColumns returns the map of an import with --map: what is suggested for the
// file, except for the columns and fields that the flags name. The fingerprint
// names the file's header.
func MapColumns(ctx context.Context, w *workspace.Workspace, def plan.Sync, flags []string) (m []plan.Mapping, fingerprint string, err error) {
	columns, err := SampleColumns(ctx, w, store.Sync{Name: def.Name, Definition: def})
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
		column, field, err := MapFlag(flag, names)
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

// MapFlag reads "Column=field". The last equals sign counts: no field has one.
func MapFlag(flag string, columns []string) (column, field string, err error) {
	at := strings.LastIndexByte(flag, '=')
	if at < 1 {
		return "", "", usage(`--map wants "Column=field", as in --map "E-mail Address=email"; got %q`, flag)
	}
	column, field = flag[:at], strings.TrimSpace(flag[at+1:])
	if slices.Contains(columns, column) {
		return column, field, nil
	}
	message := fmt.Sprintf("The file has no column %q. Nothing was changed", column)
	if near := Nearest(column, columns); near != "" {
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

// SampleColumns reads a file's header and the values of its first records, the
// way the engine will read it.
func SampleColumns(ctx context.Context, w *workspace.Workspace, s store.Sync) ([]suggest.Column, error) {
	source, err := w.Source(ctx, s)
	if err != nil {
		return nil, err
	}
	return ColumnsOf(ctx, source)
}

// ColumnsOf reads the header of a source and the values of its first records, the way
// the engine will read it.
func ColumnsOf(ctx context.Context, source connector.Source) ([]suggest.Column, error) {
	p, err := previewOf(ctx, source)
	return p.Columns, err
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), sampleBytes-b.Len())])
	return len(p), nil
}

func named(names []string) []suggest.Column {
	columns := make([]suggest.Column, len(names))
	for i, name := range csv.UniqueNames(names) {
		columns[i].Name = name
	}
	return columns
}

// Misfits compares a sync with the columns of its source.
func Misfits(def plan.Sync, columns []suggest.Column) (found []syncfile.Error) {
	var source contact.Schema
	file := filepath.Base(def.Source.File)
	names, variables := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], variables[i] = c.Name, plan.Identifier(c.Name)
		source.Fields = append(source.Fields, contact.Field{Name: c.Name, Kind: contact.Text})
	}
	say := func(key, message, meant string, there []string) {
		hint := "There are " + strings.Join(there, ", ") + "."
		if near := Nearest(meant, there); near != "" {
			hint = fmt.Sprintf("Did you mean %s?", near)
		}
		found = append(found, syncfile.Error{Key: key, Message: message, Hint: hint})
	}
	has := func(key, column string) {
		if column != "" && !slices.Contains(names, column) {
			say(key, fmt.Sprintf("%s has no column %q", file, column), column, names)
		}
	}
	knows := func(key, expression string) {
		for _, column := range plan.ColumnsNamed(expression) {
			has(key, column)
		}
		_, err := plan.NewNaming(source, expression) // the words of every expression are the same
		if name := UnknownName(err); name != "" {
			say(key, fmt.Sprintf("%s has no column for %s", file, name), name, variables)
		}
	}
	filled := map[string]bool{}
	for i, m := range def.Map {
		filled[m.To] = true
		has(fmt.Sprintf("map[%d].from", i), m.From)
		knows(fmt.Sprintf("map[%d].expr", i), m.Expr)
	}
	for i, field := range def.Required {
		if len(def.Map) > 0 && !filled[field] { // without a map what is suggested or remembered decides
			say(fmt.Sprintf("required[%d]", i), fmt.Sprintf("nothing fills %q, so every new contact would be held", field), field, slices.Sorted(maps.Keys(filled)))
		}
	}
	knows("filter", def.Filter)
	knows("gate", def.Gate)
	has("source.key", def.Source.Key)
	return found
}
