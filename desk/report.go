package desk

import (
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// FormatVersion is the version of a plan's JSON.
const FormatVersion = 1

// A RunReport is what kith prints of a run, with every exit code.
type RunReport struct {
	Run      int64            `json:"run"` // its number; 0 when it ended before it had one
	Sync     string           `json:"sync"`
	Kind     string           `json:"kind"`   // sync, undo or edit
	Status   store.Status     `json:"status"` // requirements 3.7
	Plan     string           `json:"plan"`   // hash of the plan; "" when there was nothing to plan
	Totals   plan.Totals      `json:"totals"`
	Reasons  map[string]int64 `json:"reasons"`
	Warnings map[string]int64 `json:"warnings"`
	Notes    []string         `json:"notes"` // sentences for people
	Stop     *plan.Stop       `json:"stop,omitempty"`
	Code     string           `json:"code,omitempty"` // why the run ended early
	Message  string           `json:"message,omitempty"`
	Source   string           `json:"source,omitempty"`
	UndoOf   int64            `json:"undo_of,omitempty"`
	UndoneBy int64            `json:"undone_by,omitempty"`
	Pruned   bool             `json:"pruned,omitempty"` // more than 90 days ago: only the totals are left
	Started  *time.Time       `json:"started,omitempty"`
	Finished *time.Time       `json:"finished,omitempty"`
	Took     float64          `json:"took_seconds,omitempty" doc:"How long it was at work. While a plan waited for somebody to apply it, it was not."`
	Error    *ErrorReport     `json:"error,omitempty"`
}

// A PlanReport is a plan without its changes; those follow it one by one under
// the key "changes", as ChangeReports.
type PlanReport struct {
	FormatVersion int              `json:"format_version"`
	Plan          string           `json:"plan"` // its hash: what apply and approve ask for
	Sync          string           `json:"sync"`
	Run           int64            `json:"run"`
	Status        store.Status     `json:"status"`
	Totals        plan.Totals      `json:"totals"`
	Reasons       map[string]int64 `json:"reasons"`
	Warnings      map[string]int64 `json:"warnings"`
	Notes         []string         `json:"notes"`
	Stop          *plan.Stop       `json:"stop,omitempty"`
	Mapping       []MappingReport  `json:"mapping"`
	NewFields     []contact.Field  `json:"new_fields"`
}

// A MappingReport is one line of the map that applies.
type MappingReport struct {
	plan.Mapping
	Suggested bool `json:"suggested,omitempty"` // nobody said so; kith recognised the column
}

// A ChangeReport is what a plan says of one record.
type ChangeReport struct {
	Action     string             `json:"action"` // create, update, unchanged, skip, hold, reject, fail, delete, restore
	Reason     plan.Reason        `json:"reason"`
	MatchedBy  plan.Rule          `json:"matched_by"`
	Line       int64              `json:"line,omitempty"`
	SourceID   string             `json:"source_id,omitempty"`
	TargetID   string             `json:"target_id"`
	Remote     bool               `json:"remote,omitempty"` // written to the connection, not to the book
	Fields     []plan.FieldChange `json:"fields"`
	Missing    []string           `json:"missing,omitempty"`
	Message    string             `json:"message,omitempty"`
	Column     string             `json:"column,omitempty"`
	Value      string             `json:"value,omitempty"`
	OtherLine  int64              `json:"other_line,omitempty"`
	Candidates []string           `json:"candidates,omitempty"`
	Warnings   []string           `json:"warnings,omitempty"`
}

// An ErrorReport is what stands under "error" when a command fails.
type ErrorReport struct {
	Code     string           `json:"code"`
	Message  string           `json:"message"`
	File     string           `json:"file,omitempty"`
	Line     int              `json:"line,omitempty"`
	Column   int              `json:"column,omitempty"`
	Problems []syncfile.Error `json:"problems,omitempty"` // each mistake of a sync file
}

// A SyncReport is one sync of the list.
type SyncReport struct {
	Name      string       `json:"name"`
	Preset    string       `json:"preset,omitempty"`
	Source    string       `json:"source"`
	Target    string       `json:"target"`
	LatestRun int64        `json:"latest_run,omitempty"`
	Latest    *time.Time   `json:"latest,omitempty"`
	Status    store.Status `json:"status,omitempty"` // of the latest run that was carried out
	Next      *time.Time   `json:"next,omitempty"`   // when it runs by itself
	Paused    bool         `json:"paused,omitempty"` // it does not, although it has a schedule
}

// A BookReport is one address book.
type BookReport struct {
	Name        string          `json:"name"`
	Contacts    int64           `json:"contacts"`
	Key         string          `json:"key,omitempty"`
	Generated   bool            `json:"key_generated,omitempty"`
	Region      string          `json:"region,omitempty"`
	NameFormula string          `json:"name_formula,omitempty"`
	Fields      []contact.Field `json:"fields"`
}

// A ContactReport is one contact.
type ContactReport struct {
	ID         int64             `json:"id,string"`      // a text, as everywhere: other targets have other ids
	Name       string            `json:"name,omitempty"` // by the book's formula, else its name; none is no name
	Fields     map[string]string `json:"fields"`
	Version    int64             `json:"version"`
	CreatedRun int64             `json:"created_run"`
	UpdatedRun int64             `json:"updated_run"`
	DeletedRun int64             `json:"deleted_run,omitempty"`
	DeletedAt  *time.Time        `json:"deleted_at,omitempty"`
}

// A RejectsReport is the records of a run that did not get through, by cause. The
// records follow it one by one under the key "records", as RejectReports.
type RejectsReport struct {
	Run    int64         `json:"run"`
	Sync   string        `json:"sync"`
	Groups []RejectGroup `json:"groups"`
}

// A RejectReport is one record that was rejected, held or failed.
type RejectReport struct {
	Line     int64             `json:"line,omitempty"`
	SourceID string            `json:"source_id,omitempty"`
	Contact  string            `json:"contact,omitempty"` // of a sync with a connection: its two sides
	Record   string            `json:"record,omitempty"`
	Who      string            `json:"who,omitempty"` // by name, else by e-mail
	Action   string            `json:"action"`
	Code     plan.Reason       `json:"code"`
	Message  string            `json:"message"`
	Fix      string            `json:"fix"`
	Column   string            `json:"column,omitempty"`
	Value    string            `json:"value,omitempty"`
	Fields   map[string]string `json:"fields"` // the record as it stood in the source
}

// A RejectGroup counts the records of one cause.
type RejectGroup struct {
	Code    plan.Reason `json:"code"`
	Count   int64       `json:"count"`
	Message string      `json:"message"`
	Fix     string      `json:"fix"`
}

// ReportRun says what came of a run.
func ReportRun(r store.Run) RunReport {
	return RunReport{Run: r.ID, Sync: r.Name, Kind: r.Kind, Status: r.Status, Plan: r.PlanHash, Totals: r.Totals,
		Reasons: counted(r.Reasons), Warnings: counted(r.Warnings), Notes: Spelled(r.Notes), Stop: r.Stop, Code: r.Code, Message: r.Message,
		Source: r.Source, UndoOf: r.UndoOf, UndoneBy: r.Undone, Pruned: r.Pruned, Started: Moment(r.Started), Finished: Moment(r.Finished), Took: r.Took().Seconds()}
}

// ReportChange says what a plan makes of one record.
func ReportChange(c plan.Change) ChangeReport {
	return ChangeReport{Action: c.Action.String(), Reason: c.Reason, MatchedBy: c.Rule, Line: c.Line, SourceID: c.SourceID,
		TargetID: c.TargetID, Remote: c.Remote, Fields: Spelled(c.Fields), Missing: c.Detail.Missing, Message: c.Detail.Message, Column: c.Detail.Column,
		Value: c.Detail.Value, OtherLine: c.Detail.OtherLine, Candidates: c.Detail.Several, Warnings: c.Detail.Warnings}
}

// counted gives programs an empty map rather than null.
func counted(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}

// Spelled gives programs an empty list rather than null.
func Spelled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Moment is a time in UTC as reports have it; nil where there is none.
func Moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// ReportPlan says what a plan is, without its changes.
func ReportPlan(r store.Run) PlanReport {
	b := BoundOf(r)
	p := PlanReport{FormatVersion: FormatVersion, Plan: r.PlanHash, Sync: r.Name, Run: r.ID, Status: r.Status, Totals: r.Totals,
		Reasons: counted(r.Reasons), Warnings: counted(r.Warnings), Notes: Spelled(r.Notes), Stop: r.Stop,
		Mapping: []MappingReport{}, NewFields: Spelled(b.NewFields)}
	for _, m := range b.Sync.Map {
		p.Mapping = append(p.Mapping, MappingReport{Mapping: m, Suggested: b.Suggested})
	}
	return p
}
