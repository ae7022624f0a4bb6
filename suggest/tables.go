package suggest

import (
	"embed"
	"fmt"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/kith-sync/kith/contact"
)

//go:embed words/*.txt
var files embed.FS

// languages are the tables of header words, in no particular order: a phrase
// means the same whichever language it is in, or it is in two lines.
var languages = [...]string{"en", "de", "fr", "es", "it", "nl", "pt"}

// A meaning is what a phrase of a header can stand for.
type meaning struct {
	concept string
	weight  float64
}

// A slot is one field a concept can go to.
type slot struct {
	field string
	score float64
}

// A rule says which fields a concept means in certain contexts.
type rule struct {
	contexts []string
	slots    []slot
}

// tables is everything the package knows.
type tables struct {
	fields   []contact.Field
	heads    map[string][]meaning       // phrase -> what it names
	contexts map[string]string          // phrase -> work, home, ...
	noise    map[string]bool            // phrases that say nothing
	aside    map[string]bool            // people beside the one meant
	not      map[string]bool            // phrases that spoil a meaning
	bare     map[string]bool            // "name", which may be half a name
	rules    map[string][]rule          // concept -> rules
	values   map[string]map[string]bool // class -> known values
}

// knowledge reads the embedded tables once. A mistake in them is a mistake in
// our own source, so it panics; the test reads every table.
var knowledge = sync.OnceValue(func() *tables {
	t := &tables{
		heads: map[string][]meaning{}, contexts: map[string]string{},
		noise: map[string]bool{}, aside: map[string]bool{}, not: map[string]bool{}, bare: map[string]bool{},
		rules: map[string][]rule{}, values: map[string]map[string]bool{},
	}
	eachLine("fields", t.addField)
	eachLine("slots", t.addRule)
	eachLine("values", t.addValues)
	for _, l := range languages {
		eachLine(l, t.addPhrases)
	}
	return t
})

// eachLine calls add with every line of a table that is not blank or a comment.
func eachLine(table string, add func(line string) error) {
	text, err := files.ReadFile(path.Join("words", table+".txt"))
	if err != nil {
		panic(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := add(line); err != nil {
			panic(fmt.Sprintf("words/%s.txt line %d: %v", table, i+1, err))
		}
	}
}

// addField reads "name kind label".
func (t *tables) addField(line string) error {
	part := strings.Fields(line)
	if len(part) < 3 {
		return fmt.Errorf("want name, kind and label, got %q", line)
	}
	label := strings.Join(part[2:], " ")
	t.fields = append(t.fields, contact.Field{Name: part[0], Kind: contact.Kind(part[1]), Label: label})
	return nil
}

// addRule reads "concept [context...]  field score  field score ...".
func (t *tables) addRule(line string) error {
	part := strings.Fields(line)
	concept, part := part[0], part[1:]
	var r rule
	for len(part) > 0 && isContext(part[0]) {
		r.contexts, part = append(r.contexts, part[0]), part[1:]
	}
	if len(part) == 0 || len(part)%2 != 0 {
		return fmt.Errorf("want pairs of field and score, got %q", line)
	}
	for i := 0; i < len(part); i += 2 {
		score, err := strconv.ParseFloat(part[i+1], 64)
		if err != nil {
			return fmt.Errorf("score of %s: %w", part[i], err)
		}
		r.slots = append(r.slots, slot{part[i], score})
	}
	t.rules[concept] = append(t.rules[concept], r)
	return nil
}

func isContext(s string) bool {
	switch s {
	case "work", "home", "other", "primary", "second", "third":
		return true
	}
	return false
}

// addPhrases reads "what: phrase | phrase=0.8 | ...".
func (t *tables) addPhrases(line string) error {
	what, phrases, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("want a colon, got %q", line)
	}
	for _, p := range strings.Split(phrases, "|") {
		phrase, w, weighted := strings.Cut(p, "=")
		weight := 1.0
		if weighted {
			var err error
			if weight, err = strconv.ParseFloat(strings.TrimSpace(w), 64); err != nil {
				return fmt.Errorf("weight of %q: %w", phrase, err)
			}
		}
		t.addPhrase(strings.TrimSpace(what), squash(phrase), weight)
	}
	return nil
}

func (t *tables) addPhrase(what, phrase string, weight float64) {
	switch what {
	case "@noise":
		t.noise[phrase] = true
	case "@aside":
		t.aside[phrase] = true
	case "@not":
		t.not[phrase] = true
	case "@bare":
		t.bare[phrase] = true
	case "@work", "@home", "@other", "@primary", "@second", "@third":
		t.contexts[phrase] = what[1:]
	default:
		t.addHead(phrase, meaning{what, weight})
	}
}

// addHead remembers a meaning; two languages may give the same one, and then
// the stronger counts.
func (t *tables) addHead(phrase string, m meaning) {
	for i, known := range t.heads[phrase] {
		if known.concept == m.concept {
			t.heads[phrase][i].weight = max(known.weight, m.weight)
			return
		}
	}
	t.heads[phrase] = append(t.heads[phrase], m)
}

// addValues reads "class: value | value | ...".
func (t *tables) addValues(line string) error {
	class, values, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("want a colon, got %q", line)
	}
	set := map[string]bool{}
	for _, v := range strings.Split(values, "|") {
		set[trimWord(v)] = true
	}
	t.values[class] = set
	return nil
}

// knows reports whether a squashed phrase stands in any table of words.
func (t *tables) knows(phrase string) bool {
	return len(t.named(phrase)) > 0 || t.contexts[phrase] != "" || t.noise[phrase] || t.aside[phrase] || t.not[phrase]
}

// named says what a phrase names; a plural names what its singular does.
func (t *tables) named(phrase string) []meaning {
	if m, ok := t.heads[phrase]; ok || len(phrase) < 4 {
		return m
	}
	return t.heads[strings.TrimSuffix(phrase, "s")]
}

// slots are the fields a concept means in the given contexts: those of the rule
// with the most contexts that all occur.
func (t *tables) slots(concept string, contexts map[string]bool) []slot {
	best, most := []slot{{concept, 1}}, -1
	for _, r := range t.rules[concept] {
		if len(r.contexts) > most && allIn(r.contexts, contexts) {
			best, most = r.slots, len(r.contexts)
		}
	}
	return best
}

func allIn(want []string, have map[string]bool) bool {
	for _, w := range want {
		if !have[w] {
			return false
		}
	}
	return true
}

// Standard lists the standard fields, in the order screens show them.
func Standard() []contact.Field {
	return append([]contact.Field(nil), knowledge().fields...)
}
