package people

import "strconv"

// Telephones that ring nowhere. In North America no line of exchange 555 is assigned to a subscriber any more but
// 555-1212 (directory assistance), and 0100-0199 are kept for fiction. In the United Kingdom Ofcom sets aside a
// thousand numbers in each of these areas for drama; there are few of them, so national numbers are shared by many
// people, as those of a switchboard are.

// phoneAreas of the area codes serve column phone, the others column mobile.
const phoneAreas = 240

// appendPhone writes 70 % E.164, 20 % national, 10 % junk or nothing.
func appendPhone(b []byte, percent, who int) []byte {
	switch {
	case percent < 70:
		return appendAmerican(b, areaCodes[:phoneAreas*3], who)
	case percent < 90:
		return appendBritish(b, who)
	case percent < 94:
		return b
	}
	return append(b, junk[percent-94]...)
}

func appendMobile(b []byte, who int) []byte { return appendAmerican(b, areaCodes[phoneAreas*3:], who) }

// appendAmerican gives the person's number in E.164. The first 9,999 people of every area code differ.
func appendAmerican(b []byte, areas string, who int) []byte {
	n := len(areas) / 3
	area := who % n * 3
	line := who / n % 9999
	if line >= 1212 {
		line++
	}
	b = append(b, "+1"...)
	b = append(b, areas[area:area+3]...)
	b = append(b, "555"...)
	return appendDigits(b, line, 4)
}

func appendBritish(b []byte, who int) []byte {
	b = append(b, dramaAreas[who%len(dramaAreas)]...)
	return appendDigits(b, who/len(dramaAreas)%1000, 3)
}

func appendDigits(b []byte, v, width int) []byte {
	for at := 10; width > 1; width-- {
		if v < at {
			b = append(b, '0')
		}
		at *= 10
	}
	return strconv.AppendInt(b, int64(v), 10)
}
