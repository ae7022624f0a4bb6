package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) planCommand() *cobra.Command {
	var file, out string
	var everyTime, detailed bool
	cmd := &cobra.Command{
		Use:   "plan SYNC | -f FILE",
		Short: "Show what a sync would do, record by record; write nothing",
		Example: `  kith plan attendees
  kith plan -f attendees.yaml -o json
  kith plan attendees --out plan.json && kith apply plan.json`,
		Args: nameOrFile(&file),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := spares(out); err != nil {
				return err
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				syncs, err := a.syncsToRun(ctx, w, args, file, everyTime)
				if err != nil {
					return err
				}
				if out != "" && len(syncs) > 1 {
					return usage("--out takes one plan, and %s has %d syncs", file, len(syncs))
				}
				a.looksOnly()
				return a.showPlans(ctx, w, syncs, out, detailed)
			})
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "sync file; its syncs are kept under their names")
	cmd.Flags().StringVar(&out, "out", "", "also write the plan to this file, for kith apply")
	cmd.Flags().BoolVar(&everyTime, "every-time", false, "look at every record although the source has not changed")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 when the plan has changes")
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		if file != "" || out != "" {
			return usage("-f and --out work on a data folder only, and KITH_URL names a server. Nothing was done")
		}
		return a.planAtServer(ctx, c, args[0], everyTime, detailed)
	})
}

// nameOrFile checks that a command gets one sync by name or a file of them.
func nameOrFile(file *string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if *file != "" && len(args) > 0 {
			return usage("%s takes the name of a SYNC or -f FILE, not both", cmd.CommandPath())
		}
		if *file != "" {
			return nil
		}
		if len(args) == 0 {
			return usage("%s needs the name of a SYNC, or -f FILE. kith syncs list shows the names", cmd.CommandPath())
		}
		return exactly("a SYNC")(cmd, args)
	}
}

func (a *app) showPlans(ctx context.Context, w *workspace.Workspace, syncs []store.Sync, out string, detailed bool) error {
	writer := a.planWriter(len(syncs) > 1)
	changes := false
	for _, s := range syncs {
		j := &job{app: a, workspace: w, sync: s}
		r, err := j.showPlan(ctx, writer)
		if err != nil {
			if len(syncs) == 1 {
				return a.printRuns(err, false, j)
			}
			return writer.brokenOff(err)
		}
		changes = changes || r.Totals.Writes() > 0
		if out != "" {
			if err := savePlan(ctx, w, r, out); err != nil {
				return err
			}
		}
	}
	writer.end()
	if detailed && changes {
		a.exit = max(a.exit, exitChanges)
	}
	return nil
}

// spares refuses to write a plan over a file that is none: it may be the source.
func spares(out string) error {
	info, err := os.Stat(out)
	if out == "" || err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	file, err := os.Open(out)
	if err != nil {
		return nil // writing it will say why
	}
	defer file.Close()
	var version int
	var hash string
	if err := readHead(file, &version, &hash); err != nil || version == 0 {
		return refuse("file.exists", "%s is there already and is not a plan. Nothing was written. Name another file", out)
	}
	return nil
}

// savePlan writes a plan's JSON to a file.
func savePlan(ctx context.Context, w *workspace.Workspace, r store.Run, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return refuse("plan.out", "The plan could not be written to %s: %v. It is stored all the same: %s", path, errors.Unwrap(err), applyHint(r.PlanHash))
	}
	defer file.Close()
	writer := planWriter{out: file, format: "json"}
	if err := writer.write(desk.ReportPlan(r), desk.ChangesOf(ctx, w, r)); err != nil {
		return err
	}
	return file.Close()
}
