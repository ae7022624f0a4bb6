package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
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
	text := planHash.ReplaceAllString(err.Error(), "plan (hash)")
	return fmt.Sprintf("refused %s\n%s\n\n%s", code, text, shorten(w.target()))
}

// planHash is the short name of a plan: it differs in every installation.
var planHash = regexp.MustCompile(`plan [0-9a-f]{8}`)

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
	if t.Marked != 0 {
		text += fmt.Sprintf("; marked %d", t.Marked)
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
