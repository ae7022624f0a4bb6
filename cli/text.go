package cli

import (
	"io"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/kith-sync/kith/desk"
)

// plain makes a text safe to show on a terminal: a value from a file must not
// move the cursor, change colours or turn the reading direction around.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return desk.Visible(r)
	}, s)
}

// several counts things: 1 contact, 2 contacts.
func several(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return humanize.Comma(n) + " " + thing + "s"
}

// A table lines columns up. It learns their widths from the first rows and then
// prints the others as they come.
type table struct {
	out     io.Writer
	waiting [][]string
	widths  []int
	flowing bool
	head    int // 1 with a header
}

const (
	tableSample = 200
	widestCell  = 48
)

// newTable begins a table; without columns it has no header.
func newTable(out io.Writer, columns []string) *table {
	t := &table{out: out}
	if len(columns) > 0 {
		head := make([]string, len(columns))
		for i, c := range columns {
			head[i] = strings.ToUpper(c)
		}
		t.waiting, t.head = append(t.waiting, head), 1
	}
	return t
}

// empty reports whether there is no row yet.
func (t *table) empty() bool { return !t.flowing && len(t.waiting) == t.head }

func (t *table) add(row []string) error {
	if t.flowing {
		return t.print(row)
	}
	t.waiting = append(t.waiting, row)
	if len(t.waiting) < tableSample {
		return nil
	}
	return t.flush()
}

func (t *table) flush() error {
	for _, row := range t.waiting {
		for len(t.widths) < len(row) {
			t.widths = append(t.widths, 0)
		}
		for i, c := range row {
			t.widths[i] = max(t.widths[i], min(desk.Width(desk.Cell(c)), widestCell))
		}
	}
	t.flowing = true
	for _, row := range t.waiting {
		if err := t.print(row); err != nil {
			return err
		}
	}
	t.waiting = nil
	return nil
}

func (t *table) print(row []string) error {
	var b strings.Builder
	for i, c := range row {
		if i == len(row)-1 {
			b.WriteString(desk.Cell(c)) // nothing stands to the right of it
			break
		}
		c = desk.Shorten(desk.Cell(c), t.widths[i])
		b.WriteString(c + strings.Repeat(" ", t.widths[i]-desk.Width(c)+2))
	}
	_, err := io.WriteString(t.out, strings.TrimRight(b.String(), " ")+"\n")
	return err
}
