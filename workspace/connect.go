package workspace

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/connector/csvfile"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/files"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// Source opens what a sync reads from.
func (w *Workspace) Source(ctx context.Context, s store.Sync) (connector.Source, error) {
	e := s.Definition.Source
	switch {
	case e.File != "":
		return File(s), nil
	case IsFeed(s):
		return &feedSource{w, e.Book, e.Object, e.Connection}, nil
	case e.Path != "":
		return w.remoteSource(ctx, s)
	}
	source, err := book.Open(ctx, w.Store, e.Book, w.keys.match, w.keys)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &run.Error{Code: run.CodeSourceAbsent, Message: fmt.Sprintf("There is no address book %q to read from. kith books lists them", e.Book)}
	}
	return source, err
}

// Target opens what a sync writes to. A book that does not exist yet comes into
// being when the run makes it.
func (w *Workspace) Target(ctx context.Context, s store.Sync, region string) (run.Target, error) {
	e := s.Definition.Target
	if e.File != "" {
		target, err := csvfile.New(files.OS{}, absolute(s.Base, e.File), e).OpenTarget(region, w.keys.match)
		return fileTarget{target}, err
	}
	target := &bookTarget{workspace: w, name: e.Book, region: region, generated: e.Key == plan.KeyGenerated, second: s.Definition.Secondary}
	if err := target.open(ctx); err != nil {
		return target, err
	}
	return target, w.mayTake(ctx, target, e.Key)
}

// mayTake refuses a sync that would give a book an identifier which contacts in
// it share.
func (w *Workspace) mayTake(ctx context.Context, target *bookTarget, key string) error {
	if target.Book == nil || key == "" || key == plan.KeyGenerated {
		return nil
	}
	b, err := w.Store.Book(ctx, target.name)
	if err != nil || b.KeyField != "" || b.Population == 0 {
		return err
	}
	b.KeyField = key
	err = w.distinct(ctx, b)
	if twins, ok := errors.AsType[*TwinsError](err); ok {
		return &run.Error{Code: CodeTwins, Message: twins.Sentence()}
	}
	return err
}

func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

// syncOf returns the sync that a run belongs to. One that was deleted meanwhile,
// or a run made by hand, has no more than the book it writes to.
func (w *Workspace) syncOf(ctx context.Context, r store.Run) (store.Sync, error) {
	s, err := w.Store.Sync(ctx, r.Name)
	if r.Kind != store.KindEdit && !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	books, err := w.Store.Books(ctx)
	if err != nil {
		return s, err
	}
	s = store.Sync{Name: r.Name}
	for _, b := range books {
		if b.ID == r.BookID {
			s.Definition.Target.Book = b.Name
		}
	}
	return s, nil
}

type fileTarget struct{ *csvfile.Target }

func (fileTarget) BookID() int64 { return 0 }

// Make adds the columns that the file does not have.
func (t fileTarget) Make(ctx context.Context, schema contact.Schema) error {
	return t.AddFields(ctx, schema.Fields)
}

// bookTarget is a book, or the book that is to be.
type bookTarget struct {
	*book.Book // nil until it exists
	workspace  *Workspace
	name       string
	region     string
	generated  bool
	second     bool // a sync matches by second e-mails and telephones
}

func (t *bookTarget) open(ctx context.Context) error {
	b, err := book.Open(ctx, t.workspace.Store, t.name, t.workspace.keys.match, t.workspace.keys)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	t.Book = b
	if err == nil && t.second {
		err = b.KeepSecond(ctx)
	}
	return err
}

// Make creates the book if need be, and adds the fields it does not have. A book
// takes its telephone region from the first sync that names one.
func (t *bookTarget) Make(ctx context.Context, schema contact.Schema) error {
	if t.Book == nil {
		made := store.Book{Name: t.name, KeyField: schema.Key, KeyMade: t.generated, Region: t.region, Fields: schema.Fields, SecondKeys: t.second}
		if _, err := t.workspace.Store.CreateBook(ctx, made); err != nil {
			return err
		}
		return t.open(ctx)
	}
	return t.Book.Adopt(ctx, schema, t.region, t.generated)
}

func (t *bookTarget) BookID() int64 {
	if t.Book == nil {
		return 0
	}
	return t.Book.ID()
}

func (t *bookTarget) Name() string { return t.name }

func (t *bookTarget) Region() string {
	if t.Book == nil || t.Book.Region() == "" {
		return t.region
	}
	return t.Book.Region()
}

func (t *bookTarget) State(ctx context.Context) (string, error) {
	if t.Book == nil {
		return "absent", nil
	}
	return t.Book.State(ctx)
}

func (t *bookTarget) Schema(ctx context.Context) (contact.Schema, error) {
	if t.Book == nil {
		return contact.Schema{}, nil
	}
	return t.Book.Schema(ctx)
}

func (t *bookTarget) Lookup(ctx context.Context, rule plan.Rule, hashes []uint64) ([]connector.Hit, error) {
	if t.Book == nil {
		return nil, nil
	}
	return t.Book.Lookup(ctx, rule, hashes)
}

func (t *bookTarget) Fetch(ctx context.Context, refs []int64) iter.Seq2[connector.Found, error] {
	if t.Book == nil {
		return func(func(connector.Found, error) bool) {}
	}
	return t.Book.Fetch(ctx, refs)
}

func (t *bookTarget) Owned(ctx context.Context, bySync int64) iter.Seq2[int64, error] {
	if t.Book == nil {
		return func(func(int64, error) bool) {}
	}
	return t.Book.Owned(ctx, bySync)
}

func (t *bookTarget) Durable() bool { return true }
