package syncfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/notify"
)

const later = "not available yet in this version"

// checkMapping judges the shape of every key of a mapping. It changes nothing.
func checkMapping(m map[string]any, keys []key, path string) (found []Error) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		at := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
		switch {
		case at < 0:
			found = append(found, unknown(name, keys, path))
		case keys[at].later:
			found = append(found, Error{Key: below(path, name), Message: later, Hint: "Leave it out.", atKey: true})
		default:
			found = append(found, checkValue(m[name], keys[at], below(path, name))...)
		}
	}
	return append(found, missing(m, keys, path)...)
}

// below is the path of a key inside the mapping at path.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func unknown(name string, keys []key, path string) Error {
	e := Error{Key: below(path, name), Message: "no such key", atKey: true}
	var names []string
	for _, k := range keys {
		if !k.later {
			names = append(names, k.name)
		}
	}
	if near := nearest(name, names); near != "" {
		e.Hint = "Did you mean " + near + "?"
	} else if elsewhere := homes(name); len(elsewhere) > 0 {
		e.Hint = "It belongs to " + strings.Join(elsewhere, " or ") + "."
	} else {
		e.Hint = "The keys here are " + strings.Join(names, ", ") + "."
	}
	return e
}

// missing asks for the keys that must be there.
func missing(m map[string]any, keys []key, path string) (found []Error) {
	var choice, chosen []string
	for _, k := range keys {
		_, there := m[k.name]
		switch {
		case k.need == required && !there:
			found = append(found, Error{Key: below(path, k.name), Message: "is missing"})
		case k.need == oneOf:
			choice = append(choice, k.name)
			if there {
				chosen = append(chosen, k.name)
			}
		}
	}
	switch {
	case len(chosen) > 1:
		found = append(found, Error{Key: below(path, chosen[1]), atKey: true,
			Message: "stands beside " + chosen[0], Hint: "Write exactly one of " + strings.Join(choice, ", ") + "."})
	case len(choice) > 0 && len(chosen) == 0 && !hasLater(m, keys):
		found = append(found, Error{Key: path, Message: "needs one of " + strings.Join(choice, ", ")})
	}
	return found
}

// hasLater spares a source with a connection the advice to name a file.
func hasLater(m map[string]any, keys []key) bool {
	return slices.ContainsFunc(keys, func(k key) bool { _, there := m[k.name]; return k.later && there })
}

func checkValue(v any, k key, path string) []Error {
	wrong := func(message, hint string) []Error {
		return []Error{{Key: path, Message: message, Hint: hint}}
	}
	if v == nil {
		return wrong("has no value", "Leave the key out, or write one.")
	}
	switch k.shape {
	case mapping:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong(describe(v)+" is not a mapping", "Write it as "+k.name+": "+example(k, v)+".")
		}
		return checkMapping(m, k.keys, path)
	case mappings, texts, words:
		return checkList(v, k, path)
	case table:
		return checkTable(v, path)
	case yesNo:
		switch yes, ok := v.(bool); {
		case !ok:
			return wrong(describe(v)+" is neither true nor false", yesNoHint(v))
		case slices.Contains(k.notYet, strconv.FormatBool(yes)):
			return wrong(describe(v)+" is "+later, "Leave the key out.")
		}
	case afterwards:
		return checkAfter(v, path)
	case hidden: // unsaidSecret judges it
	case several:
		return checkSeveral(v, path)
	case amount:
		if _, err := notify.ParseAmount(fmt.Sprint(v)); err != nil {
			return wrong(describe(v)+" is neither a whole number from 0 nor a share such as 5%", "")
		}
	case count, limit, positive:
		return checkNumber(v, k, path)
	default:
		s, ok := v.(string)
		switch {
		case !ok && k.shape == share:
			return wrong(describe(v)+notShare, "")
		case !ok:
			return wrong(describe(v)+" is not a text", quoteHint(v))
		}
		if message, hint := checkText(s, k); message != "" {
			return wrong(message, hint)
		}
	}
	return nil
}

func checkList(v any, k key, path string) (found []Error) {
	items, ok := v.([]any)
	switch {
	case !ok && k.shape == mappings:
		return []Error{{Key: path, Message: describe(v) + " is not a list", Hint: "Write it as " + k.name + ": [" + example(k, v) + "]."}}
	case !ok:
		return []Error{{Key: path, Message: describe(v) + " is not a list", Hint: "Write it as " + k.name + ": [" + bare(v) + "]."}}
	case len(items) == 0 && k.shape != texts:
		return []Error{{Key: path, Message: "the list is empty", Hint: "Leave the key out, or fill the list."}}
	}
	one := k
	one.shape = map[shape]shape{mappings: mapping, texts: filled, words: word}[k.shape]
	var seen []string
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		found = append(found, checkValue(item, one, at)...)
		if s, ok := item.(string); ok {
			if slices.Contains(seen, s) {
				found = append(found, Error{Key: at, Message: describe(s) + " is listed twice"})
			}
			seen = append(seen, s)
		}
	}
	return found
}

// checkSeveral judges what may be one text or number, or a list of them.
func checkSeveral(v any, path string) (found []Error) {
	items, isList := v.([]any)
	if !isList {
		items = []any{v}
	}
	if len(items) == 0 {
		return []Error{{Key: path, Message: "the list is empty", Hint: "Leave the key out, or fill the list."}}
	}
	for i, item := range items {
		at := path
		if isList {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		n, isNumber := item.(json.Number)
		s, isText := item.(string)
		if isNumber {
			_, err := strconv.ParseInt(n.String(), 10, 32)
			isNumber = err == nil
		}
		switch {
		case !isText && !isNumber:
			found = append(found, Error{Key: at, Message: describe(item) + " is neither a text nor a whole number", Hint: severalHint(item)})
		case isText && strings.TrimSpace(s) == "":
			found = append(found, Error{Key: at, Message: "is blank"})
		}
	}
	return found
}

// severalHint knows that YAML may take 2:00 for a mapping.
func severalHint(item any) string {
	if _, ok := item.(map[string]any); ok {
		return `Put a time of day in quotes: "02:00".`
	}
	return ""
}

func checkTable(v any, path string) (found []Error) {
	m, ok := v.(map[string]any)
	if !ok {
		return []Error{{Key: path, Message: describe(v) + " is not a mapping", Hint: "Write it as {in: out}."}}
	}
	for _, in := range slices.Sorted(maps.Keys(m)) {
		if _, ok := m[in].(string); !ok {
			found = append(found, Error{Key: below(path, in), Message: describe(m[in]) + " is not a text", Hint: quoteHint(m[in])})
		}
	}
	return found
}

func checkNumber(v any, k key, path string) []Error {
	least, what := int64(0), "a whole number from 0"
	if k.shape == limit {
		least, what = 1, "a whole number from 1, nor none"
		if v == "none" {
			return nil
		}
	}
	if k.shape == positive {
		least, what = 1, "a whole number from 1"
	}
	if n, ok := v.(json.Number); ok {
		if i, err := strconv.ParseInt(n.String(), 10, 32); err == nil && i >= least {
			return nil
		}
	}
	return []Error{{Key: path, Message: describe(v) + " is not " + what}}
}

// homes lists the mappings that have a key, for one that stands in the wrong place.
func homes(name string) (found []string) {
	var walk func(keys []key, path string)
	walk = func(keys []key, path string) {
		for _, k := range keys {
			if k.name == name && !k.later {
				if path == "" {
					path = "the top level"
				}
				found = append(found, path)
			}
			walk(k.keys, below(path, k.name))
		}
	}
	walk(syncKeys(), "")
	return found
}
