// Package spill sorts more small records than memory should hold. Records go to
// buckets by the leading bits of their first word; what does not fit in memory
// goes to a temporary file, and each bucket is sorted when it is read.
package spill

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math/bits"
	"os"
	"slices"
)

// A Record is three words; records are sorted by the first, then the second,
// then the third.
type Record [3]uint64

const (
	recordSize  = 24
	bucketSize  = 16 << 10 / recordSize // records a bucket collects before they are written
	bucketCount = 128
	inMemory    = 1 << 17 // records that are sorted without a file: 3 MiB
)

// A Sorter takes records in any order and gives them back in ascending order.
// Its memory does not grow with their number, as long as their first words come
// spread evenly over those there are.
type Sorter struct {
	folder  string
	bound   uint64
	shift   int
	memory  []Record
	buckets [][]Record
	extents [][]extent
	file    *os.File
	size    int64
	buffer  []byte
	count   int64
}

type extent struct {
	at int64
	n  int
}

// New returns an empty sorter for records whose first word is at most bound. It
// makes its temporary file in folder, when it needs one.
func New(folder string, bound uint64) *Sorter {
	return &Sorter{folder: folder, bound: bound}
}

// Len returns how many records were added.
func (s *Sorter) Len() int64 { return s.count }

// Add adds a record.
func (s *Sorter) Add(r Record) error {
	s.count++
	if s.buckets != nil {
		return s.spread(r)
	}
	s.memory = append(s.memory, r)
	if len(s.memory) < inMemory {
		return nil
	}
	s.shift = s.shiftFor(s.memory)
	s.buckets = make([][]Record, bucketCount)
	s.extents = make([][]extent, bucketCount)
	for _, r := range s.memory {
		if err := s.spread(r); err != nil {
			return err
		}
	}
	s.memory = nil
	return nil
}

// shiftFor shares the buckets out among first words like those seen so far. Words
// beyond them go to the last bucket.
func (s *Sorter) shiftFor(seen []Record) int {
	largest := uint64(0)
	for i := range seen {
		largest = max(largest, min(seen[i][0], s.bound))
	}
	return max(0, bits.Len64(largest)-bits.Len64(bucketCount-1))
}

func (s *Sorter) spread(r Record) error {
	n := min(int(r[0]>>s.shift), bucketCount-1)
	b := s.buckets[n]
	if b == nil {
		b = make([]Record, 0, bucketSize)
	}
	b = append(b, r)
	s.buckets[n] = b
	if len(b) < bucketSize {
		return nil
	}
	return s.flush(n)
}

func (s *Sorter) flush(n int) error {
	if s.file == nil {
		file, err := os.CreateTemp(s.folder, "sort-*")
		if err != nil {
			return fmt.Errorf("sort: %w", err)
		}
		_ = os.Remove(file.Name()) // gone with the process; systems that cannot leave it to Close
		s.file = file
	}
	b := s.buckets[n]
	s.buffer = s.buffer[:0]
	for _, r := range b {
		for _, w := range r {
			s.buffer = binary.LittleEndian.AppendUint64(s.buffer, w)
		}
	}
	if _, err := s.file.WriteAt(s.buffer, s.size); err != nil {
		return fmt.Errorf("sort: %w", err)
	}
	s.extents[n] = append(s.extents[n], extent{s.size, len(b)})
	s.size += int64(len(s.buffer))
	s.buckets[n] = b[:0]
	return nil
}

// Sorted yields the records in stretches that ascend from one to the next. A
// stretch is valid until the next one; the sorter may be read again.
func (s *Sorter) Sorted() iter.Seq2[[]Record, error] {
	return func(yield func([]Record, error) bool) {
		if s.buckets == nil {
			sortRecords(s.memory, make([]Record, len(s.memory)))
			if len(s.memory) > 0 {
				yield(s.memory, nil)
			}
			return
		}
		var stretch, scratch []Record
		for n := range s.buckets {
			var err error
			if stretch, err = s.load(n, stretch[:0]); err != nil {
				yield(nil, err)
				return
			}
			scratch = slices.Grow(scratch[:0], len(stretch))[:len(stretch)]
			sortRecords(stretch, scratch)
			if len(stretch) > 0 && !yield(stretch, nil) {
				return
			}
		}
	}
}

func (s *Sorter) load(n int, stretch []Record) ([]Record, error) {
	for _, e := range s.extents[n] {
		s.buffer = slices.Grow(s.buffer[:0], e.n*recordSize)[:e.n*recordSize]
		if _, err := s.file.ReadAt(s.buffer, e.at); err != nil && err != io.EOF {
			return nil, fmt.Errorf("sort: %w", err)
		}
		for b := s.buffer; len(b) > 0; b = b[recordSize:] {
			stretch = append(stretch, Record{
				binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:]),
			})
		}
	}
	return append(stretch, s.buckets[n]...), nil
}

// sortRecords sorts by a rough count first: words that are spread evenly, as
// hashes and record numbers are, then lie next to their place.
func sortRecords(r, scratch []Record) {
	low, high := ^uint64(0), uint64(0)
	for i := range r {
		low, high = min(low, r[i][0]), max(high, r[i][0])
	}
	shift := max(0, bits.Len64(high-low)-slotBits)
	var ends [1<<slotBits + 1]int32
	for i := range r {
		ends[(r[i][0]-low)>>shift+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	starts := ends
	for _, rec := range r {
		slot := (rec[0] - low) >> shift
		scratch[starts[slot]] = rec
		starts[slot]++
	}
	for i := range len(ends) - 1 {
		if slot := scratch[ends[i]:ends[i+1]]; len(slot) > 1 {
			sortSlot(slot)
		}
	}
	copy(r, scratch)
}

const slotBits = 12

func sortSlot(r []Record) {
	slices.SortFunc(r, func(a, b Record) int {
		if a[0] < b[0] {
			return -1
		}
		if a[0] > b[0] {
			return 1
		}
		return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2]))
	})
}

// Close gives back the memory and removes the temporary file. A second Close
// does nothing.
func (s *Sorter) Close() error {
	s.memory, s.buckets, s.buffer = nil, nil, nil
	if s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := s.file.Close()
	s.file = nil
	_ = os.Remove(name)
	return err
}
