package book

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Write stores a batch in one transaction, together with the run's position.
// The keys of created contacts are left to IndexCreated, which fills them in
// one sweep; those of all others move with their contact.
func (b *Book) Write(ctx context.Context, batch connector.Batch) ([]connector.Result, error) {
	return b.WriteLinked(ctx, batch, nil)
}

// WriteLinked is Write that also makes durable, in the same transaction, what the
// writes mean for links. It asks for that once it is known which handles were
// refused.
func (b *Book) WriteLinked(ctx context.Context, batch connector.Batch, links func(refused []int64) store.LinkBatch) ([]connector.Result, error) {
	w := writer{book: b, now: batch.IndexNow, results: make([]connector.Result, len(batch.Changes)), at: map[int64]int{}}
	w.batch = store.Batch{Book: b.book, Run: batch.Run, Now: batch.Now, Position: batch.Position}
	current, err := b.current(ctx, batch.Changes)
	if err != nil {
		return nil, err
	}
	if err := w.drawCodes(ctx, batch.Changes); err != nil {
		return nil, err
	}
	for i, c := range batch.Changes {
		if err := w.add(i, c, current); err != nil {
			return nil, err
		}
	}
	if links != nil {
		w.batch.Links = func(refused []int64) store.LinkBatch {
			for i, c := range batch.Changes {
				if w.results[i].Refused != "" {
					refused = append(slices.Clone(refused), c.Ref)
				}
			}
			return links(refused)
		}
	}
	if len(w.batch.Aliases) > 0 {
		b.keepers = nil
	}
	refused, err := b.store.Write(ctx, w.batch)
	if err != nil {
		return nil, err
	}
	for _, ref := range refused {
		i := w.at[ref]
		w.refuse(i, plan.TargetChanged)
		if batch.Changes[i].Action == plan.Restore {
			w.refuse(i, plan.TargetGone) // no longer in the trash
		}
	}
	return w.results, nil
}

// current reads the contacts that the batch updates or removes.
func (b *Book) current(ctx context.Context, changes []plan.Change) (map[int64]store.Contact, error) {
	var refs []int64
	for _, c := range changes {
		if c.Action != plan.Create {
			refs = append(refs, c.Ref)
		}
	}
	slices.Sort(refs)
	current := make(map[int64]store.Contact, len(refs))
	for c, err := range b.store.ContactsByRef(ctx, b.book, refs) {
		if err != nil {
			return nil, err
		}
		current[c.Ref] = c
	}
	return current, nil
}

type writer struct {
	book    *Book
	batch   store.Batch
	now     bool // index creates at once
	results []connector.Result
	at      map[int64]int // handle -> position in the batch
	codes   []string      // unique keys for the batch's creates
}

func (w *writer) refuse(i int, why plan.Reason) {
	w.results[i] = connector.Result{Refused: why}
}

func (w *writer) add(i int, c plan.Change, current map[int64]store.Contact) error {
	w.results[i].TargetID = strconv.FormatInt(store.Number(c.Ref), 10)
	if c.Action == plan.Create {
		return w.create(c)
	}
	old, ok := current[c.Ref]
	_, twice := w.at[c.Ref]
	switch {
	case twice: // the first change of a batch moves the contact on
		w.refuse(i, plan.TargetChanged)
	case ok && c.Action == plan.Restore: // restored before a crash
	case c.Action == plan.Restore:
		w.at[c.Ref] = i
		if c.Into != 0 {
			w.batch.Aliases = append(w.batch.Aliases, store.ContactWrite{Ref: c.Into, Remove: w.book.keys(c.Values)})
		}
		w.batch.Restore = append(w.batch.Restore, store.ContactWrite{Ref: c.Ref, Add: w.book.keys(c.Values)})
	case ok && old.UpdatedRun == w.batch.Run && c.Action == plan.Update: // written before a crash
	case !ok && c.Action == plan.Remove: // removed before a crash, or by somebody else: gone all the same
	case !ok:
		w.refuse(i, plan.TargetGone)
	case c.Version != "" && c.Version != strconv.FormatInt(old.Version, 10):
		w.refuse(i, plan.TargetChanged)
	case c.Action == plan.Remove:
		w.at[c.Ref] = i
		if c.Into != 0 { // whoever comes by its keys later is the contact it was merged into
			w.batch.Aliases = append(w.batch.Aliases, store.ContactWrite{Ref: c.Into, Add: w.book.keys(old.Values)})
		}
		w.batch.Trash = append(w.batch.Trash, store.ContactWrite{Final: c.Final, Ref: c.Ref, IfVersion: old.Version, Remove: w.book.keys(old.Values)})
	default:
		w.at[c.Ref] = i
		return w.update(c, old)
	}
	return nil
}

