package store

import (
	"context"
	"database/sql"
	"time"
)

// A Session is a browser in which somebody has signed in, or has begun to. Only
// the hash of its secret is kept.
type Session struct {
	ID      int64
	User    int64
	Hash    string
	State   string // what it is still waiting for
	Method  string // how it was opened
	Agent   string
	Address string
	Created time.Time
	Seen    time.Time
	Proved  time.Time // when the user last proved who they are
}

const sessionColumns = `id, user_id, hash, state, method, agent, address, created_at, seen_at, proved_at`

func scanSession(rows *sql.Rows) (s Session, err error) {
	var created, seen, proved int64
	err = rows.Scan(&s.ID, &s.User, &s.Hash, &s.State, &s.Method, &s.Agent, &s.Address, &created, &seen, &proved)
	s.Created, s.Seen, s.Proved = fromMilli(created), fromMilli(seen), fromMilli(proved)
	return s, err
}

// AddSession stores a new session and sets its number.
func (a Accounts) AddSession(ctx context.Context, s *Session) error {
	return a.q.QueryRowContext(ctx, `INSERT INTO session (user_id, hash, state, method, agent, address, created_at, seen_at, proved_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`, s.User, s.Hash, s.State, s.Method, s.Agent, s.Address,
		s.Created.UnixMilli(), s.Seen.UnixMilli(), s.Proved.UnixMilli()).Scan(&s.ID)
}

// Session returns the session whose secret has that hash, or ErrNotFound.
func (a Accounts) Session(ctx context.Context, hash string) (Session, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+sessionColumns+` FROM session WHERE hash = $1`, hash)
	found, err := collect(rows, err, scanSession)
	if err != nil || len(found) == 0 {
		return Session{}, orNotFound(err)
	}
	return found[0], nil
}

// Sessions returns a user's sessions, the one seen last first.
func (a Accounts) Sessions(ctx context.Context, user int64) ([]Session, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+sessionColumns+` FROM session WHERE user_id = $1 ORDER BY seen_at DESC, id DESC`, user)
	return collect(rows, err, scanSession)
}

// SeeSession notes that a session was used, and from where.
func (a Accounts) SeeSession(ctx context.Context, id int64, at time.Time, address string) error {
	return a.exec(ctx, `UPDATE session SET seen_at = $2, address = $3 WHERE id = $1 AND seen_at < $2`, id, at.UnixMilli(), address)
}

// ProveSession notes that the user of a session has just proved who they are.
func (a Accounts) ProveSession(ctx context.Context, id int64, at time.Time) error {
	return a.exec(ctx, `UPDATE session SET proved_at = $2 WHERE id = $1`, id, at.UnixMilli())
}

// EndSession forgets one session of a user and reports whether it was there.
func (a Accounts) EndSession(ctx context.Context, user, id int64) (bool, error) {
	return a.one(ctx, `DELETE FROM session WHERE user_id = $1 AND id = $2`, user, id)
}

// EndSessions forgets all sessions of a user but one; 0 spares none.
func (a Accounts) EndSessions(ctx context.Context, user, but int64) error {
	return a.exec(ctx, `DELETE FROM session WHERE user_id = $1 AND id <> $2`, user, but)
}

// DropSessions forgets sessions that were opened, or seen, before these times.
func (a Accounts) DropSessions(ctx context.Context, opened, seen time.Time) error {
	return a.exec(ctx, `DELETE FROM session WHERE created_at < $1 OR seen_at < $2`, opened.UnixMilli(), seen.UnixMilli())
}

// A Ticket is a link that works once: to set the installation up, to accept an
// invitation, to choose a new password. Only the hash of its secret is kept.
type Ticket struct {
	Hash    string
	Kind    string
	User    int64 // whom it is for, where there is one already
	Email   string
	Name    string
	Role    string
	Expires time.Time
}

func scanTicket(rows *sql.Rows) (t Ticket, err error) {
	var expires int64
	err = rows.Scan(&t.Hash, &t.Kind, &t.User, &t.Email, &t.Name, &t.Role, &expires)
	t.Expires = fromMilli(expires)
	return t, err
}

// PutTicket stores a link in place of earlier ones of its kind for the same person.
func (a Accounts) PutTicket(ctx context.Context, t Ticket) error {
	if err := a.exec(ctx, `DELETE FROM ticket WHERE kind = $1 AND user_id = $2 AND email = $3`, t.Kind, t.User, t.Email); err != nil {
		return err
	}
	return a.exec(ctx, `INSERT INTO ticket (hash, kind, user_id, email, name, role, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.Hash, t.Kind, t.User, t.Email, t.Name, t.Role, t.Expires.UnixMilli())
}

const ticketColumns = `hash, kind, user_id, email, name, role, expires_at`

// Ticket returns the link of a kind whose secret has that hash and that is good
// at a time, or ErrNotFound.
func (a Accounts) Ticket(ctx context.Context, kind, hash string, at time.Time) (Ticket, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+ticketColumns+` FROM ticket WHERE kind = $1 AND hash = $2 AND expires_at > $3`, kind, hash, at.UnixMilli())
	return oneTicket(rows, err)
}

// TakeTicket returns the link as Ticket does and takes it away: it works once.
func (a Accounts) TakeTicket(ctx context.Context, kind, hash string, at time.Time) (Ticket, error) {
	rows, err := a.q.QueryContext(ctx, `DELETE FROM ticket WHERE kind = $1 AND hash = $2 AND expires_at > $3 RETURNING `+ticketColumns, kind, hash, at.UnixMilli())
	return oneTicket(rows, err)
}

func oneTicket(rows *sql.Rows, err error) (Ticket, error) {
	found, err := collect(rows, err, scanTicket)
	if err != nil || len(found) == 0 {
		return Ticket{}, orNotFound(err)
	}
	return found[0], nil
}

// Tickets returns the links of a kind that are good at a time, the one that ends
// first first.
func (a Accounts) Tickets(ctx context.Context, kind string, at time.Time) ([]Ticket, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+ticketColumns+` FROM ticket WHERE kind = $1 AND expires_at > $2 ORDER BY expires_at, email`, kind, at.UnixMilli())
	return collect(rows, err, scanTicket)
}

// DropTickets forgets the links for a person, whichever kind they are.
func (a Accounts) DropTickets(ctx context.Context, user int64, email string) error {
	return a.exec(ctx, `DELETE FROM ticket WHERE user_id = $1 AND user_id <> 0 OR email = $2 AND email <> ''`, user, email)
}
