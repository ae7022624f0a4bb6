package sandbox

import (
	"crypto/md5" // the vendor's way to name a member, no protection of anything
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// A MergeField is one field of an audience beyond the address.
type MergeField struct {
	Tag, Name, Type string
	Required        bool
	Choices         []string // of a radio or dropdown
	PhoneFormat     string   // "US", or "International" where empty
}

// An Audience is a list of members. Its members are kept small, so that a
// million of them are cheap.
type Audience struct {
	s      *Sandbox
	ID     string
	Name   string
	fields []MergeField

	members   []member
	byHash    map[[md5.Size]byte]int32
	forgotten map[[md5.Size]byte]bool
	tags      []string // their ids are positions, from 1
	// changes is the order of changes: member numbers, the latest at the end. An
	// entry whose member has changed again is stale.
	changes []int32
	stale   int
}

type member struct {
	email    string
	status   string
	language string
	values   []string // of the merge fields, in their order; address parts with \x1f between
	tags     []int32
	changed  int64 // seconds
	made     int64
	turn     int32 // position in changes; -1 when deleted for good
	vip      bool
	locked   bool // the person or a bounce decided: the API cannot subscribe it
}

// AddAudience makes an audience with the fields that a new one has.
func (s *Sandbox) AddAudience(name string, fields ...MergeField) *Audience {
	s.mu.Lock()
	defer s.mu.Unlock()
	usual := []MergeField{{Tag: "FNAME", Name: "First Name", Type: "text"}, {Tag: "LNAME", Name: "Last Name", Type: "text"},
		{Tag: "ADDRESS", Name: "Address", Type: "address"}, {Tag: "PHONE", Name: "Phone Number", Type: "phone"}}
	a := &Audience{s: s, ID: fmt.Sprintf("a%09x", len(s.audiences)+1), Name: name, fields: append(usual, fields...),
		byHash: map[[md5.Size]byte]int32{}, forgotten: map[[md5.Size]byte]bool{}}
	s.audiences = append(s.audiences, a)
	return a
}

// Seed puts a small invented audience in.
func (s *Sandbox) Seed() {
	a := s.AddAudience("Newsletter", MergeField{Tag: "COMPANY", Name: "Company", Type: "text"}, MergeField{Tag: "BIRTHDAY", Name: "Birthday", Type: "birthday"})
	for _, p := range []struct{ email, first, last, company, status, tags string }{
		{"ada.moreno@example.com", "Ada", "Moreno", "Northwind Bakery", "subscribed", "customer; newsletter"},
		{"ben.okafor@example.com", "Ben", "Okafor", "Blue Fern Studio", "subscribed", "newsletter"},
		{"cem.lindqvist@example.org", "Cem", "Lindqvist", "", "pending", ""},
		{"dina.haddad@example.net", "Dina", "Haddad", "Harbour Books", "unsubscribed", "customer"},
		{"eli.novak@example.com", "Eli", "Novak", "", "cleaned", ""},
		{"fay.tanaka@example.org", "Fay", "Tanaka", "Northwind Bakery", "archived", ""},
	} {
		a.Add(map[string]string{"email_address": p.email, "FNAME": p.first, "LNAME": p.last, "COMPANY": p.company, "status": p.status, "tags": p.tags})
	}
}

// Fill adds n subscribed members, a hundred in each second until now.
func (a *Audience) Fill(n int) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	first, last := "Member", "Example"
	start := a.s.now().Unix() - int64(n/100) - 1
	if at := len(a.changes); at > 0 {
		start = max(start, a.changeAt(at-1))
	}
	a.members = slices.Grow(a.members, n)
	a.changes = slices.Grow(a.changes, n)
	for i := range n {
		m := member{email: fmt.Sprintf("member%07d@example.com", i), status: "subscribed", values: []string{first, last}, changed: start + int64(i/100), made: start + int64(i/100)}
		a.insert(m)
	}
}

func (a *Audience) insert(m member) int32 {
	n := int32(len(a.members))
	m.turn = int32(len(a.changes))
	if m.email != "" {
		a.byHash[hashOf(m.email)] = n
	}
	a.members = append(a.members, m)
	a.changes = append(a.changes, n)
	return n
}

func hashOf(email string) [md5.Size]byte {
	return md5.Sum([]byte(strings.ToLower(strings.TrimSpace(email))))
}

// Member is the contact id of the nth member that was added, from 0.
func (a *Audience) Member(n int) string { return a.contactID(int32(n)) }

// contactID is stable whatever becomes of the address.
func (a *Audience) contactID(n int32) string { return fmt.Sprintf("%s%022x", a.ID, n) }

// find returns a member by hash, address or contact id.
func (a *Audience) find(name string) (int32, bool) {
	var n int32
	if rest, ours := strings.CutPrefix(name, a.ID); ours && len(name) == 32 {
		_, err := fmt.Sscanf(rest, "%x", &n)
		return n, err == nil && int(n) < len(a.members) && a.members[n].turn >= 0
	}
	var hash [md5.Size]byte
	if strings.Contains(name, "@") {
		hash = hashOf(name)
	} else if b, err := hex.DecodeString(name); err != nil || copy(hash[:], b) != md5.Size {
		return 0, false
	}
	n, ok := a.byHash[hash]
	return n, ok
}

