package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// watchRemote judges one of our writes just before it has an effect.
func (s *system) watchRemote(w connector.Write, now map[string]string) {
	again := s.tried[w.Key] > 1 && w.Op == connector.OpCreate || s.remote.settling
	if sig := signature(w.Op, w.ID, w.Set); s.planned != nil && !again && !s.planned[sig] {
		s.broken("I10: %s is no part of the plan that is applied: %s", sig, strings.Join(slices.Sorted(maps.Keys(s.planned)), "; "))
	}
	s.carry(w.Key, "there "+w.ID)
	s.tooLate(w)
	if s.undoing && !s.remote.settling {
		s.watchUndo(w, now)
	}
	if s.undoing || s.remote.settling && s.handled[w.ID] {
		return // the values of before come back
	}
	for field, value := range w.Set {
		if !s.may(field, func(r rule) bool { return r.out != "" && r.out != plan.WriteNever }) && w.Op == connector.OpUpdate {
			s.broken("I12: %s of %s is not ours to write", field, w.ID)
		}
		if !blank(now[field]) && !s.may(field, func(r rule) bool { return carries(r.out) }) {
			s.broken("I4: %s of %s has %q and is overwritten with %q by a policy that only fills blanks", field, w.ID, now[field], value)
		}
		if value == "" && now[field] != "" && !s.may(field, func(r rule) bool { return r.mayClear && r.out != "" }) {
			s.broken("a blank erases %s of %s", field, w.ID)
		}
	}
	switch w.Op {
	case connector.OpCreate:
		s.carry(w.Key, fmt.Sprint("there c", s.refOf[w.Key]))
		s.watchCreate(w, again)
	case connector.OpDelete:
		if !s.remote.settling { // what is late was counted, and approved, with its own run
			s.removedThere++
		}
		s.look()
		if ref := s.came[w.ID]; (ref == 0 || s.contacts()[ref] != nil) && !s.handled[w.ID] {
			s.broken("I13: %s is deleted, but its contact %d is there", w.ID, store.Number(ref))
		}
	}
}

// tooLate: an update that comes after a run has looked for it in vain is taken for somebody's
// edit. Whether that or what was typed then is right, nobody can tell.
func (s *system) tooLate(w connector.Write) {
	if !s.remote.settling || w.Op != connector.OpUpdate {
		return
	}
	open, err := s.store.Intents(s.ctx, s.pair.ID)
	if err != nil || slices.ContainsFunc(open, func(i store.Intent) bool { return i.Key == w.Key }) {
		return
	}
	for field := range w.Set {
		s.notes.unsure(0, strconv.FormatInt(s.refOf[w.Key], 10), field)
		s.notes.unsure(s.at, w.ID, field)
	}
}

func (s *system) watchCreate(w connector.Write, again bool) {
	ref, known := s.refOf[w.Key]
	if !known {
		s.broken("I3: a create without an intent before it")
		return
	}
	if s.lost[w.Key] {
		return // it was on its way when the store was put back to a time before it: nobody knows of it
	}
	if id, twice := s.made[ref]; twice && !s.remote.records[id].gone && !s.handed(id) && (s.ChosenKey && s.resembles(id, w.Set) || s.canBeFound(id, w.Set)) {
		s.broken("I3: contact %d is created twice; the first record is %s", store.Number(ref), id)
	}
	if id := s.linked[ref]; id != "" && !s.handled[id] && !s.remote.settling { // what is late was sent before
		s.broken("I3: contact %d is created again; it was %s", store.Number(ref), id)
	}
	s.made[ref] = fmt.Sprintf("r%04d", s.remote.next+1)
	if again || s.narrowed {
		return
	}
	email := normalized(contact.Email, w.Set["email"])
	for id, x := range s.remote.records {
		if email != "" && !x.gone && x.seq <= s.intended[w.Key] && !x.visible.After(s.remote.Now()) && normalized(contact.Email, x.values["email"]) == email {
			s.broken("I3: contact %d is created although %s has its e-mail %s", store.Number(ref), id, email)
		}
	}
}

// handed reports whether people have said what becomes of a record: while what is late is
// carried out, or after we had deleted it. Whoever comes back then is a new life.
func (s *system) handed(id string) bool {
	return s.handled[id] && (s.remote.settling || s.asked[id])
}

