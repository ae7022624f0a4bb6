package run

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// blockRows is how many records one block describes.
const blockRows = 2048

// An outcome is what a plan says of one record read, in its packed form: enough
// to count, to apply, to recognise the record next time, and to find it by key.
type outcome struct {
	Hash   uint64    // of the record's bytes
	Keys   [3]uint64 // hashes of its match keys by plan.KeyRules; 0: none
	Ref    int64     // the contact it was found to be
	Action plan.Action
	Reason uint8 // index in plan.Reasons
	Rule   uint8 // plan.NumberOf the rule that found the contact
}

const outcomeSize = 8 + 3*8 + 8 + 3

func appendOutcome(b []byte, o outcome) []byte {
	b = binary.LittleEndian.AppendUint64(b, o.Hash)
	for _, k := range o.Keys {
		b = binary.LittleEndian.AppendUint64(b, k)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(o.Ref))
	return append(b, byte(o.Action), o.Reason, o.Rule)
}

func readOutcome(b []byte) (o outcome) {
	o.Hash = binary.LittleEndian.Uint64(b)
	for i := range o.Keys {
		o.Keys[i] = binary.LittleEndian.Uint64(b[8+8*i:])
	}
	o.Ref = int64(binary.LittleEndian.Uint64(b[32:]))
	o.Action, o.Reason, o.Rule = plan.Action(b[40]), b[41], b[42]
	return o
}

// decodeBlock appends a block's outcomes.
func decodeBlock(b store.Block, out []outcome) ([]outcome, error) {
	if len(b.Data)%outcomeSize != 0 {
		return nil, fmt.Errorf("plan block %d is damaged", b.N)
	}
	for data := b.Data; len(data) > 0; data = data[outcomeSize:] {
		out = append(out, readOutcome(data))
	}
	return out, nil
}

func encodeBlock(n int64, outcomes []outcome) store.Block {
	data := make([]byte, 0, len(outcomes)*outcomeSize)
	for _, o := range outcomes {
		data = appendOutcome(data, o)
	}
	return store.Block{N: n, Data: data}
}

func reasonNumber(r plan.Reason) uint8 { return uint8(slices.Index(plan.Reasons, r)) }

func ruleOf(number uint8) plan.Rule {
	for _, r := range plan.KeyRules {
		if plan.NumberOf(r) == int(number) {
			return r
		}
	}
	return ""
}
