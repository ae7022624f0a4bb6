package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// paired binds a two-way sync whose source is the remote, unless the sync says
// otherwise. m is the mapping of the one field that a row is about.
func paired(t testing.TB, s plan.Sync, m plan.Mapping) *plan.Pairing {
	t.Helper()
	if s.Source == (plan.Endpoint{}) {
		s.Source, s.Target = plan.Endpoint{Connection: "crm"}, plan.Endpoint{Book: "people"}
	}
	if s.Direction == "" {
		s.Direction = plan.TwoWay
	}
	s.Match = []plan.Rule{plan.ByLink, plan.ByEmail}
	s.Map = []plan.Mapping{{From: "email", To: "email"}}
	if m.From != "email" {
		s.Map = append(s.Map, m)
	}
	p, err := plan.Pair(s.Defaults(), people, people, "GB")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// meet is one field of one person, and says in a line what becomes of it.
func meet(p *plan.Pairing, field string, m plan.Meeting, ours, theirs string) string {
	m.Ours.Values = record(map[string]string{"email": "ada@example.com", field: ours})
	m.Theirs.Values = record(map[string]string{"email": "ada@example.com", field: theirs})
	if m.Now.IsZero() {
		m.Now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	}
	e, _ := p.Meet(m)
	var says []string
	for _, f := range e.In {
		says = append(says, change("here", f))
	}
	for _, f := range e.Out {
		says = append(says, change("there", f))
	}
	for _, c := range e.Conflicts {
		word := "conflict, " + string(c.Winner)
		if c.Oscillates {
			word = "frozen"
		}
		says = append(says, word)
	}
	base := "no base"
	if b, ok := e.Base[field]; ok {
		base = "base " + b.Ours + "/" + b.Theirs
	}
	return strings.Join(append(says, base), "; ")
}

func change(side string, f plan.FieldChange) string {
	if !f.Written() {
		return side + " keeps " + f.New
	}
	return side + " becomes " + f.New
}

func agreed(field, ours, theirs string) map[string]plan.Agreed {
	return map[string]plan.Agreed{field: {Ours: ours, Theirs: theirs}, "email": {Ours: "ada@example.com", Theirs: "ada@example.com"}}
}

// Requirements 3.8, cell by cell: a person has "A" on both sides, as agreed.
func TestThreeWay(t *testing.T) {
	company := func(m plan.Mapping) plan.Mapping { m.From, m.To = "company", "company"; return m }
	for _, c := range []struct {
		what         string
		sync         plan.Sync
		field        plan.Mapping
		ours, theirs string
		want         string
	}{
		{"nobody changed anything", plan.Sync{}, plan.Mapping{}, "A", "A", "base A/A"},
		{"only theirs changed: it is taken", plan.Sync{}, plan.Mapping{}, "A", "B", "here becomes B; base B/B"},
		{"only ours changed: it is sent", plan.Sync{}, plan.Mapping{}, "B", "A", "there becomes B; base B/B"},
		{"both changed alike: a new base", plan.Sync{}, plan.Mapping{}, "B", "B", "base B/B"},
		{"both changed, written differently but saying the same", plan.Sync{}, plan.Mapping{}, " B", "B ", "base  B/B "},
		{"both changed differently: the source wins by default", plan.Sync{}, plan.Mapping{}, "B", "C", "here becomes C; conflict, theirs; base C/C"},
		{"the source is the book: it wins", fromBook(), plan.Mapping{}, "B", "C", "there becomes B; conflict, ours; base B/B"},
		{"the target wins where its field says so", plan.Sync{}, plan.Mapping{Winner: plan.WinTarget}, "B", "C", "there becomes B; conflict, ours; base B/B"},
		{"review: it waits, and nothing is written", plan.Sync{}, plan.Mapping{Winner: plan.WinReview}, "B", "C", "conflict, review; base A/A"},
		{"most recent: times that are not known decide nothing", plan.Sync{}, plan.Mapping{Winner: plan.WinRecent}, "B", "C", "conflict, review; base A/A"},
		{"non-blank: two values wait for a person", plan.Sync{}, plan.Mapping{Winner: plan.WinNonBlank}, "B", "C", "conflict, review; base A/A"},
		{"cleared there: nothing is erased here", plan.Sync{}, plan.Mapping{}, "A", "", "base A/"},
		{"cleared here: nothing is erased there", plan.Sync{}, plan.Mapping{}, "", "A", "base /A"},
		{"cleared there, and the field may clear, with always", plan.Sync{}, plan.Mapping{MayClear: true}, "A", "", "here becomes ; base /"},
		{"cleared here, and the field may clear", plan.Sync{}, plan.Mapping{MayClear: true}, "", "A", "there becomes ; base /"},
		{"cleared there, changed here: the change is sent", plan.Sync{}, plan.Mapping{}, "B", "", "there becomes B; base B/B"},
		{"cleared here, changed there: the change is taken", plan.Sync{}, plan.Mapping{}, "", "B", "here becomes B; base B/B"},
		{"cleared there, changed here, may clear: the winner says", plan.Sync{}, plan.Mapping{MayClear: true}, "B", "", "here becomes ; conflict, theirs; base /"},
		{"cleared there, changed here, may clear, non-blank wins", plan.Sync{}, plan.Mapping{MayClear: true, Winner: plan.WinNonBlank}, "B", "", "there becomes B; conflict, ours; base B/B"},
		{"cleared on both sides", plan.Sync{}, plan.Mapping{}, "", "", "base /"},
		{"theirs changed, and the book only fills blanks: kept, and told", plan.Sync{}, plan.Mapping{Write: plan.WriteIfExistingBlank}, "A", "B", "here keeps A; base A/B"},
		{"theirs changed, and the book is never written", plan.Sync{}, plan.Mapping{Write: plan.WriteNever}, "A", "B", "here keeps A; base A/A"},
		{"ours changed, and the remote only fills blanks: kept, and told", plan.Sync{Policy: plan.Policy{Back: plan.WriteIfExistingBlank}}, plan.Mapping{}, "B", "A", "there keeps A; base B/A"},
		{"ours changed, and the remote is never written", plan.Sync{Policy: plan.Policy{Back: plan.WriteNever}}, plan.Mapping{}, "B", "A", "there keeps A; base A/A"},
		{"one way in: ours is overwritten, whatever was agreed", plan.Sync{Direction: plan.OneWay}, plan.Mapping{}, "B", "A", "here becomes A; base A/A"},
		{"one way in: a blank there erases nothing", plan.Sync{Direction: plan.OneWay}, plan.Mapping{}, "A", "", "base A/A"},
		{"one way in, by a field of a two-way sync", plan.Sync{}, plan.Mapping{Direction: plan.ToTarget}, "B", "A", "here becomes A; base A/A"},
		{"one way back: theirs is overwritten", plan.Sync{}, plan.Mapping{Direction: plan.ToSource}, "A", "B", "there becomes A; base A/A"},
		{"one way out of the book", oneWay(fromBook()), plan.Mapping{}, "A", "B", "there becomes A; base A/A"},
		{"one way with fill blanks: kept, and the base is another sync's", plan.Sync{Direction: plan.OneWay}, plan.Mapping{Write: plan.WriteIfExistingBlank}, "B", "A", "here keeps B; base A/A"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := paired(t, c.sync, company(c.field))
			if got := meet(p, "company", plan.Meeting{Base: agreed("company", "A", "A")}, c.ours, c.theirs); got != c.want {
				t.Errorf("ours %q, theirs %q:\n got %s\nwant %s", c.ours, c.theirs, got, c.want)
			}
		})
	}
}

