package scenarios

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// many is how many lines of one kind are printed before the rest is counted.
const many = 12

// printFault tells of a run that could not be planned, or of a refused undo.
func (w *world) printFault(err error) string {
	code := "?"
	var known *run.Error
	if errors.As(err, &known) {
		code = known.Code
	}
	return fmt.Sprintf("refused %s\n%s\n\n%s", code, err, shorten(w.target()))
}

// plainFile is the note on a file that is written as most are; it is not printed.
const plainFile = "utf-8, delimiter comma, first line is the header"

// printRun tells how a run ended.
func (w *world) printRun(r store.Run) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Status)
	fmt.Fprintln(&b, printTotals(r.Totals))
	for _, code := range slices.Sorted(maps.Keys(r.Warnings)) {
		fmt.Fprintf(&b, "warning %s: %d\n", code, r.Warnings[code])
	}
	for _, note := range r.Notes {
		if note != plainFile {
			fmt.Fprintf(&b, "note %s\n", note)
		}
	}
	if r.Message != "" {
		fmt.Fprintf(&b, "%s: %s\n", r.Code, r.Message)
	}
	return b.String()
}

func printTotals(t plan.Totals) string {
	var parts []string
	for _, p := range []struct {
		n    int64
		word string
	}{{t.Created, "created"}, {t.Updated, "updated"}, {t.Unchanged, "unchanged"}, {t.Skipped, "skipped"}, {t.Held, "held"},
		{t.Rejected, "rejected"}, {t.Failed, "failed"}} {
		if p.n != 0 {
			parts = append(parts, fmt.Sprintf("%s %d", p.word, p.n))
		}
	}
	text := fmt.Sprintf("read %d", t.Read)
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if t.Deleted != 0 {
		text += fmt.Sprintf("; deleted %d", t.Deleted)
	}
	if t.BlankLines != 0 {
		text += fmt.Sprintf("; blank lines %d", t.BlankLines)
	}
	return text
}

// printChanges prints a plan:
//
//   - line 2 | email ada@example.com | first_name Ada
//     ~ line 3 -> 1 by email
//     phone: (blank) -> 020 7946 0001 [if_existing_blank]
//     title: CTO kept, offered CEO [if_existing_blank]
//     = line 4 -> 2 by phone
//     / line 5 source.duplicate of line 2
//     . line 6 target.required_missing: company
//     ! line 7 email.invalid: E-mail "ada@@example"
//   - 3 | email cy@example.com [trash]
func (w *world) printChanges(r store.Run) string {
	w.Helper()
	var b strings.Builder
	count := map[plan.Action]int{}
	for c, err := range w.Engine.Changes(w.ctx, r) {
		if err != nil {
			w.Fatalf("changes: %v", err)
		}
		if count[c.Action]++; count[c.Action] <= many {
			printChange(&b, c)
		}
	}
	for _, a := range slices.Sorted(maps.Keys(count)) {
		if n := count[a] - many; n > 0 {
			fmt.Fprintf(&b, "%s and %d more\n", a.Sign(), n)
		}
	}
	if b.Len() == 0 {
		return "\n"
	}
	return "\n" + b.String() + "\n"
}

func printChange(b *strings.Builder, c plan.Change) {
	b.WriteString(c.Action.Sign())
	if c.Line > 0 {
		fmt.Fprintf(b, " line %d", c.Line)
	}
	switch {
	case c.TargetID != "" && c.Rule != "":
		fmt.Fprintf(b, " -> %s by %s", c.TargetID, c.Rule)
	case c.TargetID != "" && c.Action != plan.Create:
		fmt.Fprintf(b, " %s", c.TargetID)
	}
	if c.Reason != plan.NoReason && c.Action != plan.Remove {
		fmt.Fprintf(b, " %s", c.Reason)
	}
	b.WriteString(printDetail(c.Detail))
	switch c.Action {
	case plan.Create, plan.Remove, plan.Restore:
		printWhole(b, c)
	default:
		b.WriteString("\n")
		for _, f := range c.Fields {
			printField(b, f)
		}
	}
}

func printDetail(d plan.Detail) string {
	var b strings.Builder
	if d.OtherLine > 0 {
		fmt.Fprintf(&b, " of line %d", d.OtherLine)
	}
	if len(d.Missing) > 0 {
		fmt.Fprintf(&b, ": %s", strings.Join(d.Missing, ", "))
	}
	if len(d.Several) > 0 {
		fmt.Fprintf(&b, ": %s", strings.Join(d.Several, ", "))
	}
	if d.Column != "" {
		fmt.Fprintf(&b, ": %s %q", d.Column, d.Value)
	}
	if d.Message != "" {
		fmt.Fprintf(&b, ": %s", d.Message)
	}
	if len(d.Warnings) > 0 {
		fmt.Fprintf(&b, " (warning: %s)", strings.Join(d.Warnings, ", "))
	}
	return b.String()
}

func printWhole(b *strings.Builder, c plan.Change) {
	rule := ""
	for _, f := range c.Fields {
		value := f.New
		if c.Action == plan.Remove {
			value, rule = f.Old, " ["+f.Rule+"]"
		}
		fmt.Fprintf(b, " | %s %s", f.Name, shown(value))
	}
	fmt.Fprintf(b, "%s\n", rule)
}

func printField(b *strings.Builder, f plan.FieldChange) {
	if f.Kept != "" {
		fmt.Fprintf(b, "    %s: %s kept, offered %s [%s]\n", f.Name, shown(f.Old), shown(f.Kept), f.Rule)
		return
	}
	fmt.Fprintf(b, "    %s: %s -> %s [%s]\n", f.Name, shown(f.Old), shown(f.New), f.Rule)
}

// shown writes a value on one line and hides what chance decides.
func shown(value string) string {
	switch {
	case value == "":
		return "(blank)"
	case contact.Sealed(value):
		return "(sealed)"
	case strings.HasPrefix(value, "hashed:"):
		return "(hashed)"
	case strings.ContainsAny(value, "\r\n|"):
		return strconv.Quote(value)
	}
	return value
}

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
