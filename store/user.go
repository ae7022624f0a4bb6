package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrLastOwner is returned instead of leaving an installation without somebody
// who may do everything.
var ErrLastOwner = errors.New("somebody has to stay the owner")

// ErrTaken is returned for an e-mail or name that somebody has already.
var ErrTaken = errors.New("already there")

// roleOwner is the one role that the store knows: of the others it keeps the word.
const roleOwner = "owner"

// A User is somebody who may sign in.
type User struct {
	ID       int64
	Email    string // canonical
	Name     string
	Role     string
	Disabled bool
	Password string // Argon2id; empty: no password opens this account
	TOTP     string // sealed; empty: there is none
	TOTPOn   bool   // it was confirmed and is asked for
	TOTPStep int64  // the latest code that counted: neither it nor one before counts again
	Created  time.Time
}

// Accounts reads and writes who may sign in. Store.Accounts reads, each
// statement for itself; inside Store.InAccounts everything is one transaction.
type Accounts struct{ q querier }

// Accounts returns what is known of users, sessions, tokens and the audit log.
func (s *Store) Accounts() Accounts { return Accounts{s.db} }

// InAccounts changes accounts in one transaction. There is one at a time: the
// last owner, a link that works once and the end of the audit log are the
// same for everybody until it has ended.
func (s *Store) InAccounts(ctx context.Context, change func(Accounts) error) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if s.postgres { // a transaction of SQLite is the only one that writes
			if _, err := tx.ExecContext(ctx, `LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE`); err != nil {
				return err
			}
		}
		return change(Accounts{tx})
	})
}

const userColumns = `id, email, name, role, disabled, password, totp, totp_on, totp_step, created_at`

func scanUser(rows *sql.Rows) (u User, err error) {
	var created int64
	err = rows.Scan(&u.ID, &u.Email, &u.Name, &u.Role, &u.Disabled, &u.Password, &u.TOTP, &u.TOTPOn, &u.TOTPStep, &created)
	u.Created = fromMilli(created)
	return u, err
}

// Users returns everybody who may sign in, by e-mail.
func (a Accounts) Users(ctx context.Context) ([]User, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+userColumns+` FROM users ORDER BY email`)
	return collect(rows, err, scanUser)
}

// User returns the user with that number, or ErrNotFound.
func (a Accounts) User(ctx context.Context, id int64) (User, error) {
	return a.user(ctx, `id = $1`, id)
}

// UserByEmail returns the user with that canonical e-mail, or ErrNotFound.
func (a Accounts) UserByEmail(ctx context.Context, email string) (User, error) {
	return a.user(ctx, `email = $1`, email)
}

// UserByIdentity returns who an issuer says somebody is, or ErrNotFound.
func (a Accounts) UserByIdentity(ctx context.Context, issuer, subject string) (User, error) {
	return a.user(ctx, `id = (SELECT user_id FROM identity WHERE issuer = $1 AND subject = $2)`, issuer, subject)
}

func (a Accounts) user(ctx context.Context, where string, args ...any) (User, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+userColumns+` FROM users WHERE `+where, args...)
	found, err := collect(rows, err, scanUser)
	if err != nil || len(found) == 0 {
		return User{}, orNotFound(err)
	}
	return found[0], nil
}

