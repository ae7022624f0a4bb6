package cli

import (
	"context"
	"path/filepath"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// fits returns what is wrong between the syncs of a file and the source files
// they name, where those can be read: columns that are not there, names that no
// filter can know, required fields that nothing fills.
func fits(ctx context.Context, path string, defs []plan.Sync) (found []syncfile.Error) {
	for _, def := range defs {
		s := store.Sync{Name: def.Name, Definition: def, Base: filepath.Dir(path)}
		if def.Source.File == "" {
			continue
		}
		columns, err := desk.ColumnsOf(ctx, workspace.File(s))
		if err != nil || len(columns) == 0 {
			continue // it is not there yet, or says itself what is wrong with it
		}
		found = append(found, inFile(path, def.Name, desk.Misfits(def, columns))...)
	}
	return found
}
