package link

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Plan lists what changed at the remote and in the book, decides what both
// should become, and stores the decision. Nothing but the mirror is written:
// neither side changes. Writes whose outcome an earlier run did not learn are
// settled first.
func (e *Engine) Plan(ctx context.Context, s store.Sync) (store.Run, error) {
	r := store.Run{SyncID: s.ID, Name: s.Name, Kind: store.KindSync, Status: store.Planning, Started: e.Now()}
	r.Reasons, r.Warnings = map[string]int64{}, map[string]int64{}
	p, err := e.open(ctx, s, &r)
	if err != nil {
		return e.failed(ctx, r, err)
	}
	defer p.release(ctx)
	if err := p.mayWrite(); err != nil {
		return e.failed(ctx, r, err)
	}
	if err := e.Memory.DropPlans(ctx, s.ID); err != nil {
		return r, err
	}
	if err := e.Memory.CreateRun(ctx, &r); err != nil {
		return r, err
	}
	if err := p.plan(ctx); err != nil {
		_ = e.Memory.ClearPlan(context.WithoutCancel(ctx), r.ID)
		r.Totals, r.Reasons = plan.Totals{}, map[string]int64{}
		return e.failed(ctx, r, err)
	}
	r.Ready = e.Now()
	p.noted()
	p.widens()
	return r, e.Memory.UpdateRun(ctx, &r)
}

func (p *pass) plan(ctx context.Context) error {
	if err := p.recover(ctx); err != nil {
		return err
	}
	if err := p.pull(ctx); err != nil {
		return err
	}
	w, err := p.gather(ctx)
	if err != nil {
		return err
	}
	if err := p.followMerges(ctx, w); err != nil {
		return err
	}
	if p.run.TargetState, err = p.state(ctx); err != nil {
		return err
	}
	if err := p.mark(ctx); err != nil {
		return err
	}
	if err := p.match(ctx, w); err != nil {
		return err
	}
	out := &planWriter{pass: p, digest: sha256.New()}
	if err := p.judgeAll(ctx, w, out); err != nil {
		return err
	}
	if err := out.flush(ctx); err != nil {
		return err
	}
	p.run.PlanHash = out.hash(p.run)
	if p.run.Stop, err = p.guard(ctx, out); err != nil {
		return err
	}
	p.run.Status = store.Planned
	if !p.run.Totals.Balanced() {
		return fmt.Errorf("the totals of run %d do not add up: %+v", p.run.ID, p.run.Totals)
	}
	return nil
}

// mark notes how far the plan looks. Runs on the book that are not finished may
// still write under their number, so it stays before them.
func (p *pass) mark(ctx context.Context) error {
	m := marks{MirrorSeq: p.pair.Seq, BookRun: p.run.ID}
	open, err := p.Memory.Interrupted(ctx)
	if err != nil {
		return err
	}
	for _, r := range open {
		if r.ID != p.run.ID && r.BookID == p.book.ID() {
			m.BookRun = min(m.BookRun, r.ID-1)
		}
	}
	p.run.Config, err = json.Marshal(m)
	return err
}

// judgeAll decides about all of the work, in a stable order.
func (p *pass) judgeAll(ctx context.Context, w *work, out *planWriter) error {
	k, err := p.knows(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(w.mirror, contactsAtOnce) {
		s, err := p.load(ctx, w, part)
		if err != nil {
			return err
		}
		for i := range s.mirror {
			j, err := p.judgeMirrored(&s.mirror[i], s, w, k)
			if err != nil {
				return err
			}
			if err := out.add(ctx, j); err != nil {
				return err
			}
		}
	}
	rivals := p.onTheirWay(k.pending)
	return p.eachContact(ctx, w.refs, func(found []connector.Found) error {
		if k.rival, err = p.rivalsOf(ctx, found, rivals); err != nil {
			return err
		}
		for i := range found {
			if w.taken[found[i].Ref] {
				continue
			}
			j, err := p.judge(item{ours: &found[i], ref: found[i].Ref}, k)
			if err != nil {
				return err
			}
			if err := out.add(ctx, j); err != nil {
				return err
			}
		}
		return nil
	}, func() {})
}

func (p *pass) judgeMirrored(m *store.Mirrored, s stretch, w *work, k knowledge) (judgement, error) {
	it := item{m: m, ref: m.Ref, ours: s.contacts[m.Ref]}
	f, matched := w.found[m.ID]
	if m.State != store.There && m.Ref != 0 && w.taken[m.Ref] {
		return judgement{}, nil // its contact was found to be a record that was made anew
	}
	if m.Ref != 0 || !matched {
		return p.judge(it, k)
	}
	if f.ref == 0 {
		j := p.leave(it, f.verdict.Action, f.verdict.Reason)
		if f.verdict.Reason == plan.IdentityConflict && len(f.verdict.Several) == 0 {
			j.in.Detail.Message = "Another record of " + p.remote.Name() + " has the same key, and its contact is that one's."
		}
		for _, ref := range f.verdict.Several {
			j.in.Detail.Several = append(j.in.Detail.Several, number(ref))
		}
		j.in.Rule = f.rule
		return j, nil
	}
	it.ref, it.rule, it.ours = f.ref, f.rule, s.contacts[f.ref]
	if p.spokenFor(m, f.ref, k.pending) {
		return p.leave(it, plan.Hold, plan.OutcomeUnknown), nil
	}
	if base := s.tombs[f.ref]; len(m.Base) == 0 {
		m.Base = p.still(base, m.Seen) // its record was made anew: what both agreed on still holds
	}
	return p.judge(it, k)
}

// onTheirWay are the best keys of the contacts whose create is in the balance, with a word
// to who shares them: another contact with the same key could not be told from them, should
// its own answer be lost. Where nothing will ever tell what became of a create, nobody waits.
func (p *pass) onTheirWay(pending map[int64]store.Intent) map[uint64]string {
	keys := map[uint64]string{}
	for _, ref := range slices.Sorted(maps.Keys(pending)) { // the same word each time
		i := pending[ref]
		if h := p.best(p.hashesThere(p.after(nil, i.Payload))); h != 0 && p.settles(i) {
			keys[h] = fmt.Sprintf("Contact %d has the same key, and %s has not answered whether it is created. This one waits for that.", store.Number(ref), p.remote.Name())
		}
	}
	return keys
}

// rivalsOf tells for some contacts why they may not be created at the remote: a
// record there, or another contact of this plan, has their best key already.
func (p *pass) rivalsOf(ctx context.Context, found []connector.Found, planned map[uint64]string) (func(*connector.Found) string, error) {
	there := map[uint64]bool{}
	for _, rule := range p.pairing.In.Rules {
		hits, err := p.Memory.MirrorByKey(ctx, p.pair.ID, rule, p.keysOf(found, rule))
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			there[h.Hash] = true
		}
	}
	return func(c *connector.Found) string {
		h := p.best(p.hashes(p.pairing.In, c.Values))
		switch {
		case h == 0:
			return ""
		case there[h]:
			return "A record of " + p.remote.Name() + " that is not linked to this contact has its key already."
		case planned[h] != "":
			return planned[h]
		}
		planned[h] = "Another contact of the book has the same key and is created first."
		return ""
	}, nil
}

