package run

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

func TestPropBlockKeepsOutcomes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []outcome
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			o := outcome{
				Hash: rapid.Uint64().Draw(t, "hash"), Ref: rapid.Int64Range(0, 1<<52).Draw(t, "ref"),
				Action: plan.Action(rapid.IntRange(0, int(plan.Restore)).Draw(t, "action")),
				Reason: uint8(rapid.IntRange(0, len(plan.Reasons)-1).Draw(t, "reason")), Rule: uint8(rapid.IntRange(0, 3).Draw(t, "rule")),
			}
			for i := range o.Keys {
				o.Keys[i] = rapid.Uint64Range(0, 2).Draw(t, "key")
			}
			want = append(want, o)
		}
		got, err := decodeBlock(encodeBlock(7, want), nil)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
	})
}

func TestDamagedBlockIsAnError(t *testing.T) {
	whole := encodeBlock(3, []outcome{{Hash: 1, Keys: [3]uint64{0, 5, 6}, Ref: 1 << 41, Action: plan.Update, Rule: 2}})
	for n := 1; n < len(whole.Data); n++ {
		if _, err := decodeBlock(store.Block{N: 3, Data: whole.Data[:n]}, nil); err == nil && n < 26 {
			t.Errorf("a block cut off after %d of %d bytes was read", n, len(whole.Data))
		}
	}
}
