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

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) restoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Bring back what backup wrote", Args: exactly("a FILE"),
		Long: `Restore checks a backup and puts it in the place of the data folder. What was there
is kept beside it under a name with the date.`,
		Example: "  kith restore kith-backup.tar.gz --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.Getenv("KITH_DATABASE") != "" {
				return refuse("backup.postgres", "The data lies in PostgreSQL. Restore it with pg_restore")
			}
			path, err := existing(args[0])
			if err != nil {
				return err
			}
			if err := a.findFolder(); err != nil {
				return err
			}
			return a.restore(cmd.Context(), path)
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask before another data folder is set aside")
	return cmd
}

func (a *app) restore(ctx context.Context, path string) error {
	folder := filepath.Clean(a.folder)
	occupied, err := a.free(ctx, folder)
	if err != nil {
		return err
	}
	if occupied {
		if err := a.confirm(fmt.Sprintf("Set aside what is in %s and restore %s?", folder, filepath.Base(path)), "kith restore "+desk.Quoted(path)); err != nil {
			return err
		}
	}
	fresh := folder + ".restoring"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	defer os.RemoveAll(fresh) // after the move it is gone
	if err := unpack(ctx, path, fresh); err != nil {
		return err
	}
	if err := a.verify(ctx, fresh); err != nil {
		return err
	}
	aside := ""
	if occupied {
		aside = folder + ".before-restore-" + a.Now().UTC().Format("20060102-150405")
		if err := os.Rename(folder, aside); err != nil {
			return err
		}
		a.say("What was there is kept in %s.", aside)
	} else if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) { // it is empty
		return err
	}
	if err := os.Rename(fresh, folder); err != nil {
		return err
	}
	a.say("Restored %s.", path)
	return a.printBackup(path, folder, aside)
}

// free reports whether the folder holds data of kith. Anything else in it, and
// another process that is using it, are errors.
func (a *app) free(ctx context.Context, folder string) (occupied bool, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return false, os.MkdirAll(filepath.Dir(folder), 0o700)
	}
	if err != nil {
		return false, err
	}
	if _, err := os.Stat(filepath.Join(folder, databaseFile)); err != nil {
		return false, refuse("data.foreign", "%s holds other things than kith's data. Nothing was changed. Name another folder with --data", folder)
	}
	w, err := workspace.Open(ctx, workspace.Options{Folder: folder, Now: a.Now})
	if errors.Is(err, workspace.ErrLocked) {
		return true, err
	}
	if err != nil {
		return true, nil // damaged data are the reason to restore
	}
	return true, w.Close()
}

// verify opens what was unpacked before anything takes its place.
func (a *app) verify(ctx context.Context, folder string) error {
	w, err := workspace.Open(ctx, workspace.Options{Folder: folder, Now: a.Now})
	if err == nil {
		err = errors.Join(w.Store.Check(ctx), w.Close())
	}
	if err != nil {
		return refuse("backup.damaged", "This backup cannot be used: %v. Nothing was changed. Try an earlier one", err)
	}
	return nil
}

func unpack(ctx context.Context, path, folder string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	damaged := refuse("backup.damaged", "%s is not a complete backup of kith. Nothing was changed. Try an earlier one", filepath.Base(path))
	zip, err := gzip.NewReader(file)
	if err != nil {
		return damaged
	}
	if err := os.MkdirAll(filepath.Join(folder, stageFolder), 0o700); err != nil {
		return err
	}
	seen := map[string]bool{}
	for archive := tar.NewReader(zip); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		member, err := archive.Next()
		if err == io.EOF && seen[databaseFile] && seen[keyFile] {
			if _, err := io.Copy(io.Discard, zip); err != nil { // its checksum stands at the very end
				return damaged
			}
			return nil
		}
		if err != nil || !ourMember(member) {
			return damaged
		}
		seen[member.Name] = true
		if err := unpackOne(archive, filepath.Join(folder, filepath.FromSlash(member.Name))); err != nil {
			return damaged
		}
	}
}

// ourMember accepts only the names that backup writes: an archive from elsewhere
// must not choose where its files go.
func ourMember(m *tar.Header) bool {
	if m.Typeflag != tar.TypeReg {
		return false
	}
	name, staged := strings.CutPrefix(m.Name, stageFolder+"/")
	if !staged {
		return m.Name == databaseFile || m.Name == keyFile
	}
	return name != "" && name == filepath.Base(name) && !strings.ContainsAny(name, `/\:`) && name != "." && name != ".."
}

func unpackOne(from io.Reader, path string) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.Copy(out, from); err != nil {
		return err
	}
	return out.Close()
}