// planWriter stores the plan's changes and adds up what they come to.
type planWriter struct {
	*pass
	digest  hash.Hash
	pending []plan.Change
	seq     int64
	removed [2]int64 // here, there
}

const changesAtOnce = 1000

func (w *planWriter) add(ctx context.Context, j judgement) error {
	for _, c := range []*plan.Change{j.in, j.out} {
		if c == nil {
			continue
		}
		c.Row = w.seq + int64(len(w.pending))
		w.run.Totals.Count(c.Action, 1)
		if c.Reason != plan.NoReason {
			w.run.Reasons[string(c.Reason)]++
		}
		for _, code := range c.Detail.Warnings {
			w.run.Warnings[code]++
		}
		if c.Action == plan.Remove {
			w.removed[side(*c)]++
		}
		_ = json.NewEncoder(w.digest).Encode(c) // plain values; a hash never fails
		stored := *c
		stored.Values = nil // the fields have them
		w.pending = append(w.pending, stored)
	}
	if len(w.pending) < changesAtOnce {
		return nil
	}
	return w.flush(ctx)
}

func side(c plan.Change) int {
	if c.Remote {
		return 1
	}
	return 0
}

func (w *planWriter) flush(ctx context.Context) error {
	err := w.Memory.AppendPlan(ctx, w.run.ID, nil, w.seq, w.pending)
	w.seq += int64(len(w.pending))
	w.pending = w.pending[:0]
	return err
}

// hash binds the plan to what it was made from (requirements 3.12).
func (w *planWriter) hash(r *store.Run) string {
	fmt.Fprintf(w.digest, "%d %s %s", r.SyncID, r.TargetState, r.Fingerprint)
	return hex.EncodeToString(w.digest.Sum(nil))
}

// guard looks at what the plan removes on each side, and at what the sync has
// removed in the last 24 hours together with it (I5).
func (p *pass) guard(ctx context.Context, w *planWriter) (*plan.Stop, error) {
	if w.removed == [2]int64{} {
		return nil, nil
	}
	g := p.pairing.Sync.Guard
	there, err := p.Memory.MirrorLinked(ctx, p.pair.ID)
	if err != nil {
		return nil, err
	}
	here, scope := int64(0), p.sync.ID // what the sync may remove at all
	if p.pairing.Sync.Policy.Delete.Scope == plan.WholeBook {
		scope = 0
	}
	for _, err := range p.book.Owned(ctx, scope) {
		if err != nil {
			return nil, err
		}
		here++
	}
	before, err := p.Memory.DeletedSince(ctx, p.sync.ID, p.Now().Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	for i, base := range []int64{here, there} {
		if w.removed[i] == 0 {
			continue
		}
		p.run.GuardBase = base
		totals := plan.Totals{Deleted: w.removed[i], Updated: p.run.Totals.Updated}
		if stop := g.Check(totals, base); stop != nil {
			return stop, nil
		}
		if stop := g.CheckDay(w.removed[i], before, base); stop != nil {
			return stop, nil
		}
	}
	return nil, nil
}

// failed records why a run could not be planned or carried out.
func (e *Engine) failed(ctx context.Context, r store.Run, cause error) (store.Run, error) {
	ctx = context.WithoutCancel(ctx)
	r.Status, r.Finished, r.Code, r.Message = store.Failed, e.Now(), "run.failed", cause.Error()
	if errors.Is(cause, context.Canceled) {
		r.Status = store.Cancelled
	}
	var known *run.Error
	if errors.As(cause, &known) {
		r.Code, r.Message = known.Code, known.Message
	}
	if r.Code == CodeQuota {
		r.Status = store.PausedQuota
	}
	save := e.Memory.UpdateRun
	if r.ID == 0 {
		save = e.Memory.CreateRun
	}
	return r, errors.Join(cause, save(ctx, &r))
}
