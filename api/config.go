package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

func (a *Server) offerConfig() {
	large := func(o *huma.Operation) { o.MaxBodyBytes = mostConfig }
	offer(a, "config.export", http.MethodGet, "/config", func(v *visit, _ *nothing) (*body[[]desk.ConfigFile], error) {
		return answer(v.service().ExportConfig(v.ctx()))
	}, says("Syncs with their schedules, connections, channels and books as YAML files. Secrets are not in them."))
	offer(a, "config.plan", http.MethodPost, "/config/plan", func(v *visit, in *body[service.ConfigRequest]) (*body[desk.ConfigPlan], error) {
		return answer(v.service().PlanConfig(v.ctx(), v.who, in.Body))
	}, large, onlyLooks, says("Nothing is written."))
	offer(a, "config.apply", http.MethodPost, "/config/apply", func(v *visit, in *body[service.ConfigRequest]) (*body[desk.ConfigPlan], error) {
		return answer(v.service().ApplyConfig(v.ctx(), v.who, in.Body))
	}, large, says("All of it is done, or nothing when anything in the files is wrong. What they do not name stays, unless prune is asked for."))
	offer(a, "config.detach", http.MethodPost, "/config/detach", func(v *visit, in *body[detached]) (*nothing, error) {
		return new(nothing), v.service().Detach(v.ctx(), in.Body.Kind, in.Body.Name)
	}, status(http.StatusNoContent))
}

// mostConfig is how many bytes a configuration may have.
const mostConfig = 8 << 20

type detached struct {
	Kind string `json:"kind" enum:"Sync,Connection,Channel,Book"`
	Name string `json:"name"`
}
