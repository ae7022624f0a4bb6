package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) suppressionsCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List who was erased on request, without saying who", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.read(cmd.Context(), a.listSuppressions) },
	}
	return group(&cobra.Command{Use: "suppressions", Short: "See and lift what keeps erased people from coming back",
		Long: `A suppression keeps somebody who was erased on request from coming back. It holds keyed
hashes of the person's e-mails, telephones and identifier, and nothing that can be read.`,
		Example: "  kith suppressions\n  kith suppressions lift 1"}, list, a.liftSuppression())
}

func (a *app) listSuppressions(ctx context.Context, w *workspace.Workspace) error {
	reports, err := desk.Suppressions(ctx, w)
	if err != nil {
		return err
	}
	if err := many(a, each(reports), shape[desk.SuppressionReport]{columns: []string{"suppression", "erased", "book", "contact", "keys", "reason", "run"},
		row: func(r desk.SuppressionReport) []string {
			return []string{number(r.Suppression), r.Erased.Format(time.DateTime), r.Book, r.Contact, strconv.Itoa(r.Keys), r.Reason, number(r.Run)}
		}}); err != nil {
		return err
	}
	if a.human() && len(reports) == 0 {
		a.say("Nobody was erased on request.")
	}
	return nil
}

func (a *app) liftSuppression() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lift SUPPRESSION", Short: "Let an erased person come back", Args: exactly("a SUPPRESSION"),
		Example: "  kith suppressions lift 1",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.write(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				id, err := strconv.ParseInt(args[0], 10, 64)
				if err != nil {
					return usage("%q is not the number of a suppression. kith suppressions lists them", args[0])
				}
				question := fmt.Sprintf("Lift suppression %d? Imports and linked syncs that still have this person bring them in again. What was erased does not come back by itself.", id)
				if err := a.confirm(question, fmt.Sprintf("kith suppressions lift %d", id)); err != nil {
					return err
				}
				if err := desk.LiftSuppression(ctx, w, id); err != nil {
					return err
				}
				a.say("Suppression %d is lifted. A sync whose file has not changed since looks at it again with --every-time.", id)
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}
