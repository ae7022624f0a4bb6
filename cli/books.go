package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

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
	return group(&cobra.Command{Use: "books", Short: "Make and see address books"}, list, show, a.createBook(), a.setBook(), a.deleteBook())
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
	if b.NameFormula != "" {
		fmt.Fprintf(out, "  contacts are called %s\n", cell(b.NameFormula))
	}
	for _, f := range b.Fields {
		fmt.Fprintf(out, "  %s (%s)\n", cell(f.Name), f.Kind)
	}
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
