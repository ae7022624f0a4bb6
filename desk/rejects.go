package desk

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/catalogue"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/sheet"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// heldThere reports whether a change did not get through.
func heldThere(c plan.Change) bool {
	return c.Action == plan.Reject || c.Action == plan.Hold || c.Action == plan.Fail
}

// linkedColumns are the two sides of a change and whom it is about, before its fields.
var linkedColumns = [...]string{"contact", "record", "who"}

// linkedRejects are the changes of a linked run that did not get through, laid
// out as records whose first columns are the contact, the record and who they are.
func linkedRejects(ctx context.Context, w *workspace.Workspace, r store.Run) (columns []string, records iter.Seq2[run.Rejected, error], err error) {
	columns = slices.Clone(linkedColumns[:])
	changes := ChangesOf(ctx, w, r)
	err = ForEach(changes, func(c plan.Change) error {
		for _, f := range c.Fields {
			if heldThere(c) && !slices.Contains(columns[len(linkedColumns):], f.Name) {
				columns = append(columns, f.Name)
			}
		}
		return nil
	})
	return columns, func(yield func(run.Rejected, error) bool) {
		for part, err := range SomeAtOnce(changes, heldThere) {
			var people []string
			if err == nil {
				people, err = PeopleOf(ctx, w, r, part)
			}
			if err != nil {
				yield(run.Rejected{}, err)
				return
			}
			for i, c := range part {
				if !yield(run.Rejected{Change: c, Fields: rowOfChange(c, people[i], columns)}, nil) {
					return
				}
			}
		}
	}, err
}

// SomeAtOnce hands on the changes that are wanted, some hundreds together.
func SomeAtOnce(changes iter.Seq2[plan.Change, error], wanted func(plan.Change) bool) iter.Seq2[[]plan.Change, error] {
	return func(yield func([]plan.Change, error) bool) {
		var part []plan.Change
		for c, err := range changes {
			if err != nil {
				yield(nil, err)
				return
			}
			if wanted(c) {
				part = append(part, c)
			}
			if len(part) == 500 {
				if !yield(part, nil) {
					return
				}
				part = nil
			}
		}
		if len(part) > 0 {
			yield(part, nil)
		}
	}
}

// rowOfChange are a change's sides, whom it is about, and what it would have made of the
// fields; where a person decides, what stays until then.
func rowOfChange(c plan.Change, who string, columns []string) []string {
	row, own := make([]string, len(columns)), len(linkedColumns)
	row[0], row[1] = Sides(c)
	row[2] = who
	for _, f := range c.Fields {
		value := f.New
		if !f.Written() {
			value = f.Old
		}
		row[own+slices.Index(columns[own:], f.Name)] = value
	}
	return row
}

// Sides are the contact and the record of a change.
func Sides(c plan.Change) (contact, record string) {
	if c.Remote {
		return c.SourceID, c.TargetID
	}
	return c.TargetID, c.SourceID
}

// LinkedDetail is why a change did not get through, and which values it is about.
func LinkedDetail(c plan.Change) []string {
	parts := Detail(c)
	for i, f := range c.Fields {
		if i == 6 {
			return append(parts, fmt.Sprintf("and %d more", len(c.Fields)-i))
		}
		parts = append(parts, FieldText(c.Action, f))
	}
	return parts
}

// Rejects are the records of a run that did not get through, and their causes.
type Rejects struct {
	Columns []string
	Secret  []bool // columns that fill a password: they are not shown
	Groups  []RejectGroup
	Linked  bool // they are changes of a sync with a connection
	widest  int  // fields of the longest record: one may have more than there are columns
	Records iter.Seq2[run.Rejected, error]
}

