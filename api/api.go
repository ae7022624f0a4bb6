// Package api offers over HTTP to programs what the pages offer to people: the same
// operations by the same names, to the same roles, done by the same methods of
// package service. It decides nothing and stores nothing but the answers that a
// repeated request gets again. What it offers stands in docs/openapi.yaml, which is
// made from the code.
package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
)

// Root is where every operation's address begins.
const Root = "/api/v1"

// A Server answers the API of a service.
type Server struct {
	Service *service.Service
	// SignedIn says who sent a request by the session of a browser, or returns
	// account.ErrSession.
	SignedIn func(*http.Request) (account.Actor, error)

	mux    *http.ServeMux
	huma   huma.API
	limits *limits
}

// New returns the API of a service. A browser that has signed in to the pages may
// use it too; signedIn says who that is.
func New(s *service.Service, signedIn func(*http.Request) (account.Actor, error)) *Server {
	a := &Server{Service: s, SignedIn: signedIn, mux: http.NewServeMux(), limits: newLimits(s.Now)}
	a.huma = humago.New(a.mux, a.config())
	a.huma.UseMiddleware(a.enter)
	for _, offers := range []func(*Server){
		(*Server).offerHome, (*Server).offerSyncs, (*Server).offerSchedules, (*Server).offerRuns, (*Server).offerRejects,
		(*Server).offerJobs, (*Server).offerConflicts, (*Server).offerPeople,
		(*Server).offerBooks, (*Server).offerContacts, (*Server).offerCompanies, (*Server).offerSetups, (*Server).offerLeads, (*Server).offerOccasions, (*Server).offerImports, (*Server).offerConnections, (*Server).offerSettings, (*Server).offerConfig,
	} {
		offers(a)
	}
	a.finish()
	a.mux.HandleFunc("GET /api/openapi.json", a.documentJSON)
	a.mux.HandleFunc("GET /api/openapi.yaml", a.documentYAML)
	a.mux.HandleFunc("/", a.nothing)
	return a
}

func (a *Server) config() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Kith", Version: "1",
				Description: "Everything that the pages of Kith can do. docs/api.md tells how to begin.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Servers: []*huma.Server{{URL: "/", Description: "this installation"}},
			Components: &huma.Components{
				Schemas: schemas(),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token":   {Type: "http", Scheme: "bearer", Description: "A token of somebody, made under Tokens or by kith token add. Its scopes: read, run, write, admin."},
					"session": {Type: "apiKey", In: "cookie", Name: "kith_session", Description: "The session of a browser that has signed in to the pages."},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{a.asProblem},
	}
}

// ServeHTTP answers a request, with the headers that every answer has.
func (a *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	a.mux.ServeHTTP(w, r)
}

// nothing answers where there is no operation. Whoever asks has to say who they are
// even for that.
func (a *Server) nothing(w http.ResponseWriter, r *http.Request) {
	if _, err := a.who(r); err != nil {
		a.writeProblem(w, r, a.problemOf(r, err))
		return
	}
	p := a.problem(http.StatusNotFound, "not_found", "There is no such address here. /api/openapi.json lists what there is.")
	if allowed := a.allowed(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		p = a.problem(http.StatusMethodNotAllowed, "not_found", "This address answers "+strings.Join(allowed, " and ")+" only.")
	}
	a.writeProblem(w, r, p)
}

// allowed are the methods that an address has.
func (a *Server) allowed(r *http.Request) (methods []string) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "/" && pattern != "" {
			methods = append(methods, method)
		}
	}
	return methods
}
