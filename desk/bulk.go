package desk

import (
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// What can be done to one field of many contacts.
const (
	BulkSet    = "set"
	BulkTag    = "add_tag"
	BulkUntag  = "remove_tag"
	BulkDelete = "delete"
)

// A Bulk is one change that many contacts get.
type Bulk struct {
	Do    string `json:"do"` // set, add_tag, remove_tag or delete
	Field string `json:"field,omitempty"`
	Value string `json:"value,omitempty"`
}

// Changes are what a bulk change means for contacts; those that are so already
// have none.
func (k Bulk) Changes(b store.Book, contacts []store.Contact) (changes []plan.Change, err error) {
	if k.Do == BulkDelete {
		for _, c := range contacts {
			changes = append(changes, Removal(b, c))
		}
		return changes, nil
	}
	to, err := k.valueOf(b)
	if err != nil {
		return nil, err
	}
	at := b.Schema().Index(k.Field)
	for _, c := range contacts {
		if now := to(c.Values[at]); now != c.Values[at] {
			changes = append(changes, plan.Change{Action: plan.Update, Ref: c.Ref, Version: VersionOf(c),
				Fields: []plan.FieldChange{{Name: k.Field, Old: c.Values[at], New: now, Rule: ByHand}}})
		}
	}
	return changes, nil
}

// valueOf returns what a value becomes, or refuses a field whose values are each
// contact's own.
func (k Bulk) valueOf(b store.Book) (func(string) string, error) {
	if err := KnownField(b, k.Field); err != nil {
		return nil, err
	}
	at := b.Schema().Index(k.Field)
	switch kind := b.Fields[at].Kind; {
	case k.Field == b.KeyField, kind == contact.Password, kind == contact.Email && at == b.Schema().First(contact.Email):
		return nil, refuse("field.own", "No two contacts have the same %s. Nothing was changed. Edit one contact at a time", k.Field)
	case k.Do == BulkSet:
		value, err := CheckValue(b, at, k.Value)
		return func(string) string { return value }, err
	case k.Do != BulkTag && k.Do != BulkUntag:
		return nil, usage("%q is not what can be done to many contacts. Use set, add_tag, remove_tag or delete", k.Do)
	case kind != contact.Text:
		return nil, refuse("field.kind", "Tags stand in a field of the kind text, and %s is a %s. Nothing was changed", k.Field, kind)
	case contact.Blank(k.Value) || strings.ContainsAny(k.Value, ",;\n"):
		return nil, usage("A tag is one word or several, without comma or semicolon. Nothing was changed")
	case k.Do == BulkTag:
		return func(v string) string { return withTag(v, strings.TrimSpace(k.Value)) }, nil
	}
	return func(v string) string { return withoutTag(v, strings.TrimSpace(k.Value)) }, nil
}

// Tags are the words of a value that has several, separated by commas or
// semicolons.
func Tags(value string) (tags []string) {
	for _, t := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' }) {
		if t = strings.TrimSpace(t); t != "" {
			tags = append(tags, t)
		}
	}
	return tags
}

func tagAt(tags []string, tag string) int {
	return slices.IndexFunc(tags, func(t string) bool { return strings.EqualFold(t, strings.TrimSpace(tag)) })
}

// withTag leaves what is there byte for byte.
func withTag(value, tag string) string {
	switch {
	case tagAt(Tags(value), tag) >= 0:
		return value
	case contact.Blank(value):
		return tag
	}
	return strings.TrimRight(value, " ,;") + separator(value) + tag
}

func withoutTag(value, tag string) string {
	tags := Tags(value)
	at := tagAt(tags, tag)
	if at < 0 {
		return value
	}
	return strings.Join(slices.Delete(tags, at, at+1), separator(value))
}

func separator(value string) string {
	if strings.Contains(value, ";") && !strings.Contains(value, ",") {
		return "; "
	}
	return ", "
}
