package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// printPlan shows a plan to a person: what was recognised, the counts, the first
// changes field by field, and what stops it.
func (a *app) printPlan(ctx context.Context, w *workspace.Workspace, s store.Sync, r store.Run) error {
	a.bar.end()
	b := desk.BoundOf(r)
	out := a.Stdout
	name := "plan " + desk.Short(r.PlanHash)
	if r.PlanHash == "" {
		name = fmt.Sprintf("run %d", r.ID)
	}
	from, arrow, to := ends(s.Definition, r.Source)
	fmt.Fprintf(out, "%s  %s  %s %s %s\n", desk.Cell(r.Name), name, desk.Cell(from), arrow, desk.Cell(to))
	a.told = nil
	a.printNotes(out, r.Notes)
	printMapping(out, b)
	fmt.Fprintf(out, "  %s\n", a.signs(r.Totals))
	if reasons := reasonLine(r.Reasons); reasons != "" {
		fmt.Fprintf(out, "  why: %s\n", reasons)
	}
	if warnings := reasonLine(r.Warnings); warnings != "" {
		fmt.Fprintf(out, "  warnings: %s\n", warnings)
	}
	if err := a.printChanges(out, desk.ChangesOf(ctx, w, r), r.Totals); err != nil {
		return err
	}
	if r.Stop != nil && !r.Approved && !r.Status.Applied() {
		fmt.Fprintf(out, "  STOP guard: %s\n  %s\n", r.Stop.Message(), approveLine(r.Name, r.PlanHash))
	}
	return nil
}

// ends are what a sync goes between. What a run calls its source is the remote
// of a sync with a connection, whichever way it goes.
func ends(s plan.Sync, source string) (from, arrow, to string) {
	from, arrow, to = source, "->", cmp.Or(s.Target.Book, s.Target.File)
	if s.Target.Connection != "" {
		from, to = s.Source.Book, source
	}
	if s.Direction == plan.TwoWay {
		arrow = "<->"
	}
	return from, arrow, to
}

// printMapping shows which column goes where; a star marks what was suggested.
func printMapping(out io.Writer, b desk.Bound) {
	if len(b.Sync.Map) == 0 {
		return
	}
	star := ""
	if b.Suggested {
		star = " ★"
	}
	var lines []string
	for _, m := range b.Sync.Map {
		from := m.From
		switch {
		case m.Expr != "":
			from = m.Expr
		case m.Value != nil:
			from = fmt.Sprintf("%q", *m.Value)
		}
		lines = append(lines, fmt.Sprintf("%s -> %s%s", desk.Cell(from), desk.Cell(m.To), star))
	}
	wrap(out, "  ", lines)
	if b.Suggested {
		fmt.Fprintln(out, "  ★ suggested; --map \"Column=field\" says otherwise")
	}
	var added []string
	for _, f := range b.NewFields {
		added = append(added, fmt.Sprintf("%s (%s)", desk.Cell(f.Name), f.Kind))
	}
	if len(added) > 0 {
		added[0] = "new fields: " + added[0]
		for i := range added[:len(added)-1] {
			added[i] += ","
		}
		wrapWith(out, "  ", " ", added)
	}
}

// wrap prints short texts next to each other.
func wrap(out io.Writer, indent string, texts []string) { wrapWith(out, indent, "   ", texts) }

func wrapWith(out io.Writer, indent, between string, texts []string) {
	line := ""
	for _, t := range texts {
		if line != "" && desk.Width(line)+desk.Width(t) > 96 {
			fmt.Fprintln(out, indent+line)
			line = ""
		}
		if line != "" {
			line += between
		}
		line += t
	}
	if line != "" {
		fmt.Fprintln(out, indent+line)
	}
}

