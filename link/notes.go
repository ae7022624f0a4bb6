package link

import (
	"slices"
	"strings"

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

// widens says which fields the plan adds to the address book.
func (p *pass) widens() {
	w, ok := p.book.(Widener)
	if !ok || len(w.Missing()) == 0 {
		return
	}
	var names []string
	for _, f := range w.Missing() {
		names = append(names, f.Name)
	}
	p.run.Notes = append(p.run.Notes, "The address book "+p.book.Name()+" gets new fields: "+strings.Join(names, ", ")+".")
}
