package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kith-sync/kith/contact"
)

// A Way says in which direction a field travels between an address book and a
// remote.
type Way uint8

// The ways of a field.
const (
	WayIn   Way = 1 << iota // from the remote into the address book
	WayOut                  // from the address book to the remote
	WayBoth = WayIn | WayOut
)

// A Winner says whose value counts where both sides changed a field differently
// (requirements 3.8).
type Winner string

// The winners a sync file can name, and the two sides as the rule sees them.
const (
	WinSource   Winner = "source"
	WinTarget   Winner = "target"
	WinRecent   Winner = "most_recent"
	WinNonBlank Winner = "non_blank"
	WinReview   Winner = "review"

	WinOurs   Winner = "ours"
	WinTheirs Winner = "theirs"
)

// Directions of a sync and of its fields.
const (
	OneWay   = "one_way"
	TwoWay   = "two_way"
	ToTarget = "to_target"
	ToSource = "to_source"
	BothWays = "both"
)

// A Pairing is a sync bound to an address book (ours) and a remote (theirs).
// In judges what comes from the remote, Out what goes there; a field that may
// not travel a way has the policy never in that rulebook, but still serves to
// recognise people. A Pairing is not safe for concurrent use.
type Pairing struct {
	Sync         Sync
	In, Out      *Rulebook
	ours, theirs contact.Schema
	forward      Way // of the sync's source to its target
	fields       []pairField
}

type pairField struct {
	name         string // of the address book's field
	ours, theirs int    // positions; theirs is -1 for what no field of the remote gives
	way          Way
	in, out      Write
	winner       Winner
	mayClear     bool
	consent      bool
}

// Pair binds a sync between an address book and a remote. One of its endpoints
// names the book.
func Pair(s Sync, ours, theirs contact.Schema, region string) (*Pairing, error) {
	s = s.Towards(false)
	p := &Pairing{Sync: s, ours: ours, theirs: theirs, forward: WayIn}
	if s.Prefer != "" && ours.Index(s.Prefer) < 0 {
		return nil, fmt.Errorf("prefer: the address book has no field %q", s.Prefer)
	}
	source, target := theirs, ours
	if s.Source.Book != "" {
		p.forward, source, target = WayOut, ours, theirs
	}
	back, err := p.reverse(source, target)
	if err != nil {
		return nil, err
	}
	forth := s
	forth.Map = nil
	for _, m := range s.Map {
		if p.wayOf(m)&p.forward == 0 {
			m.Write = WriteNever
		}
		forth.Map = append(forth.Map, m)
	}
	there, err := Compile(forth, source, target, region)
	if err != nil {
		return nil, err
	}
	again, err := Compile(back, target, source, region)
	if err != nil {
		return nil, fmt.Errorf("the way back: %w", err)
	}
	p.In, p.Out = there, again
	if p.forward == WayOut {
		p.In, p.Out = again, there
	}
	if err := p.bindFields(source, target); err != nil {
		return nil, err
	}
	return p, p.checkMark()
}

// reverse is the sync that carries the way back. What selects records of the
// target selects what it reads, and the reverse; gate and required fields bind
// the way there only (settled question 10); the way back has a gate of its own.
func (p *Pairing) reverse(source, target contact.Schema) (Sync, error) {
	back := p.Sync
	back.Source, back.Target = p.Sync.Target, p.Sync.Source
	back.Filter, back.Scope = p.Sync.Scope, p.Sync.Filter
	back.Required, back.Gate, back.Map = nil, p.Sync.GateBack, nil
	back.Policy.Update = p.Sync.Policy.Back
	back.Policy.Create = cmp.Or(p.Sync.Policy.CreateBack, p.Sync.Policy.Create)
	for i, m := range p.Sync.Map {
		if m.From == "" {
			continue
		}
		inverse, err := invert(m.Values)
		if err != nil {
			return back, fmt.Errorf("map[%d]: values: %w", i, err)
		}
		turned := Mapping{From: m.To, To: m.From, Values: inverse, MayClear: m.MayClear}
		if target.Index(m.To) < 0 || source.Index(m.From) < 0 {
			continue // the way there says what is wrong
		}
		switch way := p.wayOf(m); {
		case way&^p.forward == 0:
			turned.Write = WriteNever
		case way == WayBoth && (consents(source, m.From) || consents(target, m.To)): // a file's column of states is a text here
			turned.Write = m.Write // an opt-out travels where field values may not (3.14)
		}
		back.Map = append(back.Map, turned)
	}
	return back, nil
}

