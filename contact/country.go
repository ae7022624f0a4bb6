package contact

import (
	"strings"
	"sync"
	"unicode"

	"github.com/biter777/countries"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// canonicalCountry returns the ISO 3166-1 alpha-2 code of a country written as
// alpha-2, alpha-3 or by name, in English or a language of countryNames.
func canonicalCountry(s string) (string, Problem) {
	switch {
	case len(s) <= 3:
		return countryCode(s)
	case len(s) > 200:
		return s, CountryUnknown // no name is so long, and the library is slow
	}
	name := strings.TrimPrefix(foldCountry(s), "the")
	if code, ok := countryNames()[name]; ok {
		return code, ""
	}
	if found := countries.ByName(name); len(name) > 3 && assigned(found) {
		return found.Alpha2(), ""
	}
	return s, CountryUnknown
}

// countryCode reads a code of two or three letters. The countries library also
// knows vehicle and sports codes, where RA is Argentina: only ISO's own count,
// and two abbreviations that everybody writes. "n/a" is not Namibia.
func countryCode(s string) (string, Problem) {
	code := strings.ToUpper(s)
	switch code {
	case "UK": // reserved for the United Kingdom in ISO 3166-1
		return "GB", ""
	case "UAE":
		return "AE", ""
	}
	found := countries.ByName(code)
	if assigned(found) && (found.Alpha2() == code || found.Alpha3() == code) {
		return found.Alpha2(), ""
	}
	return s, CountryUnknown
}

// assigned reports whether a code is one of ISO 3166-1 today, or Kosovo's.
func assigned(c countries.CountryCode) bool {
	return c.IsValid() && len(c.Alpha2()) == 2 && c != countries.ANT && c != countries.YUG
}

// countryNames maps the folded names of countries to their codes, in the
// languages that addresses are most often kept in. English goes first where a
// name means different countries in two languages.
var countryNames = sync.OnceValue(func() map[string]string {
	names := otherNames()
	for _, tag := range []language.Tag{
		language.English, language.German, language.French, language.Spanish,
		language.Italian, language.Dutch, language.Portuguese,
	} {
		regions := display.Regions(tag)
		for _, c := range countries.All() {
			if !assigned(c) {
				continue
			}
			name := foldCountry(regions.Name(language.MustParseRegion(c.Alpha2())))
			if _, taken := names[name]; !taken {
				names[name] = c.Alpha2()
			}
		}
	}
	return names
})

// otherNames are what people call countries and the libraries do not know.
func otherNames() map[string]string {
	return map[string]string{
		"us": "US", "usa": "US", "uk": "GB", "uae": "AE", // U.S., U.S.A., U.K., U.A.E.
		"estadosunidosdeamerica": "US", "etatsunisdamerique": "US", "statiunitidamerica": "US",
		"eeuu": "US", "eua": "US",
		"großbritannien": "GB", "grossbritannien": "GB", "grandebretagne": "GB",
		"granbretana": "GB", "granbretagna": "GB", "grabretanha": "GB",
		"hollande": "NL", "holanda": "NL", "olanda": "NL",
		"taiwanprovinceofchina": "TW",
		"northmacedonia":        "MK", "nordmazedonien": "MK",
		"eswatini":  "SZ",
		"caboverde": "CV",
	}
}

// foldCountry returns the letters of a name in lower case and without accents:
// "Côte d’Ivoire" and "Cote d'Ivoire" are one.
func foldCountry(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ReplaceAll(s, "&", " and ")) {
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
