package sandbox

import (
	"strconv"
	"strings"
	"time"
)

// A condition is a search in SQL, understood.
type condition struct {
	holds func(row) bool
	// What is known of who it holds for, so that not everybody has to be looked at:
	beyond int      // ids above this one
	ids    []int    // these, where there are some
	emails []string // these, where there are some
	plain  bool     // that is all it asks
}

// A row is a subscriber with one subscription, or with an empty one.
type row struct {
	*person
	on *subscription
}

// parse understands a condition as PostgreSQL does, as far as it goes:
//
//	columns of subscribers and subscriber_lists, attribs->'a'->>'b', 'it''s', 1.5, TRUE, NULL, NOW() - INTERVAL '1 day'
//	= <> < <= > >= [NOT] LIKE ILIKE IN BETWEEN IS NULL ~ ~* !~ !~* ? @>, LOWER UPPER, ::TYPE, AND OR NOT ( ), comments
//
// The condition stands behind what is asked besides, joined by AND and without
// parentheses, as listmonk puts it there.
func parse(text string, now time.Time, asked term) (c *condition, err *problem) {
	defer catch(&err)
	p := &parser{tokens: scan(text), now: now, known: &condition{}, asked: asked}
	test := p.or(true)
	if t := p.peek(); t.kind != 0 {
		p.unexpected(t)
	}
	c = p.known
	c.plain = p.tests == p.bounds && p.bounds > 0
	c.holds = func(r row) bool { return test(r) == true }
	return c, nil
}

// syntax is what scan and parse panic with, and catch catches.
type syntax string

func catch(err **problem) {
	switch caught := recover().(type) {
	case nil:
	case syntax:
		*err = bad("Error preparing subscriber query: pq: %s", string(caught))
	default:
		panic(caught)
	}
}

// A token is a word of SQL: a name, 'text', a number, an operator.
type token struct {
	kind byte // n, t, d, o; 0 at the end
	text string
}

func scan(s string) (tokens []token) {
	for len(s) > 0 {
		c := s[0]
		switch {
		case strings.ContainsRune(" \t\r\n", rune(c)):
			s = s[1:]
		case strings.HasPrefix(s, "--"):
			_, s, _ = strings.Cut(s, "\n")
		case strings.HasPrefix(s, "/*"):
			var ended bool
			if _, s, ended = strings.Cut(s, "*/"); !ended {
				panic(syntax("unterminated /* comment"))
			}
		case c == '\'':
			text, rest := quoted(s[1:])
			tokens, s = append(tokens, token{'t', text}), rest
		case c >= '0' && c <= '9':
			n := len(s) - len(strings.TrimLeft(s, "0123456789."))
			tokens, s = append(tokens, token{'d', s[:n]}), s[n:]
		case letter(c):
			n := 1
			for n < len(s) && (letter(s[n]) || s[n] == '.' || s[n] >= '0' && s[n] <= '9') {
				n++
			}
			tokens, s = append(tokens, token{'n', s[:n]}), s[n:]
		default:
			n := operator(s)
			tokens, s = append(tokens, token{'o', s[:n]}), s[n:]
		}
	}
	return tokens
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// quoted reads a text up to the quote that ends it. A doubled one is one; a
// backslash is a backslash.
func quoted(s string) (text, rest string) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '\'')
		if i < 0 {
			panic(syntax("unterminated quoted string"))
		}
		b.WriteString(s[:i])
		if s = s[i+1:]; !strings.HasPrefix(s, "'") {
			return b.String(), s
		}
		b.WriteByte('\'')
		s = s[1:]
	}
}

func operator(s string) int {
	for _, o := range []string{"->>", "!~*", "->", "::", "<=", ">=", "<>", "!=", "~*", "!~", "@>", "<", ">", "=", "(", ")", ",", "~", "+", "-", "?", "[", "]"} {
		if strings.HasPrefix(s, o) {
			return len(o)
		}
	}
	panic(syntax("syntax error at or near \"" + s[:1] + "\""))
}

// A term computes a value for a row: nil, a text, a number, a truth, a time or
// JSON.
type term func(row) any

// A jsonValue is a value of the type jsonb.
type jsonValue struct{ value any }

type parser struct {
	tokens        []token
	now           time.Time
	known         *condition
	asked         term // what the first term is joined to
	tests, bounds int  // comparisons in all, and of those that known tells whole
}

func (p *parser) peek() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	return p.tokens[0]
}

func (p *parser) next() token {
	t := p.peek()
	if t.kind != 0 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// word takes the next token if it is this keyword or operator.
func (p *parser) word(words ...string) bool {
	for i, w := range words {
		if i >= len(p.tokens) || p.tokens[i].kind == 't' || !strings.EqualFold(p.tokens[i].text, w) {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *parser) must(word string) {
	if !p.word(word) {
		p.unexpected(p.peek())
	}
}

func (p *parser) unexpected(t token) {
	if t.kind == 0 {
		panic(syntax("syntax error at end of input"))
	}
	panic(syntax("syntax error at or near \"" + t.text + "\""))
}

// or, and, not read what joins comparisons. Top says that what they read must
// hold for the whole to.
func (p *parser) or(top bool) term {
	before := *p.known
	left := p.and(top)
	for p.word("or") {
		*p.known, p.bounds = before, -1<<30 // what one side asks, the other need not
		left = either(left, p.and(false))
	}
	return left
}

func (p *parser) and(top bool) term {
	asked := p.asked
	p.asked = nil
	left := p.not(top)
	if asked != nil {
		left = both(asked, left)
	}
	for p.word("and") {
		left = both(left, p.not(top))
	}
	return left
}

func (p *parser) not(top bool) term {
	if p.word("not") {
		t := p.not(false)
		return func(r row) any { return opposite(truth(t(r))) }
	}
	return p.comparison(top)
}

// both and either have three values, as SQL has.
func both(a, b term) term {
	return func(r row) any {
		x := truth(a(r))
		if x == false {
			return false
		}
		y := truth(b(r))
		if y == false || x == true {
			return y
		}
		return nil
	}
}

func either(a, b term) term {
	return func(r row) any {
		x := truth(a(r))
		if x == true {
			return true
		}
		y := truth(b(r))
		if y == true || x == false {
			return y
		}
		return nil
	}
}

func opposite(x any) any {
	if x == nil {
		return nil
	}
	return x == false
}

// truth is a value as a condition.
func truth(x any) any {
	switch v := x.(type) {
	case nil, bool:
		return v
	case string:
		if b, err := strconv.ParseBool(v); err == nil {
			return b
		}
	}
	panic(syntax("argument of WHERE must be type boolean"))
}
