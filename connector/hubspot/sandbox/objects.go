package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// list answers with a page of contacts by ascending id.
func (s *Sandbox) list(w http.ResponseWriter, r *http.Request) *problem {
	q := r.URL.Query()
	limit := 10
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			s.breach("a page of %s contacts", text)
			return invalid("limit must be between 1 and 100")
		}
		limit = n
	}
	after := int64(0)
	if text := q.Get("after"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return invalid("The cursor %q is not valid", text)
		}
		after = n
	}
	archived := q.Get("archived") == "true"
	body := map[string]any{}
	results, last := []any{}, int64(0)
	all := s.book.all(after)
	if archived {
		all = s.book.touched(after)
	}
	for v := range all {
		if v.archived != archived || archived && s.now().Sub(v.archivedAt) > 90*24*time.Hour {
			continue
		}
		if len(results) == limit {
			next := fmt.Sprint(last)
			body["paging"] = map[string]any{"next": map[string]any{"after": next, "link": "https://api.hubapi.com" + r.URL.Path + "?after=" + next}}
			break
		}
		results, last = append(results, s.object(v, names(q))), v.id
	}
	body["results"] = results
	s.answer(w, http.StatusOK, body)
	return nil
}

// names are the properties that a query asks for, in either way of writing it.
func names(q url.Values) (all []string) {
	for _, list := range q["properties"] {
		all = append(all, strings.Split(list, ",")...)
	}
	return slices.DeleteFunc(all, func(name string) bool { return name == "" })
}

// find is the contact that an id or the value of a unique property names.
func (s *Sandbox) find(id, property string) (view, *problem) {
	n := int64(0)
	switch p := s.property(property); {
	case property == "" || property == "hs_object_id":
		n, _ = strconv.ParseInt(id, 10, 64)
	case property == "email":
		n, _ = s.book.owner(id)
	case p == nil || !p.Unique:
		return view{}, invalid("Unable to read by non-unique property %s", property)
	default:
		for v := range s.book.all(0) {
			if v.values[property] == id && !v.archived {
				n = v.id
			}
		}
	}
	if v, ok := s.book.look(n); ok {
		return v, nil
	}
	return view{}, notFound("resource not found")
}

func (s *Sandbox) one(r *http.Request) (view, *problem) {
	return s.find(r.PathValue("id"), r.URL.Query().Get("idProperty"))
}

func (s *Sandbox) getOne(w http.ResponseWriter, r *http.Request) *problem {
	v, p := s.one(r)
	if p == nil && v.archived != (r.URL.Query().Get("archived") == "true") {
		p = notFound("resource not found")
	}
	if p == nil {
		s.answer(w, http.StatusOK, s.object(v, names(r.URL.Query())))
	}
	return p
}

// An input is a contact in the body of a write.
type input struct {
	ID         string            `json:"id"`
	IDProperty string            `json:"idProperty"`
	Trace      string            `json:"objectWriteTraceId"`
	Properties map[string]string `json:"properties"`
}

func (s *Sandbox) createOne(w http.ResponseWriter, r *http.Request) *problem {
	var in input
	if p := decode(r, &in); p != nil {
		return p
	}
	made, p := s.create(in.Properties)
	if p == nil {
		s.answer(w, http.StatusCreated, s.written(made.view(), nil))
	}
	return p
}

func (s *Sandbox) updateOne(w http.ResponseWriter, r *http.Request) *problem {
	var in input
	if p := decode(r, &in); p != nil {
		return p
	}
	v, p := s.one(r)
	if p == nil && v.archived {
		p = notFound("resource not found")
	}
	if p == nil {
		p = s.update(s.book.person(v.id), in.Properties)
	}
	if p == nil {
		s.answer(w, http.StatusOK, s.written(s.book.person(v.id).view(), in.Properties))
	}
	return p
}

