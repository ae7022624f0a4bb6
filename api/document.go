package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/service"
)

//go:generate go run ./generate ../docs/openapi.yaml

// schemaName names a type in the document: by its own name, else by the operation
// that it belongs to.
func schemaName(t reflect.Type, hint string) string {
	words := strings.FieldsFunc(hint, func(r rune) bool { return r == '.' || r == '_' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return huma.DefaultSchemaNamer(t, strings.Join(words, ""))
}

// words stand for what is written as one text or as a list of them.
type words struct{}

// Schema describes schedule.Texts.
func (words) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeInteger}, {Type: huma.TypeArray, Items: &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeInteger}}}}}}
}

// after describes plan.After.
type after struct{}

// Schema describes what becomes of a file: a word, or where it is moved to.
func (after) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeObject, Properties: map[string]*huma.Schema{"move": {Type: huma.TypeString}}}}}
}

func schemas() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", schemaName)
	r.RegisterTypeAlias(reflect.TypeFor[schedule.Texts](), reflect.TypeFor[words]())
	r.RegisterTypeAlias(reflect.TypeFor[plan.After](), reflect.TypeFor[after]())
	return r
}

// refusals are the statuses that every operation may answer with besides its own.
func (a *Server) refusals(problem *huma.Schema) map[string]*huma.Response {
	all := map[string]*huma.Response{}
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests} {
		all[strconv.Itoa(code)] = refusal(http.StatusText(code), problem)
	}
	all["default"] = refusal("What was asked for was not done; the problem says why.", problem)
	return all
}

func refusal(text string, problem *huma.Schema) *huma.Response {
	return &huma.Response{Description: text, Content: map[string]*huma.MediaType{problemType: {Schema: problem}}}
}

// finish gives every operation its refusals, and throws away the schema of errors
// that are never sent.
func (a *Server) finish() {
	doc := a.huma.OpenAPI()
	problem := doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, o := range operationsOf(doc) {
		maps.Copy(o.Responses, a.refusals(problem))
		if read, ok := o.Metadata[bodyKey].(*huma.RequestBody); ok {
			o.RequestBody = read
		}
		slices.SortFunc(o.Parameters, func(a, b *huma.Param) int { return strings.Compare(a.In+a.Name, b.In+b.Name) })
	}
	delete(doc.Components.Schemas.Map(), "ErrorModel")
}

// operationsOf are all operations of a document, by path and method.
func operationsOf(doc *huma.OpenAPI) (all []*huma.Operation) {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if o != nil {
				all = append(all, o)
			}
		}
	}
	return all
}

// Document is the description of the API, as docs/openapi.yaml has it.
func (a *Server) Document() *huma.OpenAPI { return a.huma.OpenAPI() }

func (a *Server) documentJSON(w http.ResponseWriter, r *http.Request) {
	text, err := json.MarshalIndent(a.Document(), "", "  ")
	a.writeDocument(w, r, "application/openapi+json", text, err)
}

func (a *Server) documentYAML(w http.ResponseWriter, r *http.Request) {
	text, err := a.Document().YAML()
	a.writeDocument(w, r, "application/openapi+yaml", text, err)
}

func (a *Server) writeDocument(w http.ResponseWriter, r *http.Request, kind string, text []byte, err error) {
	if err != nil {
		a.writeProblem(w, r, a.problemOf(r, fmt.Errorf("openapi document: %w", err)))
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(text) // whoever is gone needs no answer
}

// Description is docs/openapi.yaml. It needs no installation.
func Description() ([]byte, error) {
	return New(&service.Service{Now: time.Now}, nil).Document().YAML()
}
