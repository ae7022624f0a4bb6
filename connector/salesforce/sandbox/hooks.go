package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What happens in an org without a call: other people, merges, conversions, the
// recycle bin, and what administrators do. A mistake in how a test calls these
// is one in our own source, and they panic.

// person is somebody who works in the web page, whom no rule of the API stops.
func (s *Sandbox) person() saver { return saver{user: s.admin + 1, automatic: true} }

func anyValues(values map[string]string) map[string]any {
	out := make(map[string]any, len(values))
	for k, v := range values {
		out[k] = v
	}
	return out
}

// Add makes a record as a person does, and returns its id.
func (s *Sandbox) Add(object string, values map[string]string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(object, values)
}

func (s *Sandbox) add(object string, values map[string]string) string {
	o := s.must(object)
	r, p := s.create(s.person(), o, anyValues(s.pageForm(o, values)))
	if p != nil {
		panic("sandbox: " + p.message)
	}
	return makeID(o.prefix, r.n)
}

func (s *Sandbox) must(object string) *object {
	o := s.objects[lower(object)]
	if o == nil {
		panic("sandbox: there is no object " + object)
	}
	return o
}

// Fill makes n records at once, a million if need be; values says what the i-th
// one has.
func (s *Sandbox) Fill(object string, n int, values func(i int) map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.must(object)
	o.rows, o.journal = slices.Grow(o.rows, n), slices.Grow(o.journal, n)
	by := s.person()
	for i := range n {
		if _, p := s.create(by, o, anyValues(values(i))); p != nil {
			panic("sandbox: " + p.message)
		}
	}
}

// Change changes a record as a person does. An empty value clears a field.
func (s *Sandbox) Change(id string, values map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, r := s.have(id)
	if _, p := s.update(s.person(), o, r, anyValues(s.pageForm(o, values))); p != nil {
		panic("sandbox: " + p.message)
	}
}

// have is a record that must be there.
func (s *Sandbox) have(id string) (*object, *row) {
	o, r, p := s.byID(id)
	if p != nil {
		panic("sandbox: " + id + ": " + p.message)
	}
	return o, r
}

// pageForm is how the web page of an American writes telephone numbers.
func (s *Sandbox) pageForm(o *object, values map[string]string) map[string]string {
	if !s.options.FormatPhones {
		return values
	}
	out := map[string]string{}
	for k, v := range values {
		if f := o.field(k); f != nil && f.kind == "phone" {
			v = pagePhone(v)
		}
		out[k] = v
	}
	return out
}

func pagePhone(v string) string {
	d := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, v)
	d = strings.TrimPrefix(d, map[bool]string{true: "1", false: " "}[len(d) == 11])
	if len(d) != 10 || strings.HasPrefix(v, "+") && !strings.HasPrefix(v, "+1") {
		return v
	}
	return fmt.Sprintf("(%s) %s-%s", d[:3], d[3:6], d[6:])
}

// Remove puts a record into the recycle bin as a person does.
func (s *Sandbox) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, r := s.have(id)
	s.bury(s.person().user, o, r, "")
}

// Undelete takes a record out of the recycle bin.
func (s *Sandbox) Undelete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undelete(id)
}

func (s *Sandbox) undelete(id string) {
	wide, _ := wideID(id)
	o := s.prefix[wide[:3]]
	r := o.row(number(wide)).copy()
	r.deleted, r.modified, r.stamp = false, s.now(), s.now()
	if f := o.field("MasterRecordId"); f != nil {
		r.set(f, "")
	}
	s.put(o, r)
}

// Backdate makes a record's last change have happened earlier, as it has when a
// long transaction ends that began then: a reader who has passed that moment has
// missed it.
func (s *Sandbox) Backdate(id string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, r := s.have(id)
	late := r.copy()
	late.stamp -= int64(by / time.Second)
	late.modified = late.stamp
	o.insert(late)
}

// EmptyBin removes what is in the recycle bin for good.
func (s *Sandbox) EmptyBin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.order {
		for _, r := range o.rows {
			if r != nil && r.deleted {
				o.swap(r, nil)
			}
		}
	}
}

// Merge makes winner stand for the losers, at most two, of the same object: they
// go to the recycle bin with MasterRecordId, and what hangs on them moves over.
func (s *Sandbox) Merge(winner string, losers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, r := s.have(winner)
	if o.field("MasterRecordId") == nil || len(losers) > 2 {
		panic("sandbox: " + o.name + " cannot be merged like this")
	}
	to := makeID(o.prefix, r.n)
	for _, id := range losers {
		lo, lr := s.have(id)
		if lo != o {
			panic("sandbox: a merge is of one object")
		}
		s.move(o, makeID(o.prefix, lr.n), to)
		s.bury(s.person().user, o, lr, to)
	}
	s.touch(o, o.row(r.n), nil)
}

