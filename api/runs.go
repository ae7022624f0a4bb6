package api

import (
	"net/http"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// RunAt names a run in an address.
type RunAt struct {
	Run int64 `path:"run" minimum:"1" doc:"The number of a run."`
}

func (a *Server) offerRuns() {
	offer(a, "runs.list", http.MethodGet, "/runs", listRuns)
	offer(a, "runs.show", http.MethodGet, "/runs/{run}", func(v *visit, in *RunAt) (*body[desk.RunReport], error) {
		r, err := v.service().Run(v.ctx(), in.Run)
		return answer(desk.ReportRun(r), err)
	})
	offer(a, "runs.show", http.MethodGet, "/runs/{run}/plan", func(v *visit, in *RunAt) (*body[desk.PlanReport], error) {
		r, err := v.service().Run(v.ctx(), in.Run)
		if err != nil {
			return nil, err
		}
		return answer(desk.ReportPlan(r), nil)
	}, variant("plan"), says("The plan that the run was made of, without its changes."))
	offer(a, "runs.changes", http.MethodGet, "/runs/{run}/changes", listChanges)
	offer(a, "runs.apply", http.MethodPost, "/runs/{run}/apply", func(v *visit, in *RunAt) (*accepted, error) {
		return accept(v.service().ApplyRun(v.ctx(), v.who, in.Run, false))
	}, status(http.StatusAccepted))
	offer(a, "runs.approve", http.MethodPost, "/runs/{run}/approve", approve, status(http.StatusAccepted))
	offer(a, "runs.discard", http.MethodPost, "/runs/{run}/discard", func(v *visit, in *RunAt) (*body[desk.RunReport], error) {
		if err := v.service().DiscardRun(v.ctx(), in.Run); err != nil {
			return nil, err
		}
		r, err := v.service().Run(v.ctx(), in.Run)
		return answer(desk.ReportRun(r), err)
	})
	offer(a, "runs.undo", http.MethodGet, "/runs/{run}/undo", func(v *visit, in *RunAt) (*body[desk.UndoPreview], error) {
		r, err := v.service().Run(v.ctx(), in.Run)
		if err != nil {
			return nil, err
		}
		p, err := desk.PreviewUndo(v.ctx(), v.service().Workspace, r)
		return answer(p, err)
	}, variant("preview"), says("What taking the run back would do. Nothing is written. Of a side that is another system it is what the run did there: who was edited there since is found out by the undo itself, and is left alone."))
	offer(a, "runs.undo", http.MethodPost, "/runs/{run}/undo", func(v *visit, in *RunAt) (*accepted, error) {
		return accept(v.service().UndoRun(v.ctx(), v.who, in.Run))
	}, status(http.StatusAccepted))
}

func listRuns(v *visit, in *struct {
	Paging
	Sync string `query:"sync" maxLength:"200" doc:"Only the runs of this sync."`
}) (*paged[desk.RunReport], error) {
	before, err := in.number(v)
	if err != nil {
		return nil, err
	}
	var runs []store.Run
	if in.Sync == "" {
		runs, err = v.service().Workspace.Store.Runs(v.ctx(), before, in.Limit+1)
	} else if sync, failed := desk.SavedSync(v.ctx(), v.service().Workspace, in.Sync); failed != nil {
		err = failed
	} else {
		runs, err = v.service().RunsOf(v.ctx(), sync.ID, before, in.Limit+1)
	}
	if err != nil {
		return nil, err
	}
	next := int64(0)
	if len(runs) > in.Limit {
		runs = runs[:in.Limit]
		next = runs[in.Limit-1].ID
	}
	all := make([]desk.RunReport, len(runs))
	for i, r := range runs {
		all[i] = desk.ReportRun(r)
	}
	return page(v, all, numbered(next)), nil
}

func listChanges(v *visit, in *struct {
	RunAt
	Paging
	Action string `query:"action" enum:"create,update,unchanged,skip,hold,reject,fail,delete,restore" doc:"Only changes of this kind; without it all but what is the same."`
	Reason string `query:"reason" maxLength:"100" doc:"Only changes with this code."`
}) (*paged[desk.ChangeReport], error) {
	after, err := in.number(v)
	if err != nil {
		return nil, err
	}
	r, err := v.service().Run(v.ctx(), in.Run)
	if err != nil {
		return nil, err
	}
	found, next, err := v.service().ChangesOf(v.ctx(), r, service.ChangeFilter{Action: in.Action, Reason: in.Reason, After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	all := make([]desk.ChangeReport, len(found))
	for i, c := range found {
		all[i] = desk.ReportChange(c)
	}
	return page(v, all, numbered(next)), nil
}

// approve overrules the guard for one plan. Whoever does it names the plan, and so
// has seen it.
func approve(v *visit, in *struct {
	RunAt
	Body struct {
		Plan string `json:"plan" minLength:"8" maxLength:"64" doc:"The beginning of the plan's hash, as the run shows it: what was looked at is what is approved."`
	}
}) (*accepted, error) {
	r, err := v.service().Run(v.ctx(), in.Run)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.PlanHash, strings.ToLower(in.Body.Plan)) {
		return nil, v.server.problem(http.StatusPreconditionFailed, CodeChanged, "This is not the plan of the run. Nothing was written. Look at the run's plan, then approve that")
	}
	return accept(v.service().ApplyRun(v.ctx(), v.who, in.Run, true))
}
