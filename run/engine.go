// Package run carries a sync out: it reads the source, has package plan decide,
// stores the decision as a plan, applies exactly that plan, and remembers why.
// It is the only package with I/O on both sides; it knows no SQL and no system
// by name.
package run

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/files"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// Journal is where plans and runs are remembered.
type Journal interface {
	CreateRun(ctx context.Context, r *store.Run) error
	UpdateRun(ctx context.Context, r *store.Run) error
	Advance(ctx context.Context, run, position int64) error
	Run(ctx context.Context, id int64) (store.Run, error)
	RunByPlan(ctx context.Context, prefix string) (store.Run, error)
	LatestApplied(ctx context.Context, syncID int64) (store.Run, error)
	Interrupted(ctx context.Context) ([]store.Run, error)
	BookRuns(ctx context.Context, bookID, after int64) ([]store.Run, error)
	DropPlans(ctx context.Context, syncID int64) error
	ClearPlan(ctx context.Context, id int64) error
	AppendPlan(ctx context.Context, run int64, blocks []store.Block, seq int64, changes []plan.Change) error
	ReplaceBlock(ctx context.Context, run int64, b store.Block) error
	SettleChange(ctx context.Context, run, seq int64, c plan.Change) error
	Blocks(ctx context.Context, run int64) iter.Seq2[store.Block, error]
	Changes(ctx context.Context, run int64) iter.Seq2[store.StoredChange, error]
	ChangesOf(ctx context.Context, ref int64) iter.Seq2[store.StoredChange, error]
	ChangesOfNobody(ctx context.Context, run int64) iter.Seq2[store.StoredChange, error]
	Merges(ctx context.Context, run int64) iter.Seq2[store.StoredChange, error]
	DeletedSince(ctx context.Context, sync int64, since time.Time) (int64, error)
	TouchedSince(ctx context.Context, bookID, run int64) ([]int64, error)
	Learned(ctx context.Context, fingerprint string) ([]plan.Mapping, error)
	Tombstones(ctx context.Context, bookID int64) ([]store.Contact, error)
	Keepers(ctx context.Context, bookID int64) ([]int64, error)
	Suppressions(ctx context.Context) ([]store.Suppression, error)
	Learn(ctx context.Context, fingerprint string, mapping []plan.Mapping) error
}

// Connector opens the two ends of a sync.
type Connector interface {
	Source(ctx context.Context, s store.Sync) (connector.Source, error)
	// Target returns the target as it is, or as it will be when the run has made
	// it: then Made reports false until Make is called.
	Target(ctx context.Context, s store.Sync, region string) (Target, error)
}

// A Target is a connector.Target that may have to be made first, as a book that
// a sync names for the first time.
type Target interface {
	connector.Target
	// BookID is the address book's number in the store, 0 for other systems.
	BookID() int64
	// Make brings the target into being with a schema.
	Make(ctx context.Context, schema contact.Schema) error
}

// An Engine runs syncs. All it needs of the world comes in through its fields.
type Engine struct {
	Journal   Journal
	Connector Connector
	Files     files.System
	Stage     string // folder for staged sources
	Temp      string // folder for sorting
	Now       func() time.Time
	Secret    plan.Secret
	Vault     Vault
	Progress  func(phase string, done, total int64) // may be nil
}

// A Vault keeps passwords from being stored as they are written (settled
// question 19).
type Vault interface {
	// Seal closes a password; equal passwords give equal results.
	Seal(password string) (string, error)
	// Encrypt returns a writer whose output only Decrypt can read.
	Encrypt(w io.Writer) (io.Writer, error)
	Decrypt(r io.Reader) (io.Reader, error)
}

// An Error is a fault that concerns a whole run, said for people.
type Error struct {
	Code    string // of the error catalogue
	Message string // what happened, what is safe, what to do next
	Err     error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// Codes of errors that concern a whole run.
const (
	CodeSource       = "source.unreadable"
	CodeSystemic     = "source.systemic"
	CodeConfig       = "sync.invalid"
	CodePlanMoved    = "plan.moved"
	CodePlanUsed     = "plan.used"
	CodePlanUnknown  = "plan.unknown"
	CodeTargetMoved  = "target.moved"
	CodeUndo         = "undo.impossible"
	CodeInterrupted  = "run.interrupted"
	CodeColumnGone   = "source.column_missing"
	CodeSourceAbsent = "source.missing"
	CodeStageGone    = "stage.gone"
	CodeStageAltered = "stage.altered"
	CodePruned       = "run.pruned"
)

func (e *Engine) progress(phase string, done, total int64) {
	if e.Progress != nil {
		e.Progress(phase, done, total)
	}
}

// fault wraps err as an Error unless it is one already.
func fault(code, message string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	return &Error{Code: code, Message: message, Err: err}
}