func fromBook() plan.Sync {
	return plan.Sync{Source: plan.Endpoint{Book: "people"}, Target: plan.Endpoint{Connection: "crm"}}
}

func oneWay(s plan.Sync) plan.Sync { s.Direction = plan.OneWay; return s }

// Without a base nothing that says something is overwritten (requirements 3.8).
func TestFirstContact(t *testing.T) {
	for _, c := range []struct {
		what         string
		field        string
		m            plan.Mapping
		ours, theirs string
		want         string
	}{
		{"both say the same", "company", plan.Mapping{}, "A", "A", "base A/A"},
		{"ours is blank: it is filled", "company", plan.Mapping{}, "", "A", "here becomes A; base A/A"},
		{"theirs is blank: it is filled", "company", plan.Mapping{}, "A", "", "there becomes A; base A/A"},
		{"both have a value: both stay, and it is told", "company", plan.Mapping{}, "A", "B", "here keeps A; base A/B"},
		{"both have a value, even where the source always writes", "company", plan.Mapping{Write: plan.WriteAlways}, "A", "B", "here keeps A; base A/B"},
		{"both have a value, and the field asks a person", "company", plan.Mapping{Winner: plan.WinReview}, "A", "B", "conflict, review; no base"},
		{"white space is a blank", "company", plan.Mapping{}, " ", "A", "here becomes A; base A/A"},
		{"the placeholder there is a blank", "last_name", plan.Mapping{}, "Byron", "New Contact", "there becomes Byron; base Byron/Byron"},
		{"the placeholder here is a blank", "last_name", plan.Mapping{}, "New Contact", "Byron", "here becomes Byron; base Byron/Byron"},
		{"the placeholder is never sent", "last_name", plan.Mapping{}, "New Contact", "", "base New Contact/"},
		{"two ways to write one telephone number", "phone", plan.Mapping{}, "020 7946 0001", "+442079460001", "base 020 7946 0001/+442079460001"},
		{"a value is translated on its way in", "company", plan.Mapping{Values: map[string]string{"X": "Acme"}}, "", "X", "here becomes Acme; base Acme/X"},
		{"and on its way out", "company", plan.Mapping{Values: map[string]string{"X": "Acme"}}, "Acme", "", "there becomes X; base Acme/X"},
		{"and is the same in either's words", "company", plan.Mapping{Values: map[string]string{"X": "Acme"}}, "Acme", "X", "base Acme/X"},
	} {
		t.Run(c.what, func(t *testing.T) {
			c.m.From, c.m.To = c.field, c.field
			if got := meet(paired(t, plan.Sync{}, c.m), c.field, plan.Meeting{}, c.ours, c.theirs); got != c.want {
				t.Errorf("ours %q, theirs %q:\n got %s\nwant %s", c.ours, c.theirs, got, c.want)
			}
		})
	}
}

