package scenarios

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/store"
)

// target prints the target as it is now.
func (w *world) target() string {
	w.Helper()
	if name := w.sync.Definition.Target.Book; name != "" {
		return w.printBook(name)
	}
	text, err := os.ReadFile(filepath.Join(w.work, w.sync.Definition.Target.File))
	if err != nil {
		return "(no file)\n"
	}
	return string(text)
}

func (w *world) printBook(name string) string {
	w.Helper()
	book, err := w.Store.Book(w.ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return "(no book)\n"
	}
	if err != nil {
		w.Fatal(err)
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b, csv.Dialect{})
	header := []string{"id"}
	for _, f := range book.Fields {
		header = append(header, f.Name)
	}
	_ = out.Write(header)
	codes := map[string]bool{}
	for c, err := range w.Store.Contacts(w.ctx, book, 0) {
		if err != nil {
			w.Fatal(err)
		}
		_ = out.Write(w.bookRow(book, c, codes))
	}
	_ = out.Flush()
	return b.String() + w.printTrash(book)
}

var nineDigits = regexp.MustCompile(`^[1-9][0-9]{8}$`)

// bookRow is a contact as it is printed. Generated keys (C29) differ from run to
// run, so here it is proved that each is nine digits and nobody else's.
func (w *world) bookRow(book store.Book, c store.Contact, codes map[string]bool) []string {
	w.Helper()
	row := []string{strconv.FormatInt(store.Number(c.Ref), 10)}
	for i, f := range book.Fields {
		value := contact.Record{Values: c.Values}.Value(i)
		switch {
		case book.KeyMade && f.Name == book.KeyField:
			if !nineDigits.MatchString(value) || codes[value] {
				w.Errorf("generated key: got %q, want nine digits that nobody else has", value)
			}
			codes[value] = true
			value = "(9 digits)"
		case f.Kind == contact.Password && value != "":
			value = shown(value)
		}
		row = append(row, value)
	}
	return row
}

func (w *world) printTrash(book store.Book) string {
	w.Helper()
	trashed, err := w.Store.TrashedContacts(w.ctx, book)
	if err != nil {
		w.Fatal(err)
	}
	ids := make([]string, len(trashed))
	for i, c := range trashed {
		ids[i] = strconv.FormatInt(store.Number(c.Ref), 10)
	}
	slices.Sort(ids)
	switch n := len(ids); {
	case n == 0:
		return ""
	case n > many:
		return fmt.Sprintf("in the trash: %d contacts\n", n)
	}
	return "in the trash: " + strings.Join(ids, ", ") + "\n"
}

// shorten keeps the beginning of a long target and counts the rest.
func shorten(text string) string {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) <= 2*many {
		return text
	}
	return strings.Join(lines[:many], "") + fmt.Sprintf("(and %d lines more)\n", len(lines)-many-1)
}

// settled leaves out of a target what an undo need not take back: that a book
// was made, fields that were added to it and are blank, and the trash.
func (w *world) settled(target string) string {
	w.Helper()
	if w.sync.Definition.Target.Book == "" {
		return target
	}
	table, _, _ := strings.Cut(target, "in the trash: ")
	rows := must(stdcsv.NewReader(strings.NewReader(table)).ReadAll())
	var b strings.Builder
	for _, row := range rows[1:] {
		for i, value := range row {
			if value != "" {
				fmt.Fprintf(&b, "%s=%q ", rows[0][i], value)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
