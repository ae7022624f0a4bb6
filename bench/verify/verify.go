// Package verify counts by SQL, in the sqlite3 shell, what an import should have done. It shares no code with the
// importer or the generator, so it is a second opinion on both. It assumes the default rule for repeated e-mails:
// the first row wins and the later ones are skipped.
package verify

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/bench/child"
)

// Counts is what importing a new file over an old one should do to an address book that holds the old one.
type Counts struct{ Created, Updated, Missing int }

// Fresh counts the contacts that a file makes in an empty address book: its distinct e-mails, whatever their case.
// db is a database that already holds the file as table people.
func Fresh(ctx context.Context, db string) (Counts, error) {
	n, err := numbers(ctx, db, "SELECT count(DISTINCT lower(trim(email))) FROM people", 1)
	if err != nil {
		return Counts{}, err
	}
	return Counts{Created: n[0]}, nil
}

// columns are all but the e-mail.
const columns = "first_name last_name phone mobile company title street city postal_code country language website birthday note id"

// Diff counts what changes from the file before to the file after. db must not exist yet.
func Diff(ctx context.Context, db, before, after string) (Counts, error) {
	n, err := numbers(ctx, db, `
		CREATE TABLE o AS SELECT *, min(rowid) FROM b GROUP BY lower(trim(email));
		CREATE TABLE n AS SELECT *, min(rowid) FROM a GROUP BY lower(trim(email));
		CREATE UNIQUE INDEX oe ON o(email); CREATE UNIQUE INDEX ne ON n(email);
		SELECT count(*) FROM n WHERE email NOT IN (SELECT email FROM o);
		SELECT count(*) FROM n JOIN o USING (email) WHERE `+differ()+`;
		SELECT count(*) FROM o WHERE email NOT IN (SELECT email FROM n)`, 3,
		".import --csv "+strconv.Quote(before)+" b", ".import --csv "+strconv.Quote(after)+" a")
	if err != nil {
		return Counts{}, err
	}
	return Counts{Created: n[0], Updated: n[1], Missing: n[2]}, nil
}

func differ() string {
	var terms []string
	for _, c := range strings.Fields(columns) {
		terms = append(terms, "o."+c+" IS NOT n."+c)
	}
	return strings.Join(terms, " OR ")
}

// numbers runs the preparations, then sql, and reads so many numbers, one a line.
func numbers(ctx context.Context, db, sql string, want int, before ...string) ([]int, error) {
	argv := append([]string{"sqlite3", "-bail", db}, before...)
	r, err := child.Good(ctx, append(argv, sql)...)
	if err != nil {
		return nil, fmt.Errorf("count by SQL: %w", err)
	}
	words := strings.Fields(string(r.Stdout))
	if len(words) != want {
		return nil, fmt.Errorf("count by SQL: %d answers, want %d: %q", len(words), want, r.Stdout)
	}
	n := make([]int, want)
	for i, w := range words {
		if n[i], err = strconv.Atoi(w); err != nil {
			return nil, fmt.Errorf("count by SQL: %w", err)
		}
	}
	return n, nil
}
