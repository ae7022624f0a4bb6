package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// tool answers below /tooling: custom fields are made, listed and looked at.
func (s *Sandbox) tool(c *call) answer {
	inner := *c
	inner.parts = c.parts[1:]
	switch {
	case len(inner.parts) == 0:
		return unknownResource().answer()
	case strings.EqualFold(inner.parts[0], "query") && len(inner.parts) == 1:
		return s.ask(&inner, c.query.Get("q"), false, true)
	case strings.EqualFold(inner.parts[0], "query"):
		return s.more(&inner, inner.parts[1])
	case strings.EqualFold(inner.parts[0], "sobjects") && len(inner.parts) == 2 && strings.EqualFold(inner.parts[1], "CustomField") && c.method == http.MethodPost:
		return s.newField(&inner)
	case strings.EqualFold(inner.parts[0], "sobjects"):
		return s.sobjects(&inner, true)
	}
	return unknownResource().answer()
}

// fieldKinds are the types of the Metadata API and what describe calls them.
var fieldKinds = map[string]string{"Text": "string", "Number": "double", "Email": "email", "Checkbox": "boolean", "Date": "date", "DateTime": "datetime", "Phone": "phone", "Url": "url", "TextArea": "textarea", "LongTextArea": "textarea", "Picklist": "picklist"}

// newField makes a custom field. Nobody sees it before a permission set says so.
func (s *Sandbox) newField(c *call) answer {
	var in struct {
		FullName string
		Metadata struct {
			Label, Type                                 string
			Length, Precision, Scale                    int
			ExternalID, Unique, CaseSensitive, Required bool
		}
	}
	if p := decode(c.body, &in); p != nil {
		return p.answer()
	}
	object, name, _ := strings.Cut(in.FullName, ".")
	o, m := s.objects[lower(object)], in.Metadata
	kind := fieldKinds[m.Type]
	switch {
	case o == nil || o.tooling || !strings.HasSuffix(name, "__c"):
		return refuse("FIELD_INTEGRITY_EXCEPTION", "Entity Enumeration Or ID: bad value for restricted picklist field: "+object, "FullName").answer()
	case o.field(name) != nil:
		return refuse("DUPLICATE_DEVELOPER_NAME", fmt.Sprintf("There is already a field named %s on %s.", strings.TrimSuffix(name, "__c"), o.label), "DeveloperName").answer()
	case kind == "":
		return refuse("FIELD_INTEGRITY_EXCEPTION", "Type: bad value for restricted picklist field: "+m.Type, "Type").answer()
	case m.Label == "":
		return refuse("REQUIRED_FIELD_MISSING", "Required fields are missing: [MasterLabel]", "MasterLabel").answer()
	case m.Type == "Text" && (m.Length < 1 || m.Length > 255):
		return refuse("FIELD_INTEGRITY_EXCEPTION", "Length must be between 1 and 255", "Length").answer()
	case m.ExternalID && !slices.Contains([]string{"Text", "Number", "Email"}, m.Type):
		return refuse("FIELD_INTEGRITY_EXCEPTION", "can not specify 'externalId' for a field of type "+m.Type, "ExternalId").answer()
	}
	s.addField(o, NewField{Name: name, Label: m.Label, Kind: kind, Length: m.Length, Scale: m.Scale, External: m.ExternalID, Unique: m.Unique, CaseSensitive: m.CaseSensitive, Required: m.Required, NeedsPermission: !m.Required})
	meta, _ := json.Marshal(m) // our own struct
	custom := s.objects["customfield"]
	r, p := s.create(saver{user: c.user, automatic: true}, custom, map[string]any{"DeveloperName": strings.TrimSuffix(name, "__c"), "TableEnumOrId": o.name, "FullName": o.name + "." + name, "Metadata": string(meta)})
	if p != nil {
		return p.answer()
	}
	body := saved(makeID(custom.prefix, r.n))
	body["warnings"], body["infos"] = []any{}, []any{}
	return reply(http.StatusCreated, body)
}
