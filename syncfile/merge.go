package syncfile

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/kith-sync/kith/plan"
)

// Apply returns s with what it leaves open filled in, from a preset and then
// from the defaults. A key set in s beats the preset's; lists replace. Preset ""
// or "none" is no preset.
func Apply(preset string, s plan.Sync) (plan.Sync, error) {
	t := tree(s)
	if preset != "" {
		t["preset"] = preset
	}
	return fill(t, s.Guard.Explicit)
}

// fill puts a preset and the defaults under what a file says. The default guard
// stands for no guard at all, not for a guard that names no limit.
func fill(file map[string]any, explicit bool) (plan.Sync, error) {
	name, _ := file["preset"].(string)
	if name == "none" {
		name = ""
	}
	under := map[string]any{"guard": map[string]any{"deletes": "10%"}}
	if name != "" {
		p, err := find(name)
		if err != nil {
			return plan.Sync{}, err
		}
		under = merge(under, tree(p.Sync))
		if source, target := endOf(file, "source"), endOf(file, "target"); p.Linked != nil && (plan.Sync{Source: source, Target: target}).Linked() {
			under = merge(under, tree(p.Linked(source, target)))
		}
	}
	merged := merge(under, file)
	merged["preset"] = name
	s, err := untree(merged)
	if err != nil {
		return plan.Sync{}, err
	}
	s.Guard.Explicit = explicit
	return s.Defaults(), nil
}

// endOf is an end of a sync as far as it says where it is.
func endOf(file map[string]any, name string) plan.Endpoint {
	end, _ := file[name].(map[string]any)
	text := func(key string) string { s, _ := end[key].(string); return s }
	return plan.Endpoint{Book: text("book"), Connection: text("connection"), Object: text("object"), Path: text("path")}
}

// merge lays over upon under: maps merge key by key, everything else replaces.
func merge(under, over map[string]any) map[string]any {
	merged := maps.Clone(under)
	for name, value := range over {
		above, isMap := value.(map[string]any)
		below, hasMap := merged[name].(map[string]any)
		if isMap && hasMap {
			value = merge(below, above)
		}
		merged[name] = value
	}
	return merged
}

// untree is the inverse of tree.
func untree(t map[string]any) (s plan.Sync, err error) {
	data, err := json.Marshal(numbers(t))
	if err != nil {
		return s, fmt.Errorf("this sync cannot be read: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("this sync cannot be read: %w", err)
	}
	if len(s.Required) == 0 {
		s.Required = nil // an empty list takes the preset's away
	}
	for i := range s.Map {
		if len(s.Map[i].Values) == 0 {
			s.Map[i].Values = nil
		}
	}
	return s, nil
}

// numbers writes guard.max_deletes: none as the zero that plan has for it.
func numbers(t map[string]any) map[string]any {
	guard, ok := t["guard"].(map[string]any)
	if !ok || guard["max_deletes"] != "none" {
		return t
	}
	t, guard = maps.Clone(t), maps.Clone(guard)
	guard["max_deletes"] = 0
	t["guard"] = guard
	return t
}
