package run

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/kith-sync/kith/plan"
)

// A rowNote is what the first pass over the source learns about a record.
type rowNote struct {
	Hash    uint64
	Keys    [3]uint64   // by plan.KeyRules
	Name    uint64      // hash of the last name, where it tells people apart who share a telephone
	Settled plan.Action // decided without looking at the target; NoAction: not yet
	Reason  uint8
	Create  plan.Action // what becomes of it when nobody in the target is found
	Why     uint8       // the reason for that
	Rule    uint8       // of a clean record: the rule that found its contact
	Ref     int64       // of a clean record: its contact, which need not be looked at
	Place   int64       // where the record starts in the source, as csv.Row says
	Line    int64       // and on which line
	Second  [2][]uint64 // all e-mails and telephones, where they count; not kept with the others
}

const rowNoteSize = 8 + 3*8 + 5 + 4*8

// noteFile keeps the notes of all records in a temporary file, in order, so that
// memory does not grow with the source.
type noteFile struct {
	file   *os.File
	out    *bufio.Writer
	buffer []byte
	count  int64
}

func newNoteFile(folder string) (*noteFile, error) {
	file, err := os.CreateTemp(folder, "rows-*")
	if err != nil {
		return nil, fmt.Errorf("read source: %w", err)
	}
	return &noteFile{file: file, out: bufio.NewWriterSize(file, 64<<10)}, nil
}

func (f *noteFile) add(n rowNote) error {
	f.count++
	b := binary.LittleEndian.AppendUint64(f.buffer[:0], n.Hash)
	for _, k := range n.Keys {
		b = binary.LittleEndian.AppendUint64(b, k)
	}
	b = append(b, byte(n.Settled), n.Reason, byte(n.Create), n.Why, n.Rule)
	for _, w := range [...]int64{n.Ref, n.Place, n.Line, int64(n.Name)} {
		b = binary.LittleEndian.AppendUint64(b, uint64(w))
	}
	f.buffer = b
	_, err := f.out.Write(f.buffer)
	return err
}

// noteReader reads notes from the first to the last.
type noteReader struct {
	in     *bufio.Reader
	buffer [rowNoteSize]byte
}

func (f *noteFile) read() (*noteReader, error) {
	if err := f.out.Flush(); err != nil {
		return nil, err
	}
	return &noteReader{in: bufio.NewReaderSize(io.NewSectionReader(f.file, 0, f.count*rowNoteSize), 64<<10)}, nil
}

// next returns the next note, or io.EOF.
func (r *noteReader) next() (n rowNote, err error) {
	if _, err := io.ReadFull(r.in, r.buffer[:]); err != nil {
		return n, err
	}
	return parseNote(r.buffer[:]), nil
}

// at returns the note on one record, when all have been added.
func (f *noteFile) at(number int64) (rowNote, error) {
	if err := f.out.Flush(); err != nil {
		return rowNote{}, err
	}
	var b [rowNoteSize]byte
	if _, err := f.file.ReadAt(b[:], number*rowNoteSize); err != nil {
		return rowNote{}, fmt.Errorf("read note on record %d: %w", number, err)
	}
	return parseNote(b[:]), nil
}

func parseNote(b []byte) (n rowNote) {
	n.Hash = binary.LittleEndian.Uint64(b)
	for i := range n.Keys {
		n.Keys[i] = binary.LittleEndian.Uint64(b[8+8*i:])
	}
	n.Settled, n.Reason, n.Create, n.Why, n.Rule = plan.Action(b[32]), b[33], plan.Action(b[34]), b[35], b[36]
	for i, w := range [...]*int64{&n.Ref, &n.Place, &n.Line} {
		*w = int64(binary.LittleEndian.Uint64(b[37+8*i:]))
	}
	n.Name = binary.LittleEndian.Uint64(b[61:])
	return n
}

func (f *noteFile) close() {
	name := f.file.Name()
	f.file.Close()
	_ = os.Remove(name)
}

// A bitset is a set of record numbers.
type bitset []uint64

func newBitset(n int64) bitset { return make(bitset, n/64+1) }

func (s bitset) add(i int64)      { s[i>>6] |= 1 << (i & 63) }
func (s bitset) has(i int64) bool { return s[i>>6]&(1<<(i&63)) != 0 }
