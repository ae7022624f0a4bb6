package csvfile

import (
	"strconv"
	"strings"
)

// numbering finds keys for new rows: the highest number plus one or, where keys
// are no numbers, row-1, row-2 and so on. It looks at the file once. A key that
// was given is never given again.
type numbering struct {
	counted bool
	words   bool  // some key is no number
	highest int64 // number
	row     int64 // highest row-N
}

const rowPrefix = "row-"

// see takes note of a key.
func (n *numbering) see(id string) {
	if id == "" {
		return
	}
	if number, err := strconv.ParseInt(id, 10, 63); err == nil {
		n.highest = max(n.highest, number)
		return
	}
	n.words = true
	if text, ok := strings.CutPrefix(id, rowPrefix); ok {
		if number, err := strconv.ParseInt(text, 10, 63); err == nil {
			n.row = max(n.row, number)
		}
	}
}

// nextID returns a key for a new row.
func (c *content) nextID() string {
	n := &c.ids
	if !n.counted {
		n.counted, n.row = true, int64(len(c.rows))
		for _, row := range c.rows {
			if row != nil {
				n.see(row[c.idAt])
			}
		}
	}
	if n.words {
		n.row++
		return rowPrefix + strconv.FormatInt(n.row, 10)
	}
	n.highest++
	return strconv.FormatInt(n.highest, 10)
}
