package web

import (
	"context"
	"fmt"
	"net/url"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/service"
)

func homeRoutes() []route {
	return []route{{pattern: "GET /{$}", operation: "home.show", do: (*visit).home}}
}

// home says whether everything is all right: what needs somebody comes first.
func (v *visit) home() error {
	data, err := readHome(v.ctx(), v.service())
	if err != nil {
		return err
	}
	if v.service().Demo {
		data.Steps = demoSteps(data)
	}
	return v.show("home", page{Title: "Home", Nav: "Home", CLI: "kith syncs list", API: "GET /api/v1/home", Data: data})
}

type homeView struct {
	Needs []need
	Syncs []service.SyncState
	Week  plan.Totals
	Steps []step // what to try in a demo
}

// A need is one thing that waits for a person.
type need struct{ Tone, Text, Do, To string }

func readHome(ctx context.Context, s *service.Service) (homeView, error) {
	h, err := s.Home(ctx)
	if err != nil {
		return homeView{}, err
	}
	view := homeView{Syncs: h.Syncs, Week: h.Week}
	for _, sync := range h.Syncs {
		switch sync.State {
		case service.StateApproval:
			view.Needs = append(view.Needs, need{"warn", sync.Name + " waits for approval: the guard stopped it", "Review", fmt.Sprintf("/runs/%d", sync.Waiting)})
		case service.StateFailed:
			view.Needs = append(view.Needs, need{"bad", sync.Name + " failed", "See why", fmt.Sprintf("/runs/%d", sync.Last.ID)})
		case service.StateRejects:
			view.Needs = append(view.Needs, need{"warn", sync.Name + " has records that did not get through", "Correct them", fmt.Sprintf("/runs/%d/rejects", sync.Last.ID)})
		case service.StateHeld:
			why := string(sync.WaitsBy())
			text := fmt.Sprintf("%s holds %s until somebody has decided (%s)", sync.Name, several(sync.Held, "record"), why)
			view.Needs = append(view.Needs, need{"warn", text, "See them", fmt.Sprintf("/runs/%d?why=%s#changes", sync.Last.ID, url.QueryEscape(why))})
		case service.StateLate:
			view.Needs = append(view.Needs, need{"warn", sync.Name + " is late", "Open", "/syncs/" + sync.Name})
		}
	}
	if h.Conflicts > 0 {
		view.Needs = append(view.Needs, need{"warn", several(h.Conflicts, "conflict") + " to decide: both sides changed the same field", "Decide", "/conflicts"})
	}
	return view, nil
}
