package csvfile

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
)

// A Target is a file that can be written to. It is read when it is opened;
// Finish replaces the file in one step.
type Target struct {
	*File
	region  string
	secret  plan.Secret
	content *content
	index   map[plan.Rule][]connector.Hit
	next    int64           // handle that no run has yet
	firsts  map[int64]int64 // run -> its first handle
	trial   *csv.Writer     // tells what the file cannot express; nil: nothing
	notes   []string

	dirty    bool // something was written that is not in the file yet
	prepared bool
}

// OpenTarget reads the file to be written to, or starts an empty one. What an
// interrupted run left beside the file is removed.
func (f *File) OpenTarget(region string, secret plan.Secret) (*Target, error) {
	c, err := f.load(context.Background())
	if err != nil {
		return nil, err
	}
	t := &Target{File: f, region: region, secret: secret, content: c, next: int64(len(c.rows) + 1), firsts: map[int64]int64{}}
	if saysEncoding(f.dialect) || c.dialect.Quote == csv.NoQuote {
		t.trial = csv.NewWriter(io.Discard, c.dialect)
	}
	_ = f.files.Remove(t.part())
	return t, nil
}

func (f *File) state(ctx context.Context) (string, error) {
	file, err := f.open()
	if errors.Is(err, ErrMissing) {
		return "absent", nil
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, reading{ctx, file})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// Notes says, for people, what was done differently from what was there.
func (t *Target) Notes() []string { return t.notes }

// State is the SHA-256 of the file as it is now.
func (t *Target) State(ctx context.Context) (string, error) { return t.File.state(ctx) }

// Schema returns the file's columns.
func (t *Target) Schema(context.Context) (contact.Schema, error) { return t.content.schema, nil }

// Region is the region the sync was given.
func (t *Target) Region() string { return t.region }

// Durable: a file changes only when it is finished.
func (t *Target) Durable() bool { return false }

// Lookup finds rows by the hashes of their match keys.
func (t *Target) Lookup(ctx context.Context, rule plan.Rule, hashes []uint64) (hits []connector.Hit, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if t.index == nil {
		t.index = t.build()
	}
	all := t.index[rule]
	for _, h := range hashes {
		at, _ := slices.BinarySearchFunc(all, h, func(hit connector.Hit, h uint64) int { return cmp.Compare(hit.Hash, h) })
		for ; at < len(all) && all[at].Hash == h; at++ {
			hits = append(hits, all[at])
		}
	}
	return hits, nil
}

func (t *Target) build() map[plan.Rule][]connector.Hit {
	index := map[plan.Rule][]connector.Hit{}
	ring := plan.NewKeyring(t.content.schema, t.region, false)
	for _, rule := range slices.Concat(plan.KeyRules, plan.SecondRules) {
		var hits []connector.Hit
		for i, row := range t.content.rows {
			for _, key := range ring.Keys(rule, row, nil) {
				hits = append(hits, connector.Hit{Hash: t.secret.Hash(key), Ref: int64(i + 1)})
			}
		}
		slices.SortFunc(hits, func(a, b connector.Hit) int {
			return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Ref, b.Ref))
		})
		index[rule] = hits
	}
	return index
}

// Fetch yields the rows with these handles.
func (t *Target) Fetch(ctx context.Context, refs []int64) iter.Seq2[connector.Found, error] {
	return func(yield func(connector.Found, error) bool) {
		for _, ref := range refs {
			if err := ctx.Err(); err != nil {
				yield(connector.Found{}, err)
				return
			}
			if t.content.at(ref) == nil {
				continue
			}
			if !yield(connector.Found{Ref: ref, Record: t.content.record(int(ref - 1))}, nil) {
				return
			}
		}
	}
}

// Owned yields every row: a file does not say who wrote it. Only a sync whose
// scope is the whole file may remove rows from it.
func (t *Target) Owned(ctx context.Context, bySync int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		if bySync != 0 {
			return
		}
		for i, row := range t.content.rows {
			if err := ctx.Err(); err != nil {
				yield(0, err)
				return
			}
			if row != nil && !yield(int64(i+1), nil) {
				return
			}
		}
	}
}

// AddFields adds columns at the right. A file without a header has no place for
// a name: its columns are column_1, column_2 and so on.
func (t *Target) AddFields(ctx context.Context, fields []contact.Field) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := t.content
	for _, f := range fields {
		if c.schema.Index(f.Name) >= 0 {
			continue
		}
		if place := fmt.Sprintf("column_%d", len(c.columns)+1); !c.dialect.Header && f.Name != place {
			return fmt.Errorf("%s has no header, so its next column can only be called %s, not %s", t.Name(), place, f.Name)
		}
		c.schema.Fields = append(c.schema.Fields, f)
		c.columns = append(c.columns, f.Name)
		if f.Name == t.key {
			c.idAt, c.schema.Key = len(c.columns)-1, f.Name
		}
		t.dirty, t.prepared = true, false
	}
	for i, row := range c.rows {
		if row != nil && len(row) < len(c.columns) {
			c.rows[i] = append(row, make([]string, len(c.columns)-len(row))...)
		}
	}
	return nil
}

// Reserve returns the handles after the last row.
func (t *Target) Reserve(_ context.Context, run, n int64) (int64, error) {
	first, known := t.firsts[run]
	if !known {
		first = t.next
		t.firsts[run], t.next = first, first+n
	}
	return first, nil
}
