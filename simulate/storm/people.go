package storm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/simulate"
	"github.com/kith-sync/kith/store"
)

// The two sides of a world.
const (
	here = iota
	there
)

// A person is one who was born on a side, as an observer knows them who sees both.
type person struct {
	emails []string // all they ever had; nobody else has had one of them
	claims map[string]*claim
	no     bool    // they have unsubscribed
	seen   [2]bool // they have been on that side
	gone   [2]bool // somebody threw them away there
	merged bool    // somebody made one of two
}

// A claim is what people have last typed into a field, on the side or the sides where
// they have since the two agreed.
type claim struct{ typed [2]*string }

// edit notes what somebody types. Where the sides agreed before, it is the only one
// that counts, and whoever types twice on one side means the second.
func (c *claim) edit(side int, value string, agreed bool) {
	if agreed {
		c.typed = [2]*string{}
	}
	c.typed[side] = &value
}

func (c *claim) contested() bool { return c.typed[here] != nil && c.typed[there] != nil }

// somebody is born, here, there, or on both sides.
func (w *world) somebody() {
	w.serial++
	n := w.serial
	values := map[string]string{"email": fmt.Sprintf("person%d@example.com", n), "first_name": fmt.Sprint("Ada", letters(n)), "last_name": "Moreno" + letters(n),
		"sync_as": pick(w.rng, "Lead", "Contact"), "company": fmt.Sprintf("Firm %d Ltd", n%4)}
	if chance(w.rng, 50) {
		values["note"] = fmt.Sprint("note ", n)
	}
	if chance(w.rng, 40) && !w.vendor.hearsNo() {
		values["news"] = pick(w.rng, contact.Subscribed, contact.Unsubscribed)
	}
	p := &person{emails: []string{values["email"]}, claims: map[string]*claim{}, no: values["news"] == contact.Unsubscribed}
	w.people = append(w.people, p)
	w.byEmail[values["email"]] = p
	side := w.rng.IntN(5)
	w.say("born on side %d: %v", side, values)
	p.seen[here], p.seen[there] = side != there, side == there || side == 4
	if side != there {
		w.addHere(values)
	}
	if side == there || side == 4 {
		if side == 4 {
			delete(values, "news")
		}
		w.vendor.add(values)
	}
	for _, field := range []string{"email", "first_name", "last_name", "note", "company"} {
		p.claims[field] = &claim{}
		v := values[field]
		if v != "" && field != "company" && side != there {
			p.claims[field].edit(here, v, false)
		}
		if v != "" && field != "company" && (side == there || side == 4) {
			p.claims[field].edit(there, v, false)
		}
	}
}

// letters writes a number so that it looks like a name.
func letters(n int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'a' }, strconv.Itoa(n))
}

func (w *world) addHere(values map[string]string) {
	row := make([]string, len(bookFields))
	for i, f := range bookFields {
		row[i] = values[f.Name]
	}
	w.byHand(plan.Change{Action: plan.Create, Values: row})
}

func (w *world) byHand(c plan.Change) {
	if _, err := simulate.ByHand(w.ctx, w.store, bookName, secret, w.now, c); err != nil {
		w.broken("an edit by hand: %v", err)
	}
}

// goOn lets people do something between two of our calls: between our look and our
// write.
func (w *world) goOn() {
	if !w.meddle || w.dead || w.busy == 0 || !chance(w.rng, 12) {
		return
	}
	w.busy--
	w.something()
}

// something is what people do.
func (w *world) something() {
	w.clock.pass(pick(w.rng, 0, time.Second, time.Second, 3*time.Second))
	switch n := w.rng.IntN(20); {
	case n < 3:
		w.somebody()
	case n < 9:
		w.editHere()
	case n < 15:
		w.editThere()
	case n == 15:
		w.throwAway()
	case n == 16:
		w.sayNo()
	case n == 17:
		w.upheaval()
	default:
		w.quarrel()
	}
	w.look()
}

