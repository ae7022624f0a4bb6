package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/sheet"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) rejectsCommand() *cobra.Command {
	var file, replay string
	cmd := &cobra.Command{
		Use:   "rejects RUN",
		Short: "See, download and replay the records that did not get through",
		Long: `Rejects lists the records of a run that were rejected, held or failed, by cause.
--csv writes them with their own columns and what is wrong with each, safe to open in
a spreadsheet; correct the values there and give the file back with --replay. A replay
never deletes. Of a sync with a connection they are contacts and records, and there is
nothing to replay: its next run looks at them again.`,
		Example: `  kith rejects 12
  kith rejects 12 --csv out.csv
  kith rejects 12 --replay out.csv`,
		Args: exactly("a RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			open := a.read
			if replay != "" {
				open = a.write
			}
			return open(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				r, err := findRun(ctx, w, args[0])
				if err != nil {
					return err
				}
				if replay != "" {
					return a.replay(ctx, w, r, replay)
				}
				return a.showRejects(ctx, w, r, file)
			})
		},
	}
	cmd.Flags().StringVar(&file, "csv", "", "write the records to this file, to be corrected")
	cmd.Flags().StringVar(&replay, "replay", "", "import this corrected file through the same sync")
	return cmd
}

// rejects are the records of a run that did not get through, and their causes.
type rejects struct {
	columns []string
	secret  []bool // columns that fill a password: they are not shown
	groups  []RejectGroup
	linked  bool // they are changes of a sync with a connection
	widest  int  // fields of the longest record: one may have more than there are columns
	records iter.Seq2[run.Rejected, error]
}

