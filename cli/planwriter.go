package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// bound is what a run's stored configuration says about its plan: the sync with
// every suggestion spelled out, and the fields it will add.
type bound struct {
	Sync      plan.Sync       `json:"sync"`
	Columns   []string        `json:"columns"`
	Target    contact.Schema  `json:"target"`
	NewFields []contact.Field `json:"new_fields"`
	Suggested bool            `json:"suggested"`
}

func boundOf(r store.Run) (b bound) {
	_ = json.Unmarshal(r.Config, &b) // a run that failed early has none
	return b
}

func planReport(r store.Run) PlanReport {
	b := boundOf(r)
	p := PlanReport{FormatVersion: FormatVersion, Plan: r.PlanHash, Sync: r.Name, Run: r.ID, Status: r.Status, Totals: r.Totals,
		Reasons: counted(r.Reasons), Warnings: counted(r.Warnings), Notes: spelled(r.Notes), Stop: r.Stop,
		Mapping: []MappingReport{}, NewFields: spelled(b.NewFields)}
	for _, m := range b.Sync.Map {
		p.Mapping = append(p.Mapping, MappingReport{Mapping: m, Suggested: b.Suggested})
	}
	return p
}

// changesOf yields what a run's plan says of every record, passwords masked. A
// run that was over before it was planned has none.
func changesOf(ctx context.Context, w *workspace.Workspace, r store.Run) iter.Seq2[plan.Change, error] {
	secret := secretFields(boundOf(r).Target.Fields)
	if r.Kind != store.KindSync {
		if b, err := bookOf(ctx, w, r.BookID); err == nil {
			secret = secretFields(b.Fields)
		}
	}
	return func(yield func(plan.Change, error) bool) {
		for c, err := range w.Engine.Changes(ctx, r) {
			mask(c.Fields, secret)
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

func mask(fields []plan.FieldChange, secret map[string]bool) {
	for i := range fields {
		if f := &fields[i]; secret[f.Name] {
			f.Old, f.New, f.Kept = masked(f.Old), masked(f.New), masked(f.Kept)
		}
	}
}

func masked(value string) string {
	if value == "" {
		return ""
	}
	return contact.Mask
}

// A planWriter prints plans for programs, change by change: a plan may be longer
// than memory.
type planWriter struct {
	out    io.Writer
	format string
	asList bool
	count  int
	rows   *csv.Writer
}

// planColumns are those of a plan as CSV: a row for each field of each change.
var planColumns = [...]string{"sync", "action", "reason", "matched_by", "line", "source_id", "target_id", "field", "old", "new", "rule", "kept", "message"}

func (p *planWriter) write(head PlanReport, changes iter.Seq2[plan.Change, error]) error {
	p.count++
	if p.format == "csv" {
		return p.csv(head, changes)
	}
	if p.asList && p.format == "json" {
		fmt.Fprint(p.out, map[bool]string{true: "[\n", false: ",\n"}[p.count == 1])
	}
	long := longValue{out: p.out, format: p.format, inList: p.asList}
	return writeLong(long, head, "changes", func(yield func(ChangeReport, error) bool) {
		for c, err := range changes {
			if !yield(changeReport(c), err) || err != nil {
				return
			}
		}
	})
}

func (p *planWriter) csv(head PlanReport, changes iter.Seq2[plan.Change, error]) error {
	if p.rows == nil {
		p.rows = csv.NewWriter(p.out, csv.Dialect{})
		if err := p.rows.Write(planColumns[:]); err != nil {
			return err
		}
	}
	err := forEach(changes, func(c plan.Change) error {
		fields := c.Fields
		if len(fields) == 0 {
			fields = []plan.FieldChange{{}}
		}
		for _, f := range fields {
			row := []string{head.Sync, c.Action.String(), string(c.Reason), string(c.Rule), number(c.Line), c.SourceID, c.TargetID,
				f.Name, f.Old, f.New, f.Rule, f.Kept, c.Detail.Message}
			if err := p.rows.Write(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.rows.Flush()
}

// end closes the list of plans.
func (p *planWriter) end() {
	if p.asList && p.format == "json" {
		fmt.Fprint(p.out, map[bool]string{true: "[]\n", false: "]\n"}[p.count == 0])
	}
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
