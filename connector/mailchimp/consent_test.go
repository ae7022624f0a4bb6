package mailchimp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/mailchimp"
	"github.com/kith-sync/kith/connector/mailchimp/sandbox"
)

func kindOf(err error) string {
	var f *connector.Fault
	if errors.As(err, &f) && f != nil {
		return f.Kind.String()
	}
	return "done"
}

func kindOfOutcome(o connector.Outcome) string {
	if o.Fault == nil {
		return "done"
	}
	return o.Fault.Kind.String()
}

func write(t *testing.T, a *mailchimp.Audience, w connector.Write) connector.Outcome {
	t.Helper()
	return a.Write(t.Context(), []connector.Write{w})[0]
}

func create(t *testing.T, a *mailchimp.Audience, set map[string]string) connector.Outcome {
	t.Helper()
	return write(t, a, connector.Write{Op: connector.OpCreate, Key: "k", Set: set})
}

func update(t *testing.T, a *mailchimp.Audience, id string, set map[string]string) connector.Outcome {
	t.Helper()
	return write(t, a, connector.Write{Op: connector.OpUpdate, ID: id, Set: set})
}

// 3.14: a member's consent moves only towards the stricter, and nobody who is
// there is ever sent as subscribed.
func TestConsentOfAMemberOnlyBecomesStricter(t *testing.T) {
	for _, row := range []struct{ from, to, outcome, becomes string }{
		{"subscribed", "subscribed", "done", "subscribed"},
		{"subscribed", "opted in", "done", "subscribed"},
		{"subscribed", "pending", "done", "pending"},
		{"subscribed", "unsubscribed", "done", "unsubscribed"},
		{"subscribed", "abgemeldet", "done", "unsubscribed"},
		{"subscribed", "cleaned", "done", "cleaned"},
		{"subscribed", "suppressed", "done", "unsubscribed"},
		{"subscribed", "", "done", "unsubscribed"},
		{"subscribed", "perhaps", "invalid", "subscribed"},
		{"pending", "subscribed", "invalid", "pending"},
		{"pending", "unsubscribed", "done", "unsubscribed"},
		{"pending", "", "done", "unsubscribed"},
		{"unsubscribed", "subscribed", "invalid", "unsubscribed"},
		{"unsubscribed", "pending", "invalid", "unsubscribed"},
		{"unsubscribed", "", "invalid", "unsubscribed"},
		{"unsubscribed", "cleaned", "done", "cleaned"},
		{"unsubscribed", "suppressed", "done", "unsubscribed"},
		{"cleaned", "subscribed", "invalid", "cleaned"},
		{"cleaned", "unsubscribed", "invalid", "cleaned"},
		{"cleaned", "suppressed", "done", "cleaned"},
		{"transactional", "subscribed", "invalid", "transactional"},
		{"transactional", "pending", "done", "pending"},
		{"transactional", "unsubscribed", "done", "unsubscribed"},
		{"transactional", "", "done", "transactional"},
	} {
		for _, batched := range []bool{false, true} {
			st := newStage(t, sandbox.Options{})
			id := st.Add(t, map[string]string{"email_address": "ada@example.com", "status": row.from})
			other := st.Add(t, map[string]string{"email_address": "ben@example.com"})
			a := st.open(t)
			set := map[string]string{"status": row.to, "FNAME": "Ada"}
			var o connector.Outcome
			if batched {
				schema, _ := a.Schema(t.Context())
				items := listed(t, a, "")
				w := func(id string, set map[string]string) connector.Write {
					return connector.Write{Op: connector.OpUpdate, ID: id, Set: set, Version: items[id].Version, Known: values(schema, items[id].Record)}
				}
				o = a.Write(t.Context(), []connector.Write{w(id, set), w(other, map[string]string{"FNAME": "Ben"})})[0]
			} else {
				o = update(t, a, id, set)
			}
			_, status, _ := st.list.Look(id)
			if got := kindOfOutcome(o); got != row.outcome || status != row.becomes {
				t.Errorf("from %s to %q, in a batch %v: got %s and %s, want %s and %s", row.from, row.to, batched, got, status, row.outcome, row.becomes)
			}
			if sent := strings.Join(st.sent, " "); strings.Contains(sent, `"subscribed"`) {
				t.Errorf("from %s to %q: subscribed was sent: %s", row.from, row.to, sent)
			}
		}
	}
}

func TestConsentOfANewMember(t *testing.T) {
	for _, row := range []struct{ sentence, connection, record, becomes string }{
		{"a missing value is not consent: they are asked", "", "", "pending"},
		{"the connection may say that they have consented", "subscribed", "", "subscribed"},
		{"or that they are only to be there", "transactional", "", "transactional"},
		{"a record that says something is followed: yes", "", "subscribed", "subscribed"},
		{"a record that says something is followed: no", "subscribed", "unsubscribed", "unsubscribed"},
		{"cleaned stays cleaned", "subscribed", "bounced", "cleaned"},
		{"suppressed is the strictest there is", "subscribed", "do not contact", "unsubscribed"},
	} {
		st := newStage(t, sandbox.Options{})
		s := st.settings()
		s.NewStatus = row.connection
		a, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now)
		if err != nil {
			t.Fatal(err)
		}
		o := create(t, a, map[string]string{"email_address": "ada@example.com", "status": row.record})
		if _, status, _ := st.list.Look(o.Record.ID); o.Fault != nil || status != row.becomes {
			t.Errorf("%s: got %s and %q, want %s", row.sentence, kindOfOutcome(o), status, row.becomes)
		}
	}
	st := newStage(t, sandbox.Options{})
	s := st.settings()
	s.NewStatus = "cleaned"
	if _, err := mailchimp.Open(t.Context(), s, st.client, st.clock.now); kindOf(err) != "invalid" {
		t.Errorf("another status for new members: got %v, want it refused", err)
	}
}

