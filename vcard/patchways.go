package vcard

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	govcard "github.com/emersion/go-vcard"
)

// A component is a field's place in a structured property.
type component struct {
	name string
	at   int
}

// components says which fields share a property.
func components(field string) (component, bool) {
	names := [...]string{"last_name", "first_name", "middle_name", "prefix", "suffix"}
	if i := slices.Index(names[:], field); i >= 0 {
		return component{govcard.FieldName, i}, true
	}
	places := [...]string{"street", "city", "state", "postal_code", "country"}
	if i := slices.Index(places[:], field); i >= 0 {
		return component{govcard.FieldAddress, i + 2}, true
	}
	work := [...]string{"company", "department"}
	if i := slices.Index(work[:], field); i >= 0 {
		return component{govcard.FieldOrganization, i}, true
	}
	return component{}, false
}

// placed writes a field where it was read from, or as the property that address
// books know it by.
func (p *patch) placed(now view, field, value string) {
	p.disown(field)
	if c, ok := components(field); ok {
		p.part(now, c, field, value)
		return
	}
	from := p.still(now.from[field])
	text := p.text(field, value)
	if len(from) == 0 {
		if head := p.head(field); head != "" {
			p.insert(head, text)
		}
		return
	}
	for n, i := range from {
		switch {
		case field == "note" && n > 0:
			p.remove(i)
		case p.pieces[i].prop.name == govcard.FieldAddress: // a second one, all in one line
			p.write(i, ";;"+text+";;;;", "")
		default:
			p.write(i, text, "")
		}
	}
}

// marked writes a field that has a property to itself with its name beside it,
// because its place among others does not tell it.
func (p *patch) marked(now view, field, value string) {
	p.disown(field)
	from := p.still(now.from[field])
	if _, shared := components(field); shared || field == "name" {
		return
	}
	mark := fieldParam + "=" + quoteParam(field)
	if head := p.head(field); len(from) == 0 && head != "" {
		p.insert(head+";"+mark, escape(value))
	}
	for n, i := range from {
		if field == "note" && n > 0 {
			p.remove(i)
			continue
		}
		p.write(i, escape(value), mark)
	}
}

// still are those pieces that are there.
func (p *patch) still(from []int) []int {
	return slices.DeleteFunc(slices.Clone(from), func(i int) bool { return p.pieces[i].prop == nil })
}

// own writes a field as a property of ours, which always tells.
func (p *patch) own(now view, field, value string) {
	if _, shared := components(field); !shared && field != "name" {
		p.cleared(now, field, "")
	}
	p.disown(field)
	p.insert(ownHead(field), escape(value))
}

// cleared takes a field away, with what would else take its place and was not
// seen before.
func (p *patch) cleared(now view, field, _ string) {
	for range len(p.pieces) {
		v := p.view()
		if v.fields[field] == "" {
			return
		}
		c, shared := components(field)
		for _, i := range v.from[field] {
			was := other(now, i, field)
			switch prop := p.pieces[i].prop; {
			case was != "":
				p.pinAll(now, v, was)
			case prop.name == govcard.FieldFormattedName: // every card must have one
				p.write(i, escape(display(now.fields)), "DERIVED=TRUE")
			case shared && prop.name == c.name && seen(now, i):
				p.component(i, c, field, "")
			default:
				p.remove(i)
			}
		}
	}
}

// other is the field that a piece was before the change, if not this one.
func other(now view, i int, field string) string {
	for _, f := range slices.Sorted(maps.Keys(now.from)) {
		if f != field && slices.Contains(now.from[f], i) && !sibling(f, field) {
			return f
		}
	}
	return ""
}

// seen reports whether a piece gave any field its value before the change.
func seen(now view, i int) bool {
	for _, from := range now.from {
		if slices.Contains(from, i) {
			return true
		}
	}
	return false
}

// sibling reports whether two fields are components of one property.
func sibling(a, b string) bool {
	x, ok := components(a)
	y, too := components(b)
	return ok && too && x.name == y.name
}

// pinAll pins a field that has moved, with those counted with it that have.
func (p *patch) pinAll(now, v view, field string) {
	base, _, _ := strings.Cut(field, ".")
	for f, from := range now.from {
		with, _, _ := strings.Cut(f, ".")
		if f != field && (with != base || v.fields[f] == now.fields[f]) {
			continue
		}
		for _, i := range from {
			p.pin(now, i, f)
		}
	}
}

