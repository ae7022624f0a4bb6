package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) exportContacts(name *string) *cobra.Command {
	var form, to string
	var force bool
	cmd := &cobra.Command{
		Use: "export", Short: "Write a book as CSV or vCard", Args: exactly(),
		Long: `Export writes a book in one of three forms:
  data         CSV, every value byte for byte; for programs and for kith itself
  spreadsheet  CSV that is safe to open in a spreadsheet: no value is taken for a
               formula. kith import takes exactly that guard off again
  vcard        vCard 4.0, for address books
Passwords never leave: data has a blank, spreadsheet shows dots, vcard has none.`,
		Example: `  kith contacts export > contacts.csv
  kith contacts export --form spreadsheet --to contacts.csv
  kith contacts export --form vcard --to contacts.vcf`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := desk.ExportForm(form)
			if err != nil {
				return err
			}
			if err := writesWhat(to, form); err != nil {
				return err
			}
			if info, err := os.Stat(to); to != "" && err == nil && info.Mode().IsRegular() && !force {
				return refuse("file.exists", "%s is there already. Nothing was written. Name another file, or replace it with --force", to)
			}
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				contacts := w.Store.Contacts(ctx, b, 0)
				if to == "" {
					return write(a.Stdout, b, contacts)
				}
				n := int64(0)
				err = replaceFile(to, func(out io.Writer) error { return write(out, b, counting(contacts, &n)) })
				if err == nil {
					a.say("Wrote %s: %s.", to, several(n, "contact"))
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&form, "form", "data", "data, spreadsheet or vcard")
	cmd.Flags().StringVar(&to, "to", "", "file to write to (default: standard output)")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file when it is there already")
	return cmd
}

// writesWhat refuses a file whose name promises another form than it would have.
func writesWhat(to, form string) error {
	switch ext := strings.ToLower(filepath.Ext(to)); {
	case slices.Contains([]string{".xlsx", ".xls", ".xlsm", ".ods", ".numbers"}, ext):
		return usage("%s would not be what its name says: export writes CSV or vCard. Nothing was written. Name it %s and add --form spreadsheet: it opens in any spreadsheet program", to, strings.TrimSuffix(to, filepath.Ext(to))+".csv")
	case ext == ".vcf" && form != "vcard":
		return usage("%s would not be what its name says: the form %s is CSV. Nothing was written. Add --form vcard, or name it .csv", to, form)
	case ext == ".csv" && form == "vcard":
		return usage("%s would not be what its name says: the form vcard is none of CSV. Nothing was written. Name it .vcf", to)
	}
	return nil
}

// counting counts what it yields.
func counting(contacts iter.Seq2[store.Contact, error], n *int64) iter.Seq2[store.Contact, error] {
	return func(yield func(store.Contact, error) bool) {
		for c, err := range contacts {
			if *n++; !yield(c, err) {
				return
			}
		}
	}
}

// replaceFile writes a file next to its place and moves it there when it is
// complete: whoever reads it never sees half of it.
func replaceFile(path string, write func(io.Writer) error) error {
	err := writeAndMove(path, write)
	var onDisk *fs.PathError
	var onMove *os.LinkError
	if errors.As(err, &onDisk) || errors.As(err, &onMove) {
		return unwritable(path, err)
	}
	return err
}

// unwritable says that a file could not be written where it was asked for.
func unwritable(path string, err error) error {
	return refuse("file.unwritable", "%s could not be written: %v. No contact was changed. Check its name, its folder and the free space", path, innermost(err))
}

func writeAndMove(path string, write func(io.Writer) error) error {
	part := path + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(part) // after the move it is gone
	defer file.Close()
	if err := write(file); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(part, path)
}