// contacts reads the book.
func (w *world) contacts() map[int64]map[string]string {
	all, err := simulate.Contacts(w.ctx, w.store, w.shape)
	if err != nil {
		w.broken("read contacts: %v", err)
	}
	return all
}

// of is the person who has an address.
func (w *world) of(values map[string]string) *person {
	return w.byEmail[strings.ToLower(values["email"])]
}

// found are the contacts, or the records, that stand for a person.
func found[K int64 | string](w *world, p *person, all map[K]map[string]string) (keys []K) {
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if w.of(all[k]) == p {
			keys = append(keys, k)
		}
	}
	return keys
}

// draw draws who it happens to.
func draw[K int64 | string](w *world, all map[K]map[string]string) (K, map[string]string, bool) {
	keys := slices.Sorted(maps.Keys(all))
	if len(keys) == 0 {
		var none K
		return none, nil, false
	}
	k := keys[w.rng.IntN(len(keys))]
	return k, all[k], true
}

// value is one that nobody has typed before.
func (w *world) value(field string) string {
	w.serial++
	switch field {
	case "email":
		return fmt.Sprintf("changed%d@example.com", w.serial)
	case "note":
		if chance(w.rng, 20) {
			return ""
		}
		return fmt.Sprint("note ", w.serial)
	case "company":
		return fmt.Sprintf("Firm %d Ltd", w.serial%7)
	}
	return pick(w.rng, "Bo", "Zoe", "Cem") + letters(w.serial)
}

// field draws which field a person edits: rarely the address.
func (w *world) field(p *person) string {
	if p != nil && w.linked(p) && chance(w.rng, 12) {
		return "email"
	}
	return pick(w.rng, "first_name", "last_name", "note", "note", "company")
}

// linked reports whether a person is known to be one on both sides. Who changes the only
// value by which somebody can be found, before we could look, makes another person of
// them: docs/reliability.md, what we cannot promise.
func (w *world) linked(p *person) bool { return w.met(p) && len(w.intents()) == 0 }

// met reports whether Kith knows that a contact and a record are one person.
func (w *world) met(p *person) bool {
	refs := found(w, p, w.contacts())
	known, err := w.store.MirrorByRef(w.ctx, w.pair().ID, refs)
	if err != nil {
		w.broken("read links: %v", err)
	}
	return len(known) > 0
}

func (w *world) pair() store.Pair {
	pair, err := w.Pair(w.ctx, w.sync, w.shape.ID)
	if err != nil {
		w.broken("read pair: %v", err)
	}
	return pair
}

// intents are the writes whose outcome is not known, or that are on their way.
func (w *world) intents() []store.Intent {
	open, err := w.store.Intents(w.ctx, w.pair().ID)
	if err != nil {
		w.broken("read intents: %v", err)
	}
	return open
}

func (w *world) editHere() {
	if ref, values, ok := draw(w, w.contacts()); ok {
		field := w.field(w.of(values))
		w.typeHere(ref, field, w.value(field))
	}
}

func (w *world) typeHere(ref int64, field, value string) {
	now := w.contacts()[ref]
	p := w.of(now)
	if p == nil || now[field] == value {
		return
	}
	w.note(p, here, field, value, now[field])
	w.say("here: %d %s = %q, was %q", store.Number(ref), field, value, now[field])
	w.byHand(plan.Change{Action: plan.Update, Ref: ref, Fields: []plan.FieldChange{{Name: field, Old: "\x00", New: value, Rule: "edit"}}})
}

func (w *world) editThere() {
	if id, values, ok := draw(w, w.vendor.people()); ok {
		field := w.field(w.of(values))
		w.typeThere(id, field, w.value(field))
	}
}

func (w *world) typeThere(id, field, value string) {
	now := w.vendor.people()[id]
	p := w.of(now)
	if p == nil || now[field] == value {
		return
	}
	w.note(p, there, field, value, now[field])
	w.say("there: %s %s = %q, was %q", id, field, value, now[field])
	w.vendor.edit(id, field, value)
}

