// Package demo tells the story of Kith in one minute: an export of five hundred
// invented people is imported, corrected, explained and taken back. It holds the
// files and the order of the commands; it carries no command out itself, so what
// it shows is what whoever hands it the program would see. Where it is served, two
// systems that are played are joined to it.
package demo

//go:generate go run ./generate .

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.csv
var files embed.FS

// A Stage is where the story is told.
type Stage struct {
	Folder string // empty; the files are put here
	Out    io.Writer
	// Kith carries one command out, in a data folder of its own, writes what it
	// prints to out and returns its exit code.
	Kith func(ctx context.Context, out io.Writer, args ...string) int
	// Strong marks headings and commands; nil leaves them plain.
	Strong func(text string) string
}

// Tell writes the files, carries the commands out one after the other and shows
// of each what a newcomer needs. A command that does not end as the story says
// is an error, with all that it printed.
func Tell(ctx context.Context, s Stage) error {
	if err := s.putFiles(); err != nil {
		return fmt.Errorf("demo files: %w", err)
	}
	fmt.Fprintln(s.Out, opening)
	hash := ""
	for i, scene := range story() {
		fmt.Fprintf(s.Out, "\n%s\n", s.strong(fmt.Sprintf("%d. %s", i+1, scene.heading)))
		for _, c := range scene.commands {
			printed, err := s.perform(ctx, strings.ReplaceAll(c.line, "HASH", hash), c)
			if err != nil {
				return err
			}
			if m := planHash.FindStringSubmatch(printed); m != nil {
				hash = m[1]
			}
		}
	}
	return nil
}

var planHash = regexp.MustCompile(`kith apply ([0-9a-f]+)`)

func (s Stage) putFiles() error {
	entries, err := files.ReadDir(".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.putFile(e.Name(), e.Name()); err != nil {
			return err
		}
	}
	return nil
}

func (s Stage) putFile(from, to string) error {
	text, err := files.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Folder, to), text, 0o600)
}

// perform carries out one command as it would be typed in the folder of the
// files, shows it and returns all that it printed.
func (s Stage) perform(ctx context.Context, line string, c command) (string, error) {
	words := strings.Fields(line)
	if words[0] == "cp" {
		fmt.Fprintln(s.Out, s.strong("$ "+line))
		return "", s.putFile(words[1], words[2])
	}
	for i, word := range words {
		if strings.HasSuffix(word, ".csv") {
			words[i] = filepath.Join(s.Folder, word)
		}
	}
	printed, err := s.carryOut(ctx, words[1:], c.exit)
	if err != nil {
		return "", err
	}
	s.show(line, printed, c.show)
	return printed, nil
}

// carryOut does one command and returns all that it printed. One that does not end as
// it should is an error.
func (s Stage) carryOut(ctx context.Context, words []string, exit int) (string, error) {
	var out strings.Builder
	got := s.Kith(ctx, &out, words...)
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if got != exit {
		return "", fmt.Errorf("the demo came to a stop: kith %s ended with exit code %d, not %d:\n%s", strings.Join(words, " "), got, exit, out.String())
	}
	return out.String(), nil
}

// show prints a command and the part of its output that the story needs. How
// much that is stands behind the command, as a comment of the shell.
func (s Stage) show(line, printed string, picks []pick) {
	all := strings.Split(strings.TrimRight(printed, "\n"), "\n")
	shown := picked(all, picks)
	if len(shown) == len(all) {
		fmt.Fprintln(s.Out, s.strong("$ "+line))
	} else {
		fmt.Fprintf(s.Out, "%s  # %d of %d lines\n", s.strong("$ "+line), len(shown), len(all))
	}
	for _, l := range shown {
		fmt.Fprintln(s.Out, l)
	}
}

// picked returns the lines that a pick is for, in their order, as wide as the page.
func picked(all []string, picks []pick) (shown []string) {
	left := slices.Clone(picks)
	for _, l := range all {
		at := slices.IndexFunc(left, func(p pick) bool { return p.most > 0 && strings.HasPrefix(l, p.begins) })
		if at < 0 {
			continue
		}
		left[at].most--
		if left[at].fold {
			l = fold(l)
		}
		shown = append(shown, cut(l))
	}
	return shown
}

func (s Stage) strong(text string) string {
	if s.Strong == nil {
		return text
	}
	return s.Strong(text)
}
