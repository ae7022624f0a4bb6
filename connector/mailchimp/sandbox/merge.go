package sandbox

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// addressParts are the parts of an address, in the order they are kept.
var addressParts = [...]string{"addr1", "addr2", "city", "state", "zip", "country"}

func (a *Audience) mergeIndex(tag string) int {
	return slices.IndexFunc(a.fields, func(f MergeField) bool { return f.Tag == tag })
}

func (m *member) merge(i int) string {
	if i >= len(m.values) {
		return ""
	}
	return m.values[i]
}

func (m *member) setMerge(i int, v string) bool {
	if m.merge(i) == v {
		return false
	}
	m.values = slices.Clone(m.values) // members of Fill share theirs
	for len(m.values) <= i {
		m.values = append(m.values, "")
	}
	m.values[i] = v
	return true
}

// putMerge sets FNAME, or a part such as ADDRESS.city, without any check.
func (a *Audience) putMerge(m *member, name, v string) {
	tag, part, _ := strings.Cut(name, ".")
	i := a.mergeIndex(tag)
	if i < 0 {
		return
	}
	if part != "" {
		parts := split(m.merge(i))
		parts[slices.Index(addressParts[:], part)] = v
		v = join(parts)
	}
	m.setMerge(i, v)
}

func split(address string) []string {
	parts := strings.Split(address, "\x1f")
	for len(parts) < len(addressParts) {
		parts = append(parts, "")
	}
	return parts
}

func join(parts []string) string {
	if strings.Join(parts, "") == "" {
		return ""
	}
	return strings.Join(parts, "\x1f")
}

// mergeValues are a member's merge fields as they are answered.
func (a *Audience) mergeValues(m *member) map[string]any {
	out := map[string]any{}
	for i, f := range a.fields {
		v := m.merge(i)
		out[f.Tag] = v
		if v == "" {
			continue
		}
		switch f.Type {
		case "number":
			out[f.Tag] = json.Number(v)
		case "address":
			address := map[string]any{}
			for at, part := range split(v) {
				address[addressParts[at]] = part
			}
			out[f.Tag] = address
		}
	}
	return out
}

// checked reads the merge fields of a request: what to store, by position. The
// errors are those the API lists for a member it does not take.
func (a *Audience) checked(m *member, given map[string]any, skip bool) (map[int]string, []fieldError) {
	set := map[int]string{}
	var wrong []fieldError
	for tag, raw := range given {
		i := a.mergeIndex(strings.ToUpper(tag))
		if i < 0 {
			continue // unknown tags are not minded
		}
		v, message := a.s.value(a.fields[i], raw)
		if message != "" {
			wrong = append(wrong, fieldError{a.fields[i].Tag, message})
		}
		set[i] = v
	}
	for i, f := range a.fields {
		v, sent := set[i]
		if !sent {
			v = m.merge(i)
		}
		if f.Required && v == "" && !skip {
			wrong = append(wrong, fieldError{f.Tag, "Please enter a value"})
		}
	}
	slices.SortFunc(wrong, func(x, y fieldError) int { return strings.Compare(x.Field, y.Field) })
	return set, wrong
}

var usPhone = regexp.MustCompile(`^\D*1?\D*\d{3}\D*\d{3}\D*\d{4}$`)

// value reads one merge value, and says what is wrong with it.
func (s *Sandbox) value(f MergeField, raw any) (v, message string) {
	if f.Type == "address" {
		return addressValue(raw)
	}
	switch x := raw.(type) {
	case nil:
		return "", ""
	case string:
		v = x
	case json.Number:
		v = x.String()
	default:
		v = fmt.Sprint(x)
	}
	if v == "" {
		return "", ""
	}
	switch f.Type {
	case "number":
		if _, err := strconv.ParseFloat(v, 64); err != nil {
			return v, "Please enter a number"
		}
	case "date":
		for _, layout := range []string{time.DateOnly, "01/02/2006", time.RFC3339} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.Format(time.DateOnly), ""
			}
		}
		return v, "Please enter a date"
	case "birthday":
		if _, err := time.Parse("01/02", v); err != nil {
			return v, "Please enter a month (01-12) and day (01-31)"
		}
	case "radio", "dropdown":
		if !slices.Contains(f.Choices, v) {
			return v, "Value must be one of: " + strings.Join(f.Choices, ", ")
		}
	case "phone":
		if f.PhoneFormat == "US" && !usPhone.MatchString(v) {
			return v, "Please enter a valid phone number"
		}
	case "url", "imageurl":
		if !strings.Contains(v, "://") {
			return v, "Please enter a valid URL"
		}
	case "text":
		if limit := s.options.TextLimit; limit > 0 && utf8.RuneCountInString(v) > limit {
			if !s.options.CutsText {
				return v, fmt.Sprintf("Please enter a value of at most %d characters", limit)
			}
			v = string([]rune(v)[:limit])
		}
	}
	return v, ""
}

// addressValue reads an address: it is whole or not there.
func addressValue(raw any) (v, message string) {
	given, isObject := raw.(map[string]any)
	if !isObject {
		if text, ok := raw.(string); ok && text != "" {
			return "", "Please enter a complete address"
		}
		return "", ""
	}
	parts := make([]string, len(addressParts))
	for i, name := range addressParts {
		if text, ok := given[name].(string); ok {
			parts[i] = text
		}
	}
	if strings.Join(parts, "") == "" {
		return "", ""
	}
	if parts[0] == "" || parts[2] == "" || parts[3] == "" || parts[4] == "" {
		return "", "Please enter a complete address"
	}
	if parts[5] == "" {
		parts[5] = "US"
	}
	return join(parts), ""
}
