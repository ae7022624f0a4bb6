package sandbox

import (
	"encoding/json"
	"net/http"
	"net/mail"
	"slices"
	"strings"
)

// maxEmail and maxName are the longest that listmonk takes.
const maxEmail, maxName = 1000, 2000

func (s *Sandbox) get(w http.ResponseWriter, r *http.Request) *problem {
	p := s.at(idIn(r))
	if p == nil {
		return bad("Subscriber (%d: ) not found", idIn(r))
	}
	reply(w, s.show(p))
	return nil
}

// An entry is the body of a request that makes or changes a subscriber.
type entry struct {
	Email      string         `json:"email"`
	Name       string         `json:"name"`
	Status     string         `json:"status"`
	Attribs    map[string]any `json:"attribs"`
	Lists      []int          `json:"lists"`
	Preconfirm bool           `json:"preconfirm_subscriptions"`
}

// check cleans an entry as listmonk does before it stores one.
func (e *entry) check() *problem {
	e.Email, e.Name = strings.TrimSpace(strings.ToLower(e.Email)), strings.TrimSpace(e.Name)
	address, err := mail.ParseAddress(e.Email)
	if err != nil || address.Address != e.Email || len(e.Email) > maxEmail {
		return bad("Invalid email.")
	}
	if len(e.Name) > maxName {
		return bad("Invalid name.")
	}
	if !slices.Contains([]string{"", "enabled", "disabled", "blocklisted"}, e.Status) {
		return &problem{http.StatusInternalServerError, "pq: invalid input value for enum subscriber_status"}
	}
	return nil
}

// taken refuses an address that somebody else has.
func (s *Sandbox) taken(email string, id, status int) *problem {
	if other := s.withEmail(email); other == 0 || other == id {
		return nil
	}
	if status == http.StatusConflict {
		return &problem{status, "E-mail already exists."}
	}
	return &problem{status, `Error updating subscriber: pq: duplicate key value violates unique constraint "subscribers_email_key"`}
}

func (s *Sandbox) create(w http.ResponseWriter, r *http.Request) *problem {
	var e entry
	if err := body(r, &e); err != nil {
		return err
	}
	if s.options.Old && strings.TrimSpace(e.Name) == "" {
		return bad("Invalid length for `name`.")
	}
	if err := e.check(); err != nil {
		return err
	}
	if err := s.taken(e.Email, 0, http.StatusConflict); err != nil && !s.options.First {
		return err
	} else if err != nil {
		p := s.touch(s.withEmail(e.Email))
		p.updated = s.now()
		s.subscribe(p, e)
		reply(w, s.show(p))
		return nil
	}
	if e.Name == "" {
		local, _, _ := strings.Cut(e.Email, "@")
		words := strings.Fields(strings.ReplaceAll(local, ".", " "))
		for i, word := range words {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
		e.Name = strings.Join(words, " ")
	}
	p := &person{email: e.Email, name: e.Name, status: e.Status, attribs: e.Attribs, created: s.now(), updated: s.now()}
	if p.status == "" {
		p.status = "enabled"
	}
	if p.attribs == nil {
		p.attribs = map[string]any{}
	}
	s.subscribe(p, e)
	s.keep(p)
	s.ask(p, e)
	if s.options.Old { // as its manual shows it
		answer := s.show(p)
		text, _ := json.Marshal(answer) // it has come from JSON
		var plain map[string]any
		_ = json.Unmarshal(text, &plain)
		plain["lists"] = e.Lists
		reply(w, plain)
		return nil
	}
	reply(w, s.show(p))
	return nil
}

// subscribe adds an entry's lists to those a person is on. What a person has said
// to a list already stays.
func (s *Sandbox) subscribe(p *person, e entry) {
	state := "unconfirmed"
	if e.Preconfirm {
		state = "confirmed"
	}
	for _, l := range e.Lists {
		if l < 1 || l > len(s.lists) {
			continue
		}
		on := p.to(l)
		if on == nil {
			p.on = append(p.on, subscription{list: l, status: state, created: s.now(), updated: s.now()})
			on = p.to(l)
		}
		switch {
		case e.Status == "blocklisted":
			on.status = "unsubscribed"
		case on.status == "unconfirmed", on.status == "unsubscribed" && s.options.PutResubscribes:
			on.status = state
		}
	}
}

// ask counts the mail that asks a person to confirm, on the lists of an entry or,
// without any, on all: so every change of somebody who has not confirmed sends one.
func (s *Sandbox) ask(p *person, e entry) {
	if e.Preconfirm {
		return
	}
	for _, on := range p.on {
		if on.status == "unconfirmed" && s.lists[on.list-1].Optin == "double" && (len(e.Lists) == 0 || slices.Contains(e.Lists, on.list)) {
			s.counts.Optins++
			return
		}
	}
}

// put replaces a subscriber: attributes and lists that it leaves out are gone.
func (s *Sandbox) put(w http.ResponseWriter, r *http.Request) *problem {
	var e entry
	if err := body(r, &e); err != nil {
		return err
	}
	if e.Attribs == nil {
		e.Attribs = map[string]any{}
	}
	return s.update(w, r, e, true)
}

// patch changes what it has: attributes are merged one by one, lists replaced.
func (s *Sandbox) patch(w http.ResponseWriter, r *http.Request) *problem {
	p := s.at(idIn(r))
	if p == nil {
		return bad("Subscriber (%d: ) not found", idIn(r))
	}
	e := struct {
		entry
		Lists *[]int `json:"lists"`
	}{entry: entry{Email: p.email, Name: p.name, Status: p.status, Attribs: map[string]any{}}}
	for key, value := range p.attribs {
		e.Attribs[key] = value
	}
	if err := body(r, &e); err != nil {
		return err
	}
	if e.Lists != nil {
		e.entry.Lists = *e.Lists
	}
	return s.update(w, r, e.entry, e.Lists != nil)
}

func (s *Sandbox) update(w http.ResponseWriter, r *http.Request, e entry, replaceLists bool) *problem {
	if err := e.check(); err != nil {
		return err
	}
	p := s.at(idIn(r))
	if p == nil {
		return bad("Subscriber (%d: ) not found", idIn(r))
	}
	if err := s.taken(e.Email, p.id, http.StatusInternalServerError); err != nil {
		return err
	}
	p = s.touch(p.id)
	delete(s.emails, strings.ToLower(p.email))
	p.email, p.attribs, p.updated = e.Email, e.Attribs, s.now()
	if e.Name != "" {
		p.name = e.Name
	}
	if e.Status != "" {
		p.status = e.Status
	}
	if replaceLists {
		p.on = slices.DeleteFunc(p.on, func(on subscription) bool { return !slices.Contains(e.Lists, on.list) })
	}
	s.subscribe(p, e)
	s.keep(p)
	s.ask(p, e)
	reply(w, s.show(p))
	return nil
}

func (s *Sandbox) deleteOne(w http.ResponseWriter, r *http.Request) *problem {
	s.delete(idIn(r))
	reply(w, true)
	return nil
}

func (s *Sandbox) deleteSome(w http.ResponseWriter, r *http.Request) *problem {
	ids, err := numbers(r, "id")
	if err != nil || len(ids) == 0 {
		return bad("One or more IDs are required.")
	}
	for _, id := range ids {
		s.delete(id)
	}
	reply(w, true)
	return nil
}

func (s *Sandbox) optin(w http.ResponseWriter, r *http.Request) *problem {
	p := s.at(idIn(r))
	if p == nil {
		return bad("Subscriber (%d: ) not found", idIn(r))
	}
	s.ask(p, entry{})
	reply(w, true)
	return nil
}
