package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"

	"github.com/kith-sync/kith/bench/child"
	"github.com/kith-sync/kith/bench/people"
)

// fileGrowth is workload 5: memory while files of growing size go into an empty store, and one monstrous cell.
func fileGrowth(s *suite) ([]row, error) {
	sizes := []int{s.rows / 10, s.rows}
	if s.big {
		sizes = append(sizes, 10*s.rows)
	}
	var rows []row
	var smallest int64
	for _, size := range sizes {
		r, err := s.grow(size)
		if err != nil {
			return rows, err
		}
		if smallest == 0 {
			smallest = r.Ours.RSS
		}
		growth := float64(r.Ours.RSS) / float64(max(smallest, 1))
		r.Ratio = fmt.Sprintf("%.2f (RSS to the smallest)", growth)
		r.Checks = append(r.Checks, check{Want: "RSS within 10 %", Met: growth <= 1.1, Got: r.Ratio})
		rows = append(rows, r)
	}
	r, err := s.monster()
	return append(rows, r), err
}

func (s *suite) grow(size int) (row, error) {
	defer func() { _ = clear(s.path("grown"), s.path("grown.csv")) }() // what is left goes with the temporary folder
	n, err := s.write(s.path("grown.csv"), people.Options{Rows: size})
	if err != nil {
		return row{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return row{}, err
	}
	created := check{Want: fmt.Sprintf("%d created", n.People), Met: true}
	var both series
	for range s.runs {
		if err := clear(s.path("grown")); err != nil {
			return row{}, err
		}
		o, err := s.mustLoad(s.path("grown.csv"), s.path("grown"))
		if err != nil {
			return row{}, err
		}
		p, err := s.peer([]string{self, "csvloop", s.path("grown.csv")})
		if err != nil {
			return row{}, err
		}
		both.add(o.Usage, p)
		created.expect(o.Totals["created"], n.People)
	}
	return row{Case: fmt.Sprintf("file of %d rows", size), Ours: median(both.ours), Peer: median(both.peer),
		PeerName: "Go csv loop", Checks: []check{memory(both), created}}, nil
}

// csvLoop reads a file with Go's own reader and does nothing with it: the memory that reading alone takes.
func csvLoop(file string, out io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.ReuseRecord = true
	for n := 0; ; n++ {
		if _, err := in.Read(); err == io.EOF {
			fmt.Fprintln(out, n)
			return nil
		} else if err != nil {
			return err
		}
	}
}

// monster imports 2,466 good rows with one between them that has a cell of 64 MB, on line 1235.
func (s *suite) monster() (row, error) {
	const half, line, cellSize = 1233, "1235", 64 << 20
	file, data := s.path("monster.csv"), s.path("monster")
	defer func() { _ = clear(file, data) }() // what is left goes with the temporary folder
	var text bytes.Buffer
	if _, err := people.Write(&text, people.Options{Seed: s.seed, Rows: 2 * half}); err != nil {
		return row{}, err
	}
	if err := writeMonster(file, text.Bytes(), half, cellSize); err != nil {
		return row{}, err
	}
	o, err := s.load(file, data)
	if err != nil {
		return row{}, err
	}
	said := string(o.Stdout) + string(o.Stderr)
	if o.Run != nil { // the line may stand in the list of rejects only
		if r, err := child.Run(s.ctx, s.kith, "rejects", fmt.Sprint(o.Run), "--data", data, "-o", "json"); err == nil {
			said += string(r.Stdout)
		}
	}
	return row{Case: "one cell of 64 MB", Ours: o.Usage, Checks: []check{
		{Want: "exit 3", Met: o.Exit == 3, Got: fmt.Sprintf("exit %d", o.Exit)},
		{Want: "1 rejected", Met: o.Totals["rejected"] == 1, Got: fmt.Sprint(o.Totals["rejected"])},
		{Want: fmt.Sprintf("%d created", people.People(2*half)), Met: o.Totals["created"] == people.People(2*half), Got: fmt.Sprint(o.Totals["created"])},
		{Want: "line " + line + " named", Met: bytes.Contains([]byte(said), []byte(line)), Got: "not named"},
		memory(series{ours: []child.Usage{o.Usage}}),
	}}, nil
}

func writeMonster(path string, text []byte, rows, cellSize int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	at := 0
	for range rows + 1 { // the header too
		at += bytes.IndexByte(text[at:], '\n') + 1
	}
	chunk := bytes.Repeat([]byte{'x'}, 1<<16)
	write := func(b []byte) {
		if err == nil {
			_, err = f.Write(b)
		}
	}
	write(text[:at])
	write([]byte("9,monster@example.com,Big,Cell,,,,,,,,,,,,"))
	for range cellSize / len(chunk) {
		write(chunk)
	}
	write([]byte("\r\n"))
	write(text[at:])
	return err
}
