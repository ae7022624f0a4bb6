package plan

import (
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/contact/phone"
)

// CodeTrimmed is the warning of a record whose values lost white space around
// them. It is worth counting and no reason for worry: a run that met nothing
// worse has succeeded.
const CodeTrimmed = "value.trimmed"

// CodeNoDot is the warning of an e-mail address whose domain has no dot: mail can
// be sent to it inside one network, so that it is kept, and compared like any other.
const CodeNoDot = "email.no_dot"

// A Translated record stands in the target's vocabulary: Values are in the
// order of the target's schema, valid until the next call of Translate.
type Translated struct {
	Values    []string
	Defaulted []bool // fields that the source left blank and a default filled
	Reject    Reason // the record itself is bad
	Detail    Detail
}

// Pass reports whether a source record passes the sync's filter.
func (b *Rulebook) Pass(fields []string) (bool, error) {
	if b.filter == nil {
		return true, nil
	}
	return runBool(b.filter, b.Source, fields)
}

// GateOpen reports whether the sync's gate lets a new contact out (N11, N12).
func (b *Rulebook) GateOpen(fields []string) (bool, error) {
	if b.gate == nil {
		return true, nil
	}
	return runBool(b.gate, b.Source, fields)
}

// Translate turns the fields of a source record into a record of the target.
// Raw values are kept (requirements 3.1); only white space around them, the
// placeholder name (N15) and values that cannot be what their kind says go.
func (b *Rulebook) Translate(fields []string) Translated {
	t := Translated{Values: b.values, Defaulted: b.defaulted}
	clear(t.Values)
	clear(b.defaulted)
	b.badEmails = b.badEmails[:0]
	for i := range b.fields {
		b.translateField(&b.fields[i], fields, &t)
	}
	if len(b.badEmails) > 0 {
		b.refuseEmails(&t)
	}
	b.dropPlaceholder(&t)
	return t
}

func (b *Rulebook) translateField(m *mapped, fields []string, t *Translated) {
	value := ""
	switch {
	case m.Value != nil:
		value = *m.Value
	case m.expr != nil:
		var err error
		if value, err = runText(m.expr, b.Source, fields); err != nil {
			t.refuse(ExprFailed, m, err.Error())
			return
		}
	case m.from < len(fields):
		value = trimmed(fields[m.from], t)
	}
	if m.Values != nil {
		value = lookup(m.Values, value)
	}
	if fallback := b.defaultOf(m); contact.Blank(value) && fallback != "" {
		value = fallback
		b.defaulted[m.to] = true
	}
	if contact.Blank(value) {
		return
	}
	t.Values[m.to] = b.accept(m, value, t)
}

// HasOwn reports whether a translated record has a value that is its own: neither a
// constant of the map nor a default.
func (b *Rulebook) HasOwn(t Translated) bool {
	return slices.ContainsFunc(b.fields, func(m mapped) bool {
		return m.Value == nil && t.Values[m.to] != "" && !t.Defaulted[m.to]
	})
}

// defaultOf is what a field gets when the source leaves it blank: its own
// default, or the sync's language for a language (C7).
func (b *Rulebook) defaultOf(m *mapped) string {
	if m.Default == "" && m.kind == contact.Language {
		return b.Sync.Language
	}
	return m.Default
}

// Warn adds a warning for a telephone number that nobody can be recognised by:
// it is kept as it is written, but it is no key (requirements 3.1).
func (b *Rulebook) Warn(t *Translated) {
	for _, at := range b.keyring.Fields(ByPhone) {
		if t.Values[at] == "" {
			continue
		}
		if _, problem := b.norm.MatchKey(contact.Phone, t.Values[at]); problem != "" {
			t.Detail.Warnings = append(t.Detail.Warnings, string(problem))
		}
		return
	}
}

// trimmed returns a value without the white space around it, which is told once a
// record (requirements 3.6): a code that begins with a space may be meant. White
// space alone is a blank, and nothing to tell.
func trimmed(s string, t *Translated) string {
	if s == "" || s[0] > ' ' && s[0] < 0x7f && s[len(s)-1] > ' ' && s[len(s)-1] < 0x7f {
		return s
	}
	value := contact.Trim(s)
	if value != "" && value != s && !slices.Contains(t.Detail.Warnings, CodeTrimmed) {
		t.Detail.Warnings = append(t.Detail.Warnings, CodeTrimmed)
	}
	return value
}

