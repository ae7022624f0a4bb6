package plan

import (
	"hash/fnv"
	"slices"
	"time"

	"github.com/kith-sync/kith/contact"
)

// Agreed is what both sides of a link held when they were last in step on a
// field: the base of the three-way rule (requirements 3.8). Theirs is the value
// as the target returned it, which need not be the one that was sent (3.9).
type Agreed struct {
	Ours   string  `json:"o,omitempty"`
	Theirs string  `json:"t,omitempty"`
	Wrote  []Wrote `json:"w,omitempty"` // our latest writes, for the oscillation breaker
}

// Wrote is one write of a field: when, and a hash of the value.
type Wrote struct {
	At    int64  `json:"at"` // milliseconds since 1970
	Value uint64 `json:"v"`
}

// A Meeting is one person's records on both sides and what they last agreed on.
type Meeting struct {
	Ours, Theirs contact.Record
	Base         map[string]Agreed // by field of the address book; nil at first contact
	Choices      map[string]Choice // of people, about conflicts
	Frozen       map[string]bool   // fields whose conflict waits for a person
	Now          time.Time
}

// A Choice is what a person decided about a conflict. It counts while both sides
// are as they were then.
type Choice struct {
	Ours, Theirs string
	Pick         Winner // WinOurs or WinTheirs
}

// An Encounter is what a meeting comes to.
type Encounter struct {
	In, Out   []FieldChange // to write here and there
	Base      map[string]Agreed
	Conflicts []Conflict
}

// A Conflict is a field that both sides changed differently.
type Conflict struct {
	Field        string
	Ours, Theirs string // in the address book's words
	TheirsRaw    string // as the remote has it
	Base         string // what they last agreed on, if anything
	Winner       Winner // who was taken; WinReview: nobody yet
	Oscillates   bool   // the breaker froze it
}

// Meet decides about one person, field by field. For a two-way field:
//
//	since the base   only theirs changed   take theirs
//	                 only ours changed     send ours
//	                 both, alike           a new base
//	                 both, differently     conflict: the field's winner
//	no base          one side is blank     it is filled
//	                 both have a value     nothing is overwritten
//
// A blank never wins over a value unless the field may clear. One-way fields
// follow the table of write policies.
func (p *Pairing) Meet(m Meeting) (Encounter, Translated) {
	in, out := p.In.Translate(m.Theirs.Values), p.Out.Translate(m.Ours.Values)
	e := Encounter{Base: map[string]Agreed{}}
	if in.Reject != "" {
		return e, in
	}
	for i := range p.fields {
		f := &p.fields[i]
		base, known := m.Base[f.name]
		d := duel{p: p, f: f, m: &m, e: &e, base: base, known: known && m.Base != nil,
			ours: m.Ours.Value(f.ours), theirs: m.Theirs.Value(f.theirs), offersIn: in.Values[f.ours]}
		if f.theirs >= 0 {
			d.offersOut = out.Values[f.theirs]
		}
		if f.consent && in.Defaulted[f.ours] {
			d.offersIn = "" // a default is nobody's consent
		}
		d.decide()
	}
	return e, in
}

// A duel is the decision about one field.
type duel struct {
	p     *Pairing
	f     *pairField
	m     *Meeting
	e     *Encounter
	base  Agreed
	known bool

	ours, theirs string // as they are
	offersIn     string // theirs, in the address book's words
	offersOut    string // ours, in the remote's words
}

func (d *duel) decide() {
	switch {
	case d.agree():
		d.settle(d.ours, d.theirs)
	case d.f.consent:
		d.strictest()
	case d.f.way == WayIn && d.stored(d.offersIn), d.f.way == WayOut && d.stored(d.offersOut):
		d.keepBase()
	case d.f.way == WayIn:
		d.takeIn(string(d.f.in))
	case d.f.way == WayOut:
		d.sendOut(string(d.f.out))
	case !d.known:
		d.firstContact()
	case d.m.Frozen[d.f.name] && !d.chosen():
		d.keepBase()
	default:
		d.threeWay()
	}
}

