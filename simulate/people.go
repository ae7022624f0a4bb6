package simulate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// person draws somebody new. A few have no e-mail, or share one.
func (w *world) person(side int) map[string]string {
	n := w.rng.IntN(1_000_000)
	values := map[string]string{
		"email": fmt.Sprintf("p%d@example.com", n), "first_name": w.value(side, "first_name"), "last_name": w.value(side, "last_name"),
	}
	if chance(w.rng, 8) {
		values["email"] = fmt.Sprintf("p%d@example.com", w.rng.IntN(4))
	}
	if chance(w.rng, 10) {
		delete(values, "email")
	}
	for _, field := range []string{"phone", "company", "stage"} {
		if chance(w.rng, 50) {
			values[field] = w.value(side, field)
		}
	}
	if chance(w.rng, 5) {
		values["first_name"], values["last_name"] = "New", "Contact"
	}
	return values
}

// value draws something a person could type into a field.
func (w *world) value(side int, field string) string {
	n := w.rng.IntN(100_000)
	switch field {
	case "email":
		return fmt.Sprintf(pick(w.rng, "q%d@example.com", "Q%d@Example.com", "q%d@EXAMPLE.org"), n)
	case "phone":
		return fmt.Sprintf(pick(w.rng, "020 7946 0%03d", "+44 20 79460%03d", "(020) 7946-0%03d"), n%1000)
	case "stage":
		if side == 0 {
			return pick(w.rng, "L", "C")
		}
		return pick(w.rng, "lead", "client")
	case "company":
		return fmt.Sprintf(pick(w.rng, "Acme %d", " Umbra %d ", "Long Company Name %d"), n)
	}
	if chance(w.rng, 3) {
		return "New Contact" // nobody's name
	}
	return fmt.Sprintf(pick(w.rng, "Ada%d", "Bo  %d", "Zoë%d"), n)
}

var dataFields = []string{"first_name", "last_name", "phone", "company", "stage"}

// field draws which field a person edits: rarely the e-mail.
func (w *world) field() string {
	if chance(w.rng, 12) {
		return "email"
	}
	return pick(w.rng, dataFields...)
}

// addHere, editHere and trashHere are what people do in the book: each is a run
// of its own.
func (w *world) addHere(values map[string]string) int64 {
	row := make([]string, len(bookFields))
	for i, f := range bookFields {
		row[i] = values[f.Name]
	}
	ref := w.byHand(plan.Change{Action: plan.Create, Values: row})
	w.say("a person adds %d %v", store.Number(ref), values)
	w.noteAll(0, strconv.FormatInt(ref, 10), values)
	return ref
}

func (w *world) editHere(ref int64, field, value string) {
	w.say("a person edits %d %s=%q", store.Number(ref), field, value)
	was := w.contacts()[ref][field]
	undone, somewhere := w.agreedHere(ref, field, value)
	w.byHand(plan.Change{Action: plan.Update, Ref: ref, Fields: []plan.FieldChange{{Name: field, Old: "\x00", New: value, Rule: "edit"}}})
	if value != was { // who types what is there has said nothing
		w.notes.note(0, strconv.FormatInt(ref, 10), field, value)
		w.remember(field, value)
		switch {
		case undone:
			w.takeBack(0, strconv.FormatInt(ref, 10), field)
		case somewhere || w.agreedBefore(ref, field, value) || w.asListed(ref, field, value):
			w.notes.unsure(0, strconv.FormatInt(ref, 10), field)
		}
	}
}

// asListed reports whether a value is what a run that is on its way has heard of a record,
// which people have given another value since: the two agree, as far as the run can tell, and
// what was typed there is then the only edit.
func (w *world) asListed(ref int64, field, value string) bool {
	if !w.busy() {
		return false
	}
	for _, s := range w.systems {
		for id, m := range s.mirror(-1) {
			x, heard := s.remote.records[id], m.Seen[field]
			if (m.Ref == 0 || m.Ref == ref) && heard != "" && s.agree(field, value, heard) && x != nil && !s.agree(field, value, x.values[field]) {
				return true
			}
		}
	}
	return false
}

// agreedBefore reports whether a value is what was agreed on with a contact that was
// merged into this one: where its record is taken over, nothing has changed since.
func (w *world) agreedBefore(ref int64, field, value string) bool {
	if len(w.notes.into) == 0 {
		return false
	}
	for _, s := range w.systems {
		for _, m := range s.mirror(-1) {
			if a, known := m.Base[field]; known && w.notes.mergedInto(m.Ref, ref) && same(field, a.Ours, value) {
				return true
			}
		}
	}
	return false
}

