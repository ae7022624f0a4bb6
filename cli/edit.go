package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// editing carries changes by hand out and reports the run.
func (a *app) editing(ctx context.Context, w *workspace.Workspace, b store.Book, what string, changes ...plan.Change) error {
	j := &job{app: a, workspace: w}
	r, err := w.Engine.Edit(ctx, b, what, changes)
	if err != nil {
		return a.printRuns(j.failed(ctx, r, err), false, j)
	}
	j.finished(r)
	return a.printRuns(nil, false, j)
}

func (a *app) addContact(name *string) *cobra.Command {
	var password bool
	cmd := &cobra.Command{
		Use: "add FIELD=VALUE...", Short: "Add a contact by hand", Args: atLeast(1, "FIELD=VALUE"),
		Example: "  kith contacts add email=ada@example.com first_name=Ada",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, *name)
				if err != nil {
					return err
				}
				list, err := a.settings(w, b, args, password)
				if err != nil {
					return err
				}
				values := make([]string, len(b.Fields))
				empty := true
				for _, s := range list {
					values[s.at] = s.value
					empty = empty && contact.Blank(s.value)
				}
				if empty {
					return usage("%s needs at least one value. Nothing was changed. See %s --help", cmd.CommandPath(), cmd.CommandPath())
				}
				if err := desk.Alone(ctx, w, b, values, 0); err != nil {
					return err
				}
				if err := desk.NotErased(ctx, w, b, values); err != nil {
					return err
				}
				return a.editing(ctx, w, b, "add", plan.Change{Action: plan.Create, Values: values})
			})
		},
	}
	cmd.Flags().BoolVar(&password, "password-stdin", false, "read a password from standard input")
	return cmd
}

func (a *app) editContact(name *string) *cobra.Command {
	var password bool
	cmd := &cobra.Command{
		Use: "edit ID|EMAIL FIELD=VALUE...", Short: "Change a contact's values by hand; FIELD= empties one", Args: atLeast(1, "an ID or EMAIL, and FIELD=VALUE"),
		Example: "  kith contacts edit ada@example.com mobile=\"020 7946 0123\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && !password {
				return usage("%s needs FIELD=VALUE. See %s --help", cmd.CommandPath(), cmd.CommandPath())
			}
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, c, err := desk.OneContact(ctx, w, *name, args[0])
				if err != nil {
					return err
				}
				list, err := a.settings(w, b, args[1:], password)
				if err != nil {
					return err
				}
				change, becomes := plan.Change{Action: plan.Update, Ref: c.Ref, Version: desk.VersionOf(c)}, slices.Clone(c.Values)
				for _, s := range list {
					if old := c.Values[s.at]; old != s.value {
						change.Fields = append(change.Fields, plan.FieldChange{Name: b.Fields[s.at].Name, Old: old, New: s.value, Rule: desk.ByHand})
						becomes[s.at] = s.value
					}
				}
				if err := desk.StaysAlone(ctx, w, b, c, becomes); err != nil {
					return err
				}
				if len(change.Fields) == 0 {
					a.say("Contact %d has these values already. Nothing was changed.", store.Number(c.Ref))
					return nil
				}
				return a.editing(ctx, w, b, fmt.Sprintf("edit %d", store.Number(c.Ref)), desk.LetGo(b, c, change))
			})
		},
	}
	cmd.Flags().BoolVar(&password, "password-stdin", false, "read a password from standard input")
	return cmd
}

func (a *app) deleteContacts(name *string) *cobra.Command {
	return &cobra.Command{
		Use: "delete ID|EMAIL...", Short: "Put contacts into the trash", Args: atLeast(1, "an ID or EMAIL"),
		Example: "  kith contacts delete 17",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.writeTo(cmd.Context(), *name, args, func(ctx context.Context, w *workspace.Workspace, b store.Book, contacts []store.Contact) error {
				changes := make([]plan.Change, len(contacts))
				for i, c := range contacts {
					changes[i] = desk.Removal(b, c)
				}
				return a.editing(ctx, w, b, "delete", changes...)
			})
		},
	}
}

// writeTo opens the workspace for a command that changes several contacts of a
// book, which who names.
func (a *app) writeTo(ctx context.Context, bookName string, who []string, do func(context.Context, *workspace.Workspace, store.Book, []store.Contact) error) error {
	return a.write(ctx, func(ctx context.Context, w *workspace.Workspace) error {
		b, err := desk.Book(ctx, w, bookName)
		if err != nil {
			return err
		}
		contacts, err := desk.ContactsIn(ctx, w, b, who)
		if err != nil {
			return err
		}
		return do(ctx, w, b, contacts)
	})
}

// atLeast returns the argument check of a command that takes n or more.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return usage("%s needs %s. See %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}