// resembles reports whether a record has kept a value that it was made with. Where people
// have changed them all before the key has told whose it is, it is taken for somebody new.
func (s *system) resembles(id string, set map[string]string) bool {
	now := s.remote.records[id].values
	for field, sent := range set {
		if sent != "" && normalized(kindOf(field), sent) == normalized(kindOf(field), now[field]) {
			return true
		}
	}
	return false
}

// canBeFound reports whether a record has kept a value that the system offers to
// look by. Where people have changed them all before we could look, a system
// without chosen keys cannot tell us that it is ours; nor can it where all that is left
// is a telephone, which families share, and they have changed the name.
func (s *system) canBeFound(id string, set map[string]string) bool {
	now := s.remote.records[id].values
	renamed := slices.ContainsFunc([]string{"first_name", "last_name"}, func(field string) bool {
		return set[field] != "" && !same(field, set[field], now[field])
	})
	for _, field := range s.Finds {
		if v := now[field]; v != "" && strings.EqualFold(v, strings.TrimSpace(set[field])) && !(field == "phone" && renamed) {
			return true
		}
	}
	return false
}

// watchBook judges what is about to be written to the book.
func (s *system) watchBook(batch connector.Batch) {
	if len(batch.Changes) == 0 || s.undoing {
		return
	}
	here := s.contacts()
	for _, c := range batch.Changes {
		switch c.Action {
		case plan.Create:
			if ref := s.came[c.SourceID]; ref != 0 && !s.handled[c.SourceID] {
				s.broken("I3: %s is created in the book again; it was %d", c.SourceID, store.Number(ref))
			}
			s.ever[c.SourceID] = true
			if s.planned != nil && !s.planned["here "+c.SourceID] {
				s.broken("I10: the create of %s is no part of the plan", c.SourceID)
			}
		case plan.Remove:
			if x := s.remote.records[c.SourceID]; x == nil || !x.gone {
				s.broken("I13: contact %d is removed, but its record %s is there", store.Number(c.Ref), c.SourceID)
			}
		case plan.Update:
			s.watchUpdate(c, here[c.Ref])
		}
	}
}

func (s *system) watchUpdate(c plan.Change, now map[string]string) {
	for _, f := range c.Fields {
		if !f.Written() {
			continue
		}
		if !s.may(f.Name, func(r rule) bool { return r.in != "" && r.in != plan.WriteNever }) {
			s.broken("I12: %s of contact %d is not to be written", f.Name, store.Number(c.Ref))
		}
		if v := now[f.Name]; v == f.Old && !blank(v) && !s.may(f.Name, func(r rule) bool { return carries(r.in) }) {
			s.broken("I4: %s of contact %d has %q and is overwritten by a policy that only fills blanks", f.Name, store.Number(c.Ref), v)
		}
		if f.New == "" && !blank(now[f.Name]) && !s.may(f.Name, func(r rule) bool { return r.mayClear && r.in != "" }) {
			s.broken("a blank erases %s of contact %d", f.Name, store.Number(c.Ref))
		}
	}
}

// blank is what says nothing: white space, and a name that is the placeholder.
func blank(v string) bool { return strings.TrimSpace(v) == "" || contact.IsPlaceholder(v) }

// signature is what a write does, in a word.
func signature(op connector.Op, id string, set map[string]string) string {
	parts := []string{strconv.Itoa(int(op)), id}
	for _, field := range slices.Sorted(maps.Keys(set)) {
		parts = append(parts, field+"="+set[field])
	}
	return strings.Join(parts, " ")
}

// plannedWrites are the signatures of all that a plan would have done.
func (s *system) plannedWrites(r store.Run) map[string]bool {
	all := map[string]bool{}
	for c, err := range s.store.Changes(s.ctx, r.ID) {
		if err != nil {
			s.broken("read plan: %v", err)
			break
		}
		set := map[string]string{}
		for i, v := range c.Values {
			if c.Remote && v != "" {
				set[remoteFields.Fields[i].Name] = v
			}
		}
		for _, f := range c.Fields {
			if f.Written() {
				set[f.Name] = f.New
			}
		}
		sent := c.Remote && c.Reason == plan.OutcomeUnknown
		switch {
		case !c.Remote && c.Action == plan.Create:
			all["here "+c.SourceID] = true
		case c.Remote && c.Action == plan.Create, sent && c.TargetID == "":
			all[signature(connector.OpCreate, "", set)] = true
		case c.Remote && c.Action == plan.Update:
			all[signature(connector.OpUpdate, c.TargetID, set)] = true
		case c.Remote && c.Action == plan.Remove:
			all[signature(connector.OpDelete, c.TargetID, nil)] = true
		}
	}
	return all
}

