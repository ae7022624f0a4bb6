package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/suggest"
)

// A binding is a sync as one run understands it: with the columns its source
// really has, and every field, suggested mapping and match rule spelled out. It
// is stored with the run, so that a plan is applied as it was made.
type binding struct {
	Sync      plan.Sync       `json:"sync"`
	Columns   []string        `json:"columns"`
	Dialect   csv.Dialect     `json:"dialect"`
	Target    contact.Schema  `json:"target"`     // with the fields to add
	NewFields []contact.Field `json:"new_fields"` // not in the target yet (C26)
	Region    string          `json:"region"`
	SourceKey string          `json:"source_key,omitempty"`
	Suggested bool            `json:"suggested,omitempty"`
	Notes     []string        `json:"-"`
}

// print identifies everything that decides what becomes of a record, apart from
// the record and the target.
func (b binding) print() string {
	b.NewFields, b.Suggested = nil, false
	b.Sync = whatMatters(b.Sync)
	if !b.Sync.Policy.Delete.Marks() { // a mark is taken off by the record that comes again
		b.Sync.Policy.Delete = plan.Delete{} // concerns contacts without a record; their removals are spelled out
	}
	names := b.Target.Fields
	b.Target = contact.Schema{Fields: mappedFields(b.Sync.Map, names), Key: b.Target.Key}
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // plain data always marshals
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// whatMatters leaves out of a sync what decides nothing about a record: its
// name, where its source lies, when it runs, and what the guard allows.
func whatMatters(s plan.Sync) plan.Sync {
	s.Name, s.Guard = "", plan.Guard{}
	s.Source = plan.Endpoint{Key: s.Source.Key, CSV: s.Source.CSV, Book: s.Source.Book}
	return s
}

func mappedFields(m []plan.Mapping, fields []contact.Field) (out []contact.Field) {
	for _, f := range fields {
		if slices.ContainsFunc(m, func(m plan.Mapping) bool { return m.To == f.Name }) {
			out = append(out, f)
		}
	}
	return out
}

// sampleRows is how many records a suggestion may look at.
const sampleRows = 200

// bind spells a sync out for the staged source and the target's schema.
func (e *Engine) bind(ctx context.Context, def plan.Sync, st *stage, target contact.Schema, region string) (binding, error) {
	columns, err := e.sample(st)
	if err != nil {
		return binding{}, sourceFault("The source", err)
	}
	b := binding{Sync: def, Dialect: st.Dialect, Target: target, Region: region, SourceKey: st.Key}
	for _, c := range columns {
		b.Columns = append(b.Columns, c.Name)
	}
	b.Target.Fields = slices.Clone(target.Fields)
	if err := b.checkColumns(); err != nil {
		return b, err
	}
	suggestions := suggest.Mapping(columns, target.Fields)
	if len(b.Columns) == 0 {
		return b, nil
	}
	if len(def.Map) == 0 {
		learned, err := e.Journal.Learned(ctx, suggest.Fingerprint(b.Columns))
		if err == nil && fits(learned, b.Columns) {
			b.Sync.Map = learned
			b.Notes = append(b.Notes, "mapping remembered from an earlier file with these columns")
		} else {
			b.Sync.Map, b.Suggested = Suggested(suggestions, columns), true
		}
	}
	b.addFields(suggestions)
	b.addMark()
	if err := b.setKey(def.Target.Key, def.Target.Book != ""); err != nil {
		return b, err
	}
	b.Sync.Match = b.Sync.MatchFor(b.Target)
	return b, nil
}

// checkColumns stops a run before it writes when a column it needs is gone: a
// renamed header must not empty a field, or remove everybody.
func (b *binding) checkColumns() error {
	if len(b.Columns) == 0 {
		b.Sync.Map = nil
		return nil // an empty file: no record, and nothing to remove
	}
	for _, m := range b.Sync.Map {
		if m.Value != nil || m.Expr != "" || slices.Contains(b.Columns, m.From) {
			continue
		}
		return &Error{Code: CodeColumnGone, Message: fmt.Sprintf(
			"The source has no column %q, which field %s is filled from. Its columns are: %s. Nothing was changed. Correct the file, or the sync's map",
			m.From, m.To, strings.Join(b.Columns, ", "))}
	}
	return nil
}

func fits(m []plan.Mapping, columns []string) bool {
	return !slices.ContainsFunc(m, func(m plan.Mapping) bool {
		return m.From != "" && !slices.Contains(columns, m.From)
	})
}

// sample reads the columns' names and some of their values.
func (e *Engine) sample(st *stage) ([]suggest.Column, error) {
	r, err := e.openStage(st)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	columns := make([]suggest.Column, len(r.schema.Fields))
	for i, f := range r.schema.Fields {
		columns[i].Name = f.Name
	}
	for range sampleRows {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if row.Problem != nil {
			continue
		}
		for i, text := range r.Texts(row) {
			if i < len(columns) && !contact.Blank(text) {
				columns[i].Samples = append(columns[i].Samples, text)
			}
		}
	}
	return columns, nil
}

// Suggested turns suggestions into a map. A column that nobody knows becomes a
// field of its own when it has values: nothing of a file is dropped in silence.
func Suggested(suggestions []suggest.Suggestion, columns []suggest.Column) (m []plan.Mapping) {
	for _, s := range suggestions {
		column := columns[s.Column]
		if column.Name == idColumn || s.Field.Name == "" || s.Confidence == 0 && len(column.Samples) == 0 {
			continue
		}
		if s.Part > 0 {
			m = append(m, plan.Mapping{Expr: plan.PartOf(column.Name, s.Part), To: s.Field.Name})
			continue
		}
		m = append(m, plan.Mapping{From: column.Name, To: s.Field.Name})
	}
	return m
}

// addFields adds the fields that the map fills and the target does not have.
// Their kind is what the map says, else what the column or the name suggests.
func (b *binding) addFields(suggestions []suggest.Suggestion) {
	for _, m := range b.Sync.Map {
		if b.Target.Index(m.To) >= 0 {
			continue
		}
		f := contact.Field{Name: m.To, Kind: contact.Text}
		for _, s := range suggestions {
			if s.Field.Name == m.To || s.Part == 0 && b.Columns[s.Column] == m.From && s.Confidence > 0 {
				f.Kind = s.Field.Kind
				if s.Field.Name == m.To {
					f.Label = s.Field.Label
				}
			}
		}
		for _, known := range suggest.Standard() {
			if known.Name == m.To {
				f = known
			}
		}
		if kind, _, _ := strings.Cut(m.As, "("); slices.Contains(contact.Kinds, contact.Kind(kind)) {
			f.Kind = contact.Kind(kind)
		}
		b.Target.Fields = append(b.Target.Fields, f)
		b.NewFields = append(b.NewFields, f)
	}
}

// addMark adds the field that marks stand in, where the target has none.
func (b *binding) addMark() {
	d := b.Sync.Policy.Delete
	if !d.Marks() || b.Target.Index(d.MarkField()) >= 0 {
		return
	}
	f := contact.Field{Name: d.MarkField(), Kind: contact.Text}
	b.Target.Fields, b.NewFields = append(b.Target.Fields, f), append(b.NewFields, f)
}

// generatedKey is the field that holds generated 9-digit codes (C29).
const generatedKey = "unique_key"

// setKey makes a field the target's unique identifier: one of its fields, or the
// field that a column of that name goes to, whatever its capitals. A book's
// identifier must be filled from somewhere.
func (b *binding) setKey(key string, book bool) error {
	if key != plan.KeyGenerated {
		key = b.fieldNamed(key)
	}
	filled := slices.ContainsFunc(b.Sync.Map, func(m plan.Mapping) bool { return m.To == key })
	if book && key != "" && key != plan.KeyGenerated && !filled && b.Target.Index(key) < 0 {
		return &Error{Code: CodeConfig, Message: fmt.Sprintf(
			"Nothing fills the unique identifier %s. Nothing was changed. The columns are: %s", key, strings.Join(b.Columns, ", "))}
	}
	if key == plan.KeyGenerated {
		key = generatedKey
		// The codes replace the identifier column (settled question 15).
		b.Sync.Map = slices.DeleteFunc(slices.Clone(b.Sync.Map), func(m plan.Mapping) bool { return m.To == generatedKey })
	}
	if key == "" || b.Target.Key != "" {
		return nil
	}
	b.Target.Key = key
	if b.Target.Index(key) < 0 {
		f := contact.Field{Name: key, Kind: contact.Text}
		b.Target.Fields = append(b.Target.Fields, f)
		b.NewFields = append(b.NewFields, f)
	}
	return nil
}

// fieldNamed returns the field that a person means by a name: a field's own, or
// that of the column it is filled from.
func (b *binding) fieldNamed(name string) string {
	for _, f := range b.Target.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Name
		}
	}
	for _, m := range b.Sync.Map {
		if m.From != "" && strings.EqualFold(m.From, name) {
			return m.To
		}
	}
	return name
}

// fillsPassword reports whether the sync fills a password.
func (b *binding) fillsPassword() bool {
	return slices.ContainsFunc(b.Sync.Map, func(m plan.Mapping) bool {
		f, ok := b.Target.Field(m.To)
		return ok && f.Kind == contact.Password
	})
}

// rulebook compiles a binding.
func (e *Engine) rulebook(b *binding) (*plan.Rulebook, error) {
	if len(b.Columns) == 0 {
		return nil, nil
	}
	var source contact.Schema
	for _, name := range b.Columns {
		source.Fields = append(source.Fields, contact.Field{Name: name, Kind: contact.Text})
	}
	book, err := plan.Compile(b.Sync, source, b.Target, b.Region)
	if err != nil {
		return nil, &Error{Code: CodeConfig, Message: "The sync does not fit its source and target. Nothing was changed", Err: err}
	}
	if e.Vault != nil {
		book.Seal = e.Vault.Seal
	}
	return book, nil
}
