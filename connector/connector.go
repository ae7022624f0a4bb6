// Package connector says what a system that holds records must be able to do to
// be read from or written to. Every system, our own address book included,
// stands behind these interfaces and passes the suite in connectortest. The
// package decides nothing about a contact.
package connector

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
)

// A Source yields the current records of one object.
type Source interface {
	// Name is what people call the source: a file or book name, never a path.
	Name() string
	// Records yields the schema's records once each, in a stable order. It ends
	// with an error when the read is not complete: absence is then unknown (I13).
	Records(ctx context.Context) (contact.Schema, iter.Seq2[contact.Record, error])
}

// A Complete source is one whose end is known for certain: that it has no records
// means that there are none, where an empty file may mean that something broke.
type Complete interface {
	Source
	EmptyIsComplete()
}

// A Stager is a source that is delimited text already. The engine keeps its
// bytes as they are and reads them itself, so that every physical record ends
// in exactly one outcome, with its line.
type Stager interface {
	Source
	// Stage copies the whole content to w. It fails when the content changes
	// while it is read.
	Stage(ctx context.Context, w io.Writer) (Staging, error)
	// Fingerprint returns the size and the SHA-256 of the content without
	// copying it. With an expected size other than the real one it returns only
	// the size.
	Fingerprint(ctx context.Context, expectedSize int64) (size int64, hash string, err error)
	// Stamp is cheap to ask for and differs once the content has been written
	// to: size and time of modification. Empty when there is no such thing.
	Stamp(ctx context.Context) (string, error)
}

// A Staging says what was staged and how to read it.
type Staging struct {
	Dialect csv.Dialect
	Size    int64
	Hash    string   // SHA-256, hexadecimal
	Stamp   string   // of the content that was staged
	Key     string   // column that is the record's identity in the source, if any
	Notes   []string // what was recognised, for people
}

// A Tracker is a stager that looks for its content somewhere else. Once it has
// been staged or fingerprinted it tells what it found, for the run to remember,
// and how much more there is to read after it.
type Tracker interface {
	Stager
	Found() (origin string, waiting int)
}

// Nothing is the error of a stager that has nothing to read now, which is no
// failure: no file is there, or every file was read already. Nothing follows from
// it about who is gone.
type Nothing struct {
	Why     string // for people
	Warning string // code, where somebody should look at it
}

func (n *Nothing) Error() string { return n.Why }

// An Index is a target as matching sees it: contacts named by handles that
// ascend in order of creation.
type Index interface {
	Name() string
	Schema(ctx context.Context) (contact.Schema, error)
	// Region is the default telephone region of stored numbers, ISO 3166-1.
	Region() string
	// State changes whenever any contact changes.
	State(ctx context.Context) (string, error)
	// Lookup returns the contacts that have match keys with these hashes, which
	// ascend. No match is not an error.
	Lookup(ctx context.Context, rule plan.Rule, hashes []uint64) ([]Hit, error)
	// Fetch yields the contacts with these handles, which ascend. Those that are
	// gone are left out.
	Fetch(ctx context.Context, refs []int64) iter.Seq2[Found, error]
	// Owned yields the handles a sync may remove, ascending: those its runs
	// created, or all of them when bySync is zero.
	Owned(ctx context.Context, bySync int64) iter.Seq2[int64, error]
}

// A Hit says that a contact has the match key with this hash.
type Hit struct {
	Hash uint64
	Ref  int64
}

// Found is a contact and its handle.
type Found struct {
	Ref int64
	contact.Record
}

// A Target is an index that can be written to.
type Target interface {
	Index
	// AddFields adds fields the schema does not have (C26).
	AddFields(ctx context.Context, fields []contact.Field) error
	// Reserve returns the first of n consecutive handles for a run's creates,
	// the same ones every time it is asked for that run.
	Reserve(ctx context.Context, run, n int64) (first int64, err error)
	// Write carries changes out and returns one result for each, in order; a
	// refused change does not stop the others. Repeating a batch changes nothing
	// more. The error is for faults that concern them all.
	Write(ctx context.Context, b Batch) ([]Result, error)
	// Finish makes everything written for a run complete and durable.
	Finish(ctx context.Context, run int64) error
	// Durable reports whether a batch survives a crash once Write has returned,
	// rather than only after Finish.
	Durable() bool
}

// A Batch is a stretch of a run's plan: creates, updates and removals.
type Batch struct {
	Run      int64
	Now      time.Time
	Changes  []plan.Change
	Position int64 // of the run once the batch is durable
	// IndexNow asks for the match keys of creates at once. Large runs leave them
	// to the end (AddKeys).
	IndexNow bool
}

// A Result says what became of one change.
type Result struct {
	TargetID string      // of the record, where the write decided it
	Refused  plan.Reason // why the target did not take it; empty: it did
	Message  string
}