// pin names the field that a piece belongs to beside its value, which stays as
// it is written where that says the same without its place.
func (p *patch) pin(now view, i int, field string) {
	piece := p.pieces[i]
	if _, shared := components(field); shared || field == "note" || piece.prop == nil || piece.prop.Params.Get(fieldParam) != "" {
		return
	}
	at := colon(piece.raw)
	mark := ";" + fieldParam + "=" + quoteParam(field)
	if bytes.LastIndexByte(piece.raw[:at], '\n')+75 < at+len(mark) {
		mark = p.newline + " " + mark
	}
	p.replace(i, string(piece.raw[:at])+mark+string(piece.raw[at:]))
	c := newReading(block{})
	c.version = p.version
	if c.named(*p.pieces[i].prop); c.Fields[field] != now.fields[field] { // a tel: that is read as a number
		p.write(i, escape(now.fields[field]), strings.TrimLeft(mark, p.newline+" ;"))
	}
}

// disown takes the property of ours away that a field has.
func (p *patch) disown(field string) {
	for i, piece := range p.pieces {
		if piece.prop == nil || !strings.HasPrefix(piece.prop.name, "X-KITH-") {
			continue
		}
		c := newReading(block{})
		c.named(*piece.prop)
		if c.Fields[field] != "" {
			p.remove(i)
		}
	}
}

// part writes one component, into the property that has it or its siblings.
func (p *patch) part(now view, c component, field, value string) {
	i := p.whole(now, c, field)
	if i < 0 {
		empty := map[string]string{govcard.FieldName: ";;;;", govcard.FieldAddress: ";;;;;;"}[c.name]
		i = p.insert(c.name, empty)
	}
	p.component(i, c, field, value)
}

// whole finds the property that a component is in or belongs in, or -1. An N may
// wait empty for its parts.
func (p *patch) whole(now view, c component, field string) int {
	is := func(x piece) bool { return x.prop != nil && x.prop.name == c.name }
	for _, f := range append([]string{field}, slices.Sorted(maps.Keys(now.from))...) {
		if f != field && !sibling(f, field) {
			continue
		}
		for _, i := range now.from[f] {
			if is(p.pieces[i]) {
				return i
			}
		}
	}
	if c.name != govcard.FieldName {
		return -1
	}
	return slices.IndexFunc(p.pieces, is)
}

// component writes one component of a piece and leaves the others as they are
// escaped. A property without any goes, but N, which every card must have.
func (p *patch) component(i int, c component, field, value string) {
	all := parts(p.pieces[i].prop.Value, ';')
	for len(all) <= c.at {
		all = append(all, "")
	}
	for j, other := range all { // 2.1 and quoted-printable write line ends in another way
		if p.version == "2.1" || strings.ContainsFunc(other, unicode.IsControl) {
			all[j] = escape(unescape(other, p.version))
		}
	}
	all[c.at] = escape(value)
	switch field {
	case "street": // was read from three
		all[0], all[1] = "", ""
	case "department":
		all = all[:2]
		if value == "" {
			all = all[:1]
		}
	}
	if strings.Join(all, "") == "" && c.name != govcard.FieldName {
		p.remove(i)
		return
	}
	p.write(i, strings.Join(all, ";"), "")
}

// text is a value as its property writes it.
func (p *patch) text(field, value string) string {
	switch field {
	case "birthday":
		return p.date(value)
	case "tags":
		var list []string
		for _, t := range strings.Split(value, ",") {
			list = append(list, escape(strings.TrimSpace(t)))
		}
		return strings.Join(list, ",")
	}
	return escape(value)
}

// head is the property that address books know a field by.
func (p *patch) head(field string) string {
	base, number, _ := strings.Cut(field, ".")
	if _, err := strconv.Atoi(number); err == nil {
		field = base
	}
	switch field {
	case "name":
		return "FN"
	case "email":
		return "EMAIL"
	case "phone":
		return "TEL;TYPE=voice"
	case "mobile":
		return "TEL;TYPE=cell"
	case "phone.work":
		return "TEL;TYPE=work,voice"
	case "phone.home":
		return "TEL;TYPE=home,voice"
	case "fax":
		return "TEL;TYPE=fax"
	case "website":
		return "URL"
	case "linkedin", "twitter", "facebook":
		if p.version == "4.0" {
			return "SOCIALPROFILE;SERVICE-TYPE=" + field + ";VALUE=text"
		}
		return "X-SOCIALPROFILE;TYPE=" + field
	}
	known := map[string]string{"title": "TITLE", "language": "LANG", "nickname": "NICKNAME", "note": "NOTE", "tags": "CATEGORIES", "birthday": "BDAY"}
	return known[field]
}
