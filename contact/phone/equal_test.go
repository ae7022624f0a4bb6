package phone

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// Quick must say what the library says. Run this whole test, not -short, at
// each upgrade of the library: it compares against the new metadata and the
// new control flow, and a difference names the function to read again.
func TestQuickEqualsLibrary(t *testing.T) {
	count := 1_000_000
	if testing.Short() {
		count = 100_000
	}
	g := newWriter(20261121)
	type tally struct{ all, sure int }
	tallies := map[string]*tally{}
	differences := 0
	for range count {
		form, raw, region := g.next()
		n := tallies[form]
		if n == nil {
			n = &tally{}
			tallies[form] = n
		}
		n.all++
		got, gotOK, sure := Quick(raw, region)
		if !sure {
			continue
		}
		n.sure++
		if want, wantOK := ask(raw, region); got != want || gotOK != wantOK {
			t.Errorf("%s: Quick(%q, %q) = %v, %v; the library says %v, %v", form, raw, region, got, gotOK, want, wantOK)
			if differences++; differences == 20 {
				t.FailNow()
			}
		}
	}
	for form, n := range tallies {
		share := float64(n.sure) / float64(n.all)
		t.Logf("%-12s %7d numbers, %.1f %% without the library", form, n.all, 100*share)
		if strings.HasPrefix(form, "good ") && share < 0.97 {
			t.Errorf("%s: %.1f %% without the library, want 97", form, 100*share)
		}
	}
}

// The beginning that an automaton finds is the one that Go's regexp finds, also
// where the order of alternatives decides.
func TestPrefixEqualsRegexp(t *testing.T) {
	patterns := []string{
		"0", "0|01", "01|0", "(?:0|01)2?", "0*?", "0+?1", "(0)?1", "0(1\\d)?", "(00)$|0", "[08]", "0|80?", "0?(?:(11|2[2-4]?)15)?",
		"(?:0|90)(?:(1[245]|2[1-35])(\\d{2,3}))?", "([2-9]\\d{3})$|1", "",
	}
	for _, p := range world().regions {
		patterns = append(patterns, p.meta.GetNationalPrefixForParsing(), p.meta.GetInternationalPrefix())
	}
	w := newWriter(3)
	for _, pattern := range patterns {
		a, err := compilePrefix(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		re := regexp.MustCompile("^(?:" + pattern + ")")
		for range 200 {
			text := w.pick([]string{"", "0", "00", "1", "2", "011", "8", "90"}) + w.digits(w.IntN(6))
			digits := []byte(text)
			for i := range digits {
				digits[i] -= '0'
			}
			var want prefix
			if m := re.FindStringSubmatchIndex(text); m != nil {
				last := 2 * re.NumSubexp()
				want = prefix{found: true, length: m[1], via: last > 0 && m[last] >= 0}
			}
			if got := a.prefix(digits); got != want {
				t.Errorf("%q on %s: %+v, regexp says %+v", pattern, text, got, want)
			}
		}
	}
}

// A writer writes telephone numbers in many ways, good and bad.
type writer struct {
	*rand.Rand
	regions  []string
	examples map[string][]string // national significant numbers by region
}

func newWriter(seed uint64) *writer {
	w := &writer{Rand: rand.New(rand.NewPCG(seed, 1)), examples: map[string][]string{}}
	for region := range phonenumbers.GetSupportedRegions() {
		w.regions = append(w.regions, region)
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			if n := phonenumbers.GetExampleNumberForType(region, kind); n != nil {
				w.examples[region] = append(w.examples[region], phonenumbers.GetNationalSignificantNumber(n))
			}
		}
	}
	slices.Sort(w.regions)
	return w
}

