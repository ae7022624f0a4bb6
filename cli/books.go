package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// generatedKey is the field of generated 9-digit codes (C29).
const generatedKey = "unique_key"

func (a *app) booksCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the address books", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.read(cmd.Context(), a.listBooks) },
	}
	show := &cobra.Command{
		Use: "show BOOK", Short: "Show a book's settings and fields", Args: exactly("a BOOK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := book(ctx, w, args[0])
				if err != nil {
					return err
				}
				return one(a, bookReport(b), bookShape(), func(out io.Writer) { bookText(out, bookReport(b)) })
			})
		},
	}
	return group(&cobra.Command{Use: "books", Short: "Make and see address books"}, list, show, a.createBook(), a.deleteBook())
}

func (a *app) listBooks(ctx context.Context, w *workspace.Workspace) error {
	books, err := w.Store.Books(ctx)
	if err != nil {
		return err
	}
	reports := make([]BookReport, len(books))
	for i, b := range books {
		reports[i] = bookReport(b)
	}
	return many(a, each(reports), bookShape())
}

func bookReport(b store.Book) BookReport {
	return BookReport{Name: b.Name, Contacts: b.Population, Key: b.KeyField, Generated: b.KeyMade, Region: b.Region,
		NameFormula: b.NameFormula, Fields: spelled(b.Fields)}
}

func bookShape() shape[BookReport] {
	return shape[BookReport]{columns: []string{"name", "contacts", "fields", "key", "region"}, row: func(b BookReport) []string {
		return []string{b.Name, fmt.Sprint(b.Contacts), fmt.Sprint(len(b.Fields)), b.Key, b.Region}
	}}
}

func bookText(out io.Writer, b BookReport) {
	fmt.Fprintf(out, "%s  %d contacts", cell(b.Name), b.Contacts)
	if b.Key != "" {
		fmt.Fprintf(out, "  unique identifier %s", cell(b.Key))
	}
	if b.Region != "" {
		fmt.Fprintf(out, "  telephones of %s", b.Region)
	}
	fmt.Fprintln(out)
	for _, f := range b.Fields {
		fmt.Fprintf(out, "  %s (%s)\n", cell(f.Name), f.Kind)
	}
}

func (a *app) createBook() *cobra.Command {
	var key, region string
	cmd := &cobra.Command{
		Use: "create BOOK", Short: "Make an empty address book; import makes one by itself", Args: exactly("a BOOK"),
		Example: "  kith books create friends --region GB\n  kith books create members --key member_no",
		RunE: func(cmd *cobra.Command, args []string) error {
			b := store.Book{Name: strings.TrimSpace(args[0]), Region: strings.ToUpper(region), KeyField: key}
			if b.Name == "" {
				return usage("A book needs a name")
			}
			if key == plan.KeyGenerated {
				b.KeyField, b.KeyMade = generatedKey, true
			}
			if b.KeyField != "" {
				b.Fields = []contact.Field{{Name: b.KeyField, Kind: contact.Text}}
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				if _, err := w.Store.Book(ctx, b.Name); !errors.Is(err, store.ErrNotFound) {
					return refuseTwin(err, b.Name)
				}
				made, err := w.Store.CreateBook(ctx, b)
				if err != nil {
					return err
				}
				return one(a, bookReport(made), bookShape(), func(out io.Writer) { fmt.Fprintf(out, "Made the book %s.\n", cell(made.Name)) })
			})
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "field that is the unique identifier, or generated")
	cmd.Flags().StringVar(&region, "region", "", "country of telephone numbers without one, such as GB")
	return cmd
}

func refuseTwin(err error, name string) error {
	if err != nil {
		return err
	}
	return refuse("book.exists", "There is a book %q already. Nothing was changed. Choose another name", name)
}

func (a *app) deleteBook() *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete BOOK", Short: "Delete a book with all its contacts", Args: exactly("a BOOK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := book(ctx, w, args[0])
				if err != nil {
					return err
				}
				question := fmt.Sprintf("Delete the book %q with its %d contacts, its trash and their history? This cannot be undone.", b.Name, b.Population)
				if err := a.confirm(question, "kith books delete "+quoted(b.Name)); err != nil {
					return err
				}
				if err := w.Store.DeleteBook(ctx, b.ID); err != nil {
					return err
				}
				a.say("Deleted the book %s.", b.Name)
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}
