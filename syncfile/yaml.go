package syncfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A document is one YAML document as plain values, and where each stood.
type document struct {
	tree   map[string]any // strings, json.Number, bool, nil, maps and lists of these
	places map[string]place
	start  place
	line   int // of the document's first line in the file, from 0
	found  []Error
}

// A place is where a key and its value begin, counted from 1.
type place struct{ key, value spot }

type spot struct{ line, column int }

// A part is the text of one document.
type part struct {
	text []byte
	line int // lines before it
}

// documents cuts a file at the lines that begin a document. The YAML library
// can do it, but loses the documents behind an empty one.
func documents(data []byte) []part {
	var parts []part
	begin, line, beginLine := 0, 0, 0
	for at := 0; at < len(data); {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if at > begin && marks(data[at:end]) && !directives(data[begin:at]) {
			parts = append(parts, part{data[begin:at], beginLine})
			begin, beginLine = at, line
		}
		at = end
		line++
	}
	return append(parts, part{data[begin:], beginLine})
}

// marks reports whether a line begins a document; inside a scalar it may not
// stand at the margin (YAML 1.2, 9.1.2).
func marks(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// directives reports whether a text is the %YAML line of the document behind it.
func directives(text []byte) (found bool) {
	for line := range bytes.Lines(text) {
		switch line = bytes.TrimSpace(line); {
		case len(line) == 0 || line[0] == '#':
		case line[0] == '%':
			found = true
		default:
			return false
		}
	}
	return found
}

// parseYAML reads one document. It answers nil, nil for one without content.
func parseYAML(p part) (d *document, problems []Error) {
	d = &document{places: map[string]place{}, line: p.line}
	file, err := parse(p.text)
	if err != nil {
		return nil, []Error{d.syntax(err)}
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.DirectiveType:
		case body != nil:
			return nil, []Error{d.at(doc.Body, "", "another document begins here", "Separate documents with a line ---.")}
		default:
			body = doc.Body
		}
	}
	if body == nil || body.Type() == ast.CommentType {
		return nil, nil
	}
	d.start = place{d.begin(body), d.begin(body)}
	d.tree, _ = d.value(body, "").(map[string]any)
	if d.tree == nil && len(d.found) == 0 {
		d.found = append(d.found, d.at(body, "", "a sync is a mapping of keys to values", smallest))
	}
	return d, d.found
}

// parse guards against faults of the YAML library: a file of a customer must
// not end the program.
func parse(text []byte) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("this document cannot be read as YAML")
		}
	}()
	return parser.ParseBytes(text, 0)
}

func (d *document) syntax(err error) Error {
	e := Error{Line: d.line + 1, Column: 1, Message: err.Error()}
	if y, ok := errors.AsType[yaml.Error](err); ok {
		e.Message = y.GetMessage()
		if t := y.GetToken(); t != nil {
			at := d.spot(t)
			e.Line, e.Column = at.line, at.column
		}
	}
	e.Message, _, _ = strings.Cut(e.Message, "\n")
	e.Message = "this is not YAML: " + e.Message
	if strings.Contains(e.Message, "tab character") || strings.Contains(e.Message, "'\t'") {
		e.Hint = "Indent with spaces."
	}
	return e
}

func (d *document) spot(t *token.Token) spot {
	if t == nil || t.Position == nil {
		return spot{d.line + 1, 1}
	}
	return spot{t.Position.Line + d.line, t.Position.Column}
}

// begin is where a node begins; the token of a block mapping is its first colon.
func (d *document) begin(n ast.Node) spot {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return d.spot(m.Values[0].Key.GetToken())
	}
	return d.spot(n.GetToken())
}

func (d *document) at(n ast.Node, key, message, hint string) Error {
	s := d.begin(n)
	return Error{Line: s.line, Column: s.column, Key: key, Message: message, Hint: hint}
}

// value turns a node into plain values and remembers where it stood.
func (d *document) value(n ast.Node, path string) any {
	here := d.places[path]
	here.value = d.begin(n)
	if here.key == (spot{}) {
		here.key = here.value
	}
	d.places[path] = here
	switch n := n.(type) {
	case *ast.MappingNode:
		return d.mapping(n, path)
	case *ast.SequenceNode:
		list := make([]any, len(n.Values))
		for i, v := range n.Values {
			list[i] = d.value(v, fmt.Sprintf("%s[%d]", path, i))
		}
		return list
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.BoolNode:
		return n.Value
	case *ast.NullNode:
		return nil
	case *ast.IntegerNode:
		return json.Number(fmt.Sprint(n.Value))
	case *ast.FloatNode:
		return json.Number(fmt.Sprint(n.Value))
	}
	d.found = append(d.found, d.at(n, path, "anchors, aliases, tags and special numbers have no place in a sync file", "Write the value out."))
	return nil
}

func (d *document) mapping(n *ast.MappingNode, path string) map[string]any {
	m := make(map[string]any, len(n.Values))
	for _, pair := range n.Values {
		name, ok := keyText(pair.Key)
		if !ok {
			d.found = append(d.found, d.at(pair.Key, path, "a key is a plain word", ""))
			continue
		}
		if _, twice := m[name]; twice {
			d.found = append(d.found, d.at(pair.Key, below(path, name), "is written twice", "Keep one of them."))
			continue
		}
		d.places[below(path, name)] = place{key: d.spot(pair.Key.GetToken())}
		m[name] = d.value(pair.Value, below(path, name))
	}
	return m
}

// keyText returns a key as it is written: 1 and true are words here, since the
// keys of a value map are texts.
func keyText(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// locate puts mistakes at their keys, or at the nearest key around them that
// the document has.
func (d *document) locate(found []Error) []Error {
	for i := range found {
		e := &found[i]
		at, exact := d.nearest(e.Key)
		where := at.value
		if !exact || e.atKey {
			where = at.key
		}
		e.Line, e.Column = where.line, where.column
	}
	return found
}

func (d *document) nearest(key string) (at place, exact bool) {
	for path := key; path != ""; path = path[:max(strings.LastIndexAny(path, ".["), 0)] {
		if at, ok := d.places[path]; ok {
			return at, path == key
		}
	}
	return d.start, false
}
