package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) configCommand() *cobra.Command {
	return group(&cobra.Command{Use: "config", Short: "Keep the configuration in files, and those in git",
		Long: `Config writes the configuration to a folder of YAML files, and makes the configuration
what such files say: syncs with their schedules and who is told, connections, channels,
and books with their fields. Contacts and runs are not part of it. Secrets neither: a file
says where one comes from, ${env:NAME} or ${file:PATH}.`,
		Example: `  kith config export -f conf
  kith config plan -f conf
  kith config apply -f conf`}, a.configExport(), a.configPlan(), a.configDiff(), a.configApply(), a.configDetach())
}

func (a *app) configExport() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use: "export", Short: "Write the configuration to a folder, or print it", Args: exactly(),
		Long: `Export writes one file for each sync, connection, channel and book; what was applied
from a file is written to the file of that name again. Files of other names stay. Without
--folder everything is printed as one stream of documents, with -o json as a list of files.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error { return a.exportConfig(ctx, w, folder) })
		},
	}
	cmd.Flags().StringVarP(&folder, "folder", "f", "", "folder to write to")
	return cmd
}

func (a *app) exportConfig(ctx context.Context, w *workspace.Workspace, folder string) error {
	from, err := absolute(folder)
	if err != nil {
		return err
	}
	files, err := desk.ExportConfig(ctx, w, from)
	if err != nil {
		return err
	}
	if folder == "" && !a.human() && a.format != "yaml" {
		return many(a, each(files), configFileShape())
	}
	if folder == "" {
		for i, f := range files {
			if i > 0 {
				fmt.Fprintln(a.Stdout, "---")
			}
			fmt.Fprint(a.Stdout, f.Text)
		}
		return nil
	}
	for _, f := range files {
		path := filepath.Join(folder, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return unwritable(path, err)
		}
		if err := os.WriteFile(path, []byte(f.Text), 0o644); err != nil { //nolint:gosec // nothing secret is in it
			return unwritable(path, err)
		}
	}
	a.say("Wrote %s to %s.", several(int64(len(files)), "file"), folder)
	if a.human() {
		return nil
	}
	return many(a, each(files), configFileShape())
}

func configFileShape() shape[desk.ConfigFile] {
	return shape[desk.ConfigFile]{columns: []string{"name", "text"}, row: func(f desk.ConfigFile) []string { return []string{f.Name, f.Text} }}
}

// absolute is a folder's whole path; of none it is empty.
func absolute(folder string) (string, error) {
	if folder == "" {
		return "", nil
	}
	return filepath.Abs(folder)
}

// configFlags are those of the commands that read a folder.
type configFlags struct {
	folder   string
	prune    bool
	detailed bool
}

func (f *configFlags) add(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVarP(&f.folder, "folder", "f", "", "folder with the YAML files (required)")
	cmd.Flags().BoolVar(&f.prune, "prune", false, "delete what came from a file and is in none any more")
	return cmd
}

func (a *app) configPlan() *cobra.Command {
	var f configFlags
	cmd := f.add(&cobra.Command{
		Use: "plan", Short: "See what apply would change; write nothing", Args: exactly(), Example: "  kith config plan -f conf --prune",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.planConfig(cmd.Context(), f, false) },
	})
	cmd.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit 2 when something would change")
	return cmd
}

func (a *app) configDiff() *cobra.Command {
	var f configFlags
	cmd := f.add(&cobra.Command{
		Use: "diff", Short: "The same line by line", Args: exactly(), Example: "  kith config diff -f conf",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.planConfig(cmd.Context(), f, true) },
	})
	cmd.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit 2 when something would change")
	return cmd
}

func (a *app) planConfig(ctx context.Context, f configFlags, lines bool) error {
	files, o, err := a.configFiles(f)
	if err != nil {
		return err
	}
	return a.read(ctx, func(ctx context.Context, w *workspace.Workspace) error {
		p, err := desk.PlanConfig(ctx, w, files, o)
		if err != nil {
			return inFolder(f.folder, err)
		}
		if f.detailed && !p.Empty() {
			a.exit = exitChanges
		}
		return a.printConfig(p, lines)
	})
}

func (a *app) configApply() *cobra.Command {
	var f configFlags
	cmd := f.add(&cobra.Command{
		Use: "apply", Short: "Make the configuration what the files say", Args: exactly(),
		Long: `Apply does everything that the files ask for, or nothing when anything in them is wrong.
