package vcard

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	govcard "github.com/emersion/go-vcard"
)

// fieldParam names the field a property was written from, where its name and
// types do not say it.
const fieldParam = "X-KITH-FIELD"

// A reading is a card while its fields are found.
type reading struct {
	Card
	version string
	homes   int // addresses beyond the first
	notes   []string
	count   map[string]int    // the highest number a field has had
	seen    map[string]string // where number has placed "field=value"
	from    int               // line of the property that is read
	trace   func(field, value string, from int)
}

// named takes what Write marked with the name of its field. A card from anybody
// cannot set what no card carries.
func (c *reading) named(p property) {
	name := p.Params.Get(fieldParam)
	if rest, ok := strings.CutPrefix(p.name, "X-KITH-"); ok && name == "" {
		name = strings.ReplaceAll(strings.ToLower(rest), "-", "_")
	}
	if name == "" || slices.Contains(noCard[:], name) {
		return
	}
	if p.name == govcard.FieldAddress {
		c.put(name, addressLine(c.parts(p)))
		return
	}
	c.put(name, c.value(p))
}

// read gives one property to its fields, unless an earlier one has them.
func (c *reading) read(p property) {
	if p.Params.Get(fieldParam) != "" || strings.HasPrefix(p.name, "X-KITH-") {
		return
	}
	switch p.name {
	case govcard.FieldUID:
		c.UID = c.text(p)
	case govcard.FieldRevision:
		c.Revised = instant(c.text(p))
	case govcard.FieldFormattedName:
		if p.Params.Get("DERIVED") == "" { // RFC 9554: made from other properties
			c.put("name", c.text(p))
		}
	case govcard.FieldName:
		c.putParts(p, "last_name", "first_name", "middle_name", "prefix", "suffix")
	case govcard.FieldEmail:
		c.number("email", c.address(p, "mailto:"))
	case govcard.FieldTelephone:
		c.phone(p)
	case govcard.FieldAddress:
		c.place(p)
	case govcard.FieldOrganization:
		c.organization(p)
	case govcard.FieldURL:
		c.link(p)
	case "SOCIALPROFILE", "X-SOCIALPROFILE":
		c.profile(p)
	case govcard.FieldCategories:
		c.tags(p)
	case govcard.FieldNote:
		if note := c.text(p); note != "" {
			c.notes = append(c.notes, note)
			c.traced("note", note)
		}
	case govcard.FieldBirthday:
		c.put("birthday", c.date(p))
	case govcard.FieldTitle:
		c.put("title", c.text(p))
	case govcard.FieldLanguage:
		c.put("language", c.text(p))
	case govcard.FieldNickname:
		c.put("nickname", c.text(p))
	}
}

// put sets a field that has no value yet.
func (c *reading) put(field, value string) {
	if _, has := c.Fields[field]; !has && value != "" {
		c.Fields[field] = value
	}
	c.traced(field, value)
}

// traced tells who wants to know which property has given, or would have given,
// a field its value.
func (c *reading) traced(field, value string) {
	if c.trace != nil && value != "" && c.from >= 0 {
		c.trace(field, value, c.from)
	}
}

// number sets the first free of field, field.2, field.3 ... The same value
// twice is one value.
func (c *reading) number(field, value string) {
	if value == "" {
		return
	}
	if earlier := c.seen[field+"="+value]; earlier != "" {
		c.traced(earlier, value)
		return
	}
	name := field
	for c.Fields[name] != "" {
		c.count[field] = max(2, c.count[field]+1)
		name = field + "." + strconv.Itoa(c.count[field])
	}
	c.Fields[name] = value
	c.seen[field+"="+value] = name
	c.traced(name, value)
}

// value is the text of a property exactly; text is without the spaces older
// exports leave around it.
func (c *reading) value(p property) string { return unescape(p.Value, c.version) }

func (c *reading) text(p property) string { return c.trim(c.value(p)) }

func (c *reading) trim(s string) string {
	if c.version == "4.0" {
		return s
	}
	return strings.TrimSpace(s)
}

// parts are the components of a structured value.
func (c *reading) parts(p property) []string {
	out := parts(p.Value, ';')
	for i := range out {
		out[i] = c.trim(unescape(out[i], c.version))
	}
	return out
}

func (c *reading) putParts(p property, fields ...string) {
	for i, v := range c.parts(p) {
		if i < len(fields) {
			c.put(fields[i], v)
		}
	}
}

// address takes the scheme off an e-mail or phone that is written as a URI.
func (c *reading) address(p property, scheme string) string {
	s := c.text(p)
	if p.Params.Get(govcard.ParamValue) != "text" && len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
		return s[len(scheme):]
	}
	return s
}

