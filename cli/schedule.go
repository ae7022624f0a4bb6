package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

// createSyncsCommand keeps syncs without running them: what Finish does (C38).
func (a *app) createSyncsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "create FILE",
		Short: "Keep the syncs of a file, with their schedules, and run nothing now",
		Long: `Create keeps the syncs of a file under their names, in place of those that were kept
before. A file says all of a sync: one without a schedule runs by hand only.`,
		Example: "  kith syncs create attendees.yaml",
		Args:    exactly("a FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				syncs, err := a.saveFile(ctx, w, args[0])
				if err != nil {
					return err
				}
				if err := a.keepSchedules(ctx, w); err != nil {
					return err
				}
				for _, s := range syncs {
					planned, err := desk.ReportSchedule(ctx, w, s, 1)
					if err != nil {
						return err
					}
					a.say("Kept the sync %s: it runs %s.", s.Name, whenText(planned))
				}
				return nil
			})
		},
	}
}

// pauseCommand stops the schedule of a sync, or has it go on.
func (a *app) pauseCommand(pause bool) *cobra.Command {
	use, short := "resume SYNC", "Have the schedule of a sync go on with its next run"
	if pause {
		use, short = "pause SYNC", "Stop the schedule of a sync; it can be run by hand all the same"
	}
	return &cobra.Command{
		Use: use, Short: short, Args: exactly("a SYNC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				s, err := desk.SavedSync(ctx, w, args[0])
				if err != nil {
					return err
				}
				if err := desk.PauseSync(ctx, w, s, pause); err != nil {
					return err
				}
				planned, err := desk.ReportSchedule(ctx, w, s, 1)
				if err == nil {
					a.say("%s runs %s.", s.Name, whenText(planned))
				}
				return err
			})
		},
	}
}

// whenText says when a sync runs, behind "it runs".
func whenText(planned *desk.ScheduleReport) string {
	switch {
	case planned == nil:
		return "by hand only"
	case planned.Paused:
		return "by hand only: its schedule is paused"
	case len(planned.Next) == 0:
		return "by hand only: its schedule has come to its end"
	}
	return planned.Text + "; the next time on " + runTime(planned.Next[0])
}

// runTime is a moment on the clock of its zone.
func runTime(t time.Time) string { return t.Format("Mon 2 Jan 2006 15:04 (-07:00)") }

// nextRuns are comments of a sync file.
func nextRuns(planned *desk.ScheduleReport) string {
	if planned == nil {
		return ""
	}
	var b strings.Builder
	if len(planned.Next) == 0 {
		fmt.Fprintf(&b, "# runs %s\n", whenText(planned))
	}
	for _, t := range planned.Next {
		fmt.Fprintf(&b, "# next run: %s\n", runTime(t))
	}
	for _, note := range planned.Notes {
		fmt.Fprintf(&b, "# %s\n", note)
	}
	return b.String()
}

// nextRun is a cell of the list of syncs (C41).
func nextRun(r desk.SyncReport) string {
	if r.Paused {
		return "paused"
	}
	return clock(r.Next)
}

// looksOnly leaves the schedules of a file alone: a plan is a look.
func (a *app) looksOnly() { a.schedules = nil }