// A conflict waits for a person, who decides about the two values that are there.
func TestChoicesAndTimes(t *testing.T) {
	review, recent := plan.Mapping{From: "company", To: "company", Winner: plan.WinReview}, plan.Mapping{From: "company", To: "company", Winner: plan.WinRecent}
	choice := func(ours, theirs string, pick plan.Winner) map[string]plan.Choice {
		return map[string]plan.Choice{"company": {Ours: ours, Theirs: theirs, Pick: pick}}
	}
	early, late := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what string
		m    plan.Mapping
		how  plan.Meeting
		want string
	}{
		{"a person chose ours", review, plan.Meeting{Choices: choice("B", "C", plan.WinOurs)}, "there becomes B; base B/B"},
		{"a person chose theirs", review, plan.Meeting{Choices: choice("B", "C", plan.WinTheirs)}, "here becomes C; base C/C"},
		{"what was chosen between other values does not count", review, plan.Meeting{Choices: choice("B", "D", plan.WinTheirs)}, "conflict, review; base A/A"},
		{"a frozen field stays as it is", recent, plan.Meeting{Frozen: map[string]bool{"company": true}}, "base A/A"},
		{"a choice thaws it", recent, plan.Meeting{Frozen: map[string]bool{"company": true}, Choices: choice("B", "C", plan.WinOurs)}, "there becomes B; base B/B"},
		{"ours is more recent", recent, plan.Meeting{Ours: contact.Record{Modified: late}, Theirs: contact.Record{Modified: early}}, "there becomes B; conflict, ours; base B/B"},
		{"theirs is more recent", recent, plan.Meeting{Ours: contact.Record{Modified: early}, Theirs: contact.Record{Modified: late}}, "here becomes C; conflict, theirs; base C/C"},
		{"equal times decide nothing", recent, plan.Meeting{Ours: contact.Record{Modified: late}, Theirs: contact.Record{Modified: late}}, "conflict, review; base A/A"},
		{"one time alone decides nothing", recent, plan.Meeting{Ours: contact.Record{Modified: late}}, "conflict, review; base A/A"},
	} {
		t.Run(c.what, func(t *testing.T) {
			c.how.Base = agreed("company", "A", "A")
			if got := meet(paired(t, plan.Sync{}, c.m), "company", c.how, "B", "C"); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// The same value three times a day, or six times a month, and the field is frozen
// (requirements 3.9).
func TestTheOscillationBreaker(t *testing.T) {
	for _, c := range []struct {
		what  string
		every time.Duration
		want  int // writes before it is frozen; 0: never
	}{
		{"hourly: the fourth is one too many", time.Hour, 3},
		{"every second day: the seventh is one too many", 48 * time.Hour, 6},
		{"once a week does no harm", 8 * 24 * time.Hour, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := paired(t, plan.Sync{}, plan.Mapping{From: "company", To: "company"})
			base, now, writes := agreed("company", "A", "A"), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 0
			for range 10 {
				now = now.Add(c.every)
				m := plan.Meeting{Base: base, Now: now}
				m.Ours.Values = record(map[string]string{"email": "ada@example.com", "company": "A"})
				m.Theirs.Values = record(map[string]string{"email": "ada@example.com", "company": "B"})
				e, _ := p.Meet(m)
				if len(e.Conflicts) > 0 {
					break
				}
				writes++
				e.Base["company"] = plan.Agreed{Ours: "A", Theirs: "A", Wrote: e.Base["company"].Wrote} // somebody put it back
				base = e.Base
			}
			if c.want == 0 {
				c.want = 10
			}
			if writes != c.want {
				t.Errorf("%d writes before the field was frozen, want %d", writes, c.want)
			}
		})
	}
}

// Random edits on both sides, through Meet alone: the sides never drift apart, a
// second meeting writes nothing, and an edit is lost only where the conflict says
// so (3.8, 3.9).
func TestMeetingsConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		winner := rapid.SampledFrom([]plan.Winner{"", plan.WinSource, plan.WinTarget}).Draw(t, "winner")
		p := pairedAny(t, winner, rapid.Bool().Draw(t, "from the book"), rapid.Bool().Draw(t, "may clear"))
		cut := rapid.Bool().Draw(t, "the remote cuts values")
		w := duo{p: p, cut: cut}
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			w.edits(t)
			w.meet(t)
		}
	})
}

