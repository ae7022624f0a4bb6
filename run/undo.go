package run

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Undo reverses a run: what it created goes to the trash, what it removed comes
// back, what it updated gets its old values again. Only values that are still
// the run's own go back; what somebody changed since stays, and is listed with
// its reason. The undo is a run of its own and can be undone.
func (e *Engine) Undo(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if err := e.Undoable(ctx, r); err != nil {
		return r, err
	}
	target, err := e.targetOf(ctx, s, r)
	if err != nil {
		return r, err
	}
	undo := store.Run{SyncID: r.SyncID, Name: r.Name, Kind: store.KindUndo, Status: store.Planning, Started: e.Now(), BookID: r.BookID, UndoOf: r.ID}
	undo.Source = fmt.Sprintf("undo of run %d", r.ID)
	if undo.TargetState, err = target.State(ctx); err != nil {
		return r, err
	}
	if keeper, ok := target.(Keeper); ok {
		return e.undoWhole(ctx, keeper, target, undo, r)
	}
	changes, err := e.reverse(ctx, target, r)
	if err != nil {
		return r, err
	}
	return e.direct(ctx, target, undo, changes)
}

// Reversal makes the changes that an undo of a run between files and books would
// carry out now, and writes nothing. A target that is put back as a whole is named
// instead.
func (e *Engine) Reversal(ctx context.Context, s store.Sync, r store.Run) (changes []plan.Change, whole string, err error) {
	if err := e.Undoable(ctx, r); err != nil {
		return nil, "", err
	}
	target, err := e.targetOf(ctx, s, r)
	if err != nil {
		return nil, "", err
	}
	if _, ok := target.(Keeper); ok {
		return nil, target.Name(), nil
	}
	changes, err = e.reverse(ctx, target, r)
	return changes, "", err
}

// Reverse makes the changes that take the address book's part of a run back. What
// the run wrote to a remote is left to whoever wrote it.
func (e *Engine) Reverse(ctx context.Context, s store.Sync, r store.Run) ([]plan.Change, error) {
	if err := e.Undoable(ctx, r); err != nil {
		return nil, err
	}
	target, err := e.bookTarget(ctx, s.Definition.Target.Book+s.Definition.Source.Book) // one of them is the book
	if err != nil {
		return nil, err
	}
	return e.reverse(ctx, target, r)
}

// MarkUndone notes on a run which run took it back, where that took anything back.
func MarkUndone(ctx context.Context, j interface {
	Run(ctx context.Context, id int64) (store.Run, error)
	UpdateRun(ctx context.Context, r *store.Run) error
}, undo store.Run) error {
	if undo.UndoOf == 0 || undo.Totals.Writes() == 0 {
		return nil
	}
	r, err := j.Run(ctx, undo.UndoOf)
	if err != nil {
		return err
	}
	r.Undone = undo.ID
	return j.UpdateRun(ctx, &r)
}

// Undoable says why a run cannot be taken back. What an earlier undo had to leave, or
// had not come to when it stopped, can be tried again.
func (e *Engine) Undoable(ctx context.Context, r store.Run) error {
	left := false
	if r.Undone != 0 {
		earlier, err := e.Journal.Run(ctx, r.Undone)
		if err != nil {
			return err
		}
		left = (earlier.Totals.Skipped+earlier.Totals.Held+earlier.Totals.Failed > 0 || earlier.Status.Stopped()) && earlier.Undone == 0
	}
	switch {
	case r.Undone != 0 && !left:
		return &Error{Code: CodeUndo, Message: fmt.Sprintf("Run %d was undone already, by run %d. To do it again, undo run %d", r.ID, r.Undone, r.Undone)}
	case r.Kind == store.KindEdit && r.Totals.Writes() > 0 && r.Reasons[string(plan.Erased)] >= r.Totals.Writes():
		return &Error{Code: CodeUndo, Message: fmt.Sprintf("Run %d erased somebody on request, and nothing takes that back", r.ID)}
	case r.Pruned && r.Totals.Writes() > 0:
		return detailsGone(r, "it can no longer be undone")
	case !r.Wrote():
		return &Error{Code: CodeUndo, Message: fmt.Sprintf("Run %d (%s) changed nothing, so there is nothing to undo", r.ID, r.Status)}
	}
	return nil
}

