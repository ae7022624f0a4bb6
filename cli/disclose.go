package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) discloseContact(name *string) *cobra.Command {
	return &cobra.Command{
		Use: "disclose ID|EMAIL", Short: "Write out all that is known about one person", Args: exactly("an ID or EMAIL"),
		Long: `Disclose writes out everything that is known about one person: values and where each
came from, history, copies in the trash, records at other systems, conflicts, kept
copies of files, and whether the person was erased. With an EMAIL it looks in every
book. Passwords are never shown.`,
		Example: "  kith contacts disclose ada@example.com -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				only := ""
				if _, err := strconv.ParseInt(args[0], 10, 64); err == nil || cmd.Flags().Changed("book") {
					only = *name // an ID means something in one book only
				}
				report, err := desk.Disclosure(ctx, w, only, args[0])
				if err != nil {
					return err
				}
				if len(report.Books) == 0 && len(report.Erased) == 0 {
					return refuse("not_found", "Nobody is known as %q here: no contact, no record of a run, no erasure. Check the spelling", args[0])
				}
				return a.printDisclosure(report)
			})
		},
	}
}

func (a *app) printDisclosure(r desk.DisclosureReport) error {
	if a.format == "csv" {
		return many(a, each(disclosedValues(r)), originShape())
	}
	return one(a, r, shape[desk.DisclosureReport]{}, func(out io.Writer) { disclosureText(out, r) })
}

func disclosedValues(r desk.DisclosureReport) (rows []origin) {
	for _, b := range r.Books {
		for _, f := range b.Values {
			rows = append(rows, origin{b.Book, b.Contact, f})
		}
	}
	return rows
}

func disclosureText(out io.Writer, r desk.DisclosureReport) {
	for _, b := range r.Books {
		explainText(out, desk.Explanation{Explanation: run.Explanation{Book: b.Book, ID: b.Contact, Found: b.Contact != "" && !b.InTrash, Trashed: b.InTrash,
			MergedFrom: b.Merged, Fields: b.Values, History: b.History}, Name: b.Name, Who: r.Asked})
		for _, c := range b.Trash {
			fmt.Fprintf(out, "  in the trash: contact %d, %s\n", c.ID, several(int64(len(c.Fields)), "value"))
		}
		for _, l := range b.Links {
			fmt.Fprintf(out, "  at %s: record %s (%s), %s seen\n", desk.Cell(l.Connection), desk.Cell(l.RemoteID), l.State, several(int64(len(l.Seen)), "value"))
		}
		for _, c := range b.Conflicts {
			fmt.Fprintf(out, "  conflict %d about %s: %q here, %q there\n", c.Conflict, desk.Cell(c.Field), c.Ours, c.Theirs)
		}
		for _, c := range b.Copies {
			fmt.Fprintf(out, "  in the kept copy of %s, run %d\n", desk.Cell(c.Source), c.Run)
		}
	}
	for _, e := range r.Erased {
		fmt.Fprintf(out, "erased on request on %s; suppression %d keeps the person from coming back\n", e.Erased.Format(time.DateOnly), e.Suppression)
	}
	if len(r.Books) > 0 {
		fmt.Fprintln(out, "-o json has everything, with the values that other systems and the trash hold")
	}
}
