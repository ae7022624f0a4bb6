package vcard

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	govcard "github.com/emersion/go-vcard"
)

// Read yields one Card per card of a file. A card that cannot be read is yielded
// as an error that names its line, with Line set, and does not stop the others.
func Read(r io.Reader) iter.Seq2[Card, error] {
	return func(yield func(Card, error) bool) {
		s := newScanner(r)
		for {
			b, err := s.next()
			if errors.Is(err, io.EOF) {
				return
			}
			var broken *readError
			if errors.As(err, &broken) {
				yield(Card{Line: b.line}, fmt.Errorf("read vCard after line %d: %w", b.line, broken.err))
				return
			}
			card := Card{Line: b.line}
			if err == nil {
				card, err = b.card()
			}
			if err != nil {
				err = fmt.Errorf("card at line %d: %w", b.line, err)
			}
			if !yield(card, err) {
				return
			}
		}
	}
}

// ErrGroup says that a card is a list of people and not a person.
var ErrGroup = errors.New("a list of people, not a person")

// card gives the properties their field names.
func (b block) card() (Card, error) {
	c := newReading(b)
	if b.group() {
		return c.Card, ErrGroup
	}
	c.all(b)
	if len(c.Fields) == 0 {
		return c.Card, errors.New("nothing in it")
	}
	return c.Card, nil
}

func newReading(b block) *reading {
	return &reading{
		Card:    Card{Fields: map[string]string{}, Line: b.line},
		version: b.version(), count: map[string]int{}, seen: map[string]string{},
	}
}

// group reports whether it is a list of people.
func (b block) group() bool {
	return slices.ContainsFunc(b.props, func(p property) bool {
		return (p.name == "KIND" || p.name == "X-ADDRESSBOOKSERVER-KIND") &&
			strings.EqualFold(strings.TrimSpace(unescape(p.Value, "")), "group")
	})
}

// all finds the fields of a card.
func (c *reading) all(b block) {
	for _, p := range b.props {
		c.from = p.first
		c.named(p)
	}
	others := b.assistants()
	for _, p := range b.byPreference() {
		c.from = p.first
		if p.name == govcard.FieldTelephone && p.Group != "" && others[p.Group] {
			c.number("assistant_phone", c.address(p, "tel:"))
			continue
		}
		c.read(p)
	}
	c.from = -1 // several properties together
	c.put("note", strings.Join(c.notes, "\n"))
	c.fallBack(b)
}

func (b block) version() string {
	for _, p := range b.props {
		if p.name == govcard.FieldVersion {
			return strings.TrimSpace(p.Value)
		}
	}
	return "3.0"
}

// assistants are the groups that Apple labels as the number of somebody else.
func (b block) assistants() map[string]bool {
	out := map[string]bool{}
	for _, p := range b.props {
		if p.name == "X-ABLABEL" && strings.Contains(strings.ToLower(p.Value), "assistant") {
			out[p.Group] = true
		}
	}
	return out
}

// byPreference puts the properties a person prefers first, see rank.
func (b block) byPreference() []property {
	labelled := map[string]bool{}
	for _, p := range b.props {
		if p.name == "X-ABLABEL" && !strings.Contains(p.Value, "HomePage") {
			labelled[p.Group] = true
		}
	}
	out := slices.Clone(b.props)
	slices.SortStableFunc(out, func(x, y property) int { return rank(x, labelled) - rank(y, labelled) })
	return out
}

// rank is PREF of 4.0 (1 is best), TYPE=pref of the older versions, or behind:
// the address and website at work before others, what has a label of its own last.
func rank(p property, labelled map[string]bool) int {
	if n, err := strconv.Atoi(p.Params.Get(govcard.ParamPreferred)); err == nil && n > 0 && n < 100 {
		return n
	}
	if p.Params.HasType("pref") {
		return 1
	}
	switch {
	case p.Group != "" && labelled[p.Group]:
		return 102
	case p.Params.HasType("fax") && p.Params.HasType("home"):
		return 101 // the fax at work is the one to know
	case (p.name == govcard.FieldAddress || p.name == govcard.FieldURL) && p.Params.HasType("work"):
		return 99
	}
	return 100
}
