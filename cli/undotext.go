package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) previewUndo(ctx context.Context, w *workspace.Workspace, r store.Run) error {
	p, err := desk.PreviewUndo(ctx, w, r)
	if err != nil {
		return err
	}
	return a.printUndo(p)
}

// printUndo says what an undo would do: nothing was done yet.
func (a *app) printUndo(p desk.UndoPreview) error {
	sides := shape[desk.UndoSide]{
		columns: []string{"side", "created", "updated", "deleted"},
		row: func(s desk.UndoSide) []string {
			return []string{s.Name, fmt.Sprint(s.Made), fmt.Sprint(s.Old), fmt.Sprint(s.Back)}
		},
	}
	if a.format == "csv" {
		return many(a, each(p.Sides), sides)
	}
	return one(a, p, shape[desk.UndoPreview]{}, func(out io.Writer) { undoText(out, p) })
}

func undoText(out io.Writer, p desk.UndoPreview) {
	switch {
	case p.Whole != "":
		fmt.Fprintf(out, "  %s becomes what it was before the run, byte for byte. If it was changed since, nothing is done.\n", desk.Cell(p.Whole))
	case len(p.Sides) == 0:
		fmt.Fprintln(out, "  There is nothing left to take back.")
		return
	}
	for _, s := range p.Sides {
		sideText(out, s, p.Long)
	}
	for i, who := range p.First {
		if i == 0 {
			fmt.Fprintln(out, "  for example:")
		}
		fmt.Fprintf(out, "    %s  %s: %s\n", desk.Cell(who.Side), desk.Cell(who.Name), who.What)
	}
	fmt.Fprintf(out, "  Nothing was taken back yet.  kith undo %d  does it; that is a run too, and can be taken back.\n", p.Run)
}

func sideText(out io.Writer, s desk.UndoSide, long bool) {
	in, thing, gone, back := "in", "contact", "into the trash", "back again"
	if s.Remote {
		in, thing, gone, back = "at", "record", "deleted there again", "each comes back as a new record, with another ID and only the values that Kith knows"
	}
	fmt.Fprintf(out, "  %s %s:\n", in, desk.Cell(s.Name))
	for _, part := range []struct {
		n         int64
		did, what string
	}{{s.Made, "created", gone}, {s.Old, "updated", "the old values again"}, {s.Back, "deleted", back}} {
		if part.n > 0 {
			fmt.Fprintf(out, "    %s that the run %s: %s\n", several(part.n, thing), part.did, part.what)
		}
	}
	for _, g := range s.Left {
		fmt.Fprintf(out, "    / left alone, %d  %s: it %s\n", g.Count, g.Code, g.Message)
	}
	switch {
	case s.Remote:
		fmt.Fprintln(out, "    What somebody has edited there since is left alone: the undo finds that out, and says of whom.")
	case long:
		fmt.Fprintln(out, "    This is what the run did. It is long: who was edited since is found out by the undo, and left alone.")
	}
}