func (w *world) trashHere(ref int64) {
	w.say("a person throws %d away", store.Number(ref))
	w.byHand(plan.Change{Action: plan.Remove, Ref: ref})
	w.notes.n++
	w.notes.trashed[ref] = true
}

func (w *world) byHand(c plan.Change) int64 {
	w.doings++
	ref, err := ByHand(w.ctx, w.store, bookName, w.secret, w.now, c)
	if err != nil {
		w.broken("an edit by hand: %v", err)
	}
	return ref
}

// Contacts reads a book: the values of each contact that are not blank, by field.
func Contacts(ctx context.Context, s *store.Store, b store.Book) (map[int64]map[string]string, error) {
	all := map[int64]map[string]string{}
	for c, err := range s.Contacts(ctx, b, 0) {
		if err != nil {
			return all, err
		}
		all[c.Ref] = map[string]string{}
		for i, f := range b.Fields {
			if i < len(c.Values) && c.Values[i] != "" {
				all[c.Ref][f.Name] = strings.Clone(c.Values[i])
			}
		}
	}
	return all, nil
}

// ByHand carries a change out as a person's edit in a book does, in a run of its own,
// and returns the contact.
func ByHand(ctx context.Context, s *store.Store, name string, secret plan.Secret, now func() time.Time, c plan.Change) (ref int64, err error) {
	b, err := book.Open(ctx, s, name, secret, nil)
	if err != nil {
		return 0, err
	}
	r := store.Run{Name: "edit", Kind: store.KindEdit, Status: store.Applying, Started: now(), BookID: b.ID()}
	if err := s.CreateRun(ctx, &r); err != nil {
		return 0, err
	}
	if c.Action == plan.Create {
		if c.Ref, err = b.Reserve(ctx, r.ID, 1); err != nil {
			return 0, err
		}
	}
	if c.Action == plan.Restore && c.Values == nil { // with the keys it is found by
		sb, err := s.Book(ctx, name)
		if err != nil {
			return c.Ref, err
		}
		for x, err := range s.TrashedByRef(ctx, sb, []int64{c.Ref}) {
			if err != nil {
				return c.Ref, err
			}
			c.Values = x.Values
		}
	}
	if err := s.AppendPlan(ctx, r.ID, nil, 0, []plan.Change{c}); err != nil {
		return c.Ref, err
	}
	if _, err := b.Write(ctx, connector.Batch{Run: r.ID, Now: now(), Changes: []plan.Change{c}, Position: 1, IndexNow: true}); err != nil {
		return c.Ref, err
	}
	r.Status = store.Succeeded
	return c.Ref, s.UpdateRun(ctx, &r)
}

func (w *world) noteAll(side int, id string, values map[string]string) {
	for _, field := range slices.Sorted(maps.Keys(values)) {
		if values[field] != "" {
			w.notes.note(side, id, field, values[field])
			w.remember(field, values[field])
		}
	}
}

// remember keeps what people can be recognised by; what two have had is no
// proof any more.
func (w *world) remember(field, value string) {
	if field != "email" && field != "phone" {
		return
	}
	w.notes.emails[normalized(kindOf(field), value)] = true
}

func (s *system) add(values map[string]string) string {
	id := s.remote.Add(values)
	now := s.remote.records[id].values
	s.noteAll(s.at, id, now)
	for field, value := range now {
		if s.isBeingMade(now["email"], field, value) {
			s.notes.unsure(s.at, id, field) // it may as well be what became of our create
		}
	}
	return id
}

// isBeingMade reports whether a create of somebody with an e-mail is in the balance that was
// sent with a value.
func (s *system) isBeingMade(email, field, value string) bool {
	open, err := s.store.Intents(s.ctx, s.pair.ID)
	return err == nil && email != "" && slices.ContainsFunc(open, func(i store.Intent) bool {
		return i.Op == int(connector.OpCreate) && same("email", i.Payload["email"], email) && same(field, i.Payload[field], value)
	})
}

func (s *system) edit(id, field, value string) {
	was := s.remote.records[id].values[field]
	s.remote.Edit(id, map[string]string{field: value})
	if now := s.remote.records[id].values[field]; now != was { // as the system keeps it
		s.notes.note(s.at, id, field, now)
		s.remember(field, value)
		switch agreed, heard := s.agreedThere(id, field, now); {
		case heard: // of the value between: should the record be deleted now, that was the last
			s.notes.unsure(s.at, id, field)
		case agreed:
			s.takeBack(s.at, id, field)
		}
		if s.isSent(id, field, now) { // it is then taken for our own
			s.notes.unsure(s.at, id, field)
		}
	}
}

// takeBack notes that a person gave a field the value back that both sides agreed on
// last. A run that has a plan, or makes one, may have seen the value between, or not.
func (w *world) takeBack(side int, id, field string) {
	if w.busy() {
		w.notes.unsure(side, id, field)
	} else {
		w.notes.undo(side, id, field)
	}
}