func (w *writer) create(c plan.Change) error {
	b := w.book
	values, write := c.Values, store.ContactWrite{Ref: c.Ref}
	at := b.book.Schema().Index(b.book.KeyField)
	keeps := w.now && at >= 0 && at < len(values) && isCode(values[at]) // brought back by an undo
	if len(w.codes) > 0 && !keeps {
		values = make([]string, len(b.book.Fields))
		copy(values, c.Values)
		values[at] = w.codes[0]
		write.Add = []store.Key{{Rule: plan.NumberOf(plan.ByKey), Hash: b.hashCode(w.codes[0])}}
		w.codes = w.codes[1:]
	}
	values, err := b.harden(values)
	if err != nil {
		return err
	}
	write.Values = values
	if w.now {
		write.Add = b.keys(values)
	}
	w.batch.Creates = append(w.batch.Creates, write)
	return nil
}

func (w *writer) update(c plan.Change, old store.Contact) error {
	b := w.book
	schema := b.book.Schema()
	values := slices.Clone(old.Values)
	touchesKey := false
	for _, f := range c.Fields {
		if !f.Written() {
			continue
		}
		at := schema.Index(f.Name)
		if at < 0 {
			return fmt.Errorf("field %s is no longer in book %s", f.Name, b.book.Name)
		}
		values[at] = f.New
		touchesKey = touchesKey || f.Name == schema.Key || schema.Fields[at].Kind == contact.Email || schema.Fields[at].Kind == contact.Phone
	}
	values, err := b.harden(values)
	if err != nil {
		return err
	}
	write := store.ContactWrite{Ref: c.Ref, Values: values, IfVersion: old.Version}
	if touchesKey {
		write.Remove, write.Add = difference(b.keys(old.Values), b.keys(values))
	}
	w.batch.Updates = append(w.batch.Updates, write)
	return nil
}

// isCode reports whether a unique key is one that was drawn.
func isCode(key string) bool {
	_, err := strconv.ParseUint(key, 10, 32)
	return err == nil && len(key) == 9
}

// harden turns the passwords of a record into salted hashes (settled question 19).
func (b *Book) harden(values []string) ([]string, error) {
	for at, f := range b.book.Fields {
		if f.Kind != contact.Password || at >= len(values) || !contact.Sealed(values[at]) {
			continue
		}
		hashed, err := b.codes.HashPassword(values[at])
		if err != nil {
			return nil, err
		}
		values = slices.Clone(values)
		values[at] = hashed
	}
	return values, nil
}

// keys returns every match key of a contact.
func (b *Book) keys(values []string) []store.Key {
	return keysOf(b.keyring, b.secret, b.book.SecondKeys, values)
}

func keysOf(ring *plan.Keyring, secret plan.Secret, second bool, values []string) (keys []store.Key) {
	rules := plan.KeyRules
	if second {
		rules = slices.Concat(rules, plan.SecondRules)
	}
	var texts []string
	for _, r := range rules {
		texts = ring.Keys(r, values, texts[:0])
		for _, t := range texts {
			keys = append(keys, store.Key{Rule: plan.NumberOf(r), Hash: secret.Hash(t)})
		}
	}
	return keys
}

func difference(old, now []store.Key) (remove, add []store.Key) {
	for _, k := range old {
		if !slices.Contains(now, k) {
			remove = append(remove, k)
		}
	}
	for _, k := range now {
		if !slices.Contains(old, k) {
			add = append(add, k)
		}
	}
	return remove, add
}

// AddKeys stores the match keys of contacts that a run created.
func (b *Book) AddKeys(ctx context.Context, rule plan.Rule, hits []connector.Hit) error {
	found := make([]store.KeyHit, len(hits))
	for i, h := range hits {
		found[i] = store.KeyHit(h)
	}
	return b.store.AddKeys(ctx, b.book.ID, plan.NumberOf(rule), found)
}

// Finish: every batch was complete in itself.
func (b *Book) Finish(context.Context, int64) error { return nil }
