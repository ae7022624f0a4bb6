package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

// companies are the commands that say which Account of a CRM a company is (E17, E18).
type companies struct {
	*app
	book string // --book
}

func (a *app) companiesCommand() *cobra.Command {
	o := &companies{app: a}
	cmd := group(&cobra.Command{Use: "companies", Short: "Companies of contacts, and which Accounts they are at a CRM"}, o.list(), o.link())
	cmd.PersistentFlags().StringVar(&o.book, "book", "contacts", "address book")
	return cmd
}

func (o *companies) list() *cobra.Command {
	var text string
	cmd := &cobra.Command{
		Use: "list", Short: "List the companies, those with most contacts first, and their Accounts", Args: exactly(),
		Example: "  kith companies list --search acme --book people",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, o.book)
				if err != nil {
					return err
				}
				all, err := desk.Companies(ctx, w, b, text)
				if err != nil {
					return err
				}
				return many(o.app, each(all), companyShape())
			})
		},
	}
	cmd.Flags().StringVar(&text, "search", "", "only companies with this text in their name")
	return o.orServer(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		b, err := o.bookAtServer(ctx, c, o.book)
		if err != nil {
			return err
		}
		return many(o.app, client.List[desk.CompanyReport](ctx, c, fmt.Sprintf("%s/books/%d/companies?q=%s", serverRoot, b.ID, url.QueryEscape(text))), companyShape())
	})
}

func companyShape() shape[desk.CompanyReport] {
	return shape[desk.CompanyReport]{columns: []string{"company", "contacts", "account", "connection"}, row: func(r desk.CompanyReport) []string {
		row := []string{r.Company, fmt.Sprint(r.Contacts), "", ""}
		if r.Account != nil {
			row[2], row[3] = r.Account.ID, r.Account.Connection
		}
		return row
	}}
}

func (o *companies) link() *cobra.Command {
	var connection string
	var none bool
	cmd := &cobra.Command{
		Use: "link COMPANY ACCOUNT", Short: "Say which Account of a CRM a company is",
		Long: "Say which Account of a CRM a company is, by the Account's ID or its whole name: for all contacts of the\n" +
			"company, as one run. The company is called as its Account is from then on. Without a link a company is\n" +
			"the Account with its name, and a new one where there is none.",
		Example: "  kith connections choices crm Account acme\n  kith companies link \"Acme\" \"Acme Corporation\" --book people\n  kith companies link \"Acme\" --none --book people",
		Args: func(cmd *cobra.Command, args []string) error {
			if none {
				return exactly("a COMPANY")(cmd, args)
			}
			return exactly("a COMPANY", "an ACCOUNT")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, o.book)
				if err != nil {
					return err
				}
				done, err := desk.LinkAccount(ctx, w, b, linkOf(args, connection))
				if err != nil {
					return err
				}
				return o.printLinked(args[0], done)
			})
		},
	}
	cmd.Flags().StringVar(&connection, "connection", "", "where the Account is (default: the CRM that the book is synced with)")
	cmd.Flags().BoolVar(&none, "none", false, "link it with none any more")
	return o.orServer(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		b, err := o.bookAtServer(ctx, c, o.book)
		if err != nil {
			return err
		}
		var done desk.AccountLinked
		if err := c.Do(ctx, http.MethodPost, fmt.Sprintf("%s/books/%d/companies:link", serverRoot, b.ID), linkOf(args, connection), &done); err != nil {
			return err
		}
		return o.printLinked(args[0], done)
	})
}

func linkOf(args []string, connection string) desk.AccountLink {
	return desk.AccountLink{Company: args[0], Account: append(args, "")[1], Connection: connection}
}

func (o *companies) printLinked(company string, done desk.AccountLinked) error {
	s := shape[desk.AccountLinked]{columns: []string{"run", "changed", "same", "refused"}, row: func(r desk.AccountLinked) []string {
		return []string{number(r.Run), number(r.Changed), number(r.Same), number(r.Refused)}
	}}
	if done.Refused > 0 {
		o.exit = max(o.exit, exitRejects)
	}
	return one(o.app, done, s, func(out io.Writer) {
		if done.Account != nil {
			fmt.Fprintf(out, "%s is the Account %s (%s) now", desk.Cell(company), desk.Cell(done.Account.Name), done.Account.ID)
		} else {
			fmt.Fprintf(out, "%s is linked with no Account any more", desk.Cell(company))
		}
		fmt.Fprintf(out, ": %s changed", several(done.Changed, "contact"))
		if done.Run != 0 {
			fmt.Fprintf(out, ", run %d", done.Run)
		}
		fmt.Fprintln(out)
		if done.Refused > 0 {
			fmt.Fprintf(out, "  %s changed meanwhile by somebody else: do it once more\n", several(done.Refused, "contact"))
		}
		if len(done.Unsent) > 0 {
			fmt.Fprintf(out, "  %s\n", desk.UnsentText(done.Unsent))
		}
		if done.Run != 0 {
			o.say("To take this back:  kith undo %d", done.Run)
		}
	})
}
