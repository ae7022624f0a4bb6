package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
)

// What an operation of the document says besides, for clients and for the tests.
const (
	roleKey  = "x-role"  // the least role
	scopeKey = "x-scope" // the scope that a token needs
	// personKey marks what a token may not do at all.
	personKey = "x-in-person"
	onceKey   = "once"  // it is carried out once for each Idempotency-Key
	looksKey  = "looks" // it is a POST and changes nothing
	bodyKey   = "body"  // the description of a body that huma shall not read
)

// offer serves an operation of package service at an address. Its role and its
// sentence for the manual stand there; what is done is do.
func offer[I, O any](a *Server, id, method, path string, do func(*visit, *I) (*O, error), settings ...func(*huma.Operation)) {
	o := service.Find(id)
	noun, _, _ := strings.Cut(id, ".")
	op := huma.Operation{
		OperationID: id, Method: method, Path: Root + path, Summary: o.Summary, Tags: []string{noun},
		Security:   []map[string][]string{{"token": {}}, {"session": {}}},
		Extensions: map[string]any{roleKey: string(o.Least), scopeKey: string(scopeOf(o.Least))},
		Metadata:   map[string]any{operationKey: o},
		Responses:  map[string]*huma.Response{},
		// Whoever sends a body is known by then; a limit would call the work off, too.
		BodyReadTimeout: -1,
	}
	for _, set := range settings {
		set(&op)
	}
	if method == http.MethodPost && op.Metadata[looksKey] != true {
		op.Metadata[onceKey] = true
		op.Parameters = append(op.Parameters, &huma.Param{Name: keyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(keyLength)},
			Description: "Any text of your own, new for each request. A request that is repeated with it within 24 hours is not carried out again: it gets the first answer."})
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		v := visitOf(ctx)
		out, err := do(v, in)
		if err == nil {
			err = a.Service.Audit(ctx, v.who, o, v.object())
		}
		if err != nil {
			return nil, a.problemOf(v.r, err)
		}
		return out, nil
	})
}

// status is the status of the answer when all went well.
func status(code int) func(*huma.Operation) {
	return func(o *huma.Operation) { o.DefaultStatus = code }
}

// variant tells an operation that has a second address from the first: both ask
// for the same role.
func variant(name string) func(*huma.Operation) {
	return func(o *huma.Operation) { o.OperationID += "." + name }
}

// says is what the manual says of an operation besides its summary.
func says(text string) func(*huma.Operation) {
	return func(o *huma.Operation) { o.Description = text }
}

// nothing is the answer, or the question, that has no body.
type nothing struct{}

// body is an answer with a value.
type body[T any] struct{ Body T }

func answer[T any](value T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{value}, nil
}

// scopeOf is the scope that a token needs for what a role may do.
func scopeOf(least account.Role) account.Scope {
	for _, s := range account.Scopes() {
		if s.Role() == least {
			return s
		}
	}
	return ""
}

// inPerson is for what only somebody who has signed in may do: a program with
// their token may not make itself another, nor change a password.
func inPerson(o *huma.Operation) {
	o.Extensions[personKey] = true
	o.Security = []map[string][]string{{"session": {}}}
}

// onlyLooks is for a POST that changes nothing: what it asks is too long for an
// address, or does not belong into one.
func onlyLooks(o *huma.Operation) { o.Metadata[looksKey] = true }

// yamlBody says that a sync file may be written in YAML or in JSON.
func yamlBody(o *huma.Operation) {
	text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: "A sync file, see docs/sync-file.md."}}
	o.Metadata[bodyKey] = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/yaml": text, "application/json": {Schema: &huma.Schema{Type: huma.TypeObject, Description: "The same in JSON."}}}}
	o.MaxBodyBytes = largestText
}

func csvAnswer(o *huma.Operation) { fileAnswer(o, "text/csv") }

func eventAnswer(o *huma.Operation) { fileAnswer(o, "text/event-stream") }

func fileAnswer(o *huma.Operation, kind string) {
	o.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: huma.TypeString}}}}
}

// fileBody is a body that is read as it comes, however long it is.
func fileBody(kind string, most int64) func(*huma.Operation) {
	return func(o *huma.Operation) {
		o.Metadata[bodyKey] = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
		o.MaxBodyBytes = most
	}
}
