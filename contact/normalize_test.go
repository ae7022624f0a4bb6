package contact

import (
	"fmt"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	tests := []struct {
		name    string
		kind    Kind
		raw     string
		want    string
		problem Problem
	}{
		{"text is trimmed", Text, "  Head of Sales\u00a0", "Head of Sales", ""},
		{"text keeps its inner spaces", Text, "a  b", "a  b", ""},
		{"a password keeps its letters", Password, "Secret", "Secret", ""},
		{"a name is trimmed and its spaces are one", Name, "  Ann \u00a0 Mary\tExample ", "Ann Mary Example", ""},
		{"a name keeps its capitals", Name, "ann McEXAMPLE", "ann McEXAMPLE", ""},
		{"a decomposed name is composed", Name, "Zoe\u0308", "Zoë", ""},

		{"a phone is E.164", Phone, "020 7946 0123", "+442079460123", ""},
		{"an extension follows", Phone, "020 7946 0123 x45", "+442079460123;ext=45", ""},
		{"a no-break space is a space", Phone, "\u00a0020\u00a07946\u00a00123\u00a0", "+442079460123", ""},
		{"a phone that is none stays", Phone, " ask Ann ", "ask Ann", PhoneUnparseable},

		{"alpha-2", Country, "gb", "GB", ""},
		{"alpha-3", Country, "deu", "DE", ""},
		{"an English name", Country, "United Kingdom", "GB", ""},
		{"an article", Country, "The Netherlands", "NL", ""},
		{"an ampersand", Country, "Trinidad and Tobago", "TT", ""},
		{"a formal name", Country, "United States of America", "US", ""},
		{"a German name", Country, "Österreich", "AT", ""},
		{"a French name", Country, "Etats-Unis", "US", ""},
		{"a Spanish name", Country, "Alemania", "DE", ""},
		{"an abbreviation with dots", Country, "U.S.A.", "US", ""},
		{"an abbreviation that is no ISO code", Country, "UK", "GB", ""},
		{"Namibia's code", Country, "NA", "NA", ""},
		{"not available is not Namibia", Country, "n/a", "n/a", CountryUnknown},
		{"a vehicle code is no country", Country, "RA", "RA", CountryUnknown},
		{"a dissolved country", Country, "YU", "YU", CountryUnknown},
		{"nowhere", Country, "Narnia", "Narnia", CountryUnknown},
		{"none", Country, "None", "None", CountryUnknown},
		{"digits only", Country, "12345", "12345", CountryUnknown},

		{"a language tag", Language, "en-GB", "en-GB", ""},
		{"an underscore", Language, "en_gb", "en-GB", ""},
		{"three letters where two are the rule", Language, "deu", "de", ""},
		{"a deprecated code", Language, "iw", "he", ""},
		{"a script", Language, "ZH-HANT-tw", "zh-Hant-TW", ""},
		{"the name of a language", Language, "English", "English", LanguageUnknown},
		{"a code nobody registered", Language, "xx", "xx", LanguageUnknown},
		{"undetermined", Language, "und", "und", LanguageUnknown},
		{"private use only", Language, "x-mine", "x-mine", LanguageUnknown},
		{"ill-formed", Language, "en--GB", "en--GB", LanguageUnknown},

		{"an ISO date", Date, "2026-11-21", "2026-11-21", ""},
		{"an ISO date without hyphens", Date, "20261121", "2026-11-21", ""},
		{"year first with slashes", Date, "2026/1/2", "2026-01-02", ""},
		{"dots mean day first", Date, "3.4.2026", "2026-04-03", ""},
		{"a month by name", Date, "21 Nov 2026", "2026-11-21", ""},
		{"an American date by name", Date, "November 21st, 2026", "2026-11-21", ""},
		{"hyphens and a name", Date, "21-nov-2026", "2026-11-21", ""},
		{"the day is above 12", Date, "21/11/2026", "2026-11-21", ""},
		{"the day is above 12, American", Date, "11/21/2026", "2026-11-21", ""},
		{"day and month are the same", Date, "03/03/2026", "2026-03-03", ""},
		{"day or month", Date, "03/04/2026", "03/04/2026", DateUnparseable},
		{"a year of two digits", Date, "21.11.26", "21.11.26", DateUnparseable},
		{"no such day", Date, "2026-02-30", "2026-02-30", DateUnparseable},
		{"no such month", Date, "2026-13-01", "2026-13-01", DateUnparseable},
		{"a serial number of a spreadsheet", Date, "46347", "46347", DateUnparseable},
		{"with a time", Date, "2026-11-21T09:30", "2026-11-21T09:30:00", ""},
		{"with a time of the afternoon", Date, "11/21/2026 1:30 PM", "2026-11-21T13:30:00", ""},
		{"midnight without a zone is the date", Date, "2026-11-21 00:00:00", "2026-11-21", ""},
		{"a moment is in UTC", Date, "2026-11-21T01:30:00+02:00", "2026-11-20T23:30:00Z", ""},
		{"a moment with parts of a second", Date, "2026-11-21T01:30:00.250Z", "2026-11-21T01:30:00.25Z", ""},
		{"a moment as Salesforce writes it", Date, "2026-11-21T09:30:00.000+0000", "2026-11-21T09:30:00Z", ""},
		{"a zone that means several", Date, "2026-11-21 09:30:00 CST", "2026-11-21 09:30:00 CST", DateUnparseable},
		{"no such time", Date, "2026-11-21 25:00", "2026-11-21 25:00", DateUnparseable},
		{"a birthday without year", Date, "--0229", "--02-29", ""},

		{"a URL", URL, "HTTPS://Example.COM/Path?Q=A#F", "https://example.com/Path?Q=A#F", ""},
		{"no scheme", URL, "example.com/a", "https://example.com/a", ""},
		{"no scheme but slashes", URL, "//example.com", "https://example.com", ""},
		{"http is another address", URL, "http://example.com", "http://example.com", ""},
		{"a slash after a bare host", URL, "https://example.com/", "https://example.com", ""},
		{"a slash after a path", URL, "https://example.com/a/", "https://example.com/a/", ""},
		{"the default port", URL, "https://example.com:443/a", "https://example.com/a", ""},
		{"another port", URL, "example.com:8443", "https://example.com:8443", ""},
		{"an international host", URL, "https://Bücher.example/ä", "https://xn--bcher-kva.example/ä", ""},
		{"a user", URL, "ftp://Ann@example.com", "ftp://Ann@example.com", ""},
		{"an IPv6 host", URL, "http://[2001:DB8::1]:80/", "http://[2001:db8::1]", ""},
		{"a URL inside a URL", URL, "example.com/?to=http://example.org", "https://example.com/?to=http://example.org", ""},
		{"a word", URL, "none", "none", URLInvalid},
		{"a space", URL, "https://example.com/a b", "https://example.com/a b", URLInvalid},
		{"no host", URL, "https:///a", "https:///a", URLInvalid},
		{"a script", URL, "javascript:alert(1)", "javascript:alert(1)", URLInvalid},
		{"a mail link", URL, "mailto:ann@example.com", "mailto:ann@example.com", URLInvalid},
	}
	n := NewNormalizer("GB")
	for _, tt := range tests {
		t.Run(string(tt.kind)+": "+tt.name, func(t *testing.T) {
			for range 2 { // the second time from memory
				got, problem := n.Canonical(tt.kind, tt.raw)
				if got != tt.want || problem != tt.problem {
					t.Errorf("Canonical(%s, %q) = %q, %q; want %q, %q", tt.kind, tt.raw, got, problem, tt.want, tt.problem)
				}
			}
			if again, problem := n.Canonical(tt.kind, tt.want); again != tt.want || problem != tt.problem {
				t.Errorf("Canonical(%s, %q) = %q, %q; a canonical form is its own", tt.kind, tt.want, again, problem)
			}
		})
	}
}

