package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"

	"github.com/kith-sync/kith/contact"
)

// A Rulebook is a sync bound to the schemas of its source and its target. It
// answers every question about a record from the record alone. It is not safe
// for concurrent use: each goroutine compiles its own.
type Rulebook struct {
	Sync   Sync
	Source contact.Schema
	Target contact.Schema
	Rules  []Rule // the match rules that these schemas can serve, in order
	Unique bool   // the last rule is not matched by: it only keeps the identifier unique (C28)

	// Seal closes a password before anybody sees it. Without it passwords are
	// left out: they are never kept as they are written.
	Seal func(password string) (string, error)

	norm      *contact.Normalizer
	fields    []mapped
	keyring   *Keyring
	writes    []Write // per target field: its policy; "" where nothing is mapped to it
	mayClear  []bool
	consent   []bool // per target field: its mapping says that it holds a consent
	required  []int
	demanded  []int // that the target itself asks of a new record, beside those
	filter    *vm.Program
	gate      *vm.Program
	scope     *vm.Program
	names     []int // positions of the target's name fields
	emailAt   int
	values    []string // reused by Translate
	badEmails []*mapped
	defaulted []bool // fields of the last record that a default filled
}

// mapped is one compiled line of the map.
type mapped struct {
	Mapping
	from   int // position in the source, or -1
	to     int // position in the target
	kind   contact.Kind
	region string // of telephones, when it is not the target's own
	parts  int    // how many of several values in one cell find a field
	expr   *vm.Program
}

// Compile binds a sync to its schemas. Region is the target's own default
// telephone region: numbers from a source of another region are written in
// international form, so that they keep their meaning. The error names the key
// of the sync that does not fit.
func Compile(s Sync, source, target contact.Schema, region string) (*Rulebook, error) {
	b := &Rulebook{
		Sync: s, Source: source, Target: target,
		norm:      contact.NewNormalizer(region),
		keyring:   NewKeyring(target, region, false),
		writes:    make([]Write, len(target.Fields)),
		mayClear:  make([]bool, len(target.Fields)),
		consent:   make([]bool, len(target.Fields)),
		values:    make([]string, len(target.Fields)),
		defaulted: make([]bool, len(target.Fields)),
		emailAt:   target.First(contact.Email),
	}
	switch {
	case s.Secondary && s.Linked():
		return nil, fmt.Errorf("secondary: a sync with a connection matches by the main card; leave it out")
	case s.Policy.Delete.NotFound == Unlink && !s.Linked():
		return nil, fmt.Errorf("policy.delete.not_found: unlink: between files and books there are no links; use keep, mark, trash or delete")
	}
	for i, m := range s.Map {
		if err := b.compileMapping(m, region); err != nil {
			return nil, fmt.Errorf("map[%d]: %w", i, err)
		}
	}
	for _, name := range s.Required {
		at := target.Index(name)
		if at < 0 {
			return nil, fmt.Errorf("required: the target has no field %q", name)
		}
		b.required = append(b.required, at)
	}
	for i, f := range target.Fields {
		if f.Required && !slices.Contains(b.required, i) {
			b.demanded = append(b.demanded, i)
		}
		if f.Kind == contact.Name {
			b.names = append(b.names, i)
		}
	}
	if err := b.checkMark(); err != nil {
		return nil, err
	}
	if err := b.compileRules(); err != nil {
		return nil, err
	}
	return b, b.compileExpressions()
}

func (b *Rulebook) compileMapping(m Mapping, region string) error {
	c := mapped{Mapping: m, from: -1, to: b.Target.Index(m.To), parts: takenParts(m.From, b.Sync.Map)}
	if c.to < 0 {
		return fmt.Errorf("the target has no field %q", m.To)
	}
	if b.writes[c.to] != "" {
		return fmt.Errorf("field %q is filled twice", m.To)
	}
	c.kind = b.Target.Fields[c.to].Kind
	asKind, asRegion, err := parseAs(m.As)
	if err != nil {
		return err
	}
	if asKind != "" {
		c.kind = asKind
	}
	if c.kind == contact.Password && (m.Value != nil || m.Default != "" || m.Values != nil || m.Expr != "") {
		return fmt.Errorf("field %q is a password: it can only come from a column, never stand in the sync itself", m.To)
	}
	if c.kind == contact.Phone {
		c.region = asRegion
		if c.region == "" {
			c.region = b.Sync.PhoneRegion()
		}
		if c.region == region {
			c.region = ""
		}
	}
	switch {
	case m.Expr != "":
		if c.expr, err = compileExpr(m.Expr, b.Source, false); err != nil {
			return fmt.Errorf("expr: %w", err)
		}
	case m.Value == nil:
		if c.from = b.Source.Index(m.From); c.from < 0 {
			return fmt.Errorf("the source has no column %q", m.From)
		}
	}
	b.writes[c.to] = b.policyFor(m, c)
	b.mayClear[c.to], b.consent[c.to] = m.MayClear, c.kind == contact.Consent
	b.fields = append(b.fields, c)
	return nil
}

