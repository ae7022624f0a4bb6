package store

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func find(t *testing.T, s *Store, b Book, rule int, hashes ...uint64) []KeyHit {
	t.Helper()
	hits, err := s.FindKeys(ctx, b, rule, hashes)
	noError(t, err)
	return hits
}

func testAddKeys(t *testing.T, s *Store) {
	b, other := makeBook(t, s, "people"), makeBook(t, s, "other")
	a, c := Ref(b.ID, 1), Ref(b.ID, 2)
	keys := []KeyHit{{0, a}, {7, a}, {7, a}, {7, c}, {1<<63 - 1, c}}
	noError(t, s.AddKeys(ctx, b.ID, 2, keys))
	seq := reread(t, s, b).Seq
	noError(t, s.AddKeys(ctx, b.ID, 2, keys))
	equal(t, "change counter after the same keys again", reread(t, s, b).Seq, seq)
	noError(t, s.AddKeys(ctx, b.ID, 2, []KeyHit{{9, a}, {8, a}})) // not in order
	b = reread(t, s, b)
	equal(t, "change counter after new keys", b.Seq, seq+1)
	same(t, "all keys", find(t, s, b, 2, 0, 7, 8, 9, 10, 1<<63-1), []KeyHit{{0, a}, {7, a}, {7, c}, {8, a}, {9, a}, {1<<63 - 1, c}})
	same(t, "another rule", find(t, s, b, 3, 0, 7), nil)
	same(t, "another book", find(t, s, other, 2, 0, 7), nil)
}

// The population decides between sweep and probe: both must find the same.
func testFindKeys(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	r := rand.New(rand.NewPCG(1, 2))
	var keys []KeyHit
	for i := range int64(3000) {
		keys = append(keys, KeyHit{r.Uint64() >> 1, Ref(b.ID, i)})
		if i%10 == 0 { // families share a telephone
			keys = append(keys, KeyHit{keys[len(keys)-1].Hash, Ref(b.ID, i+1)})
		}
	}
	for i := range int64(2 * leafKeys) { // a switchboard: more keys of one hash than a leaf holds
		keys = append(keys, KeyHit{1 << 40, Ref(b.ID, i)})
	}
	slices.SortFunc(keys, compareKeys)
	for part := range slices.Chunk(keys, 700) {
		noError(t, s.AddKeys(ctx, b.ID, 3, part))
	}
	rapid.Check(t, func(t *rapid.T) {
		var ask []uint64
		for range rapid.IntRange(0, 40).Draw(t, "hashes") {
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				ask = append(ask, rapid.SampledFrom(keys).Draw(t, "key").Hash)
			case 1:
				ask = append(ask, rapid.Uint64Max(1<<63-1).Draw(t, "hash"))
			default:
				ask = append(ask, rapid.SampledFrom([]uint64{0, 1, 1 << 40, 1<<40 + 1, 1<<63 - 1}).Draw(t, "edge"))
			}
		}
		slices.Sort(ask)
		ask = slices.Compact(ask)
		var want []KeyHit
		for _, k := range keys {
			if _, asked := slices.BinarySearch(ask, k.Hash); asked {
				want = append(want, k)
			}
		}
		for _, population := range []int64{0, 1, 3000, 1 << 50} {
			b.Population = population
			got, err := s.FindKeys(ctx, b, 3, ask)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("population %d, hashes %v: got %d hits, %v, want %d", population, ask, len(got), err, len(want))
			}
		}
	})
}

func testKeysMove(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	ada := Ref(b.ID, 1)
	write(t, s, Batch{Book: b, Run: 1, Creates: []ContactWrite{{Ref: ada, Add: []Key{{2, 20}, {3, 30}}}}})
	b = reread(t, s, b)
	same(t, "created", find(t, s, b, 2, 20), []KeyHit{{20, ada}})
	write(t, s, Batch{Book: b, Run: 1, Updates: []ContactWrite{{Ref: ada, IfVersion: 1, Remove: []Key{{2, 20}}, Add: []Key{{2, 21}}}}})
	same(t, "updated", find(t, s, b, 2, 20, 21), []KeyHit{{21, ada}})
	write(t, s, Batch{Book: b, Run: 1, Trash: []ContactWrite{{Ref: ada, IfVersion: 2, Remove: []Key{{2, 21}, {3, 30}}}}})
	same(t, "removed", append(find(t, s, b, 2, 20, 21), find(t, s, b, 3, 30)...), nil)
	write(t, s, Batch{Book: b, Run: 1, Restore: []ContactWrite{{Ref: ada, Add: []Key{{2, 21}, {3, 30}}}}})
	same(t, "restored", append(find(t, s, b, 2, 21), find(t, s, b, 3, 30)...), []KeyHit{{21, ada}, {30, ada}})
}

func testReindex(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	fill(t, s, b, 3)
	noError(t, s.AddKeys(ctx, b.ID, 2, []KeyHit{{99, Ref(b.ID, 1)}}))
	b = reread(t, s, b)
	b.Region = "GB"
	keys := func(values []string) []Key { return []Key{{2, uint64(len(values[0]))}, {1, 5}} }
	noError(t, s.Reindex(ctx, b, keys))
	b = reread(t, s, b)
	equal(t, "region", b.Region, "GB")
	same(t, "keys", find(t, s, b, 2, 15, 99), []KeyHit{{15, Ref(b.ID, 1)}, {15, Ref(b.ID, 2)}, {15, Ref(b.ID, 3)}})

	_, err := s.db.ExecContext(ctx, `UPDATE contact SET data = 'damaged' WHERE id = $1`, Ref(b.ID, 3))
	noError(t, err)
	b.NameFormula = "email"
	if err := s.Reindex(ctx, b, keys); err == nil {
		t.Error("reindex over a damaged contact: got no error")
	}
	equal(t, "formula", reread(t, s, b).NameFormula, "")
	same(t, "keys stay", find(t, s, b, 2, 15, 99), []KeyHit{{15, Ref(b.ID, 1)}, {15, Ref(b.ID, 2)}, {15, Ref(b.ID, 3)}})
}

func TestPropLeavesMergeAndSplit(t *testing.T) {
	key := rapid.Custom(func(t *rapid.T) KeyHit {
		return KeyHit{rapid.Uint64Max(20).Draw(t, "hash"), rapid.Int64Range(1, 20).Draw(t, "ref")}
	})
	list := rapid.Map(rapid.SliceOfN(key, 0, 3*leafKeys), func(k []KeyHit) []KeyHit {
		slices.SortFunc(k, compareKeys)
		return slices.Compact(k)
	})
	rapid.Check(t, func(t *rapid.T) {
		old, add, remove := list.Draw(t, "old"), list.Draw(t, "add"), list.Draw(t, "remove")
		want := slices.Concat(old, add)
		slices.SortFunc(want, compareKeys)
		want = slices.DeleteFunc(slices.Compact(want), func(k KeyHit) bool { return slices.Contains(remove, k) })
		got := mergeKeys(old, add, remove)
		if !slices.Equal(got, want) {
			t.Fatalf("merge %v + %v - %v: got %v, want %v", old, add, remove, got, want)
		}
		var back []KeyHit
		for i, part := range split(got) {
			if i > 0 && part[0].Hash == back[len(back)-1].Hash {
				t.Fatalf("hash %d lies in two leaves", part[0].Hash)
			}
			decoded, err := decodeLeaf(encodeLeaf(part), nil)
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, decoded...)
		}
		if !slices.Equal(back, got) {
			t.Fatalf("split: got %v, want %v", back, got)
		}
	})
}
