package sandbox

import (
	"slices"
	"strconv"
	"strings"
)

// A statement is a parsed SELECT. Names are as they were written.
type statement struct {
	text    string
	columns []column
	from    token
	alias   string
	where   node
	group   []token
	having  node
	order   []ordering
	limit   int // -1: none
	offset  int
}

// A column is a field, a function of one, a sub-select or FIELDS(...).
type column struct {
	token            // name of the field
	function, alias  string
	sub              *statement
	all, wantsCustom bool // FIELDS(ALL), FIELDS(CUSTOM)
	set              bool // FIELDS(...)
}

type ordering struct {
	column
	descending, nullsLast bool
}

// A node is a condition: a logic of others, or a test.
type node interface{}

type logic struct {
	or    bool
	parts []node
}

type not struct{ part node }

type test struct {
	column
	operator string // =, !=, <, <=, >, >=, LIKE, IN, NOT IN, INCLUDES, EXCLUDES
	values   []token
	in       *statement // semi-join
}

type parser struct {
	q    string
	toks []token
	i    int
	err  *problem
}

// parse reads a whole statement.
func parse(q string) (*statement, *problem) {
	if len(q) > soqlLimit {
		return nil, refuse("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100,000 characters.")
	}
	toks, p := lex(q)
	if p != nil {
		return nil, p
	}
	r := &parser{q: q, toks: toks}
	s := r.statement(false)
	if r.err == nil && r.peek().kind != tokEnd {
		r.unexpected()
	}
	return s, r.err
}

func (p *parser) peek() token { return p.toks[p.i] }

func (p *parser) next() token {
	t := p.toks[p.i]
	if t.kind != tokEnd {
		p.i++
	}
	return t
}

func (p *parser) unexpected() {
	if p.err == nil {
		t := p.peek()
		p.err = malformed(p.q, t.at, "unexpected token: '"+t.text+"'")
		p.i = len(p.toks) - 1
	}
}

// word takes the next token if it is this keyword.
func (p *parser) word(words ...string) bool {
	for i, w := range words {
		if p.i+i >= len(p.toks) || p.toks[p.i+i].kind != tokName || !strings.EqualFold(p.toks[p.i+i].text, w) {
			return false
		}
	}
	p.i += len(words)
	return true
}

func (p *parser) sign(s string) bool {
	if t := p.peek(); t.kind == tokSign && t.text == s {
		p.i++
		return true
	}
	return false
}

func (p *parser) need(ok bool) {
	if !ok {
		p.unexpected()
	}
}

func (p *parser) name() token {
	if p.peek().kind != tokName {
		p.unexpected()
	}
	return p.next()
}

func (p *parser) statement(inner bool) *statement {
	s := &statement{text: p.q, limit: -1}
	p.need(p.word("SELECT"))
	for more := true; more && p.err == nil; more = p.sign(",") {
		s.columns = append(s.columns, p.column(!inner))
	}
	p.need(p.word("FROM"))
	s.from = p.name()
	if t := p.peek(); t.kind == tokName && !slices.Contains(clauses, strings.ToUpper(t.text)) {
		if p.word("AS") {
			t = p.peek()
		}
		s.alias = t.text
		p.next()
	}
	if p.word("USING", "SCOPE") {
		p.name()
	}
	if p.word("WHERE") {
		s.where = p.condition()
	}
	if p.word("WITH") {
		p.name()
	}
	if p.word("GROUP", "BY") {
		for more := true; more && p.err == nil; more = p.sign(",") {
			s.group = append(s.group, p.name())
		}
		if p.word("HAVING") {
			s.having = p.condition()
		}
	}
	if p.word("ORDER", "BY") {
		for more := true; more && p.err == nil; more = p.sign(",") {
			s.order = append(s.order, p.ordering())
		}
	}
	if p.word("LIMIT") {
		s.limit = p.whole()
	}
	if p.word("OFFSET") {
		s.offset = p.whole()
	}
	for p.word("FOR") {
		p.need(p.word("VIEW") || p.word("REFERENCE") || p.word("UPDATE"))
	}
	return s
}