What they do not name stays as it is. With --prune what came from a file, and is in none
any more, is deleted; a book only when it has no contacts.`,
		Example: "  kith config apply -f conf\n  kith config apply -f conf --prune --yes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, o, err := a.configFiles(f)
			if err != nil {
				return err
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				p, err := desk.PlanConfig(ctx, w, files, o)
				if err != nil {
					return inFolder(f.folder, err)
				}
				if err := a.agreedToPrune(p, f.folder); err != nil {
					return err
				}
				if p, err = desk.ApplyConfig(ctx, w, files, o); err != nil {
					return inFolder(f.folder, err)
				}
				return a.printConfig(p, false)
			})
		},
	})
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask before deleting")
	return cmd
}

// agreedToPrune asks before anything is deleted.
func (a *app) agreedToPrune(p desk.ConfigPlan, folder string) error {
	var gone []string
	for _, c := range p.Changes {
		if c.Action == desk.ConfigDelete {
			gone = append(gone, strings.ToLower(c.Kind)+" "+desk.Quoted(c.Name))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return a.confirm(fmt.Sprintf("Delete what no file names any more: %s?", strings.Join(gone, ", ")),
		"kith config apply --prune -f "+desk.Quoted(folder))
}

func (a *app) configDetach() *cobra.Command {
	return &cobra.Command{
		Use: "detach KIND NAME", Short: "Let something that came from a file be changed here again", Args: exactly("a KIND", "a NAME"),
		Example: "  kith config detach Sync people",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				if err := desk.Detach(ctx, w, args[0], args[1]); err != nil {
					return err
				}
				a.say("%s is changed here again. Applying its file takes it back.", args[1])
				return nil
			})
		},
	}
}

// printConfig prints what changes, or did.
func (a *app) printConfig(p desk.ConfigPlan, lines bool) error {
	return one(a, p, shape[desk.ConfigPlan]{columns: []string{"changes", "same"}, row: func(p desk.ConfigPlan) []string {
		return []string{fmt.Sprint(len(p.Changes)), fmt.Sprint(p.Same)}
	}}, func(out io.Writer) { configText(out, p, lines) })
}

func configText(out io.Writer, p desk.ConfigPlan, lines bool) {
	for _, c := range p.Changes {
		fmt.Fprintf(out, "%-7s %s %s  (%s)\n", c.Action, strings.ToLower(c.Kind), desk.Cell(c.Name), desk.Cell(c.File))
		for _, note := range c.Notes {
			fmt.Fprintf(out, "        %s\n", note)
		}
		for _, line := range c.Diff {
			if lines || c.Action == desk.ConfigUpdate && line[0] != ' ' {
				fmt.Fprintf(out, "        %s\n", plain(line))
			}
		}
	}
	switch {
	case p.Empty():
		fmt.Fprintf(out, "Nothing to change: %s as the files say.\n", several(int64(p.Same), "thing"))
	case p.Applied:
		fmt.Fprintf(out, "Applied %s; %d as before.\n", several(int64(len(p.Changes)), "change"), p.Same)
	default:
		fmt.Fprintf(out, "%s; %d as the files say. Nothing was written.\n", several(int64(len(p.Changes)), "change"), p.Same)
	}
}

// configFiles reads the YAML files of a folder. Hidden files and folders, such as
// .git, are left out.
func (a *app) configFiles(f configFlags) (files []desk.ConfigFile, o desk.ConfigOptions, err error) {
	if f.folder == "" {
		return nil, o, usage("Which folder? Name it with --folder")
	}
	if o.Folder, err = filepath.Abs(f.folder); err != nil {
		return nil, o, err
	}
	o.Prune, o.Resolve = f.prune, a.secretFor(o.Folder)
	err = filepath.WalkDir(f.folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != f.folder && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(path))):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(f.folder, path)
		files = append(files, desk.ConfigFile{Name: filepath.ToSlash(name), Text: string(text)})
		return err
	})
	if err != nil {
		return nil, o, usage("The folder %s cannot be read: %v. Nothing was changed", f.folder, innermost(err))
	}
	if len(files) == 0 {
		return nil, o, usage("There is no .yaml file in %s. Nothing was changed. kith config export -f %s writes some", f.folder, desk.Quoted(f.folder))
	}
	return files, o, nil
}

const mostSecret = 1 << 16 // bytes of a file with a secret

// secretFor finds secrets in the environment, and in files seen from the folder.
func (a *app) secretFor(folder string) func(source, name string) (string, error) {
	return func(source, name string) (string, error) {
		if source == "env" {
			if a.Getenv(name) == "" {
				return "", errors.New("the environment has no " + name)
			}
			return a.Getenv(name), nil
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		info, err := os.Stat(name)
		if err != nil {
			return "", innermost(err)
		}
		if info.Size() > mostSecret {
			return "", errors.New("the file is too large to be a secret")
		}
		text, err := os.ReadFile(name)
		return strings.TrimRight(string(text), "\r\n"), err
	}
}

// inFolder names the files of mistakes as seen from here.
func inFolder(folder string, err error) error {
	found := syncfile.All(err)
	for _, e := range found {
		if e.File != "" {
			e.File = filepath.Join(folder, filepath.FromSlash(e.File))
		}
	}
	return err
}
