// Package people writes contact files for the benchmarks: any number of rows of sixteen columns, always the same
// for the same options, about 229 bytes a row. Everybody in them is invented: e-mail addresses end in example.com,
// .org or .net and telephones are numbers that no subscriber has. It knows nothing of the program that is measured.
package people

import (
	"bufio"
	"errors"
	"io"
)

// A file is made of blocks of 50 rows: 49 new people, then one row that repeats the e-mail of somebody earlier (2 %).
const (
	block        = 50
	peopleABlock = block - 1
)

// Header names the columns, in order.
const Header = "id,email,first_name,last_name,phone,mobile,company,title,street,city,postal_code,country,language,website,birthday,note"

// Options says which file to write. Two files of the same Seed, Rows and Start hold the same people at the same
// positions, but for those that are Changed or Missing.
type Options struct {
	Seed    uint64
	Rows    int  // data rows, the header not counted, before any are left out
	Start   int  // rows to skip first: a file with Start n continues one of n rows with new people
	Changed int  // people whose title differs, spread evenly over the file
	Edit    int  // which title a changed person gets; 1, 2, 3... all differ, 0 is the unchanged one
	Missing int  // people who are left out with all their rows, spread evenly over the file
	Only    bool // write nobody but the changed people
}

// Count says what was written.
type Count struct {
	Rows    int // data rows
	People  int // distinct e-mail addresses
	Repeats int // rows whose e-mail an earlier row has; a repeat is never changed
	Changed int // rows that differ from the same file without Changed
	Bytes   int64
}

var errOptions = errors.New("people: changed and missing must lie between none and all, edit between 0 and 40")

// People is the number of distinct people in a file of so many rows of which none is missing.
func People(rows int) int { return rows - rows/block }

// Write writes a file. It keeps one row in memory, whatever the size of the file.
func Write(w io.Writer, o Options) (Count, error) {
	all := People(o.Rows)
	if o.Changed < 0 || o.Changed > all || o.Missing < 0 || o.Missing > all || o.Edit < 0 || o.Edit >= len(titles) {
		return Count{}, errOptions
	}
	out := bufio.NewWriterSize(w, 1<<18)
	var n Count
	line := append([]byte(Header), '\r', '\n')
	for row := 0; ; row++ {
		n.Bytes += int64(len(line))
		if _, err := out.Write(line); err != nil {
			return n, err
		}
		if row, line = next(row, o, all, &n, line[:0]); line == nil {
			return n, out.Flush()
		}
	}
}

// next appends the first row at or after row that belongs into the file, counts it, and says which it was.
// At the end it gives nil.
func next(row int, o Options, all int, n *Count, line []byte) (int, []byte) {
	for ; row < o.Rows; row++ {
		person, repeat := whose(o.Seed, row)
		changed := !repeat && chosen(person, o.Changed, all)
		if chosen(person, o.Missing, all) || o.Only && !changed {
			continue
		}
		edit := 0
		if changed {
			edit = o.Edit
		}
		if changed && edit > 0 {
			n.Changed++
		}
		if repeat {
			n.Repeats++
		} else {
			n.People++
		}
		n.Rows++
		return row, appendRow(line, o, row, person, edit)
	}
	return row, nil
}

// whose tells which person a row is about, and whether an earlier row was about the same one.
func whose(seed uint64, row int) (person int, repeat bool) {
	in := row / block * peopleABlock
	if at := row % block; at < peopleABlock {
		return in + at, false
	}
	return int(mix(seed, uint64(row)) % uint64(in+peopleABlock)), true
}

// chosen picks exactly n of all people, evenly spread.
func chosen(person, n, all int) bool {
	return n > 0 && person*n/all != (person+1)*n/all
}

// mix is splitmix64 over two numbers: a cheap, well spread hash that is the same on every machine.
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
