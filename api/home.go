package api

import (
	"net/http"

	"github.com/kith-sync/kith/service"
)

func (a *Server) offerHome() {
	offer(a, "home.show", http.MethodGet, "/home", func(v *visit, _ *nothing) (*body[service.Home], error) {
		return answer(v.service().Home(v.ctx()))
	})
}
