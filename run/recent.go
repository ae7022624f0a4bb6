package run

import (
	"context"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// rivals are the contacts that share a key with another.
func (p *pass) rivals(contacts map[int64]contact.Record) map[int64]contact.Record {
	out := map[int64]contact.Record{}
	for _, g := range p.doubtful {
		for _, k := range g.Candidates {
			if len(g.Candidates) > 1 {
				out[k.Ref] = contacts[k.Ref]
			}
		}
	}
	return out
}

// changedLast ranks contacts for SeveralMostRecent by the last run that changed
// each. What this sync does itself counts for nothing: else it would take another
// one after every run, and two contacts would be written in turns (I1). In a file
// the last row counts.
func (p *pass) changedLast(ctx context.Context, contacts map[int64]contact.Record) (map[int64]int64, error) {
	ranks := make(map[int64]int64, len(contacts))
	this, err := p.engine.Journal.Run(ctx, p.run)
	if err != nil {
		return nil, err
	}
	ours := map[int64]bool{}
	for ref, c := range contacts {
		if p.book.Sync.Target.Book == "" {
			ranks[ref] = c.Rank
			continue
		}
		for change, err := range p.engine.Journal.ChangesOf(ctx, ref) {
			if err != nil {
				return nil, err
			}
			if change.Remote || change.Action != plan.Create && change.Action != plan.Update && change.Action != plan.Restore {
				continue
			}
			mine, known := ours[change.Run]
			if !known {
				r, err := p.engine.Journal.Run(ctx, change.Run)
				if err != nil {
					return nil, err
				}
				mine = r.SyncID != 0 && r.SyncID == this.SyncID
				ours[change.Run] = mine
			}
			if !mine {
				ranks[ref] = change.Run
			}
		}
	}
	return ranks, nil
}
