package syncfile

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/kith-sync/kith/plan"
)

// SchemaID is the address of the published schema.
const SchemaID = "https://raw.githubusercontent.com/kith-sync/kith/main/docs/schema/sync.json"

// Schema returns the JSON Schema (draft 2020-12) of one sync document, for the
// completion of editors. It knows the keys of this version only.
func Schema() ([]byte, error) {
	s := mappingSchema(syncKeys())
	s.Version = jsonschema.Version
	s.ID = SchemaID
	s.Title = "Kith sync"
	s.Description = "One configured flow of contacts from a source to a target."
	out, err := json.MarshalIndent(s, "", "  ")
	return append(out, '\n'), err
}

// ConfigSchemaID is the address of the schema of every kind of document.
const ConfigSchemaID = "https://raw.githubusercontent.com/kith-sync/kith/main/docs/schema/config.json"

// ConfigSchema returns the JSON Schema of the documents of a configuration, whatever
// their kind.
func ConfigSchema() ([]byte, error) {
	s := &jsonschema.Schema{Version: jsonschema.Version, ID: ConfigSchemaID, Title: "Kith configuration",
		Description: "One document of a configuration: a sync, connection, channel or book."}
	for _, kind := range Kinds() {
		keys := objectKeys(kind)
		if kind == Kind {
			keys = syncKeys()
		}
		one := mappingSchema(keys)
		one.Title = kind
		s.OneOf = append(s.OneOf, one)
	}
	out, err := json.MarshalIndent(s, "", "  ")
	return append(out, '\n'), err
}

func mappingSchema(keys []key) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, k := range keys {
		if k.later {
			continue
		}
		one := keySchema(k)
		one.Description = k.doc
		if k.fallback != "" {
			one.Description += " Default: " + strings.ReplaceAll(k.fallback, "`", "") + "."
		}
		if len(k.notYet) > 0 {
			one.Description += " Not available yet: " + strings.Join(k.notYet, ", ") + "."
		}
		s.Properties.Set(k.name, one)
		switch k.need {
		case required:
			s.Required = append(s.Required, k.name)
		case oneOf:
			s.OneOf = append(s.OneOf, &jsonschema.Schema{Required: []string{k.name}})
		case optional:
		}
	}
	return s
}

func keySchema(k key) *jsonschema.Schema {
	switch k.shape {
	case mapping:
		return mappingSchema(k.keys)
	case mappings:
		return &jsonschema.Schema{Type: "array", Items: mappingSchema(k.keys), MinItems: new(uint64(1))}
	case texts:
		return &jsonschema.Schema{Type: "array", Items: pattern(notBlank), UniqueItems: true}
	case words:
		return &jsonschema.Schema{Type: "array", Items: enum(k.words), MinItems: new(uint64(1)), UniqueItems: true}
	case table:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "string"}}
	case word:
		return withDefault(enum(k.words), k.fallback)
	case yesNo:
		if slices.Contains(k.notYet, "true") {
			return withDefault(&jsonschema.Schema{Type: "boolean", Enum: []any{false}}, k.fallback)
		}
		return withDefault(&jsonschema.Schema{Type: "boolean"}, k.fallback)
	case count:
		return &jsonschema.Schema{Type: "integer", Minimum: "0"}
	case amount:
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "integer", Minimum: "0"}, pattern(amountForm)}}
	case email:
		return pattern(`^[^@\s]+@[^@\s]+$`)
	case positive:
		return &jsonschema.Schema{Type: "integer", Minimum: "1"}
	case several:
		one := []*jsonschema.Schema{pattern(notBlank), {Type: "integer"}}
		return &jsonschema.Schema{AnyOf: append(one, &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: one}, MinItems: new(uint64(1))})}
	case limit:
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "integer", Minimum: "1"}, {Const: "none"}}}
	case share:
		return withDefault(pattern(shareForm.String()), k.fallback)
	case filled, language:
		return pattern(notBlank)
	case region:
		return pattern(regionCode.String())
	case kindOf:
		return pattern(`^(` + strings.Join(kindNames(), "|") + `|phone\([A-Z]{2}\))$`)
	case afterwards:
		move := jsonschema.NewProperties()
		move.Set("move", pattern(notBlank))
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{enum([]string{plan.AfterKeep, plan.AfterDelete}),
			{Type: "object", Properties: move, Required: []string{"move"}, AdditionalProperties: jsonschema.FalseSchema}}}
	case hidden:
		return pattern(reference.String())
	case text, expression:
	}
	return &jsonschema.Schema{Type: "string"}
}

const amountForm = `^([0-9]+|[0-9]{1,3}(\.[0-9]+)? ?%)$`

const notBlank = `\S`

func pattern(p string) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Pattern: p} }

func enum(words []string) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}

// withDefault names the default where it is a value and not an explanation.
func withDefault(s *jsonschema.Schema, fallback string) *jsonschema.Schema {
	switch {
	case fallback == "" || strings.Contains(fallback, "`"):
	case s.Type == "boolean":
		s.Default = fallback == "true"
	default:
		s.Default = fallback
	}
	return s
}
