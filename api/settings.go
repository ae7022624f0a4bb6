package api

import (
	"net/http"

	"github.com/kith-sync/kith/service"
)

func (a *Server) offerSettings() {
	offer(a, "settings.show", http.MethodGet, "/settings", func(v *visit, _ *nothing) (*tagged[service.Installation], error) {
		return shownSettings(v)
	})
	offer(a, "settings.save", http.MethodPut, "/settings", func(v *visit, in *struct {
		Conditions
		Body service.Defaults
	}) (*tagged[service.Installation], error) {
		now, err := shownSettings(v)
		if err != nil {
			return nil, err
		}
		if err := in.hold(v, now.ETag); err != nil {
			return nil, err
		}
		if err := v.service().SaveDefaults(v.ctx(), in.Body); err != nil {
			return nil, err
		}
		return shownSettings(v)
	})
}

func shownSettings(v *visit) (*tagged[service.Installation], error) {
	i, err := v.service().Installation(v.ctx())
	if err != nil {
		return nil, err
	}
	return &tagged[service.Installation]{tag(i.Defaults), i}, nil
}