// checkListing: nothing is taken for gone that is there (I13), and a cursor is
// stored only once all before it is durable (I17).
func (s *system) checkListing() {
	mirror := s.mirror(-1)
	for _, id := range slices.Sorted(maps.Keys(mirror)) {
		if x := s.remote.records[id]; x != nil && !x.gone && mirror[id].State != store.There && !(s.handled[id] && s.narrowed) {
			s.broken("I13: %s is taken for gone, and is there", id)
		}
	}
	pair, err := s.store.Pair(s.ctx, s.pair.ID)
	cursor, _ := strconv.ParseInt(pair.Cursor, 10, 64)
	if err != nil || cursor == 0 {
		return
	}
	for id, x := range s.remote.records {
		m, known := mirror[id]
		switch {
		case x.seq >= cursor || x.gone && (!known || !s.TellsGone) || s.narrowed && (!known || s.handled[id]):
		case !known:
			s.broken("I17: the cursor is at %d, but %s (%d) is not in the mirror", cursor, id, x.seq)
		case x.gone != (m.State != store.There):
			s.broken("I17: the cursor is at %d, but the mirror does not know what became of %s", cursor, id)
		case !x.gone && !s.NoVersions && m.Version != strconv.FormatInt(x.version, 10):
			s.broken("I17: the cursor is at %d, but the mirror has %s at version %s, not %d", cursor, id, m.Version, x.version)
		}
	}
}

// journalOf reads what a run planned, and what became of it.
func (s *system) journalOf(r store.Run) (journal []store.StoredChange) {
	for c, err := range s.store.Changes(s.ctx, r.ID) {
		if err != nil {
			s.broken("read journal: %v", err)
			return nil
		}
		journal = append(journal, c)
	}
	return journal
}

// checkTotals: what is counted is what the journal has (I8).
func (s *system) checkTotals(r store.Run, journal []store.StoredChange) {
	var counted plan.Totals
	for _, c := range journal {
		counted.Count(c.Action, 1)
	}
	if counted != r.Totals {
		s.broken("I8: run %d says %+v, its journal %+v", r.ID, r.Totals, counted)
	}
}

// checkRun looks at a run that has ended: its totals, what it said about values
// it did not carry over, and the links it left.
func (s *system) checkRun(r store.Run) {
	s.result.Runs++
	if !r.Totals.Balanced() {
		s.broken("I8: the totals of run %d do not add up: %+v", r.ID, r.Totals)
	}
	journal := s.journalOf(r)
	if r.Status.Applied() {
		s.checkTotals(r, journal)
	}
	s.checkGuard(r)
	var refs []int64
	for _, c := range journal {
		s.hear(c, r.Status.Applied() || r.Status == store.Failed || r.Status == store.PausedQuota)
		if c.Ref != 0 {
			refs = append(refs, c.Ref)
		}
	}
	slices.Sort(refs)
	for _, ref := range slices.Compact(refs) {
		s.readConflicts(ref)
	}
	for _, did := range slices.Sorted(maps.Keys(s.did)) {
		if s.overtaken(s.did[did], r.ID) {
			continue // a person has written over it since: nothing of ours is left to tell
		}
		s.broken("I8: run %d wrote %s, and its journal says it did not", r.ID, did)
	}
	clear(s.did)
	if r.Status != store.Applying {
		clear(s.acted)
	}
	s.look()
}

// hear writes down what a run said about a person.
func (s *system) hear(c store.StoredChange, ended bool) {
	for _, f := range c.Fields {
		if !f.Written() {
			for _, v := range []string{f.Kept, f.Old} {
				s.notes.told[told{c.Ref, f.Name, v}] = s.notes.n
			}
		}
	}
	id := c.SourceID
	if c.Remote {
		id = c.TargetID
	}
	wrote := c.Action == plan.Create || c.Action == plan.Update || c.Action == plan.Remove
	if wrote && ended && !s.acted[did(c)] && !s.actedBy[deed{c.Run, did(c)}] && !s.forgotten[did(c)] && !s.byEither(c) && !s.typedToo(c) && !s.mistaken(c) {
		s.broken("I8: the journal of run %d says that it wrote %s, and it did not", c.Run, did(c))
	}
	if wrote || c.Reason == plan.OutcomeUnknown {
		delete(s.did, did(c))
	}
	if !ended { // what it would have done says nothing
		return
	}
	if c.Ref != 0 {
		s.why[fmt.Sprint("c", c.Ref)] = c.Action
	}
	if id != "" {
		s.why["r"+id] = c.Action
	}
}

