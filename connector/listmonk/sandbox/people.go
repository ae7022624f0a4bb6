package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A list is a mailing list.
type list struct {
	ID          int       `json:"id"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	UUID        string    `json:"uuid"`
	Name        string    `json:"name"`
	Type        string    `json:"type"`
	Optin       string    `json:"optin"`
	Status      string    `json:"status"`
	Tags        []string  `json:"tags"`
	Description string    `json:"description"`
}

// A person is a subscriber.
type person struct {
	id               int
	email, name      string
	attribs          map[string]any
	status           string
	created, updated time.Time
	on               []subscription
	light            bool // a sketch: see invent
}

// A subscription is a person on a list.
type subscription struct {
	list             int
	status           string
	created, updated time.Time
}

func (p *person) to(list int) *subscription {
	for i := range p.on {
		if p.on[i].list == list {
			return &p.on[i]
		}
	}
	return nil
}

func (p *person) leave(list int) {
	p.on = slices.DeleteFunc(p.on, func(s subscription) bool { return s.list == list })
}

// A Person is a subscriber as tests and demonstrations see one.
type Person struct {
	Email, Name string
	Status      string // enabled, disabled or blocklisted
	Attribs     map[string]any
	Lists       map[int]string // state of each subscription, by list
}

// AddList makes a list with "single" or "double" opt-in, unless there is one of
// that name.
func (s *Sandbox) AddList(name, optin string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.lists, func(l list) bool { return l.Name == name }); i >= 0 {
		return s.lists[i].ID
	}
	return s.addList(name, optin).ID
}

func (s *Sandbox) addList(name, optin string) list {
	id := len(s.lists) + 1
	l := list{ID: id, CreatedAt: s.now(), UpdatedAt: s.now(), UUID: uuid("list", id), Name: name, Type: "public", Optin: optin, Status: "active", Tags: []string{}}
	s.lists = append(s.lists, l)
	return l
}

// uuid is one that depends on nothing but a number.
func uuid(of string, n int) string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", n*2654435761&0xffffffff, len(of), n&0xfff, n>>12&0xfff, n)
}

// Add makes a subscriber and returns the number.
func (s *Sandbox) Add(p Person) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &person{email: p.Email, name: p.Name, status: p.Status, attribs: plain(p.Attribs), created: s.now(), updated: s.now()}
	if one.status == "" {
		one.status = "enabled"
	}
	for _, l := range slices.Sorted(maps.Keys(p.Lists)) {
		one.on = append(one.on, subscription{l, p.Lists[l], s.now(), s.now()})
	}
	return s.keep(one)
}

// plain is attributes as JSON has them.
func plain(attribs map[string]any) map[string]any {
	text, _ := json.Marshal(attribs) // tests write what can be written
	out := map[string]any{}
	_ = decode(strings.NewReader(string(text)), &out)
	return out
}

// keep stores a subscriber, with a new number where there is none.
func (s *Sandbox) keep(p *person) int {
	if p.id == 0 {
		s.last++
		p.id = s.last
	}
	s.people[p.id] = p
	s.emails[strings.ToLower(p.email)] = p.id
	return p.id
}

// at is a subscriber to look at, and never to change; nil when there is none.
func (s *Sandbox) at(id int) *person {
	if p, touched := s.people[id]; touched {
		return p
	}
	if id < 1 || id > s.invented {
		return nil
	}
	return invent(id)
}

// touch is a subscriber to change.
func (s *Sandbox) touch(id int) *person {
	p := s.at(id)
	if p != nil {
		s.keep(p)
	}
	return p
}

func (s *Sandbox) delete(id int) {
	if p := s.at(id); p != nil {
		delete(s.emails, strings.ToLower(p.email))
		s.people[id] = nil
	}
}

// withEmail is the number of who has an address, or 0.
func (s *Sandbox) withEmail(email string) int {
	email = strings.ToLower(email)
	if id := s.emails[email]; id > 0 {
		return id
	}
	if id := inventedID(email); id > 0 && id <= s.invented {
		if _, touched := s.people[id]; !touched {
			return id
		}
	}
	return 0
}

// Get returns a subscriber, if there is one.
func (s *Sandbox) Get(id int) (Person, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.at(id)
	if p == nil {
		return Person{}, false
	}
	out := Person{Email: p.email, Name: p.name, Status: p.status, Attribs: maps.Clone(p.attribs), Lists: map[int]string{}}
	for _, on := range p.on {
		out.Lists[on.list] = on.status
	}
	return out, true
}

// Change edits a subscriber as somebody at the server would.
func (s *Sandbox) Change(id int, edit func(*Person)) {
	before, _ := s.Get(id)
	edit(&before)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.touch(id)
	delete(s.emails, strings.ToLower(p.email))
	p.email, p.name, p.status, p.attribs, p.updated = before.Email, before.Name, before.Status, plain(before.Attribs), s.now()
	s.keep(p)
}

// Says makes a person say something to a list, by a link in a mail: it changes
// the subscription and not the subscriber.
func (s *Sandbox) Says(id, list int, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.touch(id).to(list)
	on.status, on.updated = status, s.now()
}

// Join puts a person on a list.
func (s *Sandbox) Join(id, list int, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.touch(id)
	p.leave(list)
	p.on = append(p.on, subscription{list, status, s.now(), s.now()})
}

// Leave takes a person off a list; nothing shows that it happened.
func (s *Sandbox) Leave(id, list int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch(id).leave(list)
}

// Delete removes a subscriber; nothing shows that it happened.
func (s *Sandbox) Delete(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delete(id)
}
