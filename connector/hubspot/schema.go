package hubspot

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// A property is a field as HubSpot describes it.
type property struct {
	Name       string `json:"name"`
	Label      string `json:"label"`
	Type       string `json:"type"`
	FieldType  string `json:"fieldType"`
	Hidden     bool   `json:"hidden"`
	Calculated bool   `json:"calculated"`
	Archived   bool   `json:"archived"`
	Access     struct {
		ReadOnlyValue bool `json:"readOnlyValue"`
	} `json:"modificationMetadata"`
}

// A field is one that we read, and perhaps write.
type field struct {
	contact.Field
	kind     string // HubSpot's type
	readOnly bool
}

// optOut says that somebody wants no mail. It is the one property that is passed
// on although programs cannot write it.
const optOut = "hs_email_optout"

// firstFields stand at the beginning of the schema, in this order: the first
// e-mail and the first telephone are the record's own.
var firstFields = [...]string{"email", "firstname", "lastname", "phone", "mobilephone", "company", "jobtitle", "address", "city", "state", "zip", "country", "website"}

// Schema asks for the properties of contacts and returns those that can be
// written, and the opt-out. It asks again only after a while.
func (c *Contacts) Schema(ctx context.Context) (contact.Schema, error) {
	c.mu.Lock()
	fields, age := c.fields, c.clock.Now().Sub(c.asked)
	c.mu.Unlock()
	if fields == nil || age >= fresh || age < 0 {
		var err error
		if fields, err = c.properties(ctx); err != nil {
			return contact.Schema{}, err
		}
	}
	schema := contact.Schema{}
	for _, f := range fields {
		schema.Fields = append(schema.Fields, f.Field)
	}
	return schema, nil
}

func (c *Contacts) properties(ctx context.Context) ([]field, error) {
	var reply struct {
		Results []property `json:"results"`
	}
	if _, err := c.service.do(ctx, request{method: http.MethodGet, path: c.service.propertyPath}, &reply); err != nil {
		return nil, missingAddress(err)
	}
	var fields []field
	for _, p := range reply.Results {
		if f, ok := p.field(); ok {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return nil, &connector.Fault{Kind: connector.Invalid, Message: "HubSpot names no property of contacts that can be written. Check the address and what the token may do."}
	}
	slices.SortFunc(fields, func(a, b field) int {
		return cmp.Or(cmp.Compare(place(a.Name), place(b.Name)), strings.Compare(a.Name, b.Name))
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fields, c.asked = fields, c.clock.Now()
	return fields, nil
}

func place(name string) int {
	if i := slices.Index(firstFields[:], name); i >= 0 {
		return i
	}
	return len(firstFields)
}

// field is a property as a field, unless it is none that people see or that
// anybody may write.
func (p property) field() (f field, ok bool) {
	readOnly := p.Calculated || p.Access.ReadOnlyValue
	switch {
	case p.Name == "", p.Archived, p.Hidden && p.Name != optOut, readOnly && p.Name != optOut,
		p.Type == "json", p.Type == "object_coordinates":
		return field{}, false
	}
	return field{Field: contact.Field{Name: p.Name, Label: p.Label, Kind: p.meaning()}, kind: p.Type, readOnly: readOnly}, true
}

// meaning is the kind of a property's values. HubSpot itself knows telephones
// and dates; the others are told by the names of the properties every account has.
func (p property) meaning() contact.Kind {
	switch {
	case p.Name == "email" || p.Name == "work_email":
		return contact.Email
	case p.FieldType == "phonenumber":
		return contact.Phone
	case p.Name == "firstname" || p.Name == "lastname":
		return contact.Name
	case p.Name == "country":
		return contact.Country
	case p.Name == "hs_language":
		return contact.Language
	case p.Name == "website" || p.Name == "hs_linkedin_url":
		return contact.URL
	case p.Type == "date" || p.Type == "datetime" || p.Name == "date_of_birth":
		return contact.Date
	case p.Name == optOut:
		return contact.Consent
	}
	return contact.Text
}

// read is a value as we pass it on: moments come as text or in milliseconds, and
// a person who has not opted out has not consented (requirements 3.14).
func (f field) read(value string) string {
	switch {
	case f.Name == optOut && value == "true":
		return contact.Unsubscribed
	case f.Name == optOut:
		return ""
	case f.kind != "date" && f.kind != "datetime":
		return value
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return value
	}
	if f.kind == "date" {
		return time.UnixMilli(ms).UTC().Format(time.DateOnly)
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

// known are the fields as they were asked for last.
func (c *Contacts) known() []field {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fields
}

// ours are the properties that every reading of contacts needs besides.
var ours = [...]string{"lastmodifieddate", "hs_merged_object_ids"}

// names are the properties that a contact is read with.
func (c *Contacts) names() []string {
	names := slices.Clone(ours[:])
	for _, f := range c.known() {
		names = append(names, f.Name)
	}
	return names
}