// act notes that the run that is carried out may have written something.
func (s *system) act(did string) {
	s.acted[did], s.actedBy[deed{s.running, did}] = true, true
}

// carry notes it of the run, too, that wanted a write which another one settles.
func (s *system) carry(key, did string) {
	s.act(did)
	s.actedBy[deed{s.wantedBy[key], did}] = true
}

// byEither reports whether a record is gone whose deletion we had asked for, and it
// was a person who deleted it: where our answer was lost, nobody can tell who did.
func (s *system) byEither(c store.StoredChange) bool {
	x := s.remote.records[c.TargetID]
	return c.Remote && c.Action == plan.Remove && s.asked[c.TargetID] && x != nil && x.gone
}

// typedToo reports whether a person did what an interrupted run was about to do, by
// typing, merging or throwing away: it finds all as it should be, and takes it for its
// own work.
func (s *system) typedToo(c store.StoredChange) bool {
	side, id := 0, strconv.FormatInt(c.Ref, 10)
	if c.Remote {
		side, id = s.at, c.TargetID
	}
	switch {
	case c.Remote && c.Action == plan.Remove:
		return s.notes.gone[fmt.Sprint(side, "/", id)]
	case c.Action == plan.Remove:
		return s.notes.trashed[c.Ref]
	case c.Action != plan.Update:
		return false
	}
	x := s.remote.records[id]
	merged := c.Remote && x != nil && s.notes.merged[place{side: side, id: id}] > 0
	return !slices.ContainsFunc(c.Fields, func(f plan.FieldChange) bool {
		e := s.notes.edits[place{side, id, f.Name}]
		typed := e.n != 0 && (same(f.Name, e.value, f.New) || e.before != nil && same(f.Name, e.before.value, f.New)) // and typed on since
		return f.Written() && !typed && !(merged && same(f.Name, x.values[f.Name], f.New))
	})
}

// mistaken reports whether a create is said to have made a record that is not its own: of
// somebody whom the system cannot be searched for apart, or a person's who came first.
func (s *system) mistaken(c store.StoredChange) bool {
	s.look()
	x := s.remote.records[s.linked[c.Ref]]
	return c.Remote && c.Action == plan.Create && !s.ChosenKey && x != nil && s.refOf[x.key] != c.Ref
}

// overtaken reports whether somebody has written a contact since a run did.
func (s *system) overtaken(ref, run int64) bool {
	if ref == 0 {
		return false
	}
	for c, err := range s.store.ContactsByRef(s.ctx, s.shape, []int64{ref}) {
		return err == nil && c.UpdatedRun != run
	}
	return s.notes.trashed[ref] || s.notes.into[ref] != 0
}

// did names what a change of the journal says was written.
func did(c store.StoredChange) string {
	switch {
	case !c.Remote:
		return "here " + c.SourceID
	case c.Action == plan.Create:
		return fmt.Sprint("there c", c.Ref)
	}
	return "there " + c.TargetID
}

// A removal is what a run took away on both sides.
type removal struct {
	sync        int64
	at          time.Time
	here, there int
}

// checkGuard: no run removes more than a tenth without a person's word, nor all runs of a
// sync that nobody approved more than a fifth in a day (I5).
func (s *system) checkGuard(r store.Run) {
	if !r.Approved && (s.removedHere*10 > s.populationHere || s.removedThere*10 > s.populationThere) {
		s.broken("I5: run %d removed %d of %d contacts and %d of %d records; nobody approved", r.ID,
			s.removedHere, s.populationHere, s.removedThere, s.populationThere)
	}
	day := [2]int{}
	for _, d := range s.removals {
		if d.sync == r.SyncID && !d.at.Before(r.Started.Add(-24*time.Hour)) {
			day[0], day[1] = day[0]+d.here, day[1]+d.there
		}
	}
	if now := (removal{r.SyncID, r.Started, s.removedHere, s.removedThere}); !r.Approved && now.here+now.there > 0 {
		s.removals = append(s.removals, now)
		if now.here > 0 && (day[0]+now.here)*5 > s.populationHere+day[0] || now.there > 0 && (day[1]+now.there)*5 > s.populationThere+day[1] {
			s.broken("I5: run %d removed %d contacts and %d records, after %d and %d in the 24 hours before; nobody approved", r.ID, now.here, now.there, day[0], day[1])
		}
	}
	if r.Status == store.Blocked && s.removedHere+s.removedThere > 0 {
		s.broken("I5: run %d was blocked after it had removed something", r.ID)
	}
	s.removedHere, s.removedThere = 0, 0
}

