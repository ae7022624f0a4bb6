package web

import (
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

func syncRoutes() []route {
	return []route{
		{pattern: "GET /syncs", operation: "syncs.list", do: (*visit).syncs},
		{pattern: "GET /syncs/{name}", operation: "syncs.show", do: (*visit).sync},
		{pattern: "POST /syncs/{name}/run", operation: "syncs.run", do: func(v *visit) error { return v.runSync(false) }},
		{pattern: "POST /syncs/{name}/plan", operation: "syncs.plan", do: func(v *visit) error { return v.runSync(true) }},
		{pattern: "POST /syncs/{name}/retry", operation: "syncs.retry", do: (*visit).retrySync},
		{pattern: "POST /syncs/{name}/delete", operation: "syncs.delete", do: (*visit).deleteSync},
	}
}

func (v *visit) syncs() error {
	all, err := v.service().Syncs(v.ctx())
	if err != nil {
		return err
	}
	return v.show("syncs", page{Title: "Syncs", Nav: "Syncs", CLI: "kith syncs list", API: "GET /api/v1/syncs", Data: map[string]any{"Syncs": all}})
}

type syncView struct {
	Sync     service.SyncState
	Runs     []runLine
	YAML     string
	Schedule *desk.ScheduleReport
}

func (v *visit) sync() error {
	state, err := v.service().SyncState(v.ctx(), v.wildcard("name"))
	if err != nil {
		return err
	}
	sync := state.Kept
	text, err := syncfile.Marshal(sync.Definition)
	if err != nil {
		return err
	}
	runs, err := v.service().RunsOf(v.ctx(), sync.ID, 0, 30)
	if err != nil {
		return err
	}
	planned, err := desk.ReportSchedule(v.ctx(), v.service().Workspace, sync, runsShown)
	if err != nil {
		return err
	}
	return v.show("sync", page{Title: sync.Name, Nav: "Syncs", CLI: "kith syncs show " + desk.Quoted(sync.Name),
		API: "GET /api/v1/syncs/" + sync.Name, Data: syncView{state, lines(runs), string(text), planned}})
}

// A runLine is a run in a list.
type runLine struct {
	desk.RunReport
	NotThrough int64
}

func lines(runs []store.Run) []runLine {
	all := make([]runLine, len(runs))
	for i, r := range runs {
		all[i] = runLine{desk.ReportRun(r), r.NotThrough()}
	}
	return all
}

func (v *visit) runSync(planOnly bool) error {
	return v.follow(v.service().RunSync(v.ctx(), v.who, v.wildcard("name"), v.ticked("every_time"), planOnly))
}

func (v *visit) retrySync() error {
	return v.follow(v.service().RetrySync(v.ctx(), v.who, v.wildcard("name")))
}

func (v *visit) deleteSync() error {
	if err := v.service().DeleteSync(v.ctx(), v.wildcard("name")); err != nil {
		return err
	}
	return v.goTo("/syncs", "Deleted the sync "+v.wildcard("name")+". Its runs stay in the history.")
}
