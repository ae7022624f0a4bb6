package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) runCommand() *cobra.Command {
	var file string
	var everyTime, rejectsOnly, wait bool
	cmd := &cobra.Command{
		Use:   "run SYNC | -f FILE",
		Short: "Plan a sync and apply the plan",
		Example: `  kith run attendees
  kith run -f attendees.yaml -o json
  kith run attendees --rejects-only`,
		Args: nameOrFile(&file),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !wait {
				return usage("A run on a data folder is over when kith ends. Leave --wait=false to a server, which KITH_URL names. Nothing was done")
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				syncs, err := a.syncsToRun(ctx, w, args, file, everyTime)
				if err != nil {
					return err
				}
				if rejectsOnly {
					return a.retryRejects(ctx, w, syncs)
				}
				return a.runAll(ctx, w, syncs)
			})
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "sync file; its syncs are kept under their names and run in order")
	cmd.Flags().BoolVar(&everyTime, "every-time", false, "look at every record although the source has not changed")
	cmd.Flags().BoolVar(&rejectsOnly, "rejects-only", false, "try only the records again that the last run rejected or held")
	cmd.Flags().BoolVar(&wait, "wait", true, "wait for the end and exit with the run's code; a server goes on by itself with --wait=false")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "answer every question but the guard's")
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		if file != "" {
			return usage("-f works on a data folder only, and KITH_URL names a server. Nothing was done")
		}
		path, body := syncPath(args[0])+"/run", any(map[string]bool{"every_time": everyTime})
		if rejectsOnly {
			path, body = syncPath(args[0])+"/retry", nil
		}
		if !wait {
			return a.beginAtServer(ctx, c, path, body)
		}
		return a.workAtServer(ctx, c, path, body)
	})
}

// runAll runs syncs in order. The first that fails or is stopped is the last: a
// later one may build on it.
func (a *app) runAll(ctx context.Context, w *workspace.Workspace, syncs []store.Sync) error {
	var jobs []*job
	var err error
	begun, done := 0, false
	for _, s := range syncs {
		done, err = false, error(nil)
		for more := true; more; { // one run for each file that waits (which: all)
			j := &job{app: a, workspace: w, sync: s}
			jobs = append(jobs, j)
			err = j.run(ctx)
			done = err == nil && j.applied
			more = done && j.waiting > 0
		}
		if !done {
			break
		}
		begun++
	}
	if left := len(syncs) - begun - 1; left > 0 {
		a.say("%d more were not begun, because %s did not come to its end.", left, syncs[begun].Name)
	}
	list := len(syncs) > 1 || syncs[0].Definition.Source.Which == plan.WhichAll // however many files there are today
	return a.printRuns(err, list, jobs...)
}