// signs are a plan's counts, as in "+ create 312   ~ update 1,904".
func (a *app) signs(t plan.Totals) string {
	counts := []struct {
		action plan.Action
		word   string
		n      int64
	}{
		{plan.Create, "create", t.Created}, {plan.Update, "update", t.Updated}, {plan.Unchanged, "same", t.Unchanged},
		{plan.Remove, "delete", t.Deleted}, {plan.Update, "mark", t.Marked}, {plan.Hold, "held", t.Held}, {plan.Skip, "skipped", t.Skipped},
		{plan.Reject, "reject", t.Rejected}, {plan.Fail, "failed", t.Failed},
	}
	var parts []string
	for _, c := range counts {
		if c.n > 0 || c.word == "create" || c.word == "update" || c.word == "same" {
			parts = append(parts, fmt.Sprintf("%s %s %s", a.paint(c.action), c.word, humanize.Comma(c.n)))
		}
	}
	return strings.Join(parts, "   ")
}

// paint colours an action's sign on a terminal, unless NO_COLOR asks not to.
func (a *app) paint(action plan.Action) string {
	sign := action.Sign()
	if !a.terminal(a.Stdout) || a.Getenv("NO_COLOR") != "" || a.Getenv("TERM") == "dumb" {
		return sign
	}
	switch action {
	case plan.Create, plan.Restore:
		return "\x1b[32m" + sign + "\x1b[0m"
	case plan.Update:
		return "\x1b[33m" + sign + "\x1b[0m"
	case plan.Remove, plan.Reject, plan.Fail:
		return "\x1b[31m" + sign + "\x1b[0m"
	}
	return sign
}

// reasonLine lists codes by how often they occur.
func reasonLine(reasons map[string]int64) string {
	codes := make([]string, 0, len(reasons))
	for code := range reasons {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	for i, code := range codes {
		codes[i] = humanize.Comma(reasons[code]) + " " + code
	}
	return strings.Join(codes, "   ")
}

const (
	changesShown   = 10
	changesOfAKind = 4
	changesScanned = 20000 // a long plan is shown by its beginning
)

var errEnough = errors.New("enough")

// printChanges shows the first changes, a few of each kind.
func (a *app) printChanges(out io.Writer, changes func(func(plan.Change, error) bool), t plan.Totals) error {
	shown, scanned := map[plan.Action]int{}, 0
	count := 0
	err := desk.ForEach(changes, func(c plan.Change) error {
		if scanned++; scanned > changesScanned || count == changesShown {
			return errEnough
		}
		if c.Action == plan.Unchanged || c.Action == plan.NoAction || shown[c.Action] == changesOfAKind {
			return nil
		}
		shown[c.Action]++
		count++
		a.printChange(out, c)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if more := t.Writes() + t.Held + t.Skipped + t.Rejected + t.Failed - int64(count); more > 0 && count > 0 {
		fmt.Fprintf(out, "  and %s more (-o json shows all)\n", humanize.Comma(more))
	}
	return nil
}

func (a *app) printChange(out io.Writer, c plan.Change) {
	parts := []string{who(c)}
	if c.Remote {
		parts[0] = "contact " + desk.Cell(c.SourceID) + " -> record " + cmp.Or(desk.Cell(c.TargetID), "new there")
	}
	if c.Rule != "" {
		parts = append(parts, "by "+string(c.Rule))
	}
	if c.Reason != "" {
		parts = append(parts, string(c.Reason))
	}
	parts = append(parts, desk.Detail(c)...)
	if c.Action == plan.Remove {
		c.Fields = nil // who it is has been said
	}
	for i, f := range c.Fields {
		if i == 6 {
			parts = append(parts, fmt.Sprintf("and %d more", len(c.Fields)-i))
			break
		}
		parts = append(parts, desk.FieldText(c.Action, f))
	}
	fmt.Fprintf(out, "  %s %s\n", a.paint(c.Action), strings.Join(parts, "  "))
}

// who names the record of a change: its contact, its line, or both.
func who(c plan.Change) string {
	switch {
	case c.TargetID != "" && c.Line > 0:
		return fmt.Sprintf("line %d (contact %s)", c.Line, desk.Cell(c.TargetID))
	case c.TargetID != "":
		return "contact " + desk.Cell(c.TargetID) + email(c.Fields)
	case c.Line > 0:
		return fmt.Sprintf("line %d", c.Line)
	}
	return desk.Cell(c.SourceID)
}

func email(fields []plan.FieldChange) string {
	for _, f := range fields {
		if strings.Contains(f.Old, "@") {
			return " (" + desk.Cell(f.Old) + ")"
		}
	}
	return ""
}