// move hangs everything of one record on another. A person who would be a member
// of one campaign twice stays it once.
func (s *Sandbox) move(o *object, from, to string) {
	for _, c := range o.children {
		if c.field.index == nil {
			continue
		}
		for _, r := range s.holders(c.object, c.field, from) {
			if c.object.name == "CampaignMember" && s.isMember(c, r, to) {
				s.bury(s.person().user, c.object, r, "")
				continue
			}
			s.touch(c.object, r, map[string]string{c.field.name: to})
		}
	}
}

func (s *Sandbox) isMember(c child, r *row, who string) bool {
	campaign := c.object.field("CampaignId")
	return slices.ContainsFunc(s.holders(c.object, c.field, who), func(other *row) bool { return other.get(campaign) == r.get(campaign) })
}

// touch changes a row behind all rules.
func (s *Sandbox) touch(o *object, r *row, values map[string]string) *row {
	now := r.copy()
	for k, v := range values {
		now.set(o.field(k), v)
	}
	now.modified, now.stamp, now.modifiedBy = s.now(), s.now(), s.person().user
	s.put(o, now)
	return now
}

// A Conversion says what becomes of a lead. Empty ids make new records.
type Conversion struct{ AccountID, ContactID string }

// Convert converts a lead, and returns its contact and account. An existing
// contact gets only what it does not have.
func (s *Sandbox) Convert(lead string, into Conversion) (contactID, accountID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.convert(lead, into)
}

func (s *Sandbox) convert(lead string, into Conversion) (contactID, accountID string) {
	o, r := s.have(lead)
	get := func(name string) string { return r.get(o.field(name)) }
	contacts := s.objects["contact"]
	if accountID = into.AccountID; accountID == "" && into.ContactID != "" {
		_, c := s.have(into.ContactID)
		accountID = c.get(contacts.field("AccountId"))
	}
	if accountID == "" {
		accountID = s.add("Account", map[string]string{"Name": get("Company"), "Phone": get("Phone"), "Website": get("Website"), "Industry": get("Industry")})
	}
	values := map[string]string{"AccountId": accountID}
	for _, name := range []string{"FirstName", "LastName", "Salutation", "Title", "Phone", "MobilePhone", "Fax", "Email", "LeadSource", "Description", "HasOptedOutOfEmail"} {
		values[name] = get(name)
	}
	for _, part := range []string{"Street", "City", "State", "PostalCode", "Country"} {
		values["Mailing"+part] = get(part)
	}
	if contactID = into.ContactID; contactID == "" {
		contactID = s.add("Contact", values)
	} else {
		_, c := s.have(contactID)
		for name := range values {
			if c.get(contacts.field(name)) != "" {
				delete(values, name)
			}
		}
		s.touch(contacts, c, values)
	}
	contactID, _ = wideID(contactID)
	accountID, _ = wideID(accountID)
	s.touch(o, r, map[string]string{"IsConverted": "true", "Status": "Closed - Converted", "ConvertedDate": stampText(s.now())[:10], "ConvertedContactId": contactID, "ConvertedAccountId": accountID})
	s.follows(makeID(o.prefix, r.n), contactID)
	return contactID, accountID
}

// follows lets a lead's memberships show the contact too, and moves its meetings.
func (s *Sandbox) follows(lead, contact string) {
	m := s.objects["campaignmember"]
	for _, r := range s.holders(m, m.field("LeadId"), lead) {
		if s.isMember(child{"", m, m.field("ContactId")}, r, contact) {
			s.bury(s.person().user, m, r, "")
			continue
		}
		s.touch(m, r, map[string]string{"ContactId": contact})
	}
	e := s.objects["event"]
	for _, r := range s.holders(e, e.field("WhoId"), lead) {
		s.touch(e, r, map[string]string{"WhoId": contact})
	}
}

// Values are what a record has, by field; nil when it is not there or in the bin.
func (s *Sandbox) Values(id string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, r, p := s.byID(id)
	if p != nil {
		return nil
	}
	return s.plain(o, r)
}

// Count is how many records an object has that are not in the bin.
func (s *Sandbox) Count(object string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.must(object).live
}

// IDs are those of an object's records, oldest first, the bin left out.
func (s *Sandbox) IDs(object string) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.must(object)
	for _, r := range o.rows {
		if r != nil && !r.deleted {
			out = append(out, makeID(o.prefix, r.n))
		}
	}
	return out
}

// Find are the ids of records that have a value, without regard to case.
func (s *Sandbox) Find(object, field, value string) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.must(object)
	f := o.field(field)
	for _, r := range o.rows {
		if r != nil && !r.deleted && strings.EqualFold(s.value(o, r, f), value) {
			out = append(out, makeID(o.prefix, r.n))
		}
	}
	return out
}
