package phone

import (
	"strconv"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// A plan is the numbering plan of one region, compiled from the library's
// metadata when the first number needs it.
type plan struct {
	code int // country calling code
	meta *phonenumbers.PhoneMetadata

	once sync.Once
	ok   bool // compiled; a plan that could not be leaves its numbers to the library

	numbers  *automaton // the general description, then the types of number
	valid    []uint32   // by state of numbers: bit n for valid numbers of n digits
	leading  *automaton // beginnings that tell the region from others of its code, or nil
	national *automaton // prefix dialled inside the country, or nil
	abroad   *automaton // prefix dialled to leave the country
	rewrites bool       // numbers with a national prefix may be rewritten
	possible uint32     // bit n: a number may have n digits
	local    uint32     // bit n: n digits can be dialled nearby only
	min, max int        // least and most digits
}

// A country is a country calling code with the regions that share it, the main
// one first, in the library's order.
type country struct {
	prefix  string // "+44"
	regions []*plan
}

// numbering holds every plan, compiled or not.
type numbering struct {
	regions map[string]*plan
	codes   [1000]*country
}

// world returns the plans of the world. Only an index is made here.
var world = sync.OnceValue(func() *numbering {
	w := &numbering{regions: map[string]*plan{}}
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		return w // no plan: every number is left to the library
	}
	supported := phonenumbers.GetSupportedRegions()
	beyond := map[int]*plan{} // codes of no country, such as +800
	for _, m := range metadata.GetMetadata() {
		p := &plan{code: int(m.GetCountryCode()), meta: m}
		if m.GetId() == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
			beyond[p.code] = p
		} else if supported[m.GetId()] {
			w.regions[m.GetId()] = p
		}
	}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		c := &country{prefix: "+" + strconv.Itoa(code)}
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			p := w.regions[region]
			if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
				p = beyond[code]
			}
			c.regions = append(c.regions, p)
		}
		w.codes[code] = c
	}
	return w
})

// ready compiles the plan if need be and reports whether it can be used.
func (p *plan) ready() bool {
	if p == nil {
		return false
	}
	p.once.Do(func() { p.ok = p.compile() == nil })
	return p.ok
}

func (p *plan) compile() (err error) {
	m := p.meta
	if p.abroad, err = compilePrefix(m.GetInternationalPrefix()); err != nil {
		return err
	}
	if s := m.GetNationalPrefixForParsing(); s != "" {
		if p.national, err = compilePrefix(s); err != nil {
			return err
		}
	}
	if s := m.GetLeadingDigits(); s != "" {
		if p.leading, err = compilePrefix(s); err != nil {
			return err
		}
	}
	p.rewrites = m.GetNationalPrefixTransformRule() != ""
	return p.compileNumbers()
}

// compileNumbers compiles the description of valid numbers: those that match
// the general description and one of the types (getNumberTypeHelper).
func (p *plan) compileNumbers() (err error) {
	m := p.meta
	general := m.GetGeneralDesc()
	p.possible, p.local = mask(general.GetPossibleLength()), mask(general.GetPossibleLengthLocalOnly())
	if p.possible == 0 {
		return errPattern
	}
	lengths := general.GetPossibleLength() // ascending
	p.min, p.max = int(lengths[0]), int(lengths[len(lengths)-1])

	types := []*phonenumbers.PhoneNumberDesc{
		m.GetPremiumRate(), m.GetTollFree(), m.GetSharedCost(), m.GetVoip(), m.GetPersonalNumber(),
		m.GetPager(), m.GetUan(), m.GetVoicemail(), m.GetFixedLine(), m.GetMobile(),
	}
	patterns := []string{general.GetNationalNumberPattern()}
	for _, t := range types {
		patterns = append(patterns, t.GetNationalNumberPattern())
	}
	if p.numbers, err = compile(patterns...); err != nil {
		return err
	}
	p.valid = make([]uint32, len(p.numbers.next))
	for s, matched := range p.numbers.atEnd {
		if matched&3 == 0 {
			continue // not the general description
		}
		for i, t := range types {
			if matched>>(2*i+2)&3 != 0 {
				p.valid[s] |= typeLengths(t)
			}
		}
		p.valid[s] &= typeLengths(general)
	}
	return nil
}

// typeLengths returns the lengths that numbers of a type may have. A type that
// lists none has those of the general description (isNumberPossibleForDesc).
func typeLengths(t *phonenumbers.PhoneNumberDesc) uint32 {
	if len(t.GetPossibleLength()) == 0 {
		return ^uint32(0)
	}
	return mask(t.GetPossibleLength())
}

// mask returns a mask with a bit for each length. -1 stands for no length.
func mask(lengths []int32) uint32 {
	var m uint32
	for _, n := range lengths {
		if n >= 0 && n < 32 {
			m |= 1 << n
		}
	}
	return m
}