// busy reports whether a run has a plan, or makes one, or is taken back.
func (w *world) busy() bool {
	return slices.ContainsFunc(w.systems, func(s *system) bool { return s.planning || len(s.plans) > 0 || s.applying != 0 || s.undoing })
}

// agreedHere reports whether a value is what the book and the systems that have the
// contact agreed on last, with no write of ours on its way: all of them, or some. Who
// types another value and then this one again, before a run of a system has looked, has
// changed nothing that can be seen from there.
func (w *world) agreedHere(ref int64, field, value string) (all, some bool) {
	differs := false
	for _, s := range w.systems {
		linked, err := s.store.MirrorByRef(s.ctx, s.pair.ID, []int64{ref})
		if err != nil {
			s.broken("read link: %v", err)
		}
		for _, m := range linked {
			a, agreed := m.Base[field]
			agreed = agreed && same(field, a.Ours, value) && (s.undoing || s.quiet(m)) // an undo leaves what was agreed on as it is
			some, differs = some || agreed, differs || !agreed
		}
	}
	return some && !differs, some
}

// agreedThere reports the same of a value of a record, and whether a listing has told of
// another value meanwhile.
func (s *system) agreedThere(id, field, value string) (agreed, heard bool) {
	known, err := s.store.MirrorByRemote(s.ctx, s.pair.ID, []string{id})
	if err != nil {
		s.broken("read link: %v", err)
	}
	if len(known) == 0 {
		return false, false
	}
	a, based := known[0].Base[field]
	seen := same(field, known[0].Seen[field], value)
	agreed = (based && normalized(kindOf(field), a.Theirs) == normalized(kindOf(field), value) || !based && seen) && s.quiet(known[0])
	return agreed, agreed && !seen
}

// isSent reports whether a value is on its way to a field of a record.
func (s *system) isSent(id, field, value string) bool {
	open, err := s.store.Intents(s.ctx, s.pair.ID)
	return err == nil && slices.ContainsFunc(open, func(i store.Intent) bool {
		sent, ok := i.Payload[field]
		return ok && i.RemoteID == id && same(field, sent, value)
	})
}

// quiet reports whether no write of ours is on its way to a record. A create of a contact
// that has one by now makes another.
func (s *system) quiet(m store.Mirrored) bool {
	open, err := s.store.Intents(s.ctx, s.pair.ID)
	return err == nil && !slices.ContainsFunc(open, func(i store.Intent) bool { return i.RemoteID == m.RemoteID || i.Ref == m.Ref && m.State != store.There })
}

func (s *system) remove(id string) {
	s.remote.Delete(id)
	s.notes.n++
	s.notes.gone[fmt.Sprint(s.at, "/", id)] = true
}

// merge makes one of two records. Which of all earlier values are then right was
// for the person to say who merged; only later edits count, on any side.
func (s *system) merge(loser, winner string) {
	s.remote.Merge(loser, winner)
	s.notes.n++
	s.notes.gone[fmt.Sprint(s.at, "/", loser)] = true
	for _, id := range []string{loser, winner} {
		s.notes.merged[place{side: s.at, id: id}] = s.notes.n
	}
}

// somebodyHere and somebodyThere draw who it happens to.
func (w *world) somebodyHere() (int64, bool) {
	refs := slices.Sorted(maps.Keys(w.contacts()))
	if len(refs) == 0 {
		return 0, false
	}
	return refs[w.rng.IntN(len(refs))], true
}

func (s *system) somebodyThere() (string, bool) {
	ids := slices.Sorted(maps.Keys(s.remote.There()))
	if len(ids) == 0 {
		return "", false
	}
	return ids[s.rng.IntN(len(ids))], true
}

// peopleGoOn lets people edit either side between two of our calls: between our
// read and our write.
func (s *system) peopleGoOn(safe bool) {
	if !s.meddle || !safe || s.budget == 0 || !chance(s.rng, 20) {
		return
	}
	s.budget--
	s.meddle = false // an edit calls nobody
	defer func() { s.meddle = true }()
	switch s.rng.IntN(8) {
	case 0:
		s.add(s.person(s.at))
	case 1:
		if id, ok := s.somebodyThere(); ok && chance(s.rng, 30) {
			s.remove(id)
		}
	case 2, 3, 4:
		if ref, ok := s.somebodyHere(); ok {
			field := s.field()
			s.editHere(ref, field, s.value(0, field))
		}
	default:
		if id, ok := s.somebodyThere(); ok {
			field := s.field()
			s.edit(id, field, s.value(s.at, field))
		}
	}
}
