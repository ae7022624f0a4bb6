package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/schedule"
)

// A Managed thing is kept in a file that people change instead of pages.
type Managed struct {
	Kind   string // Sync, Connection, Book, Channel
	Name   string
	File   string // within the configuration's folder; empty: it was let go again
	Secret string // where its secret comes from, as the file says it
}

// Managed returns everything that came from files, by kind and name.
func (s *Store) Managed(ctx context.Context) ([]Managed, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT kind, name, file, secret FROM managed ORDER BY kind, name`)
	return collect(rows, err, func(rows *sql.Rows) (m Managed, err error) {
		return m, rows.Scan(&m.Kind, &m.Name, &m.File, &m.Secret)
	})
}

// ManagedFile returns the file that something is kept in; empty: in none.
func (s *Store) ManagedFile(ctx context.Context, kind, name string) (file string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT file FROM managed WHERE kind = $1 AND name = $2`, kind, name).Scan(&file)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return file, err
}

// Detach lets something that came from a file be changed on the pages again. It
// keeps where its secret comes from.
func (s *Store) Detach(ctx context.Context, kind, name string) error {
	result, err := s.db.ExecContext(ctx, `UPDATE managed SET file = '' WHERE kind = $1 AND name = $2 AND file <> ''`, kind, name)
	if err != nil {
		return fmt.Errorf("detach %s: %w", name, err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return ErrNotFound
	}
	return nil
}

// forgetManaged forgets the files of what is gone.
func forgetManaged(ctx context.Context, q querier) error {
	_, err := q.ExecContext(ctx, `DELETE FROM managed WHERE
		kind = 'Sync' AND name NOT IN (SELECT name FROM sync) OR kind = 'Connection' AND name NOT IN (SELECT name FROM connection) OR
		kind = 'Book' AND name NOT IN (SELECT name FROM book) OR kind = 'Channel' AND name NOT IN (SELECT name FROM channel)`)
	return err
}

// A ConfigChange is what a set of files makes of the configuration. What it does not
// name stays as it is.
type ConfigChange struct {
	NewBooks    []Book
	Books       []Book // settings, labels and kinds of those that are there; with their new fields
	Connections []Connection
	Channels    []Channel
	Syncs       []ConfigSync
	Managed     []Managed

	GoneSyncs, GoneChannels []string // by name
	GoneConnections         []int64
	GoneBooks               []int64 // only while they have no contacts
}

// A ConfigSync is a sync with what concerns it without being part of how it works.
type ConfigSync struct {
	Definition plan.Sync
	Base       string
	Schedule   *schedule.Schedule // nil: by hand only
	Paused     *bool              // nil: it stays as it is
	Next       time.Time
	Notify     []notify.Rule
}

// ApplyConfig makes the configuration what a change says, all of it or nothing.
func (s *Store) ApplyConfig(ctx context.Context, c ConfigChange) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for _, step := range []func(context.Context, *sql.Tx, ConfigChange) error{takeAway, putBooks, putConnections, putSyncs, putManaged} {
			if err := step(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("apply configuration: %w", err)
	}
	return nil
}

func takeAway(ctx context.Context, tx *sql.Tx, c ConfigChange) error {
	for _, name := range c.GoneSyncs {
		if err := deleteSync(ctx, tx, name); err != nil {
			return err
		}
	}
	for _, name := range c.GoneChannels {
		if err := deleteChannel(ctx, tx, name); err != nil {
			return err
		}
	}
	for _, id := range c.GoneConnections {
		if err := deleteConnection(ctx, tx, id); err != nil {
			return err
		}
	}
	for _, id := range c.GoneBooks {
		b, err := findBook(ctx, tx, `id = $1`, id)
		if err != nil {
			return err
		}
		if b.Population > 0 {
			return ErrBookNotEmpty
		}
		if err := deleteBook(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

func putBooks(ctx context.Context, tx *sql.Tx, c ConfigChange) error {
	for _, b := range c.NewBooks {
		if err := createBook(ctx, tx, b); err != nil {
			return fmt.Errorf("book %s: %w", b.Name, err)
		}
	}
	for _, b := range c.Books {
		if _, err := lockBook(ctx, tx, b.ID); err != nil {
			return err
		}
		if err := addFields(ctx, tx, b.ID, b.Fields); err != nil {
			return err
		}
		if err := setFields(ctx, tx, b.ID, b.Fields); err != nil {
			return err
		}
		if err := configure(ctx, tx, b); err != nil {
			return err
		}
	}
	return nil
}

func setFields(ctx context.Context, tx *sql.Tx, bookID int64, fields []contact.Field) error {
	for _, f := range fields {
		if _, err := tx.ExecContext(ctx, `UPDATE field SET label = $1, kind = $2 WHERE book_id = $3 AND name = $4`,
			f.Label, string(f.Kind), bookID, f.Name); err != nil {
			return fmt.Errorf("change field %s: %w", f.Name, err)
		}
	}
	return nil
}

func putConnections(ctx context.Context, tx *sql.Tx, c ConfigChange) error {
	for _, one := range c.Connections {
		if _, err := saveConnection(ctx, tx, one); err != nil {
			return err
		}
	}
	for _, one := range c.Channels {
		if _, err := saveChannel(ctx, tx, one); err != nil {
			return err
		}
	}
	return nil
}

func putSyncs(ctx context.Context, tx *sql.Tx, c ConfigChange) error {
	for _, one := range c.Syncs {
		s, err := writeSync(ctx, tx, one.Definition, one.Base)
		if err != nil {
			return err
		}
		if one.Schedule == nil {
			err = removeSchedule(ctx, tx, s.ID)
		} else {
			err = saveSchedule(ctx, tx, s.ID, *one.Schedule, one.Next)
		}
		if err == nil && one.Schedule != nil && one.Paused != nil {
			err = pauseIfNot(ctx, tx, s.ID, *one.Paused, one.Next)
		}
		if err != nil {
			return err
		}
		if err := saveNotify(ctx, tx, s.ID, one.Notify); err != nil {
			return err
		}
	}
	return nil
}

func putManaged(ctx context.Context, tx *sql.Tx, c ConfigChange) error {
	for _, m := range c.Managed {
		if _, err := tx.ExecContext(ctx, `INSERT INTO managed (kind, name, file, secret) VALUES ($1, $2, $3, $4)
			ON CONFLICT (kind, name) DO UPDATE SET file = excluded.file, secret = excluded.secret`, m.Kind, m.Name, m.File, m.Secret); err != nil {
			return fmt.Errorf("mark %s: %w", m.Name, err)
		}
	}
	return nil
}