// RejectsOf goes through the records once to count them; they are read again
// when they are printed.
func RejectsOf(ctx context.Context, w *workspace.Workspace, r store.Run) (found Rejects, err error) {
	read := w.Engine.Rejects
	if found.Linked = r.Linked; r.Linked {
		read = func(ctx context.Context, r store.Run) ([]string, iter.Seq2[run.Rejected, error], error) {
			return linkedRejects(ctx, w, r)
		}
	}
	if found.Columns, found.Records, err = read(ctx, r); err != nil {
		return found, err
	}
	found.Secret = secretColumns(BoundOf(r), found.Columns)
	counts := map[plan.Reason]int64{}
	err = ForEach(found.Records, func(c run.Rejected) error {
		counts[c.Reason]++
		found.widest = max(found.widest, len(c.Fields))
		return nil
	})
	if err != nil {
		return found, err
	}
	for code, n := range counts {
		c := CauseOf(code)
		found.Groups = append(found.Groups, RejectGroup{code, n, c.What, c.Fix})
	}
	slices.SortFunc(found.Groups, func(a, b RejectGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	_, found.Records, err = read(ctx, r)
	return found, err
}

func secretColumns(b Bound, columns []string) []bool {
	secret := make([]bool, len(columns))
	passwords := SecretFields(b.Target.Fields)
	for _, m := range b.Sync.Map {
		if at := slices.Index(columns, m.From); at >= 0 && passwords[m.To] {
			secret[at] = true
		}
	}
	return secret
}

// Reports yields the records that did not get through, ready to be printed.
func Reports(found Rejects) iter.Seq2[RejectReport, error] {
	return func(yield func(RejectReport, error) bool) {
		for c, err := range found.Records {
			if !yield(ReportReject(c, found), err) || err != nil {
				return
			}
		}
	}
}

// ReportReject says of one record what is wrong with it.
func ReportReject(c run.Rejected, found Rejects) RejectReport {
	known := CauseOf(c.Reason)
	r := RejectReport{Line: c.Line, SourceID: c.SourceID, Action: c.Action.String(), Code: c.Reason, Message: because(c.Change),
		Fix: known.Fix, Column: c.Detail.Column, Value: c.Detail.Value, Fields: map[string]string{}}
	if found.Linked {
		r.SourceID = ""
		r.Contact, r.Record = Sides(c.Change)
		r.Who = c.Fields[2]
	}
	for i, value := range c.Fields {
		switch {
		case found.Linked && (i < len(linkedColumns) || value == ""):
		case i >= len(found.Columns):
			r.Fields[fmt.Sprintf("%sextra_%d", ours, i-len(found.Columns)+1)] = value
		case found.Secret[i]:
			r.Fields[found.Columns[i]] = masked(value)
		default:
			r.Fields[found.Columns[i]] = value
		}
	}
	return r
}

// because says in one sentence why a record did not get through.
func because(c plan.Change) string {
	parts := []string{"It " + CauseOf(c.Reason).What}
	parts = append(parts, Detail(c)...)
	return strings.Join(parts, ": ")
}

// ours begins the names of the columns that we add.
const ours = "kith_"

// SheetRejects writes rejects the way contacts export writes a book for a
// spreadsheet: the first column marks the file and says which record each row is.
func SheetRejects(out io.Writer, found Rejects) error {
	w := csv.NewWriter(out, csv.Dialect{})
	w.BOM, w.CRLF = true, true
	return eachReject(found, func(name string, row []string) error {
		for i, value := range row {
			row[i] = sheet.Guard(value)
		}
		return w.Write(append([]string{name}, row...))
	}, w.Flush)
}

// WriteRejects writes rejects byte for byte, for programs.
func WriteRejects(out io.Writer, found Rejects) error {
	w := csv.NewWriter(out, csv.Dialect{})
	return eachReject(found, func(_ string, row []string) error { return w.Write(row) }, w.Flush)
}

// eachReject lays rejects out in rows with their own columns, then code, message
// and fix, the header first. Values beyond the last column stand at the very end.
func eachReject(found Rejects, write func(name string, row []string) error, flush func() error) error {
	n := len(found.Columns)
	header := append(slices.Clone(found.Columns), ours+"code", ours+"message", ours+"fix")
	for i := range max(found.widest-n, 0) {
		header = append(header, fmt.Sprintf("%sextra_%d", ours, i+1))
	}
	if err := write(sheet.Marker, slices.Clone(header)); err != nil {
		return err
	}
	err := ForEach(found.Records, func(c run.Rejected) error {
		row := make([]string, len(header))
		copy(row, c.Fields[:min(n, len(c.Fields))])
		for i, secret := range found.Secret {
			if secret {
				row[i] = "" // a blank keeps the password that is there (C32)
			}
		}
		row[n], row[n+1], row[n+2] = string(c.Reason), because(c.Change), CauseOf(c.Reason).Fix
		if len(c.Fields) > n {
			copy(row[n+3:], c.Fields[n:])
		}
		return write(nameOfReject(c), row)
	})
	if err != nil {
		return err
	}
	return flush()
}

// nameOfReject says which record a row is.
func nameOfReject(c run.Rejected) string {
	if c.Line > 0 {
		return strconv.FormatInt(c.Line, 10)
	}
	return sheet.Guard(c.SourceID)
}

// Detail says in short texts what a change knows beyond its reason.
func Detail(c plan.Change) (parts []string) {
	d := c.Detail
	if d.Column != "" {
		parts = append(parts, fmt.Sprintf("%s %q", Cell(d.Column), Shorten(Cell(d.Value), 40)))
	}
	if len(d.Missing) > 0 {
		parts = append(parts, "missing "+strings.Join(d.Missing, ", "))
	}
	if d.OtherLine > 0 {
		parts = append(parts, fmt.Sprintf("line %d counts", d.OtherLine))
	}
	if len(d.Several) > 0 {
		parts = append(parts, "contacts "+strings.Join(d.Several, ", "))
	}
	if d.Message != "" {
		parts = append(parts, Cell(d.Message))
	}
	return parts
}

// A cause says a reason code for people: what it means, and what to do.
type cause struct{ What, Fix string }

// CauseOf returns what the catalogue knows of a reason.
func CauseOf(code plan.Reason) cause {
	if e, ok := catalogue.Find(string(code)); ok {
		return cause{e.What, e.Fix}
	}
	return cause{string(code), ""}
}
