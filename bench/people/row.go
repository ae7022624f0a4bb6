package people

import "strconv"

// dice deals small numbers out of one hash, so that a row costs one or two hashes.
type dice uint64

func (d *dice) roll(n int) int {
	v := int(uint64(*d) >> 40 % uint64(n)) // the high bits are the best mixed
	*d = dice(mix(uint64(*d), 1))
	return v
}

func pick(d *dice, words []string) string { return words[d.roll(len(words))] }

// appendRow writes one record. Who somebody is follows from the person, what the row says of company and note
// from the row: a repeat has the e-mail, name and telephone of its person and another company.
func appendRow(b []byte, o Options, row, person, edit int) []byte {
	who := o.Start + person
	p := dice(mix(o.Seed, uint64(who)*2+1))
	r := dice(mix(o.Seed, uint64(o.Start+row)*2))

	first, last := pick(&p, firstNames), pick(&p, lastNames)
	b = strconv.AppendInt(b, int64(1_000_000+o.Start+row), 10)
	b = append(b, ',')
	b = appendEmail(b, first, last, who, pick(&p, mailDomains))
	b = appendCells(b, first, last)
	b = append(b, ',')
	b = appendPhone(b, p.roll(100), who)
	b = append(b, ',')
	if p.roll(100) < 55 {
		b = appendMobile(b, who)
	}
	quoted := r.roll(100) // 20 % a comma in the company, 23 % quotes in the note: 43 % of rows have quotes
	name := pick(&r, companyNames)
	b = append(b, ',')
	b = appendCompany(b, name, pick(&r, trades), quoted < 20)
	b = appendCells(b, titles[(p.roll(len(titles))+edit)%len(titles)])
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(1+p.roll(180)), 10)
	b = append(b, ' ')
	b = append(b, pick(&p, streets)...)
	place := places[p.roll(len(places))]
	b = appendCells(b, place.city, place.code)
	b = strconv.AppendInt(b, int64(10+p.roll(90)), 10)
	b = appendCells(b, place.country, place.language)
	b = append(b, ",https://"...)
	b = appendSlug(b, name)
	b = append(b, ".example.com"...)
	b = append(b, ',')
	b = appendDate(b, 1940+p.roll(65), 1+p.roll(12), 1+p.roll(28))
	b = append(b, ',')
	b = appendNote(b, &r, quoted >= 20 && quoted < 43)
	return append(b, '\r', '\n')
}

func appendCells(b []byte, cells ...string) []byte {
	for _, c := range cells {
		b = append(b, ',')
		b = append(b, c...)
	}
	return b
}

// appendEmail carries the person's number, so no two people share an address.
func appendEmail(b []byte, first, last string, who int, domain string) []byte {
	b = appendSlug(b, first)
	b = append(b, '.')
	b = appendSlug(b, last)
	b = strconv.AppendInt(b, int64(who), 10)
	b = append(b, '@')
	return append(b, domain...)
}

// appendSlug keeps the ASCII letters, small: a name as part of an address.
func appendSlug(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i] | 0x20; 'a' <= c && c <= 'z' {
			b = append(b, c)
		}
	}
	return b
}

func appendCompany(b []byte, name, trade string, comma bool) []byte {
	if comma {
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, ", "...)
		b = append(b, trade...)
		return append(b, ` Ltd"`...)
	}
	b = append(b, name...)
	b = append(b, ' ')
	return append(b, trade...)
}

func appendNote(b []byte, r *dice, quotes bool) []byte {
	if quotes {
		b = append(b, `"Said ""`...)
		b = append(b, pick(r, sayings)...)
		b = append(b, `"", `...)
		b = append(b, pick(r, remarks)...)
		return append(b, '"')
	}
	b = append(b, pick(r, sayings)...)
	b = append(b, " - "...)
	return append(b, pick(r, remarks)...)
}

func appendDate(b []byte, year, month, day int) []byte {
	b = strconv.AppendInt(b, int64(year), 10)
	for _, v := range [2]int{month, day} {
		b = append(b, '-', byte('0'+v/10), byte('0'+v%10))
	}
	return b
}
