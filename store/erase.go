package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/plan"
)

// An Erasure is a person to be forgotten, and how to know what is about them.
type Erasure struct {
	Book     Book
	Refs     []int64 // contacts, live or in the trash: the person, and who was merged into them
	Keys     []Key   // by which an import would bring the person back
	Now      time.Time
	Stages   []string // staged sources that have the person: plans made from them are dropped
	Mentions func(text string) bool
}

// An ErasureReport counts what was forgotten.
type ErasureReport struct {
	Run         int64    `json:"run"`
	Suppression int64    `json:"suppression"`
	Contacts    int64    `json:"contacts"`  // and their copies in the trash
	Changes     int64    `json:"changes"`   // rows of the journal that had values of the person
	Conflicts   int64    `json:"conflicts"` // likewise
	Links       int64    `json:"links"`     // records of other systems, of which only the id is kept
	Intents     int64    `json:"intents"`   // writes that were on their way
	Leads       int64    `json:"leads"`     // of the inboxes
	Plans       int64    `json:"plans"`     // dropped, for they had the person
	Sources     int      `json:"sources"`   // staged copies that were removed
	Records     []Linked `json:"-"`         // those that may still be at other systems; Ref is 0 where no contact was linked
	Unanswered  []Linked `json:"-"`         // creates of which nobody knows whether they made a record
}

// Erase forgets a person in one transaction (requirements 3.14): the contact and
// its copy in the trash, its match keys, and their values in the journal, in
// conflicts, in what was seen of other systems' records, and in writes under way.
// What stays is which contact and which fields each run wrote, and a suppression.
// The bytes are gone for good only once Compact has run.
func (s *Store) Erase(ctx context.Context, e Erasure) (done ErasureReport, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		x := erasing{tx: tx, touched: map[int64]bool{}, Erasure: e}
		if err := x.all(ctx); err != nil {
			return err
		}
		done = x.done
		return nil
	})
	if err != nil {
		return ErasureReport{}, fmt.Errorf("erase: %w", err)
	}
	return done, nil
}

type erasing struct {
	Erasure
	tx      *sql.Tx
	touched map[int64]bool // runs whose change rows had the person
	done    ErasureReport
}

