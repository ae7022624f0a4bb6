package link

import (
	"slices"

	"github.com/kith-sync/kith/run"
)

// noted adds to a run what its remote has to tell people: what was left out of writes that
// went well, how much of its allowance is used.
func (p *pass) noted() {
	n, ok := p.remote.(run.Noter)
	if !ok {
		return
	}
	for _, note := range n.Notes() {
		if !slices.Contains(p.run.Notes, note) {
			p.run.Notes = append(p.run.Notes, note)
		}
	}
}
