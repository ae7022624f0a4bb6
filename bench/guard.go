package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kith-sync/kith/bench/child"
	"github.com/kith-sync/kith/bench/people"
	"github.com/kith-sync/kith/bench/verify"
)

// guardCase is a file from which contacts are missing, imported with --delete-missing.
type guardCase struct {
	name    string
	missing int // people left out
	cut     func(path string) error
	deleted int
	exit    int // -1: not asked
}

// guardCases are those of the 10 % rule (C39, settled question 4): exactly 10 % passes, more stops before any write.
// An empty, header-only or cut-off file never deletes, whatever else is done with it.
func guardCases(all int) []guardCase {
	whole := func(string) error { return nil }
	few, tenth := all*99/1000, all/10
	return []guardCase{
		{"9.9 % missing", few, whole, few, 0},
		{"10.0 % missing", tenth, whole, tenth, 0},
		{"10.1 % missing", (all*101 + 999) / 1000, whole, 0, 4},
		{"empty file", 0, func(path string) error { return os.Truncate(path, 0) }, 0, -1},
		{"header only", 0, func(path string) error { return os.Truncate(path, int64(len(people.Header)+2)) }, 0, -1},
		{"cut off inside a quoted cell at 95 %", 0, cutInQuotes, 0, -1},
	}
}

// guard is workload 11: each case against an import of the same size that changes 1 %, in the same round.
func guard(s *suite) ([]row, error) {
	base, n, err := s.base()
	if err != nil {
		return nil, err
	}
	cases := guardCases(n.People)
	measured := make([]series, len(cases))
	deleted, exits := make([]check, len(cases)), make([]check, len(cases))
	for i, c := range cases {
		deleted[i] = check{Want: fmt.Sprintf("%d deleted, nothing else", c.deleted), Met: true}
		exits[i] = check{Want: fmt.Sprintf("exit %d", c.exit), Met: true}
	}
	held, err := s.clone(base, "held") // no case that deletes nothing may leave a trace here
	if err != nil {
		return nil, err
	}
	defer func() { _ = clear(held, s.path("guard")) }() // what is left goes with the temporary folder
	for round := range s.runs {
		reference, err := s.reference(base, round+1)
		if err != nil {
			return nil, err
		}
		for i, c := range cases {
			data := held
			if c.deleted > 0 {
				if data, err = s.clone(base, "guard"); err != nil {
					return nil, err
				}
			}
			o, err := s.guarded(c, data)
			if err != nil {
				return nil, err
			}
			measured[i].add(o.Usage, reference)
			deleted[i].expect(o.Totals["deleted"], c.deleted)
			deleted[i].expect(o.Totals["deleted"]+o.Totals["created"]+o.Totals["updated"], c.deleted)
			if c.exit >= 0 {
				exits[i].expect(o.Exit, c.exit)
			}
		}
	}
	var rows []row
	for i, c := range cases {
		checks := []check{deleted[i]}
		if c.exit >= 0 {
			checks = append(checks, exits[i])
		}
		rows = append(rows, measured[i].row("delete guard: "+c.name, "ours, 1 % changed", 1.2, checks...))
	}
	last, err := s.untouched(held, n.People)
	return append(rows, last), err
}

// reference is the import of workload 3 that each case is held against.
func (s *suite) reference(base string, edit int) (*child.Result, error) {
	data, err := s.clone(base, "guard")
	if err != nil {
		return nil, err
	}
	if _, err := s.write(s.file(), people.Options{Rows: s.rows, Changed: s.rows / 100, Edit: edit}); err != nil {
		return nil, err
	}
	o, err := s.mustLoad(s.file(), data)
	return &o.Result, err
}

func (s *suite) guarded(c guardCase, data string) (outcome, error) {
	if _, err := s.write(s.file(), people.Options{Rows: s.rows, Missing: c.missing}); err != nil {
		return outcome{}, err
	}
	if err := c.cut(s.file()); err != nil {
		return outcome{}, err
	}
	return s.load(s.file(), data, "--delete-missing")
}

// untouched imports the whole file again into the store of the cases that must not write: all of it is unchanged.
// The judge says by SQL how many contacts the file of 10.1 % really lacks.
func (s *suite) untouched(data string, all int) (row, error) {
	whole, short, db := s.file(), s.path("short.csv"), s.path("judge.db")
	defer func() { _ = clear(short, db) }() // what is left goes with the temporary folder
	_, err := s.write(whole, people.Options{Rows: s.rows})
	if err != nil {
		return row{}, err
	}
	o, err := s.load(whole, data, "--every-time")
	if err != nil {
		return row{}, err
	}
	effects := o.Totals["created"] + o.Totals["updated"] + o.Totals["deleted"]
	r := row{Case: "delete guard: the store of the stopped imports", Ours: o.Usage, Checks: []check{
		{Want: fmt.Sprintf("%d unchanged", all), Met: o.Totals["unchanged"] == all && effects == 0, Got: fmt.Sprint(o.Totals)}}}

	missing := (all*101 + 999) / 1000
	if _, err := s.write(short, people.Options{Rows: s.rows, Missing: missing}); err != nil {
		return r, err
	}
	judge, err := verify.Diff(s.ctx, db, whole, short)
	if errors.Is(err, child.Missing) {
		return r, nil
	}
	r.Checks = append(r.Checks, agrees(judge, verify.Counts{Missing: missing}))
	return r, err
}

// cutInQuotes ends the file inside a quoted cell about 95 % of the way, as a broken download does. Only 5 % are
// missing, so the 10 % rule alone would let it delete.
func cutInQuotes(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	window := make([]byte, 4096)
	from := end * 95 / 100
	n, err := f.ReadAt(window, from)
	if err != nil && err != io.EOF {
		return err
	}
	at := bytes.Index(window[:n], []byte(`,"`)) // opens a cell: no cell begins or ends with a comma in quotes
	if at < 0 {
		return errors.New("no quoted cell near the end of the file")
	}
	return f.Truncate(from + int64(at) + 4)
}
