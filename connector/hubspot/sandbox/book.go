package sandbox

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// A book holds the contacts. A crowd of any size is in it as arithmetic only:
// its members become contacts of their own once somebody touches them.
type book struct {
	next    int64
	people  map[int64]*person
	ids     []int64          // of the people made one by one, ascending
	byEmail map[string]int64 // first and further addresses of people
	changes []change         // of people, oldest first
	blocked map[string]bool  // addresses that were erased for good
	crowd   crowd
}

// A person is a contact that has been made or touched.
type person struct {
	id      int64
	created time.Time
	into    int64   // that it was merged into
	former  []int64 // that were merged into it
	erased  bool
	state
	past []past
}

// A state is what can change about a contact.
type state struct {
	values     map[string]string
	modified   time.Time
	archived   bool
	archivedAt time.Time
}

// past is a state and when it ended. The search index still shows it for a while.
type past struct {
	state
	absent bool // it was not there before
	until  time.Time
}

type change struct {
	at int64 // milliseconds
	id int64
}

func newBook() book {
	return book{next: 1001, people: map[int64]*person{}, byEmail: map[string]int64{}, blocked: map[string]bool{}}
}

// A crowd is n contacts with ids from first on, each changed step after the one
// before.
type crowd struct {
	first, n int64
	begun    time.Time
	step     time.Duration
}

func (c crowd) has(id int64) bool { return id >= c.first && id < c.first+c.n }

func (c crowd) stamp(i int64) time.Time { return c.begun.Add(time.Duration(i) * c.step) }

// member is contact number i of the crowd.
func (c crowd) member(i int64) view {
	return view{id: c.first + i, created: c.begun.Add(-24 * time.Hour), state: state{modified: c.stamp(i), values: map[string]string{
		"email": fmt.Sprintf("person%d@example.com", i), "firstname": "First " + strconv.FormatInt(i, 10), "lastname": "Example",
		"lifecyclestage": "lead", "hs_email_domain": "example.com",
	}}}
}

// byEmail is the number of the member with an address, or -1.
func (c crowd) byEmail(email string) int64 {
	number := strings.TrimSuffix(strings.TrimPrefix(email, "person"), "@example.com")
	i, err := strconv.ParseInt(number, 10, 64)
	if err != nil || i < 0 || i >= c.n || c.member(i).values["email"] != email {
		return -1
	}
	return i
}

// person returns a contact, archived or not, to be changed: nil when there never
// was one of that id. An id that was merged leads to the one it was merged into.
func (b *book) person(id int64) *person {
	for p := b.people[id]; p != nil; p = b.people[id] {
		if p.into == 0 {
			if p.erased {
				return nil
			}
			return p
		}
		id = p.into
	}
	if !b.crowd.has(id) {
		return nil
	}
	v := b.crowd.member(id - b.crowd.first)
	p := &person{id: id, created: v.created, state: v.state}
	b.people[id] = p
	b.byEmail[v.values["email"]] = id
	return p
}

// look is person for reading only.
func (b *book) look(id int64) (view, bool) {
	if b.people[id] == nil && b.crowd.has(id) {
		return b.crowd.member(id - b.crowd.first), true
	}
	if p := b.person(id); p != nil {
		return p.view(), true
	}
	return view{}, false
}

func (p *person) view() view { return view{id: p.id, created: p.created, state: p.state} }

// owner is the contact that has an address as its own or a further one.
func (b *book) owner(email string) (int64, bool) {
	email = strings.ToLower(strings.TrimSpace(email))
	if id, ok := b.byEmail[email]; ok {
		return id, id != 0
	}
	if i := b.crowd.byEmail(email); i >= 0 && b.people[b.crowd.first+i] == nil {
		return b.crowd.first + i, true
	}
	return 0, false
}

