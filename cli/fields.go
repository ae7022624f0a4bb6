package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) fieldsCommand() *cobra.Command {
	var name string
	list := &cobra.Command{
		Use: "list", Short: "List a book's fields", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, name)
				if err != nil {
					return err
				}
				return many(a, each(b.Fields), fieldShape())
			})
		},
	}
	cmd := group(&cobra.Command{Use: "fields", Short: "See, add and remove the fields of a book"}, list, a.addField(&name), a.removeField(&name))
	cmd.PersistentFlags().StringVar(&name, "book", "contacts", "address book")
	return cmd
}

func fieldShape() shape[contact.Field] {
	return shape[contact.Field]{columns: []string{"name", "label", "kind"},
		row: func(f contact.Field) []string { return []string{f.Name, f.Label, string(f.Kind)} }}
}

func (a *app) addField(name *string) *cobra.Command {
	var kind, label string
	cmd := &cobra.Command{
		Use: "add FIELD", Short: "Add a field", Args: exactly("a FIELD"),
		Example: "  kith fields add birthday --kind date",
		RunE: func(cmd *cobra.Command, args []string) error {
			f := contact.Field{Name: strings.TrimSpace(args[0]), Label: label, Kind: contact.Kind(kind)}
			if err := desk.CheckField(f); err != nil {
				return err
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				if err := desk.AddField(ctx, w, b, f); err != nil {
					return err
				}
				a.say("Added the field %s to %s.", f.Name, b.Name)
				return done(a, f, fieldShape())
			})
		},
	}
	cmd.Flags().StringVar(&kind, "kind", string(contact.Text), desk.FieldKinds())
	cmd.Flags().StringVar(&label, "label", "", "what people see")
	return cmd
}

func (a *app) removeField(name *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove FIELD", Short: "Remove a field with its values", Args: exactly("a FIELD"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				if err := desk.Removable(b, args[0]); err != nil {
					return err
				}
				question := fmt.Sprintf("Remove the field %q from %s with the values of %d contacts? This cannot be undone.", args[0], b.Name, b.Population)
				if err := a.confirm(question, fmt.Sprintf("kith fields remove %s --book %s", desk.Quoted(args[0]), desk.Quoted(b.Name))); err != nil {
					return err
				}
				if err := desk.RemoveField(ctx, w, b, args[0]); err != nil {
					return err
				}
				a.say("Removed the field %s from %s.", args[0], b.Name)
				f, _ := b.Schema().Field(args[0])
				return done(a, f, fieldShape())
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}
