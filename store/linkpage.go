package store

import (
	"context"
	"database/sql"
)

// A LinkPage asks for a stretch of who is linked with what.
type LinkPage struct {
	Connection int64 // 0: all
	Book       int64 // 0: all
	After      int64 // goes on behind the Linked with this At
	Limit      int
}

// A LinkAt is a link with its place in the list of all.
type LinkAt struct {
	Linked
	At int64
}

// LinksAt returns a stretch of who is linked with what, the oldest first.
func (s *Store) LinksAt(ctx context.Context, p LinkPage) ([]LinkAt, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT m.id, c.name, p.object, m.remote_id, m.state, m.ref FROM mirror m
		JOIN pair p ON p.id = m.pair_id JOIN connection c ON c.id = p.connection_id
		WHERE m.ref IS NOT NULL AND m.id > $1 AND ($2 = 0 OR p.connection_id = $2) AND ($3 = 0 OR p.book_id = $3) ORDER BY m.id LIMIT $4`,
		p.After, p.Connection, p.Book, p.Limit)
	return collect(rows, err, func(rows *sql.Rows) (l LinkAt, err error) {
		return l, rows.Scan(&l.At, &l.Connection, &l.Object, &l.RemoteID, &l.State, &l.Ref)
	})
}

// CountLinks returns how many records of each connection are linked.
func (s *Store) CountLinks(ctx context.Context) (map[int64]int64, error) {
	type counted struct{ connection, links int64 }
	rows, err := s.db.QueryContext(ctx, `SELECT p.connection_id, count(*) FROM mirror m JOIN pair p ON p.id = m.pair_id
		WHERE m.ref IS NOT NULL GROUP BY p.connection_id`)
	found, err := collect(rows, err, func(rows *sql.Rows) (one counted, err error) {
		return one, rows.Scan(&one.connection, &one.links)
	})
	all := make(map[int64]int64, len(found))
	for _, one := range found {
		all[one.connection] = one.links
	}
	return all, err
}

// ConflictsAfter returns up to limit of the conflicts that wait for a person,
// behind one of them.
func (s *Store) ConflictsAfter(ctx context.Context, after int64, limit int) ([]Conflict, error) {
	return s.conflicts(ctx, `open = 1 AND id > $1 ORDER BY id LIMIT $2`, after, limit)
}
