package phone

// Quick is Parse without the library, some hundred times faster. It follows
// the library's own control flow, function by function, on patterns compiled
// from the library's own metadata; wherever a letter, a sign, an extension or
// a rewriting rule could lead the library elsewhere, sure is false and
// nothing is said about the number.
func Quick(raw, region string) (n Number, ok, sure bool) {
	var buf [most]byte
	digits, plus, plain := read(raw, &buf)
	switch {
	case !plain:
		return Number{}, false, false
	case len(digits) == 0:
		return Number{}, false, true // isViablePhoneNumber: no digit, no number
	case len(digits) < 3:
		return Number{}, false, false
	}
	code, national, sure := split(digits, plus, region)
	if !sure || code == nil {
		return Number{}, false, sure
	}
	ok, sure = code.has(national)
	if !ok || !sure {
		return Number{}, false, sure
	}
	return Number{E164: code.write(national)}, true, true
}

// split finds the country and the national number, as parseHelper does from
// the extension onwards. Without a country the text is not a number.
func split(digits []byte, plus bool, region string) (c *country, national []byte, sure bool) {
	w := world()
	if plus {
		c, national = w.code(digits)
		if c == nil {
			return nil, nil, false // parseHelper tries again without the plus
		}
		return c.strip(national)
	}
	home := w.regions[region]
	if home == nil {
		return nil, nil, true // checkRegionForParsing
	}
	if !home.ready() {
		return nil, nil, false
	}
	// parsePrefixAsIdd: 00 and what follows, unless that is another 0.
	idd := home.abroad.prefix(digits)
	if rest := digits[idd.length:]; idd.found && (len(rest) == 0 || rest[0] != 0) {
		if len(rest) <= 2 {
			return nil, nil, true // ErrTooShortAfterIDD
		}
		if c, national = w.code(rest); c == nil {
			return nil, nil, true // ErrInvalidCountryCode
		}
		return c.strip(national)
	}
	return w.atHome(home, digits)
}

// code finds the country calling code that digits begin with
// (extractCountryCode).
func (w *numbering) code(digits []byte) (*country, []byte) {
	if digits[0] == 0 {
		return nil, nil
	}
	code := 0
	for i := range min(3, len(digits)) {
		code = code*10 + int(digits[i])
		if c := w.codes[code]; c != nil {
			return c, digits[i+1:]
		}
	}
	return nil, nil
}

// atHome splits a number written without + or prefix: a national number of
// the default region, or one that begins with its country code
// (maybeExtractCountryCode).
func (w *numbering) atHome(home *plan, digits []byte) (*country, []byte, bool) {
	c := w.codes[home.code]
	if c == nil {
		return nil, nil, false
	}
	rest, found := cutCode(digits, home.code)
	if !found {
		return home.stripFor(c, digits)
	}
	short, sure := home.strip(rest)
	if !sure {
		return nil, nil, false
	}
	if !home.general(digits) && home.general(short) || home.length(digits) == tooLong {
		return c.strip(short)
	}
	return home.stripFor(c, digits)
}

// cutCode cuts a country calling code from the beginning of digits.
func cutCode(digits []byte, code int) ([]byte, bool) {
	unit := 1
	for code >= unit*10 {
		unit *= 10
	}
	i := 0
	for ; unit > 0; unit /= 10 {
		if i == len(digits) || int(digits[i]) != code/unit%10 {
			return nil, false
		}
		i++
	}
	return digits[i:], true
}

// strip removes the national prefix of the country's main region.
func (c *country) strip(digits []byte) (*country, []byte, bool) {
	main := c.regions[0]
	if !main.ready() {
		return nil, nil, false
	}
	return main.stripFor(c, digits)
}

// stripFor removes the national prefix if what remains has a length that the
// region's numbers have (the last part of parseHelper).
func (p *plan) stripFor(c *country, digits []byte) (*country, []byte, bool) {
	if len(digits) < 2 {
		return nil, nil, true // ErrTooShortNSN
	}
	short, sure := p.strip(digits)
	if !sure {
		return nil, nil, false
	}
	if l := p.length(short); l == possible || l == tooLong {
		digits = short
	}
	if len(digits) < 2 || len(digits) > 17 {
		return nil, nil, true // MIN_LENGTH_FOR_NSN, MAX_LENGTH_FOR_NSN
	}
	return c, digits, true
}

// strip removes the national prefix, unless that makes a good number a bad one
// (maybeStripNationalPrefixAndCarrierCode). It is not sure where the number
// would be rewritten.
func (p *plan) strip(digits []byte) ([]byte, bool) {
	if len(digits) == 0 || p.national == nil {
		return digits, true
	}
	prefix := p.national.prefix(digits)
	switch {
	case !prefix.found:
		return digits, true
	case prefix.via && p.rewrites:
		return nil, false
	}
	short := digits[prefix.length:]
	if p.general(digits) && !p.general(short) {
		return digits, true
	}
	return short, true
}

// general reports whether digits match the region's general description.
func (p *plan) general(digits []byte) bool {
	return p.numbers.atEnd[p.numbers.run(digits)]&3 != 0
}

// A fit says how the number of digits fits a region (testNumberLength).
type fit int

const (
	possible fit = iota
	localOnly
	tooShort
	tooLong
	wrongLength
)

func (p *plan) length(digits []byte) fit {
	n := len(digits)
	switch {
	case p.local>>n&1 != 0:
		return localOnly
	case n < p.min:
		return tooShort
	case n > p.max:
		return tooLong
	case p.possible>>n&1 == 0:
		return wrongLength
	}
	return possible
}

// has reports whether a national number is one of a region of the country
// (IsValidNumber). The first region that claims its leading digits decides.
func (c *country) has(national []byte) (ok, sure bool) {
	alone := len(c.regions) == 1
	for _, p := range c.regions {
		if !p.ready() {
			return false, false
		}
		if p.leading != nil && !alone {
			if p.leading.prefix(national).found {
				return p.has(national), true
			}
		} else if p.has(national) {
			return true, true
		}
	}
	return false, true
}

// has reports whether a national number is one of the region.
func (p *plan) has(national []byte) bool {
	return p.valid[p.numbers.run(national)]>>len(national)&1 != 0
}

// write returns the number in E.164.
func (c *country) write(national []byte) string {
	var buf [32]byte
	out := append(buf[:0], c.prefix...)
	for _, d := range national {
		out = append(out, '0'+d)
	}
	return string(out)
}