// rejectsOf goes through the records once to count them; they are read again
// when they are printed.
func rejectsOf(ctx context.Context, w *workspace.Workspace, r store.Run) (found rejects, err error) {
	read := w.Engine.Rejects
	if found.linked = r.Linked; r.Linked {
		read = func(ctx context.Context, r store.Run) ([]string, iter.Seq2[run.Rejected, error], error) {
			return linkedRejects(ctx, w, r)
		}
	}
	if found.columns, found.records, err = read(ctx, r); err != nil {
		return found, err
	}
	found.secret = secretColumns(boundOf(r), found.columns)
	counts := map[plan.Reason]int64{}
	err = forEach(found.records, func(c run.Rejected) error {
		counts[c.Reason]++
		found.widest = max(found.widest, len(c.Fields))
		return nil
	})
	if err != nil {
		return found, err
	}
	for code, n := range counts {
		c := causeOf(code)
		found.groups = append(found.groups, RejectGroup{code, n, c.what, c.fix})
	}
	slices.SortFunc(found.groups, func(a, b RejectGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	_, found.records, err = read(ctx, r)
	return found, err
}

func secretColumns(b bound, columns []string) []bool {
	secret := make([]bool, len(columns))
	passwords := secretFields(b.Target.Fields)
	for _, m := range b.Sync.Map {
		if at := slices.Index(columns, m.From); at >= 0 && passwords[m.To] {
			secret[at] = true
		}
	}
	return secret
}

func (a *app) showRejects(ctx context.Context, w *workspace.Workspace, r store.Run, path string) error {
	found, err := rejectsOf(ctx, w, r)
	if err != nil {
		return err
	}
	if path != "" && len(found.groups) == 0 {
		a.say("Run %d has no rejected, held or failed records. Nothing was written.", r.ID)
		return nil
	}
	if path != "" {
		if err := saveRejects(found, path); err != nil {
			return err
		}
		if found.linked {
			a.say("Wrote %s. Correct the contacts or the records; the next run looks at them again.", path)
			return nil
		}
		a.say("Wrote %s. Correct the values and type:  kith rejects %d --replay %s", path, r.ID, quoted(path))
		return nil
	}
	switch a.format {
	case "csv":
		return writeRejects(a.Stdout, found)
	case "table":
		return rejectText(a.Stdout, r, found)
	}
	head := RejectsReport{Run: r.ID, Sync: r.Name, Groups: spelled(found.groups)}
	return writeLong(longValue{out: a.Stdout, format: a.format}, head, "records", reports(found))
}

func reports(found rejects) iter.Seq2[RejectReport, error] {
	return func(yield func(RejectReport, error) bool) {
		for c, err := range found.records {
			if !yield(rejectReport(c, found), err) || err != nil {
				return
			}
		}
	}
}

func rejectReport(c run.Rejected, found rejects) RejectReport {
	known := causeOf(c.Reason)
	r := RejectReport{Line: c.Line, SourceID: c.SourceID, Action: c.Action.String(), Code: c.Reason, Message: because(c.Change),
		Fix: known.fix, Column: c.Detail.Column, Value: c.Detail.Value, Fields: map[string]string{}}
	if found.linked {
		r.SourceID = ""
		r.Contact, r.Record = sides(c.Change)
	}
	for i, value := range c.Fields {
		switch {
		case found.linked && (i < len(linkedColumns) || value == ""):
		case i >= len(found.columns):
			r.Fields[fmt.Sprintf("%sextra_%d", ours, i-len(found.columns)+1)] = value
		case found.secret[i]:
			r.Fields[found.columns[i]] = masked(value)
		default:
			r.Fields[found.columns[i]] = value
		}
	}
	return r
}

// because says in one sentence why a record did not get through.
func because(c plan.Change) string {
	parts := []string{"It " + causeOf(c.Reason).what}
	parts = append(parts, detail(c)...)
	return strings.Join(parts, ": ")
}

const rejectsShown = 20

func rejectText(out io.Writer, r store.Run, found rejects) error {
	if len(found.groups) == 0 {
		fmt.Fprintf(out, "Run %d has no rejected, held or failed records.\n", r.ID)
		return nil
	}
	for _, g := range found.groups {
		fmt.Fprintf(out, "%8s  %s: the record %s. %s\n", humanize.Comma(g.Count), g.Code, g.Message, g.Fix)
	}
	shown := 0
	err := forEach(found.records, func(c run.Rejected) error {
		if shown++; shown > rejectsShown {
			return errEnough
		}
		if found.linked {
			fmt.Fprintf(out, "  %s %s  %s  %s\n", c.Action.Sign(), sidesText(c.Change), c.Reason, strings.Join(linkedDetail(c.Change), "  "))
			return nil
		}
		fmt.Fprintf(out, "  %s line %d  %s  %s\n", c.Action.Sign(), c.Line, c.Reason, strings.Join(detail(c.Change), "  "))
		return nil
	})
	if errors.Is(err, errEnough) {
		fmt.Fprintln(out, "  and more")
	} else if err != nil {
		return err
	}
	if found.linked {
		if slices.ContainsFunc(found.groups, func(g RejectGroup) bool { return g.Code == plan.ConflictField }) {
			fmt.Fprintln(out, "decide conflicts:  kith conflicts")
		}
		fmt.Fprintf(out, "all of them:  kith rejects %d --csv out.csv\n", r.ID)
		return nil
	}
	fmt.Fprintf(out, "correct them:  kith rejects %d --csv out.csv\n", r.ID)
	return nil
}

// ours begins the names of the columns that we add.
const ours = "kith_"

func saveRejects(found rejects, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return refuse("file.exists", "%s is there already; it may hold corrections. Name another file, or remove it", path)
	}
	if err != nil {
		return unwritable(path, err)
	}
	defer file.Close()
	if err := sheetRejects(file, found); err != nil {
		return err
	}
	return file.Close()
}

// sheetRejects writes rejects the way contacts export writes a book for a
// spreadsheet: the first column marks the file and says which record each row is.
func sheetRejects(out io.Writer, found rejects) error {
	w := csv.NewWriter(out, csv.Dialect{})
	w.BOM, w.CRLF = true, true
	return eachReject(found, func(name string, row []string) error {
		for i, value := range row {
			row[i] = sheet.Guard(value)
		}
		return w.Write(append([]string{name}, row...))
	}, w.Flush)
}

// writeRejects writes rejects byte for byte, for programs.
func writeRejects(out io.Writer, found rejects) error {
	w := csv.NewWriter(out, csv.Dialect{})
	return eachReject(found, func(_ string, row []string) error { return w.Write(row) }, w.Flush)
}

// eachReject lays rejects out in rows with their own columns, then code, message
// and fix, the header first. Values beyond the last column stand at the very end.
func eachReject(found rejects, write func(name string, row []string) error, flush func() error) error {
	n := len(found.columns)
	header := append(slices.Clone(found.columns), ours+"code", ours+"message", ours+"fix")
	for i := range max(found.widest-n, 0) {
		header = append(header, fmt.Sprintf("%sextra_%d", ours, i+1))
	}
	if err := write(sheet.Marker, slices.Clone(header)); err != nil {
		return err
	}
	err := forEach(found.records, func(c run.Rejected) error {
		row := make([]string, len(header))
		copy(row, c.Fields[:min(n, len(c.Fields))])
		for i, secret := range found.secret {
			if secret {
				row[i] = "" // a blank keeps the password that is there (C32)
			}
		}
		row[n], row[n+1], row[n+2] = string(c.Reason), because(c.Change), causeOf(c.Reason).fix
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