func consents(s contact.Schema, field string) bool {
	f, ok := s.Field(field)
	return ok && f.Kind == contact.Consent
}

func invert(values map[string]string) (map[string]string, error) {
	if values == nil {
		return nil, nil
	}
	out := make(map[string]string, len(values))
	for from, to := range values {
		if other, twice := out[to]; twice {
			return nil, fmt.Errorf("%q stands for both %q and %q, so it cannot travel back; give the field a direction", to, from, other)
		}
		out[to] = from
	}
	return out, nil
}

// wayOf is the direction of a mapping: its own, or its sync's. What is computed
// cannot travel back.
func (p *Pairing) wayOf(m Mapping) Way {
	back := WayBoth &^ p.forward
	switch {
	case m.From == "" || m.Direction == ToTarget:
		return p.forward
	case m.Direction == ToSource:
		return back
	case m.Direction == BothWays || p.Sync.Direction == TwoWay:
		return WayBoth
	}
	return p.forward
}

func (p *Pairing) bindFields(source, target contact.Schema) error {
	for i, m := range p.Sync.Map {
		f := pairField{way: p.wayOf(m), winner: p.winnerOf(m), mayClear: m.MayClear}
		from, to := source.Index(m.From), target.Index(m.To)
		f.ours, f.theirs = to, from
		if p.forward == WayOut {
			f.ours, f.theirs = from, to
			if from < 0 {
				return fmt.Errorf("map[%d]: a value for %s that is no field of the address book must be a field there first", i, m.To)
			}
		}
		f.name = p.ours.Fields[f.ours].Name
		if p.ours.Fields[f.ours].Kind == contact.Password && f.way&WayOut != 0 {
			return fmt.Errorf("map[%d]: %s is a password and never leaves the address book; give the field direction: %s", i, f.name, map[Way]string{WayIn: ToTarget, WayOut: ToSource}[p.forward])
		}
		f.in, f.out = p.In.writes[f.ours], WriteNever
		f.consent = p.In.Consents(f.ours)
		if f.theirs >= 0 {
			f.out = p.Out.writes[f.theirs]
			f.consent = f.consent || p.Out.Consents(f.theirs)
		}
		if f.way == WayBoth && m.Write == "" { // a link is the identity: its e-mail is data like any other
			if p.forward == WayIn {
				f.in, f.out = p.Sync.Policy.Update, p.Sync.Policy.Back
			} else {
				f.in, f.out = p.Sync.Policy.Back, p.Sync.Policy.Update
			}
		}
		p.fields = append(p.fields, f)
	}
	return nil
}

// winnerOf translates the sync file's sides into ours and theirs. The source
// wins where nothing is said.
func (p *Pairing) winnerOf(m Mapping) Winner {
	source, target := WinTheirs, WinOurs
	if p.forward == WayOut {
		source, target = WinOurs, WinTheirs
	}
	switch w := m.Winner; w {
	case "", WinSource:
		return source
	case WinTarget:
		return target
	default:
		return w
	}
}

// Travels reports whether anything may be written a way.
func (p *Pairing) Travels(w Way) bool {
	for _, f := range p.fields {
		if f.way&w != 0 {
			return true
		}
	}
	return false
}

// Uses reports whether some field's winner is found by this rule.
func (p *Pairing) Uses(w Winner) bool {
	return slices.ContainsFunc(p.fields, func(f pairField) bool { return f.winner == w })
}

