package syncfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
)

// The other kinds of document. A folder of them is the configuration of an
// installation: kith config export writes it, kith config apply reads it.
const (
	KindConnection = "Connection"
	KindBook       = "Book"
	KindChannel    = "Channel"
)

// Kinds are the kinds of document, in the order in which each needs those before it.
func Kinds() []string { return []string{KindBook, KindConnection, KindChannel, Kind} }

// A Connection is an account at another system. Its secret is never in a file: the
// file says where it comes from.
type Connection struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Settings map[string]string `json:"settings,omitempty"`
	Secret   string            `json:"secret,omitempty"` // ${env:NAME} or ${file:PATH}
}

// A Book is an address book with its fields, without the contacts in it.
type Book struct {
	Name        string          `json:"name"`
	Key         string          `json:"key,omitempty"` // generated: codes in a field of their own
	Region      string          `json:"region,omitempty"`
	NameFormula string          `json:"name_formula,omitempty"`
	Fields      []contact.Field `json:"fields,omitempty"`
}

// A Channel is a way to tell people about runs. Its secret is as a connection's.
type Channel struct {
	Name      string            `json:"name"`
	Type      string            `json:"type"`
	Settings  map[string]string `json:"settings,omitempty"`
	Secret    string            `json:"secret,omitempty"`
	EverySync []string          `json:"every_sync,omitempty"`
}

// An Object is one document of a configuration: exactly one of its four is there.
type Object struct {
	Sync       *Document
	Connection *Connection
	Book       *Book
	Channel    *Channel

	file string
	doc  *document // where its keys stood; nil: it came from no file
}

// Kind is the kind of its document, Name what it is called.
func (o Object) Kind() string {
	switch {
	case o.Connection != nil:
		return KindConnection
	case o.Book != nil:
		return KindBook
	case o.Channel != nil:
		return KindChannel
	}
	return Kind
}

// Name is what it is called among those of its kind.
func (o Object) Name() string {
	switch {
	case o.Connection != nil:
		return o.Connection.Name
	case o.Book != nil:
		return o.Book.Name
	case o.Channel != nil:
		return o.Channel.Name
	}
	return o.Sync.Sync.Name
}

// Problem is a mistake at one of its keys, with the place where that stands.
func (o Object) Problem(key, message, hint string) Error {
	e := Error{Key: key, Message: message, Hint: hint}
	if o.doc != nil {
		e = o.doc.locate([]Error{e})[0]
		e.File = o.file
	}
	return e
}

// ReadObjects reads every document of a file of a configuration, whatever its kind.
// A file with nothing in it has none. Mistakes are told as Parse tells them.
func ReadObjects(name string, data []byte) ([]Object, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := readable(name, data); err != nil {
		return nil, err
	}
	var all []Object
	var found []Error
	for _, part := range documents(data) {
		d, problems := parseYAML(part)
		if d == nil && len(problems) == 0 {
			continue
		}
		var one Object
		if len(problems) == 0 {
			one, problems = d.object()
			one.file, one.doc = name, d
		}
		found = append(found, problems...)
		all = append(all, one)
	}
	if len(found) > 0 {
		return nil, join(name, found)
	}
	return all, nil
}

// object turns a document into what it defines.
func (d *document) object() (one Object, found []Error) {
	kind, _ := d.tree["kind"].(string)
	keys := objectKeys(kind)
	if keys == nil {
		if text, is := d.tree["kind"].(string); is && text != Kind {
			return one, d.locate([]Error{{Key: "kind", Message: describe(text) + " is not a kind of document", Hint: "The kinds are " + strings.Join(Kinds(), ", ") + "."}})
		}
		doc, problems := d.read()
		return Object{Sync: &doc}, problems
	}
	if found := d.version(); len(found) > 0 {
		return one, d.locate(found)
	}
	if found = append(checkMapping(d.tree, keys, ""), unsaidSecret(d.tree)...); len(found) > 0 {
		return one, d.locate(found)
	}
	data, err := json.Marshal(d.tree)
	if err != nil {
		panic(err) // plain values always marshal
	}
	switch kind {
	case KindConnection:
		one.Connection = new(Connection)
		err = json.Unmarshal(data, one.Connection)
	case KindChannel:
		one.Channel = new(Channel)
		err = json.Unmarshal(data, one.Channel)
	case KindBook:
		one.Book = new(Book)
		err = json.Unmarshal(data, one.Book)
	}
	if err != nil {
		return one, d.locate([]Error{{Message: err.Error()}})
	}
	nameRules(plan.Sync{Name: one.Name()}, func(key, message, hint string) {
		found = append(found, Error{Key: key, Message: message, Hint: hint})
	})
	return one, d.locate(append(found, twinFields(one.Book)...))
}

