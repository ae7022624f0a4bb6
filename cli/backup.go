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
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
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
file. A server or another command may be at work meanwhile: the backup is of one moment.
Keep it as safe as the data: whoever has it has all contacts.`,
		Example: "  kith backup kith-backup.tar.gz",
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.Getenv("KITH_DATABASE") != "" {
				return refuse("backup.postgres", "The data lies in PostgreSQL. Back it up with pg_dump, and copy the file %q of the data folder too", keyFile)
			}
			if _, err := os.Lstat(args[0]); !errors.Is(err, fs.ErrNotExist) {
				return refuse("file.exists", "%s is there already. Nothing was written. Name another file", args[0])
			}
			err := a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				return backup(ctx, w.Folder, args[0], a.Now(), w.Store.Backup)
			})
			if errors.Is(err, workspace.ErrLocked) { // kith serve has it, or another command: the copy is made beside it
				err = backup(cmd.Context(), a.folder, args[0], a.Now(), func(ctx context.Context, to string) error {
					return store.CopySQLite(ctx, filepath.Join(a.folder, databaseFile), to)
				})
			}
			if err != nil {
				return err
			}
			a.say("Wrote %s. kith restore %s brings it back.", args[0], desk.Quoted(args[0]))
			return a.printBackup(args[0], a.folder, "")
		},
	}
}

// printBackup prints what was written, or brought back, for programs.
func (a *app) printBackup(file, folder, aside string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return done(a, BackupReport{File: file, Bytes: info.Size(), Data: folder, SetAside: aside}, shape[BackupReport]{
		columns: []string{"file", "bytes", "data", "set_aside"},
		row:     func(r BackupReport) []string { return []string{r.File, fmt.Sprint(r.Bytes), r.Data, r.SetAside} }})
}

// backup copies the database first: what it speaks of is there then. The copy lies
// beside the backup, where a server that starts does not tidy it away.
func backup(ctx context.Context, folder, path string, now time.Time, database func(ctx context.Context, to string) error) error {
	beside := path + ".db.part"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a backup that was killed
		return unwritable(path, err)
	}
	defer os.Remove(beside)
	if err := database(ctx, beside); err != nil {
		var onDisk *fs.PathError
		if errors.As(err, &onDisk) {
			return unwritable(path, err)
		}
		return err
	}
	return replaceFile(path, func(out io.Writer) error {
		zip := gzip.NewWriter(out)
		archive := tar.NewWriter(zip)
		members := [][2]string{{databaseFile, beside}, {keyFile, filepath.Join(folder, keyFile)}}
		staged, err := filepath.Glob(filepath.Join(folder, stageFolder, "*"))
		if err != nil {
			return err
		}
		for _, path := range staged {
			if strings.HasPrefix(filepath.Base(path), "incoming-") { // being copied right now
				continue
			}
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
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(name, stageFolder) {
		return nil // cleared away since it was listed: nothing speaks of it any more
	}
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
