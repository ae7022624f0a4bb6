package link

import (
	"context"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Erase deletes the records that erased contacts are linked with at the remote
// (requirements 3.14): a run of its own, which nothing takes back. It asks the
// remote for nothing but these records, and the book is left as it is. A remote
// that takes no writes yields no run, but the ids of what has to be deleted there.
func (e *Engine) Erase(ctx context.Context, s store.Sync, refs []int64) (r store.Run, left []string, err error) {
	r = store.Run{SyncID: s.ID, Name: s.Name, Kind: store.KindEdit, Status: store.Planning, Started: e.Now(), RunDetail: store.RunDetail{
		Reasons: map[string]int64{}, Warnings: map[string]int64{}}}
	p, err := e.open(ctx, s, &r)
	if err != nil {
		return r, nil, err
	}
	defer p.release(ctx)
	linked, err := p.Memory.MirrorByRef(ctx, p.pair.ID, sorted(slices.Clone(refs)))
	if err != nil {
		return r, nil, err
	}
	of := map[string]int64{}
	for _, m := range linked {
		of[m.RemoteID], left = m.Ref, append(left, m.RemoteID)
	}
	if p.can.ReadOnly || len(left) == 0 {
		return r, left, nil
	}
	items, err := p.fetch(ctx, left)
	if err != nil {
		return r, left, err
	}
	if err := p.Memory.CreateRun(ctx, &r); err != nil {
		return r, left, err
	}
	changes := p.removals(items, of)
	if p.can.Bin != "" && len(changes) > 0 {
		r.Notes = append(r.Notes, p.remote.Name()+" keeps what was deleted in "+p.can.Bin+". Take it out there as well, if that is too long.")
	}
	if err := p.Memory.AppendPlan(ctx, r.ID, nil, 0, changes); err != nil {
		return r, left, err
	}
	r.Status = store.Applying
	if err := p.Memory.UpdateRun(ctx, &r); err != nil {
		return r, left, err
	}
	r, err = p.carryBack(ctx)
	return r, nil, err
}

// removals are the changes that delete what is still there, or may be there put away.
// A record that was merged into another is left to a person: that may be somebody else.
func (p *pass) removals(items []connector.Item, of map[string]int64) (changes []plan.Change) {
	for _, item := range items {
		if item.Gone && item.MergedInto == "" && !p.can.Erases {
			continue
		}
		c := plan.Change{Row: int64(len(changes)), Action: plan.Remove, Reason: plan.Erased, Remote: true, Final: true,
			Ref: of[item.ID], SourceID: number(of[item.ID]), TargetID: item.ID, Version: item.Version}
		if item.MergedInto != "" {
			c.Action, c.Reason, c.Final = plan.Hold, plan.IdentityConflict, false
			c.Detail.Message = "It was made one with record " + item.MergedInto + " of " + p.remote.Name() + ". See whether that is the person, and delete it there."
		}
		p.run.Totals.Count(c.Action, 1)
		p.run.Reasons[string(c.Reason)]++
		changes = append(changes, c)
	}
	return changes
}

// Settle finds out what became of creates of contacts that got no answer, as far as
// the remote can tell by now: for an erasure, which waits for no run. A create is
// looked for where it can be found; only where a key of ours alone tells, it is sent
// once more.
func (e *Engine) Settle(ctx context.Context, s store.Sync, refs []int64) error {
	p, err := e.open(ctx, s, &store.Run{SyncID: s.ID})
	if err != nil {
		return err
	}
	defer p.release(ctx)
	open, err := p.Memory.Intents(ctx, p.pair.ID)
	if err != nil {
		return err
	}
	for _, i := range open {
		if connector.Op(i.Op) != connector.OpCreate || !slices.Contains(refs, i.Ref) {
			continue
		}
		q, err := p.as(ctx, i)
		if err != nil {
			return err
		}
		if q.findable(i) {
			err = q.search(ctx, i, !q.can.ChosenKey && !q.mayHide(i) && !q.mayCome(i), true)
		} else {
			err = q.recoverCreate(ctx, i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
