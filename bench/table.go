package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/bench/child"
)

// row is one line of the table: the medians of both sides and what was asked of them.
type row struct {
	Workload, Case string
	Ours, Peer     child.Usage
	PeerName       string // "" where there is none, with "missing" at the end where it is not installed
	Ratio          string
	Checks         []check
}

// check is one target.
type check struct {
	Want string // "≤ 100 MB"
	Met  bool
	Got  string // shown where it is not met
}

// series is what one measurement gave round by round. Peer stays empty where it is missing.
type series struct {
	ours, peer []child.Usage
}

func (s *series) add(ours child.Usage, peer *child.Result) {
	s.ours = append(s.ours, ours)
	if peer != nil {
		s.peer = append(s.peer, peer.Usage)
	}
}

// row is the median line, its ratio the median of the ratios of each round, checked against most (≤ most × the peer).
func (s *series) row(name, peer string, most float64, checks ...check) row {
	r := row{Case: name, Ours: median(s.ours), Peer: median(s.peer), PeerName: peer, Checks: checks}
	target := check{Want: fmt.Sprintf("CPU ≤ %g×", most), Got: "peer missing"}
	if len(s.peer) == len(s.ours) {
		ratio := s.ratio()
		r.Ratio = fmt.Sprintf("%.2f", ratio)
		target.Met, target.Got = ratio <= most, r.Ratio+"×"
	} else {
		r.PeerName = strings.TrimSpace(peer + " peer missing")
	}
	r.Checks = append([]check{target}, checks...)
	return r
}

func (s *series) ratio() float64 {
	ratios := make([]float64, len(s.ours))
	for i := range s.ours {
		ratios[i] = s.ours[i].CPU.Seconds() / max(s.peer[i].CPU.Seconds(), 1e-6)
	}
	return middle(ratios)
}

func median(all []child.Usage) child.Usage {
	if len(all) == 0 {
		return child.Usage{}
	}
	var cpu, wall []time.Duration
	var rss, written []int64
	for _, u := range all {
		cpu, wall = append(cpu, u.CPU), append(wall, u.Wall)
		rss, written = append(rss, u.RSS), append(written, u.Written)
	}
	return child.Usage{CPU: middle(cpu), Wall: middle(wall), RSS: middle(rss), Written: middle(written)}
}

// middle is the median; of an even number it is the greater of the two in the middle.
func middle[T float64 | int64 | time.Duration](v []T) T {
	slices.Sort(v)
	return v[len(v)/2]
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }

func figures(u child.Usage) string {
	return fmt.Sprintf("%6.2f CPU s %6.2f s %7s MB RSS %8s MB written", u.CPU.Seconds(), u.Wall.Seconds(), megabytes(u.RSS), megabytes(u.Written))
}

// section is the dated text: the facts, then the table.
func section(facts string, rows []row) string {
	var b strings.Builder
	b.WriteString(facts)
	b.WriteString("\n| # | workload | ours CPU s | RSS MB | wall s | written MB | peer | peer CPU s | peer RSS MB | ratio | target | met |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Workload, r.Case,
			seconds(r.Ours.CPU), size(r.Ours.RSS), seconds(r.Ours.Wall), size(r.Ours.Written),
			dash(r.PeerName), seconds(r.Peer.CPU), size(r.Peer.RSS), dash(r.Ratio), wants(r.Checks), verdict(r.Checks))
	}
	return b.String()
}

func seconds(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", d.Seconds())
}

func size(n int64) string {
	if n == 0 {
		return "–"
	}
	return megabytes(n)
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func wants(checks []check) string {
	var w []string
	for _, c := range checks {
		w = append(w, cell(c.Want))
	}
	return strings.Join(w, "; ")
}

func verdict(checks []check) string {
	var missed []string
	for _, c := range checks {
		if !c.Met {
			missed = append(missed, cell(fmt.Sprintf("%s, want %s", c.Got, c.Want)))
		}
	}
	if len(missed) == 0 {
		return "met"
	}
	return "**missed**: " + strings.Join(missed, "; ")
}

// cell keeps a text inside one cell of the table.
func cell(s string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) }

const begin, end = "<!-- bench begin: written by make bench -->\n", "<!-- bench end -->\n"

// publish puts the text between the two marks of a file, at its end where it has none, so that what people wrote
// about the figures stays.
func publish(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	before, rest, found := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found {
		before = strings.TrimRight(before, "\n") + "\n\n"
		if len(old) == 0 {
			before = "# Benchmarks\n\n"
		}
	} else if !closed {
		return fmt.Errorf("%s: the mark %q is missing", path, strings.TrimSpace(end))
	}
	return os.WriteFile(path, []byte(before+begin+text+end+after), 0o644)
}
