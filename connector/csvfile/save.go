package csvfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/files"
)

// Prepare writes the file next to the old one and returns what its state will
// be once Finish has put it in its place.
func (t *Target) Prepare(ctx context.Context) (string, error) {
	if !t.dirty {
		return t.File.state(ctx)
	}
	d := &t.content.dialect
	state, err := t.writePart(ctx, t.save)
	if err != nil && ctx.Err() == nil && !saysEncoding(t.File.dialect) && !strings.EqualFold(d.Encoding, "utf-8") {
		old := d.Encoding
		d.Encoding = "utf-8"
		if state, err = t.writePart(ctx, t.save); err == nil {
			t.notes = append(t.notes, fmt.Sprintf("%s is UTF-8 now: %s has no character for some values.", t.Name(), old))
		} else {
			d.Encoding = old
		}
	}
	if err != nil {
		return "", fmt.Errorf("write %s: %w", t.Name(), err)
	}
	t.prepared = true
	return state, nil
}

// Finish puts the prepared file in the old one's place.
func (t *Target) Finish(ctx context.Context, _ int64) error {
	if !t.dirty {
		return ctx.Err()
	}
	if !t.prepared {
		if _, err := t.Prepare(ctx); err != nil {
			return err
		}
	}
	err := t.files.Rename(t.part(), t.path)
	if errors.Is(err, fs.ErrNotExist) { // whoever opened the target meanwhile has tidied up
		if _, err := t.Prepare(ctx); err != nil {
			return err
		}
		err = t.files.Rename(t.part(), t.path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", t.Name(), err)
	}
	t.dirty, t.prepared = false, false
	return nil
}

// Keep copies the file as it is now. A file that is not there is kept as empty.
func (t *Target) Keep(ctx context.Context, w io.Writer) error {
	file, err := t.open()
	if errors.Is(err, ErrMissing) {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, reading{ctx, file})
	return err
}

// PutBack replaces the file by a kept copy. An empty copy is that of a file that
// was not there.
func (t *Target) PutBack(ctx context.Context, r io.Reader) error {
	size := int64(0)
	_, err := t.writePart(ctx, func(w io.Writer) (err error) {
		size, err = io.Copy(w, reading{ctx, r})
		return err
	})
	if err == nil {
		err = t.files.Rename(t.part(), t.path)
	}
	if err == nil && size == 0 {
		err = t.files.Remove(t.path)
	}
	if err != nil {
		return fmt.Errorf("put %s back: %w", t.Name(), err)
	}
	t.dirty, t.prepared, t.index = false, false, nil
	t.content, err = t.load(ctx)
	return err
}

// part is where the new file is written. No other program uses such a name.
func (t *Target) part() string { return t.path + ".kith-part" }

// writePart writes the new file and returns its SHA-256. Where it fails nothing
// is left of it.
func (t *Target) writePart(ctx context.Context, write func(io.Writer) error) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	file, err := t.files.Create(t.part())
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = errors.Join(write(io.MultiWriter(file, sum)), t.keepMode(file))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = t.files.Remove(t.part())
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// keepMode lets everybody read the new file who could read the old one.
func (t *Target) keepMode(file files.File) error {
	info, err := t.files.Stat(t.path)
	owned, ok := file.(interface{ Chmod(fs.FileMode) error })
	if err != nil || !ok {
		return nil
	}
	return owned.Chmod(info.Mode().Perm())
}

func (t *Target) save(out io.Writer) error {
	c := t.content
	w := csv.NewWriter(out, c.dialect)
	w.CRLF, w.BOM = c.crlf, c.bom
	for _, line := range c.preamble {
		if err := w.WriteLine(line); err != nil {
			return err
		}
	}
	if c.dialect.Header {
		if err := w.Write(c.columns); err != nil {
			return err
		}
	}
	for _, row := range c.rows {
		if row == nil {
			continue
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	return w.Flush()
}
