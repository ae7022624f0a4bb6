package workspace

import (
	"context"
	"fmt"
	"math"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/spill"
	"github.com/kith-sync/kith/store"
)

// TwinsError is returned when a field cannot become a book's unique identifier,
// because contacts share their value in it (C28). It names them by their numbers
// and never by the value.
type TwinsError struct {
	Book          string
	Field         string
	Contacts      int64 // that are not alone with their value
	First, Second int64 // numbers of two that share one
}

func (e *TwinsError) Error() string {
	return fmt.Sprintf("%d contacts of %s share their %s", e.Contacts, e.Book, e.Field)
}

// CodeTwins is the code of a TwinsError for people.
const CodeTwins = "book.key_shared"

// Sentence says it for people.
func (e *TwinsError) Sentence() string {
	return fmt.Sprintf("%s cannot be the unique identifier of %s: %d contacts share their value with another, such as contacts %d and %d. "+
		"Nothing was changed. Edit or merge them first, or choose another field", e.Field, e.Book, e.Contacts, e.First, e.Second)
}

// show takes the two as the example, unless it has an older one.
func (e *TwinsError) show(first, second int64) {
	if n := store.Number(first); e.First == 0 || n < e.First {
		e.First, e.Second = n, store.Number(second)
	}
}

// distinct returns a TwinsError when two contacts have the same identifier, as
// matching sees it, in a book with these settings. Its memory does not grow with
// the book.
func (w *Workspace) distinct(ctx context.Context, b store.Book) error {
	if b.Schema().Index(b.KeyField) < 0 {
		return nil
	}
	sorter := spill.New(w.Engine.Temp, math.MaxInt64) // hashes have 63 bits
	defer sorter.Close()
	ring := plan.NewKeyring(b.Schema(), b.Region, false)
	for c, err := range w.Store.Contacts(ctx, b, 0) {
		if err != nil {
			return err
		}
		for _, key := range ring.Keys(plan.ByKey, c.Values, nil) {
			if err := sorter.Add(spill.Record{w.keys.match.Hash(key), uint64(c.Ref)}); err != nil {
				return err
			}
		}
	}
	return twins(b, sorter)
}

func twins(b store.Book, sorter *spill.Sorter) error {
	found := &TwinsError{Book: b.Name, Field: b.KeyField}
	var before spill.Record
	alone := true // the contact before, with its value
	for stretch, err := range sorter.Sorted() {
		if err != nil {
			return err
		}
		for _, r := range stretch {
			if r[0] != before[0] || before[1] == 0 {
				before, alone = r, true
				continue
			}
			if alone {
				found.Contacts++
				found.show(int64(before[1]), int64(r[1]))
			}
			found.Contacts++
			before, alone = r, false
		}
	}
	if found.Contacts == 0 {
		return nil
	}
	return found
}