func pairedAny(t *rapid.T, winner plan.Winner, fromBook, mayClear bool) *plan.Pairing {
	s := plan.Sync{Source: plan.Endpoint{Connection: "crm"}, Target: plan.Endpoint{Book: "people"}, Direction: plan.TwoWay, Match: []plan.Rule{plan.ByEmail}}
	if fromBook {
		s.Source, s.Target = s.Target, s.Source
	}
	for _, f := range []string{"email", "phone", "company", "last_name"} {
		s.Map = append(s.Map, plan.Mapping{From: f, To: f, Winner: winner, MayClear: mayClear && f == "company"})
	}
	p, err := plan.Pair(s.Defaults(), people, people, "GB")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// duo is one person on both sides, with what they last agreed on.
type duo struct {
	p            *plan.Pairing
	ours, theirs map[string]string
	base         map[string]plan.Agreed
	cut          bool
	now          time.Time
	edited       map[string][2]bool // field -> here, there, since the last meeting
}

var offers = map[string][]string{
	"phone": {"020 7946 0001", "+44 20 7946 0001", "020 7946 0002", ""}, "company": {"Acme", " Acme", "Umbra Corporation", ""}, "last_name": {"Byron", "King", "Lovelace", ""},
}

func (w *duo) edits(t *rapid.T) {
	if w.ours == nil {
		w.ours, w.theirs, w.now = map[string]string{"email": "ada@example.com"}, map[string]string{"email": "ada@example.com"}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	w.edited = map[string][2]bool{}
	for field, values := range offers {
		for side, record := range []map[string]string{w.ours, w.theirs} {
			value := rapid.SampledFrom(values).Draw(t, fmt.Sprint(field, side))
			if !rapid.Bool().Draw(t, "edit") || record[field] == value {
				continue
			}
			record[field] = w.stored(side, value)
			marks := w.edited[field]
			marks[side] = true
			w.edited[field] = marks
		}
	}
}

func (w *duo) stored(side int, value string) string {
	if side == 1 && w.cut && len(value) > 6 && !strings.ContainsAny(value, "0123456789") {
		return value[:6]
	}
	return value
}

// meet lets the sides meet and carries out what comes of it.
func (w *duo) meet(t *rapid.T) {
	w.now = w.now.Add(40 * 24 * time.Hour) // the breaker has a test of its own
	first := w.base == nil
	before := [2]map[string]string{clone(w.ours), clone(w.theirs)}
	e := w.once(t)
	for field := range offers {
		w.lost(t, field, first, before, e)
	}
	if again := w.once(t); written(again) > 0 {
		t.Fatalf("the second meeting writes again (echo): %+v %+v", again.In, again.Out)
	}
}

func (w *duo) once(t *rapid.T) plan.Encounter {
	m := plan.Meeting{Base: w.base, Now: w.now}
	m.Ours.Values, m.Theirs.Values = record(w.ours), record(w.theirs)
	e, translated := w.p.Meet(m)
	if translated.Reject != "" {
		t.Fatalf("rejected: %s", translated.Reject)
	}
	for _, f := range e.In {
		if f.Written() {
			w.ours[f.Name] = f.New
		}
	}
	for _, f := range e.Out {
		if f.Written() {
			w.theirs[f.Name] = w.stored(1, f.New)
			a := e.Base[f.Name]
			a.Theirs = w.theirs[f.Name] // as the remote returned it
			e.Base[f.Name] = a
		}
	}
	w.base = e.Base
	return e
}

// lost: an edit that says something is on both sides, or stood against another.
func (w *duo) lost(t *rapid.T, field string, first bool, before [2]map[string]string, e plan.Encounter) {
	edited, here, there := w.edited[field], w.ours[field], w.theirs[field]
	conflict := slices.ContainsFunc(e.Conflicts, func(c plan.Conflict) bool { return c.Field == field })
	told := slices.ContainsFunc(e.In, func(f plan.FieldChange) bool { return f.Name == field && !f.Written() })
	switch {
	case conflict, first && told, edited == [2]bool{}:
	case edited[0] && !edited[1] && before[0][field] != "" && here != before[0][field]:
		t.Fatalf("%s: %q was typed here alone, and %q is here now", field, before[0][field], here)
	case edited[1] && !edited[0] && before[1][field] != "" && there != before[1][field]:
		t.Fatalf("%s: %q was typed there alone, and %q is there now", field, before[1][field], there)
	}
}

func clone(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

func written(e plan.Encounter) (n int) {
	for _, f := range append(slices.Clone(e.In), e.Out...) {
		if f.Written() {
			n++
		}
	}
	return n
}

// A remote that cuts a value off, or writes it its own way, is sent it once: not again
// whenever something else about the person is looked at.
func TestAValueThatTheRemoteCutsIsSentOnce(t *testing.T) {
	p := paired(t, plan.Sync{Source: plan.Endpoint{Book: "people"}, Target: plan.Endpoint{Connection: "crm"}, Direction: plan.OneWay},
		plan.Mapping{From: "company", To: "company", Write: plan.WriteAlways})
	w := duo{p: p, cut: true, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
		ours: map[string]string{"email": "ada@example.com", "company": "Umbra Corporation"}, theirs: map[string]string{"email": "ada@example.com"}}
	for _, step := range []struct {
		what   string
		here   string
		writes int
	}{
		{"it is sent", "Umbra Corporation", 1},
		{"and not again", "Umbra Corporation", 0},
		{"another one is", "Acme Corporation", 1},
		{"once", "Acme Corporation", 0},
	} {
		w.ours["company"] = step.here
		m := plan.Meeting{Base: w.base, Now: w.now}
		m.Ours.Values, m.Theirs.Values = record(w.ours), record(w.theirs)
		e, _ := p.Meet(m)
		if written(e) != step.writes {
			t.Errorf("%s: got %+v", step.what, e.Out)
		}
		for _, f := range e.Out {
			w.theirs[f.Name] = w.stored(1, f.New)
			a := e.Base[f.Name]
			a.Theirs = w.theirs[f.Name]
			e.Base[f.Name] = a
		}
		w.base = e.Base
	}
}
