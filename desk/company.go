package desk

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A CompanyGuess is the company that a lead gets when nobody names one (E19), and why.
type CompanyGuess struct {
	Value string `json:"value"`
	Why   string `json:"why"`
}

// CompanyField is the field of a book that names somebody's company; "" where it has
// none.
func CompanyField(b store.Book) string {
	for _, name := range []string{"company", "organization", "organisation", "company_name", "account_name"} {
		if f, ok := b.Schema().Field(name); ok && f.Kind != contact.Password {
			return f.Name
		}
	}
	return ""
}

// companiesLooked is at how many of a book's contacts is looked for companies, the
// latest ones: a page waits for it.
const companiesLooked = 200_000

// guessCompanies says which company leads without one get:
//
//	the e-mail is                       the company is
//	of a provider for everybody         not set
//	of a domain that contacts have      what most of them have, of two the one that came first
//	of another domain                   the name of the domain: ada@mail.acme-tools.co.uk is of "Acme Tools"
//
// A company that a person has emptied stays empty.
func guessCompanies(ctx context.Context, w *workspace.Workspace, b store.Book, leads []store.Lead) (map[int64]CompanyGuess, error) {
	guesses, field := map[int64]CompanyGuess{}, CompanyField(b)
	if field == "" {
		return guesses, nil
	}
	domains, counts := map[int64]string{}, map[string]*tally{}
	for _, l := range leads {
		if _, said := l.Values[field]; said {
			continue
		}
		if d := domainOf(b, l.Values); d != "" && !isFreeMail(d) {
			domains[l.ID], counts[d] = d, &tally{}
		}
	}
	if err := countCompanies(ctx, w, b, field, counts); err != nil {
		return nil, err
	}
	for id, d := range domains {
		if value := counts[d].most(); value != "" {
			guesses[id] = CompanyGuess{value, "from other contacts at " + d}
		} else if value := nameOfDomain(d); value != "" {
			guesses[id] = CompanyGuess{value, "from the e-mail's domain " + d}
		}
	}
	return guesses, nil
}

// domainOf is the domain of the first e-mail address among values.
func domainOf(b store.Book, values map[string]string) string {
	norm := contact.NewNormalizer(b.Region)
	for _, f := range b.Fields {
		if f.Kind != contact.Email || contact.Blank(values[f.Name]) {
			continue
		}
		if key, _ := norm.MatchKey(contact.Email, values[f.Name]); key != "" {
			return key[strings.LastIndexByte(key, '@')+1:]
		}
	}
	return ""
}

// countCompanies counts the companies of a book's contacts at each domain.
func countCompanies(ctx context.Context, w *workspace.Workspace, b store.Book, field string, counts map[string]*tally) error {
	if len(counts) == 0 || b.Population == 0 {
		return nil
	}
	email, company := b.Schema().First(contact.Email), b.Schema().Index(field)
	after, err := beforeLast(ctx, w, b, companiesLooked)
	if err != nil || email < 0 {
		return err
	}
	for c, err := range w.Store.Contacts(ctx, b, after) {
		if err != nil {
			return err
		}
		at := strings.LastIndexByte(c.Values[email], '@')
		if at < 0 || contact.Blank(c.Values[company]) {
			continue
		}
		if t := counts[strings.ToLower(contact.Trim(c.Values[email][at+1:]))]; t != nil {
			t.add(contact.Trim(c.Values[company]))
		}
	}
	return nil
}

// beforeLast is the handle after which a book has its last n contacts, and some less
// where numbers between them are free.
func beforeLast(ctx context.Context, w *workspace.Workspace, b store.Book, n int64) (int64, error) {
	if b.Population <= n {
		return 0, nil
	}
	last, _, err := w.Store.EndOf(ctx, b, 0, store.Ref(b.ID+1, 0), 1<<40)
	return last - n, err
}

// A tally counts texts.
type tally struct {
	texts  []string
	counts []int
}

func (t *tally) add(text string) {
	for i, known := range t.texts {
		if known == text {
			t.counts[i]++
			return
		}
	}
	if len(t.texts) < 1000 { // more companies at one domain are no company's
		t.texts, t.counts = append(t.texts, strings.Clone(text)), append(t.counts, 1)
	}
}

// most is the text that was added most often, of equals the first.
func (t *tally) most() (text string) {
	best := 0
	for i, n := range t.counts {
		if n > best {
			best, text = n, t.texts[i]
		}
	}
	return text
}

// nameOfDomain makes a company's name of the part of a domain that was registered.
func nameOfDomain(domain string) string {
	registered, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil || strings.HasPrefix(domain, "[") {
		return "" // a public suffix itself, or the address of a machine
	}
	name, _, _ := strings.Cut(registered, ".")
	if readable, err := idna.ToUnicode(name); err == nil {
		name = readable
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' })
	for i, word := range words {
		first, size := utf8.DecodeRuneInString(word)
		words[i] = string(unicode.ToTitle(first)) + word[size:]
	}
	return strings.Join(words, " ")
}
