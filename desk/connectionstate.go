package desk

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A ConnectionState is one line of the list of connections. The secret is never
// part of it.
type ConnectionState struct {
	ConnectionReport
	Title       string          `json:"title"`              // of the system
	Files       bool            `json:"files,omitempty"`    // it holds files, and no records
	UsedBy      []string        `json:"used_by"`            // syncs
	CallsToday  int64           `json:"calls_today"`        // as far as they are counted
	CallsPerDay int64           `json:"calls_per_day"`      // the most; 0: any number, and none is counted
	Links       int64           `json:"links"`              // contacts that have a record there
	Account     *Usage          `json:"account,omitempty"`  // what the system itself counts, where it tells
	Test        *ConnectionTest `json:"test,omitempty"`     // the last one since it was changed
	HostKey     string          `json:"host_key,omitempty"` // that was accepted
	Notes       []string        `json:"notes,omitempty"`    // what people should know: of its limits, and what its syncs' latest runs said
}

// Usage is what a system says of the calls of an account, of everybody's together.
type Usage struct {
	Used int `json:"used"`
	Most int `json:"most"`
}

// A ConnectionTest says how a test went.
type ConnectionTest struct {
	At      time.Time  `json:"at"`
	OK      bool       `json:"ok"`
	Code    string     `json:"code,omitempty"` // of what stood in the way
	Said    string     `json:"said"`
	Seen    TestReport `json:"seen,omitzero"`      // only of a test that was just made
	HostKey string     `json:"host_key,omitempty"` // that the server shows, and a person has to accept
}

// ConnectionStates says how connections are at a time.
func ConnectionStates(ctx context.Context, w *workspace.Workspace, all []store.Connection, now time.Time) ([]ConnectionState, error) {
	syncs, err := w.Store.Syncs(ctx)
	if err != nil {
		return nil, err
	}
	tests, err := w.Store.Tests(ctx)
	if err != nil {
		return nil, err
	}
	spent, err := w.Store.SpentOn(ctx, now.UTC().Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	links, err := w.Store.CountLinks(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]ConnectionState, len(all))
	for i, c := range all {
		st := ConnectionState{ConnectionReport: ReportConnection(c), Title: c.Kind, UsedBy: Spelled(UsedBy(syncs, c.Name)),
			CallsToday: spent[c.ID], Links: links[c.ID], HostKey: c.Settings[workspace.HostKey]}
		if system, err := workspace.SystemNamed(c.Kind); err == nil {
			st.Title, st.Files = system.Title, system.Files()
		}
		st.CallsPerDay, _ = strconv.ParseInt(c.Settings[workspace.CallsPerDay.Name], 10, 64) // checked when it was stored
		if t, tested := tests[c.ID]; tested {
			st.Test = &ConnectionTest{At: t.At, OK: t.Code == "", Code: t.Code, Said: t.Said}
		}
		if used, most := w.Usage(c); most > 0 {
			st.Account = &Usage{used, most}
		}
		if st.Notes, err = notesOf(ctx, w, c, syncs); err != nil {
			return nil, err
		}
		states[i] = st
	}
	return states, nil
}

// notesOf are what people should know of a connection: that its limit is near, and what
// the latest runs of its syncs had to say.
func notesOf(ctx context.Context, w *workspace.Workspace, c store.Connection, syncs []store.Sync) (notes []string, err error) {
	if note := workspace.LimitNote(c.Name, func() (int, int) { return w.Usage(c) }); note != "" {
		notes = append(notes, note)
	}
	for _, s := range syncs {
		d := s.Definition
		if IsReplay(s) || workspace.IsFeed(s) || !d.Linked() || d.Source.Connection != c.Name && d.Target.Connection != c.Name {
			continue
		}
		runs, err := w.Store.LatestRuns(ctx, s.ID, 1)
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			for _, note := range r.Notes {
				if !slices.Contains(notes, note) {
					notes = append(notes, s.Name+": "+note)
				}
			}
		}
	}
	return notes, nil
}