// targetOf opens the target that a run writes to, whatever its sync says today.
func (e *Engine) targetOf(ctx context.Context, s store.Sync, r store.Run) (Target, error) {
	if len(r.Config) > 0 {
		var b binding
		if err := json.Unmarshal(r.Config, &b); err != nil {
			return nil, fmt.Errorf("read plan: %w", err)
		}
		s.Definition = b.Sync
	}
	return e.Connector.Target(ctx, s, s.Definition.PhoneRegion())
}

// reverse makes the changes that take a run back.
func (e *Engine) reverse(ctx context.Context, target Target, r store.Run) (changes []plan.Change, err error) {
	schema, err := target.Schema(ctx)
	if err != nil {
		return nil, err
	}
	u := &undoing{engine: e, target: target, schema: schema, ring: plan.NewKeyring(schema, target.Region(), false), run: r.ID, byHand: r.Kind == store.KindEdit, leaves: refset{}}
	var part []plan.Change
	for c, err := range e.written(ctx, r) {
		if err != nil {
			return nil, err
		}
		part = append(part, c)
		if len(part) == directBatch {
			if changes, err = u.add(ctx, changes, part); err != nil {
				return nil, err
			}
			part = part[:0]
		}
	}
	return u.add(ctx, changes, part)
}

// written yields what a run wrote: creates by their handles, updates and
// removals from its change rows.
func (e *Engine) written(ctx context.Context, r store.Run) func(func(plan.Change, error) bool) {
	return func(yield func(plan.Change, error) bool) {
		ref := r.FirstRef
		var outcomes []outcome
		if r.Kind == store.KindSync {
			for block, err := range e.Journal.Blocks(ctx, r.ID) {
				if err == nil {
					outcomes, err = decodeBlock(block, outcomes[:0])
				}
				if err != nil {
					yield(plan.Change{}, err)
					return
				}
				for _, o := range outcomes {
					if o.Action != plan.Create {
						continue
					}
					if !yield(plan.Change{Action: plan.Create, Ref: ref}, nil) {
						return
					}
					ref++
				}
			}
		}
		for c, err := range e.Journal.Changes(ctx, r.ID) {
			if err != nil || writes(c.Action) && !c.Remote {
				if !yield(c.Change, err) || err != nil {
					return
				}
			}
		}
	}
}

type undoing struct {
	engine *Engine
	target Target
	schema contact.Schema
	ring   *plan.Keyring
	run    int64  // that is undone
	byHand bool   // a person's own edits are taken back
	leaves refset // contacts that this undo takes away, or gives their old values again
}