// archiveOne answers 204 for an id that is not there too.
func (s *Sandbox) archiveOne(w http.ResponseWriter, r *http.Request) *problem {
	s.archive(r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Sandbox) archive(id string) {
	n, _ := strconv.ParseInt(id, 10, 64)
	p := s.book.person(n)
	if p == nil || p.archived {
		return
	}
	now := s.now()
	at := p.modified
	s.book.change(p, now, s.options.Lag)
	s.book.disown(p)
	p.modified = at // which archiving does not change
	p.archived, p.archivedAt = true, now
}

// create makes a contact of values, or says what is wrong with them.
func (s *Sandbox) create(values map[string]string) (*person, *problem) {
	if p := s.check(values); p != nil {
		return nil, p
	}
	if values["email"] == "" && values["firstname"] == "" && values["lastname"] == "" {
		return nil, invalid("A contact needs an email address, a first name or a last name")
	}
	if p := s.free(values, 0); p != nil {
		return nil, p
	}
	kept := map[string]string{"lifecyclestage": "lead"}
	for name, value := range values {
		if value = s.kept(name, value); value != "" {
			kept[name] = value
		}
	}
	calculate(kept)
	return s.book.add(kept, s.now(), s.options.Lag), nil
}

// update changes what values name. An empty one clears.
func (s *Sandbox) update(person *person, values map[string]string) *problem {
	if p := s.check(values); p != nil {
		return p
	}
	if p := s.free(values, person.id); p != nil {
		return p
	}
	s.book.change(person, s.now(), s.options.Lag)
	s.book.disown(person)
	for name, value := range values {
		value = s.kept(name, value)
		switch {
		case value == "":
			delete(person.values, name)
		case name == "lifecyclestage" && backward(person.values[name], value): // which is passed over without a word
		default:
			person.values[name] = value
		}
	}
	calculate(person.values)
	s.book.own(person)
	return nil
}

func backward(from, to string) bool { return slices.Index(stages, to) < slices.Index(stages, from) }

// free refuses an address or another unique value that somebody else has.
func (s *Sandbox) free(values map[string]string, self int64) *problem {
	if email := s.kept("email", values["email"]); email != "" {
		if s.book.blocked[email] {
			return invalid("The email address was deleted for privacy reasons and cannot be used")
		}
		if id, taken := s.book.owner(email); taken && id != self {
			return conflict(id)
		}
	}
	for _, p := range s.properties {
		if !p.Unique || values[p.Name] == "" {
			continue
		}
		for v := range s.book.all(0) {
			if v.values[p.Name] == values[p.Name] && v.id != self && !v.archived {
				return invalid("Another contact has this value of %s", p.Name)
			}
		}
	}
	return nil
}

func conflict(id int64) *problem {
	return &problem{status: http.StatusConflict, category: "CONFLICT", message: fmt.Sprintf("Contact already exists. Existing ID: %d", id), conflict: true,
		context: map[string][]string{"existingId": {fmt.Sprint(id)}}}
}

// calculate fills the properties that the account makes of others.
func calculate(values map[string]string) {
	_, domain, _ := strings.Cut(values["email"], "@")
	for name, value := range map[string]string{"hs_email_domain": domain, "hs_searchable_calculated_phone_number": searchable(values["phone"]),
		"hs_searchable_calculated_mobile_number": searchable(values["mobilephone"])} {
		if values[name] = value; value == "" {
			delete(values, name)
		}
	}
}

// searchable is the area code and the local number of a telephone, as the index
// has it: without the country and without what people write between digits.
func searchable(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		for _, country := range []string{"1", "44", "49", "33", "34", "90"} {
			if rest, ok := strings.CutPrefix(digits, country); ok {
				return rest
			}
		}
	}
	return strings.TrimLeft(digits, "0")
}

func (s *Sandbox) merge(w http.ResponseWriter, r *http.Request) *problem {
	var in struct {
		Primary string `json:"primaryObjectId"`
		Other   string `json:"objectIdToMerge"`
	}
	if p := decode(r, &in); p != nil {
		return p
	}
	made, p := s.mergeInto(in.Primary, in.Other)
	if p == nil {
		s.answer(w, http.StatusOK, s.object(made.view(), nil))
	}
	return p
}

// mergeInto makes one contact of two. It is a new one with an id of its own,
// which both old ids lead to from then on.
func (s *Sandbox) mergeInto(primaryID, otherID string) (*person, *problem) {
	first, _ := strconv.ParseInt(primaryID, 10, 64)
	second, _ := strconv.ParseInt(otherID, 10, 64)
	a, b := s.book.person(first), s.book.person(second)
	switch {
	case a == nil || b == nil || a.archived || b.archived:
		return nil, notFound("One of the contacts does not exist")
	case a == b:
		return nil, invalid("A contact cannot be merged with itself")
	case len(a.former)+len(b.former) >= 250:
		return nil, &problem{status: http.StatusRequestURITooLong, category: "VALIDATION_ERROR", message: "Cannot have more than 250 identities on a profile"}
	}
	now := s.now()
	s.book.disown(a)
	s.book.disown(b)
	values := maps.Clone(b.values)
	maps.Copy(values, a.values)
	var more []string
	for _, email := range append(a.emails(), b.emails()...) {
		if email != values["email"] && !slices.Contains(more, email) {
			more = append(more, email)
		}
	}
	former := append(append(slices.Clone(a.former), b.former...), b.id)
	result := a
	if s.options.MergeKeepsID {
		s.book.change(a, now, s.options.Lag)
		a.values = values
	} else {
		former = append(former, a.id)
		result = s.book.add(values, now, s.options.Lag)
		if result.created = a.created; b.created.Before(a.created) {
			result.created = b.created
		}
		s.book.change(a, now, s.options.Lag)
		a.into = result.id
	}
	s.book.change(b, now, s.options.Lag)
	b.into = result.id
	result.former = former
	texts := make([]string, len(former))
	for i, id := range former {
		texts[i] = fmt.Sprint(id)
	}
	result.values["hs_merged_object_ids"] = strings.Join(texts, ";")
	if len(more) > 0 {
		result.values["hs_additional_emails"] = strings.Join(more, ";")
	}
	calculate(result.values)
	s.book.own(result)
	return result, nil
}

// gdprDelete erases a contact for good. Its address, known or not, can never be
// used again.
func (s *Sandbox) gdprDelete(w http.ResponseWriter, r *http.Request) *problem {
	var in struct {
		ID       string `json:"objectId"`
		Property string `json:"idProperty"`
	}
	if p := decode(r, &in); p != nil {
		return p
	}
	v, p := s.find(in.ID, in.Property)
	if p == nil && v.archived && s.options.EraseSparesArchived {
		p = notFound("resource not found")
	}
	switch {
	case p == nil:
		erased := s.book.person(v.id)
		for _, email := range erased.emails() {
			s.book.blocked[email] = true
		}
		s.book.change(erased, s.now(), s.options.Lag)
		s.book.disown(erased)
		erased.erased = true
	case in.Property == "email":
		s.book.blocked[s.kept("email", in.ID)] = true
	default:
		return p
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
