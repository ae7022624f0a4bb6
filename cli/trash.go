package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) trashCommand() *cobra.Command {
	var name string
	list := &cobra.Command{
		Use: "list", Short: "List deleted contacts, the latest first", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, name)
				if err != nil {
					return err
				}
				trash, err := w.Store.TrashedContacts(ctx, b)
				if err != nil {
					return err
				}
				return a.printContacts(b, each(trash))
			})
		},
	}
	cmd := group(&cobra.Command{
		Use: "trash", Short: "See, bring back and remove deleted contacts",
		Long: `Trash lists the contacts of a book that were deleted. What a sync deleted is kept
for 30 days. What you deleted yourself is kept until the trash is emptied: it is
what keeps a sync from bringing the same people in again.`,
		Example: "  kith trash\n  kith trash restore 17\n  kith trash empty --book friends",
	}, list, a.restoreContacts(&name), a.emptyTrash(&name))
	cmd.PersistentFlags().StringVar(&name, "book", "contacts", "address book")
	return cmd
}

// restoreContacts is both contacts restore and trash restore.
func (a *app) restoreContacts(name *string) *cobra.Command {
	return &cobra.Command{
		Use: "restore WHO...", Short: "Take contacts out of the trash, each by ID, unique identifier, e-mail or telephone", Args: atLeast(1, "an ID or EMAIL"),
		Example: "  kith trash restore 17\n  kith contacts restore ada@example.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				changes, err := desk.Restorings(ctx, w, b, args)
				if err != nil {
					return err
				}
				return a.editing(ctx, w, b, "restore", changes...)
			})
		},
	}
}

func (a *app) emptyTrash(name *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "empty", Short: "Remove the deleted contacts of a book for good", Args: exactly(),
		Example: "  kith trash empty --book friends --yes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				trash, err := w.Store.TrashedContacts(ctx, b)
				if err != nil {
					return err
				}
				if len(trash) == 0 {
					a.say("The trash of %s is empty.", b.Name)
					return nil
				}
				question := fmt.Sprintf("Remove %s from the trash of %q for good? This cannot be undone, and an import that has them brings them in again.", several(int64(len(trash)), "contact"), b.Name)
				if err := a.confirm(question, "kith trash empty --book "+desk.Quoted(b.Name)); err != nil {
					return err
				}
				n, err := w.Store.EmptyTrash(ctx, b.ID)
				if err == nil {
					a.say("Removed %s for good.", several(n, "contact"))
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}
