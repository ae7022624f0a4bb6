package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Values are kept as text: empty for null, "true" for a checked box, numbers in
// decimal, dates and times as the API writes them.

const stampFormat = "2006-01-02T15:04:05.000-0700"

func stampText(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(stampFormat) }

// value is what a row has in a field.
func (s *Sandbox) value(o *object, r *row, f *field) string {
	switch f.system {
	case sysID:
		return makeID(o.prefix, r.n)
	case sysDeleted:
		return yes(r.deleted)
	case sysCreated:
		return stampText(r.created)
	case sysModified:
		return stampText(r.modified)
	case sysStamp:
		return stampText(r.stamp)
	case sysCreatedBy:
		return makeID("005", r.createdBy)
	case sysModifiedBy:
		return makeID("005", r.modifiedBy)
	}
	if f.formula != nil {
		return f.formula(s, o, r)
	}
	return r.get(f)
}

// appendJSON writes a value as JSON has it.
func (s *Sandbox) appendJSON(b []byte, o *object, r *row, f *field) []byte {
	if f.kind == "address" {
		return s.appendAddress(b, o, r, f)
	}
	return appendValue(b, f.kind, s.value(o, r, f))
}

func appendValue(b []byte, kind, v string) []byte {
	switch {
	case kind == "boolean":
		return strconv.AppendBool(b, v == "true")
	case v == "":
		return append(b, "null"...)
	case kind == "double" || kind == "currency" || kind == "percent":
		if !strings.Contains(v, ".") {
			v += ".0"
		}
		return append(b, v...)
	case kind == "int":
		return append(b, v...)
	}
	return appendText(b, v)
}

func appendText(b []byte, v string) []byte {
	quoted, err := json.Marshal(v)
	if err != nil { // a string always can be
		panic(err)
	}
	return append(b, quoted...)
}

// appendAddress shows the parts of an address, or null when all are empty.
func (s *Sandbox) appendAddress(b []byte, o *object, r *row, f *field) []byte {
	start, some := len(b), false
	for i, part := range []string{"City", "Country", "PostalCode", "State", "Street"} {
		v := r.get(o.field(strings.TrimSuffix(f.name, "Address") + part))
		some = some || v != ""
		b = append(b, map[bool]byte{true: '{', false: ','}[i == 0])
		b = append(appendText(b, strings.ToLower(part[:1])+part[1:]), ':')
		b = appendValue(b, "string", v)
	}
	if !some {
		return append(b[:start], "null"...)
	}
	return append(b, `,"geocodeAccuracy":null,"latitude":null,"longitude":null}`...)
}

var mailbox = regexp.MustCompile(`^[^\s@,;:<>()\[\]"\\]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

// check makes a value that a client sent the one that is stored.
func (s *Sandbox) check(f *field, raw any) (string, *problem) {
	var v string
	switch raw := raw.(type) {
	case nil:
		return "", nil
	case string:
		v = strings.TrimSpace(raw)
	case bool:
		v = strconv.FormatBool(raw)
	case json.Number:
		v = raw.String()
	default:
		return "", refuse("JSON_PARSER_ERROR", "Cannot deserialize a value of "+f.kind+" for "+f.name)
	}
	if v == "" {
		return "", nil
	}
	switch {
	case f.kind == "boolean":
		return f.checkBool(v)
	case f.numeric():
		return f.checkNumber(v)
	case f.timed():
		return f.checkTime(v)
	case f.kind == "reference":
		return s.checkReference(f, v)
	}
	return f.checkText(v)
}

func (f *field) mismatch(v string) *problem {
	return refuse("INVALID_FIELD", fmt.Sprintf("'%s' is not a valid value for the type xsd:%s", v, f.kind), f.name)
}

func (f *field) checkBool(v string) (string, *problem) {
	switch strings.ToLower(v) {
	case "true", "1":
		return "true", nil
	case "false", "0":
		return "", nil
	}
	return "", f.mismatch(v)
}

// checkNumber drops what a field has no decimals for.
func (f *field) checkNumber(v string) (string, *problem) {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return "", f.mismatch(v)
	}
	if n >= math.Pow10(max(1, f.precision-f.scale)) {
		return "", refuse("NUMBER_OUTSIDE_VALID_RANGE", f.label+": value outside of valid range on numeric field: "+v, f.name)
	}
	unit := math.Pow10(f.scale)
	return strconv.FormatFloat(math.Round(n*unit)/unit, 'f', -1, 64), nil
}

func (f *field) checkTime(v string) (string, *problem) {
	if f.kind == "date" {
		if d, err := time.Parse(time.DateOnly, v[:min(len(v), 10)]); err == nil {
			return d.Format(time.DateOnly), nil
		}
		return "", f.mismatch(v)
	}
	t, ok := parseTime(v)
	if !ok {
		return "", f.mismatch(v)
	}
	return t.UTC().Truncate(time.Second).Format(stampFormat), nil
}

// parseTime reads the forms of a date and time that the API takes.
func parseTime(v string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (s *Sandbox) checkReference(f *field, v string) (string, *problem) {
	wrong := func() *problem {
		return refuse("MALFORMED_ID", fmt.Sprintf("%s: id value of incorrect type: %s", f.label, v), f.name)
	}
	id, ok := wideID(v)
	if !ok {
		return "", wrong()
	}
	o := s.prefix[id[:3]]
	if o == nil || !slices.Contains(f.refers, o.name) {
		return "", wrong()
	}
	switch r := o.row(number(id)); {
	case r == nil:
		return "", refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
	case r.deleted:
		return "", refuse("ENTITY_IS_DELETED", "entity is deleted")
	}
	return id, nil
}

func (f *field) checkText(v string) (string, *problem) {
	if len(v) > f.length && len(utf16.Encode([]rune(v))) > f.length {
		shown := []rune(v)
		return "", refuse("STRING_TOO_LONG", fmt.Sprintf("%s: data value too large: %s (max length=%d)", f.label, string(shown[:min(len(shown), 100)]), f.length), f.name)
	}
	switch f.kind {
	case "email":
		if !mailbox.MatchString(v) {
			return "", refuse("INVALID_EMAIL_ADDRESS", fmt.Sprintf("%s: invalid email address: %s", f.label, v), f.name)
		}
		return strings.ToLower(v), nil
	case "picklist":
		for _, choice := range f.choices {
			if strings.EqualFold(choice, v) {
				return choice, nil
			}
		}
		if f.restricted {
			return "", refuse("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", fmt.Sprintf("%s: bad value for restricted picklist field: %s", f.label, v), f.name)
		}
	}
	return v, nil
}
