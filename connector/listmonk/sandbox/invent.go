package sandbox

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// invent makes person n, always the same: a million of them take no room until
// they are changed.
func invent(n int) *person {
	p := new(person).sketch(n)
	p.email, p.name, p.attribs, p.light = p.address(), p.calls(), p.knows(), false
	return p
}

// sketch is person n without what takes time to make.
func (p *person) sketch(n int) *person {
	at := inventedAt(n)
	*p = person{id: n, light: true, status: "enabled", created: at, updated: at, on: append(p.on[:0], subscription{1, "confirmed", at, at})}
	return p
}

// address, calls and knows are the e-mail address, the name and the attributes,
// of a sketch too.
func (p *person) address() string {
	if p.light {
		return inventedEmail(p.id)
	}
	return p.email
}

func (p *person) calls() string {
	if p.light {
		return given[p.id%len(given)] + " " + family[p.id/len(given)%len(family)]
	}
	return p.name
}

func (p *person) knows() map[string]any {
	if n := p.id; p.light {
		return map[string]any{"city": cities[n/3%len(cities)], "company": companies[n/7%len(companies)], "visits": json.Number(strconv.Itoa(n % 40)), "member": n%5 == 0}
	}
	return p.attribs
}

// inventedAt is when person n came, ten seconds after the one before.
func inventedAt(n int) time.Time {
	return time.Date(2020, 2, 3, 9, 0, 0, 0, time.UTC).Add(time.Duration(n) * 10 * time.Second)
}

func inventedEmail(n int) string { return "person" + strconv.Itoa(n) + "@example.com" }

// inventedID is whose invented address it is, or 0.
func inventedID(email string) int {
	rest, found := strings.CutPrefix(email, "person")
	number, host, _ := strings.Cut(rest, "@")
	n, err := strconv.Atoi(number)
	if !found || err != nil || host != "example.com" || inventedEmail(n) != email {
		return 0
	}
	return n
}

var (
	given     = [...]string{"Ada", "Bela", "Cem", "Dara", "Edith", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaja", "Liam", "Mira", "Noor", "Olga", "Pavel", "Rosa"}
	family    = [...]string{"Abel", "Brandt", "Castro", "Dogan", "Egede", "Fontaine", "Grieg", "Hansen", "Ito", "Jansen", "Keller", "Lund", "Moreau"}
	cities    = [...]string{"Ely", "Graz", "Porto", "Turku", "Lyon", "Bergen", "Gent"}
	companies = [...]string{"Northwind Tea", "Blue Heron Books", "Otter Cycles", "Lantern Energy", "Fern & Fell"}
)

// Populate invents so many people more, all on the first list. They come before
// any other.
func (s *Sandbox) Populate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lists) == 0 {
		s.addList("Newsletter", "single")
	}
	if s.last == s.invented {
		s.invented += n
		s.last = s.invented
		return
	}
	for range n { // others have taken the numbers
		p := invent(s.last + 1)
		s.keep(&person{email: p.email, name: p.name, status: p.status, attribs: p.attribs, created: s.now(), updated: s.now(), on: []subscription{{1, "confirmed", s.now(), s.now()}}})
	}
}

// Seed puts in a small set of people on two lists, in every state there is.
func (s *Sandbox) Seed() {
	news, club := s.AddList("Newsletter", "single"), s.AddList("Club", "double")
	for i, p := range []Person{
		{Name: "Ada Abel", Lists: map[int]string{news: "confirmed", club: "confirmed"}},
		{Name: "Bela Brandt", Lists: map[int]string{news: "unconfirmed"}},
		{Name: "Cem Castro", Lists: map[int]string{news: "unsubscribed", club: "confirmed"}},
		{Name: "Dara Dogan", Lists: map[int]string{news: "unsubscribed"}, Status: "blocklisted"},
		{Name: "Edith Egede", Lists: map[int]string{club: "unconfirmed"}},
		{Name: "Farid Fontaine", Lists: map[int]string{news: "confirmed"}},
		{Name: "Greta Grieg", Lists: map[int]string{news: "confirmed", club: "unsubscribed"}},
		{Name: "Hugo Hansen"},
		{Name: "Ines O'Ito", Lists: map[int]string{news: "confirmed"}},
	} {
		p.Email = strings.ToLower(strings.ReplaceAll(p.Name, " ", ".")) + "@example.org"
		p.Attribs = map[string]any{"city": cities[i%len(cities)], "company": companies[i%len(companies)], "phone": fmt.Sprintf("+44 20 7946 0%03d", 100+i), "visits": i, "tags": []string{"demo"}}
		s.Add(p)
	}
}
