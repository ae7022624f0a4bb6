package run

import (
	"context"
	"iter"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Changes yields the whole plan of a run, one change for every record read and
// every removal, in order, creates with their values spelled out in Fields.
func (e *Engine) Changes(ctx context.Context, r store.Run) iter.Seq2[plan.Change, error] { return nil }

// A Rejected record is one that was refused, held or failed, as it stood in the source.
type Rejected struct {
	plan.Change
	Fields []string // in the order of the source's columns
}

// Rejects yields the records of a run that were rejected, held or failed.
func (e *Engine) Rejects(ctx context.Context, r store.Run) (columns []string, records iter.Seq2[Rejected, error], err error) {
	return nil, nil, nil
}

// Undo plans and applies the reverse of a run.
func (e *Engine) Undo(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	return store.Run{}, nil
}

// An Explanation says how a contact came to be and why each value is what it is.
type Explanation struct {
	Book    string         `json:"book"`
	ID      string         `json:"id,omitempty"`
	Found   bool           `json:"found"`
	Trashed bool           `json:"trashed,omitempty"`
	Fields  []FieldOrigin  `json:"fields,omitempty"`
	History []HistoryEntry `json:"history"`
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
}

// HistoryEntry is what one run did about the contact.
type HistoryEntry struct {
	Run       int64              `json:"run"`
	Sync      string             `json:"sync"`
	When      string             `json:"when"`
	Source    string             `json:"source"`
	Line      int64              `json:"line,omitempty"`
	Action    string             `json:"action"`
	Reason    plan.Reason        `json:"reason,omitempty"`
	MatchedBy plan.Rule          `json:"matched_by,omitempty"`
	Fields    []plan.FieldChange `json:"fields,omitempty"`
	Detail    plan.Detail        `json:"detail,omitzero"`
}

// Explain tells the story of the person with an e-mail or an ID, also of one who
// was never let in: why the record was skipped, held or rejected.
func (e *Engine) Explain(ctx context.Context, s Explainer, book store.Book, who string) (Explanation, error) {
	return Explanation{}, nil
}

// Explainer is what Explain needs of the store beyond the journal.
type Explainer interface {
	ContactsByRef(ctx context.Context, b store.Book, refs []int64) iter.Seq2[store.Contact, error]
	TrashedContacts(ctx context.Context, b store.Book) ([]store.Contact, error)
	FindKeys(ctx context.Context, b store.Book, rule int, hashes []uint64) ([]store.KeyHit, error)
}
