package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed viewer.html
var viewerText string

// Viewer is the API's description as a part of a page: of the document, without a
// script and without anything from elsewhere.
func (a *Server) Viewer() (template.HTML, error) {
	t, err := template.New("viewer").Parse(viewerText)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = t.Execute(&out, a.chapters())
	return template.HTML(out.String()), err //nolint:gosec // made by a template from our own document
}

// A viewed operation is what the page shows of one.
type viewed struct {
	ID, Method, Path, Summary, Description, Role, Scope string
	InPerson                                            bool
	Values                                              []viewedValue
	Body, Answer                                        string
}

type viewedValue struct {
	Name, In, Kind, Text string
	Required             bool
}

type viewedNoun struct {
	Name       string
	Operations []viewed
}

func (a *Server) chapters() (nouns []viewedNoun) {
	doc := a.Document()
	for _, o := range operationsOf(doc) {
		at := slices.IndexFunc(nouns, func(n viewedNoun) bool { return n.Name == o.Tags[0] })
		if at < 0 {
			at = len(nouns)
			nouns = append(nouns, viewedNoun{Name: o.Tags[0]})
		}
		nouns[at].Operations = append(nouns[at].Operations, a.view(doc, o))
	}
	slices.SortStableFunc(nouns, func(a, b viewedNoun) int { return strings.Compare(a.Name, b.Name) })
	return nouns
}

func (a *Server) view(doc *huma.OpenAPI, o *huma.Operation) viewed {
	role, _ := o.Extensions[roleKey].(string)
	scope, _ := o.Extensions[scopeKey].(string)
	out := viewed{ID: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, Description: o.Description, Role: role, Scope: scope, InPerson: o.Extensions[personKey] == true}
	for _, p := range o.Parameters {
		out.Values = append(out.Values, viewedValue{p.Name, p.In, kindOf(p.Schema), p.Description, p.Required})
	}
	if o.RequestBody != nil {
		out.Body = exampleOf(doc, o.RequestBody.Content)
	}
	for _, status := range []string{"200", "201", "202"} {
		if r := o.Responses[status]; r != nil && out.Answer == "" {
			out.Answer = exampleOf(doc, r.Content)
		}
	}
	return out
}

func kindOf(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	if len(s.Enum) > 0 {
		text, _ := json.Marshal(s.Enum)
		return strings.Trim(strings.ReplaceAll(string(text), `"`, ""), "[]")
	}
	return s.Type
}

// exampleOf draws the shape of a body: every key with the kind of its value.
func exampleOf(doc *huma.OpenAPI, content map[string]*huma.MediaType) string {
	for kind, media := range content {
		if kind != "application/json" && len(content) > 1 {
			continue
		}
		if kind != "application/json" {
			return kind
		}
		var b strings.Builder
		draw(&b, doc.Components.Schemas, media.Schema, "", 0)
		return b.String()
	}
	return ""
}

// deepest is how far down a shape is drawn.
const deepest = 4

func draw(b *strings.Builder, r huma.Registry, s *huma.Schema, indent string, depth int) {
	if s.Ref != "" {
		s = r.SchemaFromRef(s.Ref)
	}
	switch {
	case s == nil || depth > deepest:
		b.WriteString("…")
	case len(s.OneOf) > 0:
		draw(b, r, s.OneOf[0], indent, depth)
	case s.Type == huma.TypeArray:
		b.WriteString("[")
		draw(b, r, s.Items, indent, depth+1)
		b.WriteString(", …]")
	case s.Type == huma.TypeObject && len(s.Properties) > 0:
		b.WriteString("{\n")
		names := make([]string, 0, len(s.Properties))
		for name := range s.Properties {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			b.WriteString(indent + "  " + name)
			if !slices.Contains(s.Required, name) {
				b.WriteString("?")
			}
			b.WriteString(": ")
			draw(b, r, s.Properties[name], indent+"  ", depth+1)
			b.WriteString("\n")
		}
		b.WriteString(indent + "}")
	case s.Type == huma.TypeObject:
		b.WriteString("{…}")
	default:
		b.WriteString(kindOf(s))
		if s.Format != "" && s.Format != "int64" {
			b.WriteString(" (" + s.Format + ")")
		}
	}
}
