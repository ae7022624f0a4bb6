package egress_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/kith-sync/kith/egress"
)

// A server that stops in the middle of its answer would hold a run for ever: it is
// as silent as one that never begins.
func TestAServerThatFallsSilent(t *testing.T) {
	for _, row := range []struct {
		sentence string
		pieces   int // that it sends before it says nothing more
	}{
		{"before its answer", -1},
		{"after the head of its answer", 0},
		{"in the middle of the body", 3},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			server := open(t, "127.0.0.1:0", func(w http.ResponseWriter, _ *http.Request) {
				if row.pieces >= 0 {
					w.WriteHeader(http.StatusOK)
				}
				for range row.pieces {
					_, _ = io.WriteString(w, "piece")
				}
				if row.pieces >= 0 {
					_ = http.NewResponseController(w).Flush()
				}
				<-release
			})
			client := loopback(t).Client(egress.Options{Answer: 50 * time.Millisecond})
			defer client.CloseIdleConnections()
			done := make(chan error)
			go func() { done <- whole(client, server.URL) }()
			select {
			case err := <-done:
				if err == nil {
					t.Error("got a whole answer, want that it is given up")
				}
				if row.pieces >= 0 && !errors.Is(err, egress.ErrSilent) {
					t.Errorf("got %v, want %v", err, egress.ErrSilent)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("the client still waits after 20 s, want it to give up after 50 ms of silence")
			}
		})
	}
}

// whole gets an answer to its end.
func whole(c *http.Client, link string) error {
	resp, err := c.Get(link)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
