package egress

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// ErrSilent ends an answer in the middle of which nothing more came.
var ErrSilent error = silentError{}

type silentError struct{}

func (silentError) Error() string   { return "the server stopped in the middle of its answer" }
func (silentError) Timeout() bool   { return true }
func (silentError) Temporary() bool { return true }

// A Transport gives up on answers in the middle of which the server falls silent.
// net/http itself waits for them for ever, unless the whole request has a limit,
// and nobody knows how long an honest large answer takes.
type Transport struct {
	*http.Transport
	silence time.Duration
}

// RoundTrip sends a request.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	answer, err := t.Transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return nil, err
	}
	watch := time.AfterFunc(t.silence, func() { cancel(ErrSilent) })
	watch.Stop()
	answer.Body = &watched{answer.Body, ctx, cancel, watch, t.silence}
	return answer, nil
}

// watched is a body whose every piece has to come in time. What its reader does
// between the pieces takes as long as it likes.
type watched struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	watch   *time.Timer
	silence time.Duration
}

func (b *watched) Read(p []byte) (int, error) {
	b.watch.Reset(b.silence)
	n, err := b.ReadCloser.Read(p)
	b.watch.Stop()
	if err != nil && err != io.EOF && errors.Is(context.Cause(b.ctx), ErrSilent) {
		err = ErrSilent
	}
	return n, err
}

func (b *watched) Close() error {
	b.watch.Stop()
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}