// Forward is the way from the sync's source to its target.
func (p *Pairing) Forward() Way { return p.forward }

// Names are the fields' names on both sides, in the map's order.
func (p *Pairing) Names() (here, there []string) {
	for _, f := range p.fields {
		name := ""
		if f.theirs >= 0 {
			name = p.theirs.Fields[f.theirs].Name
		}
		here, there = append(here, f.name), append(there, name)
	}
	return here, there
}

// SameThere reports whether two values of the remote's field at that place say
// the same.
func (p *Pairing) SameThere(at int, x, y string) bool { return x == y || p.Out.same(at, x, y) }

// SameHere reports whether two values of the book's field at that place say the
// same.
func (p *Pairing) SameHere(at int, x, y string) bool { return x == y || p.In.same(at, x, y) }

// BaseOf is what both sides agree on once a record is created by what travels that
// way: ours and theirs in the order of their schemas. Of what does not travel so
// nothing is agreed on; it may be another sync's.
func (p *Pairing) BaseOf(w Way, ours, theirs []string) map[string]Agreed {
	base := map[string]Agreed{}
	for _, f := range p.fields {
		if f.way&w == 0 {
			continue
		}
		a := Agreed{}
		if f.ours < len(ours) {
			a.Ours = ours[f.ours]
		}
		if f.theirs >= 0 && f.theirs < len(theirs) {
			a.Theirs = theirs[f.theirs]
		}
		base[f.name] = a
	}
	return base
}

// HoldsConsent reports whether a field of the address book is a consent.
func (p *Pairing) HoldsConsent(name string) bool {
	return slices.ContainsFunc(p.fields, func(f pairField) bool { return f.consent && f.name == name })
}

// Bind blanks the values of a new record that do not travel that way, in the order of
// the schema they go to: a direction binds creates, as policies do not (K16).
func (p *Pairing) Bind(w Way, values []string) {
	travels := map[int]bool{}
	for _, f := range p.fields {
		travels[f.at(w)] = travels[f.at(w)] || f.way&w != 0
	}
	for at, does := range travels {
		if !does && at >= 0 && at < len(values) {
			values[at] = ""
		}
	}
}

// at is the place of a field on the side that it travels to.
func (f pairField) at(w Way) int {
	if w == WayOut {
		return f.theirs
	}
	return f.ours
}

// BaseOfSent is BaseOf for a record that is created at the remote from these values.
// What goes there only is remembered as written: the remote may make something else of
// it, and is not sent it again (E8).
func (p *Pairing) BaseOfSent(ours, sent []string, now time.Time) map[string]Agreed {
	base := p.BaseOf(WayOut, ours, sent)
	for _, f := range p.fields {
		if a := base[f.name]; f.way == WayOut && a.Theirs != "" {
			a.Wrote = []Wrote{{At: now.UnixMilli(), Value: hashOf(a.Theirs)}}
			base[f.name] = a
		}
	}
	return base
}

// MissingAfter lists the required fields of a record that are blank once these
// changes are made.
func (b *Rulebook) MissingAfter(fields []FieldChange, target contact.Record) (names []string) {
	for _, at := range b.required {
		value := target.Value(at)
		for _, f := range fields {
			if f.Name == b.Target.Fields[at].Name && f.Written() {
				value = f.New
			}
		}
		if b.blank(b.Target.Fields[at], value) {
			names = append(names, b.Target.Fields[at].Name)
		}
	}
	return names
}

func (b *Rulebook) same(at int, x, y string) bool {
	f := b.Target.Fields[at]
	if b.blank(f, x) || b.blank(f, y) {
		return b.blank(f, x) && b.blank(f, y)
	}
	return b.norm.Equal(f.Kind, x, y)
}

func (b *Rulebook) blankAt(at int, value string) bool { return b.blank(b.Target.Fields[at], value) }
