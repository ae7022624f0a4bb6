package listmonk

import (
	"context"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
)

// Find looks for who is on the list by e-mail address, whatever its case.
func (l *List) Find(ctx context.Context, field string, values []string) ([]connector.Item, error) {
	if field != email {
		return nil, invalid(field, "Subscribers are looked up by their e-mail address only.")
	}
	people, err := l.byEmail(ctx, l.number(), values)
	return l.items(people), err
}

// longest is the longest address that listmonk takes.
const longest = 1000

// byEmail finds people on one list or, without one, on the whole server. What
// cannot be an address is nobody's.
func (l *List) byEmail(ctx context.Context, list string, values []string) (people []subscriber, err error) {
	var wanted []string
	for _, v := range values {
		v = strings.ToLower(strings.TrimSpace(v))
		if sql, ok := literal(v); ok && v != "" && len(v) <= longest && !slices.Contains(wanted, sql) {
			wanted = append(wanted, sql)
		}
	}
	for _, some := range portions(wanted) {
		for sheet, err := range l.sheets(ctx, list, withEmail(some), 0) {
			if err != nil {
				return nil, err
			}
			people = append(people, sheet.people...)
		}
	}
	return people, nil
}
