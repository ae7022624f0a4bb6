package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// printNotes prints what a plan or a run has to say, and no sentence twice: what comes
// up while a plan is carried out stands in the run only.
func (a *app) printNotes(out io.Writer, notes []string) {
	for _, note := range notes {
		if !slices.Contains(a.told, note) {
			a.told = append(a.told, note)
			fmt.Fprintf(out, "  %s\n", desk.Cell(a.advice(note)))
		}
	}
}

// runText tells a person how a run ended.
func (a *app) runText(out io.Writer, r desk.RunReport) {
	a.bar.end()
	if r.Run != 0 {
		fmt.Fprintf(out, "%s  run %d  %s%s\n", desk.Cell(r.Sync), r.Run, statusWords(r.Status), took(r))
	}
	if r.Status == store.Blocked {
		fmt.Fprintf(out, "  %s\n", desk.Cell(r.Message))
		return
	}
	if r.Plan != "" || r.Totals.Read+r.Totals.Deleted > 0 {
		fmt.Fprintf(out, "  %s\n", totalsText(r.Totals))
	}
	a.printNotes(out, r.Notes)
	if reasons := reasonLine(r.Reasons); reasons != "" {
		fmt.Fprintf(out, "  why: %s\n", reasons)
	}
	if r.Message != "" {
		fmt.Fprintf(out, "  %s\n", desk.Cell(r.Message))
	}
	if r.Pruned {
		fmt.Fprintln(out, "  details were cleared away after 90 days")
		return
	}
	if n := r.Totals.Rejected + r.Totals.Held + r.Totals.Failed; n > 0 && n > r.Reasons[string(plan.ConflictField)] {
		fmt.Fprintf(out, "  see   kith rejects %d\n", r.Run)
	}
	if r.Reasons[string(plan.ConflictField)] > 0 {
		fmt.Fprintln(out, "  decide  kith conflicts")
	}
	if r.Totals.Writes() > 0 && r.UndoneBy == 0 {
		fmt.Fprintf(out, "  undo  kith undo %d\n", r.Run)
	}
}

// advice says a run's note in the words that were typed: its advice names keys of
// a sync file, which are flags of import.
func (a *app) advice(note string) string {
	if !a.flags {
		return note
	}
	return strings.NewReplacer("match: [email, phone]", "--match email,phone", "region: GB", "--region GB").Replace(note)
}

func took(r desk.RunReport) string {
	if r.Started == nil || r.Finished == nil {
		return ""
	}
	return " in " + time.Duration(r.Took*float64(time.Second)).Round(10*time.Millisecond).String()
}

func totalsText(t plan.Totals) string {
	parts := []string{"read " + humanize.Comma(t.Read)}
	for _, c := range []struct {
		word   string
		n      int64
		always bool
	}{
		{"created", t.Created, true}, {"updated", t.Updated, true}, {"unchanged", t.Unchanged, true}, {"skipped", t.Skipped, false},
		{"held", t.Held, false}, {"rejected", t.Rejected, false}, {"failed", t.Failed, false}, {"deleted", t.Deleted, false}, {"marked", t.Marked, false},
		{"blank lines", t.BlankLines, false},
	} {
		if c.always || c.n > 0 {
			parts = append(parts, c.word+" "+humanize.Comma(c.n))
		}
	}
	return strings.Join(parts, "  ")
}

// statusWords says a status for people.
func statusWords(s store.Status) string {
	switch s {
	case store.SkippedUnchanged:
		return "up to date"
	case store.WithErrors:
		return "finished with rejects"
	case store.WithWarnings:
		return "succeeded with warnings"
	case store.Blocked:
		return "waiting for approval"
	}
	return strings.ReplaceAll(string(s), "_", " ")
}

// runShape lays runs out in rows.
func runShape() shape[desk.RunReport] {
	return shape[desk.RunReport]{
		columns: []string{"run", "sync", "status", "started", "read", "created", "updated", "unchanged", "skipped", "held", "rejected", "failed", "deleted", "source"},
		row: func(r desk.RunReport) []string {
			t := r.Totals
			row := []string{fmt.Sprint(r.Run), r.Sync, string(r.Status), clock(r.Started)}
			for _, n := range []int64{t.Read, t.Created, t.Updated, t.Unchanged, t.Skipped, t.Held, t.Rejected, t.Failed, t.Deleted} {
				row = append(row, fmt.Sprint(n))
			}
			return append(row, r.Source)
		},
	}
}

func clock(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format("2006-01-02 15:04:05Z")
}
