package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) applyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "apply PLAN",
		Short: "Carry out exactly a plan that was shown",
		Long: `Apply carries out a plan: the file that kith plan --out wrote, or its hash. It is
refused when the plan was used already or when the target has changed since.`,
		Example: `  kith apply plan.json
  kith apply 7f3c2a1b`,
		Args: exactly("a PLAN (its file or its hash)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			hash, err := planHash(args[0])
			if err != nil {
				return err
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				s, r, err := desk.StoredPlan(ctx, w, hash)
				if err != nil {
					return err
				}
				if s, err = a.keepPlanned(ctx, w, s, r); err != nil {
					return err
				}
				j := &job{app: a, workspace: w, sync: s}
				if r.Stop != nil && !r.Approved && r.Status == store.Blocked {
					r.Status = store.Planned // to be asked again
				}
				return a.carriedOut(ctx, w, j, r)
			})
		},
	}
}

func (a *app) approveCommand() *cobra.Command {
	var hash string
	cmd := &cobra.Command{
		Use:   "approve SYNC --plan HASH",
		Short: "Let one plan pass that the guard stopped, and apply it",
		Long: `Approve carries out exactly the plan that the guard stopped. It holds once: the
next run is guarded again.`,
		Example: `  kith approve attendees --plan 7f3c2a1b`,
		Args:    exactly("a SYNC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if hash == "" {
				return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
					return needsPlan(ctx, w, cmd.CommandPath(), args[0])
				})
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				s, r, err := desk.StoredPlan(ctx, w, strings.ToLower(hash))
				if err != nil {
					return err
				}
				if r.Name != args[0] {
					return refuse(run.CodePlanUnknown, "Plan %s belongs to %q, not to %q. Nothing was written", desk.Short(r.PlanHash), r.Name, args[0])
				}
				if s, err = a.keepPlanned(ctx, w, s, r); err != nil {
					return err
				}
				return a.carriedOut(ctx, w, &job{app: a, workspace: w, sync: s}, desk.Approved(r))
			})
		},
	}
	cmd.Flags().StringVar(&hash, "plan", "", "the plan's hash, or its beginning")
	return cmd
}

// needsPlan asks for the plan to approve, and names the one that waits.
func needsPlan(ctx context.Context, w *workspace.Workspace, command, sync string) error {
	why := "approval is for one plan, not for a sync"
	runs, err := w.Store.Runs(ctx, 0, 200)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(runs, func(r store.Run) bool { return r.Name == sync })
	if at >= 0 && runs[at].Status == store.Blocked && runs[at].PlanHash != "" {
		why += ". The latest that was stopped:  " + approveLine(sync, runs[at].PlanHash)
	}
	return usage("%s needs --plan HASH: %s", command, why)
}

// carriedOut applies a stored plan. Where that comes to nothing, its sync stays as
// it was kept.
func (a *app) carriedOut(ctx context.Context, w *workspace.Workspace, j *job, r store.Run) error {
	err := j.carryOut(ctx, r)
	if j.report.Status == store.Blocked && a.human() {
		fmt.Fprintf(a.Stdout, "  %s\n", approveLine(r.Name, r.PlanHash))
	}
	if j.applied {
		a.planned(j.sync)
	} else {
		err = errors.Join(err, a.putBack(ctx, w))
	}
	return a.printRuns(err, false, j)
}
