package sandbox

import (
	"fmt"
	"maps"
	"strconv"
	"time"
)

// Add makes a contact as a person does in HubSpot, and returns its id.
func (s *Sandbox) Add(values map[string]string) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made, p := s.create(values)
	if p != nil {
		return "", fmt.Errorf("%s", p.message)
	}
	return strconv.FormatInt(made.id, 10), nil
}

// Change changes a contact as a person does in HubSpot.
func (s *Sandbox) Change(id string, values map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, p := s.find(id, "")
	if p == nil {
		p = s.update(s.book.person(v.id), values)
	}
	if p != nil {
		return fmt.Errorf("%s", p.message)
	}
	return nil
}

// Set changes a property, one that programs may not write too.
func (s *Sandbox) Set(id, property, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, p := s.find(id, "")
	if p != nil {
		return fmt.Errorf("%s", p.message)
	}
	person := s.book.person(v.id)
	s.book.change(person, s.now(), s.options.Lag)
	s.book.disown(person)
	person.values[property] = value
	calculate(person.values)
	s.book.own(person)
	return nil
}

// Archive deletes a contact as a person does, who can restore it for 90 days.
func (s *Sandbox) Archive(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archive(id)
}

// Restore takes a contact back out of the archive.
func (s *Sandbox) Restore(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, p := s.find(id, "")
	if p != nil || !v.archived {
		return fmt.Errorf("contact %s is not archived", id)
	}
	person := s.book.person(v.id)
	s.book.change(person, s.now(), s.options.Lag)
	person.archived = false
	s.book.own(person)
	return nil
}

// Merge makes one contact of two and returns its id.
func (s *Sandbox) Merge(primary, other string) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made, p := s.mergeInto(primary, other)
	if p != nil {
		return "", fmt.Errorf("%s", p.message)
	}
	return strconv.FormatInt(made.id, 10), nil
}

// Contact returns a contact's properties, and whether it is there and not
// archived.
func (s *Sandbox) Contact(id string) (values map[string]string, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, p := s.find(id, "")
	if p != nil || v.archived || strconv.FormatInt(v.id, 10) != id {
		return nil, false
	}
	return maps.Clone(v.values), true
}

// Len is how many contacts there are, without the archived ones.
func (s *Sandbox) Len() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.book.all(0) {
		if !v.archived {
			n++
		}
	}
	return n
}

// Populate puts n contacts into an account that has none, who cost no memory
// until they are touched: person0@example.com and so on, each changed step after
// the one before, the last of them an hour ago. It returns their ids' first.
func (s *Sandbox) Populate(n int, step time.Duration) (first int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.book
	if b.crowd.n > 0 || len(b.ids) > 0 {
		panic("the account has contacts already")
	}
	b.crowd = crowd{first: b.next, n: int64(n), begun: s.now().Add(-time.Hour - time.Duration(n)*step), step: step}
	b.next += int64(n)
	return b.crowd.first
}

// Seed puts a few invented people into the account.
func (s *Sandbox) Seed() {
	for _, values := range []map[string]string{
		{"email": "ada.byron@example.com", "firstname": "Ada", "lastname": "Byron", "phone": "+44 20 7946 0101", "company": "Analytical Engines", "jobtitle": "Programmer", "city": "London", "country": "United Kingdom", "hs_language": "en", "lifecyclestage": "customer", "interests": "fairs;training"},
		{"email": "cem.oz@example.org", "firstname": "Cem", "lastname": "Öz", "mobilephone": "+1 202 555 0143", "company": "Öz & Kızı", "lifecyclestage": "lead", "hs_lead_status": "OPEN"},
		{"email": "dora.klein@example.net", "firstname": "Dora", "lastname": "Klein", "company": "Klein GmbH", "city": "Aachen", "country": "Germany", "hs_language": "de", "member_since": "2024-02-29", "seats": "3"},
		{"email": "eve@example.com", "firstname": "Eve", "lastname": "Moreau", "hs_language": "fr", "lifecyclestage": "opportunity", "message": "Met at the fair.\nWants a call."},
		{"firstname": "Finn", "lastname": "Ohne-Mail", "phone": "(202) 555-0186"},
	} {
		if _, err := s.Add(values); err != nil {
			panic(err)
		}
	}
}