// agree reports whether the sides say the same, in either's words.
func (d *duel) agree() bool {
	if d.f.theirs < 0 {
		return d.sameHere(d.ours, d.offersIn)
	}
	return d.f.way != WayOut && d.sameHere(d.ours, d.offersIn) && (d.offersIn != "" || contact.Blank(d.theirs)) ||
		d.f.way != WayIn && d.sameThere(d.theirs, d.offersOut) && (d.offersOut != "" || contact.Blank(d.ours))
}

// stored reports whether a value was our last write, and both sides are as they were
// then: a remote that cuts a value or writes it its own way would be sent the same for
// ever. So would one, or a book, from which an undo has taken the value back.
func (d *duel) stored(value string) bool {
	n := len(d.base.Wrote)
	return d.known && n > 0 && d.base.Wrote[n-1].Value == hashOf(value) &&
		d.sameHere(d.ours, d.base.Ours) && d.sameThere(d.theirs, d.base.Theirs)
}

func (d *duel) sameHere(a, b string) bool {
	return a == b || d.p.In.same(d.f.ours, a, b)
}

func (d *duel) sameThere(a, b string) bool {
	return a == b || d.f.theirs >= 0 && d.p.Out.same(d.f.theirs, a, b)
}

func (d *duel) firstContact() {
	switch {
	case d.p.In.blankAt(d.f.ours, d.ours):
		d.takeIn("first_contact")
	case d.theirsBlank():
		d.sendOut("first_contact")
	case d.chosen():
		d.pick(d.m.Choices[d.f.name].Pick)
	case d.f.winner == WinReview:
		d.conflict(WinReview, false)
	default: // nothing is overwritten: both stay, and later changes travel
		d.e.In = append(d.e.In, FieldChange{Name: d.f.name, Old: d.ours, New: d.ours, Rule: "first_contact", Kept: d.offersIn})
		d.settle(d.ours, d.theirs)
	}
}

func (d *duel) threeWay() {
	oursMoved, theirsMoved := !d.sameHere(d.ours, d.base.Ours), !d.sameThere(d.theirs, d.base.Theirs)
	switch {
	case !oursMoved && !theirsMoved:
		d.keepBase()
	case !oursMoved:
		d.takeIn("two_way")
	case !theirsMoved:
		d.sendOut("two_way")
	case !d.f.mayClear && d.offersIn == "":
		d.sendOut("two_way")
	case !d.f.mayClear && contact.Blank(d.ours):
		d.takeIn("two_way")
	case d.chosen():
		d.pick(d.m.Choices[d.f.name].Pick)
	default:
		d.resolve()
	}
}

// chosen reports whether a person has decided about exactly these two values.
func (d *duel) chosen() bool {
	c, ok := d.m.Choices[d.f.name]
	return ok && c.Ours == d.ours && c.Theirs == d.theirs
}

// resolve applies the field's winner rule to a conflict.
func (d *duel) resolve() {
	winner := d.f.winner
	ours, theirs := d.m.Ours.Modified, d.m.Theirs.Modified
	switch {
	case winner == WinRecent && (ours.IsZero() || theirs.IsZero() || ours.Equal(theirs)):
		winner = WinReview // times that cannot be trusted decide nothing
	case winner == WinRecent && ours.After(theirs):
		winner = WinOurs
	case winner == WinRecent:
		winner = WinTheirs
	case winner == WinNonBlank && d.offersIn == "":
		winner = WinOurs
	case winner == WinNonBlank && contact.Blank(d.ours):
		winner = WinTheirs
	case winner == WinNonBlank:
		winner = WinReview
	}
	d.conflict(winner, false)
	if winner != WinReview {
		d.pick(winner)
	}
}

func (d *duel) pick(w Winner) {
	if w == WinOurs {
		d.sendOut("winner")
	} else {
		d.takeIn("winner")
	}
}

// conflict tells of the conflict. One that waits for a person keeps its base.
func (d *duel) conflict(w Winner, oscillates bool) {
	c := Conflict{Field: d.f.name, Ours: d.ours, Theirs: d.offersIn, TheirsRaw: d.theirs, Winner: w, Oscillates: oscillates}
	if d.known {
		c.Base = d.base.Ours
	}
	if d.offersIn == "" {
		c.Theirs = d.theirs
	}
	d.e.Conflicts = append(d.e.Conflicts, c)
	if w == WinReview {
		d.keepBase()
	}
}

