package sandbox

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// comparison reads a term and what it is compared with, if anything.
func (p *parser) comparison(top bool) term {
	start := p.tokens
	left := p.term(top)
	not := p.word("not")
	switch t := p.peek(); {
	case p.word("is"):
		p.tests++
		not := p.word("not")
		p.must("null")
		return func(r row) any { return (left(r) == nil) != not }
	case p.word("in"):
		p.tests++
		return negated(not, p.in(left, start, top && !not))
	case p.word("between"):
		p.tests++
		low := p.term(false)
		p.must("and")
		high := p.term(false)
		return negated(not, both(ordered(">=", left, low), ordered("<=", left, high)))
	case p.word("like"), p.word("ilike"):
		p.tests++
		return negated(not, like(left, p.term(false), strings.EqualFold(t.text, "ilike")))
	case not:
		p.unexpected(t)
	case t.kind == 'o' && slices.Contains([]string{"=", "<>", "!=", "<", "<=", ">", ">="}, t.text):
		p.next()
		p.tests++
		after := p.tokens
		right := p.term(false)
		if top {
			p.learn(start, t.text, after[:len(after)-len(p.tokens)])
		}
		return ordered(t.text, left, right)
	case t.kind == 'o' && slices.Contains([]string{"~", "~*", "!~", "!~*"}, t.text):
		p.next()
		p.tests++
		return negated(t.text[0] == '!', matches(left, p.term(false), strings.HasSuffix(t.text, "*")))
	case t.kind == 'o' && (t.text == "?" || t.text == "@>"):
		p.next()
		p.tests++
		return contains(left, p.term(false), t.text == "?")
	}
	return left
}

func negated(not bool, t term) term {
	if !not {
		return t
	}
	return func(r row) any { return opposite(t(r)) }
}

// learn notes what a comparison of an id or an address tells of who it holds for.
func (p *parser) learn(left []token, op string, right []token) {
	if column(left, p) == "subscribers.id" && op == ">" && len(right) == 1 && right[0].kind == 'd' {
		if n, err := strconv.Atoi(right[0].text); err == nil {
			p.known.beyond = max(p.known.beyond, n)
			p.bounds++
		}
	}
}

// column names the column that a comparison begins with and whose name is all of
// its left side.
func column(left []token, p *parser) string {
	if len(left) < 2 {
		return ""
	}
	name := strings.ToLower(left[0].text)
	if left[0].kind == 'n' && left[1].kind != 'o' || left[0].kind == 'n' && slices.Contains([]string{">", "=", "<"}, left[1].text) {
		return strings.Replace("subscribers."+name, "subscribers.subscribers.", "subscribers.", 1)
	}
	if name == "lower" && len(left) > 4 && left[1].text == "(" && left[3].text == ")" {
		return "lower " + strings.ToLower(left[2].text)
	}
	return ""
}

// in reads the values in parentheses.
func (p *parser) in(left term, start []token, top bool) term {
	p.must("(")
	first := p.tokens
	options := []term{p.term(false)}
	for p.word(",") {
		options = append(options, p.term(false))
	}
	if top && p.known.ids == nil && p.known.emails == nil {
		switch column(start, p) {
		case "subscribers.id":
			for _, t := range first[:len(first)-len(p.tokens)] {
				if n, err := strconv.Atoi(t.text); err == nil && t.kind == 'd' {
					p.known.ids = append(p.known.ids, n)
				}
			}
			slices.Sort(p.known.ids)
			p.known.ids = slices.Compact(p.known.ids)
		case "lower subscribers.email":
			for _, t := range first[:len(first)-len(p.tokens)] {
				if t.kind == 't' && !slices.Contains(p.known.emails, t.text) {
					p.known.emails = append(p.known.emails, t.text)
				}
			}
		}
	}
	p.must(")")
	any := func(row) any { return false }
	for _, o := range options {
		any = either(any, ordered("=", left, o))
	}
	return any
}

// term reads a value: parts that are put together, or changed, by operators.
func (p *parser) term(top bool) term {
	left := p.primary(top)
	for {
		switch t := p.peek(); {
		case p.word("->"), p.word("->>"):
			left = step(left, p.primary(false), t.text == "->>")
		case p.word("::"):
			left = cast(left, p.typeName())
		case p.word("+"), p.word("-"):
			left = shifted(left, p.primary(false), t.text == "-")
		default:
			return left
		}
	}
}

func (p *parser) typeName() string {
	name := strings.ToLower(p.next().text)
	if name == "timestamp" && (p.word("with", "time", "zone") || p.word("without", "time", "zone")) {
		return name
	}
	return name
}

