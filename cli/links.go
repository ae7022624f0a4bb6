package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) linksCommand() *cobra.Command {
	var only, name, connection string
	list := &cobra.Command{
		Use: "list", Short: "List which contact is which record", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error { return a.listLinks(ctx, w, only) })
		},
	}
	drop := &cobra.Command{
		Use: "drop EMAIL|ID", Short: "Forget whom a contact is linked with",
		Long: "Forget whom a contact is linked with, and what both last agreed on. Neither side is changed. The next run\n" +
			"looks at both as if they had never met: who was deleted at the other system is created there again.",
		Args: exactly("an EMAIL or ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				_, c, err := desk.OneContact(ctx, w, name, args[0])
				if err != nil {
					return err
				}
				n, err := w.Store.DropLinks(ctx, c.Ref, connection)
				if err != nil {
					return err
				}
				if n == 0 {
					return refuse("not_found", "Contact %d is linked with nothing%s. Nothing was changed", store.Number(c.Ref), at(connection))
				}
				a.say("Contact %d is no longer linked%s. The next run looks at both sides anew.", store.Number(c.Ref), at(connection))
				return nil
			})
		},
	}
	list.Flags().StringVar(&only, "book", "", "address book (default: all of them)")
	drop.Flags().StringVar(&name, "book", "contacts", "address book")
	drop.Flags().StringVar(&connection, "connection", "", "only at this connection")
	return group(&cobra.Command{Use: "links", Short: "See and drop who is who at a connection"}, list, drop)
}

func at(connection string) string {
	if connection == "" {
		return ""
	}
	return " at " + connection
}

// A LinkedReport is a line of kith links list.
type LinkedReport struct {
	Book    string `json:"book"`
	Contact string `json:"contact"`
	desk.LinkReport
}

func (a *app) listLinks(ctx context.Context, w *workspace.Workspace, name string) error {
	books, err := w.Store.Books(ctx)
	if err != nil {
		return err
	}
	if name != "" {
		b, err := desk.Book(ctx, w, name)
		if err != nil {
			return err
		}
		books = []store.Book{b}
	}
	reports := []LinkedReport{}
	for _, b := range books {
		links, err := w.Store.BookLinks(ctx, b.ID)
		if err != nil {
			return err
		}
		for _, l := range links {
			reports = append(reports, LinkedReport{b.Name, strconv.FormatInt(store.Number(l.Ref), 10),
				desk.LinkReport{Connection: l.Connection, Object: l.Object, RemoteID: l.RemoteID, Gone: l.State != store.There}})
		}
	}
	return many(a, each(reports), shape[LinkedReport]{columns: []string{"book", "contact", "connection", "object", "record", "gone"},
		row: func(l LinkedReport) []string {
			return []string{l.Book, l.Contact, l.Connection, l.Object, l.RemoteID, map[bool]string{true: "gone there"}[l.Gone]}
		}})
}
