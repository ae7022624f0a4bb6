package cli

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/workspace"
)

// duplicatesCommand lists contacts that may be one person; contacts merge makes them one.
func (a *app) duplicatesCommand() *cobra.Command {
	var book, share string
	cmd := &cobra.Command{
		Use: "duplicates", Short: "List contacts that may be one person", Args: exactly(),
		Long: "List contacts of a book that may be one person: with the same telephone, with the same first and last\n" +
			"name, or with an e-mail address that a contact of another book has too. kith contacts merge makes\n" +
			"contacts of one book one.",
		Example: "  kith duplicates --book friends\n  kith duplicates --share name -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.read(cmd.Context(), func(ctx context.Context, w *workspace.Workspace) error {
				b, err := desk.Book(ctx, w, book)
				if err != nil {
					return err
				}
				return a.printDuplicates(b.Name, share, desk.EveryDuplicate(ctx, w, b, share))
			})
		},
	}
	cmd.Flags().StringVar(&book, "book", "contacts", "address book")
	cmd.Flags().StringVar(&share, "share", desk.SharePhone, "what they share: phone, name or email")
	_ = cmd.RegisterFlagCompletionFunc("share", oneOf(desk.SharePhone, desk.ShareName, desk.ShareEmail)) // fails only for a flag that is not there
	return a.orServer(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		b, err := a.bookAtServer(ctx, c, book)
		if err != nil {
			return err
		}
		return a.printDuplicates(b.Name, share, client.List[desk.DuplicateGroup](ctx, c, fmt.Sprintf("%s/books/%d/duplicates?share=%s", serverRoot, b.ID, url.QueryEscape(share))))
	})
}

// A likeContact is one row of the list: its group says whom it is like.
type likeContact struct {
	group int
	desk.Duplicate
}

func (a *app) printDuplicates(book, share string, groups iter.Seq2[desk.DuplicateGroup, error]) error {
	switch a.format {
	case "table":
		return a.duplicatesText(a.Stdout, book, share, groups)
	case "csv":
		return many(a, likeContacts(groups), shape[likeContact]{columns: []string{"group", "book", "id", "name", "email", "phone"}, row: func(c likeContact) []string {
			return []string{strconv.Itoa(c.group), c.Book.Name, fmt.Sprint(c.ID), c.Name, c.Fields["email"], c.Fields["phone"]}
		}})
	}
	return many(a, groups, shape[desk.DuplicateGroup]{})
}

func likeContacts(groups iter.Seq2[desk.DuplicateGroup, error]) iter.Seq2[likeContact, error] {
	return func(yield func(likeContact, error) bool) {
		n := 0
		for g, err := range groups {
			if err != nil {
				yield(likeContact{}, err)
				return
			}
			n++
			for _, c := range g.Contacts {
				if !yield(likeContact{n, c}, nil) {
					return
				}
			}
		}
	}
}

func (a *app) duplicatesText(out io.Writer, book, share string, groups iter.Seq2[desk.DuplicateGroup, error]) error {
	found := false
	err := desk.ForEach(groups, func(g desk.DuplicateGroup) error {
		found = true
		ids := make([]string, len(g.Contacts))
		for i, c := range g.Contacts {
			ids[i] = fmt.Sprint(c.ID)
			fmt.Fprintf(out, "%6d  %s  %s\n", c.ID, desk.Cell(c.Name), desk.Cell(strings.Join(strings.Fields(c.Fields["email"]+" "+c.Fields["phone"]+" "+c.Fields["mobile"]), "  ")))
			if c.Book.Name != book {
				fmt.Fprintf(out, "        in %s\n", desk.Cell(c.Book.Name))
			}
		}
		if share != desk.ShareEmail { // of several books none can be made one
			fmt.Fprintf(out, "        make them one:  kith contacts merge %s --book %s\n", strings.Join(ids, " "), desk.Quoted(book))
		}
		return nil
	})
	if err == nil && !found {
		a.say("No contacts of %s share a %s. --share phone, name or email says what to look for.", book, share)
	}
	return err
}
