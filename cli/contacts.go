package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) contactsCommand() *cobra.Command {
	var name string
	list := a.listContacts(&name)
	cmd := group(&cobra.Command{Use: "contacts", Short: "See, edit, merge, export and erase contacts"}, list,
		a.showContact(&name), a.addContact(&name), a.editContact(&name), a.deleteContacts(&name), a.restoreContacts(&name),
		a.mergeContacts(&name), a.exportContacts(&name), a.discloseContact(&name), a.eraseContact(&name))
	cmd.PersistentFlags().StringVar(&name, "book", "contacts", "address book")
	return cmd
}

func (a *app) listContacts(name *string) *cobra.Command {
	var search string
	cmd := &cobra.Command{
		Use: "list", Short: "List all contacts of a book", Args: exactly(),
		Example: "  kith contacts list --search example.com\n  kith contacts list --book friends -o jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				return a.printContacts(b, matching(w.Store.Contacts(ctx, b, 0), search))
			})
		},
	}
	cmd.Flags().StringVar(&search, "search", "", "only contacts with this text in some value")
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		return a.contactsAtServer(ctx, c, *name, search)
	})
}

func matching(all iter.Seq2[store.Contact, error], text string) iter.Seq2[store.Contact, error] {
	text = strings.ToLower(text)
	return func(yield func(store.Contact, error) bool) {
		for c, err := range all {
			found := err != nil || text == ""
			for _, v := range c.Values {
				found = found || strings.Contains(strings.ToLower(v), text)
			}
			if found && !yield(c, err) {
				return
			}
		}
	}
}

// printContacts prints contacts as they come. A table shows the fields that fit
// a screen; the other formats have all of them.
func (a *app) printContacts(b store.Book, contacts iter.Seq2[store.Contact, error]) error {
	if a.human() {
		at, left := desk.ColumnsOnScreen(b)
		err := many(a, contacts, screenShape(b, at))
		if err == nil && left > 0 {
			a.say("%s more; -o csv shows all.", several(int64(left), "field"))
		}
		return err
	}
	if a.format == "csv" {
		return many(a, contacts, contactShape(b))
	}
	n := desk.Naming(b)
	return many(a, func(yield func(desk.ContactReport, error) bool) {
		for c, err := range contacts {
			if !yield(desk.ReportContact(b, n, c), err) || err != nil {
				return
			}
		}
	}, shape[desk.ContactReport]{})
}

func contactShape(b store.Book) shape[store.Contact] {
	s := shape[store.Contact]{columns: []string{"id"}}
	for _, f := range b.Fields {
		s.columns = append(s.columns, f.Name)
	}
	s.row = func(c store.Contact) []string {
		row := []string{strconv.FormatInt(store.Number(c.Ref), 10)}
		for i, f := range b.Fields {
			row = append(row, desk.Shown(f, c, i))
		}
		return row
	}
	return s
}

func screenShape(b store.Book, at []int) shape[store.Contact] {
	s, called := shape[store.Contact]{columns: []string{"id", "name"}}, desk.Naming(b)
	for _, i := range at {
		s.columns = append(s.columns, b.Fields[i].Name)
	}
	s.row = func(c store.Contact) []string {
		row := []string{strconv.FormatInt(store.Number(c.Ref), 10), called.Name(c.Values)}
		for _, i := range at {
			row = append(row, desk.Shown(b.Fields[i], c, i))
		}
		return row
	}
	return s
}

func (a *app) showContact(name *string) *cobra.Command {
	return a.orServer(&cobra.Command{
		Use: "show ID|EMAIL", Short: "Show one contact with all its values", Args: exactly("an ID or EMAIL"),
		Example: "  kith contacts show ada@example.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, c, err := a.leadTo(ctx, w, *name, args[0])
				if err != nil {
					return err
				}
				links, waiting, err := desk.InStep(ctx, w, b, c.Ref, false)
				if err != nil {
					return err
				}
				return a.printContact(b, c, inStep{links, waiting})
			})
		},
	}, func(ctx context.Context, c *client.Client, args []string) error {
		return a.contactAtServer(ctx, c, *name, args[0])
	})
}

// inStep is who a contact is at other systems, and how far it is in step with them
// (E14).
type inStep struct {
	Links   []desk.ContactLink `json:"links"`
	Waiting *desk.Waiting      `json:"waiting,omitempty"`
}

// A shownContact is what contacts show prints.
type shownContact struct {
	desk.ContactReport
	inStep
}

func (a *app) printContact(b store.Book, c store.Contact, at inStep) error {
	if a.format == "csv" {
		return many(a, only(c), contactShape(b))
	}
	r := shownContact{desk.ReportContact(b, desk.Naming(b), c), at}
	return one(a, r, shape[shownContact]{}, func(out io.Writer) { contactText(out, b, c, at) })
}

// leadTo finds a contact to look at. The ID of one that was merged leads to the
// contact that was kept.
func (a *app) leadTo(ctx context.Context, w *workspace.Workspace, bookName, who string) (store.Book, store.Contact, error) {
	b, err := desk.Book(ctx, w, bookName)
	if err != nil {
		return b, store.Contact{}, err
	}
	for {
		into, run, err := desk.MergedInto(ctx, w, b, who)
		if err != nil {
			return b, store.Contact{}, err
		}
		if into == 0 {
			break
		}
		a.say("Contact %s was merged into contact %d by run %d.", who, into, run)
		who = strconv.FormatInt(into, 10)
	}
	c, err := desk.ContactIn(ctx, w, b, who)
	return b, c, err
}

func contactText(out io.Writer, b store.Book, c store.Contact, at inStep) {
	fmt.Fprintf(out, "%s  contact %d in %s\n", desk.Cell(desk.Naming(b).Name(c.Values)), store.Number(c.Ref), desk.Cell(b.Name))
	t := newTable(out, nil)
	for i, f := range b.Fields {
		if v := desk.Shown(f, c, i); v != "" {
			_ = t.add([]string{"  " + f.Name, v}) // a terminal that is gone needs no error
		}
	}
	_ = t.flush()
	for _, l := range at.Links {
		fmt.Fprintf(out, "  at %s:  %s  %s, last sync %s", desk.Cell(strings.TrimSpace(l.Connection+" "+l.Object)), desk.Cell(l.RemoteID), syncStatus(l), lastSync(l))
		if l.Address != "" {
			fmt.Fprintf(out, "  %s", desk.Cell(l.Address))
		}
		fmt.Fprintln(out)
	}
	if at.Waiting != nil {
		fmt.Fprintf(out, "  %s (run %d)\n", waitingText(*at.Waiting), at.Waiting.Run)
	}
	fmt.Fprintf(out, "  why:  kith explain %d --book %s\n", store.Number(c.Ref), desk.Quoted(b.Name))
}
