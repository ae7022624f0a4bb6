package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Property is one that contacts have.
type Property struct {
	Name, Label     string
	Type, FieldType string   // string and text when empty
	Options         []string // internal values of an enumeration
	ReadOnly        bool
	Calculated      bool
	Hidden          bool
	Unique          bool
	Custom          bool
}

// contactProperties are some of those that every account has, and a few that
// somebody has added.
func contactProperties() []Property {
	return []Property{
		{Name: "email", Label: "Email"},
		{Name: "firstname", Label: "First Name"},
		{Name: "lastname", Label: "Last Name"},
		{Name: "phone", Label: "Phone Number", FieldType: "phonenumber"},
		{Name: "mobilephone", Label: "Mobile Phone Number", FieldType: "phonenumber"},
		{Name: "company", Label: "Company Name"},
		{Name: "jobtitle", Label: "Job Title"},
		{Name: "address", Label: "Street Address"},
		{Name: "city", Label: "City"},
		{Name: "state", Label: "State/Region"},
		{Name: "zip", Label: "Postal Code"},
		{Name: "country", Label: "Country/Region"},
		{Name: "website", Label: "Website URL"},
		{Name: "message", Label: "Message", FieldType: "textarea"},
		{Name: "annualrevenue", Label: "Annual Revenue"},
		{Name: "hs_language", Label: "Preferred language", Type: "enumeration", FieldType: "select", Options: []string{"en", "de", "fr", "es", "tr"}},
		{Name: "lifecyclestage", Label: "Lifecycle Stage", Type: "enumeration", FieldType: "radio", Options: stages},
		{Name: "hs_lead_status", Label: "Lead Status", Type: "enumeration", FieldType: "radio", Options: []string{"NEW", "OPEN", "IN_PROGRESS", "CONNECTED", "UNQUALIFIED"}},
		{Name: "interests", Label: "Interests", Type: "enumeration", FieldType: "checkbox", Options: []string{"fairs", "training", "news"}, Custom: true},
		{Name: "member_since", Label: "Member since", Type: "date", FieldType: "date", Custom: true},
		{Name: "seats", Label: "Seats", Type: "number", FieldType: "number", Custom: true},
		{Name: "badge", Label: "Badge", Unique: true, Custom: true},
		{Name: "hs_email_optout", Label: "Unsubscribed from all email", Type: "bool", FieldType: "booleancheckbox", Options: []string{"true", "false"}, ReadOnly: true},
		{Name: "createdate", Label: "Create Date", Type: "datetime", FieldType: "date", ReadOnly: true},
		{Name: "lastmodifieddate", Label: "Last Modified Date", Type: "datetime", FieldType: "date", ReadOnly: true},
		{Name: "hs_object_id", Label: "Record ID", Type: "number", FieldType: "number", ReadOnly: true},
		{Name: "hs_additional_emails", Label: "Additional email addresses", Type: "enumeration", FieldType: "checkbox", ReadOnly: true},
		{Name: "hs_merged_object_ids", Label: "Merged record IDs", Type: "enumeration", FieldType: "checkbox", ReadOnly: true, Hidden: true},
		{Name: "hs_email_domain", Label: "Email Domain", ReadOnly: true, Calculated: true, FieldType: "calculation_equation"},
		{Name: "hs_searchable_calculated_phone_number", Label: "Calculated phone number", FieldType: "phonenumber", ReadOnly: true, Calculated: true, Hidden: true},
		{Name: "hs_searchable_calculated_mobile_number", Label: "Calculated mobile number", FieldType: "phonenumber", ReadOnly: true, Calculated: true, Hidden: true},
	}
}

// stages in the order that people move through them.
var stages = []string{"subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other"}

// AddProperty adds one, or puts it in the place of the one of that name.
func (s *Sandbox) AddProperty(p Property) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.properties = slices.DeleteFunc(s.properties, func(old Property) bool { return old.Name == p.Name })
	s.properties = append(s.properties, p)
}

// RemoveProperty takes one away, with its values.
func (s *Sandbox) RemoveProperty(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.properties = slices.DeleteFunc(s.properties, func(p Property) bool { return p.Name == name })
}

func (s *Sandbox) property(name string) *Property {
	for i := range s.properties {
		if s.properties[i].Name == name {
			return &s.properties[i]
		}
	}
	return nil
}

