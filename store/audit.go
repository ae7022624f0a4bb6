package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

// An AuditEntry says who did what to what. It names people by number only, and
// no entry is ever changed or removed: the database itself refuses to.
type AuditEntry struct {
	N       int64 // 1, 2, 3 without a gap
	At      time.Time
	Actor   string // user:1, token:2, console
	Action  string // user.disable
	Object  string // user:3
	Address string
	Detail  string // JSON
	Hash    string // of the entry before and this one's content
}

const auditColumns = `n, at, actor, action, object, address, detail, hash`

func scanAudit(rows *sql.Rows) (e AuditEntry, err error) {
	var at int64
	err = rows.Scan(&e.N, &at, &e.Actor, &e.Action, &e.Object, &e.Address, &e.Detail, &e.Hash)
	e.At = fromMilli(at)
	return e, err
}

// auditHead is the setting that says where the log ends: a log whose last
// entries were cut off ends elsewhere.
const auditHead = "audit head"

// AppendAudit adds an entry at the end of the log. Chain gives its hash from the
// hash before it. It has to be called inside Store.InAccounts.
func (a Accounts) AppendAudit(ctx context.Context, e AuditEntry, chain func(before string, e AuditEntry) string) error {
	last, err := a.LastAudit(ctx)
	if err != nil {
		return err
	}
	e.N = last.N + 1
	e.Hash = chain(last.Hash, e)
	if err := a.exec(ctx, `INSERT INTO audit (n, at, actor, action, object, address, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.N, e.At.UnixMilli(), e.Actor, e.Action, e.Object, e.Address, e.Detail, e.Hash); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return a.exec(ctx, `INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
		auditHead, strconv.FormatInt(e.N, 10)+" "+e.Hash)
}

// LastAudit returns the last entry of the log; the zero entry when there is none.
func (a Accounts) LastAudit(ctx context.Context) (AuditEntry, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit ORDER BY n DESC LIMIT 1`)
	found, err := collect(rows, err, scanAudit)
	if err != nil || len(found) == 0 {
		return AuditEntry{}, err
	}
	return found[0], nil
}

// AuditHead returns the number and hash that the log is known to end with; 0
// when nothing was ever written.
func (a Accounts) AuditHead(ctx context.Context) (n int64, hash string, err error) {
	var text string
	err = a.q.QueryRowContext(ctx, `SELECT value FROM setting WHERE name = $1`, auditHead).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	number, hash, _ := strings.Cut(text, " ")
	n, err = strconv.ParseInt(number, 10, 64)
	return n, hash, err
}

// auditPage is how many entries are read at once: nobody holds up a writer.
const auditPage = 500

// Audit returns the entries after a number, oldest first.
func (a Accounts) Audit(ctx context.Context, after int64) iter.Seq2[AuditEntry, error] {
	return func(yield func(AuditEntry, error) bool) {
		for {
			rows, err := a.q.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit WHERE n > $1 ORDER BY n LIMIT $2`, after, auditPage)
			page, err := collect(rows, err, scanAudit)
			if err != nil {
				yield(AuditEntry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if len(page) < auditPage {
				return
			}
			after = page[len(page)-1].N
		}
	}
}

// LatestAudit returns up to limit entries before a number, newest first; 0 is
// the end of the log.
func (a Accounts) LatestAudit(ctx context.Context, before int64, limit int) ([]AuditEntry, error) {
	rows, err := a.q.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit WHERE $1 = 0 OR n < $1 ORDER BY n DESC LIMIT $2`, before, limit)
	return collect(rows, err, scanAudit)
}
