package fetch

import (
	"cmp"
	"context"
	"net"
	"sync"
	"time"
)

// idleTime is how long a server may say nothing in the middle of something.
const idleTime = time.Minute

// wires are the connections of one session. A context that ends closes them,
// since the protocols' libraries know none; silence ends them, too.
type wires struct {
	dial Dial
	idle time.Duration

	mu    sync.Mutex
	ctx   context.Context // of the call in progress
	conns []net.Conn
}

func newWires(ctx context.Context, dial Dial, idle time.Duration) *wires {
	return &wires{dial: dial, idle: cmp.Or(idle, idleTime), ctx: ctx}
}

// during makes ctx the one that ends the session, until the stop that it returns
// is called.
func (w *wires) during(ctx context.Context) (stop func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ctx = ctx
	return context.AfterFunc(ctx, w.cut)
}

// open opens a connection of the session.
func (w *wires) open(addr string) (net.Conn, error) {
	w.mu.Lock()
	ctx := w.ctx
	w.mu.Unlock()
	conn, err := w.dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, conn)
	return &wire{conn, w}, nil
}

func (w *wires) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close() // what it could say has nobody to hear it
	}
	w.conns = nil
}

func (w *wires) forget(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, one := range w.conns {
		if one == c {
			w.conns = append(w.conns[:i], w.conns[i+1:]...)
			return
		}
	}
}

// ended says why a call failed: because it was told to stop, or for err.
func (w *wires) ended(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	return err
}

// A wire is a connection that does not wait for ever.
type wire struct {
	net.Conn
	of *wires
}

func (c *wire) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.of.idle)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *wire) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.of.idle)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *wire) Close() error {
	c.of.forget(c.Conn)
	return c.Conn.Close()
}
