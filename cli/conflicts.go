package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) conflictsCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the conflicts that wait for a person", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.read(cmd.Context(), a.listConflicts) },
	}
	pick := &cobra.Command{
		Use: "pick CONFLICT ours|theirs", Short: "Decide a conflict; the next run carries it out",
		Long: "Decide a conflict. Ours is the value of the address book, theirs that of the other system. The choice\n" +
			"counts while both sides are as they are now.",
		Example: "  kith conflicts pick 3 ours",
		Args:    exactly("a CONFLICT", "ours or theirs"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				return a.pickConflict(ctx, w, args[0], plan.Winner(args[1]))
			})
		},
	}
	return group(&cobra.Command{Use: "conflicts", Short: "See and decide what both sides changed differently"}, list, pick)
}

func (a *app) listConflicts(ctx context.Context, w *workspace.Workspace) error {
	open, err := w.Store.OpenConflicts(ctx, 0)
	if err != nil {
		return err
	}
	reports := make([]desk.ConflictReport, len(open))
	for i, c := range open {
		reports[i] = desk.ReportConflict(c)
		if reports[i].Book, reports[i].Name, err = desk.Called(ctx, w, c.Ref); err != nil {
			return err
		}
	}
	if err := many(a, each(reports), shape[desk.ConflictReport]{columns: []string{"conflict", "book", "contact", "who", "field", "ours", "theirs", "before", "pick"},
		row: func(c desk.ConflictReport) []string {
			pick := string(c.Pick)
			if pick != "" {
				pick += ", by the next run"
			}
			return []string{fmt.Sprint(c.Conflict), c.Book, c.Contact, c.Name, c.Field, c.Ours, c.Theirs, c.Base, pick}
		}}); err != nil {
		return err
	}
	waiting := slices.IndexFunc(reports, func(c desk.ConflictReport) bool { return c.Pick == "" })
	switch {
	case a.human() && waiting >= 0:
		a.say("Decide one with  kith conflicts pick %d ours|theirs", reports[waiting].Conflict)
	case a.human():
		a.say("No conflict waits for anybody.")
	}
	return nil
}

func (a *app) pickConflict(ctx context.Context, w *workspace.Workspace, id string, pick plan.Winner) error {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil || pick != plan.WinOurs && pick != plan.WinTheirs {
		return usage("Decide a conflict by its number and ours or theirs:  kith conflicts pick 3 ours")
	}
	switch err := w.Store.PickConflict(ctx, number, pick, w.Engine.Now()); {
	case errors.Is(err, store.ErrNotFound):
		return refuse("not_found", "No open conflict has the number %d. kith conflicts list shows them", number)
	case err != nil:
		return err
	}
	a.say("Conflict %d is decided: %s. The next run of its sync carries it out.", number, pick)
	return nil
}
