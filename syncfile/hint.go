package syncfile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

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
