package mailchimp

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// The fields every audience has. The others are its merge fields, by their tags.
const (
	emailField    = "email_address"
	statusField   = "status"
	tagsField     = "tags"
	languageField = "language"
	vipField      = "vip"
)

// A column is a field and where a member has it.
type column struct {
	contact.Field
	tag, part string // of a merge field, and the part of an address
}

// addressParts are those of an address, with what people call them. Mailchimp
// takes an address with all of the first, third, fourth and fifth, or none.
var addressParts = [...][2]string{{"addr1", "line 1"}, {"addr2", "line 2"}, {"city", "city"}, {"state", "state"}, {"zip", "postal code"}, {"country", "country"}}

// Schema asks which merge fields the audience has now. Tags are one text with
// "; " between. A member has the state of consent that status says, in Kith's
// words; transactional ones have none.
func (a *Audience) Schema(ctx context.Context) (contact.Schema, error) {
	columns := []column{
		{Field: contact.Field{Name: emailField, Label: "E-mail address", Kind: contact.Email, Required: true}},
		{Field: contact.Field{Name: statusField, Label: "Consent", Kind: contact.Consent}},
	}
	merge, err := a.mergeFields(ctx)
	if err != nil {
		return contact.Schema{}, err
	}
	for _, f := range merge {
		columns = append(columns, f.columns()...)
	}
	columns = append(columns,
		column{Field: contact.Field{Name: tagsField, Label: "Tags", Kind: contact.Text}},
		column{Field: contact.Field{Name: languageField, Label: "Language", Kind: contact.Language}},
		column{Field: contact.Field{Name: vipField, Label: "VIP", Kind: contact.Text}})
	a.columns.Store(&columns)
	var s contact.Schema
	for _, c := range columns {
		s.Fields = append(s.Fields, c.Field)
	}
	return s, nil
}

type mergeField struct {
	Tag  string `json:"tag"`
	Name string `json:"name"`
	Type string `json:"type"`
	// Required: a new member must have it, and the server says so.
	Required bool `json:"required"`
}

func (a *Audience) mergeFields(ctx context.Context) (all []mergeField, err error) {
	for {
		var page struct {
			Fields []mergeField `json:"merge_fields"`
			Total  int          `json:"total_items"`
		}
		q := url.Values{"count": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(len(all))}}
		if _, err := a.server.call(ctx, request{method: http.MethodGet, path: a.path("merge-fields"), query: q, into: &page}); err != nil {
			return nil, lost(err)
		}
		all = append(all, page.Fields...)
		if len(page.Fields) == 0 || len(all) >= page.Total {
			return all, nil
		}
	}
}

// columns are a merge field's: one, or one for each part of an address.
func (f mergeField) columns() []column {
	if f.Type != "address" {
		kind := contact.Text
		switch {
		case f.Tag == "FNAME" || f.Tag == "LNAME":
			kind = contact.Name
		case f.Type == "phone":
			kind = contact.Phone
		case f.Type == "date":
			kind = contact.Date
		case f.Type == "url" || f.Type == "imageurl":
			kind = contact.URL
		}
		return []column{{Field: contact.Field{Name: f.Tag, Label: f.Name, Kind: kind, Required: f.Required}, tag: f.Tag}}
	}
	var out []column
	for _, p := range addressParts {
		c := column{Field: contact.Field{Name: f.Tag + "." + p[0], Label: f.Name + ": " + p[1], Kind: contact.Text}, tag: f.Tag, part: p[0]}
		if p[0] == "country" {
			c.Kind = contact.Country
		}
		out = append(out, c)
	}
	return out
}

// record is a member as a record. Its version is when it was changed, and what
// it held then: Mailchimp tells only seconds, and two changes fit into one.
func (a *Audience) record(m *member) contact.Record {
	columns := *a.columns.Load()
	r := contact.Record{ID: m.ContactID, Values: make([]string, len(columns))}
	if r.ID == "" {
		r.ID = m.Hash
	}
	sum := fnv.New32a()
	for i, c := range columns {
		r.Values[i] = m.value(c)
		_, _ = sum.Write([]byte(r.Values[i] + "\x00")) // a hash takes everything
	}
	r.Modified = m.changed()
	r.Version = writeTime(r.Modified) + " " + strconv.FormatUint(uint64(sum.Sum32()), 16)
	return r
}

