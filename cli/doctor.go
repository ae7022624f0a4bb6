package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/workspace"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check the data folder and everything in it", Args: exactly(),
		Example: "  kith doctor",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				checks, err := a.examine(ctx, w)
				if err != nil {
					return err
				}
				for _, c := range checks {
					if !c.OK {
						a.exit = exitFailed
					}
				}
				return many(a, each(checks), shape[CheckReport]{columns: []string{"check", "ok", "result"}, row: func(c CheckReport) []string {
					return []string{c.Check, map[bool]string{true: "yes", false: "NO"}[c.OK], c.Result}
				}})
			})
		},
	}
}

// enoughSpace is what a run needs at least: its staged source and its writes.
const enoughSpace = 100 << 20

func (a *app) examine(ctx context.Context, w *workspace.Workspace) ([]CheckReport, error) {
	checks := []CheckReport{
		{"version", true, fmt.Sprintf("kith %s, %s, %s/%s", a.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)},
		{"data folder", true, a.folder},
		a.database(ctx, w),
	}
	stage, err := folderSize(w.Engine.Stage)
	if err != nil {
		return nil, err
	}
	checks = append(checks, CheckReport{"staged sources", true, humanize.IBytes(uint64(stage))})
	interrupted, err := w.Store.Interrupted(ctx)
	if err != nil {
		return nil, err
	}
	runs := CheckReport{"interrupted runs", true, "none"}
	if len(interrupted) > 0 {
		runs.Result = fmt.Sprintf("%d; the next command that writes finishes them", len(interrupted))
	}
	checks = append(checks, runs)
	if free, known := freeSpace(a.folder); known {
		checks = append(checks, CheckReport{"free disk space", free >= enoughSpace, humanize.IBytes(free)})
	}
	books, err := w.Store.Books(ctx)
	if err != nil {
		return nil, err
	}
	contacts := int64(0)
	for _, b := range books {
		contacts += b.Population
	}
	return append(checks, CheckReport{"address books", true, fmt.Sprintf("%d with %s contacts", len(books), humanize.Comma(contacts))}), nil
}

func (a *app) database(ctx context.Context, w *workspace.Workspace) CheckReport {
	engine := "SQLite"
	if a.Getenv("KITH_DATABASE") != "" {
		engine = "PostgreSQL"
	}
	if err := w.Store.Check(ctx); err != nil {
		return CheckReport{"database", false, fmt.Sprintf("%s: %v. Restore a backup: kith restore FILE", engine, err)}
	}
	return CheckReport{"database", true, engine + ", complete and consistent"}
}

func folderSize(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing staged yet
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which kith this is", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			report := VersionReport{Version: a.Version, Go: strings.TrimPrefix(runtime.Version(), "go"), System: runtime.GOOS + "/" + runtime.GOARCH}
			return one(a, report, shape[VersionReport]{columns: []string{"version", "go", "system"},
				row: func(v VersionReport) []string { return []string{v.Version, v.Go, v.System} }}, a.versionText)
		},
	}
}

func (a *app) versionText(out io.Writer) {
	fmt.Fprintf(out, "kith %s (%s, %s/%s)\n", a.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
