package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// OpenScratch is OpenSQLite for a database that nobody needs once the process has
// ended, as in a simulation. It waits for no disk, and no other process can read it.
func OpenScratch(ctx context.Context, path string) (*Store, error) {
	options := "_pragma=page_size(2048)&_pragma=synchronous(OFF)"
	if runtime.GOOS != "windows" {
		options += "&vfs=unix-excl" // locks are kept in memory, the system is not asked
	}
	s, err := openAt(ctx, path, options)
	if err == nil {
		s.scratch = true
	}
	return s, err
}

// Clear takes everything out of a scratch database, so that it is as its schema has
// made it and numbers start at one again. It costs a fiftieth of a new one, whose
// statements would all have to be prepared.
func (s *Store) Clear(ctx context.Context) error {
	if !s.scratch {
		return errors.New("only a scratch database is cleared")
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		// Who refers to a table was made after it.
		tables, err := tableNames(tx.QueryContext(ctx, `SELECT name FROM sqlite_schema
			WHERE type = 'table' AND name <> 'goose_db_version' AND name NOT LIKE 'sqlite_%' ORDER BY rowid DESC`))
		if err != nil {
			return err
		}
		filled, err := tableNames(tx.QueryContext(ctx, `SELECT name FROM (`+strings.Join(exist(tables), ` UNION ALL `)+`)`))
		if err != nil {
			return err
		}
		for _, table := range append(filled, `sqlite_sequence WHERE name <> 'goose_db_version'`) {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table); err != nil {
				return fmt.Errorf("clear %s: %w", table, err)
			}
		}
		return nil
	})
}

// exist are queries that tell which tables have anything in them: to look is cheaper
// than to empty what is empty.
func exist(tables []string) (queries []string) {
	for _, t := range tables {
		queries = append(queries, `SELECT '`+t+`' AS name WHERE EXISTS (SELECT 1 FROM `+t+`)`)
	}
	return queries
}

func tableNames(rows *sql.Rows, err error) ([]string, error) {
	return collect(rows, err, func(rows *sql.Rows) (name string, err error) { return name, rows.Scan(&name) })
}

// Image returns a SQLite database as the bytes of its file: what Backup writes, in a
// hundredth of its time.
func (s *Store) Image(ctx context.Context) (image []byte, err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		k, ok := c.(*keeper)
		if !ok {
			return errors.New("only SQLite has a file")
		}
		image, err = k.sqliteConn.(interface{ Serialize() ([]byte, error) }).Serialize()
		return err
	})
	return image, err
}
