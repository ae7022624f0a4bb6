package cli

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/suggest"
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
		columns, err := columnsOf(ctx, workspace.File(s))
		if err != nil || len(columns) == 0 {
			continue // it is not there yet, or says itself what is wrong with it
		}
		found = append(found, inFile(path, def.Name, misfits(def, columns))...)
	}
	return found
}

// misfits compares a sync with the columns of its source.
func misfits(def plan.Sync, columns []suggest.Column) (found []syncfile.Error) {
	var source contact.Schema
	file := filepath.Base(def.Source.File)
	names, variables := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], variables[i] = c.Name, plan.Identifier(c.Name)
		source.Fields = append(source.Fields, contact.Field{Name: c.Name, Kind: contact.Text})
	}
	say := func(key, message, meant string, there []string) {
		hint := "There are " + strings.Join(there, ", ") + "."
		if near := nearest(meant, there); near != "" {
			hint = fmt.Sprintf("Did you mean %s?", near)
		}
		found = append(found, syncfile.Error{Key: key, Message: message, Hint: hint})
	}
	knows := func(key, expression string) {
		_, err := plan.NewNaming(source, expression) // the words of every expression are the same
		if name := unknownName(err); name != "" {
			say(key, fmt.Sprintf("%s has no column for %s", file, name), name, variables)
		}
	}
	filled := map[string]bool{}
	for i, m := range def.Map {
		filled[m.To] = true
		if m.From != "" && !slices.Contains(names, m.From) {
			say(fmt.Sprintf("map[%d].from", i), fmt.Sprintf("%s has no column %q", file, m.From), m.From, names)
		}
		knows(fmt.Sprintf("map[%d].expr", i), m.Expr)
	}
	for i, field := range def.Required {
		if len(def.Map) > 0 && !filled[field] { // without a map what is suggested or remembered decides
			say(fmt.Sprintf("required[%d]", i), fmt.Sprintf("nothing fills %q, so every new contact would be held", field), field, slices.Sorted(maps.Keys(filled)))
		}
	}
	knows("filter", def.Filter)
	knows("gate", def.Gate)
	return found
}