var clauses = []string{"USING", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR"}

func (p *parser) whole() int {
	t := p.next()
	n, err := strconv.Atoi(t.text)
	if t.kind != tokNumber || err != nil || n < 0 {
		p.i--
		p.unexpected()
	}
	return n
}

// column reads a field, COUNT(), a function of a field, or a sub-select.
func (p *parser) column(subs bool) column {
	if subs && p.peek().text == "(" {
		p.next()
		c := column{token: p.peek(), sub: p.statement(true)}
		p.need(p.sign(")"))
		return c
	}
	c := column{token: p.name()}
	if p.sign("(") {
		c.function = strings.ToUpper(c.text)
		c.token.text = ""
		if p.peek().text != ")" {
			c.token = p.name()
		}
		p.need(p.sign(")"))
		if c.function == "FIELDS" {
			c.set = true
			switch strings.ToUpper(c.text) {
			case "ALL":
				c.all = true
			case "CUSTOM":
				c.wantsCustom = true
			case "STANDARD":
			default:
				p.unexpected()
			}
		}
	}
	if t := p.peek(); t.kind == tokName && !strings.EqualFold(t.text, "FROM") && !slices.Contains(clauses, strings.ToUpper(t.text)) && !slices.Contains(afterColumn, strings.ToUpper(t.text)) {
		c.alias = p.next().text
	}
	return c
}

// afterColumn are words that follow a column but name nothing.
var afterColumn = []string{"ASC", "DESC", "NULLS", "LIKE", "IN", "NOT", "INCLUDES", "EXCLUDES", "AND", "OR"}

func (p *parser) ordering() ordering {
	o := ordering{column: p.column(false)}
	if p.word("DESC") {
		o.descending = true
	} else {
		p.word("ASC")
	}
	if p.word("NULLS") {
		o.nullsLast = p.word("LAST")
		p.need(o.nullsLast || p.word("FIRST"))
	}
	return o
}

// condition reads tests joined by AND or by OR. Both in one row need brackets.
func (p *parser) condition() node {
	first := p.single()
	parts := []node{first}
	var or bool
	for n := 0; p.err == nil; n++ {
		and, other := p.word("AND"), false
		if !and {
			other = p.word("OR")
		}
		if !and && !other {
			break
		}
		if n > 0 && or != other {
			p.i--
			p.unexpected()
		}
		or = other
		parts = append(parts, p.single())
	}
	if len(parts) == 1 {
		return first
	}
	return logic{or, parts}
}

func (p *parser) single() node {
	if p.word("NOT") {
		return not{p.single()}
	}
	if p.sign("(") {
		n := p.condition()
		p.need(p.sign(")"))
		return n
	}
	return p.test()
}

func (p *parser) test() node {
	t := test{column: p.column(false)}
	if p.err != nil {
		return t
	}
	switch op := p.next(); {
	case op.kind == tokSign && op.text != "(" && op.text != ")" && op.text != ",":
		t.operator = map[string]string{"<>": "!="}[op.text]
		if t.operator == "" {
			t.operator = op.text
		}
	case op.kind == tokName && slices.Contains([]string{"LIKE", "IN", "INCLUDES", "EXCLUDES"}, strings.ToUpper(op.text)):
		t.operator = strings.ToUpper(op.text)
	case op.kind == tokName && strings.EqualFold(op.text, "NOT") && p.word("IN"):
		t.operator = "NOT IN"
	default:
		p.i--
		p.unexpected()
		return t
	}
	if !slices.Contains([]string{"IN", "NOT IN", "INCLUDES", "EXCLUDES"}, t.operator) {
		t.values = []token{p.value()}
		return t
	}
	p.need(p.sign("("))
	if strings.EqualFold(p.peek().text, "SELECT") {
		t.in = p.statement(true)
	} else {
		for more := true; more && p.err == nil; more = p.sign(",") {
			t.values = append(t.values, p.value())
		}
	}
	p.need(p.sign(")"))
	return t
}

func (p *parser) value() token {
	t := p.peek()
	if t.kind == tokEnd || t.kind == tokSign {
		p.unexpected()
	}
	if t.kind == tokString && len(t.text) > literalLimit {
		p.err = malformed(p.q, t.at, "a string literal of more than 4,000 characters")
	}
	return p.next()
}
