package main

import (
	"fmt"
	"strings"
)

const count = 500

// attendees is the first export: tidy people first, then what went wrong.
func attendees() []row {
	rows := make([]row, count)
	for i := range rows {
		rows[i] = tidy(i)
	}
	for _, s := range spoiled() {
		s.change(&rows[s.at], rows)
	}
	return rows
}

// tidy makes the person at a place of the file. The first 576 differ in name.
func tidy(i int) row {
	c := cultures[i%len(cultures)]
	k := i / len(cultures)
	given, family := c.given[k%6], c.family[(k+k/6)%6]
	first, latinFirst := spelled(given)
	last, latinLast := spelled(family)
	r := row{
		email: fmt.Sprintf("%s.%s@example.%s", latinFirst, latinLast, [...]string{"com", "org", "net"}[i%3]),
		first: first, last: last, company: companies[i*7%len(companies)], phone: phone(i),
		country: c.countries[k%len(c.countries)], language: c.languages[k%len(c.languages)], note: notes[i*5%len(notes)],
	}
	switch {
	case i%11 == 3:
		r.email = strings.ToUpper(r.email) // typed with caps lock on
	case i%13 == 5:
		r.email += "  " // copied with its blanks
	}
	return r
}

func spelled(name string) (written, latin string) {
	written, latin, found := strings.Cut(name, "/")
	if !found {
		latin = strings.ReplaceAll(strings.ToLower(written), "'", "")
	}
	return written, latin
}

// phone writes a number in one of many forms. They ring nowhere: Ofcom keeps
// 020 7946 0xxx and 0113 496 0xxx for drama, North America 555-01xx for fiction.
func phone(i int) string {
	n := i % 1000
	switch i % 8 {
	case 0:
		return fmt.Sprintf("+44207946%04d", n)
	case 1:
		return fmt.Sprintf("020 7946 %04d", n)
	case 2:
		return fmt.Sprintf("+1 (%d) 555-01%02d", 212+i/100, i%100)
	case 3:
		return fmt.Sprintf("0113 496 %04d", n)
	case 4:
		return fmt.Sprintf("020 7946 %04d ext. %d", n, 10+i%80)
	case 5:
		return fmt.Sprintf("+44.20.7946.%04d", n)
	case 6:
		return ""
	}
	return fmt.Sprintf("0044 (0)20 7946 %04d", n)
}
