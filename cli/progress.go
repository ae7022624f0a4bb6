package cli

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
)

// progress shows how far a run has come: a bar on a terminal, else a line every
// ten seconds.
type progress struct {
	app   *app
	onTTY bool
	bar   *progressbar.ProgressBar
	phase string
	last  time.Time
}

const progressEvery = 10 * time.Second

func (a *app) newProgress() *progress {
	return &progress{app: a, onTTY: a.terminal(a.Stderr), last: a.Now()}
}

func (p *progress) report(phase string, done, total int64) {
	switch {
	case p.app.quiet:
	case p.onTTY:
		p.draw(phase, done, total)
	case p.app.Now().Sub(p.last) >= progressEvery:
		p.last = p.app.Now()
		if total > 0 {
			p.app.say("%s  %s of %s", phase, humanize.Comma(done), humanize.Comma(total))
		} else {
			p.app.say("%s  %s", phase, humanize.Comma(done))
		}
	}
}

func (p *progress) draw(phase string, done, total int64) {
	if total <= 0 {
		total = -1 // a spinner: nobody knows how long the source is
	}
	if p.bar == nil || phase != p.phase || p.bar.GetMax64() != total {
		p.end()
		p.phase = phase
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.app.Stderr), progressbar.OptionShowCount(),
			progressbar.OptionSetDescription(fmt.Sprintf("%-9s", phase)), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(total > 0), progressbar.OptionThrottle(100*time.Millisecond))
	}
	_ = p.bar.Set64(done) // a bar that cannot be drawn is no reason to stop
}

// end takes the bar off the screen.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
