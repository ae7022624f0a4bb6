package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// An Answer is what the API said to a request that may be sent again: it is not
// carried out twice. The first is kept under the key that the caller chose.
type Answer struct {
	Key     string // whose it is, and the one they chose
	Request string // hash of what was asked
	Status  int    // 0: it is still at work
	Sealed  []byte // headers and body
	At      time.Time
}

// BeginAnswer takes a key for a request. False: somebody has taken it, and the
// answer is theirs. One that was taken before old is forgotten, and one that is
// still at work then had its process die.
func (s *Store) BeginAnswer(ctx context.Context, a Answer, old time.Time) (Answer, bool, error) {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM idempotency WHERE at < $1`, old.UnixMilli()); err != nil {
		return a, false, fmt.Errorf("forget answers: %w", err)
	}
	for {
		result, err := s.db.ExecContext(ctx, `INSERT INTO idempotency (id, request, status, sealed, at) VALUES ($1, $2, 0, $3, $4) ON CONFLICT DO NOTHING`,
			a.Key, a.Request, []byte{}, a.At.UnixMilli())
		if err != nil {
			return a, false, fmt.Errorf("keep an answer: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return a, n > 0, err
		}
		first, err := s.answer(ctx, a.Key)
		if !errors.Is(err, sql.ErrNoRows) { // else it was dropped in between
			return first, false, err
		}
	}
}

func (s *Store) answer(ctx context.Context, key string) (a Answer, err error) {
	var at int64
	err = s.db.QueryRowContext(ctx, `SELECT id, request, status, sealed, at FROM idempotency WHERE id = $1`, key).Scan(&a.Key, &a.Request, &a.Status, &a.Sealed, &at)
	a.At = timeOf(at)
	return a, err
}

// KeepAnswer stores what was said.
func (s *Store) KeepAnswer(ctx context.Context, a Answer) error {
	_, err := s.db.ExecContext(ctx, `UPDATE idempotency SET status = $1, sealed = $2 WHERE id = $3`, a.Status, a.Sealed, a.Key)
	return err
}

// DropAnswer gives a key free: nothing was done for it.
func (s *Store) DropAnswer(ctx context.Context, key string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM idempotency WHERE id = $1 AND status = 0`, key)
	return err
}

// DropUnfinishedAnswers gives the keys free of requests whose process has died.
func (s *Store) DropUnfinishedAnswers(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM idempotency WHERE status = 0`)
	return err
}
