package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kith-sync/kith/store/pgtest"
)

// listmonk's tables, as far as searches reach.
const tables = `
CREATE TYPE subscriber_status AS ENUM ('enabled', 'disabled', 'blocklisted');
CREATE TYPE subscription_status AS ENUM ('unconfirmed', 'confirmed', 'unsubscribed');
CREATE TABLE subscribers (id INTEGER PRIMARY KEY, uuid UUID NOT NULL, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, attribs JSONB NOT NULL,
	status subscriber_status NOT NULL, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ);
CREATE TABLE subscriber_lists (subscriber_id INTEGER, list_id INTEGER, status subscription_status NOT NULL, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ)`

// conditions are searches that this connector sends, that listmonk's manual shows
// and that people write, and what must not break out of a text.
var conditions = []string{
	`subscribers.id > 0`,
	`subscribers.id > 0 AND subscribers.id > 4`,
	`subscribers.id IN (3,1,99) AND subscribers.id > 0`,
	`(subscribers.updated_at >= '2026-03-01T09:10:00.000000Z' OR subscriber_lists.updated_at >= '2026-03-01T09:30:00.000000Z') AND subscribers.id > 2`,
	`LOWER(subscribers.email) IN ('ada.abel@example.org','ines.o''ito@example.org') AND subscribers.id > 0`,
	`LOWER(subscribers.email) IN (''' OR 1=1 --','x'') OR (''1''=''1') AND subscribers.id > 0`,
	`subscribers.email = 'ada.abel@example.org'`,
	`subscribers.email LIKE '%@example.org'`,
	`subscribers.email LIKE 'a_a.%' AND subscribers.status = 'enabled'`,
	`subscribers.name ILIKE 'G%' or subscribers.name LIKE 'h%'`,
	`subscribers.name NOT LIKE '%a%'`,
	`subscribers.attribs->>'city' = 'Graz' AND (subscribers.attribs->>'visits')::INT > 0`,
	`(subscribers.attribs->>'visits')::INT BETWEEN 2 AND 4`,
	`subscribers.attribs->'tags' ? 'demo' AND subscribers.status != 'blocklisted'`,
	`subscribers.attribs @> '{"city": "Ely"}'`,
	`subscribers.attribs->>'nothing' IS NULL`,
	`subscribers.attribs->>'city' IS NOT NULL AND NOT subscribers.attribs->>'city' = 'Ely'`,
	`subscribers.attribs->>'nothing' <> 'x'`,
	`NOT (subscribers.id < 3 OR subscribers.id >= 8)`,
	`id NOT IN (1, 2, 3)`,
	`name ~* '^[AB]' -- of whom the name begins so`,
	`subscribers.email !~ 'o' /* everybody
	 without one */`,
	`subscriber_lists.status = 'unsubscribed'`,
	`subscribers.created_at < '2026-03-01 09:20:00+00' AND subscribers.created_at <> '2026-03-01'`,
	`subscribers.id = '5'`,
	`LENGTH(subscribers.name) > 9 AND UPPER(subscribers.name) = 'BELA BRANDT'`,
	// An OR without parentheses asks beyond the lists.
	`subscribers.id = 1 OR subscribers.id = 5`,
	`subscribers.id = 5 OR subscribers.id > 7 AND subscriber_lists.status = 'confirmed'`,
	`subscribers.id > 5 OR TRUE`,
	`TRUE`, `FALSE OR TRUE AND NOT FALSE`, `NULL`,
	// What PostgreSQL refuses.
	`subscribers.id = 'x'`, `subscribers.nobody = 1`, `status = 'enabled'`, `subscribers.email = 'it's'`, `subscribers.email = 'open`,
	`subscribers.id >`, `subscribers.id > 0)`, `subscribers.updated_at > 'soon'`,
}

// TestSearchesAsPostgreSQL runs each condition in the statement that listmonk
// puts it into, on the same people in PostgreSQL: it must find the same ones.
func TestSearchesAsPostgreSQL(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), tables); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	s := New(Options{Now: func() time.Time { at = at.Add(time.Minute); return at }})
	s.Seed()
	for id := range s.last {
		p := s.at(id + 1)
		attribs, _ := json.Marshal(p.attribs)
		if _, err := conn.Exec(t.Context(), `INSERT INTO subscribers VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			p.id, uuid("subscriber", p.id), p.email, p.name, string(attribs), p.status, p.created, p.updated); err != nil {
			t.Fatal(err)
		}
		for _, on := range p.on {
			if _, err := conn.Exec(t.Context(), `INSERT INTO subscriber_lists VALUES ($1, $2, $3, $4, $5)`, p.id, on.list, on.status, on.created, on.updated); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range conditions {
		for _, lists := range [][]int{nil, {1}, {1, 2}} {
			ours, wrong := asked(s, c, lists)
			theirs, err := real(t, conn, c, lists)
			if (wrong != nil) != (err != nil) || !slices.Equal(ours, theirs) {
				t.Errorf("%s on lists %v: got %v, %v; PostgreSQL says %v, %v", c, lists, ours, wrong, theirs, err)
			}
		}
	}
}

func asked(s *Sandbox, condition string, lists []int) (ids []int, err *problem) {
	w, err := s.wanted(condition, "", lists, "")
	if err != nil {
		return nil, err
	}
	found, total, err := s.find(w, sorting{order: "asc"}, 0, 0)
	for _, p := range found {
		ids = append(ids, p.id)
	}
	if err == nil && total != len(ids) {
		err = bad("%d people and a total of %d", len(ids), total)
	}
	return ids, err
}

func real(t *testing.T, conn *pgx.Conn, condition string, lists []int) ([]int, error) {
	t.Helper()
	wanted := "'{" + strings.Trim(strings.ReplaceAll(fmt.Sprint(lists), " ", ","), "[]") + "}'::INT[]"
	statement := `SELECT subscribers.id FROM subscribers LEFT JOIN subscriber_lists ON (CARDINALITY(%[1]s) > 0 AND subscriber_lists.subscriber_id = subscribers.id)
		WHERE (CARDINALITY(%[1]s) = 0 OR subscriber_lists.list_id = ANY(%[1]s)) AND %[2]s
		ORDER BY subscribers.id`
	rows, err := conn.Query(t.Context(), fmt.Sprintf(statement, wanted, condition), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if len(ids) == 0 {
		ids = nil
	}
	return ids, err
}
