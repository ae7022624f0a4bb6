package listmonk_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/listmonk/sandbox"
)

// state puts somebody into a state at the sandbox, named as we name it.
func (st *stage) state(word string) int {
	p := sandbox.Person{Email: "ada@example.com", Name: "Ada", Lists: map[int]string{st.list: "unconfirmed"}}
	switch word {
	case "suppressed":
		p.Status, p.Lists[st.list] = "blocklisted", "unsubscribed"
	case "disabled":
		p.Status = "disabled"
	case "unsubscribed":
		p.Lists[st.list] = "unsubscribed"
	case "subscribed":
		p.Lists[st.list] = "confirmed"
	case "elsewhere": // on the server, and not on the list
		p.Lists = nil
	case "blocked elsewhere":
		p.Lists, p.Status = nil, "blocklisted"
	}
	return st.Sandbox.Add(p)
}

// says is the state of a person at the sandbox: of the server, and of the list.
func (st *stage) says(id int) string {
	p, _ := st.Get(id)
	return p.Status + " " + p.Lists[st.list]
}

// Requirements 3.14: what is read, and what a write of each word does to it. A
// consent gets stricter or stays.
func TestConsent(t *testing.T) {
	for _, row := range []struct{ sentence, is, write, fault, reads, says string }{
		{"pending stays pending", "pending", "pending", "", "pending", "enabled unconfirmed"},
		{"nobody is confirmed by a program", "pending", "subscribed", "invalid", "", "enabled unconfirmed"},
		{"pending to unsubscribed", "pending", "unsubscribed", "", "unsubscribed", "enabled unsubscribed"},
		{"subscribed to unsubscribed", "subscribed", "unsubscribed", "", "unsubscribed", "enabled unsubscribed"},
		{"in another word", "subscribed", "Opted out", "", "unsubscribed", "enabled unsubscribed"},
		{"an address that takes no mail is blocked", "subscribed", "cleaned", "", "suppressed", "blocklisted unsubscribed"},
		{"subscribed to suppressed", "subscribed", "suppressed", "", "suppressed", "blocklisted unsubscribed"},
		{"unsubscribed to suppressed", "unsubscribed", "suppressed", "", "suppressed", "blocklisted unsubscribed"},
		{"who has said no is not subscribed again", "unsubscribed", "subscribed", "invalid", "", "enabled unsubscribed"},
		{"nor asked again", "unsubscribed", "pending", "invalid", "", "enabled unsubscribed"},
		{"a block is not lifted", "suppressed", "subscribed", "invalid", "", "blocklisted unsubscribed"},
		{"nor half lifted", "suppressed", "unsubscribed", "invalid", "", "blocklisted unsubscribed"},
		{"who is disabled has said no", "disabled", "subscribed", "invalid", "", "disabled unconfirmed"},
		{"a confirmation is not taken back", "subscribed", "pending", "invalid", "", "enabled confirmed"},
		{"yes is no word of consent", "pending", "yes", "invalid", "", "enabled unconfirmed"},
		{"a blank is none", "subscribed", "", "invalid", "", "enabled confirmed"},
	} {
		for _, o := range []sandbox.Options{{}, {Old: true, PutResubscribes: true}, {First: true}} {
			st := newStage(t, o)
			id := st.state(row.is)
			got := st.open(t).Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: strconv.Itoa(id), Set: map[string]string{"status": row.write}}})[0]
			fault := ""
			if got.Fault != nil {
				fault = got.Fault.Kind.String()
			}
			if fault != row.fault || got.Record.Value(2) != row.reads || st.says(id) != row.says {
				t.Errorf("%s: got fault %q, record %q and %q at the server; want %q, %q, %q", row.sentence, fault, got.Record.Value(2), st.says(id), row.fault, row.reads, row.says)
			}
		}
	}
}

// A create puts somebody on the list who is new, or whom the server knows.
func TestConsentOfACreate(t *testing.T) {
	for _, row := range []struct{ sentence, is, write, reads, says string }{
		{"no word is no consent", "nobody", "", "pending", "enabled unconfirmed"},
		{"pending", "nobody", "pending", "pending", "enabled unconfirmed"},
		{"subscribed", "nobody", "subscribed", "subscribed", "enabled confirmed"},
		{"unsubscribed", "nobody", "unsubscribed", "unsubscribed", "enabled unsubscribed"},
		{"suppressed", "nobody", "suppressed", "suppressed", "blocklisted unsubscribed"},
		{"cleaned", "nobody", "cleaned", "suppressed", "blocklisted unsubscribed"},
		{"known, and no word", "elsewhere", "", "pending", "enabled unconfirmed"},
		{"known, and subscribed", "elsewhere", "subscribed", "subscribed", "enabled confirmed"},
		{"known, and unsubscribed", "elsewhere", "unsubscribed", "unsubscribed", "enabled unsubscribed"},
		{"known, and suppressed", "elsewhere", "suppressed", "suppressed", "blocklisted unsubscribed"},
		{"blocked already", "blocked elsewhere", "subscribed", "suppressed", "blocklisted unsubscribed"},
	} {
		for _, o := range []sandbox.Options{{}, {First: true}} {
			if o.First && row.is != "nobody" && row.reads == "suppressed" {
				continue // it says who it is, and a later update blocks the person
			}
			consentOfACreate(t, o, row.sentence+fmt.Sprintf(" (%+v)", o), row.is, row.write, row.reads, row.says)
		}
	}
}

