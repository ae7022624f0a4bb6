package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A Posting is a message on its way to one person or channel. It is sent at least
// once, and twice only when a process dies between sending and noting it; its ID
// is the same then, so that a receiver can tell.
type Posting struct {
	ID        string // never given twice: "msg_..."
	Channel   string // name; empty: the installation's mail server
	Recipient string // e-mail address, where the channel is a mail server
	Kind      string // what is in Body: see notify/outbox
	Latest    bool   // it takes the place of those of its kind, sync and channel that still wait
	SyncID    int64
	Body      string // JSON
	Created   time.Time
	State     PostingState
	Attempts  int
	Next      time.Time // next attempt
	Reason    string    // why it was not sent so far, or never will be
	Sent      time.Time
}

// PostingState says where a message stands.
type PostingState string

// States of a message.
const (
	Waiting  PostingState = "waiting"
	SentOff  PostingState = "sent"
	Dead     PostingState = "dead" // it will never be sent; Reason says why
	Replaced PostingState = "replaced"
)

const postingColumns = `id, channel, recipient, kind, sync_id, body, created_at, state, attempts, next_at, reason, sent_at`

// Post puts messages into the outbox.
func (s *Store) Post(ctx context.Context, messages ...Posting) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return post(ctx, tx, messages) })
}

func post(ctx context.Context, tx *sql.Tx, messages []Posting) error {
	for _, m := range messages {
		if m.Latest {
			if _, err := tx.ExecContext(ctx, `UPDATE outbox SET state = $1 WHERE state = $2 AND sync_id = $3 AND channel = $4 AND kind = $5`,
				string(Replaced), string(Waiting), m.SyncID, m.Channel, m.Kind); err != nil {
				return fmt.Errorf("outbox: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO outbox (id, channel, recipient, kind, sync_id, body, created_at, state, next_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, m.ID, m.Channel, m.Recipient, m.Kind, m.SyncID, m.Body,
			m.Created.UnixMilli(), string(Waiting), m.Created.UnixMilli()); err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
	}
	return nil
}

// DuePostings returns messages whose next attempt has come and that no process is sending,
// in the order of their attempts.
func (s *Store) DuePostings(ctx context.Context, now time.Time, limit int) ([]Posting, error) {
	return s.postings(ctx, `state = 'waiting' AND next_at <= $1 AND claimed_until <= $1 ORDER BY next_at, created_at, id LIMIT $2`, now.UnixMilli(), limit)
}

// Postings returns the latest messages, newest first: sent, waiting and dead.
func (s *Store) Postings(ctx context.Context, limit int) ([]Posting, error) {
	return s.postings(ctx, `state <> 'replaced' ORDER BY created_at DESC, id LIMIT $1`, limit)
}

func (s *Store) postings(ctx context.Context, where string, args ...any) ([]Posting, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+postingColumns+` FROM outbox WHERE `+where, args...)
	found, err := collect(rows, err, scanPosting)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	return found, nil
}

func scanPosting(rows *sql.Rows) (p Posting, err error) {
	var created, next, sent int64
	var state string
	err = rows.Scan(&p.ID, &p.Channel, &p.Recipient, &p.Kind, &p.SyncID, &p.Body, &created, &state, &p.Attempts, &next, &p.Reason, &sent)
	p.State, p.Created, p.Next, p.Sent = PostingState(state), fromMilli(created), fromMilli(next), fromMilli(sent)
	return p, err
}

// Claim takes a message for one attempt, until the time given, and counts the
// attempt. It reports false when another process was faster. Only who has claimed
// a message may settle it, and only while no other has claimed it since.
func (s *Store) Claim(ctx context.Context, p *Posting, now, until time.Time) (bool, error) {
	n, err := s.settle(ctx, `UPDATE outbox SET attempts = attempts + 1, claimed_until = $1
		WHERE id = $2 AND attempts = $3 AND state = 'waiting' AND claimed_until <= $4`, until.UnixMilli(), p.ID, p.Attempts, now.UnixMilli())
	if n {
		p.Attempts++
	}
	return n, err
}

// Sent notes that a message was sent.
func (s *Store) Sent(ctx context.Context, p Posting, now time.Time) (bool, error) {
	return s.settle(ctx, `UPDATE outbox SET state = 'sent', sent_at = $1, reason = '', claimed_until = 0
		WHERE id = $2 AND attempts = $3 AND state = 'waiting'`, now.UnixMilli(), p.ID, p.Attempts)
}

// Postpone gives a message back for a later attempt, with the reason.
func (s *Store) Postpone(ctx context.Context, p Posting, next time.Time, reason string) (bool, error) {
	return s.settle(ctx, `UPDATE outbox SET next_at = $1, reason = $2, claimed_until = 0
		WHERE id = $3 AND attempts = $4 AND state = 'waiting'`, next.UnixMilli(), storable(reason), p.ID, p.Attempts)
}

// Bury gives a message up for good, with the reason.
func (s *Store) Bury(ctx context.Context, p Posting, reason string) (bool, error) {
	return s.settle(ctx, `UPDATE outbox SET state = 'dead', reason = $1, claimed_until = 0
		WHERE id = $2 AND attempts = $3 AND state = 'waiting'`, storable(reason), p.ID, p.Attempts)
}

// HoldChannel puts off what is due by a channel and not being sent: it has just
// failed.
func (s *Store) HoldChannel(ctx context.Context, channel string, now, until time.Time) error {
	_, err := s.settle(ctx, `UPDATE outbox SET next_at = $1 WHERE channel = $2 AND state = 'waiting' AND next_at <= $3 AND claimed_until <= $3`,
		until.UnixMilli(), channel, now.UnixMilli())
	return err
}

func (s *Store) settle(ctx context.Context, query string, args ...any) (bool, error) {
	result, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("outbox: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// PruneOutbox removes messages that were settled and are older than before.
func (s *Store) PruneOutbox(ctx context.Context, before time.Time) (int64, error) {
	result, err := s.db.ExecContext(ctx, `DELETE FROM outbox WHERE state <> 'waiting' AND created_at < $1`, before.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("outbox: %w", err)
	}
	return result.RowsAffected()
}
