package listmonk

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// The fields that every subscriber has. Status is the consent of the list, in
// the words of Kith.
const (
	email  = "email"
	name   = "name"
	status = "status"
)

// An attribute is a key of the JSON object in which listmonk keeps what else it
// knows of a person, as a field.
type attribute struct {
	key   string
	field contact.Field
	form  form // that new values are written in
}

// Schema is the fields of all subscribers and the attributes found in a sample.
func (l *List) Schema(context.Context) (contact.Schema, error) {
	schema := contact.Schema{Fields: []contact.Field{
		{Name: email, Label: "E-mail", Kind: contact.Email, Required: true},
		{Name: name, Label: "Name", Kind: contact.Name},
		{Name: status, Label: "Consent", Kind: contact.Consent},
	}}
	for _, a := range l.attributes {
		schema.Fields = append(schema.Fields, a.field)
	}
	return schema, nil
}

// sampled is how many subscribers are looked at: those changed last.
const sampled = 500

// sample finds the attributes that subscribers have and that text can hold, and
// adds those that are named.
func (l *List) sample(ctx context.Context, named []string) ([]attribute, error) {
	some, err := l.server.subscribers(ctx, url.Values{
		"list_id": {l.number()}, "query": {everybody}, "order_by": {"updated_at"}, "order": {"desc"}, "per_page": {strconv.Itoa(min(sampled, l.page))}})
	if err != nil {
		return nil, err
	}
	forms := map[string]form{}
	for _, s := range some {
		for key, raw := range s.Attribs {
			if f := formOf(raw); f != nothing {
				forms[key] = forms[key].with(f)
			}
		}
	}
	maps.DeleteFunc(forms, func(_ string, f form) bool { return f == structure })
	for _, key := range named {
		if key = strings.TrimSpace(key); key != "" {
			forms[key] = forms[key].with(nothing)
		}
	}
	var all []attribute
	for _, key := range slices.Sorted(maps.Keys(forms)) {
		all = append(all, attribute{key: key, field: fieldOf(key), form: forms[key]})
	}
	return all, nil
}

func (l *List) number() string { return strconv.FormatInt(l.id, 10) }

// fieldOf names an attribute's field by its key, unless every subscriber has a
// field of that name.
func fieldOf(key string) contact.Field {
	f := contact.Field{Name: key, Kind: contact.Text}
	switch strings.ToLower(key) {
	case email, name, status:
		f.Name = "attribs." + key
	case "phone", "mobile", "telephone", "phone_number":
		f.Kind = contact.Phone
	case "country":
		f.Kind = contact.Country
	case "language", "lang", "locale":
		f.Kind = contact.Language
	case "first_name", "last_name", "firstname", "lastname":
		f.Kind = contact.Name
	case "website", "url":
		f.Kind = contact.URL
	}
	return f
}

// A form is how JSON writes a value down.
type form uint8

const (
	nothing form = iota // null, or not there
	text
	numeral
	boolean
	structure // a list or an object, which no text stands for
)

// with is the form that fits two values: text, unless they have the same.
func (f form) with(other form) form {
	switch {
	case f == nothing || f == other:
		return other
	case other == nothing:
		return f
	case f == structure || other == structure:
		return structure
	}
	return text
}

func formOf(raw json.RawMessage) form {
	if len(raw) == 0 {
		return nothing
	}
	switch raw[0] {
	case 'n':
		return nothing
	case '"':
		return text
	case 't', 'f':
		return boolean
	case '[', '{':
		return structure
	}
	return numeral
}

// read is a value of an attribute as text; empty for what text cannot hold.
func read(raw json.RawMessage) string {
	switch formOf(raw) {
	case numeral, boolean:
		return string(raw)
	case text:
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
	}
	return ""
}

// written is a text as a value of an attribute: in the form it has, or else in
// that of others, where the text allows.
func (a attribute) written(value string, old json.RawMessage) (any, error) {
	f := formOf(old)
	switch {
	case f == structure:
		return nil, invalid(a.field.Name, "This attribute holds a list or an object at listmonk, which is not replaced by a text.")
	case value == "":
		return nil, nil
	case f == nothing:
		f = a.form
	}
	switch {
	case f == boolean && (value == "true" || value == "false"):
		return value == "true", nil
	case f == numeral && json.Valid([]byte(value)) && formOf([]byte(value)) == numeral:
		return json.Number(value), nil
	}
	return value, nil
}

// record is a subscriber as a record of the schema, and whether the person is
// on the list.
func (l *List) record(s subscriber) (contact.Record, bool) {
	on, ok := s.on(l.id)
	if !ok {
		return contact.Record{}, false
	}
	rec := contact.Record{ID: strconv.FormatInt(s.ID, 10), Modified: s.latest(l.id).UTC(), Values: []string{s.Email, s.Name, consent(s, on)}}
	for _, a := range l.attributes {
		rec.Values = append(rec.Values, read(s.Attribs[a.key]))
	}
	return rec, true
}

// attribute finds one by the name of its field.
func (l *List) attribute(field string) (attribute, error) {
	i := slices.IndexFunc(l.attributes, func(a attribute) bool { return a.field.Name == field })
	if i < 0 {
		return attribute{}, &connector.Fault{Kind: connector.Invalid, Field: field, Message: "There is no such field. Name the attribute in the connection's settings."}
	}
	return l.attributes[i], nil
}
