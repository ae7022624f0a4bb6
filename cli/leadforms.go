package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// form are the commands of the pages by which people come into the inbox.
func (l *leads) form() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the forms of a book", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return l.in(l.read, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, _ int64) error {
				all, err := desk.Forms(ctx, w, b)
				if err != nil {
					return err
				}
				return many(l.app, each(all), formShape)
			})
		},
	}
	return group(&cobra.Command{
		Use: "form", Short: "Pages without sign-in by which people come into the inbox",
		Long: `A capture form is a page that kith serve shows to whoever has its address: for the
telephones of visitors, a tablet at the stand, or a program that sends JSON. The address
is a secret that is shown once.`,
		Example: "  kith leads form add \"Stay in touch\" --event 1 --fields email,first_name,last_name",
	}, list, l.addForm(), l.closeForm("close", "Have a form take nobody any more", true), l.closeForm("open", "Have a closed form take people again", false), l.removeForm())
}

var formShape = shape[desk.FormReport]{columns: []string{"form", "title", "event", "fields", "required", "closed"}, row: func(f desk.FormReport) []string {
	closed := ""
	if f.Closed {
		closed = "closed"
	}
	return []string{fmt.Sprint(f.Form), f.Title, number(f.Event), strings.Join(f.Fields, " "), strings.Join(f.Required, " "), closed}
}}

func (l *leads) addForm() *cobra.Command {
	var fields, required []string
	cmd := &cobra.Command{
		Use: "add TITLE", Short: "Make a form and print its address, this once", Args: exactly("a TITLE"),
		Example: "  kith leads form add \"Stay in touch\" --event \"Spring Expo\" --fields email,first_name,company --required email",
		RunE: func(cmd *cobra.Command, args []string) error {
			return l.in(l.write, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, event int64) error {
				f, err := desk.AddForm(ctx, w, b, desk.FormRequest{Title: args[0], Event: event, Fields: fields, Required: required})
				if err != nil {
					return err
				}
				return one(l.app, f, formShape, func(out io.Writer) {
					fmt.Fprintln(out, f.Address)
					l.say("Form %d. This is its path at your server's address. It is shown this once: whoever has it can put people into the inbox.", f.Form)
				})
			})
		},
	}
	cmd.Flags().StringSliceVar(&fields, "fields", nil, "what it asks for (default name, e-mail, telephone, company, title)")
	cmd.Flags().StringSliceVar(&required, "required", nil, "what has to be filled (default the e-mail)")
	return l.atEvent(cmd, "where those were met who come by it: the ID or name of an event")
}

func (l *leads) closeForm(verb, short string, closed bool) *cobra.Command {
	return l.oneForm(verb, short, func(ctx context.Context, w *workspace.Workspace, b store.Book, id int64) error {
		return desk.CloseForm(ctx, w, b, id, closed)
	})
}

func (l *leads) removeForm() *cobra.Command {
	return l.oneForm("remove", "Remove a form; who came by it stays in the inbox", desk.RemoveForm)
}

func (l *leads) oneForm(verb, short string, do func(context.Context, *workspace.Workspace, store.Book, int64) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " FORM", Short: short, Args: exactly("a FORM"), Example: "  kith leads form " + verb + " 1",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := leadNumber(args[0])
			if err != nil {
				return usage("%q is not the number of a form. kith leads form lists them", args[0])
			}
			return l.in(l.write, cmd, func(ctx context.Context, w *workspace.Workspace, b store.Book, _ int64) error {
				if err := do(ctx, w, b, id); err != nil {
					return err
				}
				l.say("Done: %s form %d.", verb, id)
				return nil
			})
		},
	}
}
