package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// group returns a command that only holds others; alone it does what the first
// of them does.
func group(cmd *cobra.Command, first *cobra.Command, others ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		first.SetContext(cmd.Context())
		return first.RunE(first, nil)
	}
	cmd.AddCommand(first)
	cmd.AddCommand(others...)
	return cmd
}

func (a *app) runsCommand() *cobra.Command {
	var limit int
	list := &cobra.Command{
		Use: "list", Short: "List the latest runs, newest first", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usage("--limit is a number from 1. See %s --help", cmd.CommandPath())
			}
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				runs, err := w.Store.Runs(ctx, 0, limit)
				if err != nil {
					return err
				}
				reports := make([]desk.RunReport, len(runs))
				for i, r := range runs {
					reports[i] = desk.ReportRun(r)
				}
				return many(a, each(reports), runShape())
			})
		},
	}
	list.Flags().IntVar(&limit, "limit", 50, "how many")
	a.orServer(list, func(ctx context.Context, c *client.Client, _ []string) error {
		return a.runsAtServer(ctx, c, max(limit, 1))
	})
	var withPlan bool
	show := &cobra.Command{
		Use: "show RUN", Short: "Show one run, or every record's change with --plan", Args: exactly("a RUN"),
		Example: "  kith runs show 12\n  kith runs show 12 --plan -o jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				r, err := findRun(ctx, w, args[0])
				if err != nil {
					return err
				}
				return a.showRun(ctx, w, r, withPlan)
			})
		},
	}
	show.Flags().BoolVar(&withPlan, "plan", false, "print the plan with all its changes")
	a.orServer(show, func(ctx context.Context, c *client.Client, args []string) error {
		return a.runAtServer(ctx, c, args[0], withPlan)
	})
	return group(&cobra.Command{Use: "runs", Short: "See what was run, and what came of it"}, list, show)
}

func (a *app) showRun(ctx context.Context, w *workspace.Workspace, r store.Run, withPlan bool) error {
	if !withPlan {
		return one(a, desk.ReportRun(r), runShape(), func(out io.Writer) { a.runText(out, desk.ReportRun(r)) })
	}
	if !a.human() {
		return a.planWriter(false).write(desk.ReportPlan(r), desk.ChangesOf(ctx, w, r))
	}
	s, err := desk.SyncOf(ctx, w, r)
	if err != nil {
		return err
	}
	return a.printPlan(ctx, w, s, r)
}

// findRun finds a run by its number, or the latest of a sync by its name.
func findRun(ctx context.Context, w *workspace.Workspace, arg string) (store.Run, error) {
	return find(ctx, w, arg, latestRun)
}

// findLooked finds a run by its number, or the latest of a sync that looked at records.
func findLooked(ctx context.Context, w *workspace.Workspace, arg string) (store.Run, error) {
	return find(ctx, w, arg, latestLooked)
}

func find(ctx context.Context, w *workspace.Workspace, arg string, named func(context.Context, *workspace.Workspace, string) (store.Run, error)) (store.Run, error) {
	id, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return named(ctx, w, arg)
	}
	r, err := w.Store.Run(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return r, refuse("not_found", "There is no run %d. kith runs list shows what there is", id)
	}
	return r, err
}

// latestRun is the last run of a sync that came to its end.
func latestRun(ctx context.Context, w *workspace.Workspace, name string) (store.Run, error) {
	return runOf(ctx, w, name, w.Store.LatestApplied)
}

// latestLooked is the last run of a sync that looked at its records.
func latestLooked(ctx context.Context, w *workspace.Workspace, name string) (store.Run, error) {
	return runOf(ctx, w, name, func(ctx context.Context, sync int64) (store.Run, error) { return desk.LatestLooked(ctx, w, sync) })
}

func runOf(ctx context.Context, w *workspace.Workspace, name string, latest func(context.Context, int64) (store.Run, error)) (store.Run, error) {
	s, near, err := desk.SyncOrNear(ctx, w, name)
	if err == nil && s.ID == 0 && near == "" {
		err = refuse("not_found", "%q is neither the number of a run nor the name of a sync. kith runs list shows the numbers", name)
	} else if err == nil && s.ID == 0 {
		err = desk.Absent("sync", name, []string{near}, "")
	}
	if err != nil {
		return store.Run{}, err
	}
	r, err := latest(ctx, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return r, refuse("not_found", "%q has not been run yet. kith run %s does it", name, desk.Quoted(name))
	}
	return r, err
}

func (a *app) undoCommand() *cobra.Command {
	preview := false
	cmd := &cobra.Command{
		Use:   "undo RUN",
		Short: "Take a run back",
		Long: `Undo takes back what a run created, updated and deleted. Only values that are still
the run's own go back: what was changed since stays, and is listed. An undo is a
run itself, so it can be undone.`,
		Example: "  kith undo 12 --preview\n  kith undo 12",
		Args:    exactly("a RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			open, do := a.write, a.undo
			if preview {
				open, do = a.read, a.previewUndo
			}
			return open(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				r, err := findRun(ctx, w, args[0])
				if err != nil {
					return err
				}
				return do(ctx, w, r)
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&preview, "preview", false, "say what would be taken back, and change nothing")
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		return a.undoAtServer(ctx, c, args[0], preview)
	})
}

func (a *app) undo(ctx context.Context, w *workspace.Workspace, r store.Run) error {
	if a.interactive() && !a.yes && r.Undone == 0 && r.Totals.Writes() > 0 {
		question := fmt.Sprintf("Take run %d (%s) back: created %d, updated %d, deleted %d?", r.ID, r.Name, r.Totals.Created, r.Totals.Updated, r.Totals.Deleted)
		if !a.agreed(question) {
			a.say("Nothing was changed.")
			return nil
		}
	}
	s, err := desk.SyncOf(ctx, w, r)
	if err != nil {
		return err
	}
	j := &job{app: a, workspace: w, sync: s}
	done, err := w.Undo(ctx, s, r)
	if err != nil {
		if done.ID == r.ID {
			return err // refused before it became a run
		}
		return a.printRuns(j.failed(ctx, done, err), false, j)
	}
	j.finished(done)
	if a.human() && done.Totals.Skipped+done.Totals.Failed > 0 {
		if err := a.printLeft(ctx, w, done); err != nil {
			return err
		}
	}
	return a.printRuns(nil, false, j)
}

// printLeft lists what could not be taken back.
func (a *app) printLeft(ctx context.Context, w *workspace.Workspace, r store.Run) error {
	fmt.Fprintln(a.Stdout, "  not taken back:")
	left := desk.SomeAtOnce(desk.ChangesOf(ctx, w, r), func(c plan.Change) bool { return c.Reason != "" })
	return desk.ForEach(left, func(changes []plan.Change) error {
		people, err := desk.PeopleOf(ctx, w, r, changes)
		for i, who := range people {
			c := changes[i]
			if !c.Remote {
				c.SourceID = "" // a run's file named it, and is of no more use
			}
			fmt.Fprintf(a.Stdout, "  / %s  %s: it %s\n", whoText(who, c), c.Reason, desk.CauseOf(c.Reason).What)
		}
		return err
	})
}
