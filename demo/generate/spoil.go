package main

import "strings"

// A spoil is one thing that goes wrong in files people send.
type spoil struct {
	at     int
	what   string
	change func(r *row, all []row)
}

// spoiled is the dirt of the first export, in the order of the file.
func spoiled() []spoil {
	list := []spoil{
		{0, "the person whose story is told", func(r *row, _ []row) {
			*r = row{email: "Ada.King@Example.COM ", first: "Ada", last: "King", company: "Blue Heron Travel",
				phone: "020 7946 0018 ext. 4", country: "UK", language: "en-gb", note: "Speaker, room 2"}
		}},
		{21, "two @", func(r *row, _ []row) { r.email = strings.Replace(r.email, "@", "@@", 1) }},
		{38, "nine columns under eight titles", func(r *row, _ []row) { r.company, r.extra = "Millstone", "& Sons" }},
		{57, "the placeholder as a name", func(r *row, _ []row) { r.first, r.last = "New Contact", "" }},
		{74, "an address with a space in it", func(r *row, _ []row) { r.email = strings.Replace(r.email, ".", " ", 1); r.phone = "" }},
		{96, "a domain that is not ASCII", func(r *row, _ []row) { r.email = "zofia@bücher.example" }},
		{113, "a telephone that a spreadsheet took for a number", func(r *row, _ []row) { r.phone = "4.42079E+11" }},
		{129, "the name of a language", func(r *row, _ []row) { r.language = "English" }},
		{158, "a language that nobody speaks", func(r *row, _ []row) { r.language = "xx-lon" }},
		{177, "a number that only its own country understands", func(r *row, _ []row) { r.phone = "(212) 555-0142" }},
		{186, "a quote that is never closed", func(r *row, _ []row) {
			r.raw = r.email + "," + r.first + "," + r.last + `,"Lantern Films,` + r.phone + "," + r.country + "," + r.language + ","
		}},
		{203, "a comma in the place of the dot", func(r *row, _ []row) { r.email = strings.Replace(r.email, "@example.", "@example,", 1) }},
		{241, "no address, but a telephone", func(r *row, _ []row) { r.email, r.phone = "", "020 7946 0241" }},
		{268, "no address, but a telephone", func(r *row, _ []row) { r.email, r.phone = " ", "+44 20 7946 0268" }},
		{290, "neither address nor telephone", func(r *row, _ []row) { r.email, r.phone = "", "" }},
		{318, "a telephone that a spreadsheet took for a number", func(r *row, _ []row) { r.phone = "4.42079E+11" }},
		{337, "no domain", func(r *row, _ []row) { r.email, _, _ = strings.Cut(r.email, "@") }},
		{362, "a line with too few columns", func(r *row, _ []row) { r.raw = r.email + "," + r.first + "," + r.last }},
		{404, "a number that only its own country understands", func(r *row, _ []row) { r.phone = "(415) 555-0173" }},
		{433, "the name of a language", func(r *row, _ []row) { r.language = "Deutsch" }},
		{458, "neither address nor telephone", func(r *row, _ []row) { r.email, r.phone = "", "n/a" }},
	}
	return append(list, repeated()...)
}

// repeated are people who stand in the file twice: registered again, written
// another way.
func repeated() []spoil {
	var list []spoil
	for i, at := range [...]int{142, 195, 219, 256, 301, 349, 377, 391, 420, 447, 466, 489} {
		list = append(list, spoil{at, "the same person again", func(r *row, all []row) {
			*r = all[i*9+9]
			r.email = strings.ToLower(strings.TrimSpace(r.email))
			r.note, r.company = "", ""
		}})
	}
	return list
}

// weekTwo is the next export of the same list: four mistakes are corrected,
// twelve people have changed, three are new.
func weekTwo(first []row) []row {
	rows := append([]row(nil), first...)
	for _, at := range [...]int{21, 38, 129, 186} {
		rows[at] = tidy(at)
	}
	rows[0].company, rows[0].phone = "Heron & King", "+44 20 7946 0018 x4"         // the same telephone, written another way
	rows[16].email, rows[16].company = "oliver@thornbury.example", "Thornbury Ltd" // recognised by telephone
	for i, at := range [...]int{12, 49, 66, 104, 167, 233, 275, 310, 345, 411} {
		switch i % 3 {
		case 0:
			rows[at].company = "Harbour Lights Group"
		case 1:
			rows[at].phone = phone(at%8*1000 + 900 + i)
		case 2:
			rows[at].country, rows[at].note = "United States", "Moved to the Boston office"
		}
	}
	for i := range 3 {
		rows = append(rows, tidy(count+i))
	}
	return rows
}
