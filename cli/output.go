package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/desk"
)

var formats = [...]string{"table", "json", "jsonl", "csv", "yaml"}

func (a *app) checkFormat() error {
	if slices.Contains(formats[:], a.format) {
		return nil
	}
	wrong := a.format
	a.format = "table"
	return usage("%q is not an output format. Use one of %s", wrong, strings.Join(formats[:], ", "))
}

// human reports whether the output is meant to be read by a person.
func (a *app) human() bool { return a.format == "table" }

// say writes a message to people, unless they asked for quiet.
func (a *app) say(format string, args ...any) {
	a.bar.end()
	if !a.quiet {
		fmt.Fprintln(a.Stderr, plain(fmt.Sprintf(format, args...)))
	}
}

// encode returns a value as JSON, without the escapes that only web pages need.
func encode(value any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func encodeYAML(value any) ([]byte, error) {
	text, err := encode(value, "")
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(text)
}

// printError puts an error where a program reads it. In a table people read it
// on stderr.
func (a *app) printError(f *fault) {
	report := said(f)
	switch a.format {
	case "json":
		a.printValue(report, "  ")
	case "jsonl":
		a.printValue(report, "")
	case "yaml":
		if text, err := encodeYAML(report); err == nil {
			fmt.Fprintf(a.Stdout, "%s", text)
		}
	}
}

// said is an error as a document of its own.
func said(f *fault) any { return map[string]*desk.ErrorReport{"error": errorReport(f)} }

func errorReport(f *fault) *desk.ErrorReport {
	e := &desk.ErrorReport{Code: f.code, Message: f.message, Problems: f.problems}
	if len(f.problems) > 0 {
		e.File, e.Line, e.Column = f.problems[0].File, f.problems[0].Line, f.problems[0].Column
	}
	return e
}

func (a *app) printValue(value any, indent string) {
	if text, err := encode(value, indent); err == nil {
		fmt.Fprintf(a.Stdout, "%s\n", text)
	}
}

// A shape is how values of one type are laid out in rows.
type shape[T any] struct {
	columns []string
	row     func(T) []string
}

// one prints a single value: as text for people, as itself for programs.
func one[T any](a *app, value T, s shape[T], text func(io.Writer)) error {
	switch a.format {
	case "table":
		text(a.Stdout)
		return nil
	case "csv":
		return many(a, only(value), s)
	case "yaml":
		b, err := encodeYAML(value)
		if err == nil {
			_, err = a.Stdout.Write(b)
		}
		return err
	case "jsonl":
		a.printValue(value, "")
	default:
		a.printValue(value, "  ")
	}
	return nil
}

// done prints what a command did for programs; people have been told on stderr.
func done[T any](a *app, value T, s shape[T]) error {
	return one(a, value, s, func(io.Writer) {})
}

func only[T any](value T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { yield(value, nil) }
}

func each[T any](values []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// many prints values one by one, as they come: a list may be longer than memory. One
// that cannot be begun prints nothing, and of one that breaks off the error is the last
// item: what programs read is one document.
func many[T any](a *app, values iter.Seq2[T, error], s shape[T]) error {
	switch a.format {
	case "table":
		t := newTable(a.Stdout, s.columns)
		err := desk.ForEach(values, func(v T) error { return t.add(s.row(v)) })
		if err != nil && t.empty() {
			return err
		}
		return errors.Join(err, t.flush())
	case "csv":
		return manyRows(a.Stdout, values, s)
	}
	l := &jsonList{out: a.Stdout, format: a.format}
	err := desk.ForEach(values, func(v T) error { return l.add(v) })
	switch {
	case err == nil:
		return l.close()
	case l.count == 0:
		return err
	}
	return &brokenOff{err, func(said any) error { return errors.Join(l.add(said), l.close()) }}
}

func manyRows[T any](out io.Writer, values iter.Seq2[T, error], s shape[T]) error {
	w, begun := csv.NewWriter(out, csv.Dialect{}), false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		return w.Write(s.columns)
	}
	err := desk.ForEach(values, func(v T) error { return errors.Join(begin(), w.Write(s.row(v))) })
	if err != nil && !begun {
		return err
	}
	return errors.Join(err, begin(), w.Flush())
}

// A brokenOff is an error in the middle of what is printed for programs. What it is
// said as ends the document.
type brokenOff struct {
	error
	end func(said any) error
}

func (b *brokenOff) Unwrap() error { return b.error }

// A jsonList prints values as a JSON array, as JSON lines or as a YAML list.
type jsonList struct {
	out    io.Writer
	format string
	count  int
}

func (l *jsonList) add(value any) error {
	l.count++
	if l.format == "yaml" {
		text, err := encodeYAML(value)
		if err == nil {
			_, err = l.out.Write(yamlItem(text))
		}
		return err
	}
	text, err := encode(value, "")
	if err == nil {
		_, err = fmt.Fprintf(l.out, "%s%s", l.before(), text)
	}
	return err
}

// before is what stands between the values.
func (l *jsonList) before() string {
	switch {
	case l.format == "jsonl" && l.count == 1:
		return ""
	case l.format == "jsonl":
		return "\n"
	case l.count == 1:
		return "[\n"
	}
	return ",\n"
}

func (l *jsonList) close() error {
	switch {
	case l.format == "jsonl" && l.count == 0, l.format == "yaml" && l.count > 0:
		return nil
	case l.format == "jsonl":
		fmt.Fprintln(l.out)
	case l.count == 0:
		fmt.Fprintln(l.out, "[]")
	default:
		fmt.Fprintln(l.out, "\n]")
	}
	return nil
}

// yamlItem makes a YAML document an item of a list.
func yamlItem(text []byte) []byte {
	text = bytes.ReplaceAll(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"), []byte("\n  "))
	return append(append([]byte("- "), text...), '\n')
}
