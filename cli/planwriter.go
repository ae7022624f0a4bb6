package cli

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
)

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

func (p *planWriter) write(head desk.PlanReport, changes iter.Seq2[plan.Change, error]) error {
	p.count++
	if p.format == "csv" {
		return p.csv(head, changes)
	}
	if p.asList && p.format == "json" {
		fmt.Fprint(p.out, map[bool]string{true: "[\n", false: ",\n"}[p.count == 1])
	}
	long := longValue{out: p.out, format: p.format, inList: p.asList}
	return writeLong(long, head, "changes", func(yield func(desk.ChangeReport, error) bool) {
		for c, err := range changes {
			if !yield(desk.ReportChange(c), err) || err != nil {
				return
			}
		}
	})
}

func (p *planWriter) csv(head desk.PlanReport, changes iter.Seq2[plan.Change, error]) error {
	if p.rows == nil {
		p.rows = csv.NewWriter(p.out, csv.Dialect{})
		if err := p.rows.Write(planColumns[:]); err != nil {
			return err
		}
	}
	err := desk.ForEach(changes, func(c plan.Change) error {
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

// brokenOff is the error that a list of plans ends with: its last item, or the end of
// the plan that it broke off.
func (p *planWriter) brokenOff(err error) error {
	var inside *brokenOff
	if p.count == 0 || p.format == "table" || p.format == "csv" {
		return err
	}
	return &brokenOff{err, func(said any) (failed error) {
		defer p.end()
		if errors.As(err, &inside) {
			return inside.end(said)
		}
		switch p.format {
		case "json":
			text, failed := encode(said, "  ")
			fmt.Fprintf(p.out, ",\n%s\n", text)
			return failed
		case "jsonl":
			text, failed := encode(said, "")
			fmt.Fprintf(p.out, "%s\n", text)
			return failed
		}
		text, failed := encodeYAML(said)
		fmt.Fprintf(p.out, "%s", yamlItem(text))
		return failed
	}}
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
