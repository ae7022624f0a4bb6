package carddav

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/vcard"
)

// Write carries writes out one after another: the protocol has no batches.
// Every outcome has the record as the server returns it, for servers rewrite
// cards: Radicale sorts the properties of each. Once the server asks us to wait,
// or refuses the password, the rest is not sent and has the same fault. One that
// says nothing at all is not waited for by every write: the rest is busy.
func (b *Book) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	out := make([]connector.Outcome, len(writes))
	var stop *connector.Fault
	for i, w := range writes {
		if stop != nil {
			out[i].Fault = stop
			continue
		}
		rec, err := b.write(ctx, w)
		out[i] = connector.Outcome{Record: rec, Fault: asFault(err)}
		if f := out[i].Fault; f != nil && (f.Kind == connector.Busy && f.RetryAfter > 0 || f.Kind == connector.Denied && f.Code == "401") {
			stop = f
		}
		if silent(out[i].Fault) {
			stop = &connector.Fault{Kind: connector.Busy, Message: "The server did not answer the write before this one. It is tried again."}
		}
	}
	return out
}

// silent reports whether an answer was waited for in vain.
func silent(f *connector.Fault) bool {
	if f == nil {
		return false
	}
	late, ok := errors.AsType[net.Error](f.Err)
	return ok && late.Timeout()
}

func (b *Book) write(ctx context.Context, w connector.Write) (contact.Record, error) {
	if b.readOnly {
		return contact.Record{}, &connector.Fault{Kind: connector.Denied, Message: "We may read this address book but not change it."}
	}
	switch w.Op {
	case connector.OpCreate:
		return b.create(ctx, w)
	case connector.OpUpdate:
		return b.update(ctx, w)
	case connector.OpDelete:
		return contact.Record{}, b.remove(ctx, w)
	}
	return contact.Record{}, &connector.Fault{Kind: connector.Invalid, Message: "There is no such operation."}
}

// asFault makes what stopped a write a fault. A context that ended did so before
// anything was sent, see netFault.
func asFault(err error) *connector.Fault {
	var f *connector.Fault
	if err == nil || errors.As(err, &f) {
		return f
	}
	return &connector.Fault{Kind: connector.Busy, Message: "It was stopped before it was sent.", Err: err}
}

const cardType = "text/vcard; charset=utf-8"

// create makes a card whose name and UID are the key, unless there is one: the
// same create a second time finds the first (reliability I3, Tier A).
func (b *Book) create(ctx context.Context, w connector.Write) (contact.Record, error) {
	if w.Key == "" {
		return contact.Record{}, &connector.Fault{Kind: connector.Invalid, Message: "A new card needs a key."}
	}
	card, err := vcard.Patch(vcard.New(w.Key), w.Set)
	if err != nil {
		return contact.Record{}, &connector.Fault{Kind: connector.Invalid, Message: "These values do not fit into a card.", Err: err}
	}
	id := url.PathEscape(w.Key + ".vcf")
	version, err := b.put(ctx, id, card, "If-None-Match", "*")
	var f *connector.Fault
	if errors.As(err, &f) && f.Kind == connector.Overtaken {
		return b.ours(ctx, id, w.Key)
	}
	if err != nil {
		return contact.Record{}, err
	}
	return b.written(ctx, id, version, card)
}

// ours is the card that stands where ours should, if it is ours.
func (b *Book) ours(ctx context.Context, id, key string) (contact.Record, error) {
	text, version, err := b.server.get(ctx, b.address(id))
	if err != nil {
		return contact.Record{}, err
	}
	if card, err := vcard.Parse(text); err != nil || card.UID != key {
		return contact.Record{}, &connector.Fault{Kind: connector.Taken, ID: id, Message: "Another card has the name that this one should have."}
	}
	return b.record(id, version, text)
}

// update changes what Set names in the card as it is now, and nothing else.
func (b *Book) update(ctx context.Context, w connector.Write) (contact.Record, error) {
	old, version, err := b.server.get(ctx, b.address(w.ID))
	if err != nil {
		return contact.Record{}, err
	}
	if w.Version != "" && strong(w.Version) != version {
		return contact.Record{}, overtaken()
	}
	card, err := vcard.Patch(old, w.Set)
	if err != nil {
		return contact.Record{}, &connector.Fault{Kind: connector.Invalid, Message: "These values do not fit into this card.", Err: err}
	}
	if bytes.Equal(card, old) {
		return b.record(w.ID, version, old)
	}
	version, err = b.put(ctx, w.ID, card, "If-Match", version)
	if err != nil {
		return contact.Record{}, b.missingOr(ctx, w.ID, err)
	}
	return b.written(ctx, w.ID, version, card)
}

// remove deletes a card. It looks first, for not every server keeps a condition
// on DELETE.
func (b *Book) remove(ctx context.Context, w connector.Write) error {
	r := request{method: http.MethodDelete, url: b.address(w.ID), write: true}
	if w.Version != "" {
		_, version, err := b.server.get(ctx, r.url)
		if err != nil {
			return err
		}
		if version != strong(w.Version) {
			return overtaken()
		}
		r.header = map[string]string{"If-Match": version}
	}
	answer, err := b.server.do(ctx, r)
	if err != nil {
		return b.missingOr(ctx, w.ID, err)
	}
	return answer.Body.Close()
}

func overtaken() *connector.Fault {
	return &connector.Fault{Kind: connector.Overtaken, Message: "Somebody else has changed the card meanwhile."}
}

// missingOr tells a card that has changed from one that is gone: a condition
// holds for neither (RFC 9110 13.1.1).
func (b *Book) missingOr(ctx context.Context, id string, err error) error {
	var f *connector.Fault
	if !errors.As(err, &f) || f.Kind != connector.Overtaken {
		return err
	}
	_, _, again := b.server.get(ctx, b.address(id))
	if errors.As(again, &f) && f.Kind == connector.Missing {
		return f
	}
	return overtaken()
}

// put stores a card under a condition.
func (b *Book) put(ctx context.Context, id string, card []byte, condition, value string) (version string, err error) {
	r := request{method: http.MethodPut, url: b.address(id), body: string(card), write: true, header: map[string]string{"Content-Type": cardType}}
	if value != "" {
		r.header[condition] = value
	}
	answer, err := b.server.do(ctx, r)
	if err != nil {
		return "", err
	}
	return strong(answer.Header.Get("ETag")), answer.Body.Close()
}

// written is the card as the server has it after a write that it has confirmed
// under a version, where it names one. When somebody has changed it since, it is
// what was sent: their edit is for the next listing to tell, and not what the
// server made of ours. When it cannot be read now, what it holds is not known.
func (b *Book) written(ctx context.Context, id, version string, sent []byte) (contact.Record, error) {
	text, now, err := b.server.get(ctx, b.address(id))
	if err != nil {
		return contact.Record{}, &connector.Fault{Kind: connector.Unknown, Message: "It was written, but the server did not show the result.", Err: err}
	}
	if version != "" && version != now {
		return b.record(id, version, sent)
	}
	return b.record(id, now, text)
}

func (b *Book) record(id, version string, text []byte) (contact.Record, error) {
	rec, err := record(id, version, text)
	if err != nil {
		return contact.Record{}, &connector.Fault{Kind: connector.Invalid, Message: "The server's card cannot be read.", Err: err}
	}
	return rec, nil
}
