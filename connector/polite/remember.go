package polite

import (
	"context"
	"sync"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// A Remembering remote asks for the schema once. It is for what is kept a short
// time only, such as a plan and the run that carries it out: a field that is
// added meanwhile is not seen.
type Remembering struct {
	connector.Remote

	mu     sync.Mutex
	known  bool
	schema contact.Schema
}

// Remember wraps a remote.
func Remember(r connector.Remote) *Remembering { return &Remembering{Remote: r} }

// Schema is what the remote answered the first time. A fault is not remembered.
func (r *Remembering) Schema(ctx context.Context) (contact.Schema, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known {
		return r.schema, nil
	}
	schema, err := r.Remote.Schema(ctx)
	r.schema, r.known = schema, err == nil
	return schema, err
}