// all yields the contacts by ascending id, as they are now, from an id on.
func (b *book) all(after int64) iter.Seq[view] {
	return func(yield func(view) bool) {
		for i := max(0, after+1-b.crowd.first); i < b.crowd.n; i++ {
			p := b.people[b.crowd.first+i]
			switch {
			case p == nil:
				if !yield(b.crowd.member(i)) {
					return
				}
			case p.into == 0 && !p.erased:
				if !yield(p.view()) {
					return
				}
			}
		}
		at, _ := slices.BinarySearch(b.ids, after+1)
		for _, id := range b.ids[at:] {
			if p := b.people[id]; p.into == 0 && !p.erased && !yield(p.view()) {
				return
			}
		}
	}
}

// touched is all without those of the crowd that nobody has touched.
func (b *book) touched(after int64) iter.Seq[view] {
	return func(yield func(view) bool) {
		for _, id := range slices.Sorted(maps.Keys(b.people)) {
			if p := b.people[id]; id > after && p.into == 0 && !p.erased && !yield(p.view()) {
				return
			}
		}
	}
}

// change begins a change of a person: what was is kept for the search index.
func (b *book) change(p *person, now time.Time, lag time.Duration) {
	old := p.state
	old.values = maps.Clone(p.values)
	p.past = slices.DeleteFunc(p.past, func(x past) bool { return now.Sub(x.until) > lag })
	if lag > 0 {
		p.past = append(p.past, past{state: old, until: now})
	}
	p.modified = now
	b.changes = append(b.changes, change{now.UnixMilli(), p.id})
}

// add makes a person.
func (b *book) add(values map[string]string, now time.Time, lag time.Duration) *person {
	p := &person{id: b.next, created: now, state: state{values: values, modified: now}}
	if lag > 0 {
		p.past = []past{{absent: true, until: now}}
	}
	b.next++
	b.people[p.id] = p
	b.ids = append(b.ids, p.id)
	b.changes = append(b.changes, change{now.UnixMilli(), p.id})
	b.own(p)
	return p
}

// own enters a person's addresses, and disown takes them out.
func (b *book) own(p *person) {
	for _, email := range p.emails() {
		b.byEmail[email] = p.id
	}
}

func (b *book) disown(p *person) {
	for _, email := range p.emails() {
		b.byEmail[email] = 0 // not the crowd's either
	}
}

func (p *person) emails() (all []string) {
	if email := p.values["email"]; email != "" {
		all = append(all, email)
	}
	if more := p.values["hs_additional_emails"]; more != "" {
		all = append(all, strings.Split(more, ";")...)
	}
	return all
}

// indexed is a contact as the search index shows it: as it was lag ago.
func (b *book) indexed(id int64, now time.Time, lag time.Duration) (view, bool) {
	p := b.people[id]
	if p == nil {
		if b.crowd.has(id) {
			return b.crowd.member(id - b.crowd.first), true
		}
		return view{}, false
	}
	for _, x := range p.past { // oldest first
		if now.Sub(x.until) < lag {
			return view{id: id, created: p.created, state: x.state}, !x.absent && !x.archived
		}
	}
	return p.view(), p.into == 0 && !p.erased && !p.archived
}

// since yields what the index shows that was changed at or after a time, the
// oldest change first.
func (b *book) since(from, now time.Time, lag time.Duration) iter.Seq[view] {
	return func(yield func(view) bool) {
		first := int64(sort.Search(int(b.crowd.n), func(i int) bool { return !b.crowd.stamp(int64(i)).Before(from) }))
		for i := first; i < b.crowd.n; i++ {
			v, ok := b.indexed(b.crowd.first+i, now, lag)
			if ok && v.modified.Equal(b.crowd.stamp(i)) && !yield(v) {
				return
			}
		}
		at := sort.Search(len(b.changes), func(i int) bool { return b.changes[i].at >= from.UnixMilli() })
		shown := map[int64]bool{}
		for _, c := range b.changes[at:] {
			v, ok := b.indexed(c.id, now, lag)
			if ok && v.modified.UnixMilli() == c.at && !shown[c.id] {
				shown[c.id] = true
				if !yield(v) {
					return
				}
			}
		}
	}
}
