package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A CaptureForm is a page without sign-in by which people put themselves into the
// inbox of a book. Whoever knows its secret may fill it in; only the hash is kept.
type CaptureForm struct {
	ID       int64
	BookID   int64
	Occasion int64 // the event that its leads are of, 0: none
	Hash     string
	Title    string
	Fields   []string // of the book, in the order in which they are asked for
	Required []string // those of them that have to be filled
	Closed   bool
	Created  time.Time
}

const formColumns = `id, book_id, occasion_id, hash, title, fields, required, closed, created_at`

// AddForm stores a new form and returns it with its ID.
func (s *Store) AddForm(ctx context.Context, f CaptureForm) (CaptureForm, error) {
	fields, err := json.Marshal(f.Fields)
	if err != nil {
		return f, err
	}
	required, err := json.Marshal(f.Required)
	if err != nil {
		return f, err
	}
	err = s.db.QueryRowContext(ctx, `INSERT INTO capture_form (book_id, occasion_id, hash, title, fields, required, closed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		f.BookID, f.Occasion, f.Hash, storable(f.Title), string(fields), string(required), bit(f.Closed), unixMilli(f.Created)).Scan(&f.ID)
	if err != nil {
		return f, fmt.Errorf("add form: %w", err)
	}
	return f, nil
}

// Forms returns the forms of a book in order of creation.
func (s *Store) Forms(ctx context.Context, bookID int64) ([]CaptureForm, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+formColumns+` FROM capture_form WHERE book_id = $1 ORDER BY id`, bookID)
	return collect(rows, err, scanForm)
}

// FormByHash returns the form whose secret has that hash, or ErrNotFound.
func (s *Store) FormByHash(ctx context.Context, hash string) (CaptureForm, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+formColumns+` FROM capture_form WHERE hash = $1`, hash)
	all, err := collect(rows, err, scanForm)
	if err != nil || len(all) == 0 {
		return CaptureForm{}, orNotFound(err)
	}
	return all[0], nil
}

// CloseForm has a form take nobody any more, or again; ErrNotFound where the book has
// no such form.
func (s *Store) CloseForm(ctx context.Context, bookID, id int64, closed bool) error {
	result, err := s.db.ExecContext(ctx, `UPDATE capture_form SET closed = $1 WHERE book_id = $2 AND id = $3`, bit(closed), bookID, id)
	if err != nil {
		return fmt.Errorf("close form: %w", err)
	}
	return affected(result)
}

// DeleteForm removes a form. Who came by it stays.
func (s *Store) DeleteForm(ctx context.Context, bookID, id int64) error {
	result, err := s.db.ExecContext(ctx, `DELETE FROM capture_form WHERE book_id = $1 AND id = $2`, bookID, id)
	if err != nil {
		return fmt.Errorf("delete form: %w", err)
	}
	return affected(result)
}

// ErrFormFull is returned when a form has taken as many as it may in one day.
var ErrFormFull = errors.New("the form takes nobody more today")

// CountForm counts one more that came by a form on a day, or returns ErrFormFull after
// so many.
func (s *Store) CountForm(ctx context.Context, id int64, day string, most int) error {
	result, err := s.db.ExecContext(ctx, `UPDATE capture_form SET came = CASE WHEN day = $1 THEN came + 1 ELSE 1 END, day = $1 WHERE id = $2 AND (day <> $1 OR came < $3)`, day, id, most)
	if err != nil {
		return fmt.Errorf("count what came by a form: %w", err)
	}
	if errors.Is(affected(result), ErrNotFound) {
		return ErrFormFull
	}
	return nil
}

func scanForm(rows *sql.Rows) (f CaptureForm, err error) {
	var fields, required string
	var created int64
	if err = rows.Scan(&f.ID, &f.BookID, &f.Occasion, &f.Hash, &f.Title, &fields, &required, &f.Closed, &created); err != nil {
		return f, err
	}
	f.Created = timeOf(created)
	return f, errors.Join(json.Unmarshal([]byte(fields), &f.Fields), json.Unmarshal([]byte(required), &f.Required))
}
