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
	"strconv"

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
	made    int // rows the file had when it was opened
}

// OpenTarget reads the file to be written to, or starts an empty one.
func (f *File) OpenTarget(region string, secret plan.Secret) (*Target, error) {
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	return &Target{File: f, region: region, secret: secret, content: c, made: len(c.rows)}, nil
}

func (f *File) state() (string, error) {
	file, err := f.open()
	if err != nil {
		return "absent", nil
	}
	defer file.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, onlyReader{file})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// State is the SHA-256 of the file as it is now.
func (t *Target) State(context.Context) (string, error) { return t.File.state() }

// Schema returns the file's columns.
func (t *Target) Schema(context.Context) (contact.Schema, error) { return t.content.schema, nil }

// Region is the region the sync was given.
func (t *Target) Region() string { return t.region }

// Durable: a file changes only when it is finished.
func (t *Target) Durable() bool { return false }

// Lookup finds rows by the hashes of their match keys.
func (t *Target) Lookup(_ context.Context, rule plan.Rule, hashes []uint64) (hits []connector.Hit, err error) {
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
	for _, rule := range plan.KeyRules {
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
func (t *Target) Fetch(_ context.Context, refs []int64) iter.Seq2[connector.Found, error] {
	return func(yield func(connector.Found, error) bool) {
		for _, ref := range refs {
			i := int(ref - 1)
			if i < 0 || i >= len(t.content.rows) || t.content.rows[i] == nil {
				continue
			}
			if !yield(connector.Found{Ref: ref, Record: t.content.record(i)}, nil) {
				return
			}
		}
	}
}

// Owned yields every row: a file does not say who wrote it. Only a sync whose
// scope is the whole file may remove rows from it.
func (t *Target) Owned(_ context.Context, bySync int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		if bySync != 0 {
			return
		}
		for i, row := range t.content.rows {
			if row != nil && !yield(int64(i+1), nil) {
				return
			}
		}
	}
}

// AddFields adds columns at the right.
func (t *Target) AddFields(_ context.Context, fields []contact.Field) error {
	c := t.content
	for _, f := range fields {
		if c.schema.Index(f.Name) >= 0 {
			continue
		}
		c.schema.Fields = append(c.schema.Fields, f)
		c.columns = append(c.columns, f.Name)
		if f.Name == t.key {
			c.idAt, c.schema.Key = len(c.columns)-1, f.Name
		}
	}
	for i, row := range c.rows {
		if row != nil && len(row) < len(c.columns) {
			c.rows[i] = append(row, make([]string, len(c.columns)-len(row))...)
		}
	}
	return nil
}

// Reserve returns the handles after the last row.
func (t *Target) Reserve(context.Context, int64, int64) (int64, error) {
	return int64(t.made + 1), nil
}

// Write changes rows in memory.
func (t *Target) Write(_ context.Context, b connector.Batch) ([]connector.Result, error) {
	t.index = nil
	results := make([]connector.Result, len(b.Changes))
	for i, c := range b.Changes {
		results[i] = t.write(c)
	}
	return results, nil
}

func (t *Target) write(c plan.Change) connector.Result {
	at := int(c.Ref - 1)
	switch c.Action {
	case plan.Create, plan.Restore:
		return t.create(at, c)
	case plan.Remove:
		if at < len(t.content.rows) {
			t.content.rows[at] = nil
		}
	case plan.Update:
		if at >= len(t.content.rows) || t.content.rows[at] == nil {
			return connector.Result{Refused: plan.TargetGone}
		}
		for _, f := range c.Fields {
			if f.Written() {
				t.content.rows[at][t.content.schema.Index(f.Name)] = f.New
			}
		}
	}
	return connector.Result{TargetID: c.TargetID}
}

func (t *Target) create(at int, c plan.Change) connector.Result {
	rows := &t.content.rows
	for len(*rows) <= at {
		*rows = append(*rows, nil)
	}
	row := make([]string, len(t.content.columns))
	copy(row, c.Values)
	(*rows)[at] = row
	if t.content.idAt >= 0 && row[t.content.idAt] == "" && c.Action == plan.Create {
		row[t.content.idAt] = t.nextID(at)
	}
	return connector.Result{TargetID: t.content.id(at)}
}

// nextID is the highest number plus one, or the row's place where keys are not
// numbers.
func (t *Target) nextID(at int) string {
	if highest, numeric := t.content.highest(); numeric {
		return strconv.FormatInt(highest+1, 10)
	}
	return "row-" + strconv.Itoa(at+1)
}

// Prepare writes the file next to the old one and returns what its state will
// be once Finish has put it in its place.
func (t *Target) Prepare(context.Context) (string, error) {
	file, err := t.files.Create(t.part())
	if err != nil {
		return "", fmt.Errorf("write %s: %w", t.Name(), err)
	}
	sum := sha256.New()
	if err := t.save(io.MultiWriter(file, sum)); err != nil {
		file.Close()
		_ = t.files.Remove(t.part())
		return "", fmt.Errorf("write %s: %w", t.Name(), err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return "", fmt.Errorf("write %s: %w", t.Name(), err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (t *Target) part() string { return t.path + ".part" }

// Finish puts the prepared file in the old one's place.
func (t *Target) Finish(context.Context, int64) error {
	if err := t.files.Rename(t.part(), t.path); err != nil {
		return fmt.Errorf("write %s: %w", t.Name(), err)
	}
	return nil
}

// Keep copies the file as it is now. A file that is not there is kept as empty.
func (t *Target) Keep(_ context.Context, w io.Writer) error {
	file, err := t.open()
	if errors.Is(err, ErrMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, onlyReader{file})
	return err
}

// PutBack replaces the file by a kept copy.
func (t *Target) PutBack(ctx context.Context, r io.Reader) error {
	file, err := t.files.Create(t.part())
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return t.Finish(ctx, 0)
}

func (t *Target) save(out io.Writer) error {
	d := t.content.dialect
	d.Encoding = "utf-8"
	w := csv.NewWriter(out, d)
	if err := w.Write(t.content.columns); err != nil {
		return err
	}
	for _, row := range t.content.rows {
		if row == nil {
			continue
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	return w.Flush()
}
