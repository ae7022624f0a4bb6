package run

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// An Explanation says how a contact came to be, what each run did about it, and
// why each of its values is what it is (N21).
type Explanation struct {
	Book    string `json:"book"`
	ID      string `json:"id,omitempty"`
	Found   bool   `json:"found"` // a live contact
	Trashed bool   `json:"trashed,omitempty"`
	// MergedFrom leads from the contact asked for, which is gone, to this one.
	MergedFrom []Merge        `json:"merged_from,omitempty"`
	Fields     []FieldOrigin  `json:"fields,omitempty"`
	History    []HistoryEntry `json:"history"`
}

// FieldOrigin is a value and where it came from.
type FieldOrigin struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Run    int64  `json:"run"`
	Sync   string `json:"sync"`
	Source string `json:"source"`
	Line   int64  `json:"line,omitempty"`
	Column string `json:"column,omitempty"`
	Rule   string `json:"rule"`
	// Consent marks a consent; its run is the record of when and from where.
	Consent bool   `json:"consent,omitempty"`
	When    string `json:"when,omitempty"` // RFC 3339, of a consent
}

// HistoryEntry is what one run did about the contact, or about a record that was
// never let in.
type HistoryEntry struct {
	Run       int64              `json:"run"`
	Sync      string             `json:"sync"`
	When      string             `json:"when"` // RFC 3339
	Source    string             `json:"source"`
	Line      int64              `json:"line,omitempty"`
	Action    string             `json:"action"`
	Reason    plan.Reason        `json:"reason,omitempty"`
	MatchedBy plan.Rule          `json:"matched_by,omitempty"`
	Fields    []plan.FieldChange `json:"fields,omitempty"`
	Detail    plan.Detail        `json:"detail,omitzero"`
	Pruned    bool               `json:"pruned,omitempty"` // it is long ago: which fields were written is known, their values are not
	Remote    bool               `json:"remote,omitempty"` // it is about the contact's record at a connection
	Merged    *Merge             `json:"merged,omitempty"` // of action merge, and of a restore that takes one back
}

// Explainer is what Explain needs of the store beyond the journal.
type Explainer interface {
	ContactsByRef(ctx context.Context, b store.Book, refs []int64) iter.Seq2[store.Contact, error]
	TrashedContacts(ctx context.Context, b store.Book) ([]store.Contact, error)
	FindKeys(ctx context.Context, b store.Book, rule int, hashes []uint64) ([]store.KeyHit, error)
}

// explainRuns is how many of a book's latest runs Explain looks through record
// by record. Changes are found however old they are.
const explainRuns = 100

// Explain tells the story of the person with that e-mail, unique identifier,
// telephone or ID, also of one who was never let in, by the record's ID at its source too:
// why the record was skipped, held or rejected.
func (e *Engine) Explain(ctx context.Context, s Explainer, book store.Book, who string) (Explanation, error) {
	x := &explaining{engine: e, store: s, book: book, who: strings.TrimSpace(who), out: Explanation{Book: book.Name}}
	x.hashKeys()
	if err := x.find(ctx); err != nil {
		return x.out, err
	}
	runs, err := e.Journal.BookRuns(ctx, book.ID, 0)
	if err != nil {
		return x.out, err
	}
	for i, r := range runs {
		if !r.Counted() && !r.GivenUp && r.Status != store.Applying {
			continue // stopped before it wrote anything
		}
		if err := x.explainRun(ctx, r, i >= len(runs)-explainRuns); err != nil {
			return x.out, err
		}
	}
	x.origins()
	return x.out, nil
}

type explaining struct {
	engine  *Engine
	store   Explainer
	book    store.Book
	who     string
	hashes  [3]uint64 // of who as a key, by plan.KeyRules
	contact *store.Contact
	trash   []store.Contact                // read when it is first needed
	own     map[int64][]store.StoredChange // by run: of the contact, read when they are first needed
	out     Explanation
	origin  map[string]FieldOrigin
	born    func(field string) FieldOrigin // of a value that no change since the contact's creation has written
}

func (x *explaining) explainRun(ctx context.Context, r store.Run, closely bool) error {
	if r.Pruned || !closely {
		x.tellCreation(r)
	}
	if r.Kind == store.KindSync && r.BlocksOf == r.ID && closely {
		if err := x.explainBlocks(ctx, r); err != nil {
			return err
		}
	}
	rows, err := x.rowsOf(ctx, r)
	if err != nil {
		return err
	}
	for _, c := range rows {
		switch {
		case x.contact != nil && c.Into == x.contact.Ref && writes(c.Action):
			if err := x.tellMerge(ctx, r, c); err != nil {
				return err
			}
		case x.concerns(c):
			x.tell(r, c)
		}
	}
	return nil
}

