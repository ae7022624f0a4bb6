package desk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kith-sync/kith/plan"
)

// Differing lists the settings that differ between two definitions, each with
// what it is now and was before.
func Differing(before, now plan.Sync) (changed []string) {
	was, is := settingsIn(before), settingsIn(now)
	all := maps.Clone(was)
	maps.Copy(all, is)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		switch {
		case was[key] == is[key], strings.HasPrefix(key, "guard."): // said with the plan, and never kept
		case len(was[key])+len(is[key]) > 60 || strings.HasPrefix(was[key]+is[key], "["):
			changed = append(changed, "another "+key)
		default:
			changed = append(changed, fmt.Sprintf("%s %s (otherwise %s)", key, orNone(is[key], was[key]), orNone(was[key], is[key])))
		}
	}
	return changed
}

// orNone says a setting that is not there as the opposite of the other value.
func orNone(text, other string) string {
	switch {
	case text != "":
		return text
	case other == "true":
		return "false"
	case other == "false":
		return "true"
	}
	return "none"
}

// settingsIn are the settings of a definition by their keys, as target.book.
func settingsIn(s plan.Sync) map[string]string {
	d := json.NewDecoder(bytes.NewReader(s.Canonical()))
	d.UseNumber()
	var tree map[string]any
	found := map[string]string{}
	if err := d.Decode(&tree); err == nil { // what we have just written
		settingsBelow("", tree, found)
	}
	return found
}

func settingsBelow(key string, value any, found map[string]string) {
	branch, ok := value.(map[string]any)
	if !ok {
		text, _ := json.Marshal(value)
		found[key] = strings.Trim(string(text), `"`)
		return
	}
	for name, below := range branch {
		settingsBelow(strings.TrimPrefix(key+"."+strings.ToLower(name), "."), below, found)
	}
}
