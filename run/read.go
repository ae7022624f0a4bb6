package run

import (
	"context"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/spill"
)

// planning is the state of one plan in the making.
type planning struct {
	engine  *Engine
	binding binding
	book    *plan.Rulebook
	target  Target
	stage   *stage
	run     int64

	notes    *noteFile
	entries  map[plan.Rule]*spill.Sorter // {hash, record<<flagBits|flags, 0}
	verdicts *spill.Sorter               // {record, packed verdict, ref or other record}
	decided  bitset
	out      bitset // decided, and not found to be anybody
	taken    refset
	keepers  refset          // contacts that others were merged into
	holders  map[int64]int64 // of these, when taken: the record that took it
	seen     refset          // contacts that some record of the source points to
	several  map[int64][]int64

	forgotten    plan.Forgotten // people who were erased on request
	allKeys      func(values []string) func(plan.Rule) []uint64
	tombstones   map[[2]uint64]bool     // rule and hash of the best key of contacts that people threw away
	edited       map[plan.Rule][]uint64 // keys of contacts that others have changed since the last run
	settled      int64                  // records that are as they were, and settled well
	settledNames map[int64]uint64       // last names of such records whose telephone others have, hashed
	reopened     map[int64]rowNote      // records that were as before, and are looked at again all the same

	nameless   int64 // records that have no key to be known by
	unreadable int64 // records whose content is not known at all
	phoneOnly  int64 // records left out for want of an e-mail, that have a telephone
	cutOff     bool  // the last record is damaged: there may have been more
	blank      int64
	warnings   map[string]int64
	fast       *failFast
}

// Flags of an entry, below the record's number.
const (
	flagBest    = 1 << iota // the record has no better key
	flagGhost               // it is refused and only protects contacts
	flagSettled             // it is as it was after the last run
	flagSame                // its bytes are as they were, so it disturbs nobody

	flagBits = 4
)

// maxHash bounds the hashes of match keys.
const maxHash = 1<<63 - 1