// takeIn writes theirs into the address book, where the policy lets it.
func (d *duel) takeIn(rule string) {
	c := FieldChange{Name: d.f.name, Old: d.ours, New: d.offersIn, Rule: rule}
	oursBlank := d.p.In.blankAt(d.f.ours, d.ours)
	switch {
	case d.offersIn == "" && (!d.f.mayClear || oursBlank || !contact.Blank(d.theirs)):
		d.leave(d.f.in) // a blank erases nothing
	case d.f.in == WriteNever || d.f.in == WriteIfExistingBlank && !oursBlank:
		c.New, c.Kept = d.ours, d.offersIn
		d.e.In = append(d.e.In, c)
		d.leave(d.f.in)
	case d.flips(d.offersIn):
		d.conflict(WinReview, true)
	default:
		d.e.In = append(d.e.In, c)
		d.settle(d.offersIn, d.theirs)
		d.wrote(d.offersIn)
	}
}

// sendOut writes ours to the remote, where the policy lets it.
func (d *duel) sendOut(rule string) {
	c := FieldChange{Name: d.p.theirs.Fields[d.f.theirs].Name, Old: d.theirs, New: d.offersOut, Rule: rule}
	theirsBlank := d.theirsBlank()
	switch {
	case d.offersOut == "" && (!d.f.mayClear || theirsBlank || !contact.Blank(d.ours)):
		d.leave(d.f.out)
	case d.f.out == WriteNever || d.f.out == WriteIfExistingBlank && !theirsBlank:
		c.New, c.Kept = d.theirs, d.offersOut
		d.e.Out = append(d.e.Out, c)
		d.leave(d.f.out)
	case d.flips(d.offersOut):
		d.conflict(WinReview, true)
	default:
		d.e.Out = append(d.e.Out, c)
		d.settle(d.ours, d.offersOut)
		d.wrote(d.offersOut)
	}
}

// theirsBlank reports whether the remote's value says nothing; the placeholder of
// a name does not (requirements 3.1, 3.5).
func (d *duel) theirsBlank() bool {
	return contact.Blank(d.theirs) || d.f.theirs >= 0 && d.p.Out.blankAt(d.f.theirs, d.theirs)
}

func (d *duel) keepBase() {
	if d.known {
		d.e.Base[d.f.name] = d.base
	}
}

// leave writes nothing. A two-way field is settled with that, unless its policy
// writes never: the day it does, what was missed is made up for. The other way of a
// one-way field may be another sync's, which has its own opinion of the base.
func (d *duel) leave(policy Write) {
	if d.f.way == WayBoth && policy != WriteNever {
		d.settle(d.ours, d.theirs)
		return
	}
	d.keepBase()
}

func (d *duel) settle(ours, theirs string) {
	d.e.Base[d.f.name] = Agreed{Ours: ours, Theirs: theirs, Wrote: d.base.Wrote}
}

// The oscillation breaker (requirements 3.9): a field of a link that was given
// the same value three times in a day, or six times in thirty days, is frozen:
// two systems, or two syncs, pull at it.
const (
	flipsPerDay   = 3
	flipsPerMonth = 6
	month         = 30 * 24 * time.Hour
)

func (d *duel) flips(value string) bool {
	if !d.known || d.chosen() {
		return false
	}
	day, all := 0, 0
	for _, w := range d.base.Wrote {
		age := d.m.Now.Sub(time.UnixMilli(w.At))
		if w.Value != hashOf(value) || age > month {
			continue
		}
		all++
		if age <= 24*time.Hour {
			day++
		}
	}
	return day >= flipsPerDay || all >= flipsPerMonth
}

// wrote remembers a write of the field, no longer than the breaker looks back.
func (d *duel) wrote(value string) {
	agreed := d.e.Base[d.f.name]
	kept := slices.DeleteFunc(slices.Clone(agreed.Wrote), func(w Wrote) bool { return d.m.Now.Sub(time.UnixMilli(w.At)) > month })
	if len(kept) >= 4*flipsPerMonth {
		kept = kept[1:]
	}
	agreed.Wrote = append(kept, Wrote{At: d.m.Now.UnixMilli(), Value: hashOf(value)})
	d.e.Base[d.f.name] = agreed
}

func hashOf(value string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(value)) // a hash never fails
	return h.Sum64()
}
