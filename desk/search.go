package desk

import (
	"context"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// Known are the live contacts of a book that an ID, unique identifier, e-mail
// address or telephone number names. It costs the same however large the book is.
func Known(ctx context.Context, w *workspace.Workspace, b store.Book, who string) (found []store.Contact, err error) {
	refs, err := refsOf(ctx, w, b, strings.TrimSpace(who))
	if err != nil {
		return nil, err
	}
	for c, err := range w.Store.ContactsByRef(ctx, b, refs) {
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, nil
}

// The ways to compare a value with what a condition asks for.
const (
	Is       = "is"
	IsNot    = "not"
	Contains = "contains"
	Begins   = "begins"
	Tagged   = "tagged" // among values separated by commas
	Before   = "before" // of dates, as texts of others
	After    = "after"
	IsBlank  = "blank"
	IsFilled = "filled"
)

// Comparisons lists them, in the order screens show them.
var Comparisons = []string{Is, IsNot, Contains, Begins, Tagged, Before, After, IsBlank, IsFilled}

// A Condition is what the value of one field has to be.
type Condition struct {
	Field string `json:"field"`
	Is    string `json:"is"` // one of Comparisons
	Value string `json:"value,omitempty"`
}

// A Choice chooses among the contacts of a book: those that have a text in some
// value, and meet every condition.
type Choice struct {
	Search string      `json:"search,omitempty"`
	Where  []Condition `json:"where,omitempty"`
}

// All reports whether every contact is chosen.
func (c Choice) All() bool { return c.Search == "" && len(c.Where) == 0 }

// Chosen returns the test of a choice, or says what is wrong with it. The test
// belongs to one goroutine.
func Chosen(b store.Book, c Choice) (func(values []string) bool, error) {
	tests := make([]func([]string) bool, 0, len(c.Where)+1)
	for _, condition := range c.Where {
		test, err := condition.test(b)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	if text := strings.ToLower(strings.TrimSpace(c.Search)); text != "" {
		tests = append(tests, somewhere(b, text))
	}
	return func(values []string) bool {
		for _, test := range tests {
			if !test(values) {
				return false
			}
		}
		return true
	}, nil
}

// somewhere finds a text in small letters in any value that may be seen.
func somewhere(b store.Book, text string) func([]string) bool {
	return func(values []string) bool {
		for i, v := range values {
			if len(v) >= len(text) && hasFolded(v, text) && b.Fields[i].Kind != contact.Password {
				return true
			}
		}
		return false
	}
}

// hasFolded reports whether a value has a text, which is in small letters. Most
// values are ASCII, and are not copied for it.
func hasFolded(value, text string) bool {
	first := text[0]
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c >= 0x80 {
			return strings.Contains(strings.ToLower(value), text)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c == first && len(value)-i >= len(text) && sameFolded(value[i:i+len(text)], text) {
			return true
		}
	}
	return false
}

func sameFolded(value, text string) bool {
	for i := 0; i < len(text); i++ {
		c := value[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != text[i] {
			return false
		}
	}
	return true
}

func (c Condition) test(b store.Book) (func([]string) bool, error) {
	if err := KnownField(b, c.Field); err != nil {
		return nil, err
	}
	at := b.Schema().Index(c.Field)
	kind, norm := b.Fields[at].Kind, contact.NewNormalizer(b.Region)
	compare, ok := c.comparison(kind, norm)
	if !ok || kind == contact.Password && c.Is != IsBlank && c.Is != IsFilled {
		return nil, usage("%q is no way to look for a %s. Use one of %s", c.Is, kind, strings.Join(Comparisons, ", "))
	}
	return func(values []string) bool {
		if at >= len(values) {
			return compare("")
		}
		return compare(values[at])
	}, nil
}

func (c Condition) comparison(kind contact.Kind, norm *contact.Normalizer) (func(string) bool, bool) {
	small := strings.ToLower(strings.TrimSpace(c.Value))
	wanted, _ := norm.Canonical(kind, c.Value)
	canonical := func(v string) string { text, _ := norm.Canonical(kind, v); return text }
	same := func(v string) bool { return strings.EqualFold(canonical(v), wanted) }
	switch c.Is {
	case Is, "":
		return same, true
	case IsNot:
		return func(v string) bool { return !same(v) }, true
	case Contains:
		return func(v string) bool { return small == "" || hasFolded(v, small) }, true
	case Begins:
		return func(v string) bool { return strings.HasPrefix(strings.ToLower(v), small) }, true
	case Tagged:
		return func(v string) bool { return tagAt(Tags(v), c.Value) >= 0 }, true
	case Before:
		return func(v string) bool { return !contact.Blank(v) && canonical(v) < wanted }, true
	case After:
		return func(v string) bool { return !contact.Blank(v) && canonical(v) > wanted }, true
	case IsBlank:
		return contact.Blank, true
	case IsFilled:
		return func(v string) bool { return !contact.Blank(v) }, true
	}
	return nil, false
}
