package service

import (
	"context"
	"errors"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// A SyncDetail is a sync with all that a sync file says of it.
type SyncDetail struct {
	SyncState
	Definition plan.Sync            `json:"definition"`
	Schedule   *desk.ScheduleReport `json:"schedule,omitempty"`
	Notify     []notify.Rule        `json:"notify,omitempty"`
}

// SyncDetail returns a sync with its definition.
func (s *Service) SyncDetail(ctx context.Context, name string) (SyncDetail, error) {
	state, err := s.SyncState(ctx, name)
	if err != nil {
		return SyncDetail{}, err
	}
	planned, err := desk.ReportSchedule(ctx, s.Workspace, state.Kept, nextShown)
	if err != nil {
		return SyncDetail{}, err
	}
	told, err := s.Workspace.Store.Notify(ctx, state.Kept.ID)
	return SyncDetail{state, state.Kept.Definition, planned, told.Rules}, err
}

// nextShown is how many of the runs to come a schedule is shown with.
const nextShown = 5

// ReadDefinition reads a sync file of one sync and says everything that is wrong
// with it, by itself and beside the syncs that are kept. Nothing is stored.
func (s *Service) ReadDefinition(ctx context.Context, text []byte) (syncfile.Document, error) {
	docs, err := syncfile.Read("", text)
	if err != nil {
		return syncfile.Document{}, err
	}
	if len(docs) != 1 {
		return syncfile.Document{}, &run.Error{Code: desk.CodeUsage, Message: "These are several syncs. Nothing was stored. Send one at a time"}
	}
	if err := desk.CheckSync(ctx, s.Workspace, docs[0].Sync); err != nil {
		return docs[0], err
	}
	return docs[0], s.ownFiles(ctx, docs[0].Sync)
}

// ownFiles refuses a definition that names a file of the server: whoever may write
// a sync may not therefore read what lies there. A file that a sync has already, by
// an upload or from the command line, stays as it is.
func (s *Service) ownFiles(ctx context.Context, def plan.Sync) error {
	kept, err := s.Workspace.Store.Sync(ctx, def.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	for _, end := range [][2]plan.Endpoint{{def.Source, kept.Definition.Source}, {def.Target, kept.Definition.Target}} {
		if end[0].File != "" && end[0].File != end[1].File {
			return &run.Error{Code: "source.local", Message: "A file of the server cannot be named over the network. Nothing was stored. Upload the file as an import, or make a connection to its folder"}
		}
	}
	return nil
}

// SaveDefinition keeps a sync as its sync file says: with its schedule, and with who
// is told. Made reports whether it is new.
func (s *Service) SaveDefinition(ctx context.Context, name string, text []byte) (made bool, err error) {
	doc, err := s.ReadDefinition(ctx, text)
	if err != nil {
		return false, err
	}
	if doc.Sync.Name != name {
		return false, &run.Error{Code: desk.CodeUsage, Message: "The definition is of " + doc.Sync.Name + ", not of " + name + ". Nothing was stored"}
	}
	if err := desk.Free(ctx, s.Workspace, syncfile.Kind, name); err != nil {
		return false, err
	}
	kept, err := s.Workspace.Store.Sync(ctx, name)
	made = errors.Is(err, store.ErrNotFound)
	if err != nil && !made {
		return false, err
	}
	sync, err := s.Workspace.Store.SaveSync(ctx, doc.Sync, kept.Base)
	if err != nil {
		return false, err
	}
	if err := desk.KeepSchedule(ctx, s.Workspace, sync, doc.Schedule, doc.Paused); err != nil {
		return false, err
	}
	return made, s.Workspace.Store.SaveNotify(ctx, sync.ID, doc.Notify)
}
