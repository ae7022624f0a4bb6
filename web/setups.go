package web

// The numbered steps of set-ups (S1).
func setupRoutes() []route {
	return []route{{pattern: "GET /setups", operation: "setups.list", do: (*visit).setups}}
}

func (v *visit) setups() error {
	all, err := v.service().Setups(v.ctx())
	if err != nil {
		return err
	}
	return v.show("setups", page{Title: "Set up step by step", Nav: "Syncs", CLI: "kith setups", API: "GET /api/v1/setups", Data: all})
}

// OpenConflicts is how many wait for a person; 0 where the visitor may not look.
func (v view) OpenConflicts() int {
	if !v.May("conflicts.list") {
		return 0
	}
	open, err := v.visit.service().Workspace.Store.OpenConflicts(v.visit.ctx(), 0)
	if err != nil {
		return 0 // the page itself says what is wrong
	}
	return len(open)
}
