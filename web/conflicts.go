package web

import (
	"fmt"
	"strconv"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/service"
)

// What both sides of a link changed differently.
func conflictRoutes() []route {
	return []route{
		{pattern: "GET /conflicts", operation: "conflicts.list", do: (*visit).conflicts},
		{pattern: "POST /conflicts/{id}", operation: "conflicts.pick", do: (*visit).pickConflict},
	}
}

const conflictsOnPage = 50

type conflictsView struct {
	service.ConflictList
	Waiting int    // of those on the page
	More    string // the next page
	After   int64  // where this page begins
}

func (v *visit) conflicts() error {
	after, _ := strconv.ParseInt(v.form("after"), 10, 64) // what is no number means from the beginning
	found, err := v.service().Conflicts(v.ctx(), after, conflictsOnPage)
	if err != nil {
		return err
	}
	data := conflictsView{ConflictList: found, After: after}
	for _, c := range found.Conflicts {
		if c.Pick == "" {
			data.Waiting++
		}
	}
	if found.Next > 0 {
		data.More = fmt.Sprintf("/conflicts?after=%d", found.Next)
	}
	return v.show("conflicts", page{Title: "Conflicts", Nav: "Syncs", CLI: "kith conflicts list", API: "GET /api/v1/conflicts", Data: data})
}

// pickConflict takes one of the two values, and comes back to the same place.
func (v *visit) pickConflict() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	if err := v.service().PickConflict(v.ctx(), id, plan.Winner(v.form("pick"))); err != nil {
		return err
	}
	to := "/conflicts"
	if after, err := strconv.ParseInt(v.form("page"), 10, 64); err == nil && after > 0 {
		to = fmt.Sprintf("/conflicts?after=%d", after)
	}
	if v.fragment() { // the page's own list comes back with what was chosen
		v.r.URL.Path, v.r.URL.RawQuery = "/conflicts", ""
		v.r.Form.Set("after", v.form("page"))
		return v.conflicts()
	}
	return v.goTo(fmt.Sprintf("%s#conflict-%d", to, id), "")
}
