package metrics

import (
	"strings"
	"sync"
)

// mostNames is how many syncs have a label of their own. Prometheus keeps a series
// for each for ever.
const mostNames = 200

// names gives syncs their labels, a bounded number of them.
type names struct {
	mu   sync.Mutex
	seen map[string]bool
}

// replayed ends the name of what a replay keeps of another sync's rejects.
const replayed = "-rejects"

// label is what a sync is called: its name, import for all that were made of single
// files, other for those after the first mostNames.
func (n *names) label(name string) string {
	name = strings.TrimSuffix(name, replayed)
	if shared(name) {
		return "import"
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.seen[name]:
		return name
	case len(n.seen) >= mostNames:
		return "other"
	}
	n.seen[name] = true
	return name
}
