package cli

import (
	"fmt"
	"io"
	"iter"
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

// A written counts bytes and keeps none.
type written int64

func (w *written) Write(p []byte) (int, error) {
	*w += written(len(p))
	return len(p), nil
}

// Lists and exports of 100,000 contacts are written as they are read: however
// many there are, only a few are in memory.
func TestContactsStream(t *testing.T) {
	const n, lag = 100_000, 10_000 // contacts, and how many may wait to be written
	b := store.Book{Name: "friends", Fields: []contact.Field{{Name: "email", Kind: contact.Email}, {Name: "name", Kind: contact.Name}}}
	list := func(format string) func(io.Writer, store.Book, iter.Seq2[store.Contact, error]) error {
		return func(out io.Writer, b store.Book, contacts iter.Seq2[store.Contact, error]) error {
			a := &app{World: World{Stdout: out}, format: format}
			return a.printContacts(b, matching(contacts, "example"))
		}
	}
	for name, write := range map[string]func(io.Writer, store.Book, iter.Seq2[store.Contact, error]) error{
		"list as a table": list("table"), "list as csv": list("csv"), "list as json": list("json"), "list as jsonl": list("jsonl"),
		"export of data": desk.ExportData, "export for spreadsheets": desk.ExportSheet, "export of cards": desk.ExportCards,
	} {
		t.Run(name, func(t *testing.T) {
			n := n
			if name == "export of cards" {
				n /= 5 // cards take longer
			}
			var out written
			err := write(&out, b, func(yield func(store.Contact, error) bool) {
				for i := range n {
					c := store.Contact{Ref: store.Ref(1, int64(i+1)), Values: []string{fmt.Sprintf("p%d@example.com", i), "Ann"}}
					if i > lag && int64(out) < int64(i-lag)*10 {
						t.Fatalf("contact %d is read and %d bytes are written: what was read before is waiting", i, out)
					}
					if !yield(c, nil) {
						return
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