func twinFields(b *Book) (found []Error) {
	if b == nil {
		return nil
	}
	var seen []string
	for i, f := range b.Fields {
		if slices.Contains(seen, f.Name) {
			found = append(found, Error{Key: fmt.Sprintf("fields[%d].name", i), Message: fmt.Sprintf("the field %q is listed twice", f.Name)})
		}
		seen = append(seen, f.Name)
	}
	return found
}

// reference is how a file says where a secret comes from.
var reference = regexp.MustCompile(`^\$\{(env|file):([^{}\s]+)\}$`)

// Reference takes a reference to a secret apart: env or file, and which.
func Reference(text string) (source, name string, ok bool) {
	m := reference.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// unsaidSecret refuses a secret that is written out. It never repeats it.
func unsaidSecret(tree map[string]any) []Error {
	said, there := tree["secret"]
	if !there {
		return nil
	}
	if text, _ := said.(string); reference.MatchString(text) {
		return nil
	}
	return []Error{{Key: "secret", Message: "a secret is not written into a file", Hint: "Say where it comes from: ${env:NAME} or ${file:PATH}."}}
}

// objectKeys are the keys of a kind of document; nil of Sync, and of none.
func objectKeys(kind string) []key {
	head := []key{
		{name: "apiVersion", shape: word, words: []string{APIVersion}, called: "a version", need: required, doc: "Version of this format."},
		{name: "kind", shape: word, words: []string{kind}, called: "a kind of document", need: required, doc: "What the document defines."},
		{name: "name", shape: filled, need: required, doc: "What it is called. Unique among those of its kind."},
	}
	settings := key{name: "settings", shape: table, doc: "What the system asks for, as `--set` takes it: numbers in quotes. Nothing secret."}
	secret := key{name: "secret", shape: hidden, doc: "Where the secret comes from when the file is applied: `${env:NAME}` or `${file:PATH}`."}
	switch kind {
	case KindConnection:
		return append(head, key{name: "type", shape: filled, need: required, doc: "What it connects to: `kith connections add --help` lists them."}, settings, secret)
	case KindChannel:
		return append(head, key{name: "type", shape: filled, need: required, doc: "The kind of channel: `kith notifications add --help` lists them."}, settings, secret,
			key{name: "every_sync", shape: words, words: of(notify.Events()...), called: "an event", doc: "What it is told of every sync, whatever that sync's file says."})
	case KindBook:
		return append(head,
			key{name: "key", shape: filled, doc: "Field that is the unique identifier (C28); `generated` draws 9-digit codes (C29)."},
			key{name: "region", shape: region, doc: "Region of telephone numbers without a country code, such as `GB`."},
			key{name: "name_formula", shape: filled, doc: "What contacts are called, such as `last_name + \", \" + first_name`."},
			key{name: "fields", shape: mappings, keys: fieldKeys(), doc: "The fields of the book, in their order (C26). Fields that the file does not name stay."})
	}
	return nil
}

func fieldKeys() []key {
	return []key{
		{name: "name", shape: filled, need: required, doc: "What the field is called in syncs and files."},
		{name: "label", shape: text, doc: "What people see."},
		{name: "kind", shape: word, words: kindNames(), called: "a kind of field", need: required, doc: "What its values are."},
	}
}

// Marshal writes the object as its document; ReadObjects gives the same again.
func (o Object) Marshal() ([]byte, error) {
	if o.Sync != nil {
		return o.Sync.Marshal()
	}
	var said map[string]any
	var inner any
	switch {
	case o.Connection != nil:
		inner = o.Connection
	case o.Book != nil:
		inner = o.Book
	default:
		inner = o.Channel
	}
	data, err := json.Marshal(inner)
	if err != nil {
		return nil, err
	}
	decode(data, &said)
	said["apiVersion"], said["kind"] = APIVersion, o.Kind()
	return write(difference(said, nil, objectKeys(o.Kind()))), nil
}
