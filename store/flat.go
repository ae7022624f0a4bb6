package store

import (
	"encoding/json"
	"strings"

	"github.com/kith-sync/kith/plan"
)

// What was seen of a record and what was agreed on with it are small JSON objects,
// read far more often than written. They are read here in the form that json.Marshal
// gives them, five times as fast as by reflection; in any other form by json.Unmarshal.

// parseTexts reads an object whose members are strings.
func parseTexts(data string) (texts map[string]string, err error) {
	texts = map[string]string{}
	rest, ok := members(data, func(name, rest string) (string, bool) {
		value, n, ok := stringAt(rest)
		texts[name] = value
		return rest[n:], ok
	})
	if !ok || rest != "" {
		texts = nil
		err = json.Unmarshal([]byte(data), &texts)
	}
	return texts, err
}

// parseAgreed reads an object whose members are what both sides agreed on.
func parseAgreed(data string) (base map[string]plan.Agreed, err error) {
	base = map[string]plan.Agreed{}
	rest, ok := members(data, func(name, rest string) (string, bool) {
		a, rest, ok := agreedAt(rest)
		base[name] = a
		return rest, ok
	})
	if !ok || rest != "" {
		base = nil
		err = json.Unmarshal([]byte(data), &base)
	}
	return base, err
}

func agreedAt(s string) (a plan.Agreed, rest string, ok bool) {
	rest, ok = members(s, func(name, rest string) (string, bool) {
		if name == "w" { // numbers only: it ends with the first bracket
			n := strings.IndexByte(rest, ']') + 1
			return rest[n:], json.Unmarshal([]byte(rest[:n]), &a.Wrote) == nil
		}
		value, n, ok := stringAt(rest)
		switch name {
		case "o":
			a.Ours = value
		case "t":
			a.Theirs = value
		default:
			ok = false
		}
		return rest[n:], ok
	})
	return a, rest, ok
}

// members has each read what stands after a name and returns what follows the object
// that s begins with.
func members(s string, each func(name, rest string) (string, bool)) (rest string, ok bool) {
	if rest, ok = strings.CutPrefix(s, "{}"); ok {
		return rest, true
	}
	for before := byte('{'); s != "" && s[0] == before; before = ',' {
		name, n, ok := stringAt(s[1:])
		if s = s[1+n:]; !ok || !strings.HasPrefix(s, ":") {
			return s, false
		}
		if s, ok = each(name, s[1:]); !ok {
			return s, false
		}
	}
	return strings.CutPrefix(s, "}")
}

// stringAt is parseString for what may be nothing.
func stringAt(s string) (value string, n int, ok bool) {
	if s == "" {
		return "", 0, false
	}
	return parseString(s)
}
