// Package connectortest holds the one suite that every connector passes. It
// proves the promises of package connector, and those of the abilities that a
// target may have besides; it knows no system by name.
package connectortest

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// A Suite says how to make the ends of a connector. What it cannot be leaves
// its field nil.
type Suite struct {
	// Source makes a source that has these records in this order, each with its
	// values in the order of Schema.
	Source func(t *testing.T, records [][]string) connector.Source
	// Target makes a target with a schema and these records. Each call makes
	// another one.
	Target func(t *testing.T, schema contact.Schema, records [][]string) connector.Target
	// Reopen opens a target anew, as the next process would.
	Reopen func(t *testing.T, target connector.Target) connector.Target
	// NewRun gives the next run of a sync its number. Nil: any number will do.
	NewRun func(t *testing.T, target connector.Target, sync int64) int64
	// Secret keys the hashes of match keys.
	Secret plan.Secret
	// Stages says that the source is a connector.Stager.
	Stages bool
	// Versions says that a target tells when a record has moved on.
	Versions bool
	// OwnsBySync says that a target knows which sync's runs created a record.
	OwnsBySync bool
	// TakesKeys, Prepares and Keeps are abilities that package run looks for. A
	// promise without its interface fails, and so does an interface without its
	// promise.
	TakesKeys, Prepares, Keeps bool
}

// Schema is that of the suite's records. Names say what the kinds are, for
// systems that have no kinds.
var Schema = contact.Schema{Key: "uid", Fields: []contact.Field{
	{Name: "uid", Kind: contact.Text},
	{Name: "email", Kind: contact.Email},
	{Name: "phone", Kind: contact.Phone},
	{Name: "first_name", Kind: contact.Name},
	{Name: "remark", Kind: contact.Text},
}}

// Region is the telephone region that targets are made with.
const Region = "GB"

// People returns records with all that a system has to carry.
func People() [][]string {
	return [][]string{
		{"1", "ada@example.com", "020 7946 0001", "Ada", "plain"},
		{"2", "bo@example.org", "", "Bo", `quotes " and "", commas, 'and' ; | \ backslashes`},
		{"3", "", "+44 20 7946 0003", "Çelik Øystein 田中 👩‍👩‍👧", "two\nlines\r\nand\ttabs"},
		{"4", "dee@example.com", "020 7946 0001", "Dee", "  spaces around  "},
		{"5", "", "", "Nobody", "=1+1"},
	}
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	if s.Source != nil {
		t.Run("source", s.source)
	}
	if s.Target != nil {
		t.Run("target", s.target)
	}
}

// Abilities that a target may have besides, as package run knows them.
type (
	keyTaker interface {
		AddKeys(ctx context.Context, rule plan.Rule, hits []connector.Hit) error
	}
	preparer interface {
		Prepare(ctx context.Context) (state string, err error)
	}
	keeper interface {
		Keep(ctx context.Context, w io.Writer) error
		PutBack(ctx context.Context, r io.Reader) error
	}
)

// run numbers a run of sync 1.
func (s Suite) run(t *testing.T, target connector.Target) int64 { return s.runOf(t, target, 1) }

func (s Suite) runOf(t *testing.T, target connector.Target, sync int64) int64 {
	if s.NewRun == nil {
		return sync
	}
	return s.NewRun(t, target, sync)
}

var now = time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)

// write writes changes and fails when the target refuses the batch.
func write(t *testing.T, target connector.Target, run int64, changes ...plan.Change) []connector.Result {
	t.Helper()
	results, err := target.Write(t.Context(), connector.Batch{Run: run, Now: now, Position: -1, IndexNow: true, Changes: changes})
	if err != nil {
		t.Fatalf("write: %v", err)
	}
	if len(results) != len(changes) {
		t.Fatalf("results: got %d, want one for each of %d changes", len(results), len(changes))
	}
	return results
}

func finish(t *testing.T, target connector.Target, run int64) {
	t.Helper()
	if err := target.Finish(t.Context(), run); err != nil {
		t.Fatalf("finish: %v", err)
	}
}

func state(t *testing.T, target connector.Target) string {
	t.Helper()
	state, err := target.State(t.Context())
	if err != nil {
		t.Fatalf("state: %v", err)
	}
	return state
}

// owned returns the handles of all records.
func owned(t *testing.T, target connector.Target, sync int64) (refs []int64) {
	t.Helper()
	for ref, err := range target.Owned(t.Context(), sync) {
		if err != nil {
			t.Fatalf("owned: %v", err)
		}
		refs = append(refs, ref)
	}
	return refs
}

func fetch(t *testing.T, target connector.Target, refs ...int64) (found []connector.Found) {
	t.Helper()
	for f, err := range target.Fetch(t.Context(), refs) {
		if err != nil {
			t.Fatalf("fetch: %v", err)
		}
		found = append(found, f)
	}
	return found
}

// contents returns the values of all records, in the order of the suite's schema.
func contents(t *testing.T, target connector.Target) (rows [][]string) {
	t.Helper()
	schema, err := target.Schema(t.Context())
	if err != nil {
		t.Fatalf("schema: %v", err)
	}
	for _, f := range fetch(t, target, owned(t, target, 0)...) {
		rows = append(rows, inOrder(schema, f.Record))
	}
	return rows
}

func inOrder(schema contact.Schema, r contact.Record) []string {
	row := make([]string, len(Schema.Fields))
	for i, f := range Schema.Fields {
		row[i] = r.Value(schema.Index(f.Name))
	}
	return row
}

func sameRows(t *testing.T, what string, got, want [][]string) {
	t.Helper()
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%s: got %d\n%q\nwant %d\n%q", what, len(got), got, len(want), want)
	}
}
