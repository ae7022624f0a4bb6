package suggest

import (
	"unicode"
)

// What the words around a name do to it. "Company phone" is still a phone;
// "phone type" hardly is, and "phone 7" is none of ours.
const (
	costNoise   = 0.99
	costNot     = 0.25
	costConcept = 0.35
	costNumber  = 0.30
	costUnknown = 0.45
	costUnclear = 0.60 // an unknown word beside "email" or "first name": perhaps who it is
	costAside   = 0.60 // "buyer email" is the person's if nothing better is there
)

// A reading is what a header says.
type reading struct {
	fields  map[string]float64 // field -> score
	concept string             // the likeliest, even where no field is left for it
	silent  bool               // no word names anything: values may speak
	spoiled bool               // a word says it is about something else: they may not
	bare    bool               // only "name", which may be half a name
}

// span is a phrase of a header that names something.
type span struct {
	from, to int
	meanings []meaning
}

// read says what a header means. Words in common are those that most columns
// of the source share ("attendee_"), which say nothing about this one.
func (t *tables) read(header string, common map[string]bool) reading {
	tokens := t.compounds(words(header))
	out := reading{fields: map[string]float64{}, silent: true}
	for _, tok := range tokens {
		out.spoiled = out.spoiled || t.not[tok]
	}
	best := 0.0
	for _, s := range t.spans(tokens) {
		out.silent = false
		for _, m := range s.meanings {
			cost, contexts := t.around(tokens, s, m.concept, common)
			for _, sl := range t.slots(m.concept, contexts) {
				score := m.weight * cost * sl.score
				out.fields[sl.field] = max(out.fields[sl.field], score)
				if score > best {
					best, out.concept = score, m.concept
				}
			}
		}
		out.bare = out.bare || t.isBare(tokens, s, common)
	}
	return out
}

// spans finds the phrases of the tokens that name something, without those that
// lie inside a longer one: "first name" is not also "name".
func (t *tables) spans(tokens []string) []span {
	var found []span
	for from := range tokens {
		phrase, longest := "", span{}
		for to := from; to < len(tokens) && to < from+6; to++ {
			phrase += tokens[to]
			if m := t.named(phrase); len(m) > 0 {
				longest = span{from, to + 1, m}
			}
		}
		inside := len(found) > 0 && longest.to <= found[len(found)-1].to
		if longest.to > 0 && !inside {
			found = append(found, longest)
		}
	}
	return found
}

// around weighs the words outside a span and collects the contexts they name.
func (t *tables) around(tokens []string, s span, concept string, common map[string]bool) (float64, map[string]bool) {
	cost, contexts := 1.0, map[string]bool{}
	for i := 0; i < len(tokens); {
		if i == s.from {
			i = s.to
			continue
		}
		end := len(tokens)
		if i < s.from {
			end = s.from
		}
		n, c, context := t.modifier(tokens[i:end], concept, common)
		cost *= c
		if context != "" {
			contexts[context] = true
		}
		i += n
	}
	return cost, contexts
}

// modifier weighs the longest known phrase the tokens begin with.
func (t *tables) modifier(tokens []string, concept string, common map[string]bool) (n int, cost float64, context string) {
	for n = min(4, len(tokens)); n > 0; n-- {
		phrase := ""
		for _, tok := range tokens[:n] {
			phrase += tok
		}
		switch {
		case t.contexts[phrase] != "":
			return n, costNoise, t.contexts[phrase]
		case t.noise[phrase] || n == 1 && common[phrase]:
			return n, costNoise, ""
		case t.aside[phrase]:
			return n, costAside, ""
		case t.not[phrase]:
			return n, costNot, ""
		case len(t.named(phrase)) > 0 && !t.quiet(tokens[:n]):
			return n, costOf(t.named(phrase), concept), ""
		}
	}
	if isNumber(tokens[0]) {
		return 1, costNumber, ""
	}
	switch concept {
	case "email", "phone", "mobile", "fax", "first_name", "last_name":
		return 1, costUnclear, ""
	}
	return 1, costUnknown, ""
}

// costOf is the price of a second name in one header, which is nothing when
// both say the same ("Telefon / Phone", "Phone (mobile)").
func costOf(second []meaning, concept string) float64 {
	for _, m := range second {
		number := m.concept == "phone" && (concept == "mobile" || concept == "fax")
		if m.concept == concept || number {
			return costNoise
		}
	}
	return costConcept
}

// quiet reports whether words change nothing one by one: the "address 1" of
// "Address 1 - City" names a street by itself, and nothing here.
func (t *tables) quiet(tokens []string) bool {
	for _, tok := range tokens {
		if !t.noise[tok] && t.contexts[tok] == "" {
			return false
		}
	}
	return true
}

func (t *tables) isBare(tokens []string, s span, common map[string]bool) bool {
	phrase := ""
	for _, tok := range tokens[s.from:s.to] {
		phrase += tok
	}
	if !t.bare[phrase] {
		return false
	}
	cost, contexts := t.around(tokens, s, "name", common)
	return cost > 0.9 && len(contexts) == 0
}

// compounds takes words apart that are written as one: "firmentelefon".
func (t *tables) compounds(tokens []string) []string {
	var out []string
	for _, tok := range tokens {
		if t.knows(tok) {
			out = append(out, tok)
			continue
		}
		if parts := t.split(tok); parts != nil {
			out = append(out, parts...)
			continue
		}
		out = append(out, tok)
	}
	return out
}

// split finds known words of at least three letters that make up the whole
// word, longest first; German and Dutch may put an s, n or en between them.
func (t *tables) split(word string) []string {
	for n := len(word); n >= 3; n-- {
		if !t.knows(word[:n]) {
			continue
		}
		rest := word[n:]
		if rest == "" {
			return []string{word[:n]}
		}
		for _, joint := range [...]string{"", "s", "n", "en"} {
			if len(rest) < len(joint)+3 || rest[:len(joint)] != joint {
				continue
			}
			if tail := t.split(rest[len(joint):]); tail != nil {
				return append([]string{word[:n]}, tail...)
			}
		}
	}
	return nil
}

func isNumber(s string) bool {
	for _, r := range s {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return s != ""
}

// common finds the words that most columns of a source share.
func (t *tables) common(columns []Column) map[string]bool {
	count := map[string]int{}
	for _, c := range columns {
		seen := map[string]bool{}
		for _, w := range words(c.Name) {
			if !seen[w] {
				seen[w] = true
				count[w]++
			}
		}
	}
	out := map[string]bool{}
	for w, n := range count {
		if n >= 4 && n*10 >= len(columns)*6 {
			out[w] = true
		}
	}
	return out
}
