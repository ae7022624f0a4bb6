package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) explainCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "explain EMAIL|ID",
		Short: "Say how a contact came to be, and why each value is what it is",
		Long: `Explain tells a contact's story: which run brought it, which rule recognised it,
where each value comes from. It also tells why somebody was not let in. An ID is that of
a contact, or of a record at another system.`,
		Example: `  kith explain ada@example.com
  kith explain 17 --book friends`,
		Args: exactly("an EMAIL or ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				found, err := desk.Explanations(ctx, w, name, args[0])
				if err != nil {
					return err
				}
				if len(found) == 0 {
					return refuse("not_found", "Nobody is known as %q here: no contact has this e-mail, telephone, identifier or ID, no record of another system has this ID, and no record of the last 100 runs is known by it. A record whose address could not be read is known by none: kith rejects RUN lists those. By name:  kith contacts list --search %s", args[0], desk.Quoted(args[0]))
				}
				return a.printExplanations(found)
			})
		},
	}
	cmd.Flags().StringVar(&name, "book", "", "address book (default: all of them)")
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		return a.explainAtServer(ctx, c, name, args[0])
	})
}

func (a *app) printExplanations(found []desk.Explanation) error {
	if a.human() {
		for _, x := range found {
			explainText(a.Stdout, x)
		}
		return nil
	}
	if a.format == "csv" {
		return many(a, each(origins(found)), originShape())
	}
	if len(found) == 1 {
		return one(a, found[0], shape[desk.Explanation]{}, nil)
	}
	return many(a, each(found), shape[desk.Explanation]{})
}

// An origin is one value of a contact as a row.
type origin struct {
	book, id string
	run.FieldOrigin
}

func origins(found []desk.Explanation) (rows []origin) {
	for _, x := range found {
		for _, f := range x.Fields {
			rows = append(rows, origin{x.Book, x.ID, f})
		}
	}
	return rows
}

func originShape() shape[origin] {
	return shape[origin]{
		columns: []string{"book", "id", "field", "value", "run", "sync", "source", "line", "column", "rule"},
		row: func(o origin) []string {
			return []string{o.book, o.id, o.Name, o.Value, number(o.Run), o.Sync, o.Source, number(o.Line), o.Column, o.Rule}
		},
	}
}

func explainText(out io.Writer, x desk.Explanation) {
	if len(x.MergedFrom) > 0 {
		fmt.Fprintf(out, "%s leads to contact %s: %s\n", desk.Cell(x.Who), x.ID, mergedText(x.MergedFrom))
	}
	switch {
	case x.Found:
		fmt.Fprintf(out, "%s  contact %s in %s\n", desk.Cell(onScreenName(x.Name)), x.ID, desk.Cell(x.Book))
	case x.Trashed:
		fmt.Fprintf(out, "%s  contact %s in the trash of %s; kith contacts restore %s --book %s brings it back\n", desk.Cell(onScreenName(x.Name)), x.ID, desk.Cell(x.Book), x.ID, desk.Quoted(x.Book))
	default:
		fmt.Fprintf(out, "no contact in %s, but runs have met this person\n", desk.Cell(x.Book))
	}
	t := newTable(out, nil)
	for _, f := range x.Fields {
		_ = t.add([]string{"  " + f.Name, strconv.Quote(f.Value), "from " + from(f)}) // a terminal that is gone needs no error
	}
	_ = t.flush()
	for _, l := range x.Links {
		state := ""
		if l.Gone {
			state = ", gone there"
		}
		fmt.Fprintf(out, "  linked with %s at %s%s\n", desk.Cell(l.RemoteID), desk.Cell(l.Connection), state)
	}
	for _, h := range x.History {
		historyText(out, h)
	}
}

// mergedText says how a contact became part of others; the last is the one shown.
func mergedText(merges []run.Merge) string {
	parts := make([]string, len(merges))
	for i, m := range merges {
		into := "contact " + m.Into
		if i == len(merges)-1 {
			into = "it"
		}
		parts[i] = fmt.Sprintf("%s was merged into %s, run %d", mergedContact(m), into, m.Run)
	}
	return strings.Join(parts, "; ")
}

// mergedContact names a contact by its ID, and by its e-mail where that is known.
func mergedContact(m run.Merge) string {
	if m.Email == "" {
		return "contact " + m.ID
	}
	return fmt.Sprintf("contact %s (%s)", m.ID, desk.Cell(m.Email))
}

func from(f run.FieldOrigin) string {
	parts := []string{fmt.Sprintf("run %d", f.Run)}
	if f.Source != "" {
		parts = append(parts, f.Source)
	}
	if f.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d", f.Line))
	}
	if f.Column != "" {
		parts = append(parts, fmt.Sprintf("column %q", f.Column))
	}
	text := strings.Join(parts, ", ") + " (" + f.Rule + ")"
	switch {
	case f.Consent && f.Rule == desk.ByHand:
		text += ": a consent stated by hand on " + f.When
	case f.Consent:
		text += " on " + f.When
	}
	return text
}

func historyText(out io.Writer, h run.HistoryEntry) {
	parts := []string{fmt.Sprintf("run %d", h.Run), h.When, desk.Cell(h.Sync)}
	if h.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d", h.Line))
	}
	parts = append(parts, h.Action)
	if h.Remote {
		parts = append(parts, "its record, "+desk.Cell(h.Source))
	}
	if h.MatchedBy != "" {
		parts = append(parts, "recognised by "+string(h.MatchedBy))
	}
	fmt.Fprintf(out, "  %s\n", strings.Join(parts, "  "))
	switch {
	case h.Merged != nil && h.Action == plan.Restore.String():
		fmt.Fprintf(out, "      %s is a contact of its own again\n", mergedContact(*h.Merged))
	case h.Merged != nil:
		fmt.Fprintf(out, "      merged with %s\n", mergedContact(*h.Merged))
	}
	if h.Reason != "" {
		c := desk.CauseOf(h.Reason)
		fmt.Fprintf(out, "      %s: it %s. %s\n", h.Reason, c.What, c.Fix)
	}
	for _, text := range desk.Detail(plan.Change{Detail: h.Detail}) {
		fmt.Fprintf(out, "      %s\n", text)
	}
	if h.Action == plan.Create.String() || h.Action == plan.Remove.String() {
		return // the values have been listed
	}
	if h.Pruned {
		fmt.Fprintf(out, "      wrote %s; what was there before is not kept longer than 90 days\n", namesOf(h.Fields))
		return
	}
	for _, f := range h.Fields {
		fmt.Fprintf(out, "      %s\n", desk.FieldText(plan.Update, f))
	}
}

func namesOf(fields []plan.FieldChange) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = desk.Cell(f.Name)
	}
	return strings.Join(names, ", ")
}
