package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
)

// progress shows how far a run has come: a bar on a terminal, else a line every
// ten seconds. The engine reports from several goroutines.
type progress struct {
	app   *app
	onTTY bool
	mutex sync.Mutex
	bar   *progressbar.ProgressBar
	phase string
	total int64
	last  time.Time
}

const (
	progressEvery = 10 * time.Second
	barEvery      = 100 * time.Millisecond
)

func (a *app) newProgress() *progress {
	return &progress{app: a, onTTY: a.terminal(a.Stderr), last: a.Now()}
}

func (p *progress) report(phase string, done, total int64) {
	if p.app.quiet {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := p.app.Now()
	switch {
	case p.onTTY && now.Sub(p.last) >= barEvery:
		p.last = now
		p.draw(phase, done, total)
	case !p.onTTY && now.Sub(p.last) >= progressEvery:
		p.last = now
		of := ""
		if total > 0 {
			of = " of " + humanize.Comma(total)
		}
		fmt.Fprintf(p.app.Stderr, "%s  %s%s\n", phase, humanize.Comma(done), of)
	}
}

func (p *progress) draw(phase string, done, total int64) {
	if total <= 0 {
		total = -1 // a spinner: nobody knows how long the source is
	}
	if p.bar == nil || phase != p.phase || total != p.total {
		p.clear()
		p.phase, p.total = phase, total
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.app.Stderr), progressbar.OptionShowCount(),
			progressbar.OptionSetDescription(fmt.Sprintf("%-9s", phase)), progressbar.OptionSetPredictTime(total > 0),
			progressbar.OptionSetSpinnerChangeInterval(0)) // it turns when we draw; by itself it would not stop
	}
	_ = p.bar.Set64(done) // a bar that cannot be drawn is no reason to stop
}

func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}

// end takes the bar off the screen, before anything else is printed there.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.clear()
}