// note writes down what is about to be typed. Two who have the same address and have
// not met yet agree on nothing: whatever they differ in is left as it is.
func (w *world) note(p *person, side int, field, value, now string) {
	mine, theirs := w.contacts(), w.vendor.people()
	refs, ids := found(w, p, mine), found(w, p, theirs)
	agreed := len(refs) == 0 || len(ids) == 0 || w.met(p) || w.creating(refs)
	for _, ref := range refs {
		agreed = agreed && same(field, mine[ref][field], now)
	}
	for _, id := range ids {
		agreed = agreed && same(field, theirs[id][field], now)
	}
	p.claims[field].edit(side, value, agreed)
	if side == there && value == "" && w.creating(refs) && p.claims[field].typed[here] == nil {
		p.claims[field].edit(here, now, false) // it may be filled again: docs/reliability.md, what we cannot promise
	}
	if field == "email" {
		p.emails = append(p.emails, value)
		w.byEmail[value] = p
	}
}

// creating reports whether a create of one of some contacts is on its way.
func (w *world) creating(refs []int64) bool {
	return slices.ContainsFunc(w.intents(), func(i store.Intent) bool { return slices.Contains(refs, i.Ref) })
}

// quarrel has both sides type something into one field.
func (w *world) quarrel() {
	ref, values, ok := draw(w, w.contacts())
	if p := w.of(values); ok && p != nil {
		field := pick(w.rng, "first_name", "last_name", "note")
		w.typeHere(ref, field, w.value(field))
		for _, id := range found(w, p, w.vendor.people()) {
			w.typeThere(id, field, w.value(field))
		}
	}
}

func (w *world) throwAway() {
	if chance(w.rng, 50) {
		if ref, values, ok := draw(w, w.contacts()); ok {
			w.say("thrown away here: %d", store.Number(ref))
			w.of(values).gone[here] = true
			w.byHand(plan.Change{Action: plan.Remove, Ref: ref})
		}
	} else if id, values, ok := draw(w, w.vendor.people()); ok {
		w.say("thrown away there: %s", id)
		w.of(values).gone[there] = true
		w.vendor.remove(id)
	}
}

// sayNo has somebody unsubscribe.
func (w *world) sayNo() {
	if id, values, ok := draw(w, w.vendor.people()); ok {
		w.say("%s says no", id)
		w.of(values).no = true
		w.vendor.sayNo(id)
	}
}

// upheaval is what only people of this vendor do: merge two, convert a lead.
func (w *world) upheaval() {
	all := w.vendor.people()
	one, a, ok := draw(w, all)
	other, b, _ := draw(w, all)
	if !ok || !w.settled(w.of(a)) || !w.settled(w.of(b)) {
		return
	}
	merged, done := w.vendor.upheaval(one, other)
	if done == "" {
		return
	}
	w.say("%s", done)
	if merged { // whose values are right is for them to say
		w.merge(w.of(a), w.of(b))
	}
}

// settled reports whether Kith knows of a person's record, if it made it. Who deletes a
// record, or merges it away, before we learned that it was made, has it made again:
// docs/reliability.md.
func (w *world) settled(p *person) bool { return p != nil && (!p.seen[here] || w.linked(p)) }

// merge makes one person of two. Which of all earlier values are right was for those to
// say who did it.
func (w *world) merge(winner, loser *person) {
	for _, e := range loser.emails {
		w.byEmail[e] = winner
	}
	winner.emails = append(winner.emails, loser.emails...)
	winner.no = winner.no || loser.no
	winner.merged, loser.emails = true, nil
	for side := range winner.gone {
		winner.gone[side] = winner.gone[side] || loser.gone[side]
	}
	for _, c := range winner.claims {
		c.typed = [2]*string{}
	}
}

// same reports whether two values of a field say the same.
func same(field, a, b string) bool {
	if field == "email" {
		return strings.EqualFold(a, b)
	}
	return strings.TrimSpace(a) == strings.TrimSpace(b)
}
