package api

import (
	"net/http"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/service"
)

func (a *Server) offerConflicts() {
	offer(a, "conflicts.list", http.MethodGet, "/conflicts", func(v *visit, in *Paging) (*paged[service.ConflictState], error) {
		after, err := in.number(v)
		if err != nil {
			return nil, err
		}
		found, err := v.service().Conflicts(v.ctx(), after, in.Limit)
		return page(v, found.Conflicts, numbered(found.Next)), err
	})
	offer(a, "conflicts.pick", http.MethodPost, "/conflicts/{conflict}/pick", func(v *visit, in *struct {
		Conflict int64 `path:"conflict" minimum:"1"`
		Body     struct {
			Pick string `json:"pick" enum:"ours,theirs" doc:"Ours is the value of the address book."`
		}
	}) (*struct{}, error) {
		return nil, v.service().PickConflict(v.ctx(), in.Conflict, plan.Winner(in.Body.Pick))
	})
}
