package mailchimp

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
)

// Write carries updates and deletes out, then creates. New members, and members
// whose address and values the caller knows, go in batches of 500; a change of
// address or tags goes by itself. Every outcome has the record as Mailchimp has
// it. A delete archives: deleting for good keeps the address out forever, which is only
// for who asked to be forgotten.
// Once Mailchimp is busy or refuses the key the rest is not sent.
func (a *Audience) Write(ctx context.Context, writes []connector.Write) []connector.Outcome {
	w := &writing{Audience: a, writes: writes, out: make([]connector.Outcome, len(writes))}
	var creates, updates, singly []int
	for i, one := range writes {
		switch one.Op {
		case connector.OpCreate:
			creates = append(creates, i)
		case connector.OpUpdate:
			updates = append(updates, i)
		case connector.OpDelete:
			singly = append(singly, i)
		default:
			w.done(i, contact.Record{}, &connector.Fault{Kind: connector.Invalid, Message: "There is no such operation."})
		}
	}
	singly = append(w.together(ctx, updates), singly...)
	slices.Sort(singly)
	for _, i := range singly {
		w.one(ctx, i)
	}
	w.create(ctx, creates)
	return w.out
}

// A writing is the writes of one call and what became of them.
type writing struct {
	*Audience
	writes []connector.Write
	out    []connector.Outcome
	stop   *connector.Fault // why nothing more is sent
}

// done enters an outcome.
func (w *writing) done(i int, r contact.Record, err error) {
	f := asFault(err)
	w.out[i] = connector.Outcome{Record: r, Fault: f}
	if f == nil {
		if r.ID != "" {
			w.saw(r)
		}
		return
	}
	w.out[i].Record = contact.Record{}
	switch {
	case f.Kind == connector.Busy, f.Kind == connector.Quota, f.Kind == connector.Denied:
		w.stop = f
	case silent(f):
		w.stop = &connector.Fault{Kind: connector.Busy, Message: "Mailchimp did not answer the write before this one. It is tried again."}
	}
}

// stopped enters the fault that stopped all, if one did.
func (w *writing) stopped(i int) bool {
	if w.stop != nil {
		w.out[i].Fault = w.stop
	}
	return w.stop != nil
}

// silent reports whether an answer was waited for in vain.
func silent(f *connector.Fault) bool {
	late, ok := errors.AsType[net.Error](f.Err)
	return f.Kind == connector.Unknown && ok && late.Timeout()
}

// one carries out an update or a delete by itself.
func (w *writing) one(ctx context.Context, i int) {
	if w.stopped(i) {
		return
	}
	if w.writes[i].Op == connector.OpDelete {
		remove := w.remove
		if w.writes[i].Forever {
			remove = w.erase
		}
		w.done(i, contact.Record{}, remove(ctx, w.writes[i]))
		return
	}
	r, err := w.update(ctx, w.writes[i])
	w.done(i, r, err)
}

// remove archives a member. Mailchimp refuses that for those who bounced or have
// not confirmed, with the same words as for one who is archived already.
func (a *Audience) remove(ctx context.Context, w connector.Write) error {
	if w.Version != "" {
		if _, err := a.at(ctx, w); err != nil {
			return err
		}
	}
	_, err := a.server.call(ctx, request{method: http.MethodDelete, path: a.path("members", url.PathEscape(w.ID)), write: true})
	f := asFault(err)
	if f == nil || !strings.HasPrefix(f.Code, "405") {
		return err
	}
	m, err := a.member(ctx, w.ID)
	switch {
	case err != nil:
		return err
	case m == nil || m.Status == archived:
		return missing()
	}
	return &connector.Fault{Kind: connector.Invalid, Code: f.Code, Message: "Mailchimp does not archive a member whose mail bounced or who has not confirmed yet. Archive them in Mailchimp itself."}
}

// erase deletes a member for good, whatever their status and archived too: by the manual
// that takes all that is known of the person, and nothing but the person brings them
// back. It names them by the hash alone.
func (a *Audience) erase(ctx context.Context, w connector.Write) error {
	m, err := a.member(ctx, w.ID)
	switch {
	case err != nil:
		return err
	case m == nil:
		return a.exists(ctx)
	}
	_, err = a.server.call(ctx, request{method: http.MethodPost, path: a.path("members", url.PathEscape(cmp.Or(m.Hash, m.ContactID)), "actions", "delete-permanent"), write: true})
	switch f := asFault(err); {
	case f == nil:
		return nil
	case f.Kind == connector.Missing:
		return a.exists(ctx)
	case strings.HasPrefix(f.Code, "405"):
		return &connector.Fault{Kind: connector.Invalid, Code: f.Code, Message: "Mailchimp does not delete this member for good. Delete them in Mailchimp itself."}
	}
	return err
}

// at is the member a write is about, at the version it asks for.
func (a *Audience) at(ctx context.Context, w connector.Write) (*member, error) {
	m, err := a.member(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	return a.is(w, m)
}

// is says whether a member is there for a write, at the version it asks for.
func (a *Audience) is(w connector.Write, m *member) (*member, error) {
	switch {
	case m == nil || m.Status == archived:
		return nil, missing()
	case w.Version != "" && a.record(m).Version != w.Version:
		return nil, wasOvertaken()
	}
	return m, nil
}

// An added is the answer to a batch add.
type added struct {
	New     []member     `json:"new_members"`
	Updated []member     `json:"updated_members"`
	Errors  []batchError `json:"errors"`
}

type batchError struct {
	Email string `json:"email_address"`
	Error string `json:"error"`
	Code  string `json:"error_code"`
	Field string `json:"field"`
}

func (e batchError) fault() *connector.Fault {
	f := &connector.Fault{Code: e.Code, Field: e.Field}
	refusal(f, e.Code, e.Error)
	return f
}

// post adds members, or updates them.
func (a *Audience) post(ctx context.Context, members []map[string]any, update bool) (byHash map[string]*member, isNew map[string]bool, wrong map[string]batchError, err error) {
	var answer added
	body := map[string]any{"members": members, "update_existing": update}
	if _, err = a.server.call(ctx, request{method: http.MethodPost, path: a.path(), body: body, into: &answer, write: true}); err != nil {
		return nil, nil, nil, lost(err)
	}
	byHash, isNew, wrong = map[string]*member{}, map[string]bool{}, map[string]batchError{}
	for i := range answer.New {
		m := &answer.New[i]
		byHash[hashOf(m.Email)], isNew[hashOf(m.Email)] = m, true
	}
	for i := range answer.Updated {
		byHash[hashOf(answer.Updated[i].Email)] = &answer.Updated[i]
	}
	for _, e := range answer.Errors {
		wrong[hashOf(e.Email)] = e
	}
	return byHash, isNew, wrong, nil
}
