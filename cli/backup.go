package cli

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

// A backup is one gzipped tar of what the data folder cannot do without: the
// database, the installation's key and the staged sources, which undo and
// explain read. Whoever has it has everything, so only its owner may read it.

const (
	databaseFile = "kith.db"
	keyFile      = "key"
	stageFolder  = "stage"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write everything to one file", Args: exactly("a FILE"),
		Long: `Backup writes the database, the installation's key and the staged sources to one
file. Keep it as safe as the data: whoever has it has all contacts.`,
		Example: "  kith backup kith-backup.tar.gz",
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.Getenv("KITH_DATABASE") != "" {
				return refuse("backup.postgres", "The data lies in PostgreSQL. Back it up with pg_dump, and copy the file %q of the data folder too", keyFile)
			}
			if _, err := os.Lstat(args[0]); !errors.Is(err, fs.ErrNotExist) {
				return refuse("file.exists", "%s is there already. Nothing was written. Name another file", args[0])
			}
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				if err := backup(ctx, w, args[0], a.Now()); err != nil {
					return err
				}
				a.say("Wrote %s. kith restore %s brings it back.", args[0], desk.Quoted(args[0]))
				return nil
			})
		},
	}
}

func backup(ctx context.Context, w *workspace.Workspace, path string, now time.Time) error {
	database := filepath.Join(w.Folder, "tmp", "backup.db")
	defer os.Remove(database)
	if err := w.Store.Backup(ctx, database); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return replaceFile(path, func(out io.Writer) error {
		zip := gzip.NewWriter(out)
		archive := tar.NewWriter(zip)
		members := [][2]string{{databaseFile, database}, {keyFile, filepath.Join(w.Folder, keyFile)}}
		staged, err := filepath.Glob(filepath.Join(w.Engine.Stage, "*"))
		if err != nil {
			return err
		}
		for _, path := range staged {
			members = append(members, [2]string{stageFolder + "/" + filepath.Base(path), path})
		}
		for _, m := range members {
			if err := pack(ctx, archive, m[0], m[1], now); err != nil {
				return err
			}
		}
		return errors.Join(archive.Close(), zip.Close())
	})
}

func pack(ctx context.Context, archive *tar.Writer, name, path string, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: now}); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}