// add appends the reverse of some changes.
func (u *undoing) add(ctx context.Context, changes, part []plan.Change) ([]plan.Change, error) {
	refs := make([]int64, len(part))
	for i, c := range part {
		refs[i] = c.Ref
	}
	p := &planning{target: u.target}
	now, err := p.fetch(ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, c := range part {
		current, live := now[c.Ref]
		back, err := u.reverseOne(ctx, c, current, live)
		if err != nil {
			return nil, err
		}
		if back.Action == plan.Remove || back.Action == plan.Update {
			u.leaves.add(back.Ref)
		}
		changes = append(changes, back)
	}
	return changes, nil
}

func (u *undoing) reverseOne(ctx context.Context, c plan.Change, current contact.Record, live bool) (plan.Change, error) {
	back := plan.Change{Ref: c.Ref, TargetID: targetID(c.Ref), Version: current.Version, Into: c.Into}
	if c.Reason == plan.Erased { // nothing is left to bring back (requirements 3.14)
		back.Action, back.Reason = plan.Skip, plan.Erased
		return back, nil
	}
	switch c.Action {
	case plan.Create, plan.Restore:
		return u.reverseCreate(ctx, back, c, current, live)
	case plan.Update:
		return u.reverseUpdate(ctx, back, c, current, live)
	}
	return u.reverseRemoval(ctx, back, c, live)
}

// reverseCreate: a contact that somebody has worked on since is not thrown away.
func (u *undoing) reverseCreate(ctx context.Context, back, c plan.Change, current contact.Record, live bool) (plan.Change, error) {
	if !live {
		back.Action, back.Reason = plan.Skip, plan.UndoGone
		for later, err := range u.engine.Journal.ChangesOf(ctx, c.Ref) {
			if err != nil {
				return back, err
			}
			if later.Reason == plan.Erased {
				back.Reason = plan.Erased
			}
		}
		return back, nil
	}
	if c.Action == plan.Create && current.Version != "1" {
		changed, err := u.changedSince(ctx, c.Ref)
		if changed || err != nil {
			back.Action, back.Reason = plan.Skip, plan.UndoChanged
			return back, err
		}
	}
	back.Action = plan.Remove
	for i, f := range u.schema.Fields {
		if old := current.Value(i); old != "" {
			back.Fields = append(back.Fields, plan.FieldChange{Name: f.Name, Old: old, Rule: "undo"})
		}
	}
	return back, nil
}

// changedSince reports whether any value of a created contact differs from what
// it was created with. Changes that were undone again do not count: whatever the order in
// which they were made, each value was then put there as often as it was replaced. Runs are
// in the order in which they were begun, and one may have written before an earlier one.
func (u *undoing) changedSince(ctx context.Context, ref int64) (bool, error) {
	type value struct{ field, value string }
	replaced := map[value]int{}
	for c, err := range u.engine.Journal.ChangesOf(ctx, ref) {
		if err != nil {
			return false, err
		}
		if c.Action != plan.Update || c.Remote {
			continue
		}
		if c.Pruned {
			return true, nil // what it was before is not known any more
		}
		for _, f := range c.Fields {
			if f.Written() {
				replaced[value{f.Name, f.Old}]++
				replaced[value{f.Name, f.New}]--
			}
		}
	}
	for _, n := range replaced {
		if n != 0 {
			return true, nil
		}
	}
	return false, nil
}

func (u *undoing) reverseUpdate(ctx context.Context, back, c plan.Change, current contact.Record, live bool) (plan.Change, error) {
	if !live {
		back.Action, back.Reason = plan.Skip, plan.UndoGone
		return back, nil
	}
	ours, consent := false, false
	for _, f := range c.Fields {
		if !f.Written() {
			continue
		}
		now := current.Value(u.schema.Index(f.Name))
		put := plan.FieldChange{Name: f.Name, Old: now, New: f.Old, Rule: "undo"}
		taken, err := u.takenBy(ctx, c.Ref, f)
		if err != nil {
			return back, err
		}
		switch {
		case now != f.New || taken:
			put.New, put.Kept = now, f.Old
		case !u.byHand && u.kind(f.Name) == contact.Consent && contact.Loosens(now, f.Old):
			put.New, put.Kept, put.Rule = now, f.Old, "consent" // only an edit loosens it (requirements 3.14)
			consent = true
		default:
			ours = true
		}
		back.Fields = append(back.Fields, put)
	}
	switch back.Action = plan.Update; {
	case !ours && consent:
		back.Action, back.Reason = plan.Skip, plan.UndoConsent
	case !ours:
		back.Action, back.Reason = plan.Skip, plan.UndoChanged
	}
	return back, nil
}

func (u *undoing) kind(field string) contact.Kind {
	f, _ := u.schema.Field(field)
	return f.Kind
}

// takenBy reports whether another contact has got the identifier or e-mail since
// that a field would be given back.
func (u *undoing) takenBy(ctx context.Context, ref int64, f plan.FieldChange) (bool, error) {
	values := make([]string, len(u.schema.Fields))
	at := u.schema.Index(f.Name)
	if at < 0 || f.Old == "" {
		return false, nil
	}
	values[at] = f.Old
	for _, rule := range []plan.Rule{plan.ByKey, plan.ByEmail} {
		for _, key := range u.ring.Keys(rule, values, nil) {
			hits, err := u.target.Lookup(ctx, rule, []uint64{u.engine.Secret.Hash(key)})
			if err != nil {
				return false, err
			}
			hits = slices.DeleteFunc(hits, func(h connector.Hit) bool { return h.Ref == ref })
			if taken, err := u.replaced(ctx, hits); taken || err != nil {
				return taken, err
			}
		}
	}
	return false, nil
}

// reverseRemoval: a contact does not come back beside one that has taken its place.
func (u *undoing) reverseRemoval(ctx context.Context, back, c plan.Change, live bool) (plan.Change, error) {
	if live {
		back.Action, back.Reason = plan.Skip, plan.UndoExists
		return back, nil
	}
	into, err := u.engine.standsFor(ctx, c.Into)
	if err != nil {
		return back, err
	}
	values := make([]string, len(u.schema.Fields))
	for _, f := range c.Fields {
		if at := u.schema.Index(f.Name); at >= 0 {
			values[at] = f.Old
			back.Fields = append(back.Fields, plan.FieldChange{Name: f.Name, New: f.Old, Rule: "undo"})
		}
	}
	for _, rule := range []plan.Rule{plan.ByKey, plan.ByEmail} {
		for _, key := range u.ring.Keys(rule, values, nil) {
			hits, err := u.target.Lookup(ctx, rule, []uint64{u.engine.Secret.Hash(key)})
			if err != nil {
				return back, err
			}
			hits = slices.DeleteFunc(hits, func(h connector.Hit) bool { return h.Ref == into })
			replaced, err := u.replaced(ctx, hits)
			if err != nil {
				return back, err
			}
			if replaced {
				back.Action, back.Reason = plan.Skip, plan.UndoExists
				return back, nil
			}
		}
	}
	back.Action, back.Values = plan.Restore, values
	if c.Final { // it is not in the trash: it is created again, as the contact it was
		back.Action, back.Version = plan.Create, ""
	}
	return back, nil
}

// replaced reports whether any of these contacts has got its key since the run
// that is undone, and keeps it.
func (u *undoing) replaced(ctx context.Context, hits []connector.Hit) (bool, error) {
	hits = slices.DeleteFunc(hits, func(h connector.Hit) bool { return u.leaves.has(h.Ref) })
	for found, err := range u.target.Fetch(ctx, refsOf(hits)) {
		if err != nil {
			return false, err
		}
		if found.Rank > u.run {
			return true, nil
		}
	}
	return false, nil
}

// A Keeper is a target that is kept and put back as a whole, as a file is.
type Keeper interface {
	Keep(ctx context.Context, w io.Writer) error
	PutBack(ctx context.Context, r io.Reader) error
}

func keptName(run int64) string { return fmt.Sprintf("target-before-run-%d", run) }

// keepTarget keeps a copy of a target that can only be put back as a whole.
func (e *Engine) keepTarget(ctx context.Context, target Target, r store.Run) error {
	keeper, ok := target.(Keeper)
	if !ok {
		return nil
	}
	file, err := e.Files.Create(e.stagePath(keptName(r.ID)))
	if err != nil {
		return fmt.Errorf("keep target: %w", err)
	}
	if err := keeper.Keep(ctx, file); err != nil {
		file.Close()
		return fmt.Errorf("keep target: %w", err)
	}
	return file.Close()
}

// undoWhole puts a target back byte for byte, if it is still as the run left it.
func (e *Engine) undoWhole(ctx context.Context, keeper Keeper, target Target, undo, r store.Run) (store.Run, error) {
	if undo.TargetState != r.EndState {
		return r, &Error{Code: CodeUndo, Message: fmt.Sprintf(
			"%s was changed since run %d wrote it, and a file can only be put back as a whole. Nothing was changed", target.Name(), r.ID)}
	}
	file, err := e.Files.Open(e.stagePath(keptName(r.ID)))
	if err != nil {
		return r, &Error{Code: CodeUndo, Message: fmt.Sprintf("The copy of %s from before run %d is gone, so it cannot be put back", target.Name(), r.ID), Err: err}
	}
	defer file.Close()
	undo.Totals = plan.Totals{Read: r.Totals.Writes(), Updated: r.Totals.Updated + r.Totals.Deleted + r.Totals.Created + r.Totals.Marked}
	undo.Notes = []string{target.Name() + " is as it was before, byte for byte."}
	if err := e.keepTargetAs(ctx, keeper, &undo); err != nil {
		return r, err
	}
	if err := keeper.PutBack(ctx, file); err != nil {
		return r, err
	}
	if undo.EndState, err = target.State(ctx); err != nil {
		return r, err
	}
	return e.finished(ctx, undo)
}

func (e *Engine) keepTargetAs(ctx context.Context, keeper Keeper, undo *store.Run) error {
	if err := e.Journal.CreateRun(ctx, undo); err != nil {
		return err
	}
	file, err := e.Files.Create(e.stagePath(keptName(undo.ID)))
	if err != nil {
		return err
	}
	defer file.Close()
	return keeper.Keep(ctx, file)
}
