package sandbox

import (
	"cmp"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// statuses are those that a client may give; archived is DELETE's.
var statuses = []string{"subscribed", "unsubscribed", "cleaned", "pending", "transactional"}

// about is a member as the API answers it.
func (a *Audience) aboutMember(n int32) map[string]any {
	m := &a.members[n]
	hash := hashOf(m.email)
	tags := []map[string]any{}
	for _, t := range m.tags {
		tags = append(tags, map[string]any{"id": t + 1, "name": a.tags[t]})
	}
	id := hex.EncodeToString(hash[:])
	if m.email == "" {
		id = ""
	}
	fields := a.mergeValues(m)
	first, _ := fields["FNAME"].(string)
	last, _ := fields["LNAME"].(string)
	return map[string]any{"id": id, "email_address": m.email, "unique_email_id": id[:min(10, len(id))], "contact_id": a.contactID(n), "full_name": strings.TrimSpace(first + " " + last),
		"web_id": 1000 + n, "email_type": "html", "status": m.status, "consents_to_one_to_one_messaging": true, "merge_fields": fields,
		"stats": map[string]any{"avg_open_rate": 0, "avg_click_rate": 0}, "ip_signup": "", "timestamp_signup": stamp(m.made), "ip_opt": "192.0.2.1", "timestamp_opt": stamp(m.made),
		"member_rating": 2, "last_changed": stamp(m.changed), "language": m.language, "vip": m.vip, "email_client": "",
		"location": map[string]any{"latitude": 0, "longitude": 0, "gmtoff": 0, "dstoff": 0, "country_code": "", "timezone": "", "region": ""},
		"source":   "API - Generic", "tags_count": len(tags), "tags": tags, "list_id": a.ID}
}

// aboutInBatch is a member as the answer to a batch has it.
func (a *Audience) aboutInBatch(n int32) map[string]any {
	m := a.aboutMember(n)
	for _, absent := range []string{"full_name", "web_id", "consents_to_one_to_one_messaging", "source"} {
		delete(m, absent)
	}
	if !a.s.options.BatchTellsContactID {
		delete(m, "contact_id")
	}
	return m
}

func (s *Sandbox) listMembers(w http.ResponseWriter, r *http.Request, a *Audience) {
	count, offset, ok := s.page(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	var since, before int64
	for name, at := range map[string]*int64{"since_last_changed": &since, "before_last_changed": &before} {
		if text := q.Get(name); text != "" {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				s.refuse(w, *invalid("The parameters are not valid.", fieldError{name, "This is not a time of ISO 8601."}))
				return
			}
			*at = t.Unix()
		}
	}
	if since != 0 && s.options.Exclusive {
		since++
	}
	status := q.Get("status")
	s.mu.Lock()
	defer s.mu.Unlock()
	want := func(n int32) bool {
		m := &a.members[n]
		switch {
		case status != "" && m.status != status, status == "" && m.status == "archived" && s.options.HidesArchived:
			return false
		case before != 0 && m.changed >= before, q.Get("vip_only") == "true" && !m.vip:
			return false
		}
		return true
	}
	shown, total := a.shown(since, want, q.Get("sort_field"), q.Get("sort_dir"), count, offset)
	if s.options.Overcounts {
		total++
	}
	members := make([]map[string]any, len(shown))
	for i, n := range shown {
		members[i] = a.aboutMember(n)
	}
	answer(w, r, map[string]any{"members": members, "list_id": a.ID, "total_items": total})
}

// shown are the members on a page, and how many are on all.
func (a *Audience) shown(since int64, want func(int32) bool, field, dir string, count, offset int) (page []int32, total int) {
	if field == "last_changed" && dir != "DESC" { // without a list of all of them
		a.since(since, func(n int32) bool {
			if want(n) {
				if total >= offset && len(page) < count {
					page = append(page, n)
				}
				total++
			}
			return true
		})
		return page, total
	}
	var all []int32
	a.since(since, func(n int32) bool {
		if want(n) {
			all = append(all, n)
		}
		return true
	})
	if field != "last_changed" { // members are in the order of their making
		slices.Sort(all)
	}
	if dir == "DESC" {
		slices.Reverse(all)
	}
	return slice(all, count, offset), len(all)
}

// A body is what a client sends of a member.
type body struct {
	Email       *string        `json:"email_address"`
	Status      *string        `json:"status"`
	StatusIfNew *string        `json:"status_if_new"`
	Merge       map[string]any `json:"merge_fields"`
	Language    *string        `json:"language"`
	VIP         *bool          `json:"vip"`
	Tags        []string       `json:"tags"`
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// create makes a member of a body, or says why not.
func (a *Audience) create(b body, status string, skip bool) (int32, *problem) {
	email := strings.TrimSpace(value(b.Email))
	name, domain, _ := strings.Cut(email, "@")
	switch _, taken := a.byHash[hashOf(email)]; {
	case name == "" || !strings.Contains(domain, ".") || strings.ContainsAny(email, " <>"):
		return 0, invalid("Please provide a valid email address.", fieldError{"email address", "This value should be a valid email."})
	case taken:
		return 0, &exists
	case a.forgotten[hashOf(email)]:
		return 0, &forgotten
	case !slices.Contains(statuses, status):
		return 0, invalid("The resource is not valid.", fieldError{"status", "Data presented is not one of the accepted values: " + strings.Join(statuses, ", ") + "."})
	}
	m := member{email: email, status: status, language: value(b.Language), vip: b.VIP != nil && *b.VIP, locked: status == "cleaned"}
	set, wrong := a.checked(&m, b.Merge, skip)
	if len(wrong) > 0 {
		return 0, invalid("Your merge fields were invalid.", wrong...)
	}
	for i, v := range set {
		m.setMerge(i, v)
	}
	for _, tag := range b.Tags {
		a.tag(&m, tag, true)
	}
	m.changed = a.s.now().Unix()
	m.made = m.changed
	return a.insert(m), nil
}

// update changes a member, or says why not, and nothing then.
func (a *Audience) update(n int32, b body, skip bool) *problem {
	m := a.members[n]
	email, status := cmp.Or(strings.TrimSpace(value(b.Email)), m.email), cmp.Or(value(b.Status), m.status)
	set, wrong := a.checked(&m, b.Merge, skip)
	other, taken := a.byHash[hashOf(email)]
	switch {
	case email != "" && !strings.Contains(email, "@"):
		return invalid("Please provide a valid email address.")
	case taken && other != n:
		return &exists
	case a.forgotten[hashOf(email)]:
		return &forgotten
	case b.Status != nil && !slices.Contains(statuses, status):
		return invalid("The resource is not valid.", fieldError{"status", "Data presented is not one of the accepted values."})
	case b.Status != nil && status == "subscribed" && m.status != "subscribed" && m.locked:
		return &locked
	case len(wrong) > 0:
		return invalid("Your merge fields were invalid.", wrong...)
	}
	moved := email != m.email || status != m.status || b.Language != nil && *b.Language != m.language || b.VIP != nil && *b.VIP != m.vip
	if email != m.email {
		delete(a.byHash, hashOf(m.email))
		a.byHash[hashOf(email)] = n
	}
	m.email, m.status = email, status
	m.locked = m.locked && status != "subscribed" || status == "cleaned"
	if b.Language != nil {
		m.language = *b.Language
	}
	if b.VIP != nil {
		m.vip = *b.VIP
	}
	for i, v := range set {
		moved = m.setMerge(i, v) || moved
	}
	for _, tag := range b.Tags {
		moved = a.tag(&m, tag, true) || moved
	}
	a.members[n] = m
	if moved || a.s.options.Touches {
		a.touch(n)
	}
	return nil
}

func skips(r *http.Request) bool { return r.URL.Query().Get("skip_merge_validation") == "true" }

func (s *Sandbox) addMember(w http.ResponseWriter, r *http.Request, a *Audience) {
	var b body
	if !s.read(w, r, &b) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, p := a.create(b, value(b.Status), skips(r))
	if p != nil {
		s.refuse(w, *p)
		return
	}
	answer(w, r, a.aboutMember(n))
}

func (s *Sandbox) putMember(w http.ResponseWriter, r *http.Request, a *Audience) {
	var b body
	if !s.read(w, r, &b) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, known := a.find(r.PathValue("member"))
	var p *problem
	b.Tags = nil // PUT has none
	if known {
		p = a.update(n, b, skips(r))
	} else {
		n, p = a.create(b, value(b.StatusIfNew), skips(r))
	}
	if p != nil {
		s.refuse(w, *p)
		return
	}
	answer(w, r, a.aboutMember(n))
}

func (s *Sandbox) getMember(w http.ResponseWriter, r *http.Request, a *Audience, n int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer(w, r, a.aboutMember(n))
}

func (s *Sandbox) patchMember(w http.ResponseWriter, r *http.Request, a *Audience, n int32) {
	var b body
	if !s.read(w, r, &b) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Tags = nil // PATCH has none
	if value(b.Status) == "transactional" {
		s.refuse(w, *invalid("The resource is not valid.", fieldError{"status", "Data presented is not one of the accepted values."}))
		return
	}
	if p := a.update(n, b, skips(r)); p != nil {
		s.refuse(w, *p)
		return
	}
	answer(w, r, a.aboutMember(n))
}

func (s *Sandbox) archiveMember(w http.ResponseWriter, _ *http.Request, a *Audience, n int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains([]string{"archived", "pending", "cleaned"}, a.members[n].status) {
		w.Header().Set("Allow", "GET, PUT")
		s.refuse(w, fixed)
		return
	}
	a.members[n].status = "archived"
	a.touch(n)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sandbox) deleteForGood(w http.ResponseWriter, _ *http.Request, a *Audience, n int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.forget(n)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sandbox) memberTags(w http.ResponseWriter, r *http.Request, a *Audience, n int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags := []map[string]any{}
	for _, t := range a.members[n].tags {
		tags = append(tags, map[string]any{"id": t + 1, "name": a.tags[t], "date_added": stamp(a.members[n].changed)})
	}
	answer(w, r, map[string]any{"tags": tags, "total_items": len(tags)})
}

func (s *Sandbox) tagMember(w http.ResponseWriter, r *http.Request, a *Audience, n int32) {
	var given struct {
		Tags []struct {
			Name   string `json:"name"`
			Status string `json:"status"`
		} `json:"tags"`
		Syncing bool `json:"is_syncing"`
	}
	if !s.read(w, r, &given) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	moved := false
	for _, t := range given.Tags {
		if t.Status != "active" && t.Status != "inactive" {
			s.refuse(w, *invalid("The resource is not valid.", fieldError{"status", "Data presented is not one of the accepted values: inactive, active."}))
			return
		}
		if a.tag(&a.members[n], t.Name, t.Status == "active") {
			moved = true
			if !given.Syncing {
				s.counts.Fired++
			}
		}
	}
	if moved {
		a.touch(n)
	}
	w.WriteHeader(http.StatusNoContent)
}
