package csv

import "bytes"

// A candidate is a delimiter and how much its regularity counts: spaces and
// colons stand regularly in names and times that they do not delimit.
type candidate struct {
	delim  string
	weight float64
}

var delimiters = []candidate{
	{",", 1}, {";", 1}, {"\t", 1}, {"|", 1},
	{"||", 1.05}, {"::", 0.95}, {";;", 1.05}, {"^", 0.95}, {"~", 0.95}, {"§", 0.95}, {"¦", 0.95},
	{"\x1f", 0.95}, {"\x01", 0.95}, {":", 0.7}, {" ", 0.7},
}

// A sample is the beginning of a file as one delimiter and quote divide it.
type sample struct {
	delim, quote string
	rows         []sampleRow
	width        int // the most frequent number of fields
	score        float64
}

type sampleRow struct {
	fields []string
	line   int64
}

// guess returns the sample that looks most like a table. A file in which no
// delimiter is regular has one column.
func guess(text []byte, delims []candidate) sample {
	var best sample
	for _, c := range delims {
		for _, quote := range []string{`"`, "'"} {
			if !bytes.Contains(text, []byte(c.delim)) && len(delims) > 1 || quote == "'" && !bytes.Contains(text, []byte(quote)) {
				continue
			}
			s := divideSample(text, c.delim, quote)
			s.rate(text, c.weight)
			if s.score > best.score || best.delim == "" && len(delims) == 1 {
				best = s
			}
		}
	}
	if best.delim == "" {
		best = divideSample(text, ",", `"`)
	}
	return best
}

func divideSample(text []byte, delim, quote string) sample {
	s := sample{delim: delim, quote: quote}
	r := NewReader(bytes.NewReader(text), Dialect{Delimiter: delim, Quote: quote}, Limits{Record: enough})
	widths := map[int]int{}
	for len(s.rows) < 500 {
		row, err := r.Next()
		if err != nil {
			break
		}
		s.rows = append(s.rows, sampleRow{strs(row.Fields), row.Line})
		if row.Problem == nil || row.Problem.Code == BadEncoding || row.Problem.Code == WrongColumns {
			widths[len(row.Fields)]++
		}
	}
	for w, n := range widths {
		if n > widths[s.width] || n == widths[s.width] && w > s.width {
			s.width = w
		}
	}
	if len(s.rows) > 0 {
		s.score = float64(widths[s.width]) / float64(len(s.rows))
	}
	return s
}

// rate turns the share of regular rows into the score: more columns are more
// convincing, and so is a first row that has them all.
func (s *sample) rate(text []byte, weight float64) {
	switch {
	case s.width < 2 || weight < 0.9 && (s.width < 3 || s.score < 0.9):
		s.score = 0
		return
	case len(s.rows[0].fields) != s.width:
		s.score *= 0.9
	}
	s.score *= weight * (1 - 0.3/float64(s.width))
	if s.quote == "'" {
		s.score *= 0.98
	}
	quoted := bytes.Count(text, []byte(s.delim+s.quote)) + bytes.Count(text, []byte(s.quote+s.delim))
	s.score *= 1 + 0.05*min(1, float64(quoted)/float64(2*len(s.rows)))
}

// preamble returns the index of the first row that belongs to the table. Rows
// before it fill at most half of the columns. It skips nothing that could be a
// record: with the columns of the table, they must stand before a header.
func (s *sample) preamble() int {
	for i, row := range s.rows {
		if i > 30 || s.width < 2 {
			return 0
		}
		if filled(row.fields) > s.width/2 || s.width == 2 && len(row.fields) == 2 {
			for _, before := range s.rows[:i] {
				if len(before.fields) >= s.width && !s.hasHeader(i) {
					return 0
				}
			}
			return i
		}
	}
	return 0
}

func filled[T string | []byte](fields []T) int {
	n := 0
	for _, f := range fields {
		if len(f) > 0 {
			n++
		}
	}
	return n
}

func strs(fields [][]byte) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = string(f)
	}
	return out
}
