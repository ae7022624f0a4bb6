package salesforce

import (
	"context"
	"time"
)

// Page makes the pages of an object small, so that a few records fill some.
func (o *Object) Page(n int) *Object {
	o.page = n
	return o
}

// Hurry lets no time pass between looks at a bulk job.
func (o *Object) Hurry() *Object {
	o.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return o
}

// Between does something whenever a bulk job is waited for.
func (o *Object) Between(do func()) {
	o.pause = func(ctx context.Context, _ time.Duration) error {
		do()
		return ctx.Err()
	}
}
