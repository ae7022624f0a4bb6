package salesforce

import (
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// apiTime is how date-times come: always UTC, no colon in the offset.
const apiTime = "2006-01-02T15:04:05.000-0700"

// moment reads a date-time of the API.
func moment(text string) time.Time {
	t, err := time.Parse(apiTime, text)
	if err != nil {
		t, _ = time.Parse(time.RFC3339, text) // zero: the org does not say
	}
	return t.UTC()
}

// shown is a value of the API as our text.
func (o *Object) shown(f *field, value any) string {
	switch v := value.(type) {
	case string:
		if f.Type == "datetime" && v != "" {
			return moment(v).Format(time.RFC3339)
		}
		return v
	case bool:
		return o.ticked(f, v)
	case json.Number:
		return number(v.String())
	}
	return ""
}

// ticked is a box as text; that of the opt-out, as a state of a consent.
func (o *Object) ticked(f *field, yes bool) string {
	switch {
	case kindOf(f) != contact.Consent && yes:
		return "true"
	case kindOf(f) != contact.Consent:
		return "false"
	case yes:
		return contact.Unsubscribed
	case o.settings.UntickedSaysNothing:
		return ""
	}
	return contact.Subscribed
}

// same reports whether a value to send is the one that is there.
func (o *Object) same(f *field, now, sent any) bool {
	switch f.Type {
	case "datetime":
		a, _ := now.(string)
		b, _ := sent.(string)
		return a != "" && b != "" && moment(a).Equal(moment(b))
	case "reference":
		a, _ := now.(string)
		b, _ := sent.(string)
		return wide(a) == wide(b)
	}
	if _, null := sent.(bool); null && now == nil {
		return false
	}
	return o.shown(f, now) == o.shown(f, sent)
}

// number writes 1.0E7 as 10000000.
func number(s string) string {
	if !strings.ContainsAny(s, "eE.") {
		return s
	}
	n, ok := new(big.Rat).SetString(s)
	if !ok {
		return s
	}
	s = n.FloatString(20)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// sent is our text as a value of the API; nil clears the field.
func (o *Object) sent(f *field, text string) (any, *connector.Fault) {
	kind := kindOf(f)
	if kind == contact.Consent {
		return optedOut(f, text)
	}
	if f.Type == "boolean" {
		return box(f, text)
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	switch f.Type {
	case "int", "double", "currency", "percent", "long":
		n, ok := new(big.Rat).SetString(strings.TrimSpace(text))
		if !ok || strings.Contains(text, "/") {
			return nil, invalid(f.Name, "The value of "+f.Name+" is no number.")
		}
		return json.Number(number(n.FloatString(20))), nil
	case "date", "datetime":
		return dated(f, text)
	case "picklist":
		return choice(f, text), nil
	case "email", "phone", "url":
		return strings.TrimSpace(text), nil
	}
	return text, nil
}

func optedOut(f *field, text string) (any, *connector.Fault) {
	state, problem := contact.NewNormalizer("").Canonical(contact.Consent, text)
	if problem != "" {
		return nil, invalid(f.Name, "The value of "+f.Name+" is no state of a consent.")
	}
	return contact.Stricter(state, contact.Pending), nil
}

func box(f *field, text string) (any, *connector.Fault) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1", "yes":
		return true, nil
	case "false", "0", "no", "":
		return false, nil
	}
	return nil, invalid(f.Name, "The value of "+f.Name+" is neither true nor false.")
}

func dated(f *field, text string) (any, *connector.Fault) {
	day, problem := contact.NewNormalizer("").Canonical(contact.Date, text)
	if problem != "" || strings.HasPrefix(day, "--") {
		return nil, invalid(f.Name, "The value of "+f.Name+" is no date that Salesforce can hold.")
	}
	date, clock, timed := strings.Cut(day, "T")
	if f.Type == "date" {
		return date, nil
	}
	if !timed {
		clock = "00:00:00"
	}
	return date + "T" + strings.TrimSuffix(clock, "Z") + "Z", nil
}

// choice is the value that a label stands for: the API takes values only.
func choice(f *field, text string) string {
	for _, c := range f.Choices {
		if c.Value == text {
			return text
		}
	}
	for _, c := range f.Choices {
		if c.Active && strings.EqualFold(c.Label, strings.TrimSpace(text)) {
			return cmp.Or(c.Value, text)
		}
	}
	return text
}

// sameName compares names as the org does.
func sameName(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

func sorted(names map[string]bool) []string {
	out := make([]string, 0, len(names))
	for n := range names {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