// touch marks a member as changed now.
func (a *Audience) touch(n int32) {
	m := &a.members[n]
	m.changed, m.turn = a.s.now().Unix(), int32(len(a.changes))
	a.changes = append(a.changes, n)
	if a.stale++; a.stale > len(a.changes)/2 {
		a.compact()
	}
}

func (a *Audience) compact() {
	kept := a.changes[:0]
	for i, n := range a.changes {
		if a.members[n].turn == int32(i) {
			a.members[n].turn = int32(len(kept))
			kept = append(kept, n)
		}
	}
	a.changes, a.stale = kept, 0
}

// since yields member numbers, the earliest change first, from a time on.
func (a *Audience) since(from int64, yield func(n int32) bool) {
	at := sort.Search(len(a.changes), func(i int) bool { return a.changeAt(i) >= from })
	for i := at; i < len(a.changes); i++ {
		if n := a.changes[i]; a.members[n].turn == int32(i) && !yield(n) {
			return
		}
	}
}

// changeAt is the time of a change. A stale one has that of the next that is
// not, which is no earlier.
func (a *Audience) changeAt(i int) int64 {
	for ; i < len(a.changes); i++ {
		if m := a.members[a.changes[i]]; m.turn == int32(i) {
			return m.changed
		}
	}
	return a.s.last.Unix()
}

// Add adds a member as somebody does in Mailchimp itself, by the names that Kith
// gives the fields, and returns its contact id.
func (a *Audience) Add(values map[string]string) string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	now := a.s.now().Unix()
	n := a.insert(member{status: "subscribed", changed: now, made: now})
	a.put(n, values)
	return a.contactID(n)
}

// Change gives a member other values, as somebody does in Mailchimp itself.
func (a *Audience) Change(contactID string, values map[string]string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	n, _ := a.find(contactID)
	a.put(n, values)
	a.touch(n)
}

func (a *Audience) put(n int32, values map[string]string) {
	m := &a.members[n]
	for name, v := range values {
		switch name {
		case "email_address":
			if m.email != "" {
				delete(a.byHash, hashOf(m.email))
			}
			if m.email = v; v != "" {
				a.byHash[hashOf(v)] = n
			}
		case "status":
			m.status = v
			if v != "archived" {
				m.locked = v == "unsubscribed" || v == "cleaned"
			}
		case "language":
			m.language = v
		case "vip":
			m.vip = v == "true"
		case "tags":
			m.tags = nil
			for tag := range strings.SplitSeq(v, ";") {
				a.tag(m, strings.TrimSpace(tag), true)
			}
		default:
			a.putMerge(m, name, v)
		}
	}
}

// Archive archives a member, as DELETE does.
func (a *Audience) Archive(contactID string) {
	a.Change(contactID, map[string]string{"status": "archived"})
}

// Unsubscribe is what the person does.
func (a *Audience) Unsubscribe(contactID string) {
	a.Change(contactID, map[string]string{"status": "unsubscribed"})
}

// Forget deletes a member for good: the address cannot be added again.
func (a *Audience) Forget(contactID string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if n, ok := a.find(contactID); ok {
		a.forget(n)
	}
}

func (a *Audience) forget(n int32) {
	m := &a.members[n]
	hash := hashOf(m.email)
	a.forgotten[hash] = true
	delete(a.byHash, hash)
	m.turn = -1
	a.stale++
}

// Look tells what is known of a member without asking the API.
func (a *Audience) Look(contactID string) (email, status string, tags []string) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	n, ok := a.find(contactID)
	if !ok {
		return "", "", nil
	}
	m := a.members[n]
	for _, t := range m.tags {
		tags = append(tags, a.tags[t])
	}
	return m.email, m.status, tags
}

// Values are what is known of a member, by the names that Kith gives the fields; nil
// where nobody has the id.
func (a *Audience) Values(contactID string) map[string]string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	n, ok := a.find(contactID)
	if !ok {
		return nil
	}
	m := a.members[n]
	values := map[string]string{"email_address": m.email, "status": m.status}
	for i, f := range a.fields {
		if i < len(m.values) {
			values[f.Tag] = m.values[i]
		}
	}
	return values
}

// Len is how many members are there, archived ones included.
func (a *Audience) Len() (n int) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	for i := range a.members {
		if a.members[i].turn >= 0 {
			n++
		}
	}
	return n
}

// tag adds or takes a tag, making it where there is none, and reports whether
// that changed anything.
func (a *Audience) tag(m *member, name string, active bool) bool {
	if name == "" {
		return false
	}
	at := slices.Index(a.tags, name)
	if at < 0 {
		if !active {
			return false
		}
		at = len(a.tags)
		a.tags = append(a.tags, name)
	}
	i := slices.Index(m.tags, int32(at))
	switch {
	case active && i < 0:
		m.tags = append(m.tags, int32(at))
	case !active && i >= 0:
		m.tags = slices.Delete(slices.Clone(m.tags), i, i+1)
	default:
		return false
	}
	return true
}

func stamp(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05+00:00")
}
