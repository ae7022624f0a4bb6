package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A shown is what a row is answered with: fields, parents and children, in the
// order in which they were selected.
type shown struct {
	q     *reach
	names []string // of fields and parents, as they are first named
	paths map[string]path
	below map[string]*shown // parents by relationship
	kids  map[string]*kids
	flat  []path // the columns, for tables
	wide  int    // long text areas
}

// kids are a sub-select.
type kids struct {
	reach *reach
	st    *statement
	shown *shown
	by    *field
}

// shown understands the columns of a statement.
func (q *reach) shown(columns []column, alias string, limit int) (*shown, *problem) {
	sh := &shown{q: q}
	for _, c := range columns {
		if p := sh.take(c, alias, limit); p != nil {
			return nil, p
		}
	}
	return sh, nil
}

func (sh *shown) take(c column, alias string, limit int) *problem {
	q := sh.q
	switch {
	case c.sub != nil:
		return sh.children(c)
	case c.set:
		return sh.fields(c, limit)
	}
	p, problem := q.path(c.text, alias, c.at)
	if problem != nil {
		return problem
	}
	if slices.ContainsFunc(sh.flat, func(f path) bool { return slices.Equal(f.names, p.names) }) {
		return refuse("INVALID_FIELD", pointAt(q.text, c.at, "duplicate field selected: "+p.field.name))
	}
	if p.field.kind == "textarea" && p.field.length > 255 {
		sh.wide++
	}
	sh.flat = append(sh.flat, p)
	sh.place(p, p.names)
	return nil
}

// place puts a path into the tree of parents.
func (sh *shown) place(p path, names []string) {
	if sh.paths == nil {
		sh.paths, sh.below, sh.kids = map[string]path{}, map[string]*shown{}, map[string]*kids{}
	}
	if !slices.Contains(sh.names, names[0]) {
		sh.names = append(sh.names, names[0])
	}
	if len(names) == 1 {
		sh.paths[names[0]] = p
		return
	}
	if sh.below[names[0]] == nil {
		sh.below[names[0]] = &shown{q: sh.q}
	}
	depth := len(p.names) - len(names)
	sh.paths[names[0]] = path{hops: p.hops[:depth+1]}
	sh.below[names[0]].place(p, names[1:])
}

// fields are FIELDS(ALL), FIELDS(STANDARD) and FIELDS(CUSTOM).
func (sh *shown) fields(c column, limit int) *problem {
	if (c.all || c.wantsCustom) && (limit < 0 || limit > 200) {
		return malformed(sh.q.text, c.at, "The SOQL FIELDS function must have a LIMIT of at most 200")
	}
	for _, f := range sh.q.o.fields {
		if f.can(sh.q.sets).read && (c.all || f.custom == c.wantsCustom) {
			p := path{names: []string{f.name}, on: sh.q.o, field: f}
			sh.flat = append(sh.flat, p)
			sh.place(p, p.names)
		}
	}
	return nil
}

func (sh *shown) children(c column) *problem {
	q := sh.q
	for _, child := range q.o.children {
		if !strings.EqualFold(child.name, c.sub.from.text) {
			continue
		}
		inner := &reach{s: q.s, o: child.object, text: q.text, sets: q.sets, all: q.all}
		below, p := inner.shown(c.sub.columns, c.sub.alias, c.sub.limit)
		if p != nil {
			return p
		}
		if sh.paths == nil {
			sh.paths, sh.below, sh.kids = map[string]path{}, map[string]*shown{}, map[string]*kids{}
		}
		sh.names = append(sh.names, child.name)
		sh.kids[child.name] = &kids{inner, c.sub, below, child.field}
		return nil
	}
	return refuse("INVALID_TYPE", pointAt(q.text, c.sub.from.at, "Didn't understand relationship '"+c.sub.from.text+"' in FROM part of query call."))
}

// appendRow writes a row as JSON.
func (sh *shown) appendRow(b []byte, o *object, r *row, version string) []byte {
	return append(sh.appendFields(appendAttributes(append(b, '{'), o.name, o, r, version), o, r, o, r, version), '}')
}

func appendAttributes(b []byte, as string, o *object, r *row, version string) []byte {
	return append(b, `"attributes":{"type":"`+as+`","url":"/services/data/v`+version+`/sobjects/`+o.name+`/`+makeID(o.prefix, r.n)+`"}`...)
}

// appendFields writes the columns of one level. The row at the root is needed to
// follow the paths, which begin there.
func (sh *shown) appendFields(b []byte, root *object, top *row, o *object, r *row, version string) []byte {
	s := sh.q.s
	for _, name := range sh.names {
		b = append(append(append(b, `,"`...), name...), `":`...)
		p := sh.paths[name]
		switch {
		case sh.kids[name] != nil:
			b = sh.kids[name].append(b, o, r, version)
		case sh.below[name] != nil:
			po, pr := s.follow(root, top, p.hops)
			if po == nil {
				b = append(b, "null"...)
				continue
			}
			as := po.name
			if p.hops[len(p.hops)-1].polymorphic() {
				as = "Name"
			}
			b = sh.below[name].appendFields(appendAttributes(append(b, '{'), as, po, pr, version), root, top, po, pr, version)
			b = append(b, '}')
		case o == p.on && len(p.hops) == 0:
			b = s.appendJSON(b, o, r, p.field)
		default:
			b = appendValue(b, p.field.kind, s.read(root, top, p))
		}
	}
	return b
}

func (k *kids) append(b []byte, o *object, r *row, version string) []byte {
	id := token{tokString, makeID(o.prefix, r.n), 0}
	st := *k.st
	st.where = logic{parts: []node{test{column: column{token: token{tokName, k.by.name, 0}}, operator: "=", values: []token{id}}}}
	if k.st.where != nil {
		st.where = logic{parts: append(st.where.(logic).parts, k.st.where)}
	}
	rows, p := k.reach.rows(&st)
	if p != nil || len(rows) == 0 {
		return append(b, "null"...)
	}
	b = append(b, fmt.Sprintf(`{"totalSize":%d,"done":true,"records":[`, len(rows))...)
	for i, n := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = k.shown.appendRow(b, k.reach.o, k.reach.o.row(n), version)
	}
	return append(b, `]}`...)
}

// metadata is what query?columns=true tells about the columns.
func (sh *shown) metadata(o *object) map[string]any {
	var columns []any
	for _, p := range sh.flat {
		columns = append(columns, map[string]any{"aggregate": false, "apexType": map[bool]string{true: "Id", false: "String"}[p.field.kind == "id"], "booleanType": p.field.kind == "boolean",
			"columnName": strings.Join(p.names, "."), "custom": p.field.custom, "displayName": p.names[len(p.names)-1], "foreignKeyName": nil, "insertable": !p.field.noCreate, "joinColumns": []any{},
			"numberType": p.field.numeric(), "textType": p.field.textual(), "updatable": !p.field.noUpdate})
	}
	for _, name := range slices.Sorted(maps.Keys(sh.kids)) {
		inner := sh.kids[name].shown.metadata(sh.kids[name].reach.o)
		columns = append(columns, map[string]any{"aggregate": true, "apexType": nil, "booleanType": false, "columnName": name, "custom": false, "displayName": name, "foreignKeyName": nil, "insertable": false,
			"joinColumns": inner["columnMetadata"], "numberType": false, "textType": false, "updatable": false})
	}
	return map[string]any{"columnMetadata": columns, "entityName": o.name, "groupBy": false, "idSelected": sh.paths["Id"].field != nil, "keyPrefix": o.prefix}
}
