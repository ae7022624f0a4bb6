package listmonk

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// listmonk's searches are conditions in SQL, which its server puts into a
// statement as they are. Nothing gets into one of ours but numbers, times and
// what literal lets through.

// everybody is a condition that holds for all. Without one the server may answer
// from a cache how many there are.
const everybody = "subscribers.id > 0"

func beyond(id int64) string { return "subscribers.id > " + strconv.FormatInt(id, 10) }

// changedSince holds for who changed at a time or later. What a person says to a
// list is kept apart from the person, with a time of its own.
func changedSince(t time.Time) string {
	at := "'" + t.UTC().Format("2006-01-02T15:04:05.000000Z") + "'"
	return fmt.Sprintf("(subscribers.updated_at >= %s OR subscriber_lists.updated_at >= %s)", at, at)
}

func withID(ids []string) string { return "subscribers.id IN (" + strings.Join(ids, ",") + ")" }

// withEmail holds for the people with one of these addresses, in small letters
// and as literals.
func withEmail(literals []string) string {
	return "LOWER(subscribers.email) IN (" + strings.Join(literals, ",") + ")"
}

// literal is a text as SQL writes it: in single quotes, with those in it doubled.
// What may mean something else on some server gets none: a backslash, which
// PostgreSQL can be told to read as an escape, what is no character, and what
// cannot be seen. No address that listmonk takes has any of them outside quotes.
func literal(s string) (sql string, ok bool) {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return "", false
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'", true
}

// portions cuts a list so that each part is short enough for an address: servers
// and proxies bound its length, often at 8 KB.
func portions(list []string) (parts [][]string) {
	const most = 4000
	size := most
	for _, s := range list {
		cost := len(url.QueryEscape(s + ","))
		if size += cost; size > most {
			parts, size = append(parts, nil), cost
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], s)
	}
	return parts
}
