package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func stub(name string) *cobra.Command {
	return &cobra.Command{Use: name, RunE: func(*cobra.Command, []string) error { return nil }}
}

func (a *app) syncsCommand() *cobra.Command    { return stub("syncs") }
func (a *app) presetsCommand() *cobra.Command  { return stub("presets") }
func (a *app) validateCommand() *cobra.Command { return stub("validate") }
func (a *app) runsCommand() *cobra.Command     { return stub("runs") }
func (a *app) rejectsCommand() *cobra.Command  { return stub("rejects") }
func (a *app) explainCommand() *cobra.Command  { return stub("explain") }
func (a *app) undoCommand() *cobra.Command     { return stub("undo") }
func (a *app) booksCommand() *cobra.Command    { return stub("books") }
func (a *app) fieldsCommand() *cobra.Command   { return stub("fields") }
func (a *app) contactsCommand() *cobra.Command { return stub("contacts") }
func (a *app) trashCommand() *cobra.Command    { return stub("trash") }
func (a *app) doctorCommand() *cobra.Command   { return stub("doctor") }
func (a *app) backupCommand() *cobra.Command   { return stub("backup") }
func (a *app) restoreCommand() *cobra.Command  { return stub("restore") }
func (a *app) versionCommand() *cobra.Command  { return stub("version") }
func (a *app) retryRejects(ctx context.Context, w *workspace.Workspace, syncs []store.Sync) error {
	return nil
}
