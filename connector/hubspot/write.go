package hubspot

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/connector"
)

// Write carries writes out in batches: first the updates, so that an address that
// one of them gives up is free, then the creates, then the deletes. A write with a
// version goes to a contact that still has it, as far as a look tells: see index.
// An outcome's record is what HubSpot's answer carries, on top of what was read of
// the contact within the last minute, or what the caller has of it at that version;
// who is neither is read again. Once HubSpot asks us to wait, or refuses the token,
// the rest is not sent and has the same fault.
func (c *Contacts) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	w := &writing{Contacts: c, writes: writes, out: make([]connector.Outcome, len(writes)), fields: c.known()}
	w.consider(ctx)
	for _, op := range []connector.Op{connector.OpUpdate, connector.OpCreate, connector.OpDelete} {
		for _, part := range w.parts(op) {
			w.send(ctx, op, part)
		}
	}
	return w.out
}

// Calls is about how many calls writes take: their batches, and the look.
func (c *Contacts) Calls(writes []connector.Write) (n int) {
	of, bound := map[connector.Op]int{}, 0
	for _, write := range writes {
		switch {
		case write.Forever:
			n++
			continue
		case write.Version != "":
			bound++
		}
		of[write.Op]++
	}
	for _, many := range of {
		n += calls(many)
	}
	return n + min(1, bound)
}

// A writing is some writes while they are carried out. A part is the positions of
// those that go into one batch.
type writing struct {
	*Contacts
	fields []field
	writes []connector.Write
	out    []connector.Outcome
	sure   []bool // who may be written to without a reading
	lost   int    // batches in a row that were not answered
	stop   *connector.Fault
}

// parts are the batches of an operation, those that are sure first. HubSpot refuses
// one that names a contact twice. What we can tell to be wrong is refused here.
func (w *writing) parts(op connector.Op) (parts [][]int) {
	used := []map[string]bool{}
	for _, i := range w.order() {
		write := w.writes[i]
		if write.Op < connector.OpCreate || write.Op > connector.OpDelete {
			w.out[i].Fault = &connector.Fault{Kind: connector.Invalid, Message: "There is no such operation."}
		}
		if write.Op != op {
			continue
		}
		if w.out[i].Fault = w.wrong(write); w.out[i].Fault != nil {
			continue
		}
		n := 0
		for n < len(parts) && (len(parts[n]) == batchSize || write.ID != "" && used[n][write.ID]) {
			n++
		}
		if n == len(parts) {
			parts, used = append(parts, nil), append(used, map[string]bool{})
		}
		parts[n] = append(parts[n], i)
		used[n][write.ID] = true
	}
	return parts
}

// order is that of the writes, but those that are sure before the others: so few
// batches have somebody to read.
func (w *writing) order() (all []int) {
	for _, sure := range []bool{true, false} {
		for i := range w.writes {
			if w.sure[i] == sure {
				all = append(all, i)
			}
		}
	}
	return all
}

// wrong says why a write cannot be sent.
func (w *writing) wrong(write connector.Write) *connector.Fault {
	for _, name := range slices.Sorted(maps.Keys(write.Set)) {
		i := slices.IndexFunc(w.fields, func(f field) bool { return f.Name == name })
		switch {
		case write.Op == connector.OpDelete:
		case i < 0:
			return itemFault(apiError{Errors: []apiDetail{{Code: "PROPERTY_DOESNT_EXIST", Context: about{"propertyName": {name}}}}})
		case w.fields[i].readOnly:
			return itemFault(apiError{Errors: []apiDetail{{Code: "READ_ONLY_VALUE", Context: about{"propertyName": {name}}}}})
		}
	}
	switch {
	case write.Op != connector.OpCreate && write.ID == "":
		return &connector.Fault{Kind: connector.Invalid, Message: "A write to a contact needs its id."}
	case write.Op == connector.OpCreate && write.Set["email"] == "" && write.Set["firstname"] == "" && write.Set["lastname"] == "":
		return &connector.Fault{Kind: connector.Invalid, Field: "email", Message: "HubSpot needs an e-mail address, a first name or a last name."}
	}
	return nil
}

