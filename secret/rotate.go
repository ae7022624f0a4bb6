package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// AddKey makes a new data key. Seal uses it from now on, Open takes the old ones
// too. To rotate: AddKey, Reseal every value that is Stale, Drop.
func (b *Box) AddKey(ctx context.Context) error {
	if b.ring.shared() {
		return errors.New("the outer key is being changed; finish that before making a data key")
	}
	raw := make([]byte, keySize)
	if _, err := io.ReadFull(b.random, raw); err != nil {
		return fmt.Errorf("make a data key: %w", err)
	}
	k, err := newKey(raw)
	if err != nil {
		return fmt.Errorf("make a data key: %w", err)
	}
	added, err := ring{ringKey{Key: k}}.wrapped(b.outer, b.random)
	if err != nil {
		return err
	}
	return b.store(ctx, append(slices.Clone(b.ring), added...))
}

// Drop forgets every data key but the newest. What they have sealed and nobody
// has sealed anew is lost.
func (b *Box) Drop(ctx context.Context) error {
	return b.store(ctx, b.ring[len(b.ring)-1:])
}

// Admit lets another outer key open the box as well, from now until Only. It is
// the first half of changing KITH_KEY: admit the new one, set it, open, Only.
func (b *Box) Admit(ctx context.Context, other Outer) error {
	k, err := other.key(b.random, true)
	if err != nil {
		return err
	}
	both, err := b.ring.wrapped(k, b.random)
	if err != nil {
		return err
	}
	return b.store(ctx, both)
}

// Only lets no outer key open the box but the one that opened it this time.
func (b *Box) Only(ctx context.Context) error {
	return b.store(ctx, b.ring.only(b.outer))
}

// ChangeFile puts a new outer key in the key file. At every moment the key that
// lies in the file opens the box: a process that dies on the way leaves the old
// key or the new one, and Only tidies up.
func (b *Box) ChangeFile(ctx context.Context, file string) error {
	next := Outer{File: file + ".next"}
	// Of an attempt that was given up; it opens nothing the file does not open.
	if err := os.Remove(next.File); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("change the key: %w", err)
	}
	if err := b.Admit(ctx, next); err != nil {
		return err
	}
	if err := os.Rename(next.File, file); err != nil {
		return fmt.Errorf("change the key: %w", err)
	}
	syncFolder(filepath.Dir(file))
	var err error
	if b.outer, err = readKeyFile(file); err != nil {
		return err
	}
	return b.Only(ctx)
}

// store puts a ring on the shelf and, when it is there, into use.
func (b *Box) store(ctx context.Context, r ring) error {
	text := r.text()
	swapped, err := b.shelf.Swap(ctx, b.stored, text)
	if err != nil {
		return fmt.Errorf("store the data keys: %w", err)
	}
	if !swapped {
		return ErrBusy
	}
	b.ring, b.stored = r, text
	return nil
}
