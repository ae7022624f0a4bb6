package store

import (
	"context"
	"database/sql"
	"time"
)

// A Token lets a program act for a user. Only the hash of its secret is kept.
type Token struct {
	ID      int64
	User    int64
	Name    string
	Hash    string
	Scopes  string // words with spaces between them
	Created time.Time
	Expires time.Time // zero: never
	Used    time.Time // zero: never
	Revoked time.Time // zero: it is good
}

const tokenColumns = `id, user_id, name, hash, scopes, created_at, expires_at, used_at, revoked_at`

func scanToken(rows *sql.Rows) (t Token, err error) {
	var created, expires, used, revoked int64
	err = rows.Scan(&t.ID, &t.User, &t.Name, &t.Hash, &t.Scopes, &created, &expires, &used, &revoked)
	t.Created, t.Expires, t.Used, t.Revoked = fromMilli(created), maybe(expires), maybe(used), maybe(revoked)
	return t, err
}

// maybe is a time that may not have come.
func maybe(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return fromMilli(ms)
}

func milliOrNone(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// AddToken stores a new token and sets its number.
func (a Accounts) AddToken(ctx context.Context, t *Token) error {
	return a.q.QueryRowContext(ctx, `INSERT INTO token (user_id, name, hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		t.User, t.Name, t.Hash, t.Scopes, t.Created.UnixMilli(), milliOrNone(t.Expires)).Scan(&t.ID)
}

// Token returns the token whose secret has that hash, or ErrNotFound.
func (a Accounts) Token(ctx context.Context, hash string) (Token, error) {
	return a.token(ctx, `hash = $1`, hash)
}

// TokenByID returns the token with that number, or ErrNotFound.
func (a Accounts) TokenByID(ctx context.Context, id int64) (Token, error) {
	return a.token(ctx, `id = $1`, id)
}

func (a Accounts) token(ctx context.Context, where string, arg any) (Token, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+tokenColumns+` FROM token WHERE `+where, arg)
	found, err := collect(rows, err, scanToken)
	if err != nil || len(found) == 0 {
		return Token{}, orNotFound(err)
	}
	return found[0], nil
}

// Tokens returns a user's tokens, or everybody's for 0, oldest first.
func (a Accounts) Tokens(ctx context.Context, user int64) ([]Token, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+tokenColumns+` FROM token WHERE $1 = 0 OR user_id = $1 ORDER BY id`, user)
	return collect(rows, err, scanToken)
}

// UseToken notes when a token was last used.
func (a Accounts) UseToken(ctx context.Context, id int64, at time.Time) error {
	return a.exec(ctx, `UPDATE token SET used_at = $2 WHERE id = $1 AND used_at < $2`, id, at.UnixMilli())
}

// RevokeToken ends a token for good and reports false when it had ended before.
func (a Accounts) RevokeToken(ctx context.Context, id int64, at time.Time) (bool, error) {
	return a.one(ctx, `UPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`, id, at.UnixMilli())
}

// RevokeTokens ends all tokens of a user for good.
func (a Accounts) RevokeTokens(ctx context.Context, user int64, at time.Time) error {
	return a.exec(ctx, `UPDATE token SET revoked_at = $2 WHERE user_id = $1 AND revoked_at = 0`, user, at.UnixMilli())
}
