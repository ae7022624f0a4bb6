package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) booksCommand() *cobra.Command {
	every := false
	list := &cobra.Command{
		Use: "list", Short: "List the address books", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error { return a.listBooks(ctx, w, every) })
		},
	}
	list.Flags().BoolVar(&every, "all", false, "also those that Kith fills itself with what it sends: campaign members, meetings")
	show := &cobra.Command{
		Use: "show BOOK", Short: "Show a book's settings and fields", Args: exactly("a BOOK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, args[0])
				if err != nil {
					return err
				}
				return one(a, desk.ReportBook(b), bookShape(), func(out io.Writer) { bookText(out, desk.ReportBook(b)) })
			})
		},
	}
	return group(&cobra.Command{Use: "books", Short: "Make and see address books"}, list, show, a.createBook(), a.setBook(), a.deleteBook())
}

func (a *app) listBooks(ctx context.Context, w *workspace.Workspace, every bool) error {
	books, err := desk.BooksOf(ctx, w, every)
	if err != nil {
		return err
	}
	reports := make([]desk.BookReport, len(books))
	for i, b := range books {
		reports[i] = desk.ReportBook(b)
	}
	return many(a, each(reports), bookShape())
}

func bookShape() shape[desk.BookReport] {
	return shape[desk.BookReport]{columns: []string{"name", "contacts", "fields", "key", "region"}, row: func(b desk.BookReport) []string {
		return []string{b.Name, fmt.Sprint(b.Contacts), fmt.Sprint(len(b.Fields)), b.Key, b.Region}
	}}
}

func bookText(out io.Writer, b desk.BookReport) {
	fmt.Fprintf(out, "%s  %d contacts", desk.Cell(b.Name), b.Contacts)
	if b.Key != "" {
		fmt.Fprintf(out, "  unique identifier %s", desk.Cell(b.Key))
	}
	if b.Region != "" {
		fmt.Fprintf(out, "  telephones of %s", b.Region)
	}
	fmt.Fprintln(out)
	if b.NameFormula != "" {
		fmt.Fprintf(out, "  contacts are called %s\n", desk.Cell(b.NameFormula))
	}
	for _, f := range b.Fields {
		fmt.Fprintf(out, "  %s (%s)\n", desk.Cell(f.Name), f.Kind)
	}
}

func (a *app) deleteBook() *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete BOOK", Short: "Delete a book with all its contacts", Args: exactly("a BOOK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, args[0])
				if err != nil {
					return err
				}
				question := fmt.Sprintf("Delete the book %q with its %d contacts, its trash and their history? This cannot be undone.", b.Name, b.Population)
				if err := a.confirm(question, "kith books delete "+desk.Quoted(b.Name)); err != nil {
					return err
				}
				if err := desk.Free(ctx, w, syncfile.KindBook, b.Name); err != nil {
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