func TestMatchKey(t *testing.T) {
	tests := []struct {
		name    string
		kind    Kind
		raw     string
		want    string
		problem Problem
	}{
		{"an e-mail address", Email, " Ann@Example.com", "ann@example.com", ""},
		{"no e-mail address has no key", Email, "ann", "", EmailInvalid},
		{"a phone", Phone, "020 7946 0123", "+442079460123", ""},
		{"a phone without its extension", Phone, "020 7946 0123 ext 45", "+442079460123", ""},
		{"an unreadable phone has no key", Phone, "12", "", PhoneUnparseable},
		{"an identifier is exact", Text, " A-17 ", "A-17", ""},
		{"a language nobody knows is still a key", Language, "xx", "xx", LanguageUnknown},
		{"a blank has no key", Text, "\u200b ", "", ""},
		{"a blank e-mail has no key and no problem", Email, " ", "", ""},
		{"a blank phone has no key and no problem", Phone, "\u00a0", "", ""},
	}
	n := NewNormalizer("GB")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, problem := n.MatchKey(tt.kind, tt.raw); got != tt.want || problem != tt.problem {
				t.Errorf("MatchKey(%s, %q) = %q, %q; want %q, %q", tt.kind, tt.raw, got, problem, tt.want, tt.problem)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	tests := []struct {
		name string
		kind Kind
		a, b string
		want bool
	}{
		{"a capital letter in an e-mail is no difference", Email, "Ann@example.com", "ann@example.com", true},
		{"a capital letter in a name is one", Name, "ann", "Ann", false},
		{"two spaces in a name are no difference", Name, "Ann  Example", "Ann Example", true},
		{"a phone in six forms", Phone, "020 7946 0123", "+44 (0)20-7946-0123", true},
		{"another extension", Phone, "020 7946 0123 x1", "020 7946 0123 x2", false},
		{"blank and nothing", Text, " \u00a0", "", true},
		{"a country in two languages", Country, "Germany", "Deutschland", true},
		{"two unreadable values", Phone, "n/a", "none", false},
		{"the same unreadable value", Phone, "n/a ", "n/a", true},
	}
	n := NewNormalizer("GB")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := n.Equal(tt.kind, tt.a, tt.b); got != tt.want {
				t.Errorf("Equal(%s, %q, %q) = %v, want %v", tt.kind, tt.a, tt.b, got, tt.want)
			}
		})
	}
}