// next returns a number, the form it is written in, and a default region. The
// forms that begin with "good" start from a number of the region's plan.
func (w *writer) next() (form, raw, region string) {
	region = w.pick(w.regions)
	national := w.pick(w.examples[region])
	code := fmt.Sprint(phonenumbers.GetCountryCodeForRegion(region))
	prefix := phonenumbers.GetNddPrefixForRegion(region, true)
	valid := w.similar(national)
	switch w.IntN(14) {
	case 0:
		return "good +", "+" + code + valid, w.pick(w.regions)
	case 1:
		return "good + with spaces", w.punctuate("+" + code + valid), w.pick(w.regions)
	case 2:
		return "good national", w.punctuate(prefix + valid), region
	case 3:
		return "good bare", valid, region
	case 4:
		return "good (0)", "+" + code + " (" + prefix + ")" + valid, region
	case 5:
		return "code bare", w.punctuate(code + w.maybe(prefix) + w.mutate(national)), region
	case 6:
		return "idd", w.punctuate(w.pick([]string{"00", "011", "810", "0011", "119", "001"}) + w.maybe("0") + code + valid), region
	case 7:
		return "mutated", w.punctuate(w.maybe("+"+code) + w.maybe(prefix) + w.mutate(national)), w.pick(w.regions)
	case 8:
		return "random", w.maybe("+") + w.digits(w.IntN(26)), region
	case 9:
		return "random +1 +7 +44", "+" + w.pick([]string{"1", "7", "44", "39", "47", "61", "212", "262", "358", "590", "599"}) + w.digits(6+w.IntN(7)), region
	case 10:
		return "local", valid[min(len(valid)-2, w.IntN(4)):], region
	case 11:
		label := w.pick([]string{",", ",,", " , ", "x", " X ", "#", "~", "*", ";", ";ext=", " ext. ", " int ", " доб ", " -", "\t", "+", "&"})
		return "extension", w.maybe("+"+code) + valid + label + w.digits(w.IntN(5)) + w.maybe("#"), region
	case 12:
		return "no region", w.maybe("+") + code + valid, w.pick([]string{"", "ZZ", "gb", "001"})
	}
	return "junk", w.junk(), region
}

func (w *writer) pick(from []string) string { return from[w.IntN(len(from))] }

func (w *writer) maybe(s string) string {
	if w.IntN(2) == 0 {
		return ""
	}
	return s
}

func (w *writer) digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + w.IntN(10)))
	}
	return b.String()
}

// similar changes the last two digits, which mostly keeps a number valid.
func (w *writer) similar(national string) string {
	return national[:len(national)-2] + w.digits(2)
}

// mutate changes, drops or adds digits anywhere.
func (w *writer) mutate(national string) string {
	b := []byte(national)
	for range 1 + w.IntN(3) {
		i := w.IntN(len(b))
		switch w.IntN(4) {
		case 0:
			b = slices.Insert(b, i, byte('0'+w.IntN(10)))
		case 1:
			if len(b) > 1 {
				b = slices.Delete(b, i, i+1)
			}
		default:
			b[i] = byte('0' + w.IntN(10))
		}
	}
	return string(b)
}

// punctuate writes marks between the digits and sometimes around them.
func (w *writer) punctuate(s string) string {
	const marks = "  --..()/[]"
	var b strings.Builder
	for i := range len(s) {
		if w.IntN(5) == 0 && i > 0 {
			b.WriteByte(marks[w.IntN(len(marks))])
		}
		b.WriteByte(s[i])
	}
	if w.IntN(10) == 0 {
		return w.pick([]string{" ", "(", "-", "/"}) + b.String() + w.pick([]string{"", " ", ")", "."})
	}
	return b.String()
}

// junk strings together what numbers and notes are made of.
func (w *writer) junk() string {
	var b strings.Builder
	for range 1 + w.IntN(12) {
		b.WriteString(w.pick([]string{
			"0", "1", "44", "7", "555", "2079460123", "+", "++", "-", " ", "(", ")", "/", ".", ",", "~", "*", "#", ";",
			"x", "X12", "ext 4", "n/a", "tel:", ";ext=7", ";phone-context=+44", ";isub=1", "\t", "\n", "\u00a0", "\u200b", "E", "e+1",
			"٣", "９", "＋", "é", "&&", "\\", "'",
		}))
	}
	return b.String()
}
