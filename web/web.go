// Package web serves the pages. Each is HTML made on the server, works without
// JavaScript except for live progress, and asks package service for everything: a
// page decides nothing and stores nothing. Every route names the operation that it
// offers; who may ask for it, and what of it is audited, is decided there.
package web

import (
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
)

//go:embed pages
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// A Server serves the pages of a service.
type Server struct {
	Service *service.Service
	pages   map[string]*template.Template
	assets  map[string]asset
	mux     *http.ServeMux
	key     []byte // with which this process signs what it leaves in a browser to be said
}

// A route is one page, form or fragment. Its pattern is that of http.ServeMux;
// its operation says who may use it. Open routes are for people who have not
// signed in.
type route struct {
	pattern   string
	operation string // "" with open
	do        func(*visit) error
	open      bool
	upload    bool // its form has a file, which may be large
	small     bool // its form comes from strangers
}

// routes are all of them, each group in the file of its pages.
func routes() (all []route) {
	for _, group := range [][]route{doorRoutes(), issuerRoutes(), homeRoutes(), configRoutes(), syncRoutes(), newSyncRoutes(), runRoutes(), helpRoutes(), bookRoutes(), contactsRoutes(), contactRoutes(), companyRoutes(), setupRoutes(), occasionRoutes(), leadRoutes(), captureFormRoutes(), captureRoutes(), editContactRoutes(), trashRoutes(), duplicateRoutes(), searchRoutes(), rejectRoutes(), importRoutes(), connectionRoutes(), conflictRoutes(), channelRoutes(), notifyRoutes(), userRoutes(), meRoutes(), totpRoutes(), settingsRoutes()} {
		all = append(all, group...)
	}
	return all
}

// New returns the pages of a service as a handler.
func New(s *service.Service) (*Server, error) {
	server := &Server{Service: s, mux: http.NewServeMux(), key: []byte(rand.Text())}
	var err error
	if server.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if server.pages, err = server.readPages(); err != nil {
		return nil, err
	}
	for _, r := range routes() {
		if err := server.serve(r); err != nil {
			return nil, err
		}
	}
	server.mux.HandleFunc("GET /assets/{name}", server.asset)
	server.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		v := &visit{server: server, w: w, r: r}
		v.who, _ = v.signedIn() // whoever it is
		v.fail(errNoPage)
	})
	return server, nil
}

var errNoPage = &problem{http.StatusNotFound, "There is no such page", "The address may be mistyped, or what it showed has been deleted."}

// readPages parses each page with the frame and the parts that all have.
func (s *Server) readPages() (map[string]*template.Template, error) {
	frame, err := template.New("frame").Funcs(s.functions()).ParseFS(pageFiles, "pages/frame/*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		page, err := frame.Clone()
		if err == nil {
			page, err = page.ParseFS(pageFiles, name)
		}
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		pages[strings.TrimSuffix(strings.TrimPrefix(name, "pages/"), ".html")] = page
	}
	return pages, nil
}

// serve puts a route behind the doorkeeper: whoever has not signed in is led to
// the sign-in, whoever may not is told so, and what changes something is audited.
func (s *Server) serve(r route) error {
	if r.open != (r.operation == "") {
		return fmt.Errorf("route %s is open, or it names its operation", r.pattern)
	}
	var operation service.Operation
	if !r.open {
		operation = service.Find(r.operation)
	}
	s.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) {
		v := &visit{server: s, w: w, r: req, operation: operation}
		if err := v.enter(r); err != nil {
			v.fail(err)
		}
	})
	return nil
}

// enter lets a visitor in, or says where to go first.
func (v *visit) enter(r route) (err error) {
	v.who, err = v.signedIn()
	if r.open {
		if err := v.receive(r); err != nil {
			return err
		}
		return r.do(v)
	}
	switch {
	case errors.Is(err, account.ErrSession), errors.Is(err, account.ErrUnfinished):
		return v.toTheDoor(err)
	case err != nil:
		return err
	}
	if err := v.server.Service.Allow(v.ctx(), v.who, v.operation); err != nil {
		return err
	}
	if err := v.receive(r); err != nil {
		return err
	}
	if err := r.do(v); err != nil || v.asked || v.r.Method == http.MethodGet { // a form that is only shown does nothing
		return err
	}
	return v.server.Service.Audit(v.ctx(), v.who, v.operation, v.object())
}

// ServeHTTP serves a request with the headers that every answer has.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guardHeaders(w.Header(), r.TLS != nil)
	s.mux.ServeHTTP(w, r)
}
