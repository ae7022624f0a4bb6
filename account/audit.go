package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/kith-sync/kith/store"
)

// An Event is what the audit log says somebody did. It names people and things
// by number; Detail has words and numbers of our own (a role, a scope), never a
// secret, a name, an address or anything that was typed in (ASVS 16.2.5).
type Event struct {
	Action string // user.disable, login.failed, connection.change
	Object string // user:3, connection:1; empty: nothing in particular
	Detail map[string]string
}

// Note writes an event to the audit log. What happens elsewhere than at this
// gate, such as a change to a connection, is noted by whoever lets it happen.
func (g *Gate) Note(ctx context.Context, by Actor, e Event) error {
	return g.Store.InAccounts(ctx, func(a store.Accounts) error { return g.write(ctx, a, by, e) })
}

func (g *Gate) write(ctx context.Context, a store.Accounts, by Actor, e Event) error {
	detail := "{}"
	if len(e.Detail) > 0 {
		text, err := json.Marshal(e.Detail) // keys come sorted, line breaks escaped
		if err != nil {
			return err
		}
		detail = string(text)
	}
	return a.AppendAudit(ctx, store.AuditEntry{At: g.Now().UTC().Truncate(time.Millisecond), Actor: by.String(), Action: e.Action,
		Object: e.Object, Address: plainAddress(by.Address), Detail: detail}, g.link)
}

// plainAddress lets nothing into the log but an address.
func plainAddress(address string) string {
	if address == "" || network(address) == "unknown" {
		return ""
	}
	return strings.TrimSpace(address)
}

// link is the hash of an entry: a keyed one of the hash before and of all that
// the entry says. Lengths keep ("ab","c") and ("a","bc") apart.
func (g *Gate) link(before string, e store.AuditEntry) string {
	mac := hmac.New(sha256.New, g.AuditKey)
	for _, part := range []string{"kith audit 1", before, fmt.Sprint(e.N), fmt.Sprint(e.At.UnixMilli()), e.Actor, e.Action, e.Object, e.Address, e.Detail} {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Audit returns the entries of the log after a number, oldest first: all of them
// for 0. Whoever exports in parts goes on after the last number they have.
func (g *Gate) Audit(ctx context.Context, after int64) iter.Seq2[store.AuditEntry, error] {
	return g.Store.Accounts().Audit(ctx, after)
}

// LatestAudit returns up to limit entries before a number, newest first; 0 is the
// end of the log.
func (g *Gate) LatestAudit(ctx context.Context, before int64, limit int) ([]store.AuditEntry, error) {
	return g.Store.Accounts().LatestAudit(ctx, before, limit)
}

// A Head is how far an audit log went. Kept elsewhere it proves later that
// nothing before it was changed, not even by replacing the whole database.
type Head struct {
	N    int64
	Hash string
}

// Broken says where the audit log is not what was written.
type Broken struct {
	N    int64
	What string
}

func (b *Broken) Error() string { return fmt.Sprintf("entry %d of the audit log %s", b.N, b.What) }

// Verify reads the whole audit log and returns its head, or a *Broken for the
// first entry that was altered or is missing. A known head, where there is one,
// has to be part of the log.
func (g *Gate) Verify(ctx context.Context, known Head) (Head, error) {
	n, hash, err := g.Store.Accounts().AuditHead(ctx)
	if err != nil {
		return Head{}, err
	}
	end := Head{n, hash} // read first: what is written meanwhile comes behind it
	var at Head
	sawEnd, sawKnown := end.N == 0, known.N == 0
	for e, err := range g.Audit(ctx, 0) {
		if err != nil {
			return at, err
		}
		if e.N != at.N+1 {
			return at, &Broken{at.N + 1, "is missing"}
		}
		if !hmac.Equal([]byte(g.link(at.Hash, e)), []byte(e.Hash)) {
			return at, &Broken{e.N, "was altered, or the one before it was taken away"}
		}
		at = Head{e.N, e.Hash}
		sawEnd, sawKnown = sawEnd || at == end, sawKnown || at == known
	}
	switch {
	case !sawEnd:
		return at, &Broken{at.N + 1, "is missing: the end of the log was cut off or replaced"}
	case !sawKnown:
		return at, &Broken{known.N, "is not the one that was known: the log was replaced"}
	}
	return at, nil
}
