package vcard

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kith-sync/kith/contact"
)

// Write writes one record as a vCard 4.0 (RFC 6350), its UID the record's ID.
// Standard fields become the properties address books know; any other field
// becomes X-KITH-<NAME>, so that Read gives the record back as it was, save that
// line ends become "\n" and characters no card may hold are left out. Passwords
// are not written.
func Write(w io.Writer, schema contact.Schema, rec contact.Record) error {
	c := writing{left: map[string]string{}}
	for i, f := range schema.Fields {
		if v := clean(rec.Value(i)); v != "" && f.Kind != contact.Password && f.Name != "password" && f.Name != "" {
			c.left[f.Name] = v
		}
	}
	c.line("BEGIN:VCARD")
	c.line("VERSION:4.0")
	if id := clean(rec.ID); id != "" {
		c.line("UID;VALUE=text:" + escape(id))
	}
	c.person()
	c.reach()
	c.work()
	c.rest()
	for _, f := range schema.Fields {
		c.own(f.Name)
	}
	c.line("END:VCARD")
	if _, err := io.WriteString(w, c.String()); err != nil {
		return fmt.Errorf("write vCard: %w", err)
	}
	return nil
}

// clean is a value as a card can hold it.
func clean(s string) string { return unescape(escape(s), "4.0") }

// A writing is a card while it is written: left holds the values no property
// has yet.
type writing struct {
	strings.Builder
	left map[string]string
}

// take removes a field's value and gives it escaped.
func (c *writing) take(field string) string {
	v := c.left[field]
	delete(c.left, field)
	return escape(v)
}

// person writes who it is. Every card must have an FN (RFC 6350 6.2.1); one made
// from other fields says so (RFC 9554) and is not read back.
func (c *writing) person() {
	if name := c.take("name"); name != "" {
		c.line("FN:" + name)
	} else {
		c.line("FN;DERIVED=TRUE:" + escape(c.display()))
	}
	c.structured("N", "last_name", "first_name", "middle_name", "prefix", "suffix")
	if d, err := time.Parse(time.DateOnly, c.left["birthday"]); err == nil {
		c.line("BDAY:" + d.Format("20060102"))
		delete(c.left, "birthday")
	}
	c.text("BDAY;VALUE=text", "birthday")
	c.text("LANG", "language")
	c.text("NICKNAME", "nickname")
}

// display is what to call somebody who has no display name.
func (c *writing) display() string {
	return firstFull(joined(" ", c.left["first_name"], c.left["last_name"]), c.left["company"], c.left["email"], c.left["phone"], c.left["mobile"], "?")
}

func firstFull(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// reach writes how to reach somebody. Numbers beyond the first carry their field
// name, because their place in the card does not tell it when the first is empty.
func (c *writing) reach() {
	c.plain("EMAIL;PREF=1", "email", "mailto:")
	c.plain("TEL;TYPE=voice;PREF=1", "phone", "tel:")
	c.plain("TEL;TYPE=cell", "mobile", "tel:")
	c.plain(`TEL;TYPE="voice,work"`, "phone.work", "tel:")
	c.plain(`TEL;TYPE="voice,home"`, "phone.home", "tel:")
	c.plain("TEL;TYPE=fax", "fax", "tel:")
	for field := range numbered(c.left, "email") {
		c.marked("EMAIL", field)
	}
	for field := range numbered(c.left, "phone") {
		c.marked("TEL;TYPE=voice", field)
	}
	street, city := c.take("street"), c.take("city")
	rest := strings.Join([]string{c.take("state"), c.take("postal_code"), c.take("country")}, ";")
	if street+city+rest != ";;" {
		c.line("ADR:;;" + street + ";" + city + ";" + rest)
	}
}

// work writes what somebody does, and where.
func (c *writing) work() {
	company, department := c.take("company"), c.take("department")
	if department != "" {
		company += ";" + department
	}
	if company != "" {
		c.line("ORG:" + company)
	}
	c.text("TITLE", "title")
	if website := c.left["website"]; website != "" && !profileURL(website) {
		c.text("URL", "website")
	}
	c.marked("URL", "website")
	for _, site := range sites {
		c.text("SOCIALPROFILE;SERVICE-TYPE="+site+";VALUE=text", site)
	}
}

func profileURL(url string) bool {
	for _, site := range sites {
		if strings.Contains(url, site+".com/") {
			return true
		}
	}
	return false
}

// rest writes note and tags. Tags are a list in a card; where the list does not
// give the very same text back, own writes them as well, and Read prefers that.
func (c *writing) rest() {
	c.text("NOTE", "note")
	tags := c.left["tags"]
	if tags == "" {
		return
	}
	var list, plain []string
	for _, t := range strings.Split(tags, ",") {
		if t = strings.TrimSpace(t); t != "" {
			list, plain = append(list, escape(t)), append(plain, t)
		}
	}
	if len(list) > 0 {
		c.line("CATEGORIES:" + strings.Join(list, ","))
	}
	if strings.Join(plain, ", ") == tags {
		delete(c.left, "tags")
	}
}

// text writes a field as a property whose value is plain text.
func (c *writing) text(head, field string) {
	if v := c.take(field); v != "" {
		c.line(head + ":" + v)
	}
}

// plain writes an address that a reader could take for a URI.
func (c *writing) plain(head, field, scheme string) {
	if strings.HasPrefix(strings.ToLower(c.left[field]), scheme) {
		head += ";VALUE=text"
	}
	c.text(head, field)
}

// marked writes a field under a property that does not tell its name.
func (c *writing) marked(head, field string) {
	c.text(head+";"+fieldParam+"="+quoteParam(field), field)
}

// structured writes several fields as the components of one property.
func (c *writing) structured(name string, fields ...string) {
	var all []string
	for _, f := range fields {
		all = append(all, c.take(f))
	}
	if strings.Join(all, "") != "" {
		c.line(name + ":" + strings.Join(all, ";"))
	}
}

// notInName are the characters a property name cannot have.
var notInName = regexp.MustCompile(`[^A-Z0-9]+`)

// own writes a field no property knows. The name of the property is for people;
// where it does not tell the field, a parameter does.
func (c *writing) own(field string) { c.text(ownHead(field), field) }

func ownHead(field string) string {
	name := strings.Trim(notInName.ReplaceAllString(strings.ToUpper(field), "-"), "-")
	if strings.ReplaceAll(strings.ToLower(name), "-", "_") == field && name != "" {
		return "X-KITH-" + name
	}
	return "X-KITH-" + firstFull(name, "FIELD") + ";" + fieldParam + "=" + quoteParam(field)
}

// quoteParam makes a parameter value safe (RFC 6868).
func quoteParam(s string) string {
	return `"` + paramEscaper.Replace(clean(s)) + `"`
}

// numbered yields field.2 to field.9 where they have values.
func numbered(values map[string]string, field string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for n := '2'; n <= '9'; n++ {
			name := field + "." + string(n)
			if values[name] != "" && !yield(name) {
				return
			}
		}
	}
}

// line writes one line, folded after at most 75 bytes and never inside a
// character (RFC 6350 3.2).
func (c *writing) line(s string) {
	for limit := 75; len(s) > limit; limit = 74 {
		cut := limit
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		c.WriteString(s[:cut] + "\r\n ")
		s = s[cut:]
	}
	c.WriteString(s + "\r\n")
}