// mirror reads what is known of the records that have changed in the mirror since
// then; since -1 all.
func (s *system) mirror(since int64) map[string]store.Mirrored {
	all := map[string]store.Mirrored{}
	ids, err := s.store.MirrorSince(s.ctx, s.pair.ID, since)
	if err != nil {
		s.broken("read mirror: %v", err)
		return all
	}
	mirror, err := s.store.MirrorByID(s.ctx, ids)
	if err != nil {
		s.broken("read mirror: %v", err)
	}
	for _, m := range mirror {
		all[m.RemoteID] = m
	}
	return all
}

// known is how many records are there as far as the mirror knows.
func (s *system) known() int {
	there, err := s.store.MirrorThere(s.ctx, s.pair.ID)
	if err != nil {
		s.broken("read mirror: %v", err)
	}
	return len(there)
}

// look reads the links and the conflict log. A link that is there stays (I16).
func (s *system) look() {
	pair, err := s.store.Pair(s.ctx, s.pair.ID)
	if err != nil {
		s.broken("read pair: %v", err)
	}
	if pair.Seq == s.looked {
		return
	}
	changed := s.mirror(s.looked)
	s.looked = pair.Seq
	for id, m := range changed {
		if m.Ref == 0 {
			continue
		}
		if m.State == store.Gone && s.came[id] == m.Ref && s.linked[m.Ref] != id {
			continue // the tombstone of a record that was made anew
		}
		if was := s.linked[m.Ref]; was != "" && was != id && !s.handled[was] && s.remote.records[was].into == "" && !s.remote.records[was].gone {
			s.broken("I16: contact %d was %s and is now %s", store.Number(m.Ref), was, id)
		}
		if was := s.linked[m.Ref]; was != "" && was != id {
			s.replaced(id)
		} else if was == "" && !s.ever[id] && s.remote.records[id].key == "" {
			s.met(id, m.Base)
		}
		if was := s.came[id]; was != 0 && was != m.Ref && !s.handled[id] && !s.notes.mergedInto(was, m.Ref) && !s.newLife(id, was) {
			s.broken("I16: %s was contact %d and is now %d", id, store.Number(was), store.Number(m.Ref))
		}
		if was := s.came[id]; was != m.Ref && s.linked[was] == id {
			delete(s.linked, was) // the record is another contact's
		}
		s.linked[m.Ref], s.came[id], s.ever[id] = id, m.Ref, true
	}
}

// replaced notes that a record took another's place: where it says what was agreed on with
// that one, nobody has said anything new.
func (s *system) replaced(id string) {
	for _, f := range remoteFields.Fields {
		s.notes.unsure(s.at, id, f.Name)
	}
}

// newLife reports whether a record's deletion was asked for, since its contact was thrown
// away, and people have merged another into it: it is the other's, should it still be there.
func (s *system) newLife(id string, was int64) bool {
	return s.asked[id] && s.notes.trashed[was] && s.notes.merged[place{side: s.at, id: id}] > 0
}

// met notes that a record was found to be a contact that was there before: where the two
// agree, its person has said what the contact said already, and nothing newer.
func (s *system) met(id string, base map[string]plan.Agreed) {
	for field, a := range base {
		at := place{s.at, id, field}
		if e := s.notes.edits[at]; e.n != 0 && e.before == nil && s.agree(field, a.Ours, a.Theirs) && same(field, e.value, a.Theirs) {
			e.n = 1 // older than any other
			s.notes.edits[at] = e
		}
	}
}

// readConflicts writes down what the conflict log says of a contact.
func (s *system) readConflicts(ref int64) {
	conflicts, err := s.store.ConflictsOf(s.ctx, ref)
	if err != nil {
		s.broken("read conflicts: %v", err)
	}
	for _, c := range conflicts {
		for _, v := range []string{c.Ours, c.Theirs, c.TheirsRaw} {
			if t := (told{ref, c.Field, v}); s.notes.told[t] == 0 || s.logged[c.ID] == 0 {
				s.notes.told[t] = s.notes.n
			}
		}
		s.logged[c.ID] = s.notes.n
	}
}
