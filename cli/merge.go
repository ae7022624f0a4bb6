package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

func (a *app) mergeContacts(name *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "merge KEEP OTHER...", Short: "Make several contacts one", Args: atLeast(2, "the contact to KEEP and an OTHER"),
		Long: `Merge keeps the first contact. What it lacks is taken from the others, in order;
what it has stays, but the strictest consent counts. The others go to the trash, and undo brings everything back.`,
		Example: "  kith contacts merge 17 42",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.writeTo(cmd.Context(), *name, args, func(ctx context.Context, w *workspace.Workspace, b store.Book, contacts []store.Contact) error {
				keep, others := contacts[0], contacts[1:]
				if a.human() {
					mergeText(a.Stdout, b, keep, others)
				}
				if !a.yes && a.interactive() && !a.agreed("Merge?") {
					a.say("Nothing was changed.")
					return nil
				}
				return a.editing(ctx, w, b, fmt.Sprintf("merge into %d", store.Number(keep.Ref)), desk.Merged(b, keep, others)...)
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "merge without asking")
	return cmd
}

// mergeText says field by field what a merge keeps, and what it does not.
func mergeText(out io.Writer, b store.Book, keep store.Contact, others []store.Contact) {
	fmt.Fprintf(out, "%s  contact %d in %s is kept\n", desk.Cell(onScreenName(desk.Naming(b).Name(keep.Values))), store.Number(keep.Ref), desk.Cell(b.Name))
	t := newTable(out, nil)
	for i, f := range b.Fields {
		is := desk.Shown(f, keep, i)
		for _, other := range others {
			theirs := desk.Shown(f, other, i)
			switch {
			case contact.Blank(theirs) || theirs == is:
			case f.Kind == contact.Consent && contact.Stricter(theirs, is):
				_ = t.add([]string{"  " + f.Name, strconv.Quote(theirs), fmt.Sprintf("the stricter consent, of contact %d", store.Number(other.Ref))})
				is = theirs
			case contact.Blank(is):
				is = theirs
				_ = t.add([]string{"  " + f.Name, strconv.Quote(theirs), fmt.Sprintf("taken from contact %d", store.Number(other.Ref))}) // a terminal that is gone needs no error
			default:
				_ = t.add([]string{"  " + f.Name, strconv.Quote(is), fmt.Sprintf("kept, not %q of contact %d", theirs, store.Number(other.Ref))})
			}
		}
	}
	_ = t.flush()
}
