package api

import (
	"net/http"

	"github.com/kith-sync/kith/desk"
)

func (a *Server) offerSetups() {
	offer(a, "setups.list", http.MethodGet, "/setups", func(v *visit, _ *nothing) (*paged[desk.Setup], error) {
		all, err := v.service().Setups(v.ctx())
		return whole(v, all, err)
	}, says("Which steps are done follows from the connections, syncs and runs that there are."))
}
