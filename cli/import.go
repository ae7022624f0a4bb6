package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) importCommand() *cobra.Command {
	var f syncFlags
	var name string
	var planOnly bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Import a CSV, vCard or Excel file into an address book",
		Long: `Import reads a CSV or vCard file or an Excel workbook (.xlsx), shows what it would do to the address book, and
does exactly that. Which column is which is recognised; --map says otherwise. The
import is kept as the sync import-<file name>, so that it can be run again; a file
of that name in another folder is kept as import-<file name>-2. --name says what it
is kept as.`,
		Example: `  kith import attendees.csv
  kith import attendees.csv --plan
  kith import people.csv --book friends --map "Phone (private)=mobile" --region GB
  kith import everybody.csv --delete-missing --guard 5%
  kith import phone.vcf`,
		Args: exactly("a FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := readable(args[0])
			if err != nil {
				return err
			}
			kept, err := keptAs(name, path)
			if err != nil {
				return err
			}
			a.flags = true
			def, guard, err := f.sync(cmd, kept, path)
			if err != nil {
				return err
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				if name == "" {
					if def.Name, err = a.nameFor(ctx, w, path); err != nil {
						return err
					}
				}
				return a.importFile(ctx, w, def, guard, f.maps, planOnly)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&name, "name", "", "what the import is kept as: import-NAME (default: the file's name)")
	cmd.Flags().BoolVar(&planOnly, "plan", false, "show the plan and write nothing")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "apply without asking; it never answers the guard")
	return cmd
}

// keptAs is the name of the sync that an import is kept as.
func keptAs(name, path string) (string, error) {
	if name == "" {
		return importName(path), nil
	}
	if strings.ContainsAny(name, "/\\\n\r\t\x00") || strings.Trim(name, " .") == "" {
		return "", usage("%q is not a name for an import. Nothing was changed. Use letters and digits, without slashes", name)
	}
	return "import-" + strings.TrimPrefix(strings.TrimSpace(name), "import-"), nil
}

// existing returns the absolute path of a file that is there.
func existing(path string) (string, error) {
	if path == "" {
		return "", usage("The name of the file is empty")
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(whole)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", refuse(run.CodeSourceAbsent, "There is no file %s. Nothing was changed. Check its name and folder", path)
	case errors.Is(err, fs.ErrPermission):
		return "", refuse(run.CodeSource, "%s may not be read by you. Nothing was changed. Ask its owner for the right to read it", path)
	case err != nil:
		return "", refuse(run.CodeSource, "%s cannot be used: %v. Nothing was changed. Check its name and folder", path, innermost(err))
	case info.IsDir():
		return "", refuse(run.CodeSource, "%s is a folder. Nothing was changed. Name a file in it", path)
	}
	return whole, nil
}

// readable is existing for a file that is read more than once: a pipe is not,
// and reading one would wait for whoever writes into it.
func readable(path string) (string, error) {
	if path == "-" {
		return "", refuse(run.CodeSource, "Standard input cannot be imported: a source is looked at again before it is applied. Nothing was changed. Save it as a file and name that")
	}
	whole, err := existing(path)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(whole); err != nil || !info.Mode().IsRegular() {
		return "", refuse(run.CodeSource, "%s is a pipe or a device, and a source is looked at again before it is applied. Nothing was changed. Save what it gives as a file and name that", path)
	}
	return whole, nil
}

// innermost is the cause at the end of a chain: what was tried has been said.
func innermost(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}

// importFile imports a file. The guard is this one import's own: what is kept for
// kith run is the definition with its default, so that nobody lets a later run
// delete what only this one was to.
func (a *app) importFile(ctx context.Context, w *workspace.Workspace, def plan.Sync, guard plan.Guard, maps []string, planOnly bool) error {
	fingerprint, err := "", error(nil)
	if len(maps) > 0 {
		if def.Map, fingerprint, err = desk.MapColumns(ctx, w, def, maps); err != nil {
			return err
		}
	}
	s, err := a.keep(ctx, w, def, filepath.Dir(def.Source.File))
	if err != nil {
		return err
	}
	before := a.replaced[s.Name]
	s.Definition.Guard = guard
	j := &job{app: a, workspace: w, sync: s, asks: true, allowed: guard != def.Guard,
		hint: fmt.Sprintf("Say which column is what:  kith import %s --map %q", desk.Quoted(filepath.Base(def.Source.File)), "COLUMN=email")}
	if planOnly {
		_, err = j.showPlan(ctx, a.planWriter(false))
	} else {
		err = j.run(ctx)
	}
	if err := a.printRuns(err, false, j); err != nil {
		return err
	}
	if !j.applied {
		if err := a.setAside(ctx, w, before, s, j.planID); err != nil {
			return err
		}
	}
	if fingerprint != "" && j.applied {
		// Whoever maps columns by hand and applies it has confirmed the mapping for this header.
		return w.Store.Learn(ctx, fingerprint, def.Map)
	}
	return nil
}

func (a *app) planWriter(asList bool) *planWriter {
	return &planWriter{out: a.Stdout, format: a.format, asList: asList}
}

// applyHint is what to type to apply a plan later.
func applyHint(hash string) string { return fmt.Sprintf("kith apply %s", desk.Short(hash)) }