func (p *parser) primary(top bool) term {
	switch t := p.next(); {
	case t.text == "(" && t.kind == 'o':
		inner := p.or(top)
		p.must(")")
		return inner
	case t.text == "-" && t.kind == 'o':
		n := p.next()
		return constant(number("-" + n.text))
	case t.kind == 't':
		return constant(t.text)
	case t.kind == 'd':
		return constant(number(t.text))
	case t.kind == 'n':
		return p.named(t)
	default:
		p.unexpected(t)
		return nil
	}
}

func constant(x any) term { return func(row) any { return x } }

func (p *parser) named(t token) term {
	switch name := strings.ToLower(t.text); name {
	case "true", "false":
		return constant(name == "true")
	case "null":
		return constant(nil)
	case "now", "current_timestamp":
		if name == "now" {
			p.must("(")
			p.must(")")
		}
		return constant(p.now)
	case "interval":
		return constant(interval(p.next().text))
	case "timestamp", "timestamptz":
		return constant(moment(p.next().text))
	case "lower", "upper", "trim", "length":
		p.must("(")
		inner := p.term(false)
		p.must(")")
		return called(name, inner)
	default:
		read, known := columnOf(name)
		switch {
		case name == "status" || name == "created_at" || name == "updated_at":
			panic(syntax("column reference \"" + name + "\" is ambiguous"))
		case !known:
			panic(syntax("column \"" + name + "\" does not exist"))
		}
		return read
	}
}

// columnOf is a column that a search may name.
func columnOf(name string) (term, bool) {
	read, known := map[string]term{
		"id":         func(r row) any { return float64(r.id) },
		"uuid":       func(r row) any { return uuid("subscriber", r.id) },
		"email":      func(r row) any { return r.address() },
		"name":       func(r row) any { return r.calls() },
		"attribs":    func(r row) any { return jsonValue{r.knows()} },
		"status":     func(r row) any { return r.status },
		"created_at": func(r row) any { return r.created },
		"updated_at": func(r row) any { return r.updated },

		"subscriber_lists.list_id":       joined(func(r row) any { return float64(r.on.list) }),
		"subscriber_lists.subscriber_id": joined(func(r row) any { return float64(r.id) }),
		"subscriber_lists.status":        joined(func(r row) any { return r.on.status }),
		"subscriber_lists.created_at":    joined(func(r row) any { return r.on.created }),
		"subscriber_lists.updated_at":    joined(func(r row) any { return r.on.updated }),
	}[strings.TrimPrefix(name, "subscribers.")]
	return read, known
}

// joined reads of a subscription, which is there only when lists are asked for.
func joined(read term) term {
	return func(r row) any {
		if r.on.list == 0 {
			return nil
		}
		return read(r)
	}
}

func called(name string, inner term) term {
	return func(r row) any {
		s, ok := inner(r).(string)
		switch {
		case !ok:
			return nil
		case name == "lower":
			return strings.ToLower(s)
		case name == "upper":
			return strings.ToUpper(s)
		case name == "trim":
			return strings.TrimSpace(s)
		}
		return float64(len([]rune(s)))
	}
}

// step goes into JSON; -> gives JSON, ->> text.
func step(from, key term, asText bool) term {
	return func(r row) any {
		j, ok := from(r).(jsonValue)
		if !ok {
			return nil
		}
		var found any
		switch at := key(r).(type) {
		case string:
			object, _ := j.value.(map[string]any)
			if found, ok = object[at]; !ok {
				return nil
			}
		case float64:
			array, _ := j.value.([]any)
			if int(at) < 0 || int(at) >= len(array) {
				return nil
			}
			found = array[int(at)]
		}
		if !asText {
			return jsonValue{found}
		}
		switch v := found.(type) {
		case nil:
			return nil
		case string:
			return v
		}
		text, _ := json.Marshal(found) // it has come from JSON
		return string(text)
	}
}

func cast(t term, to string) term {
	return func(r row) any {
		x := t(r)
		if x == nil {
			return nil
		}
		switch to {
		case "int", "integer", "bigint", "numeric", "float", "real":
			return number(text(x))
		case "bool", "boolean":
			return truth(text(x))
		case "text", "varchar", "uuid":
			return text(x)
		case "timestamp", "timestamptz", "date":
			if at, ok := x.(time.Time); ok {
				return at
			}
			return moment(text(x))
		case "interval":
			return interval(text(x))
		case "jsonb", "json":
			var v any
			if decode(strings.NewReader(text(x)), &v) != nil {
				panic(syntax("invalid input syntax for type json"))
			}
			return jsonValue{v}
		}
		panic(syntax("type \"" + to + "\" does not exist"))
	}
}

