package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// Shells complete the names of syncs, books and presets. Completion only looks:
// it makes no data folder, and where it cannot look it offers nothing.

type lister func(ctx context.Context, w *workspace.Workspace) []string

func (a *app) addCompletion(root *cobra.Command) {
	for path, names := range map[string]lister{
		"plan": syncNames, "run": syncNames, "approve": syncNames, "syncs show": syncNames, "syncs delete": syncNames, "syncs pause": syncNames, "syncs resume": syncNames,
		"books show": bookNames, "books set": bookNames, "books delete": bookNames,
	} {
		cmd, _, err := root.Find(strings.Fields(path))
		if err != nil {
			panic(err) // a mistake in our own table
		}
		cmd.ValidArgsFunction = first(a.completed(names))
	}
	if show, _, err := root.Find([]string{"presets", "show"}); err == nil {
		show.ValidArgsFunction = first(presetNames)
	}
	a.completeFlags(root)
	root.InitDefaultCompletionCmd()
	if cmd, _, err := root.Find([]string{"completion"}); err == nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		}
		cmd.Args = cobra.ArbitraryArgs
	}
}

// completeFlags does the same for the values of flags, in every command.
func (a *app) completeFlags(cmd *cobra.Command) {
	for flag, names := range map[string]cobra.CompletionFunc{
		"book": a.completed(bookNames), "preset": presetNames, "output": oneOf(formats[:]...), "form": oneOf("data", "spreadsheet", "vcard"),
		"update":     oneOf("always", "if_new_not_blank", "if_existing_blank", "never"),
		"scope":      oneOf("brought_by_this_sync", "whole_book"),
		"on-several": oneOf("review", "first", "most_recent", "reject"), "duplicates": oneOf("first", "last", "reject"),
	} {
		if cmd.Flags().Lookup(flag) != nil || cmd.PersistentFlags().Lookup(flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(flag, names) // it is there, and nobody has registered another
		}
	}
	for _, c := range cmd.Commands() {
		a.completeFlags(c)
	}
}

func oneOf(words ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// first completes a command's first argument only.
func first(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, typed)
	}
}

// completed offers names of the data folder.
func (a *app) completed(names lister) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		var found []string
		if a.hasData() {
			_ = a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				found = names(ctx, w)
				return nil
			})
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// hasData reports whether there is a data folder that was used before.
func (a *app) hasData() bool {
	if a.findFolder() != nil {
		return false
	}
	name := databaseFile
	if a.Getenv("KITH_DATABASE") != "" {
		name = keyFile
	}
	_, err := os.Stat(filepath.Join(a.folder, name))
	return err == nil
}

func syncNames(ctx context.Context, w *workspace.Workspace) (names []string) {
	syncs, _ := w.Store.Syncs(ctx)
	for _, s := range syncs {
		names = append(names, s.Name)
	}
	return names
}

func bookNames(ctx context.Context, w *workspace.Workspace) (names []string) {
	books, _ := desk.PeopleBooks(ctx, w)
	for _, b := range books {
		names = append(names, b.Name)
	}
	return names
}

func presetNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, p := range syncfile.Presets() {
		names = append(names, cobra.CompletionWithDesc(p.Name, p.Title))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
