package plan

// Action says what happens to one record. Every record that a run reads ends in
// exactly one Action, so the totals of a run always add up (requirements 3.6).
type Action uint8

// The actions, in the order totals are printed.
const (
	NoAction Action = iota
	Create
	Update
	Unchanged
	Skip
	Hold
	Reject
	Fail
	Remove  // a contact the source no longer has; counted apart, not as read
	Restore // a contact taken back out of the trash; only an undo does it
)

var actionNames = [...]string{"", "create", "update", "unchanged", "skip", "hold", "reject", "fail", "delete", "restore"}

// String returns the action's word in plans: "create", "update", ...
func (a Action) String() string { return actionNames[a] }

// Sign is the action's mark in printed plans, as in "+ create 312".
func (a Action) Sign() string {
	return [...]string{"?", "+", "~", "=", "/", ".", "!", "x", "-", "^"}[a]
}

// A Reason is a code that says why a record got its action. Codes are stable:
// people search for them, and every one has a page (docs/errors.md).
type Reason string

// Reasons for leaving a record alone on purpose (skipped).
const (
	NoReason         Reason = ""
	NoEmail          Reason = "source.no_email"
	NoKey            Reason = "source.no_key"
	SourceDuplicate  Reason = "source.duplicate"
	FilteredOut      Reason = "filter.source"
	MatchNone        Reason = "match.none"
	MatchExists      Reason = "match.exists"
	MatchOutOfScope  Reason = "match.out_of_scope"
	TrashedByPerson  Reason = "target.trashed"
	GateClosed       Reason = "gate.closed"
	RequiredMissing  Reason = "target.required_missing"
	MatchSeveral     Reason = "match.several"
	IdentityConflict Reason = "identity.conflict"
	ScopeReview      Reason = "match.scope_review"
	RowColumns       Reason = "row.columns"
	RowEncoding      Reason = "row.encoding"
	RowUnclosedQuote Reason = "row.unclosed_quote"
	RowLineBreak     Reason = "row.line_break"
	RowTooLong       Reason = "row.too_long"
	EmailInvalid     Reason = "email.invalid"
	LanguageUnknown  Reason = "language.unknown"
	ValueTooLong     Reason = "value.too_long"
	ExprFailed       Reason = "map.expression"
	TargetInvalid    Reason = "target.invalid"
	TargetChanged    Reason = "target.changed"
	TargetGone       Reason = "target.gone"
	SourceGone       Reason = "source.gone"
	UndoChanged      Reason = "undo.changed_since"
	UndoGone         Reason = "undo.gone"
	UndoExists       Reason = "undo.exists"
	RowCard          Reason = "row.card"
	ConflictField    Reason = "conflict.field"
	OutcomeUnknown   Reason = "outcome.unknown"
	QuotaPaused      Reason = "quota.paused"
	Unreachable      Reason = "target.unreachable"
	Erased           Reason = "erased.on_request"
	UndoConsent      Reason = "undo.consent"
	LinkGone         Reason = "link.gone"
)

// Reasons lists every reason; its order is part of the stored plan format, so
// new ones go at the end.
var Reasons = []Reason{
	NoReason, NoEmail, NoKey, SourceDuplicate, FilteredOut, MatchNone, MatchExists, MatchOutOfScope,
	TrashedByPerson, GateClosed, RequiredMissing, MatchSeveral, IdentityConflict, ScopeReview,
	RowColumns, RowEncoding, RowUnclosedQuote, RowLineBreak, RowTooLong, EmailInvalid,
	LanguageUnknown, ValueTooLong, ExprFailed, TargetInvalid, TargetChanged, TargetGone, SourceGone,
	UndoChanged, UndoGone, UndoExists, RowCard,
	ConflictField, OutcomeUnknown, QuotaPaused, Unreachable,
	Erased, UndoConsent, LinkGone,
}

// A FieldChange is what a change does to one field. New is the value after the
// change; where a policy keeps the target's value, Old equals New and Kept is
// what the source offered.
type FieldChange struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
	Rule string `json:"rule"`           // the write policy that decided, "create", "default", "value"
	Kept string `json:"kept,omitempty"` // the source's value that was not written
}

// Written reports whether the change alters the field.
func (f FieldChange) Written() bool { return f.Kept == "" && f.Old != f.New }