func (m *member) value(c column) string {
	switch c.Name {
	case emailField:
		return m.Email
	case statusField:
		return consentOf(m.Status)
	case tagsField:
		return joinTags(m.Tags)
	case languageField:
		return strings.ReplaceAll(m.Language, "_", "-")
	case vipField:
		return strconv.FormatBool(m.VIP)
	}
	return mergeText(m.Merge[c.tag], c.part)
}

// mergeText is a merge value as text.
func mergeText(v any, part string) string {
	switch x := v.(type) {
	case string:
		if part == "" {
			return x
		}
	case json.Number:
		return x.String()
	case map[string]any:
		if text, ok := x[part].(string); ok {
			return text
		}
	case nil:
	default:
		return fmt.Sprint(x)
	}
	return ""
}

func (m *member) changed() time.Time {
	t, _ := time.Parse(time.RFC3339, m.Changed) // a time that cannot be read is none
	return t.UTC()
}

// writeTime writes a time as Mailchimp does; nothing for none.
func writeTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05+00:00")
}

const tagsBetween = "; "

func joinTags(tags []tag) string {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Name
	}
	slices.Sort(names)
	return strings.Join(names, tagsBetween)
}

func splitTags(text string) (names []string) {
	for name := range strings.SplitSeq(text, strings.TrimSpace(tagsBetween)) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// A change is what a write wants of a member, in Mailchimp's words.
type change struct {
	body   map[string]any    // email_address, language, vip
	merge  map[string]string // merge values by field
	status *string           // in Kith's words
	tags   *string
}

// read puts the values of a write where the API wants them.
func (a *Audience) read(set map[string]string) (change, error) {
	c := change{body: map[string]any{}, merge: map[string]string{}}
	columns := *a.columns.Load()
	for name, v := range set {
		i := slices.IndexFunc(columns, func(c column) bool { return c.Name == name })
		if i < 0 {
			return c, &connector.Fault{Kind: connector.Invalid, Field: name, Message: "The audience has no field " + name + ". It may have been removed in Mailchimp."}
		}
		switch name {
		case emailField:
			if c.body[name] = strings.TrimSpace(v); contact.Blank(v) {
				return c, &connector.Fault{Kind: connector.Invalid, Field: name, Message: "A member needs an address."}
			}
		case statusField:
			c.status = &v
		case tagsField:
			c.tags = &v
		case languageField:
			c.body[name] = languageCode(v)
		case vipField:
			yes, err := vip(v)
			if err != nil {
				return c, err
			}
			c.body[name] = yes
		default:
			c.merge[name] = v
		}
	}
	return c, nil
}

// languageCode is Mailchimp's: with an underscore in the three that have a
// country (pt_PT, es_ES, fr_CA), and the language alone in all others.
func languageCode(v string) string {
	code := strings.ReplaceAll(strings.TrimSpace(v), "-", "_")
	if slices.Contains([]string{"pt_PT", "es_ES", "fr_CA"}, code) {
		return code
	}
	code, _, _ = strings.Cut(code, "_")
	return strings.ToLower(code)
}

func vip(v string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0", "":
		return false, nil
	}
	return false, &connector.Fault{Kind: connector.Invalid, Field: vipField, Message: "VIP is true or false."}
}

// send adds the merge fields to the body. An address goes as a whole: the parts
// that are not written are as now says.
func (a *Audience) send(c change, now basis) map[string]any {
	if len(c.merge) == 0 {
		return c.body
	}
	merge := map[string]any{}
	for _, col := range *a.columns.Load() {
		v, written := c.merge[col.Name]
		switch {
		case !written:
		case col.part == "":
			merge[col.tag] = v
		case merge[col.tag] == nil:
			merge[col.tag] = whole(col.tag, c.merge, now)
		}
	}
	c.body["merge_fields"] = merge
	return c.body
}

// whole is an address with all its parts, or the empty text for none.
func whole(tag string, set map[string]string, now basis) any {
	address, any := map[string]string{}, false
	for _, p := range addressParts {
		v, written := set[tag+"."+p[0]]
		if !written {
			v = now(tag + "." + p[0])
		}
		address[p[0]] = v
		any = any || !contact.Blank(v) && p[0] != "country" // which Mailchimp fills in by itself
	}
	if !any {
		return ""
	}
	return address
}
