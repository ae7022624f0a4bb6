package syncfile

import (
	"maps"
	"reflect"
	"slices"

	"github.com/kith-sync/kith/plan"
)

// Marshal writes a sync as YAML, apiVersion and kind first. It leaves out what
// the preset and the defaults say anyway, so that the file shows what its author
// decided; Parse gives the same sync again.
func Marshal(s plan.Sync) ([]byte, error) { return Document{Sync: s}.Marshal() }

// Marshal writes a whole document as YAML; Read gives the same again.
func (d Document) Marshal() ([]byte, error) {
	s := d.Sync
	said := tree(s)
	if d.Schedule != nil {
		planned := scheduleTree(*d.Schedule)
		if d.Paused != nil {
			planned["paused"] = *d.Paused
		}
		said["schedule"] = planned
	}
	if len(d.Notify) > 0 {
		said["notify"] = notifyTree(d.Notify)
	}
	bare := map[string]any{"preset": s.Preset}
	for _, end := range ends {
		bare[end] = said[end] // which decide about the defaults
	}
	otherwise, err := fill(bare, false)
	if err != nil {
		return nil, err
	}
	unsaid := tree(otherwise)
	for _, end := range ends {
		delete(unsaid, end)
	}
	if s.Guard.Explicit {
		said["guard"] = spelled(said["guard"], unsaid["guard"])
		delete(unsaid, "guard")
	}
	delete(unsaid, "preset") // it decides the rest
	said["apiVersion"], said["kind"] = APIVersion, Kind
	return write(difference(said, unsaid, syncKeys())), nil
}

var ends = []string{"source", "target"}

// spelled says none of every limit that a guard does not have although it
// otherwise would: naming the guard at all makes it explicit.
func spelled(guard, otherwise any) map[string]any {
	limits := map[string]any{}
	below, _ := otherwise.(map[string]any)
	for name := range below {
		limits[name] = "none"
	}
	above, _ := guard.(map[string]any)
	return merge(limits, above)
}

// A pair is a key and its value, in the order of the file: a text, a number,
// true or false, a list of these, a mapping (pairs) or a list of mappings.
type pair struct {
	name  string
	value any
}

type pairs []pair

// difference lists what said has and unsaid has otherwise, in the order of keys.
func difference(said, unsaid map[string]any, keys []key) (out pairs) {
	for _, k := range keys {
		value, there := said[k.name]
		other, otherwise := unsaid[k.name]
		switch {
		case !there && !otherwise, reflect.DeepEqual(value, other):
			continue
		case !there:
			value = nothing(k)
		}
		switch k.shape {
		case mapping:
			above, _ := value.(map[string]any)
			below, _ := other.(map[string]any)
			inner := difference(above, below, k.keys)
			if len(inner) == 0 {
				continue
			}
			value = inner
		case mappings:
			value = entries(value.([]any), k.keys)
		case table:
			value = sorted(value.(map[string]any))
		case afterwards:
			if m, ok := value.(map[string]any); ok {
				value = sorted(m)
			}
		}
		out = append(out, pair{k.name, value})
	}
	return out
}

func entries(list []any, keys []key) []pairs {
	out := make([]pairs, len(list))
	for i, entry := range list {
		m, _ := entry.(map[string]any)
		out[i] = difference(m, nil, keys)
	}
	return out
}

func sorted(m map[string]any) (out pairs) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pair{name, m[name]})
	}
	return out
}

// nothing is how a key is written whose preset has a value and the sync none.
func nothing(k key) any {
	switch k.shape {
	case yesNo:
		return false
	case share, limit:
		return "none"
	case texts, words, mappings:
		return []any{}
	case mapping:
		return map[string]any{}
	}
	return ""
}
