package spill

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPropSortedIsASortedCopyOfWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.Uint64Range(0, 1<<63-1).Draw(t, "bound")
		var want []Record
		s := New("", bound)
		defer s.Close()
		for range rapid.IntRange(0, 300).Draw(t, "n") {
			r := Record{rapid.Uint64Range(0, bound).Draw(t, "word"), rapid.Uint64Range(0, 3).Draw(t, "second"), rapid.Uint64Range(0, 3).Draw(t, "third")}
			want = append(want, r)
			if err := s.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(want, compare)
		for range 2 { // it may be read again
			if got := read(t, s); !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	})
}

func TestMoreThanMemoryGoesToAFile(t *testing.T) {
	s := New(t.TempDir(), 1<<63-1)
	defer s.Close()
	const n = 2 * inMemory
	for i := range uint64(n) {
		if err := s.Add(Record{i * 0x9E3779B97F4A7C15 >> 1, i}); err != nil {
			t.Fatal(err)
		}
	}
	if s.file == nil {
		t.Fatal("nothing went to a file")
	}
	got := read(t, s)
	if len(got) != n || !slices.IsSortedFunc(got, compare) {
		t.Fatalf("got %d records, sorted %v; want %d", len(got), slices.IsSortedFunc(got, compare), n)
	}
}

// Record numbers are far below the size of their file, which bounds them: a
// bucket must not get all of them.
func TestWordsFarBelowTheBoundAreSharedOut(t *testing.T) {
	s := New(t.TempDir(), 1<<40)
	defer s.Close()
	const n = 4 * inMemory
	for i := range uint64(n) {
		if err := s.Add(Record{i * 0x9E3779B97F4A7C15 % n}); err != nil {
			t.Fatal(err)
		}
	}
	for stretch, err := range s.Sorted() {
		if err != nil {
			t.Fatal(err)
		}
		if len(stretch) > n/16 {
			t.Fatalf("got a stretch of %d records, want at most %d", len(stretch), n/16)
		}
	}
}

func compare(a, b Record) int { return slices.Compare(a[:], b[:]) }

func read(t interface{ Fatal(...any) }, s *Sorter) (got []Record) {
	for stretch, err := range s.Sorted() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, stretch...)
	}
	return got
}
