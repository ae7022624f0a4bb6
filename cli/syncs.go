package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) syncsCommand() *cobra.Command {
	list := a.orServer(&cobra.Command{
		Use: "list", Short: "List the syncs", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.read(cmd.Context(), a.listSyncs) },
	}, a.syncsAtServer)
	show := a.orServer(&cobra.Command{
		Use: "show SYNC", Short: "Print a sync as its YAML file", Args: exactly("a SYNC"),
		Example: "  kith syncs show import-attendees > attendees.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				s, err := desk.SavedSync(ctx, w, args[0])
				if err != nil {
					return err
				}
				return a.showSync(ctx, w, s)
			})
		},
	}, a.syncAtServer)
	remove := &cobra.Command{
		Use: "delete SYNC", Short: "Take a sync off the list; its runs and contacts stay", Args: exactly("a SYNC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				if err := desk.DeleteSync(ctx, w, args[0]); err != nil {
					return err
				}
				a.say("Deleted the sync %s. Its runs stay in the history.", args[0])
				return nil
			})
		},
	}
	return group(&cobra.Command{Use: "syncs", Short: "See, keep, pause and delete syncs"}, list, show, a.createSyncsCommand(), a.pauseCommand(true), a.pauseCommand(false), remove)
}

func (a *app) listSyncs(ctx context.Context, w *workspace.Workspace) error {
	syncs, err := w.Store.Syncs(ctx)
	if err != nil {
		return err
	}
	syncs = slices.DeleteFunc(syncs, desk.IsReplay)
	reports := make([]desk.SyncReport, len(syncs))
	for i, s := range syncs {
		if reports[i], err = desk.ReportSync(ctx, w, s); err != nil {
			return err
		}
	}
	return many(a, each(reports), syncShape())
}

func syncShape() shape[desk.SyncReport] {
	return shape[desk.SyncReport]{
		columns: []string{"name", "source", "target", "latest run", "latest", "next", "status"},
		row: func(r desk.SyncReport) []string {
			return []string{r.Name, r.Source, r.Target, number(r.LatestRun), clock(r.Latest), nextRun(r), string(r.Status)}
		},
	}
}

// shownSync is a sync for programs.
type shownSync struct {
	plan.Sync
	Schedule *desk.ScheduleReport `json:"schedule,omitempty"`
	Notify   []notify.Rule        `json:"notify,omitempty"`
}

// showSync prints a sync as the file it came from, or could come from. The next runs
// stand in it as comments.
func (a *app) showSync(ctx context.Context, w *workspace.Workspace, s store.Sync) error {
	planned, err := desk.ReportSchedule(ctx, w, s, 5)
	if err != nil {
		return err
	}
	told, err := w.Store.Notify(ctx, s.ID)
	if err != nil {
		return err
	}
	return a.printSync(s.Definition, planned, told.Rules)
}

func (a *app) printSync(def plan.Sync, planned *desk.ScheduleReport, told []notify.Rule) error {
	if a.format == "json" || a.format == "jsonl" {
		return one(a, shownSync{def, planned, told}, shape[shownSync]{}, nil)
	}
	text, err := syncDocument(def, planned, told)
	if err == nil {
		_, err = a.Stdout.Write(append(text, nextRuns(planned)...))
	}
	return err
}

func (a *app) presetsCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the presets", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			var reports []PresetReport
			for _, p := range syncfile.Presets() {
				reports = append(reports, PresetReport{Name: p.Name, Title: p.Title, Summary: p.Summary})
			}
			return many(a, each(reports), presetShape())
		},
	}
	show := &cobra.Command{
		Use: "show PRESET", Short: "Print a preset's rules, with the requirement each comes from, and its settings", Args: exactly("a PRESET"),
		Example: "  kith presets show kvcore",
		RunE:    func(_ *cobra.Command, args []string) error { return a.showPreset(args[0]) },
	}
	return group(&cobra.Command{Use: "presets", Short: "See the manners of other systems that a sync can take on"}, list, show)
}

func presetShape() shape[PresetReport] {
	return shape[PresetReport]{columns: []string{"name", "title", "summary"},
		row: func(p PresetReport) []string { return []string{p.Name, p.Title, p.Summary} }}
}

func (a *app) showPreset(name string) error {
	var names []string
	for _, p := range syncfile.Presets() {
		if names = append(names, p.Name); p.Name != name {
			continue
		}
		report := PresetReport{Name: p.Name, Title: p.Title, Summary: p.Summary}
		for _, r := range p.Rules {
			report.Rules = append(report.Rules, PresetRuleReport(r))
		}
		return one(a, report, presetShape(), func(out io.Writer) { presetText(out, report, syncfile.Settings(p)) })
	}
	return desk.Absent("preset", name, names, "kith presets list")
}

func presetText(out io.Writer, p PresetReport, settings []byte) {
	fmt.Fprintf(out, "%s  %s\n%s\n\n", p.Name, p.Title, p.Summary)
	t := newTable(out, nil)
	for _, r := range p.Rules {
		_ = t.add([]string{"  " + r.Requirement, r.Rule}) // a terminal that is gone needs no error
	}
	_ = t.flush()
	fmt.Fprintf(out, "\nsettings:\n  %s\n", bytes.ReplaceAll(bytes.TrimSpace(settings), []byte("\n"), []byte("\n  ")))
}

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE",
		Short: "Check a sync file; every mistake with its line and column",
		Long: `Validate checks a sync file by itself and together with the syncs that are kept
already: two that would remove each other's contacts, or write one field always,
are refused. Where the source file can be read, columns and fields are looked for in
it. Nothing is stored.`,
		Example: "  kith validate attendees.yaml",
		Args:    exactly("a FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			docs, err := parseFile(args[0])
			if err != nil {
				return err
			}
			defs := definitions(docs)
			found, err := a.validateAgainst(cmd.Context(), args[0], defs)
			if err != nil {
				return err
			}
			if found = append(found, fits(cmd.Context(), args[0], defs)...); len(found) > 0 {
				return invalidSync(found)
			}
			names := []string{}
			for _, d := range defs {
				names = append(names, d.Name)
			}
			report := map[string]any{"valid": true, "syncs": names}
			return one(a, report, shape[map[string]any]{columns: []string{"syncs"}, row: func(map[string]any) []string { return []string{fmt.Sprint(len(names))} }},
				func(out io.Writer) {
					fmt.Fprintf(out, "%s is right: %s\n", args[0], several(int64(len(names)), "sync"))
				})
		},
	}
}

// validateAgainst looks at the kept syncs, where there are any: validating makes
// no data folder.
func (a *app) validateAgainst(ctx context.Context, path string, defs []plan.Sync) (found []syncfile.Error, err error) {
	if !a.hasData() {
		return nil, nil // nothing to compare with
	}
	err = a.read(ctx, func(ctx context.Context, w *workspace.Workspace) error {
		all, err := desk.Against(ctx, w, defs)
		found = inFile(path, "", all)
		return err
	})
	return found, err
}