// policyFor is the field's own policy, else the sync's. An e-mail that is the
// identity is never overwritten unless its field says so (requirements 3.4).
func (b *Rulebook) policyFor(m Mapping, c mapped) Write {
	switch {
	case m.Write != "":
		return m.Write
	case c.to == b.emailAt && b.identity() == ByEmail && b.Sync.Policy.Update != WriteNever:
		return WriteIfExistingBlank
	}
	return b.Sync.Policy.Update
}

func (b *Rulebook) identity() Rule {
	for _, r := range b.Sync.Match {
		if r != ByLink {
			return r
		}
	}
	return ""
}

// parseAs reads a mapping's "as": a kind, or phone(GB).
func parseAs(as string) (kind contact.Kind, region string, err error) {
	if as == "" {
		return "", "", nil
	}
	name, rest, hasArg := strings.Cut(as, "(")
	kind = contact.Kind(strings.TrimSpace(name))
	if !slices.Contains(contact.Kinds, kind) {
		return "", "", fmt.Errorf("as: %q is not a kind of field", name)
	}
	if hasArg {
		region = strings.ToUpper(strings.TrimSpace(strings.TrimSuffix(rest, ")")))
	}
	return kind, region, nil
}

// compileRules keeps the match rules that some mapped field can serve.
func (b *Rulebook) compileRules() error {
	for _, r := range b.Sync.Match {
		switch r {
		case ByLink:
			if b.Sync.Linked() {
				continue // the link comes before every rule, and needs no field
			}
			return fmt.Errorf("match: a link remembers records of a connection; between files and books use key, email or phone")
		case ByKey, ByEmail, ByPhone:
			if r == ByKey && b.Target.Key == "" {
				return fmt.Errorf("match: the target has no unique identifier to match by key")
			}
			if b.anyMapped(b.keyring.Fields(r)) {
				b.Rules = append(b.Rules, r)
			}
			if second := anyOf(r); b.Sync.Secondary && second != "" && b.anyMapped(b.keyring.Fields(second)) {
				b.Rules = append(b.Rules, second)
			}
		default:
			return fmt.Errorf("match: %q is not a match rule; use key, email or phone", r)
		}
	}
	if len(b.Rules) > 0 && !slices.Contains(b.Rules, ByKey) && b.anyMapped(b.keyring.Fields(ByKey)) {
		b.Rules, b.Unique = append(b.Rules, ByKey), true
	}
	byLinkOnly := !slices.ContainsFunc(b.Sync.Match, func(r Rule) bool { return r != ByLink }) && len(b.Sync.Match) > 0
	if len(b.Rules) == 0 && !byLinkOnly { // who is known by the link alone is nobody who is there already
		return fmt.Errorf("match: no mapped field serves any of the match rules %v; map one of them, or records could never be recognised again", b.Sync.Match)
	}
	return nil
}

func (b *Rulebook) anyMapped(at []int) bool {
	return slices.ContainsFunc(at, func(i int) bool { return b.writes[i] != "" })
}

func (b *Rulebook) compileExpressions() (err error) {
	if b.filter, err = compileOptional(b.Sync.Filter, b.Source); err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	if b.gate, err = compileOptional(b.Sync.Gate, b.Source); err != nil {
		return fmt.Errorf("gate: %w", err)
	}
	if b.scope, err = compileOptional(b.Sync.Scope, b.Target); err != nil {
		return fmt.Errorf("target_scope: %w", err)
	}
	return nil
}

// Keys appends the match keys that a record has for the rule at that place in
// Rules.
func (b *Rulebook) Keys(rule int, values []string, keys []string) []string {
	return b.keyring.Keys(b.Rules[rule], values, keys)
}

// KeysFor appends the keys of any rule, whether the sync matches by it or not:
// the target keeps all of them.
func (b *Rulebook) KeysFor(r Rule, values []string, keys []string) []string {
	return b.keyring.Keys(r, values, keys)
}

// KeyFields returns the positions in the target whose values are keys for a rule.
func (b *Rulebook) KeyFields(r Rule) []int { return b.keyring.Fields(r) }

// Uses reports whether the sync matches by a rule.
func (b *Rulebook) Uses(r Rule) bool {
	at := slices.Index(b.Rules, r)
	return at >= 0 && !(b.Unique && at == len(b.Rules)-1)
}

// InScope reports whether a target record passes the sync's target scope: the
// agent filter of K3.
func (b *Rulebook) InScope(r contact.Record) (bool, error) {
	if b.scope == nil {
		return true, nil
	}
	return runBool(b.scope, b.Target, r.Values)
}

// Any is the rule behind one of the main card, by which every e-mail or telephone
// counts; false where the sync does not match by it.
func (b *Rulebook) Any(r Rule) (Rule, bool) {
	second := anyOf(r)
	return second, second != "" && b.Uses(second)
}

// Scoped reports whether the sync has a target scope at all.
func (b *Rulebook) Scoped() bool { return b.scope != nil }
