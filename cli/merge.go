package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
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
				return a.editing(ctx, w, b, fmt.Sprintf("merge into %d", store.Number(keep.Ref)), merged(b, keep, others)...)
			})
		},
	}
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "merge without asking")
	return cmd
}

// mergeText says field by field what a merge keeps, and what it does not.
func mergeText(out io.Writer, b store.Book, keep store.Contact, others []store.Contact) {
	fmt.Fprintf(out, "%s  contact %d in %s is kept\n", cell(onScreenName(naming(b).Name(keep.Values))), store.Number(keep.Ref), cell(b.Name))
	t := newTable(out, nil)
	for i, f := range b.Fields {
		is := shown(f, keep, i)
		for _, other := range others {
			theirs := shown(f, other, i)
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

// merged are the changes of a merge: the others leave first, so that no key is
// held by two. Of consents the strictest counts (requirements 3.13).
func merged(b store.Book, keep store.Contact, others []store.Contact) (changes []plan.Change) {
	update := plan.Change{Action: plan.Update, Ref: keep.Ref, Version: versionOf(keep)}
	for i, f := range b.Fields {
		is := keep.Values[i]
		for _, other := range others {
			if v := other.Values[i]; !contact.Blank(v) && (contact.Blank(is) || f.Kind == contact.Consent && contact.Stricter(v, is)) {
				is = v
			}
		}
		if is != keep.Values[i] {
			update.Fields = append(update.Fields, plan.FieldChange{Name: f.Name, Old: keep.Values[i], New: is, Rule: "merge"})
		}
	}
	for _, other := range others {
		gone := removal(b, other)
		gone.Into = keep.Ref // whoever comes by its e-mail later is the contact that is kept
		changes = append(changes, gone)
	}
	if len(update.Fields) > 0 {
		changes = append(changes, update)
	}
	return changes
}