func shifted(t, by term, back bool) term {
	return func(r row) any {
		at, isTime := t(r).(time.Time)
		d, isInterval := by(r).(time.Duration)
		switch {
		case !isTime || !isInterval:
			panic(syntax("operator does not exist"))
		case back:
			return at.Add(-d)
		}
		return at.Add(d)
	}
}

func text(x any) string {
	switch v := x.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case jsonValue:
		written, _ := json.Marshal(v.value) // it has come from JSON
		return string(written)
	}
	return ""
}

func number(s string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		panic(syntax("invalid input syntax for type integer: \"" + s + "\""))
	}
	return n
}

func moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return at
		}
	}
	if strings.EqualFold(s, "now") {
		return time.Now()
	}
	panic(syntax("invalid input syntax for type timestamp with time zone: \"" + s + "\""))
}

func interval(s string) time.Duration {
	count, unit, _ := strings.Cut(strings.TrimSpace(s), " ")
	units := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 168 * time.Hour, "month": 720 * time.Hour, "year": 8760 * time.Hour}
	one, known := units[strings.TrimSuffix(strings.ToLower(unit), "s")]
	if !known {
		panic(syntax("invalid input syntax for type interval: \"" + s + "\""))
	}
	return time.Duration(number(count) * float64(one))
}

// ordered compares two values. A text is read as what it is compared with.
func ordered(op string, a, b term) term {
	return func(r row) any {
		x, y := a(r), b(r)
		if x == nil || y == nil {
			return nil
		}
		c := compare(x, y)
		switch op {
		case "=":
			return c == 0
		case "<>", "!=":
			return c != 0
		case "<":
			return c < 0
		case "<=":
			return c <= 0
		case ">":
			return c > 0
		}
		return c >= 0
	}
}

func compare(x, y any) int {
	if _, isText := x.(string); isText {
		if _, both := y.(string); !both {
			return -compare(y, x)
		}
	}
	switch v := x.(type) {
	case string:
		return strings.Compare(v, text(y))
	case float64:
		w, ok := y.(float64)
		if !ok {
			w = number(text(y))
		}
		switch {
		case v < w:
			return -1
		case v > w:
			return 1
		}
		return 0
	case time.Time:
		w, ok := y.(time.Time)
		if !ok {
			w = moment(text(y))
		}
		return v.Compare(w)
	case bool:
		if v == truth(text(y)) {
			return 0
		}
		return 1
	case jsonValue:
		return strings.Compare(text(v), text(y))
	}
	panic(syntax("operator does not exist"))
}

func like(left, pattern term, ignoreCase bool) term {
	return func(r row) any {
		s, ok := left(r).(string)
		p, isText := pattern(r).(string)
		if !ok || !isText {
			return nil
		}
		re := strings.NewReplacer("%", "(?s:.*)", "_", "(?s:.)").Replace(regexp.QuoteMeta(p))
		return expression(re, true, ignoreCase).MatchString(s)
	}
}

func matches(left, pattern term, ignoreCase bool) term {
	return func(r row) any {
		s, ok := left(r).(string)
		p, isText := pattern(r).(string)
		if !ok || !isText {
			return nil
		}
		return expression(p, false, ignoreCase).MatchString(s)
	}
}

func expression(re string, whole, ignoreCase bool) *regexp.Regexp {
	if whole {
		re = "^(?:" + re + ")$"
	}
	if ignoreCase {
		re = "(?i)" + re
	}
	compiled, err := regexp.Compile(re)
	if err != nil {
		panic(syntax("invalid regular expression"))
	}
	return compiled
}

// contains is ? for a key of an object or a text in a list, and @> for what an
// object has among others.
func contains(left, right term, key bool) term {
	return func(r row) any {
		j, ok := left(r).(jsonValue)
		wanted := right(r)
		if !ok || wanted == nil {
			return nil
		}
		if key {
			if object, isObject := j.value.(map[string]any); isObject {
				_, there := object[text(wanted)]
				return there
			}
			array, _ := j.value.([]any)
			return slices.Contains(array, any(text(wanted)))
		}
		part, _ := cast(constant(wanted), "jsonb")(r).(jsonValue)
		return within(j.value, part.value)
	}
}

func within(whole, part any) bool {
	switch p := part.(type) {
	case map[string]any:
		object, ok := whole.(map[string]any)
		for key, value := range p {
			found, there := object[key]
			if !there || !within(found, value) {
				return false
			}
		}
		return ok
	case []any:
		array, ok := whole.([]any)
		for _, value := range p {
			if !slices.ContainsFunc(array, func(x any) bool { return within(x, value) }) {
				return false
			}
		}
		return ok
	}
	return reflect.DeepEqual(whole, part)
}