// send carries a batch out, unless there is a reason to send nothing more.
func (w *writing) send(ctx context.Context, op connector.Op, part []int) {
	if w.stop != nil {
		w.fail(part, w.stop)
		return
	}
	if part = w.still(ctx, part); len(part) == 0 {
		return
	}
	if w.stop != nil {
		w.fail(part, w.stop)
		return
	}
	if op == connector.OpDelete {
		w.remove(ctx, part)
		return
	}
	b := batch{}
	for _, i := range part {
		// Only where every input has this does one that fails not stop the others.
		b.Inputs = append(b.Inputs, input{ID: w.writes[i].ID, Properties: w.sent(i), Trace: strconv.Itoa(i)})
	}
	path := map[connector.Op]string{connector.OpCreate: "/batch/create", connector.OpUpdate: "/batch/update"}[op]
	var reply batchReply
	_, err := w.service.post(ctx, path, b, request{write: true}, &reply)
	if err != nil {
		w.refused(ctx, op, part, asFault(err))
		return
	}
	w.lost = 0
	rest := w.failed(part, reply.Errors)
	if op == connector.OpCreate {
		w.created(rest, reply.Results)
	} else {
		w.updated(ctx, rest, reply.Results)
	}
}

// sent are a write's values: all of them, for the JSON of none is not an object.
func (w *writing) sent(i int) map[string]string {
	if w.writes[i].Set == nil {
		return map[string]string{}
	}
	return w.writes[i].Set
}

func (w *writing) fail(part []int, f *connector.Fault) {
	for _, i := range part {
		w.out[i].Fault = f
	}
}

// refused is about a batch that was refused as a whole, which means that nothing
// of it was done. One input may be to blame: HubSpot names it, or halves find it.
func (w *writing) refused(ctx context.Context, op connector.Op, part []int, f *connector.Fault) {
	if f.Kind == connector.Missing && op == connector.OpCreate {
		f, _ = errors.AsType[*connector.Fault](missingAddress(f))
	}
	blame := f.Kind == connector.Invalid || f.Kind == connector.Taken || f.Kind == connector.Missing
	if !blame || len(part) == 1 {
		w.name(ctx, part[0], f)
		w.fail(part, f)
		w.heed(f)
		return
	}
	first, second := w.halves(part, f)
	if len(first) == 0 || len(second) == 0 {
		w.fail(part, f) // all of them have what it complains about
		return
	}
	if f.Field != "" && schemaCode(f.Code) {
		w.fail(first, f)
	} else {
		w.send(ctx, op, first)
	}
	w.send(ctx, op, second)
}

// name finds out who has an address that is taken, where HubSpot does not say.
func (w *writing) name(ctx context.Context, i int, f *connector.Fault) {
	if f.Kind != connector.Taken || f.ID != "" {
		return
	}
	if items, err := w.Find(ctx, "email", []string{w.writes[i].Set["email"]}); err == nil && len(items) == 1 {
		f.ID = items[0].ID
	}
}

// schemaCode reports whether a refusal is about a property and not its value.
func schemaCode(code string) bool {
	return code == "PROPERTY_DOESNT_EXIST" || code == "READ_ONLY_VALUE"
}

// halves divides a batch: by the property that HubSpot complains about, or in
// the middle.
func (w *writing) halves(part []int, f *connector.Fault) (first, second []int) {
	if f.Field == "" || !schemaCode(f.Code) {
		return part[:len(part)/2], part[len(part)/2:]
	}
	for _, i := range part {
		if _, has := w.writes[i].Set[f.Field]; has {
			first = append(first, i)
		} else {
			second = append(second, i)
		}
	}
	return first, second
}

// mostLost is how many batches may stay without an answer, one after the other: what
// became of all their contacts has to be found out.
const mostLost = 3

// heed sends nothing more once HubSpot asks us to wait or lets nobody in, or says
// nothing at all, or nothing again and again.
func (w *writing) heed(f *connector.Fault) {
	late, _ := errors.AsType[net.Error](f.Err)
	switch {
	case f.Kind == connector.Busy || f.Kind == connector.Quota || f.Kind == connector.Denied:
		w.stop = f
	case f.Kind == connector.Unknown && (late != nil && late.Timeout() || w.lost+1 >= mostLost):
		w.stop = &connector.Fault{Kind: connector.Busy, Message: "HubSpot did not answer the writes before this one. It is tried again."}
	case f.Kind == connector.Unknown:
		w.lost++
	}
}

// asFault makes what stopped a batch a fault. A context that ended did so before
// anything was sent, see netFault.
func asFault(err error) *connector.Fault {
	if f, ok := errors.AsType[*connector.Fault](err); ok {
		return f
	}
	return &connector.Fault{Kind: connector.Busy, Message: "It was stopped before it was sent.", Err: err}
}
