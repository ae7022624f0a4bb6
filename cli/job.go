package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A job takes one sync from its plan to its report.
type job struct {
	app       *app
	workspace *workspace.Workspace
	sync      store.Sync
	asks      bool   // before applying, where somebody can be asked
	allowed   bool   // somebody gave this one run a guard of its own
	hint      string // what to do where no column was recognised as one that matters
	report    desk.RunReport
	applied   bool
	waiting   int   // further files that are to be read (which: all)
	planID    int64 // run of the plan that was made
}

// run plans, asks what has to be asked, and applies.
func (j *job) run(ctx context.Context) error {
	r, err := j.workspace.Plan(ctx, j.sync)
	if err != nil {
		return j.failed(ctx, r, err)
	}
	j.planID = r.ID
	j.app.planned(j.sync)
	if r.Status != store.Planned { // there was nothing to do
		j.finished(r)
		return nil
	}
	if j.app.human() {
		if err := j.app.printPlan(ctx, j.workspace, j.sync, r); err != nil {
			return err
		}
	}
	r.Fresh = true
	return j.carryOut(ctx, r)
}

// carryOut applies a planned run, unless the guard or a person objects.
func (j *job) carryOut(ctx context.Context, r store.Run) error {
	a := j.app
	r.Approved = r.Approved || j.allowed && r.Stop == nil
	switch {
	case r.Stop != nil && !r.Approved && a.interactive():
		r.Approved, r.Fresh = a.approves(r.Stop), false
	case j.asks && !a.yes && a.interactive() && r.Totals.Writes() > 0 && r.Stop == nil:
		if !a.agreed("Apply?") {
			a.say("Nothing was written. To apply exactly this later type:  %s", applyHint(r.PlanHash))
			j.report = desk.ReportRun(r)
			return nil
		}
		r.Fresh = false // who knows how long the answer took
	}
	a.hint = fmt.Sprintf("The next kith command that writes finishes run %d first", r.ID)
	done, err := j.workspace.Apply(ctx, j.sync, r)
	if err != nil {
		return j.failed(ctx, done, err)
	}
	j.finished(done)
	return nil
}

// failed reports a run that ended early: it is printed all the same.
func (j *job) failed(ctx context.Context, r store.Run, err error) error {
	f := j.app.faultOf(ctx, err)
	if j.hint != "" && strings.Contains(f.message, "match rules") {
		f.message = strings.TrimSuffix(f.message, ".") + ". " + j.hint
	}
	if name := desk.UnknownName(f); name != "" {
		f.message = j.namesFor(ctx, f.message, name)
	}
	if r.ID != 0 {
		j.report = desk.ReportRun(r)
		j.report.Error = errorReport(f)
	}
	return f
}

// idle reports that there was nothing to run.
func (j *job) idle(sync, why string) {
	j.app.say("%s: %s.", sync, why)
	j.report = desk.ReportRun(store.Run{Name: sync, Kind: store.KindSync, Status: store.SkippedUnchanged})
	j.report.Message = why
}

// namesFor adds to a message about an expression what was probably meant: the
// columns of the source as expressions call them.
func (j *job) namesFor(ctx context.Context, message, name string) string {
	columns, err := desk.SampleColumns(ctx, j.workspace, j.sync)
	if err != nil {
		return message
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = plan.Identifier(c.Name)
	}
	message = strings.TrimSuffix(message, ".")
	if near := desk.Nearest(name, names); near != "" {
		return fmt.Sprintf("%s. Did you mean %s?", message, near)
	}
	return fmt.Sprintf("%s. The columns are called %s", message, strings.Join(names, ", "))
}

// finished reports a run that came to its end and sets the exit code.
func (j *job) finished(r store.Run) {
	a := j.app
	j.waiting = r.Waiting
	j.report, j.applied = desk.ReportRun(r), r.Status.Applied()
	a.exit = max(a.exit, exitFor(r.Status))
	switch {
	case a.human():
		a.runText(a.Stdout, j.report)
	case r.Status == store.Blocked:
		a.say("%s\n%s", r.Stop.Message(), approveLine(r.Name, r.PlanHash))
	}
}

// exitFor is the exit code of a run that ended with a status (requirements 3.7).
func exitFor(s store.Status) int {
	switch s {
	case store.WithErrors:
		return exitRejects
	case store.Blocked:
		return exitApproval
	case store.PausedQuota:
		return exitQuota
	case store.Failed:
		return exitFailed
	case store.Cancelled:
		return exitInterrupted
	}
	return exitOK
}

func approveLine(sync, hash string) string {
	return fmt.Sprintf("approve once:  kith approve %s --plan %s", desk.Quoted(sync), desk.Short(hash))
}

// printRuns prints the runs of a command for programs; people have read about
// each as it ended.
func (a *app) printRuns(cause error, asList bool, jobs ...*job) error {
	var reports []desk.RunReport
	for _, j := range jobs {
		if j.report.Status != "" {
			reports = append(reports, j.report)
		}
		a.reported = a.reported || j.report.Error != nil && !a.human() && a.format != "csv"
	}
	if a.human() || len(reports) == 0 {
		return cause
	}
	if !asList && a.format != "csv" {
		return errors.Join(cause, one(a, reports[0], runShape(), nil))
	}
	if a.reported {
		return errors.Join(cause, many(a, each(reports), runShape()))
	}
	return many(a, func(yield func(desk.RunReport, error) bool) { // one that had no run yet ends the list
		for _, r := range reports {
			if !yield(r, nil) {
				return
			}
		}
		if cause != nil {
			yield(desk.RunReport{}, cause)
		}
	}, runShape())
}

// showPlan plans and prints the plan; nothing else is written.
func (j *job) showPlan(ctx context.Context, out *planWriter) (store.Run, error) {
	r, err := j.workspace.Plan(ctx, j.sync)
	if err != nil {
		return r, j.failed(ctx, r, err)
	}
	a := j.app
	j.planID = r.ID
	a.planned(j.sync)
	if r.Stop != nil {
		a.exit = max(a.exit, exitApproval)
	}
	if !a.human() {
		return r, out.write(desk.ReportPlan(r), desk.ChangesOf(ctx, j.workspace, r))
	}
	if r.Status != store.Planned {
		a.runText(a.Stdout, desk.ReportRun(r))
		return r, nil
	}
	if err := a.printPlan(ctx, j.workspace, j.sync, r); err != nil {
		return r, err
	}
	if r.Stop == nil && r.Totals.Writes() > 0 {
		fmt.Fprintf(a.Stdout, "  Nothing was written. Apply exactly this:  %s\n", applyHint(r.PlanHash))
	}
	return r, nil
}