func (s *Sandbox) serveProperties(w http.ResponseWriter, object, name string) {
	if object != "contacts" && object != "contact" && object != "0-1" {
		s.refuse(w, &problem{status: http.StatusBadRequest, category: "VALIDATION_ERROR", message: "Unable to infer object type from: " + object})
		return
	}
	if slices.Contains(s.options.Without, "crm.schemas.contacts.read") {
		s.refuse(w, &problem{status: http.StatusForbidden, category: "MISSING_SCOPES", message: "One or more of the following scopes are required.",
			context: map[string][]string{"requiredGranularScopes": {"crm.schemas.contacts.read"}}})
		return
	}
	var all []any
	for _, p := range s.properties {
		if name == p.Name {
			s.answer(w, http.StatusOK, p.json())
			return
		}
		all = append(all, p.json())
	}
	if name != "" {
		s.refuse(w, notFound("Property "+name+" does not exist"))
		return
	}
	s.answer(w, http.StatusOK, map[string]any{"results": all})
}

func (p Property) json() map[string]any {
	options := []any{}
	for i, value := range p.Options {
		options = append(options, map[string]any{"label": strings.ToUpper(value[:1]) + value[1:], "value": value, "displayOrder": i, "hidden": false})
	}
	kind, field := p.Type, p.FieldType
	if kind == "" {
		kind = "string"
	}
	if field == "" {
		field = "text"
	}
	return map[string]any{
		"name": p.Name, "label": p.Label, "type": kind, "fieldType": field, "description": "", "groupName": "contactinformation", "options": options,
		"displayOrder": -1, "hasUniqueValue": p.Unique, "hidden": p.Hidden, "calculated": p.Calculated, "externalOptions": false,
		"hubspotDefined": !p.Custom, "formField": !p.ReadOnly, "dataSensitivity": "non_sensitive", "archived": false,
		"createdAt": "2019-08-06T02:41:08.204Z", "updatedAt": "2024-09-12T14:22:56.844Z",
		"modificationMetadata": map[string]any{"archivable": p.Custom, "readOnlyDefinition": !p.Custom, "readOnlyValue": p.ReadOnly || p.Calculated},
	}
}

var emailForm = regexp.MustCompile(`^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}$`)

// check says what is wrong with values that somebody wants to write, all of it.
func (s *Sandbox) check(values map[string]string) *problem {
	var details []detail
	var list []map[string]any
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		code, message := s.wrong(name, values[name])
		if code == "" {
			continue
		}
		details = append(details, detail{Message: message, Code: code, Context: map[string][]string{"propertyName": {name}}})
		list = append(list, map[string]any{"isValid": false, "message": message, "error": code, "name": name})
	}
	if len(details) == 0 {
		return nil
	}
	text, _ := json.Marshal(list) // strings marshal
	p := invalid("Property values were not valid: %s", text)
	p.errors = details
	return p
}

func (s *Sandbox) wrong(name, value string) (code, message string) {
	p := s.property(name)
	switch {
	case p == nil:
		return "PROPERTY_DOESNT_EXIST", fmt.Sprintf("Property %q does not exist", name)
	case p.ReadOnly || p.Calculated:
		return "READ_ONLY_VALUE", fmt.Sprintf("%q is a read only property; its value cannot be set.", name)
	case value == "":
		return "", ""
	case len(value) > 65536:
		return "INVALID_STRING", fmt.Sprintf("%q was too long. It must be at most 65536 characters", name)
	case name == "email" && !emailForm.MatchString(strings.TrimSpace(value)):
		return "INVALID_EMAIL", "Email address " + value + " is invalid"
	}
	switch p.Type {
	case "number":
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return "INVALID_INTEGER", fmt.Sprintf("%s was not a valid number.", value)
		}
	case "date":
		if _, ok := readDate(value); !ok {
			return "INVALID_DATE", fmt.Sprintf("%s was not a valid date.", value)
		}
	case "bool", "enumeration":
		for one := range strings.SplitSeq(value, ";") {
			if !slices.Contains(p.Options, one) && len(p.Options) > 0 {
				return "INVALID_OPTION", fmt.Sprintf("%s was not one of the allowed options: %v", one, p.Options)
			}
		}
	}
	return "", ""
}

// kept is how the account keeps a value.
func (s *Sandbox) kept(name, value string) string {
	switch p := s.property(name); {
	case name == "email":
		return strings.ToLower(strings.TrimSpace(value))
	case p != nil && p.Type == "date":
		if day, ok := readDate(value); ok {
			return day
		}
	}
	return value
}

// readDate reads a day: ISO, or midnight UTC in milliseconds.
func readDate(value string) (day string, ok bool) {
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
		t := time.UnixMilli(ms).UTC()
		return t.Format(time.DateOnly), t.Hour() == 0 && t.Minute() == 0
	}
	t, err := time.Parse(time.DateOnly, value)
	return t.Format(time.DateOnly), err == nil
}
