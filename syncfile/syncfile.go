// Package syncfile reads and writes the definition of a sync as YAML: it knows
// every key of the file, fills in presets and defaults, and says where in the
// file a mistake is. It opens no file, and it does not ask whether the columns
// and fields that a sync names exist: plan.Compile does.
package syncfile

//go:generate go run ./generate ../docs

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/schedule"
)

// APIVersion and Kind begin every sync definition.
const (
	APIVersion = "kith/v1"
	Kind       = "Sync"
)

// Parse reads every document of a sync file. Presets and defaults are filled
// in. Name stands for the file in messages. The error is one *Error or several
// joined; All lists them. It reports every mistake of the file at once.
func Parse(name string, data []byte) ([]plan.Sync, error) {
	docs, err := Read(name, data)
	if err != nil {
		return nil, err
	}
	syncs := make([]plan.Sync, len(docs))
	for i, d := range docs {
		syncs[i] = d.Sync
	}
	return syncs, nil
}

// A Document is one document of a sync file: a sync, and what concerns it without
// being part of how it works. Only Sync is in the sync's fingerprint.
type Document struct {
	Sync     plan.Sync
	Schedule *schedule.Schedule // when it runs by itself; nil: by hand only
	Paused   *bool              // whether that is stopped for a while; nil: as it is
	Notify   []notify.Rule      // who is told about its runs
}

// Read is Parse for whoever wants all that a document says.
func Read(name string, data []byte) ([]Document, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := readable(name, data); err != nil {
		return nil, err
	}
	var docs []Document
	var found []Error
	named := map[string]bool{}
	for _, part := range documents(data) {
		d, problems := parseYAML(part)
		if d == nil && len(problems) == 0 {
			continue // nothing but white space and comments
		}
		var one Document
		if len(problems) == 0 {
			one, problems = d.read()
		}
		name := one.Sync.Name
		if len(problems) == 0 && named[name] {
			problems = d.locate([]Error{{Key: "name", Message: fmt.Sprintf("another sync of this file is called %q", name)}})
		}
		named[name] = true
		found = append(found, problems...)
		docs = append(docs, one)
	}
	if len(found) > 0 {
		return nil, join(name, found)
	}
	if len(docs) == 0 {
		return nil, join(name, []Error{{Message: "there is no sync in this file", Hint: smallest}})
	}
	return docs, nil
}

const smallest = "The smallest one is: {apiVersion: kith/v1, kind: Sync, name: attendees, source: {file: attendees.csv}, target: {book: contacts}}"

// read turns one document into the sync it defines: first the shape of every
// key is checked, then the preset and the defaults are put under what the file
// says, then the rules that concern several keys.
func (d *document) read() (one Document, problems []Error) {
	if problems := d.header(); len(problems) > 0 {
		return one, d.locate(problems)
	}
	problems = checkMapping(d.tree, syncKeys(), "")
	if len(problems) > 0 { // those of its map are told all the same: whoever mends a file wants all of them
		mapRules(plan.Sync{Map: targets(d.tree)}, func(key, message, hint string) {
			problems = append(problems, Error{Key: key, Message: message, Hint: hint})
		})
		return one, d.locate(problems)
	}
	delete(d.tree, "apiVersion")
	delete(d.tree, "kind")
	_, explicit := d.tree["guard"]
	one.Schedule, one.Paused, problems = readSchedule(d.tree)
	notified, more := readNotify(d.tree)
	one.Notify, problems = notified, append(problems, more...)
	s, err := fill(d.tree, explicit)
	if err != nil {
		return one, d.locate([]Error{{Message: err.Error()}})
	}
	one.Sync = s
	return one, d.locate(append(rules(s), problems...))
}

// targets are the fields that a map fills, as far as its lines can be read. One
// without is given a name of its own, so that two are no twins.
func targets(tree map[string]any) (m []plan.Mapping) {
	lines, _ := tree["map"].([]any)
	for i, line := range lines {
		one, _ := line.(map[string]any)
		to, ok := one["to"].(string)
		if !ok {
			to = fmt.Sprintf("map[%d]", i)
		}
		m = append(m, plan.Mapping{To: to})
	}
	return m
}

// header judges apiVersion and kind before anything else: a document of another
// kind has other keys.
func (d *document) header() []Error {
	if found := d.version(); len(found) > 0 {
		return found
	}
	switch kind, ok := d.tree["kind"]; {
	case !ok:
		return []Error{{Key: "kind", Message: "is missing", Hint: begin}}
	case kind == Kind:
		return nil
	case kind == KindConnection, kind == KindBook, kind == KindChannel:
		return []Error{{Key: "kind", Message: fmt.Sprintf("a %s is not a sync", kind), Hint: "kith config apply reads it."}}
	default:
		return []Error{{Key: "kind", Message: describe(kind) + " is not a kind of document", Hint: "Write kind: " + Kind + "."}}
	}
}

const begin = "Begin the document with apiVersion: " + APIVersion + " and kind: " + Kind + "."

func (d *document) version() []Error {
	switch version, ok := d.tree["apiVersion"]; {
	case !ok:
		return []Error{{Key: "apiVersion", Message: "is missing", Hint: begin}}
	case version != APIVersion:
		return []Error{{Key: "apiVersion", Message: describe(version) + " is not a version that this program reads", Hint: "Write " + APIVersion + "."}}
	}
	return nil
}

// tree turns a sync into the nested maps that its file has.
func tree(s plan.Sync) map[string]any {
	var t map[string]any
	decode(s.Canonical(), &t)
	if guard, ok := t["guard"].(map[string]any); ok {
		delete(guard, "explicit") // said by writing the key at all
	}
	return t
}

// decode reads JSON that this package has written itself.
func decode(data []byte, into any) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		panic(err)
	}
}
