package syncfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/parser"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
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
		if _, ok := v.(bool); !ok {
			return wrong(describe(v)+" is neither true nor false", yesNoHint(v))
		}
	case count, limit:
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
	if n, ok := v.(json.Number); ok {
		if i, err := strconv.ParseInt(n.String(), 10, 32); err == nil && i >= least {
			return nil
		}
	}
	return []Error{{Key: path, Message: describe(v) + " is not " + what}}
}

// checkText judges what is written as one text. It answers "" for a good one.
func checkText(s string, k key) (message, hint string) {
	if k.shape != text && k.shape != expression && k.shape != share && strings.TrimSpace(s) == "" {
		return "is blank", ""
	}
	switch k.shape {
	case word:
		return checkWord(s, k)
	case share:
		if _, err := plan.ParseLimit(s); err != nil || !shareForm.MatchString(s) {
			return describe(s) + notShare, ""
		}
	case expression:
		switch blank := strings.TrimSpace(s) == ""; {
		case blank && k.need == oneOf:
			return "is blank", ""
		case blank:
			return "", "" // takes the preset's away
		}
		if _, err := parser.Parse(s); err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			return "this expression cannot be read: " + first, ""
		}
	case region:
		if !regionCode.MatchString(s) {
			return describe(s) + " is not a region", "Write its two letters, such as GB or US."
		}
	case language:
		if _, problem := contact.NewNormalizer("").Canonical(contact.Language, s); problem != "" {
			return describe(s) + " is not a language tag", "Write it as in BCP 47, such as en or pt-BR."
		}
	case kindOf:
		return checkKind(s)
	}
	return "", ""
}

const notShare = " is not a share such as 10%, nor none"

// Patterns of single values; the schema publishes the same ones.
var (
	shareForm  = regexp.MustCompile(`^(none|[0-9]{1,3}(\.[0-9]{1,2})? ?%)$`)
	regionCode = regexp.MustCompile(`^[A-Z]{2}$`)
	asForm     = regexp.MustCompile(`^([a-z]+)(?:\(([A-Z]{2})\))?$`)
)

func checkWord(s string, k key) (message, hint string) {
	switch {
	case slices.Contains(k.words, s):
		return "", ""
	case slices.Contains(k.notYet, s):
		return s + " is " + later, "Write " + k.words[0] + "."
	}
	message = describe(s) + " is not " + k.called
	if near := nearest(s, k.words); near != "" {
		return message, "Did you mean " + near + "?"
	}
	return message, "Write " + strings.Join(k.words, ", ") + "."
}

func checkKind(s string) (message, hint string) {
	name, _, hasRegion := strings.Cut(s, "(")
	form := asForm.FindStringSubmatch(s)
	known := slices.Contains(kindNames(), name)
	switch {
	case known && form != nil && (!hasRegion || name == "phone"):
		return "", ""
	case known:
		return describe(s) + " is not a kind of field", "Only telephones have a region, of two letters: phone(GB)."
	}
	if near := nearest(name, kindNames()); near != "" {
		return describe(s) + " is not a kind of field", "Did you mean " + near + "?"
	}
	return describe(s) + " is not a kind of field", "Write " + strings.Join(kindNames(), ", ") + "."
}

// describe names a value in a message.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case nil:
		return "nothing"
	}
	return fmt.Sprint(v)
}

func bare(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return "..."
}

func quoteHint(v any) string {
	switch v.(type) {
	case bool, json.Number:
		return fmt.Sprintf("Put it in quotes: \"%v\".", v)
	}
	return ""
}

func yesNoHint(v any) string {
	switch s, _ := v.(string); strings.ToLower(s) {
	case "yes", "on", "y", "true":
		return "Write true."
	case "no", "off", "n", "false":
		return "Write false."
	}
	return ""
}

// example shows how a mapping is written: by the key that takes the word that
// stands in its place, or by its first keys.
func example(k key, instead any) string {
	var shown []string
	for _, inner := range k.keys {
		if s, ok := instead.(string); ok && slices.Contains(inner.words, s) {
			return "{" + inner.name + ": " + s + "}"
		}
		if !inner.later && len(shown) < 2 && (inner.need != oneOf || len(shown) == 0) {
			shown = append(shown, inner.name+": ...")
		}
	}
	return "{" + strings.Join(shown, ", ") + "}"
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