// rowsOf are the change rows of a run that may be about the person: those of the
// contact, of records that were never let in, and of merges. A book's runs may have
// millions of others.
func (x *explaining) rowsOf(ctx context.Context, r store.Run) (rows []store.StoredChange, err error) {
	if x.contact != nil {
		if err := x.readOwn(ctx); err != nil {
			return nil, err
		}
		rows = slices.Clone(x.own[r.ID])
	}
	if x.contact != nil && (r.Kind != store.KindSync || r.Linked && r.Totals.Deleted > 0) {
		if rows, err = appendRows(rows, x.engine.Journal.Merges(ctx, r.ID), func(c store.StoredChange) bool {
			return c.Into == x.contact.Ref && c.Ref != x.contact.Ref
		}); err != nil {
			return nil, err
		}
	}
	if rows, err = appendRows(rows, x.engine.Journal.ChangesOfNobody(ctx, r.ID), x.concerns); err != nil {
		return nil, err
	}
	if r.GivenUp {
		rows = slices.DeleteFunc(rows, func(c store.StoredChange) bool { return c.Seq >= r.Position && writes(c.Action) })
	}
	slices.SortFunc(rows, func(a, b store.StoredChange) int { return cmp.Compare(a.Seq, b.Seq) })
	return rows, nil
}

// readOwn reads the changes of the contact itself, once for all runs.
func (x *explaining) readOwn(ctx context.Context) error {
	if x.own != nil {
		return nil
	}
	x.own = map[int64][]store.StoredChange{}
	for c, err := range x.engine.Journal.ChangesOf(ctx, x.contact.Ref) {
		if err != nil {
			return err
		}
		x.own[c.Run] = append(x.own[c.Run], c)
	}
	return nil
}

func appendRows(rows []store.StoredChange, from iter.Seq2[store.StoredChange, error], wanted func(store.StoredChange) bool) ([]store.StoredChange, error) {
	for c, err := range from {
		if err != nil {
			return nil, err
		}
		if wanted(c) {
			rows = append(rows, c)
		}
	}
	return rows, nil
}

// concerns reports whether a change row is about the person: about the contact, about
// a refused value that is the very text asked for, or, where no contact is known by that,
// about a record with that ID which is nobody's.
func (x *explaining) concerns(c store.StoredChange) bool {
	if x.contact != nil && c.Ref == x.contact.Ref {
		return true
	}
	return c.Ref == 0 && (c.Detail.Value != "" && mentions(c.Detail.Value, x.who) || x.contact == nil && c.SourceID != "" && c.SourceID == x.who)
}

// mentions reports whether a refused value is the text asked for, or has it inside
// as an address: "ask ivy@example.org" mentions ivy@example.org.
func mentions(value, who string) bool {
	if strings.EqualFold(value, who) || !strings.Contains(who, "@") {
		return strings.EqualFold(value, who)
	}
	apart := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>,;:|/()[]\"'", r) }
	return slices.ContainsFunc(strings.FieldsFunc(value, apart), func(word string) bool { return strings.EqualFold(word, strings.Trim(who, "<>")) })
}