// read is the first pass: it judges every record on its own and collects the
// match keys of all.
func (p *planning) read(ctx context.Context, old *snapshot) error {
	in, err := p.engine.openStage(p.stage)
	if err != nil {
		return sourceFault(p.stage.name, err)
	}
	defer in.Close()
	p.stage.places = nil
	for {
		row, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return sourceFault("The source", err)
		}
		if err := p.readRow(in, row, old); err != nil {
			return err
		}
		if p.notes.count%65536 == 0 {
			p.engine.progress("reading", p.notes.count, 0)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	p.blank = in.BlankLines()
	p.cutOff = in.row != nil && in.row.Problem != nil
	p.stage.places = p.notes
	if old != nil {
		return old.err
	}
	return nil
}

func (p *planning) readRow(in *reading, row *csv.Row, old *snapshot) error {
	hash := hashRow(row)
	settled, ok, same := old.recall(hash)
	if ok {
		settled.Place, settled.Line = row.Place, row.Line
		p.settled++
		return p.notes.add(settled)
	}
	note := p.judge(in, row)
	note.Hash, note.Place, note.Line = hash, row.Place, row.Line
	if err := p.fast.check(note); err != nil {
		return err
	}
	return p.keep(note, same)
}

// hashRow identifies a record by its bytes.
func hashRow(row *csv.Row) uint64 { return xxhash.Sum64(row.Raw) }

// keep stores a note and enters its keys for matching.
func (p *planning) keep(note rowNote, same bool) error {
	flags := uint64(0)
	if same {
		flags = flagSame
	}
	if note.Settled == plan.NoAction || note.Settled == plan.Reject || note.Reason == filteredOut {
		if err := p.enter(note, p.notes.count, flags); err != nil {
			return err
		}
	}
	return p.notes.add(note)
}

// enter adds the note's keys to the entries of each match rule. A settled record
// becomes a ghost: it only protects the contacts it points to.
func (p *planning) enter(note rowNote, number int64, flags uint64) error {
	if note.Settled != plan.NoAction {
		flags |= flagGhost
	} else {
		flags |= flagBest
	}
	for _, rule := range p.book.Rules {
		if rule.Any() {
			had, err := p.enterSecond(rule, note, number, flags)
			if err != nil {
				return err
			}
			if had {
				flags &^= flagBest
			}
			continue
		}
		key := note.Keys[plan.NumberOf(rule)-1]
		if key == 0 {
			continue
		}
		if err := p.entries[rule].Add(spill.Record{key, uint64(number)<<flagBits | flags}); err != nil {
			return err
		}
		flags &^= flagBest
	}
	return nil
}

var filteredOut = reasonNumber(plan.FilteredOut)

// judge decides what can be decided from the record alone.
func (p *planning) judge(in *reading, row *csv.Row) (note rowNote) {
	if row.Problem != nil && plan.Reason(row.Problem.Code) != plan.RowColumns {
		p.unreadable++
		note.Settled, note.Reason = plan.Reject, reasonNumber(plan.Reason(row.Problem.Code))
		return note
	}
	fields := in.Texts(row)
	t := p.book.Translate(fields)
	keys := p.hashKeys(t.Values, &note)
	pass, err := p.book.Pass(fields)
	switch {
	case row.Problem != nil:
		note.Settled, note.Reason = plan.Reject, reasonNumber(plan.RowColumns)
	case err != nil:
		note.Settled, note.Reason = plan.Reject, reasonNumber(plan.ExprFailed)
	case !pass:
		note.Settled, note.Reason = plan.Skip, filteredOut
	case !p.forgotten.Nobody() && p.forgotten.Has(p.allKeys(t.Values)):
		note.Settled, note.Reason = plan.Skip, reasonNumber(plan.Erased) // before anything that would tell of the record
	case t.Reject != "":
		note.Settled, note.Reason = plan.Reject, reasonNumber(t.Reject)
	case keys == 0:
		note.Settled, note.Reason = plan.Skip, reasonNumber(p.noKey())
		if c := p.book.DecideCreate(fields, t); c.Reason == plan.RequiredMissing { // E24: it says what is missing
			note.Settled, note.Reason = plan.Hold, reasonNumber(plan.RequiredMissing)
		} else if note.Keys[plan.NumberOf(plan.ByPhone)-1] != 0 && !p.book.Uses(plan.ByPhone) {
			p.phoneOnly++
		}
	default:
		c := p.book.DecideCreate(fields, t)
		note.Create, note.Why = c.Action, reasonNumber(c.Reason)
	}
	if keys == 0 && (note.Settled == plan.Reject || note.Settled == plan.Skip && note.Reason != filteredOut) {
		p.nameless++
	}
	if note.Settled == plan.NoAction {
		if note.Keys[plan.NumberOf(plan.ByPhone)-1] == 0 {
			p.book.Warn(&t)
		}
		for _, w := range t.Detail.Warnings {
			p.warnings[w]++
		}
	}
	return note
}

// hashKeys fills in the record's key hashes and returns how many of them the
// sync's match rules can use.
func (p *planning) hashKeys(values []string, note *rowNote) (usable int) {
	var room [4]string
	for i, rule := range plan.KeyRules {
		keys := p.book.KeysFor(rule, values, room[:0])
		if len(keys) == 0 {
			continue
		}
		note.Keys[i] = p.engine.Secret.Hash(keys[0])
		if p.book.Uses(rule) {
			usable++
		}
	}
	usable += p.hashSecond(values, note)
	if p.names() {
		note.Name = p.hashName(values)
	}
	return usable
}

func (p *planning) noKey() plan.Reason {
	for _, rule := range p.book.Rules {
		if rule.Base() != plan.ByEmail {
			return plan.NoKey
		}
	}
	return plan.NoEmail // S4
}

// failFast ends a run early when its first records are refused for one common
// reason: the fault is then in the source or the sync, not in the records.
type failFast struct {
	read    int64
	reasons map[uint8]int64
}

const failFastRows = 200

func (f *failFast) check(n rowNote) error {
	if f.read >= failFastRows {
		return nil
	}
	f.read++
	if n.Settled == plan.Reject {
		f.reasons[n.Reason]++
	}
	if f.read < failFastRows {
		return nil
	}
	for reason, count := range f.reasons {
		if count > failFastRows/2 {
			return &Error{Code: CodeSystemic, Message: fmt.Sprintf(
				"%d of the first %d records were refused for the same reason (%s). Nothing was changed. Check the file's delimiter, encoding and mapping",
				count, failFastRows, plan.Reasons[reason])}
		}
	}
	return nil
}
