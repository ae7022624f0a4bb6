package syncfile

import (
	"bytes"
	"strings"
)

// Place puts mistakes that were found outside of a sync file at their keys in it,
// in the order of the file: what a source lacks, or what another sync contradicts.
// A key is one of the named sync; without a name it begins with its sync's, as
// those of ValidateTogether do. What concerns no sync of the file stays as it is.
func Place(file string, data []byte, sync string, found []Error) []Error {
	byName := documentsByName(data)
	for i := range found {
		name, key := sync, found[i].Key
		if name == "" {
			name, key = owner(byName, key)
		}
		d := byName[name]
		if d == nil {
			continue
		}
		at := d.locate([]Error{{Key: key}})[0]
		found[i].File, found[i].Line, found[i].Column = file, at.Line, at.Column
	}
	inOrder(found)
	return found
}

func documentsByName(data []byte) map[string]*document {
	byName := map[string]*document{}
	for _, part := range documents(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		d, problems := parseYAML(part)
		if d == nil || len(problems) > 0 {
			continue
		}
		if name, ok := d.tree["name"].(string); ok {
			byName[name] = d
		}
	}
	return byName
}

// owner splits the name of a sync of the file from a key that begins with it.
func owner(byName map[string]*document, key string) (name, rest string) {
	for name := range byName {
		if rest, ok := strings.CutPrefix(key, name+": "); ok {
			return name, rest
		}
	}
	return "", key
}
