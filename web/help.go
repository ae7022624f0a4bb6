package web

import (
	"html/template"
	"net/http"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/catalogue"
)

func helpRoutes() []route {
	return []route{{pattern: "GET /help/errors", do: (*visit).errorCodes, open: true}}
}

// errorCodes shows every code that a plan, a run or a request can give. Problems of
// the API lead here.
func (v *visit) errorCodes() error {
	return v.show("codes", page{Title: "Codes", Data: catalogue.Chapters()})
}

// Who says who sent a request, by the session of their browser, or returns
// account.ErrSession.
func (s *Server) Who(r *http.Request) (account.Actor, error) {
	return (&visit{server: s, r: r}).signedIn()
}

// Framed shows what somebody else has made of HTML as a page of ours, to whoever
// asks.
func (s *Server) Framed(title string, content template.HTML) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guardHeaders(w.Header(), r.TLS != nil)
		v := &visit{server: s, w: w, r: r}
		v.who, _ = v.signedIn() // whoever it is
		if err := v.show("framed", page{Title: title, Data: content}); err != nil {
			v.fail(err)
		}
	})
}

// Operations are those that some page or form offers.
func Operations() (ids []string) {
	seen := map[string]bool{}
	for _, r := range routes() {
		if !r.open && !seen[r.operation] {
			seen[r.operation] = true
			ids = append(ids, r.operation)
		}
	}
	return ids
}
