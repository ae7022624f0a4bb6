package workspace

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/vcard"
)

// tableOfCards turns vCards into a table with the standard field names as its
// header. A card's UID becomes a column only where it is asked for as the key. A
// card that cannot be read becomes a row that cannot be read either: it is
// counted, it is listed, and nobody is taken for missing because of it.
func tableOfCards(in io.ReadSeeker, withUID bool, rows *csv.Writer) (notes []string, err error) {
	columns, damaged := cardColumns(in, withUID)
	if len(columns) == 0 {
		message := "It has no cards that can be read."
		if damaged != nil {
			message += fmt.Sprintf(" The first problem: %v.", damaged)
		}
		return nil, &csv.FileError{Code: "source.empty", Message: message}
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if err := rows.Write(columns); err != nil {
		return nil, err
	}
	row := make([]string, len(columns))
	for card, err := range vcard.Read(bufio.NewReader(in)) {
		if err != nil {
			err = rows.Write([]string{csv.Unread + inSentence(err)})
		} else {
			err = rows.Write(cardRow(card, columns, row))
		}
		if err != nil {
			return nil, err
		}
	}
	return []string{"vCard, one record for each card"}, nil
}

// inSentence says why a card cannot be read, as a sentence for people.
func inSentence(err error) string {
	why := err.Error()
	return strings.ToUpper(why[:1]) + why[1:]
}

func cardRow(card vcard.Card, columns, row []string) []string {
	for i, name := range columns {
		row[i] = card.Fields[name]
		if name == "uid" && row[i] == "" {
			row[i] = card.UID
		}
	}
	return row
}

// cardColumns goes through the cards once to learn which fields they have, and
// returns the first reason for which one cannot be read.
func cardColumns(in io.Reader, withUID bool) (columns []string, damaged error) {
	seen := map[string]bool{}
	for card, err := range vcard.Read(bufio.NewReader(in)) {
		if err != nil && damaged == nil {
			damaged = err
		}
		if err != nil {
			continue
		}
		for name := range card.Fields {
			seen[name] = true
		}
	}
	if len(seen) == 0 {
		return nil, damaged
	}
	if withUID {
		columns = append(columns, "uid")
		delete(seen, "uid")
	}
	for _, f := range vcard.Fields() {
		if seen[f.Name] {
			columns = append(columns, f.Name)
			delete(seen, f.Name)
		}
	}
	var others []string
	for name := range seen {
		others = append(others, name)
	}
	slices.Sort(others)
	return append(columns, others...), damaged
}
