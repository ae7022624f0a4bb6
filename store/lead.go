package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A Lead is somebody who was captured at an event, or came by a program, and waits in
// the inbox of a book until a person has looked (E20). It is no contact yet.
type Lead struct {
	ID       int64
	BookID   int64
	Occasion int64             // the event, 0: none
	Form     int64             // by which form it came, 0: by none
	Values   map[string]string // by field; a field that is there and blank was emptied by a person
	Came     string            // CameByForm, CameByCSV, CameByAPI
	Note     string
	State    string // LeadNew, LeadTaken, LeadDismissed
	Ref      int64  // the contact that it became part of
	Run      int64  // by which run; 0 where the contact had all of it already
	By       string // who took or dismissed it
	Version  int64  // counts corrections
	At       time.Time
	Settled  time.Time // when it was taken or dismissed
}

// What becomes of a lead.
const (
	LeadNew       = "new"
	LeadTaken     = "taken"
	LeadDismissed = "dismissed"
)

// How leads come.
const (
	CameByForm = "form"
	CameByCSV  = "csv"
	CameByAPI  = "api"
)

const leadColumns = `id, book_id, occasion_id, form_id, fields, came, note, state, ref, run_id, settled_by, version, at, settled_at`

// AddLeads puts leads into the inbox, all or none.
func (s *Store) AddLeads(ctx context.Context, leads []Lead) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, l := range leads {
			text, err := json.Marshal(l.Values)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO lead (book_id, occasion_id, form_id, fields, came, note, state, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				l.BookID, l.Occasion, l.Form, string(text), l.Came, storable(l.Note), LeadNew, unixMilli(l.At)); err != nil {
				return fmt.Errorf("add leads: %w", err)
			}
		}
		return nil
	})
}

// Leads returns leads of a book in a state, the latest first, of those before an ID
// where it is not 0. Of an event only, where one is named.
func (s *Store) Leads(ctx context.Context, bookID int64, state string, occasion, before int64, limit int) ([]Lead, error) {
	if before <= 0 {
		before = 1 << 62
	}
	rows, err := s.db.QueryContext(ctx, `SELECT `+leadColumns+` FROM lead WHERE book_id = $1 AND state = $2 AND ($3 = 0 OR occasion_id = $3) AND id < $4 ORDER BY id DESC LIMIT $5`,
		bookID, state, occasion, before, limit)
	return collect(rows, err, scanLead)
}

// LeadsByID returns those leads of a book that have one of the IDs, in their order.
func (s *Store) LeadsByID(ctx context.Context, bookID int64, ids []int64) (all []Lead, err error) {
	for some := range slices.Chunk(ids, 500) {
		list, args := placesFor(some, []any{bookID})
		rows, err := s.db.QueryContext(ctx, `SELECT `+leadColumns+` FROM lead WHERE book_id = $1 AND id IN (`+list+`)`, args...)
		found, err := collect(rows, err, scanLead)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b Lead) int { return int(a.ID - b.ID) })
	return all, nil
}

// EveryLead returns the leads of all books, for who asks what is known of a person.
func (s *Store) EveryLead(ctx context.Context) ([]Lead, error) {
	return everyLead(ctx, s.db)
}

func everyLead(ctx context.Context, q querier) ([]Lead, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+leadColumns+` FROM lead ORDER BY id`)
	return collect(rows, err, scanLead)
}

// CorrectLead stores the values, note and event of a lead that still waits and has the
// version it was read with, which becomes the next; or it returns ErrNotFound.
func (s *Store) CorrectLead(ctx context.Context, l Lead) error {
	text, err := json.Marshal(l.Values)
	if err != nil {
		return err
	}
	result, err := s.db.ExecContext(ctx, `UPDATE lead SET fields = $1, note = $2, occasion_id = $3, version = version + 1 WHERE id = $4 AND version = $5 AND state = $6`,
		string(text), storable(l.Note), l.Occasion, l.ID, l.Version, LeadNew)
	if err != nil {
		return fmt.Errorf("correct lead: %w", err)
	}
	return affected(result)
}

// SettleLeads stores what became of leads: their State, Ref, Run, By and Settled.
func (s *Store) SettleLeads(ctx context.Context, leads []Lead) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, l := range leads {
			if _, err := tx.ExecContext(ctx, `UPDATE lead SET state = $1, ref = $2, run_id = $3, settled_by = $4, settled_at = $5, occasion_id = $6, version = version + 1 WHERE id = $7`,
				l.State, l.Ref, l.Run, l.By, unixMilli(l.Settled), l.Occasion, l.ID); err != nil {
				return fmt.Errorf("settle leads: %w", err)
			}
		}
		return nil
	})
}

// WaitingLeads counts the leads that wait, by book.
func (s *Store) WaitingLeads(ctx context.Context) (map[int64]int64, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT book_id, count(*) FROM lead WHERE state = $1 GROUP BY book_id`, LeadNew)
	counts := map[int64]int64{}
	_, err = collect(rows, err, func(rows *sql.Rows) (none struct{}, err error) {
		var book, n int64
		err = rows.Scan(&book, &n)
		counts[book] = n
		return none, err
	})
	return counts, err
}

// PruneLeads removes leads that were taken or dismissed before a time, for good.
func (s *Store) PruneLeads(ctx context.Context, before time.Time) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM lead WHERE state <> $1 AND settled_at < $2`, LeadNew, before.UnixMilli()); err != nil {
		return fmt.Errorf("prune leads: %w", err)
	}
	return nil
}

func scanLead(rows *sql.Rows) (l Lead, err error) {
	var fields string
	var at, settled int64
	if err = rows.Scan(&l.ID, &l.BookID, &l.Occasion, &l.Form, &fields, &l.Came, &l.Note, &l.State, &l.Ref, &l.Run, &l.By, &l.Version, &at, &settled); err != nil {
		return l, err
	}
	l.At, l.Settled = timeOf(at), timeOf(settled)
	return l, json.Unmarshal([]byte(fields), &l.Values)
}

// leads removes what is the person's from the inboxes of all books: nobody has taken
// it into one, so none has to be asked.
func (x *erasing) leads(ctx context.Context) error {
	all, err := everyLead(ctx, x.tx)
	if err != nil {
		return err
	}
	for _, l := range all {
		named := l.Ref != 0 && slices.Contains(x.Refs, l.Ref) || x.Mentions(l.Note)
		for _, value := range l.Values {
			named = named || x.Mentions(value)
		}
		if !named {
			continue
		}
		x.done.Leads++
		if _, err := x.exec(ctx, `DELETE FROM lead WHERE id = $1`, l.ID); err != nil {
			return err
		}
	}
	return nil
}
