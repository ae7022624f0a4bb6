package main

import (
	"os"
	"slices"
	"testing"
)

func TestFilesAreThoseOfTheGenerator(t *testing.T) {
	first := attendees()
	for name, rows := range exports() {
		got, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if want := text(rows); string(got) != want {
			t.Errorf("%s is not what the generator writes; go generate ./demo", name)
		}
	}
	if len(first) != count {
		t.Errorf("attendees.csv has %d people, want %d", len(first), count)
	}
}

func TestEverySpoilHasARowOfItsOwn(t *testing.T) {
	var seen []int
	for _, s := range spoiled() {
		if slices.Contains(seen, s.at) {
			t.Errorf("%q spoils row %d, which is spoiled already", s.what, s.at)
		}
		seen = append(seen, s.at)
	}
}

func TestTidyPeopleDiffer(t *testing.T) {
	seen := map[string]int{}
	for i := range count + 3 {
		name := tidy(i).first + " " + tidy(i).last
		if at, twice := seen[name]; twice {
			t.Errorf("%s stands in rows %d and %d", name, at, i)
		}
		seen[name] = i
	}
}