// phone finds the field of a number by its types.
func (c *reading) phone(p property) {
	number := c.address(p, "tel:")
	if main, ext, ok := strings.Cut(number, ";ext="); ok && number != c.text(p) {
		number = main + " ext. " + ext // tel:+1-555-0100;ext=102 (RFC 3966)
	}
	types := p.Params
	work := types.HasType("work") || p.Group == "WORK"
	switch {
	case types.HasType("fax"):
		c.number("fax", number)
	case types.HasType("pager"):
		c.number("pager", number)
	case types.HasType("cell") && c.Fields["mobile"] == "":
		c.put("mobile", number)
	case types.HasType("cell"):
		c.number("phone", number)
	case work && c.Fields["phone.work"] == "":
		c.put("phone.work", number)
	case types.HasType("home") && c.Fields["phone.home"] == "":
		c.put("phone.home", number)
	default:
		c.number("phone", number)
	}
}

// place reads the first address into its fields, and others as one line each.
func (c *reading) place(p property) {
	a := c.parts(p)
	street := streetOf(a)
	if joined("", street, part(a, 3), part(a, 4), part(a, 5), part(a, 6)) == "" {
		return
	}
	if !c.has("street", "city", "state", "postal_code", "country") {
		c.put("street", street)
		c.put("city", part(a, 3))
		c.put("state", part(a, 4))
		c.put("postal_code", part(a, 5))
		c.put("country", part(a, 6))
		return
	}
	c.homes++
	c.put("address."+strconv.Itoa(c.homes+1), addressLine(a))
}

// streetOf is the street, with what else stands before the city.
func streetOf(a []string) string { return joined(", ", part(a, 2), part(a, 1), part(a, 0)) }

// addressLine is an address as one line.
func addressLine(a []string) string {
	line := joined(", ", streetOf(a), joined(" ", part(a, 5), part(a, 3)), part(a, 4), part(a, 6))
	return strings.ReplaceAll(line, "\n", ", ")
}

func (c *reading) has(fields ...string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return c.Fields[f] != "" })
}

// organization is the company, and its units as the department.
func (c *reading) organization(p property) {
	all := c.parts(p)
	if c.has("company", "department") {
		return
	}
	c.put("company", all[0])
	c.put("department", joined(", ", all[1:]...))
}

// sites are the profiles that have a field.
var sites = [...]string{"linkedin", "twitter", "facebook"}

// link is a website, or a profile by its address.
func (c *reading) link(p property) {
	url := c.text(p)
	for _, site := range sites {
		if strings.Contains(url, site+".com/") && c.Fields[site] == "" {
			c.put(site, url)
			return
		}
	}
	c.number("website", url)
}

// profile is SOCIALPROFILE of RFC 9554 or X-SOCIALPROFILE of Apple.
func (c *reading) profile(p property) {
	kind := strings.ToLower(p.Params.Get("SERVICE-TYPE"))
	for _, site := range sites {
		if kind == site || p.Params.HasType(site) {
			c.put(site, c.text(p))
		}
	}
}

func (c *reading) tags(p property) {
	var all []string
	for _, t := range parts(p.Value, ',') {
		all = append(all, c.trim(unescape(t, c.version)))
	}
	if !c.has("tags") {
		c.put("tags", joined(", ", all...))
	}
}

// dateForm is a whole date of 2.1 to 4.0, with or without hyphens and a time.
var dateForm = regexp.MustCompile(`^([0-9]{4})-?([0-9]{2})-?([0-9]{2})(T.*)?$`)

// date writes a whole date as 1985-04-12 and leaves any other as it is.
func (c *reading) date(p property) string {
	s := c.text(p)
	m := dateForm.FindStringSubmatch(s)
	if m == nil || p.Params.Get(govcard.ParamValue) == "text" {
		return s
	}
	return m[1] + "-" + m[2] + "-" + m[3]
}

// instant reads the forms of a timestamp that cards have. One without a zone is
// in UTC, as REV should be (RFC 6350 6.7.4).
func instant(s string) time.Time {
	for _, form := range [...]string{"20060102T150405Z07:00", "20060102T150405Z0700", "20060102T150405", time.RFC3339, "2006-01-02T15:04:05", "20060102", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// fallBack reads what is a field only when the better property is missing: the
// department of KAddressBook, and ROLE, which many use for the job title.
func (c *reading) fallBack(b block) {
	for _, p := range b.props {
		c.from = p.first
		switch {
		case p.Params.Get(fieldParam) != "": // named has read it
		case p.name == "X-KADDRESSBOOK-X-DEPARTMENT":
			c.put("department", c.text(p))
		case p.name == govcard.FieldRole && c.Fields["title"] == "":
			c.put("title", c.text(p))
		case p.name == govcard.FieldRole:
			c.put("role", c.text(p))
		}
	}
}
