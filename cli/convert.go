package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/sheet"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/vcard"
	"github.com/kith-sync/kith/workspace"
)

// Two kinds of file are rewritten as a plain table before they are imported:
// vCards, and our own spreadsheet export, whose guard against formulas comes off
// again. The table lies in the data folder under the original's name, so that
// plans and runs speak of the file that people know.

// A conversion is an import as it goes on, and what could not be read.
type conversion struct {
	sync     plan.Sync
	problems []string
}

func convert(ctx context.Context, w *workspace.Workspace, def plan.Sync) (conversion, error) {
	path := def.Source.File
	if strings.EqualFold(filepath.Ext(path), ".vcf") {
		return convertCards(w.Folder, def)
	}
	marked, err := looksGuarded(path)
	if err != nil || !marked {
		return conversion{sync: def}, err
	}
	return convertSheet(ctx, w, def)
}

// convertedFile is created where the table goes.
func convertedFile(folder string, def plan.Sync) (*os.File, error) {
	dir := filepath.Join(folder, "converted", def.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("convert %s: %w", def.Source.File, err)
	}
	return os.OpenFile(filepath.Join(dir, filepath.Base(def.Source.File)), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
}

// asTable points a sync at its table. Nothing about how that is written is left
// to guessing.
func asTable(def plan.Sync, path string) plan.Sync {
	def.Source.File = path
	def.Source.CSV = plan.CSV{Delimiter: "comma", Encoding: "utf-8", Header: new(true), Preamble: new(int)}
	return def
}

// writeTable writes rows to the file that takes the original's place.
func writeTable(folder string, def plan.Sync, write func(*csv.Writer) error) (plan.Sync, error) {
	out, err := convertedFile(folder, def)
	if err != nil {
		return def, err
	}
	defer out.Close()
	rows := csv.NewWriter(out, csv.Dialect{})
	if err := write(rows); err != nil {
		return def, err
	}
	if err := rows.Flush(); err != nil {
		return def, err
	}
	return asTable(def, out.Name()), out.Close()
}

// convertCards turns vCards into a table with the standard field names as its
// header. A card's UID becomes a column only where it is asked for as the key.
func convertCards(folder string, def plan.Sync) (conversion, error) {
	in, err := os.Open(def.Source.File)
	if err != nil {
		return conversion{}, err
	}
	defer in.Close()
	columns, problems, err := cardColumns(in, def.Target.Key == "uid")
	if err != nil {
		return conversion{}, err
	}
	if len(columns) == 0 {
		return conversion{}, refuse("source.empty", "%s has no cards that can be read. Nothing was changed%s",
			filepath.Base(def.Source.File), prefixed(". The first problem: ", problems))
	}
	table, err := writeTable(folder, def, func(rows *csv.Writer) error { return writeCards(in, columns, rows) })
	return conversion{sync: table, problems: problems}, err
}

func prefixed(prefix string, list []string) string {
	if len(list) == 0 {
		return ""
	}
	return prefix + list[0]
}

// cardColumns goes through the cards once to learn which fields they have.
func cardColumns(in io.Reader, uid bool) (columns, problems []string, err error) {
	seen := map[string]bool{}
	var others []string
	for card, err := range vcard.Read(bufio.NewReader(in)) {
		if err != nil {
			problems = append(problems, sentence(err.Error()))
			continue
		}
		for name := range card.Fields {
			if !seen[name] {
				seen[name] = true
				others = append(others, name)
			}
		}
	}
	if len(seen) > 0 && uid {
		columns = append(columns, "uid")
	}
	for _, f := range vcard.Fields() {
		if seen[f.Name] {
			columns = append(columns, f.Name)
			others = slices.DeleteFunc(others, func(name string) bool { return name == f.Name })
		}
	}
	slices.Sort(others)
	return append(columns, others...), problems, nil
}

func writeCards(in io.ReadSeeker, columns []string, rows *csv.Writer) error {
	if err := rows.Write(columns); err != nil {
		return err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	row := make([]string, len(columns))
	for card, err := range vcard.Read(bufio.NewReader(in)) {
		if err != nil {
			continue // reported by cardColumns
		}
		for i, name := range columns {
			row[i] = card.Fields[name]
			if name == "uid" && row[i] == "" {
				row[i] = card.UID
			}
		}
		if err := rows.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// looksGuarded looks for our marker at the beginning of a file, in UTF-8 and, as
// spreadsheets like to save, in UTF-16.
func looksGuarded(path string) (bool, error) {
	in, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer in.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, err
	}
	text := strings.ReplaceAll(string(head[:n]), "\x00", "")
	return strings.Contains(text, sheet.Marker), nil
}

// convertSheet takes the guard off our own spreadsheet export. A file that only
// mentions the marker is left as it is.
func convertSheet(ctx context.Context, w *workspace.Workspace, def plan.Sync) (conversion, error) {
	source, err := w.Source(ctx, store.Sync{Name: def.Name, Definition: def})
	if err != nil {
		return conversion{}, err
	}
	stager, ok := source.(connector.Stager)
	if !ok {
		return conversion{sync: def}, nil
	}
	staging, err := stager.Stage(ctx, io.Discard)
	if err != nil || !staging.Dialect.Header {
		return conversion{sync: def}, nil // the engine says what is wrong with it
	}
	in, err := os.Open(def.Source.File)
	if err != nil {
		return conversion{}, err
	}
	defer in.Close()
	r := csv.NewReader(in, staging.Dialect, csv.Limits{})
	header, err := r.Header()
	if err != nil || len(header) < 2 || header[0] != sheet.Marker {
		return conversion{sync: def}, nil
	}
	table, err := writeTable(w.Folder, def, func(rows *csv.Writer) error { return unguard(r, header, rows) })
	return conversion{sync: table}, err
}

// unguard leaves out the marker's column and gives every value back as it was. A
// record that cannot be read would be lost without a word, so it ends the import.
func unguard(r *csv.Reader, header []string, rows *csv.Writer) error {
	names := make([]string, len(header)-1)
	for i, name := range header[1:] {
		names[i] = sheet.Unguard(name)
	}
	if err := rows.Write(names); err != nil {
		return err
	}
	for {
		row, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil && row.Problem == nil {
			row.Problem = r.Ragged(row)
		}
		switch {
		case err != nil:
			return err
		case row.Problem != nil:
			return refuse(row.Problem.Code, "Line %d of this spreadsheet export cannot be read: %s Nothing was changed. Correct the line and import again", row.Problem.Line, row.Problem.Message)
		}
		values := make([]string, len(header)-1)
		for i, field := range row.Fields[1:] {
			values[i] = sheet.Unguard(string(field))
			if values[i] == contact.Mask {
				values[i] = "" // a password that the export did not show
			}
		}
		if err := rows.Write(values); err != nil {
			return err
		}
	}
}