func consentOfACreate(t *testing.T, o sandbox.Options, sentence, is, write, reads, says string) {
	t.Helper()
	st := newStage(t, o)
	double := st.AddList("Club", "double")
	id := 1
	if is != "nobody" {
		id = st.state(is)
	}
	for _, list := range []int{st.list, double} {
		st.list = list
		s := st.settings()
		s.List = strconv.Itoa(list)
		l := open(t, s, st)
		st.Counts()
		set := map[string]string{"email": "ada@example.com"}
		if write != "" {
			set["status"] = write
		}
		w := l.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: set}})[0]
		if w.Fault != nil && o.First && is != "nobody" && w.Fault.Kind == connector.Taken {
			w = connector.Outcome{} // listmonk 1 has put the person on the list before it says who it is
			if items, err := l.Fetch(t.Context(), []string{strconv.Itoa(id)}); err == nil {
				w.Record = items[0].Record
			}
		}
		if w.Fault != nil || w.Record.Value(2) != reads || st.says(id) != says {
			t.Errorf("%s, list %d: got %v, %q and %q at the server; want %q, %q", sentence, list, w.Fault, w.Record.Value(2), st.says(id), reads, says)
		}
		if asked := st.Counts().Optins; asked > 0 && reads != "pending" {
			t.Errorf("%s, list %d: the person is asked to confirm", sentence, list)
		}
		st.Delete(id)
		if id++; is != "nobody" {
			id = st.state(is)
		}
	}
}

// Whoever says no between our look and our write has said no.
func TestSomebodyWhoUnsubscribesWhileWeWrite(t *testing.T) {
	st := newStage(t, sandbox.Options{})
	id := st.state("elsewhere")
	l := st.open(t)
	// The server knows the address: from here on our create is a join. The person
	// comes onto the list and leaves it again before it is carried out.
	st.between(t, "/api/subscribers/query/lists", func() {
		st.Join(id, st.list, "confirmed")
		st.Says(id, st.list, "unsubscribed")
	})
	o := l.Write(t.Context(), []connector.Write{{Op: connector.OpCreate, Key: "k", Set: map[string]string{"email": "ada@example.com", "status": "subscribed"}}})[0]
	if o.Fault != nil || o.Record.Value(2) != "unsubscribed" || st.says(id) != "enabled unsubscribed" {
		t.Errorf("got %v, %q and %q at the server, want it unsubscribed", o.Fault, o.Record.Value(2), st.says(id))
	}
}

// Data that is written must not change what a person has said, on any list.
func TestAnUpdateKeepsWhatPeopleSaidToEveryList(t *testing.T) {
	for _, o := range []sandbox.Options{{}, {Old: true}, {Old: true, PutResubscribes: true}, {First: true}} {
		st := newStage(t, o)
		club, other := st.AddList("Club", "double"), st.AddList("Other", "single")
		id := st.Sandbox.Add(sandbox.Person{Email: "ada@example.com", Name: "Ada", Attribs: map[string]any{"city": "Ely", "tags": []string{"a"}},
			Lists: map[int]string{st.list: "unsubscribed", club: "unsubscribed", other: "confirmed"}})
		w := st.open(t).Write(t.Context(), []connector.Write{{Op: connector.OpUpdate, ID: strconv.Itoa(id), Set: map[string]string{"name": "Ada B", "note": "x"}}})[0]
		p, _ := st.Get(id)
		if w.Fault != nil || w.Record.Value(2) != "unsubscribed" || p.Lists[st.list] != "unsubscribed" || p.Lists[club] != "unsubscribed" || p.Lists[other] != "confirmed" || p.Name != "Ada B" {
			t.Errorf("%+v: got %v, %+v", o, w.Fault, p)
		}
		if p.Attribs["city"] != "Ely" || p.Attribs["note"] != "x" || p.Attribs["tags"] == nil {
			t.Errorf("%+v: attributes: got %v, want the others as they were", o, p.Attribs)
		}
	}
}
