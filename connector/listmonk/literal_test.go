package listmonk

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kith-sync/kith/store/pgtest"
)

// naughty are addresses that would break out of a text that is not quoted well.
var naughty = []string{
	"o'brien@example.com", "'@example.com", "''", "' OR '1'='1", "x') OR 1=1 --", "x'; DROP TABLE subscribers; --", "'||(SELECT 1)||'",
	"$1", "$$x$$", "$a$'$a$", "%order%", "%query%", "?", ":name", "/* '*/", "--", ";", `"quoted"@example.com`, "ä'ö@example.com", "‘curly’", "＇wide＇", "ʼ'ʼ",
}

// never are texts that are not put into SQL at all.
var never = []string{`E'\\''`, `\`, `\' OR 1=1 --`, `a\'b@example.com`, "a\x00b", "a\nb", "a\tb", "\xbf'", "\xbf\x27 OR 1=1 --", "\u202e'", "\u200b", "\uffff", "\r"}

// TestLiteralsAsPostgreSQL asks PostgreSQL what a literal of ours says, also
// where it is told to read backslashes as escapes.
func TestLiteralsAsPostgreSQL(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, conforming := range []string{"on", "off"} {
		if _, err := conn.PgConn().Exec(t.Context(), "SET standard_conforming_strings = "+conforming).ReadAll(); err != nil {
			t.Fatal(err)
		}
		for _, text := range naughty {
			sql, ok := literal(text)
			results, err := conn.PgConn().Exec(t.Context(), "SELECT "+sql+", 'end'").ReadAll()
			if !ok || err != nil || len(results) != 1 || len(results[0].Rows) != 1 || string(results[0].Rows[0][0]) != text {
				t.Errorf("%q as %s with conforming strings %s: got %v, %v; want the text itself", text, sql, conforming, results, err)
			}
		}
	}
}

func TestTextsThatAreNotPutIntoSQL(t *testing.T) {
	for _, text := range never {
		if sql, ok := literal(text); ok {
			t.Errorf("%q: got %s, want it refused", text, sql)
		}
	}
}

func TestPortionsFitIntoAnAddress(t *testing.T) {
	var all []string
	for range 700 {
		all = append(all, "'somebody with, much to escape @example.com'")
	}
	n := 0
	for _, part := range portions(all) {
		n += len(part)
		if len(part) == 0 || len(strings.Join(part, ",")) > 4000 {
			t.Errorf("got a part of %d", len(part))
		}
	}
	if n != len(all) || len(portions(nil)) != 0 {
		t.Errorf("got %d in parts, want all %d", n, len(all))
	}
}
