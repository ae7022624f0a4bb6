package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// bookFlags are a book's settings on the command line.
type bookFlags struct{ key, region, formula string }

func (f *bookFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.key, "key", "", "field that is the unique identifier, or generated")
	cmd.Flags().StringVar(&f.region, "region", "", "country of telephone numbers without one, such as GB")
	cmd.Flags().StringVar(&f.formula, "name-formula", "", `what contacts are called, such as 'last_name + ", " + first_name'`)
}

// change puts the flags that were given into a book.
func (f *bookFlags) change(cmd *cobra.Command, b *store.Book) error {
	flags := cmd.Flags()
	if flags.Changed("region") {
		b.Region = strings.ToUpper(strings.TrimSpace(f.region))
	}
	if flags.Changed("name-formula") {
		b.NameFormula = strings.TrimSpace(f.formula)
	}
	if flags.Changed("key") {
		b.KeyField, b.KeyMade = strings.TrimSpace(f.key), f.key == plan.KeyGenerated
	}
	if b.KeyMade {
		b.KeyField = desk.GeneratedKey
	}
	return desk.CheckRegion(b.Region)
}

func (a *app) createBook() *cobra.Command {
	var f bookFlags
	var fields []string
	cmd := &cobra.Command{
		Use: "create BOOK", Short: "Make an empty address book; import makes one by itself", Args: exactly("a BOOK"),
		Long: `Create makes an address book with a field for e-mail addresses. --field adds
others; the well-known ones have their kind already: first_name, last_name, phone,
mobile, login, password, language and more. The ID is given by kith, and the name
is the name field, else first and last name, else what --name-formula makes.`,
		Example: `  kith books create friends --region GB
  kith books create members --key member_no --field login,password,language
  kith books create staff --name-formula 'last_name + ", " + first_name'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b := store.Book{Name: strings.TrimSpace(args[0])}
			if err := f.change(cmd, &b); err != nil {
				return err
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				made, err := desk.CreateBook(ctx, w, b, fields)
				if err != nil {
					return err
				}
				return one(a, desk.ReportBook(made), bookShape(), func(out io.Writer) { fmt.Fprintf(out, "Made the book %s.\n", desk.Cell(made.Name)) })
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringSliceVar(&fields, "field", nil, "fields beside email, as NAME or NAME:KIND")
	return cmd
}

func onScreenName(name string) string { return cmp.Or(name, contact.Placeholder) }

func (a *app) setBook() *cobra.Command {
	var f bookFlags
	cmd := &cobra.Command{
		Use: "set BOOK", Short: "Change a book's settings", Args: exactly("a BOOK"),
		Long: `Set changes what contacts are called, and sets the unique identifier and the
country of telephone numbers. Those two say who is the same person as whom: once
set they stay as long as the book has contacts.`,
		Example: `  kith books set friends --name-formula 'last_name + ", " + first_name'
  kith books set friends --name-formula ''
  kith books set members --key member_no --region GB`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags := cmd.Flags(); !flags.Changed("name-formula") && !flags.Changed("key") && !flags.Changed("region") {
				return usage("%s needs --name-formula, --key or --region", cmd.CommandPath())
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, args[0])
				if err != nil {
					return err
				}
				changed := b
				if err := f.change(cmd, &changed); err != nil {
					return err
				}
				return a.configure(ctx, w, b, changed)
			})
		},
	}
	f.add(cmd)
	return cmd
}

// configure changes a book's settings and shows them.
func (a *app) configure(ctx context.Context, w *workspace.Workspace, old, changed store.Book) error {
	now, err := desk.Configure(ctx, w, old, changed)
	if err != nil {
		return err
	}
	return one(a, desk.ReportBook(now), bookShape(), func(out io.Writer) { bookText(out, desk.ReportBook(now)) })
}