// accept returns the value to keep, which is the raw value unless its kind
// refuses it.
func (b *Rulebook) accept(m *mapped, value string, t *Translated) string {
	if m.kind == contact.Email || m.kind == contact.Phone {
		value = m.firstOfSeveral(value, t)
	}
	switch m.kind {
	case contact.Language:
		tag, problem := b.norm.Canonical(contact.Language, value)
		if problem != "" {
			t.refuse(LanguageUnknown, m, value) // settled question 20
			return ""
		}
		return tag // C8: tags are stored as tags
	case contact.Consent:
		state, problem := b.norm.Canonical(contact.Consent, value)
		if problem != "" {
			t.Detail.Warnings = append(t.Detail.Warnings, string(problem))
			return "" // a word that nobody understands is left alone, and grants nothing
		}
		return state // as tags are: every system has words of its own
	case contact.Email:
		value = contact.BareEmail(value) // what a program wrote around it is not the address
		if _, problem := b.norm.MatchKey(contact.Email, value); problem != "" {
			b.badEmails = append(b.badEmails, m)
		} else if contact.NoDot(value) {
			t.Detail.Warnings = append(t.Detail.Warnings, CodeNoDot)
		}
	case contact.Password:
		return b.seal(m, value, t)
	case contact.Phone:
		if m.region != "" {
			return international(value, m.region)
		}
	}
	return value
}

func (b *Rulebook) seal(m *mapped, value string, t *Translated) string {
	if b.Seal == nil || contact.Sealed(value) {
		return ""
	}
	sealed, err := b.Seal(value)
	if err != nil {
		t.refuse(ExprFailed, m, "")
		return ""
	}
	return sealed
}

// refuseEmails leaves out values that are no e-mail addresses, once the whole
// record is there. The record is rejected when it stands or falls with its
// e-mail (requirements 3.6).
func (b *Rulebook) refuseEmails(t *Translated) {
	for _, m := range b.badEmails {
		value := t.Values[m.to]
		t.Values[m.to] = ""
		if m.to == b.emailAt && (b.bestRuleIsEmail(t) || slices.Contains(b.required, m.to)) {
			t.refuse(EmailInvalid, m, value)
			continue
		}
		t.Detail.Warnings = append(t.Detail.Warnings, string(EmailInvalid))
	}
}

func (b *Rulebook) bestRuleIsEmail(t *Translated) bool {
	for i, r := range b.Rules {
		if r == ByEmail {
			return true
		}
		if len(b.Keys(i, t.Values, nil)) > 0 {
			return false
		}
	}
	return false
}

func (t *Translated) refuse(why Reason, m *mapped, value string) {
	if t.Reject != "" {
		return
	}
	t.Reject = why
	t.Detail.Column, t.Detail.Value = m.From, value
}

func lookup(values map[string]string, value string) string {
	if out, ok := values[value]; ok {
		return out
	}
	for in, out := range values {
		if strings.EqualFold(in, value) {
			return out
		}
	}
	return value
}

func international(value, region string) string {
	number, ok := phone.Parse(value, region)
	if !ok {
		return value
	}
	if number.Extension != "" {
		return number.E164 + ";ext=" + number.Extension
	}
	return number.E164
}

// dropPlaceholder blanks names that are the placeholder "New Contact", in one
// field or spread over two: it is never a name, wherever it came from (N14,
// N15, requirements 3.5).
func (b *Rulebook) dropPlaceholder(t *Translated) {
	filled := 0
	for _, at := range b.names {
		switch v := t.Values[at]; {
		case v == "":
		case contact.IsPlaceholder(v):
			t.Values[at] = ""
			t.warnPlaceholder()
		default:
			filled++
		}
	}
	if filled > 1 && contact.IsPlaceholder(b.fullName(t.Values)) {
		for _, at := range b.names {
			t.Values[at] = ""
		}
		t.warnPlaceholder()
	}
}

func (t *Translated) warnPlaceholder() {
	t.Detail.Warnings = append(t.Detail.Warnings, "name.placeholder")
}

// fullName joins the record's names, as "New" and "Contact" in two columns.
func (b *Rulebook) fullName(values []string) string {
	size := 0
	for _, at := range b.names {
		size += len(values[at])
	}
	if size > 48 {
		return ""
	}
	var buffer [64]byte
	name := buffer[:0]
	for _, at := range b.names {
		if v := values[at]; v != "" {
			if len(name) > 0 {
				name = append(name, ' ')
			}
			name = append(name, v...)
		}
	}
	return string(name)
}
