// Package screen lets tests read what a command prints while it still runs. It knows
// nothing of commands.
package screen

import (
	"bytes"
	"sync"
)

// A Screen keeps all that is written to it. Its zero value is empty, and it may be
// written and read at once.
type Screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write never fails.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// String is all that was written so far.
func (s *Screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