// A Change is the decision about one record.
type Change struct {
	Row      int64  // position among the records read, from 0; -1 where there is none
	Line     int64  // physical line in the source, from 1; 0 where there is none
	SourceID string // the source's own name for the record
	Action   Action
	Reason   Reason
	Rule     Rule          // the match rule that found the target
	Ref      int64         // the target's handle; 0 where there is none
	TargetID string        // the target's own name for the record
	Version  string        // of the target's record when the decision was made
	Values   []string      // of a create: the whole record, in the order of the target's schema
	Fields   []FieldChange // what changes, field by field
	Final    bool          // of a removal: for good, not into the trash
	Remote   bool          // written to the remote of a linked sync, not to the address book
	Into     int64         // of a removal: the contact it was merged into, which keeps its keys
	Detail   Detail
}

// Detail is what a person needs to understand a change beyond its reason.
type Detail struct {
	Message   string   `json:"message,omitempty"`
	Column    string   `json:"column,omitempty"`
	Value     string   `json:"value,omitempty"`
	Missing   []string `json:"missing,omitempty"`    // required fields without a value (E24)
	OtherLine int64    `json:"other_line,omitempty"` // line of the record that won
	Several   []string `json:"candidates,omitempty"` // ids of the contacts that share the key
	Warnings  []string `json:"warnings,omitempty"`   // codes; apart from outcomes
	Written   bool     `json:"written,omitempty"`    // it is done, and the half at the other side may not be yet
}

// Empty reports whether there is nothing to tell.
func (d Detail) Empty() bool {
	return d.Message == "" && d.Column == "" && d.Value == "" && len(d.Missing) == 0 &&
		d.OtherLine == 0 && len(d.Several) == 0 && len(d.Warnings) == 0 && !d.Written
}

// Totals count the outcomes of a run. Read is the sum of Created, Updated,
// Unchanged, Skipped, Held, Rejected and Failed; Deleted, Marked and BlankLines
// are counted apart (requirements 3.6).
type Totals struct {
	Read       int64 `json:"read"`
	Created    int64 `json:"created"`
	Updated    int64 `json:"updated"`
	Unchanged  int64 `json:"unchanged"`
	Skipped    int64 `json:"skipped"`
	Held       int64 `json:"held"`
	Rejected   int64 `json:"rejected"`
	Failed     int64 `json:"failed"`
	Deleted    int64 `json:"deleted"`
	Marked     int64 `json:"marked,omitempty"` // contacts not found that were marked; counted apart as well
	BlankLines int64 `json:"blank_lines"`
}

// Count adds n changes of an action.
func (t *Totals) Count(a Action, n int64) {
	switch a {
	case Remove:
		t.Deleted += n
		return
	case Restore:
		a = Create
	}
	t.Read += n
	*t.outcome(a) += n
}

// CountApart adds a change that no record of the source stands behind: a removal,
// or a mark on a contact that the source no longer has.
func (t *Totals) CountApart(a Action) {
	if a == Update {
		t.Marked++
		return
	}
	t.Count(a, 1)
}

// FailMark turns a planned mark into a failed one.
func (t *Totals) FailMark() {
	t.Marked--
	t.Read++
	t.Failed++
}

// Move turns one planned outcome into another, as when a write fails.
func (t *Totals) Move(from, to Action) {
	if from == Remove {
		t.Deleted--
		t.Read++
	} else {
		*t.outcome(from)--
	}
	*t.outcome(to)++
}

func (t *Totals) outcome(a Action) *int64 {
	switch a {
	case Create, Restore:
		return &t.Created
	case Update:
		return &t.Updated
	case Unchanged:
		return &t.Unchanged
	case Skip:
		return &t.Skipped
	case Hold:
		return &t.Held
	case Reject:
		return &t.Rejected
	case Fail:
		return &t.Failed
	}
	panic("plan: action without an outcome: " + a.String())
}

// Balanced reports whether every record read has exactly one outcome.
func (t Totals) Balanced() bool {
	return t.Read == t.Created+t.Updated+t.Unchanged+t.Skipped+t.Held+t.Rejected+t.Failed
}

// Writes is the number of records a run changes in the target.
func (t Totals) Writes() int64 { return t.Created + t.Updated + t.Deleted + t.Marked }
