package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/kith-sync/kith/notify"
)

// A Channel is a way to tell people something: a mail server, a web hook, a chat.
type Channel struct {
	ID       int64
	Name     string
	Kind     string            // smtp, webhook, slack: see notify/send
	Settings map[string]string // without secrets
	Secret   string            // sealed; empty when there is none
	On       []notify.Event    // of every sync, whatever its file says
}

// SaveChannel stores a channel under its name, new or changed.
func (s *Store) SaveChannel(ctx context.Context, c Channel) (Channel, error) {
	return saveChannel(ctx, s.db, c)
}

func saveChannel(ctx context.Context, q querier, c Channel) (Channel, error) {
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return c, err
	}
	on, err := json.Marshal(c.On)
	if err != nil {
		return c, err
	}
	err = q.QueryRowContext(ctx, `INSERT INTO channel (name, kind, settings, secret, events) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, settings = excluded.settings, secret = excluded.secret, events = excluded.events
		RETURNING id`, c.Name, c.Kind, string(settings), c.Secret, string(on)).Scan(&c.ID)
	if err != nil {
		return c, fmt.Errorf("save channel: %w", err)
	}
	return c, nil
}

// Channels returns all channels by name.
func (s *Store) Channels(ctx context.Context) ([]Channel, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, kind, settings, secret, events FROM channel ORDER BY name`)
	return collect(rows, err, scanChannel)
}

// Channel returns the channel of that name, or ErrNotFound.
func (s *Store) Channel(ctx context.Context, name string) (Channel, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, kind, settings, secret, events FROM channel WHERE name = $1`, name)
	found, err := collect(rows, err, scanChannel)
	if err != nil || len(found) == 0 {
		return Channel{}, orNotFound(err)
	}
	return found[0], nil
}

func scanChannel(rows *sql.Rows) (c Channel, err error) {
	var settings, on string
	if err := rows.Scan(&c.ID, &c.Name, &c.Kind, &settings, &c.Secret, &on); err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(settings), &c.Settings); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(on), &c.On)
}

// DeleteChannel forgets a channel. What still waits for it is never sent: see Bury.
func (s *Store) DeleteChannel(ctx context.Context, name string) error {
	return deleteChannel(ctx, s.db, name)
}

func deleteChannel(ctx context.Context, q querier, name string) error {
	result, err := q.ExecContext(ctx, `DELETE FROM channel WHERE name = $1`, name)
	if err != nil {
		return fmt.Errorf("delete channel: %w", err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return ErrNotFound
	}
	return forgetManaged(ctx, q)
}

// SaveNotify stores who is told about the runs of a sync, in place of whom its
// file named before. It keeps what they have been told.
func (s *Store) SaveNotify(ctx context.Context, syncID int64, rules []notify.Rule) error {
	return saveNotify(ctx, s.db, syncID, rules)
}

func saveNotify(ctx context.Context, q querier, syncID int64, rules []notify.Rule) error {
	text, err := json.Marshal(rules)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO notify (sync_id, rules) VALUES ($1, $2)
		ON CONFLICT (sync_id) DO UPDATE SET rules = excluded.rules`, syncID, string(text))
	if err != nil {
		return fmt.Errorf("save notifications: %w", err)
	}
	return nil
}

// A Notify is who is told about a sync, and what they have been told.
type Notify struct {
	Rules   []notify.Rule
	State   notify.State
	version int64 // of the state
}

// Notify returns whom a sync's file names, and what they have been told. Nobody is
// no error.
func (s *Store) Notify(ctx context.Context, syncID int64) (n Notify, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT rules, state, version FROM notify WHERE sync_id = $1`, syncID)
	found, err := collect(rows, err, scanNotify)
	if err != nil {
		return n, fmt.Errorf("read notifications: %w", err)
	}
	if len(found) == 0 {
		return n, nil
	}
	return found[0], nil
}

func scanNotify(rows *sql.Rows) (n Notify, err error) {
	var rules, state string
	if err := rows.Scan(&rules, &state, &n.version); err != nil {
		return n, err
	}
	if err := json.Unmarshal([]byte(rules), &n.Rules); err != nil {
		return n, err
	}
	return n, json.Unmarshal([]byte(state), &n.State)
}

// Tell stores what people will have been told and puts the messages into the
// outbox, both or neither. It reports false, and does nothing, when another
// process has told them something since before was read.
func (s *Store) Tell(ctx context.Context, syncID int64, before Notify, state notify.State, messages []Posting) (told bool, err error) {
	text, err := json.Marshal(state)
	if err != nil {
		return false, err
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		result, err := setState(ctx, tx, syncID, before.version, string(text))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n == 0 || err != nil {
			return err
		}
		told = true
		return post(ctx, tx, messages)
	})
	if err != nil {
		return false, fmt.Errorf("store notifications: %w", err)
	}
	return told, nil
}

func setState(ctx context.Context, tx *sql.Tx, syncID, version int64, state string) (sql.Result, error) {
	if version == 0 {
		return tx.ExecContext(ctx, `INSERT INTO notify (sync_id, state, version) VALUES ($1, $2, 1)
			ON CONFLICT (sync_id) DO UPDATE SET state = excluded.state, version = 1 WHERE notify.version = 0`, syncID, state)
	}
	return tx.ExecContext(ctx, `UPDATE notify SET state = $1, version = version + 1 WHERE sync_id = $2 AND version = $3`, state, syncID, version)
}

// WaitingConflicts counts the fields of a sync's records that wait for a person.
func (s *Store) WaitingConflicts(ctx context.Context, syncID int64) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM conflict WHERE open = 1 AND pick = ''
		AND pair_id IN (SELECT pair_id FROM progress WHERE sync_id = $1)`, syncID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count conflicts: %w", err)
	}
	return n, nil
}