// explainBlocks finds the records of a run that were about the person and have
// no change row of their own.
func (x *explaining) explainBlocks(ctx context.Context, r store.Run) error {
	number, ref := int64(0), r.FirstRef
	wanted := map[int64]outcome{}
	refs := map[int64]int64{}
	var outcomes []outcome
	for block, err := range x.engine.Journal.Blocks(ctx, r.ID) {
		if err == nil {
			outcomes, err = decodeBlock(block, outcomes[:0])
		}
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			at := o.Ref
			if o.Action == plan.Create && r.FirstRef != 0 {
				at = ref
				ref++
			}
			if x.isAbout(o, at) {
				wanted[number], refs[number] = o, at
			}
			number++
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return x.tellRecords(ctx, r, wanted, refs)
}

func (x *explaining) isAbout(o outcome, ref int64) bool {
	if x.contact != nil && ref == x.contact.Ref {
		return true
	}
	if ref != 0 && x.contact != nil {
		return false // it was found to be somebody else
	}
	for i, h := range x.hashes {
		if h != 0 && o.Keys[i] == h {
			return true
		}
	}
	return false
}

func (x *explaining) tellRecords(ctx context.Context, r store.Run, wanted map[int64]outcome, refs map[int64]int64) error {
	v, err := x.engine.newView(ctx, r)
	if err != nil {
		return x.tellWithoutSource(r, wanted, refs)
	}
	defer v.close()
	if err := x.onlyRowsOf(ctx, v, r, wanted); err != nil {
		return err
	}
	for _, n := range slices.Sorted(maps.Keys(wanted)) {
		c, err := v.record(wanted[n], n, refs[n])
		if err != nil {
			return err
		}
		if x.contact != nil && c.Ref == x.contact.Ref && (c.Action == plan.Update || c.Action == plan.Unchanged && len(c.Fields) > 0) {
			continue // its change row tells it
		}
		if c.Ref == 0 && c.Detail.Value != "" {
			continue
		}
		x.tellWith(r, store.StoredChange{Change: c.Change}, v.binding)
	}
	return nil
}

// onlyRowsOf has a view read the change rows of the wanted records, where it is known
// whose they are: nobody's, or the contact's own.
func (x *explaining) onlyRowsOf(ctx context.Context, v *view, r store.Run, wanted map[int64]outcome) error {
	if x.contact == nil {
		return nil
	}
	if err := x.readOwn(ctx); err != nil {
		return err
	}
	rows, err := appendRows(slices.Clone(x.own[r.ID]), x.engine.Journal.ChangesOfNobody(ctx, r.ID), func(c store.StoredChange) bool {
		_, is := wanted[c.Row]
		return is
	})
	slices.SortFunc(rows, func(a, b store.StoredChange) int { return cmp.Compare(a.Seq, b.Seq) })
	v.changes.stop()
	v.changes = newChangeReader(func(yield func(store.StoredChange, error) bool) {
		for _, c := range rows {
			if !yield(c, nil) {
				return
			}
		}
	})
	return err
}

// tellWithoutSource tells what blocks alone know, when the staged source has
// been cleared away.
func (x *explaining) tellWithoutSource(r store.Run, wanted map[int64]outcome, refs map[int64]int64) error {
	for n, o := range wanted {
		x.tell(r, store.StoredChange{Change: plan.Change{Row: n, Action: o.Action, Reason: plan.Reasons[o.Reason], Rule: ruleOf(o.Rule), Ref: refs[n]}})
	}
	return nil
}

func (x *explaining) tell(r store.Run, c store.StoredChange) {
	var b binding
	if len(r.Config) > 0 {
		_ = json.Unmarshal(r.Config, &b) // without it only the columns' names are missing
	}
	x.tellWith(r, c, b)
}

func (x *explaining) tellWith(r store.Run, c store.StoredChange, b binding) {
	x.out.History = append(x.out.History, HistoryEntry{Run: r.ID, Sync: r.Name, When: when(r), Source: r.Source,
		Line: c.Line, Action: c.Action.String(), Reason: c.Reason, MatchedBy: c.Rule, Fields: c.Fields, Detail: c.Detail, Pruned: c.Pruned, Remote: c.Remote})
	if x.contact == nil || c.Ref != x.contact.Ref || !writes(c.Action) || c.Remote {
		return
	}
	if c.Action == plan.Remove || c.Action == plan.Restore {
		return // the values are as they were, and so is where they came from
	}
	if c.Action == plan.Create {
		x.born = func(field string) FieldOrigin {
			return originOf(r, c.Line, b, plan.FieldChange{Name: field, Rule: "create"})
		}
	}
	for _, f := range x.valuesWritten(c) {
		x.origin[f.Name] = originOf(r, c.Line, b, f)
	}
}

// originOf is where a value that a run wrote comes from.
func originOf(r store.Run, line int64, b binding, f plan.FieldChange) FieldOrigin {
	o := FieldOrigin{Name: f.Name, When: when(r), Run: r.ID, Sync: r.Name, Source: r.Source, Line: line, Rule: cmp.Or(f.Rule, r.Kind)}
	for _, m := range b.Sync.Map {
		if m.To == f.Name {
			o.Column = m.From
		}
	}
	return o
}

func when(r store.Run) string { return r.Started.UTC().Format(time.RFC3339) }

func (x *explaining) valuesWritten(c store.StoredChange) (fields []plan.FieldChange) {
	for _, f := range c.Fields {
		if f.Written() || c.Pruned {
			fields = append(fields, f)
		}
	}
	if c.Action == plan.Create && len(c.Fields) == 0 {
		for i, f := range x.book.Fields {
			if i < len(c.Values) && c.Values[i] != "" {
				fields = append(fields, plan.FieldChange{Name: f.Name, New: c.Values[i], Rule: "create"})
			}
		}
	}
	return fields
}

// origins lists the contact's values with where each came from.
func (x *explaining) origins() {
	if x.contact == nil {
		return
	}
	for i, f := range x.book.Fields {
		if i >= len(x.contact.Values) || x.contact.Values[i] == "" {
			continue
		}
		value := x.contact.Values[i]
		if f.Kind == contact.Password {
			value = contact.Mask
		}
		o, ok := x.origin[f.Name]
		if !ok {
			o = x.born(f.Name)
		}
		o.Name, o.Value = f.Name, value
		if o.Consent = f.Kind == contact.Consent; !o.Consent {
			o.When = ""
		}
		x.out.Fields = append(x.out.Fields, o)
	}
}
