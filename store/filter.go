package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// A SavedFilter is a choice among the contacts of a book that somebody has given
// a name.
type SavedFilter struct {
	ID         int64
	BookID     int64
	Name       string
	Definition json.RawMessage
}

// SavedFilters returns the saved filters of a book, by name.
func (s *Store) SavedFilters(ctx context.Context, bookID int64) ([]SavedFilter, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, book_id, name, definition FROM saved_filter WHERE book_id = $1 ORDER BY name`, bookID)
	return collect(rows, err, func(rows *sql.Rows) (f SavedFilter, err error) {
		var definition string
		err = rows.Scan(&f.ID, &f.BookID, &f.Name, &definition)
		f.Definition = json.RawMessage(definition)
		return f, err
	})
}

// SaveFilter stores a filter under its name in its book, new or changed.
func (s *Store) SaveFilter(ctx context.Context, f SavedFilter) (SavedFilter, error) {
	err := s.db.QueryRowContext(ctx, `INSERT INTO saved_filter (book_id, name, definition) VALUES ($1, $2, $3)
		ON CONFLICT (book_id, name) DO UPDATE SET definition = excluded.definition RETURNING id`, f.BookID, f.Name, string(f.Definition)).Scan(&f.ID)
	if err != nil {
		return f, fmt.Errorf("save filter: %w", err)
	}
	return f, nil
}

// DeleteFilter removes a filter of a book, or returns ErrNotFound.
func (s *Store) DeleteFilter(ctx context.Context, bookID, id int64) error {
	result, err := s.db.ExecContext(ctx, `DELETE FROM saved_filter WHERE book_id = $1 AND id = $2`, bookID, id)
	if err != nil {
		return fmt.Errorf("delete filter: %w", err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return fmt.Errorf("filter %d: %w", id, ErrNotFound)
	}
	return nil
}
