package suggest

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/kith-sync/kith/contact"
)

// The classes of value that can be told by looking. Those with a word list are
// in words/values.txt.
var (
	emailForm  = regexp.MustCompile(`^[^\s@<>,;]+@[^\s@<>,;]+\.[\pL0-9-]{2,}$`)
	phoneForm  = regexp.MustCompile(`^(tel:)?[+(]?[0-9][0-9 ()./\x{a0}-]{5,22}( ?(x|ext\.?) ?[0-9]+)?$`)
	urlForm    = regexp.MustCompile(`(?i)^(https?://|www\.)\S+$`)
	domainForm = regexp.MustCompile(`(?i)^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(/\S*)?$`)
	postalForm = regexp.MustCompile(`(?i)^([0-9]{4,5}|[0-9]{5}-[0-9]{3,4}|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]|[0-9]{4} ?[A-Z]{2}|[A-Z]{1,2}-[0-9]{4,5})$`)
	dateForms  = [...]string{"2006-01-02", "02.01.2006", "2.1.2006", "1/2/2006", "2/1/2006", "20060102", "01-02-2006", "02-01-2006", "Jan 2, 2006", "2 Jan 2006", "2006/01/02", time.RFC3339, "2006-01-02 15:04:05"}
)

// evidence is the share of a column's samples that belong to each class.
type evidence map[string]float64

// look classes the samples of a column. No samples are no evidence.
func (t *tables) look(samples []string) evidence {
	e := evidence{}
	for _, s := range samples {
		for _, class := range t.classes(strings.TrimSpace(s)) {
			e[class] += 1 / float64(len(samples))
		}
	}
	return e
}

func (t *tables) classes(s string) []string {
	var out []string
	add := func(class string, is bool) {
		if is {
			out = append(out, class)
		}
	}
	lower := strings.ToLower(s)
	isEmail := emailForm.MatchString(contact.BareEmail(lower))
	born, isDate := date(s)
	isURL := urlForm.MatchString(s)
	add("email", isEmail)
	add("date", isDate)
	add("birthday", isDate && born.Year() > 1915 && born.Year() < 2012)
	callable := !isDate && phoneForm.MatchString(s) && digits(s) >= 6
	add("callable", callable)
	add("phone", callable && !postalForm.MatchString(s) && written(s))
	add("url", isURL || domainForm.MatchString(s))
	for _, site := range [...]string{"linkedin", "twitter", "facebook"} {
		add(site, strings.Contains(lower, site+".com/"))
	}
	add("postal_code", postalForm.MatchString(s))
	add("digits", digits(s) > 0)
	add("tag", contact.IsLanguageTag(s))
	add("phrase", len(strings.Fields(s)) > 1)
	return append(out, t.wordClasses(s)...)
}

// wordClasses are the classes that the word lists know.
func (t *tables) wordClasses(s string) []string {
	var out []string
	whole := trimWord(s)
	for _, class := range [...]string{"prefix", "suffix", "city", "state", "country", "language"} {
		if t.values[class][whole] {
			out = append(out, class)
		}
	}
	fields := strings.Fields(s)
	for _, class := range [...]string{"title", "company", "street"} {
		for _, w := range fields {
			if t.values[class][trimWord(w)] || class == "street" && streetWord(w) {
				out = append(out, class)
				break
			}
		}
	}
	if !nameLike(fields) {
		return out
	}
	out = append(out, "name-like")
	given := t.values["given"][trimWord(fields[0])]
	if given && len(fields) == 1 {
		out = append(out, "first_name")
	}
	if given && len(fields) > 1 {
		out = append(out, "name")
	}
	return out
}

// written reports whether a number is written as people write phone numbers. A
// bare row of digits is as often an identifier.
func written(number string) bool {
	return strings.ContainsAny(number, "+() ./-") || len(number) >= 10 && (number[0] == '0' || number[0] == '1')
}

// streetWord knows the German and Dutch streets that are one word: Hauptstraße.
func streetWord(w string) bool {
	w = trimWord(w)
	for _, end := range [...]string{"strasse", "str", "weg", "platz", "allee", "gasse", "straat", "laan"} {
		if len(w) > len(end)+2 && strings.HasSuffix(w, end) {
			return true
		}
	}
	return false
}

// nameLike is one to four words of letters.
func nameLike(fields []string) bool {
	if len(fields) == 0 || len(fields) > 4 {
		return false
	}
	for _, w := range fields {
		for _, r := range w {
			if !unicode.IsLetter(r) && !strings.ContainsRune("-'’.", r) && !unicode.IsMark(r) {
				return false
			}
		}
	}
	return true
}

func date(s string) (time.Time, bool) {
	for _, form := range dateForms {
		if d, err := time.Parse(form, s); err == nil {
			return d, true
		}
	}
	return time.Time{}, false
}

func digits(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// trimWord makes a word of a value comparable.
func trimWord(s string) string {
	return strings.Trim(plain(strings.TrimSpace(s)), ".,;:()")
}

// kind guesses the kind of a field nobody knows from what is in it.
func (e evidence) kind() contact.Kind {
	for _, k := range []contact.Kind{contact.Email, contact.URL, contact.Date, contact.Phone} {
		if e[string(k)] >= 0.8 {
			return k
		}
	}
	return contact.Text
}

// agrees weighs what a header says against the values: 1 when they are silent,
// less when they contradict; support is the share that speaks for it.
func (e evidence) agrees(f contact.Field) (factor, support float64) {
	switch f.Kind {
	case contact.Email:
		return below(e["email"], 0.2, 0.6), e["email"]
	case contact.Phone:
		return below(e["callable"], 0.2, 0.6), e["callable"]
	case contact.Date:
		return below(e["date"], 0.2, 0.4), e["date"]
	case contact.URL:
		return below(e["url"], 0.2, 0.5), e["url"]
	case contact.Language: // a name such as "German" is no tag, and would be refused row by row (settled question 20)
		return below(e["tag"], 0.5, 0.3), e["tag"]
	}
	if e["email"] > 0.5 && f.Name != "login" && f.Name != "owner" && f.Name != "external_id" {
		return 0.2, 0
	}
	if f.Kind == contact.Name && (e["digits"] > 0.5 || e["url"] > 0.5) {
		return 0.8, 0 // "Ann7" is an odd name, but the header's word is clear
	}
	if f.Name == "title" && e["prefix"] >= 0.5 {
		return 0.3, 0
	}
	return 1, e[f.Name]
}

// below is factor when share is under the limit, 1 otherwise.
func below(share, limit, factor float64) float64 {
	if share < limit {
		return factor
	}
	return 1
}