func TestBlank(t *testing.T) {
	for _, s := range []string{"", " ", "\t\r\n", "\u00a0", "\u200b\u200d\ufeff", "\u3000", "\u00ad\u2060"} {
		if !Blank(s) {
			t.Errorf("Blank(%q) = false, want true", s)
		}
	}
	for _, s := range []string{"a", " . ", "-", "0", "é", "NULL", "新"} {
		if Blank(s) {
			t.Errorf("Blank(%q) = true, want false", s)
		}
	}
}

func TestIsPlaceholder(t *testing.T) {
	for _, s := range []string{Placeholder, "new contact", "  NEW \u00a0 CONTACT ", "Neuer Kontakt", "Nouveau contact", "NUEVO CONTACTO", "Nový kontakt", "Новый контакт", "新しい連絡先"} {
		if !IsPlaceholder(s) {
			t.Errorf("IsPlaceholder(%q) = false, want true", s)
		}
	}
	for _, s := range []string{"", "New", "New Contacts", "Newcontact", "Ann Contact", "New Contact Lenses Ltd"} {
		if IsPlaceholder(s) {
			t.Errorf("IsPlaceholder(%q) = true, want false", s)
		}
	}
}

func TestEveryProblemHasAMessage(t *testing.T) {
	for _, p := range Problems() {
		if p.Message() == "" {
			t.Errorf("%s has no message", p)
		}
	}
	if got := Problem("").Message(); got != "" {
		t.Errorf("no problem says %q, want nothing", got)
	}
}

// The memory forgets and never mixes kinds, however many values pass.
func TestMemoryIsOnlyASpeedUp(t *testing.T) {
	n := NewNormalizer("GB")
	for i := range 3 * len(n.known.slots) {
		raw := fmt.Sprintf("020 7946 %04d x%d", i%10000, i)
		want := fmt.Sprintf("+44207946%04d;ext=%d", i%10000, i)
		if got, problem := n.Canonical(Phone, raw); got != want || problem != "" {
			t.Fatalf("Canonical(%q) = %q, %q; want %q", raw, got, problem, want)
		}
	}
	for range 2 {
		country, _ := n.Canonical(Country, "de")
		language, _ := n.Canonical(Language, "de")
		if country != "DE" || language != "de" {
			t.Errorf("country %q, language %q; want DE, de", country, language)
		}
	}
}

// Whatever the value, its canonical form is its own canonical form, and a value
// without one is returned as it stands.
func FuzzCanonical(f *testing.F) {
	for i, s := range []string{"020 7946 0123", "Deutschland", "en_GB", "21.11.2026 09:30", "Example.com:443/", "http://[::1]", "0001-01-01T00:00:00+01:00", "--02-30", "a://b", "Ⓐ.example"} {
		f.Add(uint8(i), s)
	}
	n := NewNormalizer("GB")
	f.Fuzz(func(t *testing.T, k uint8, raw string) {
		kind := Kinds[int(k)%len(Kinds)]
		once, problem := n.Canonical(kind, raw)
		if problem != "" && once != Trim(raw) {
			t.Errorf("%s %q has problem %q and gives %q, want it trimmed", kind, raw, problem, once)
		}
		if problem != "" || strings.Contains(once, ";ext=") {
			return
		}
		if twice, problem := n.Canonical(kind, once); twice != once || problem != "" {
			t.Errorf("Canonical(%s, %q) = %q, %q; it came from %q", kind, once, twice, problem, raw)
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	n := NewNormalizer("GB")
	for _, c := range []struct {
		kind Kind
		raw  string
	}{
		{Text, "Head of Sales"}, {Name, "Ann Example"}, {Phone, "020 7946 0123"}, {Phone, "n/a 1 2 3 call"},
		{Country, "United Kingdom"}, {Language, "en_GB"}, {Date, "2026-11-21"}, {Date, "21 Nov 2026"}, {URL, "https://example.com/Ann"},
	} {
		b.Run(string(c.kind)+" "+c.raw, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n.Canonical(c.kind, c.raw)
			}
		})
	}
	b.Run("placeholder", func(b *testing.B) {
		for b.Loop() {
			IsPlaceholder("Ann Example")
		}
	})
}
