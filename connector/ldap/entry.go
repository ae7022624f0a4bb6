package ldap

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	ldapv3 "github.com/go-ldap/ldap/v3"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/suggest"
)

// A column says which attributes fill which fields. The values of all its
// attributes, in order and each once, go to its fields one by one; what is more
// than the fields stays behind unless sep joins it to the last one.
type column struct {
	fields     []contact.Field
	attributes []string
	sep        string
	form       func(string) string
}

// vocabulary is inetOrgPerson (RFC 2798), its parents (RFC 4519, RFC 4524) and
// what Active Directory has in their place.
//
//	one name per field; "a b" are two fields for the values of the same attribute
var vocabulary = [...]struct{ fields, attributes, sep string }{
	{fields: "email email.2 email.3", attributes: "mail"},
	{fields: "first_name", attributes: "givenName"},
	{fields: "middle_name", attributes: "middleName"},
	{fields: "last_name", attributes: "sn"},
	{fields: "name", attributes: "displayName cn"},
	{fields: "prefix", attributes: "personalTitle"},
	{fields: "suffix", attributes: "generationQualifier"},
	{fields: "phone phone.2", attributes: "telephoneNumber otherTelephone"},
	{fields: "mobile", attributes: "mobile"},
	{fields: "phone.home", attributes: "homePhone"},
	{fields: "fax", attributes: "facsimileTelephoneNumber"},
	{fields: "company", attributes: "company o"},
	{fields: "title", attributes: "title"},
	{fields: "department", attributes: "department ou"},
	{fields: "website", attributes: "labeledURI wWWHomePage"},
	{fields: "street", attributes: "streetAddress street"},
	{fields: "city", attributes: "l"},
	{fields: "state", attributes: "st"},
	{fields: "postal_code", attributes: "postalCode"},
	{fields: "country", attributes: "c co"},
	{fields: "language", attributes: "preferredLanguage"},
	{fields: "note", attributes: "description", sep: "\n"},
	{fields: "external_id", attributes: "employeeNumber employeeID"},
	{fields: "login", attributes: "uid sAMAccountName"},
}

// columnsFor returns the standard columns and one for each further attribute. A
// standard field that has an attribute's name stands.
func columnsFor(further []string) ([]column, *connector.Fault) {
	standard := contact.Schema{Fields: suggest.Standard()}
	var columns []column
	taken := map[string]bool{}
	for _, v := range vocabulary {
		c := column{attributes: strings.Fields(v.attributes), sep: v.sep, form: forms(v.fields)}
		for _, name := range strings.Fields(v.fields) {
			field, _ := standard.Field(name)
			c.fields = append(c.fields, field)
			taken[name] = true
		}
		columns = append(columns, c)
	}
	for _, attribute := range further {
		if fault := attributeName(attribute); fault != nil {
			return nil, fault
		}
		name := strings.ToLower(attribute)
		if taken[name] || unreadable(attribute) {
			continue
		}
		taken[name] = true
		field := contact.Field{Name: name, Label: attribute, Kind: contact.Text}
		columns = append(columns, column{fields: []contact.Field{field}, attributes: []string{attribute}, sep: "; "})
	}
	return columns, nil
}

// forms returns how the values of a field are tidied up.
func forms(field string) func(string) string {
	switch field {
	case "website": // RFC 2079: the address, a space, a label
		return func(s string) string { return upTo(s, " ") }
	case "language": // RFC 2798: as in Accept-Language, "de-AT, de;q=0.8"
		return func(s string) string { return upTo(s, ",;") }
	}
	return nil
}

func upTo(s, any string) string {
	if i := strings.IndexAny(s, any); i >= 0 {
		return s[:i]
	}
	return s
}

// values puts an entry's values in the order of the schema.
func (d *Directory) values(e *ldapv3.Entry) []string {
	var values []string
	for _, c := range d.columns {
		values = append(values, c.spread(e)...)
	}
	return values
}

func (c column) spread(e *ldapv3.Entry) []string {
	found := c.gather(e)
	out := make([]string, len(c.fields))
	n := copy(out, found)
	if last := len(out) - 1; c.sep != "" && n < len(found) {
		out[last] = strings.Join(found[last:], c.sep)
	}
	return out
}

// gather returns what the column's attributes hold, each value once. What is
// not text is left out.
func (c column) gather(e *ldapv3.Entry) []string {
	var found []string
	for _, attribute := range c.attributes {
		for _, v := range e.GetEqualFoldAttributeValues(attribute) {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				continue
			}
			if c.form != nil {
				v = c.form(contact.Trim(v))
			}
			v = contact.Trim(v)
			same := func(other string) bool { return strings.EqualFold(other, v) }
			if v != "" && !slices.ContainsFunc(found, same) {
				found = append(found, v)
			}
		}
	}
	return found
}

// wanted names the attributes to ask for, and no others: photographs stay where
// they are.
func (d *Directory) wanted() []string {
	names := []string{d.key.attribute, d.changed, "entryCSN", "uSNChanged"}
	for _, c := range d.columns {
		names = append(names, c.attributes...)
	}
	return names
}

// item is an entry as a remote's record. Its version is what the server counts
// changes by; a time would not tell two changes within a second apart.
func (d *Directory) item(e *ldapv3.Entry) connector.Item {
	version := e.GetEqualFoldAttributeValue("entryCSN")
	if version == "" {
		version = e.GetEqualFoldAttributeValue("uSNChanged")
	}
	modified, _ := parseTime(e.GetEqualFoldAttributeValue(d.changed))
	r := contact.Record{ID: d.key.of(e), Values: d.values(e), Version: version, Modified: modified}
	if !modified.IsZero() {
		r.Rank = modified.UnixMilli()
	}
	return connector.Item{Record: r}
}

func (d *Directory) items(entries []*ldapv3.Entry) []connector.Item {
	items := make([]connector.Item, len(entries))
	for i, e := range entries {
		items[i] = d.item(e)
	}
	return items
}

// parseTime reads a time as RFC 4517 3.3.13 writes it: 20261122021621Z, perhaps
// with a fraction.
func parseTime(s string) (time.Time, error) { return time.Parse("20060102150405Z0700", s) }

// writeTime writes a time that every directory compares, Active Directory too.
func writeTime(t time.Time) string { return t.UTC().Format("20060102150405.0Z") }
