package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Open opens the box of an installation. The first time it makes the data key
// and, where the outer key is a file, that too. Later a missing key is an error:
// a new one would open nothing. Random is crypto/rand.Reader outside tests.
func Open(ctx context.Context, outer Outer, shelf Shelf, random io.Reader) (*Box, error) {
	stored, err := shelf.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the data keys: %w", err)
	}
	b := &Box{shelf: shelf, random: random, stored: stored}
	if b.outer, err = outer.key(random, len(stored) == 0); err != nil {
		return nil, err
	}
	if len(stored) == 0 {
		err := b.AddKey(ctx)
		if errors.Is(err, ErrBusy) {
			return Open(ctx, outer, shelf, random) // another process was faster: take its keys
		}
		return b, err
	}
	if b.ring, err = readRing(stored, b.outer); err != nil {
		return nil, err
	}
	return b, nil
}