// Requirements 4.7: whoever left is not brought back, whatever they were.
func TestWhoLeftDoesNotComeBackByASync(t *testing.T) {
	for _, row := range []struct {
		sentence        string
		leave           func(st *stage, id string)
		outcome, status string
	}{
		{"unsubscribed", func(st *stage, id string) { st.list.Unsubscribe(id) }, "taken", "unsubscribed"},
		{"cleaned", func(st *stage, id string) { st.list.Change(id, map[string]string{"status": "cleaned"}) }, "taken", "cleaned"},
		{"archived: they are asked", func(st *stage, id string) { st.list.Archive(id) }, "done", "pending"},
		{"unsubscribed, then archived: they are asked", func(st *stage, id string) { st.list.Unsubscribe(id); st.list.Archive(id) }, "done", "pending"},
		{"deleted for good", func(st *stage, id string) { st.list.Forget(id) }, "invalid", ""},
	} {
		st := newStage(t, sandbox.Options{})
		a := st.open(t)
		id := st.Add(t, map[string]string{"email_address": "Ada@example.com"})
		row.leave(st, id)
		o := create(t, a, map[string]string{"email_address": "ada@example.com", "status": "subscribed", "FNAME": "Ada"})
		_, status, _ := st.list.Look(id)
		if got := kindOfOutcome(o); got != row.outcome || status != row.status {
			t.Errorf("%s: got %s and %q, want %s and %q", row.sentence, got, status, row.outcome, row.status)
		}
		if o.Fault != nil && (strings.Contains(o.Fault.Error(), "@") || o.Fault.Message == "" || row.outcome == "taken" && o.Fault.ID != id) {
			t.Errorf("%s: got %+v, want a sentence without the address, and whose the address is", row.sentence, o.Fault)
		}
		if got := st.list.Len(); got > 1 {
			t.Errorf("%s: got %d members, want at most 1", row.sentence, got)
		}
	}
}

// Between the look and the write the person unsubscribes: our write must not
// undo that, nor write anything about their consent.
func TestWhoUnsubscribesWhileWeWriteStaysUnsubscribed(t *testing.T) {
	for _, status := range []string{"", "subscribed"} { // what a batch gives to new ones without
		st := newStage(t, sandbox.Options{BatchMakes: status})
		ids := []string{st.Add(t, map[string]string{"email_address": "ada@example.com"}), st.Add(t, map[string]string{"email_address": "ben@example.com"})}
		a := st.open(t)
		schema, _ := a.Schema(t.Context())
		items := listed(t, a, "")
		st.between = func() { st.list.Unsubscribe(ids[0]) }
		var writes []connector.Write
		for _, id := range ids {
			writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: id, Version: items[id].Version, Known: values(schema, items[id].Record), Set: map[string]string{"FNAME": "New"}})
		}
		a.Write(t.Context(), writes)
		if _, got, _ := st.list.Look(ids[0]); got != "unsubscribed" {
			t.Errorf("got %s, want unsubscribed", got)
		}
	}
}

// The address changes between the look and the write: the old one is not added
// again as somebody else.
func TestAnAddressThatChangesWhileWeWrite(t *testing.T) {
	for _, made := range []string{"", "subscribed"} { // what a batch gives to new ones without
		st := newStage(t, sandbox.Options{BatchMakes: made})
		ids := []string{st.Add(t, map[string]string{"email_address": "ada@example.com"}), st.Add(t, map[string]string{"email_address": "ben@example.com"})}
		a := st.open(t)
		schema, _ := a.Schema(t.Context())
		items := listed(t, a, "")
		st.between = func() { st.list.Change(ids[0], map[string]string{"email_address": "ada@example.org"}) }
		var writes []connector.Write
		for _, id := range ids {
			writes = append(writes, connector.Write{Op: connector.OpUpdate, ID: id, Version: items[id].Version, Known: values(schema, items[id].Record), Set: map[string]string{"FNAME": "New"}})
		}
		out := a.Write(t.Context(), writes)
		if got := kindOfOutcome(out[0]); got != "overtaken" {
			t.Errorf("made %q: got %s, want overtaken", made, got)
		}
		if got := len(alive(listed(t, a, ""))); got != 2 || out[1].Fault != nil {
			t.Errorf("made %q: got %d members and %v, want 2", made, got, out[1].Fault)
		}
	}
}

func alive(items map[string]connector.Item) (ids []string) {
	for id, item := range items {
		if !item.Gone {
			ids = append(ids, id)
		}
	}
	return ids
}
