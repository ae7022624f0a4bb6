package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) eraseContact(name *string) *cobra.Command {
	var everywhere bool
	cmd := &cobra.Command{
		Use: "erase ID|EMAIL", Short: "Forget a person for good, on their request", Args: exactly("an ID or EMAIL"),
		Long: `Erase removes a contact and its copies in the trash, takes the person's values out of
the history of runs, and removes the kept copies of sources that have the person. What
stays is a keyed hash of the e-mails, telephones and the identifier: it keeps every
import, linked sync and undo from bringing the person back. It cannot be undone.

At linked systems the records stay; --everywhere deletes them there as well. Backups
and the files that imports read are yours to look after.`,
		Example: "  kith contacts erase ada@example.com\n  kith contacts erase 17 --book friends --everywhere --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				p, err := desk.PersonNamed(ctx, w, b, args[0])
				if err != nil {
					return err
				}
				if err := a.confirm(desk.EraseQuestion(p, args[0], everywhere), eraseCommand(b, args[0], everywhere)); err != nil {
					return err
				}
				return a.erase(ctx, w, p, everywhere)
			})
		},
	}
	cmd.Flags().BoolVar(&everywhere, "everywhere", false, "delete the records at linked systems as well, for good where the system can")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

func eraseCommand(b store.Book, who string, everywhere bool) string {
	text := fmt.Sprintf("kith contacts erase %s --book %s", desk.Quoted(who), desk.Quoted(b.Name))
	if everywhere {
		text += " --everywhere"
	}
	return text
}

func (a *app) erase(ctx context.Context, w *workspace.Workspace, p run.Person, everywhere bool) error {
	report, err := desk.Erase(ctx, w, p, everywhere)
	if err != nil {
		return err
	}
	if len(report.Kept) > 0 || everywhere && len(report.Left) > 0 {
		a.exit = exitFailed
	}
	return one(a, report, shape[desk.EraseReport]{columns: []string{"suppression", "run", "contacts", "changes", "conflicts", "links", "sources"},
		row: func(r desk.EraseReport) []string {
			return []string{number(r.Suppression), number(r.Run), number(r.Contacts), number(r.Changes), number(r.Conflicts), number(r.Links), strconv.Itoa(r.Sources)}
		}}, func(out io.Writer) { eraseText(out, report) })
}

func eraseText(out io.Writer, r desk.EraseReport) {
	fmt.Fprintf(out, "erased: %s, %s of history, %s at other systems, %s\n", several(r.Contacts, "contact"), several(r.Changes, "row"),
		several(r.Links, "record"), several(int64(r.Sources), "kept file"))
	fmt.Fprintf(out, "  suppression %d keeps imports and linked syncs from bringing the person back; kith suppressions lift %d ends it\n", r.Suppression, r.Suppression)
	for _, there := range r.Runs {
		fmt.Fprintf(out, "  deleted at %s: %s, run %d\n", desk.Cell(there.Source), several(there.Totals.Deleted, "record"), there.Run)
		for _, note := range there.Notes {
			fmt.Fprintf(out, "    %s\n", desk.Cell(note))
		}
	}
	for _, l := range r.Left {
		if l.RemoteID == "" {
			fmt.Fprintf(out, "  perhaps at %s: a record whose creation got no answer. Erase again, by e-mail, after the next run there (%s)\n", desk.Cell(l.Connection), desk.Cell(l.Why))
			continue
		}
		fmt.Fprintf(out, "  still at %s: record %s. Delete it there (%s)\n", desk.Cell(l.Connection), desk.Cell(l.RemoteID), desk.Cell(l.Why))
	}
	if len(r.Left) > 0 {
		fmt.Fprintln(out, "  erase again, by e-mail and with --everywhere, to try what is left once more")
	}
	for _, c := range r.Also {
		fmt.Fprintf(out, "  contact %s of %s has the same e-mail: kith contacts erase %s --book %s\n", c.Contact, desk.Cell(c.Book), c.Contact, desk.Quoted(c.Book))
	}
	for _, name := range r.Kept {
		fmt.Fprintf(out, "  still in the kept copy %s, which an interrupted run needs. Erase again when it has ended\n", desk.Cell(name))
	}
	fmt.Fprintln(out, "  backups and the files that imports read are left to you")
}