func (x *erasing) all(ctx context.Context) error {
	if err := x.Book.lock(ctx, x.tx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		x.contacts, x.keys, x.journal, x.plans, x.runs, x.conflicts, x.links, x.intents, x.leads, x.remember,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// refs is the list of the person's handles for IN; never an empty one.
func (e *Erasure) refs() string { return numbersOf(append([]int64{-1}, e.Refs...)) }

func (x *erasing) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	result, err := x.tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (x *erasing) contacts(ctx context.Context) error {
	live, err := x.exec(ctx, `DELETE FROM contact WHERE id IN (`+x.refs()+`)`)
	if err != nil {
		return err
	}
	gone, err := x.exec(ctx, `DELETE FROM trash WHERE id IN (`+x.refs()+`)`)
	if err != nil {
		return err
	}
	x.done.Contacts = live + gone
	if _, err := x.exec(ctx, `DELETE FROM attendance WHERE ref IN (`+x.refs()+`)`); err != nil {
		return err
	}
	_, err = x.exec(ctx, `UPDATE book SET seq = seq + 1, population = population - $1 WHERE id = $2`, live, x.Book.ID)
	return err
}

// keys takes the person's match keys out of the index, those kept for who was
// merged into them included, and remembers them.
func (x *erasing) keys(ctx context.Context) error {
	hits, own, err := keysOf(ctx, x.tx, x.Book.ID, x.Refs)
	if err != nil {
		return err
	}
	x.Keys = append(x.Keys, own...)
	for rule, list := range hits {
		slices.SortFunc(list, compareKeys)
		if _, err := changeKeys(ctx, x.tx, x.Book.ID, rule, nil, list); err != nil {
			return err
		}
	}
	return nil
}

// keysOf returns the keys that contacts of a book have in the index, by rule, and
// those of them that nobody else has: a telephone may be a household's.
func keysOf(ctx context.Context, q querier, bookID int64, refs []int64) (hits map[int][]KeyHit, own []Key, err error) {
	rows, err := q.QueryContext(ctx, `SELECT rule, data FROM contact_key WHERE book_id = $1`, bookID)
	hits = map[int][]KeyHit{}
	_, err = collect(rows, err, func(rows *sql.Rows) (none struct{}, err error) {
		var rule int
		var data sql.RawBytes
		if err := rows.Scan(&rule, &data); err != nil {
			return none, err
		}
		keys, err := decodeLeaf(data, nil)
		for _, k := range keys {
			if !slices.Contains(refs, k.Ref) {
				continue
			}
			hits[rule] = append(hits[rule], k)
			if !slices.ContainsFunc(keys, func(o KeyHit) bool { return o.Hash == k.Hash && !slices.Contains(refs, o.Ref) }) {
				own = append(own, Key{rule, k.Hash})
			}
		}
		return none, err
	})
	return hits, own, err
}

// journal takes the person's values out of change rows: out of all about the
// contact, and out of those about others only what names the person.
func (x *erasing) journal(ctx context.Context) error {
	for run, after := int64(0), int64(-1); ; {
		rows, err := x.tx.QueryContext(ctx, `SELECT `+changeColumns+` FROM change WHERE run_id > $1 OR run_id = $1 AND seq > $2
			ORDER BY run_id, seq LIMIT $3`, run, after, prunedAtOnce)
		changes, err := collect(rows, err, scanChange)
		if err != nil || len(changes) == 0 {
			return err
		}
		for _, c := range changes {
			run, after = c.Run, c.Seq
			if err := x.change(ctx, c); err != nil {
				return err
			}
		}
	}
}

func (x *erasing) change(ctx context.Context, c StoredChange) error {
	switch about := c.Ref != 0 && slices.Contains(x.Refs, c.Ref); {
	case about:
		c.Reason = plan.Erased
		scrub(&c.Change)
	case !x.named(&c.Change):
		return nil
	case c.Ref == 0 || c.Action == plan.Create:
		scrub(&c.Change)
	default:
		x.scrubNamed(&c.Change)
	}
	if x.Mentions(c.TargetID) {
		c.TargetID = ""
	}
	detail := detailOf(c.Change)
	detail.Pruned = c.Pruned
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	x.done.Changes++
	x.touched[c.Run] = true
	_, err = x.tx.ExecContext(ctx, `UPDATE change SET reason = $1, source_id = $2, target_id = $3, detail = $4 WHERE run_id = $5 AND seq = $6`,
		string(c.Reason), storable(c.SourceID), storable(c.TargetID), string(text), c.Run, c.Seq)
	return err
}

// named reports whether a change row names the person anywhere.
func (x *erasing) named(c *plan.Change) bool {
	texts := append([]string{c.SourceID, c.TargetID, c.Detail.Message, c.Detail.Value}, c.Values...)
	for _, f := range c.Fields {
		texts = append(texts, f.Old, f.New, f.Kept)
	}
	return slices.ContainsFunc(texts, x.Mentions)
}

// scrub takes every value out of a change. Which fields it wrote stays.
func scrub(c *plan.Change) {
	for i, f := range c.Fields {
		c.Fields[i] = plan.FieldChange{Name: f.Name, Rule: f.Rule}
	}
	c.Values, c.SourceID, c.Detail.Value, c.Detail.Message = nil, "", "", ""
}

// scrubNamed takes what names the person out of a change about somebody else.
func (x *erasing) scrubNamed(c *plan.Change) {
	for i, f := range c.Fields {
		if x.Mentions(f.Old) || x.Mentions(f.New) || x.Mentions(f.Kept) {
			c.Fields[i] = plan.FieldChange{Name: f.Name, Rule: f.Rule}
		}
	}
	for _, text := range []*string{&c.SourceID, &c.Detail.Value, &c.Detail.Message} {
		if x.Mentions(*text) {
			*text = ""
		}
	}
}

// plans drops the plans that were not applied and have the person: those of the
// book, which has changed, and those whose rows or staged source have the person.
func (x *erasing) plans(ctx context.Context) error {
	rows, err := x.tx.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE status = $1`, string(Planned))
	runs, err := collect(rows, err, scanRun)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.BookID != x.Book.ID && !x.touched[r.ID] && !slices.Contains(x.Stages, r.Stage) {
			continue
		}
		x.done.Plans++
		for _, statement := range []string{`DELETE FROM block WHERE run_id = $1`, `DELETE FROM change WHERE run_id = $1`, `DELETE FROM run WHERE id = $1`} {
			if _, err := x.exec(ctx, statement, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// runs takes sentences that name the person out of runs.
func (x *erasing) runs(ctx context.Context) error {
	rows, err := x.tx.QueryContext(ctx, `SELECT `+runColumns+` FROM run ORDER BY id`)
	runs, err := collect(rows, err, scanRun)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if !x.Mentions(r.Name) && !x.Mentions(r.Message) && !slices.ContainsFunc(r.Notes, x.Mentions) {
			continue
		}
		if x.Mentions(r.Name) {
			r.Name = ""
		}
		if x.Mentions(r.Message) {
			r.Message = ""
		}
		r.Notes = slices.DeleteFunc(r.Notes, x.Mentions)
		detail, err := json.Marshal(r.RunDetail)
		if err != nil {
			return err
		}
		if _, err := x.exec(ctx, `UPDATE run SET name = $1, detail = $2 WHERE id = $3`, r.Name, string(detail), r.ID); err != nil {
			return err
		}
	}
	return nil
}

func (x *erasing) conflicts(ctx context.Context) (err error) {
	x.done.Conflicts, err = x.exec(ctx, `UPDATE conflict SET base = '', ours = '', theirs = '', theirs_raw = '', open = 0 WHERE ref IN (`+x.refs()+`)`)
	if err != nil {
		return err
	}
	_, err = x.exec(ctx, `DELETE FROM retry WHERE ref IN (`+x.refs()+`)`)
	return err
}

// RecordsOf are the records of other systems that an erasure finds and that may still be
// there. It reads all records that no contact is linked with.
func (s *Store) RecordsOf(ctx context.Context, e Erasure) ([]Linked, error) {
	found, err := e.mirrored(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("records of a person: %w", err)
	}
	return mayBeThere(ctx, s.db, found)
}

// mirrored are the records that the person is at other systems: those that are linked,
// those without a link that have one of the keys, and those of an earlier erasure of the
// same e-mail or identifier.
func (e *Erasure) mirrored(ctx context.Context, q querier) ([]Mirrored, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+mirrorColumns+` FROM mirror WHERE ref IS NULL OR ref IN (`+e.refs()+`) OR state = $1`, Erased)
	found, err := collect(rows, err, scanMirrored)
	return slices.DeleteFunc(found, func(m Mirrored) bool {
		return !slices.Contains(e.Refs, m.Ref) && (m.Ref == 0 && !e.is(m) || m.Ref != 0 && !e.was(m))
	}), err
}

// mayBeThere says where those of some mirrored records are that may still be there.
func mayBeThere(ctx context.Context, q querier, found []Mirrored) ([]Linked, error) {
	ids := []int64{-1} // never an empty list
	for _, m := range found {
		if m.State == There || m.State == Erased {
			ids = append(ids, m.ID)
		}
	}
	rows, err := q.QueryContext(ctx, `SELECT c.name, p.object, m.remote_id, m.state, COALESCE(m.ref, 0) FROM mirror m
		JOIN pair p ON p.id = m.pair_id JOIN connection c ON c.id = p.connection_id WHERE m.id IN (`+numbersOf(ids)+`) ORDER BY c.name, p.object, m.id`)
	return collect(rows, err, func(rows *sql.Rows) (l Linked, err error) {
		return l, rows.Scan(&l.Connection, &l.Object, &l.RemoteID, &l.State, &l.Ref)
	})
}

// links makes tombstones of the records that the person is at other systems.
func (x *erasing) links(ctx context.Context) error {
	found, err := x.mirrored(ctx, x.tx)
	if err != nil {
		return err
	}
	for _, m := range found {
		x.done.Links++
		state, link := Erased, m.Ref
		if m.State != There && m.State != Erased {
			state, link = Gone, 0 // it stays gone, and is nobody's
		}
		if _, err := x.exec(ctx, `UPDATE mirror SET state = $1, ref = $2, seen = '{}', base = '{}', version = '', local_version = 0, merged_into = '' WHERE id = $3`,
			state, sql.NullInt64{Int64: link, Valid: link != 0}, m.ID); err != nil {
			return err
		}
	}
	x.done.Records, err = mayBeThere(ctx, x.tx, found)
	return err
}

// was reports whether a record was the person's when they were erased before. A
// telephone may be a household's, and is not enough.
func (e *Erasure) was(m Mirrored) bool {
	for _, rule := range []plan.Rule{plan.ByKey, plan.ByEmail} {
		n := plan.NumberOf(rule)
		if h := m.Hashes[n-1]; h != 0 && slices.Contains(e.Keys, Key{n, h}) {
			return true
		}
	}
	return false
}

// is reports whether a record that no contact is linked to is the person's.
func (e *Erasure) is(m Mirrored) bool {
	for i, h := range m.Hashes {
		if h != 0 && slices.Contains(e.Keys, Key{i + 1, h}) {
			return true
		}
	}
	for _, v := range m.Seen {
		if e.Mentions(v) {
			return true
		}
	}
	return false
}

func (x *erasing) intents(ctx context.Context) (err error) {
	rows, err := x.tx.QueryContext(ctx, `SELECT c.name, p.object, i.ref FROM intent i JOIN pair p ON p.id = i.pair_id
		JOIN connection c ON c.id = p.connection_id WHERE i.remote_id = '' AND i.ref IN (`+x.refs()+`) ORDER BY i.id`)
	x.done.Unanswered, err = collect(rows, err, func(rows *sql.Rows) (l Linked, err error) {
		return l, rows.Scan(&l.Connection, &l.Object, &l.Ref)
	})
	if err != nil {
		return err
	}
	x.done.Intents, err = x.exec(ctx, `DELETE FROM intent WHERE ref IN (`+x.refs()+`)`)
	return err
}

// remember stores the run that erased the person, what it removed, and the
// suppression.
func (x *erasing) remember(ctx context.Context) error {
	r := Run{Name: "erase", Kind: KindEdit, Status: Succeeded, Started: x.Now, Finished: x.Now, BookID: x.Book.ID,
		RunDetail: RunDetail{Totals: plan.Totals{Deleted: int64(len(x.Refs))}, Reasons: map[string]int64{string(plan.Erased): int64(len(x.Refs))}}}
	if err := createRun(ctx, x.tx, &r); err != nil {
		return err
	}
	var changes []plan.Change
	for i, ref := range x.Refs {
		changes = append(changes, plan.Change{Row: int64(i), Action: plan.Remove, Reason: plan.Erased, Ref: ref, TargetID: fmt.Sprint(Number(ref)), Final: true})
	}
	if err := insertChanges(ctx, x.tx, r.ID, 0, changes); err != nil {
		return err
	}
	ref := int64(0)
	if len(x.Refs) > 0 {
		ref = x.Refs[0]
	}
	x.done.Run = r.ID
	known, err := x.suppressed(ctx)
	if err != nil || known {
		return err
	}
	err = x.tx.QueryRowContext(ctx, `INSERT INTO suppression (book_id, ref, run_id, reason, erased_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
		x.Book.ID, ref, r.ID, string(plan.Erased), x.Now.UnixMilli()).Scan(&x.done.Suppression)
	if err != nil {
		return err
	}
	for _, k := range x.Keys {
		if _, err := x.exec(ctx, `INSERT INTO suppression_key (suppression_id, rule, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			x.done.Suppression, k.Rule, int64(k.Hash)); err != nil {
			return err
		}
	}
	return nil
}

// suppressed reports whether an earlier erasure keeps all of the person's keys away, as
// where it is asked for again.
func (x *erasing) suppressed(ctx context.Context) (known bool, err error) {
	for _, k := range x.Keys {
		var id int64
		err := x.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(suppression_id), 0) FROM suppression_key WHERE rule = $1 AND hash = $2`, k.Rule, int64(k.Hash)).Scan(&id)
		if err != nil || id == 0 || x.done.Suppression != 0 && id != x.done.Suppression {
			x.done.Suppression = 0
			return false, err
		}
		x.done.Suppression = id
	}
	return len(x.Keys) > 0, nil
}

// MergedFrom returns the contacts that merges have made part of one, ascending.
func (s *Store) MergedFrom(ctx context.Context, into int64) (refs []int64, err error) {
	for c, err := range s.changes(ctx, `action = `+fmt.Sprint(int(plan.Remove))+` AND detail LIKE $1`, fmt.Sprintf(`%%"into":%d%%`, into)) {
		if err != nil {
			return nil, err
		}
		if c.Into == into {
			refs = append(refs, c.Ref)
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs), nil
}

// Compact writes the database anew without what was deleted in it. A deleted row
// stays in its page, in free pages and in the log until something else takes its
// place, so an erasure ends with this. SQLite's secure_delete would not do: it
// wipes what is deleted from now on, not what earlier updates and deletions left
// behind, and makes every deletion dearer. PostgreSQL rewrites the tables that
// had people in them; what its archives and copies keep is out of our reach.
func (s *Store) Compact(ctx context.Context) error {
	statements := []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`}
	if s.postgres {
		statements = nil
		for table := range strings.FieldsSeq("contact trash contact_key change conflict mirror intent run block lead") {
			statements = append(statements, `VACUUM (FULL) `+table)
		}
	}
	var err error
	for _, statement := range statements {
		_, e := s.db.ExecContext(ctx, statement)
		err = errors.Join(err, e)
	}
	if err != nil {
		return fmt.Errorf("compact the database: %w", err)
	}
	return nil
}
