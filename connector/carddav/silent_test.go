package carddav_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/carddav/sandbox"
)

// A server that hangs costs one wait, and not one for every write: what was not
// sent is Busy, and tried again later.
func TestAServerThatHangsIsNotAskedForEveryWrite(t *testing.T) {
	st := newStage(t, &sandbox.Server{})
	b := st.open(t)
	st.client.Transport.(*http.Transport).ResponseHeaderTimeout = 100 * time.Millisecond
	release := make(chan struct{})
	defer close(release)
	var asked atomic.Int32
	st.put(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	})
	var writes []connector.Write
	for _, key := range strings.Fields("k1 k2 k3 k4 k5") {
		writes = append(writes, connector.Write{Op: connector.OpCreate, Key: key, Set: map[string]string{"name": "Ada"}})
	}
	var got []string
	for _, o := range b.Write(t.Context(), writes) {
		got = append(got, kindOf(o.Fault))
	}
	if want := "unknown busy busy busy busy"; strings.Join(got, " ") != want || asked.Load() != 1 {
		t.Errorf("got %v after %d requests, want %s after 1", got, asked.Load(), want)
	}
}
