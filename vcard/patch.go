package vcard

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	govcard "github.com/emersion/go-vcard"
)

// Parse reads one card by itself. A card with nothing in it has no fields; a
// list of people is ErrGroup.
func Parse(card []byte) (Card, error) {
	b, _, err := only(card)
	if err != nil {
		return Card{}, err
	}
	if b.group() {
		return Card{}, ErrGroup
	}
	c := newReading(b)
	c.all(b)
	return c.Card, nil
}

// New is the smallest card: version 3.0, which every CardDAV server must take
// (RFC 6352 5.1). Patch gives it its values.
func New(uid string) []byte {
	c := writing{}
	c.line("BEGIN:VCARD")
	c.line("VERSION:3.0")
	c.line("UID:" + escape(uid))
	c.line("N:;;;;")
	c.line("FN;DERIVED=TRUE:?")
	c.line("END:VCARD")
	return []byte(c.String())
}

// Patch returns a card with the named fields set; an empty value clears one.
// Parse of the result gives these values (without spaces around them and what no
// card may hold) and all others as they were. Every property that none of
// them was read from keeps its bytes and its place: what this package does not
// know, photos, groups, labels, the way lines are folded.
//
// Two things follow a change by themselves: FN, where it was made of the parts
// of N that change, and a parameter that holds a property's number when the one
// before it goes, so that a second e-mail does not become the first.
//
// It fails for what is not one card of a person, and for a password.
func Patch(card []byte, set map[string]string) ([]byte, error) {
	p, err := newPatch(card)
	if err != nil {
		return nil, err
	}
	before := p.view()
	for _, field := range slices.Sorted(maps.Keys(set)) {
		if slices.Contains(noCard[:], field) || field == "" {
			return nil, fmt.Errorf("a card cannot hold the field %q", field)
		}
		if err := p.set(field, canonical(field, set[field])); err != nil {
			return nil, err
		}
	}
	if _, named := set["name"]; !named {
		p.follow(before)
	}
	p.dropDerived()
	return p.bytes(), nil
}

// canonical is the value that Parse gives for one that Patch was given.
func canonical(field, value string) string {
	value = strings.TrimSpace(clean(value))
	if field != "tags" {
		return value
	}
	var tags []string
	for _, t := range strings.Split(value, ",") {
		tags = append(tags, strings.TrimSpace(t))
	}
	return joined(", ", tags...)
}

// only reads a text that is one card and nothing else, and says on which line
// it ends.
func only(card []byte) (block, int, error) {
	s := newScanner(bytes.NewReader(card))
	b, err := s.next()
	if errors.Is(err, io.EOF) {
		return b, 0, errors.New("no card")
	}
	if err != nil {
		return b, 0, err
	}
	end := s.line
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		return b, 0, errors.New("more than one card")
	}
	return b, end, nil
}

// A patch is a card in pieces.
type patch struct {
	pieces  []piece
	version string
	newline string
}

// A piece is a property as it stands in the card, or other lines of it. Its
// property's first line is its place among the pieces.
type piece struct {
	raw  []byte
	prop *property
}

func newPatch(card []byte) (*patch, error) {
	b, end, err := only(card)
	if err != nil {
		return nil, err
	}
	if b.group() {
		return nil, ErrGroup
	}
	lines := bytes.SplitAfter(card, []byte("\n"))
	if end > len(lines) || !marks(lines[end-1], "END") {
		return nil, errors.New("the card is not written in UTF-8")
	}
	p := &patch{version: b.version(), newline: "\n"}
	if bytes.HasSuffix(lines[b.line-1], []byte("\r\n")) {
		p.newline = "\r\n"
	}
	at := 0
	upTo := func(line int) []byte {
		raw := bytes.Join(lines[at:line], nil)
		at = line
		return raw
	}
	for _, prop := range b.props {
		p.add(upTo(prop.first-1), nil)
		p.add(upTo(prop.last), &prop)
	}
	p.add(upTo(end-1), nil)
	p.pieces = append(p.pieces, piece{raw: upTo(len(lines))}) // END stays last, see insert
	return p, nil
}

func (p *patch) add(raw []byte, prop *property) {
	if len(raw) > 0 {
		p.pieces = append(p.pieces, piece{raw, prop})
	}
}

func (p *patch) bytes() []byte {
	var out []byte
	for _, piece := range p.pieces {
		out = append(out, piece.raw...)
	}
	return out
}

// A view is what the pieces say: from has, for every field, those that gave it
// its value and those that say the same.
type view struct {
	fields map[string]string
	from   map[string][]int
}

func (p *patch) view() view {
	b := block{}
	for i := range p.pieces {
		if prop := p.pieces[i].prop; prop != nil {
			one := *prop
			one.first = i
			b.props = append(b.props, one)
		}
	}
	v := view{from: map[string][]int{}}
	c := newReading(b)
	c.trace = func(field, value string, from int) {
		alike := c.Fields[field] == value || field == "note" // which is all of them together
		if alike && !slices.Contains(v.from[field], from) {
			v.from[field] = append(v.from[field], from)
		}
	}
	c.all(b)
	v.fields = c.Fields
	return v
}

// set gives one field a value, the first way that gives just that.
func (p *patch) set(field, value string) error {
	now := p.view()
	if now.fields[field] == value {
		return nil
	}
	want := maps.Clone(now.fields)
	want[field] = value
	if value == "" {
		delete(want, field)
	}
	ways := []func(view, string, string){p.placed, p.marked, p.own}
	if value == "" {
		ways = []func(view, string, string){p.cleared}
	}
	old := slices.Clone(p.pieces)
	for _, way := range ways {
		way(now, field, value)
		if maps.Equal(p.view().fields, want) {
			return nil
		}
		p.pieces = slices.Clone(old)
	}
	return fmt.Errorf("the field %q of this card cannot be changed by itself", field)
}

// follow makes FN anew where it was made of the names that have changed.
func (p *patch) follow(before view) {
	now := p.view()
	i := slices.IndexFunc(p.pieces, isFN)
	if i < 0 {
		p.insert("FN;DERIVED=TRUE", escape(display(now.fields)))
		return
	}
	fn := p.pieces[i].prop
	derived := fn.Params.Get("DERIVED") != ""
	was := made(before.fields)
	if derived && display(before.fields) != display(now.fields) {
		p.write(i, escape(display(now.fields)), "DERIVED=TRUE")
	}
	if text := strings.TrimSpace(unescape(fn.Value, p.version)); !derived && text == was && was != made(now.fields) && made(now.fields) != "" {
		p.write(i, escape(made(now.fields)), "")
	}
}

func isFN(x piece) bool { return x.prop != nil && x.prop.name == govcard.FieldFormattedName }

// dropDerived removes an FN that was made of other properties once there is one
// that somebody wrote: version 3.0 takes one only.
func (p *patch) dropDerived() {
	derived := func(x piece) bool { return isFN(x) && x.prop.Params.Get("DERIVED") != "" }
	written := func(x piece) bool { return isFN(x) && !derived(x) }
	if slices.ContainsFunc(p.pieces, written) {
		p.pieces = slices.DeleteFunc(p.pieces, derived)
	}
}

// made is the name that N spells.
func made(fields map[string]string) string {
	return joined(" ", fields["first_name"], fields["last_name"])
}

func display(fields map[string]string) string {
	c := writing{left: fields}
	return c.display()
}

// date is a birthday as a version writes it.
func (p *patch) date(value string) string {
	if d, err := time.Parse(time.DateOnly, value); err == nil && p.version == "4.0" {
		return d.Format("20060102")
	}
	return escape(value)
}