// HasOwner reports whether somebody owns the installation.
func (a Accounts) HasOwner(ctx context.Context) (has bool, err error) {
	err = a.q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE role = $1)`, roleOwner).Scan(&has)
	return has, err
}

// AddUser stores a new user and sets the number, or returns ErrTaken.
func (a Accounts) AddUser(ctx context.Context, u *User) error {
	err := a.q.QueryRowContext(ctx, `INSERT INTO users (email, name, role, disabled, password, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (email) DO NOTHING RETURNING id`, u.Email, u.Name, u.Role, flag(u.Disabled), u.Password, u.Created.UnixMilli()).Scan(&u.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("the e-mail is %w", ErrTaken)
	}
	return err
}

// SaveUser stores a user in place of what was there. It returns ErrLastOwner
// where nobody would be left who may do everything.
func (a Accounts) SaveUser(ctx context.Context, u User) error {
	if u.Disabled || u.Role != roleOwner {
		if err := a.keepsAnOwner(ctx, u.ID); err != nil {
			return err
		}
	}
	if other, err := a.UserByEmail(ctx, u.Email); err == nil && other.ID != u.ID {
		return fmt.Errorf("the e-mail is %w", ErrTaken)
	}
	return a.exec(ctx, `UPDATE users SET email = $2, name = $3, role = $4, disabled = $5, password = $6, totp = $7, totp_on = $8, totp_step = $9 WHERE id = $1`,
		u.ID, u.Email, u.Name, u.Role, flag(u.Disabled), u.Password, u.TOTP, flag(u.TOTPOn), u.TOTPStep)
}

// DeleteUser forgets a user with sessions and tokens, or returns ErrLastOwner.
// The audit log keeps the number.
func (a Accounts) DeleteUser(ctx context.Context, id int64) error {
	if err := a.keepsAnOwner(ctx, id); err != nil {
		return err
	}
	return a.exec(ctx, `DELETE FROM users WHERE id = $1`, id)
}

// keepsAnOwner reports ErrLastOwner when the user is the only owner who may sign in.
func (a Accounts) keepsAnOwner(ctx context.Context, id int64) error {
	var last bool
	err := a.q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND role = $2 AND disabled = 0)
		AND NOT EXISTS (SELECT 1 FROM users WHERE id <> $1 AND role = $2 AND disabled = 0)`, id, roleOwner).Scan(&last)
	if err == nil && last {
		return ErrLastOwner
	}
	return err
}

// UseStep marks a one-time code as used and reports false when it, or a later
// one, was used before.
func (a Accounts) UseStep(ctx context.Context, user, step int64) (bool, error) {
	return a.one(ctx, `UPDATE users SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, user, step)
}

// SetRecovery stores the hashes of recovery codes in place of those before.
func (a Accounts) SetRecovery(ctx context.Context, user int64, hashes []string) error {
	if err := a.exec(ctx, `DELETE FROM recovery WHERE user_id = $1`, user); err != nil {
		return err
	}
	for _, hash := range hashes {
		if err := a.exec(ctx, `INSERT INTO recovery (user_id, hash) VALUES ($1, $2)`, user, hash); err != nil {
			return err
		}
	}
	return nil
}

// UseRecovery takes a recovery code away and reports whether it was there.
func (a Accounts) UseRecovery(ctx context.Context, user int64, hash string) (bool, error) {
	return a.one(ctx, `DELETE FROM recovery WHERE user_id = $1 AND hash = $2`, user, hash)
}

// RecoveryLeft counts the recovery codes that were not used yet.
func (a Accounts) RecoveryLeft(ctx context.Context, user int64) (n int, err error) {
	err = a.q.QueryRowContext(ctx, `SELECT count(*) FROM recovery WHERE user_id = $1`, user).Scan(&n)
	return n, err
}

// LinkIdentity remembers who an issuer says a user is. It returns ErrTaken when
// either of them stands for somebody else already.
func (a Accounts) LinkIdentity(ctx context.Context, issuer, subject string, user int64) error {
	added, err := a.one(ctx, `INSERT INTO identity (issuer, subject, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, issuer, subject, user)
	if err == nil && !added {
		return fmt.Errorf("the identity is %w", ErrTaken)
	}
	return err
}

func (a Accounts) exec(ctx context.Context, statement string, args ...any) error {
	_, err := a.q.ExecContext(ctx, statement, args...)
	return err
}

// one carries a statement out and reports whether it touched anything.
func (a Accounts) one(ctx context.Context, statement string, args ...any) (bool, error) {
	result, err := a.q.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// flag is a bool as both databases store it here.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
