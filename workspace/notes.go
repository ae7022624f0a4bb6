package workspace

import (
	"fmt"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// telling is a remote that tells people what its system has to say, whatever is wrapped
// around it.
type telling struct {
	connector.Remote
	system connector.Remote // without the wraps
	usage  func() (used, most int)
	name   string // of the connection
}

// Notes are those of the system, and that most of its allowance is used.
func (t telling) Notes() (all []string) {
	if n, ok := t.system.(run.Noter); ok {
		all = n.Notes()
	}
	if note := LimitNote(t.name, t.usage); note != "" {
		all = append(all, note)
	}
	return all
}

// LimitNote says that most of the calls are used that an account may make; "" while there
// are plenty.
func LimitNote(name string, usage func() (used, most int)) string {
	used, most := usage()
	for _, percent := range []int{95, 90, 80} {
		if most > 0 && used*100 >= most*percent {
			return fmt.Sprintf("At least %d %% of the calls that the account of %s may make in a day are used, by everybody who uses it. Once they all are, runs pause until there are more.", percent, name)
		}
	}
	return ""
}

// tells is a wrapped remote with what its system has to say.
func (w *Workspace) tells(c store.Connection, wrapped, system connector.Remote) connector.Remote {
	return telling{wrapped, system, func() (int, int) { return w.Usage(c) }, c.Name}
}
