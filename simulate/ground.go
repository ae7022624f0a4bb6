package simulate

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/kith-sync/kith/store"
)

// A ground is a database in which worlds are played one after the other: to make a
// new one, and to prepare every statement again, costs more than most worlds do.
type ground struct {
	folder string
	path   string
	store  *store.Store
	played int
}

// playedAtMost is how many worlds a ground sees, so that nothing that one of them may
// have left open lasts.
const playedAtMost = 500

// take returns a ground with nothing on it.
func (s *Simulator) take() (*ground, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.idle) - 1; last >= 0 {
		g := s.idle[last]
		s.idle = s.idle[:last]
		return g, nil
	}
	folder, err := os.MkdirTemp(s.folder, "ground")
	if err != nil {
		return nil, err
	}
	g := &ground{folder: folder, path: filepath.Join(folder, "kith.db")}
	if err := os.WriteFile(g.path, s.empty, 0o600); err != nil {
		return nil, err
	}
	g.store, err = store.OpenScratch(context.Background(), g.path)
	return g, err
}

// giveBack clears a ground for the next world. Where a world broke something, or went
// on in a backup, nobody is to stumble over what is left of it.
func (s *Simulator) giveBack(g *ground, w *world) {
	g.played++
	if len(w.result.Violations) > 0 || w.store != g.store || g.played >= playedAtMost || g.store.Clear(w.ctx) != nil {
		_, _ = w.store.Close(), g.close() // the worlds in them are over
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, g)
}

// Close closes the databases in which nothing is played.
func (s *Simulator) Close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.idle {
		err = errors.Join(err, g.close())
	}
	s.idle = nil
	return err
}

func (g *ground) close() error { return errors.Join(g.store.Close(), os.RemoveAll(g.folder)) }
