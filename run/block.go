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

// An outcome is packed as:
//
//	1 byte   action (4 bits), number of the rule (2), whether a contact follows (1), whether a reason follows (1)
//	1 byte   which keys follow (3 bits)
//	8 bytes  hash of the record
//	8 bytes  for each key
//	varint   the contact's handle, less the one before it in the block
//	1 byte   reason
const (
	hasRef    = 1 << 6
	hasReason = 1 << 7
)

func appendOutcome(b []byte, o outcome, before int64) []byte {
	head, keys := byte(o.Action)|o.Rule<<4, byte(0)
	if o.Ref != 0 {
		head |= hasRef
	}
	if o.Reason != 0 {
		head |= hasReason
	}
	for i, k := range o.Keys {
		if k != 0 {
			keys |= 1 << i
		}
	}
	b = binary.LittleEndian.AppendUint64(append(b, head, keys), o.Hash)
	for _, k := range o.Keys {
		if k != 0 {
			b = binary.LittleEndian.AppendUint64(b, k)
		}
	}
	if o.Ref != 0 {
		b = binary.AppendVarint(b, o.Ref-before)
	}
	if o.Reason != 0 {
		b = append(b, o.Reason)
	}
	return b
}

// readOutcome unpacks the first outcome of b and returns the rest. It panics
// where b is too short; decodeBlock recovers.
func readOutcome(b []byte, before int64) (o outcome, rest []byte) {
	head, keys := b[0], b[1]
	o.Action, o.Rule = plan.Action(head&15), head>>4&3
	o.Hash = binary.LittleEndian.Uint64(b[2:])
	b = b[10:]
	for i := range o.Keys {
		if keys&(1<<i) != 0 {
			o.Keys[i] = binary.LittleEndian.Uint64(b)
			b = b[8:]
		}
	}
	if head&hasRef != 0 {
		delta, n := binary.Varint(b)
		o.Ref, b = before+delta, b[n:]
	}
	if head&hasReason != 0 {
		o.Reason, b = b[0], b[1:]
	}
	return o, b
}

// decodeBlock appends a block's outcomes.
func decodeBlock(b store.Block, out []outcome) (_ []outcome, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("plan block %d is damaged", b.N)
		}
	}()
	before := int64(0)
	for data := b.Data; len(data) > 0; {
		var o outcome
		o, data = readOutcome(data, before)
		if o.Ref != 0 {
			before = o.Ref
		}
		out = append(out, o)
	}
	return out, nil
}

func encodeBlock(n int64, outcomes []outcome) store.Block {
	data := make([]byte, 0, len(outcomes)*30)
	before := int64(0)
	for _, o := range outcomes {
		data = appendOutcome(data, o, before)
		if o.Ref != 0 {
			before = o.Ref
		}
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
