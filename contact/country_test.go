package contact

import (
	"testing"

	"github.com/biter777/countries"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Every country is known by both its codes and by its name in each language,
// and no name is taken for another country.
func TestEveryCountry(t *testing.T) {
	n := NewNormalizer("")
	tags := []language.Tag{language.English, language.German, language.French, language.Spanish, language.Italian, language.Dutch, language.Portuguese}
	count := 0
	for _, c := range countries.All() {
		if !assigned(c) {
			continue
		}
		count++
		names := []string{c.Alpha2(), c.Alpha3()}
		for _, tag := range tags {
			names = append(names, display.Regions(tag).Name(language.MustParseRegion(c.Alpha2())))
		}
		for _, name := range names {
			if got, problem := n.Canonical(Country, name); got != c.Alpha2() {
				t.Errorf("Canonical(country, %q) = %q, %q; want %s", name, got, problem, c.Alpha2())
			}
		}
	}
	if count != 250 {
		t.Errorf("%d countries, want the 249 of ISO 3166-1 and Kosovo", count)
	}
}
