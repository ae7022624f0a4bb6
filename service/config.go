package service

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// A ConfigRequest is a configuration as files, to be planned or applied.
type ConfigRequest struct {
	Files []desk.ConfigFile `json:"files"`
	Prune bool              `json:"prune,omitempty" doc:"Delete what came from a file and is in none of these"`
}

// ExportConfig is the configuration as files.
func (s *Service) ExportConfig(ctx context.Context) ([]desk.ConfigFile, error) {
	return desk.ExportConfig(ctx, s.Workspace, "")
}

// PlanConfig says what it would change when somebody applied files.
func (s *Service) PlanConfig(ctx context.Context, who account.Actor, r ConfigRequest) (desk.ConfigPlan, error) {
	return desk.PlanConfig(ctx, s.Workspace, r.Files, s.configOptions(ctx, who, r))
}

// ApplyConfig makes the configuration what files say, all of it or nothing.
func (s *Service) ApplyConfig(ctx context.Context, who account.Actor, r ConfigRequest) (desk.ConfigPlan, error) {
	return desk.ApplyConfig(context.WithoutCancel(ctx), s.Workspace, r.Files, s.configOptions(ctx, who, r))
}

// configOptions keep whoever may write the configuration from reading the server
// with it: of its environment only what is meant for that, and no files. A value goes to
// the server that the file names, so only an owner may have one looked up; what anybody
// else applies keeps the secret that is stored, for the server that it was given for.
func (s *Service) configOptions(ctx context.Context, who account.Actor, r ConfigRequest) desk.ConfigOptions {
	return desk.ConfigOptions{Prune: r.Prune,
		Resolve: func(source, name string) (string, error) {
			switch {
			case source != "env" || !strings.HasPrefix(name, desk.SecretVariable):
				return "", errors.New("over the network only variables that begin with " + desk.SecretVariable + " can be named")
			case !who.May(account.Owner):
				return "", errors.New("over the network only an owner may use variables of the server")
			case os.Getenv(name) == "":
				return "", errors.New("the environment of the server has no " + name)
			}
			return os.Getenv(name), nil
		},
		Trust: func(file string) error { return mayName(file, "") },
		Mind:  func(def plan.Sync) error { return s.mind(ctx, def) }}
}

// mind refuses a sync that names another file of the server than it does already.
func (s *Service) mind(ctx context.Context, def plan.Sync) error {
	kept, err := s.Workspace.Store.Sync(ctx, def.Name)
	if err == nil {
		placed := desk.Placed(kept)
		if placed.Source.File == def.Source.File && placed.Target.File == def.Target.File {
			return nil
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.ownFiles(ctx, def)
}

// ManagedFile is the file that something is kept in; empty: it is changed here. Kind
// is Sync, Connection, Book or Channel.
func (s *Service) ManagedFile(ctx context.Context, kind, name string) (string, error) {
	return s.Workspace.Store.ManagedFile(ctx, kind, name)
}

// DocumentOf is one thing of the configuration as YAML.
func (s *Service) DocumentOf(ctx context.Context, kind, name string) (string, error) {
	return desk.DocumentOf(ctx, s.Workspace, kind, name)
}

// Detach lets something that is kept in a file be changed here again.
func (s *Service) Detach(ctx context.Context, kind, name string) error {
	return desk.Detach(ctx, s.Workspace, kind, name)
}
