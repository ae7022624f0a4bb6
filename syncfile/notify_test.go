package syncfile_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/syncfile"
)

const told = "apiVersion: kith/v1\nkind: Sync\nname: a\nsource: {file: a.csv}\ntarget: {book: b}\n"

func TestWhoIsToldStandsBesideTheSync(t *testing.T) {
	for _, row := range []struct {
		sentence, yaml string
		want           []notify.Rule
	}{
		{"nobody", "", nil},
		{"somebody of everything", "notify: [{email: ops@example.org}]\n", []notify.Rule{{Email: "ops@example.org"}}},
		{"the example of the manual", "notify:  [{email: ops@example.org, on: [failed, rejects, guard, recovered]}]\n",
			[]notify.Rule{{Email: "ops@example.org", On: []notify.Event{notify.Failed, notify.Rejects, notify.Guard, notify.Recovered}}}},
		{"a share and the records", "notify: [{email: ops@example.org, rejects_over: 2.5%, attach_rejects: true}]\n", []notify.Rule{{Email: "ops@example.org", Over: amount(t, "2.5%"), Attach: true}}},
		{"a number and a channel", "notify: [{channel: on-call, rejects_over: 10}, {email: ops@example.org}]\n", []notify.Rule{{Channel: "on-call", Over: amount(t, "10")}, {Email: "ops@example.org"}}},
	} {
		docs, err := syncfile.Read("a.yaml", []byte(told+row.yaml))
		if err != nil {
			t.Errorf("%s: %v", row.sentence, err)
			continue
		}
		if !reflect.DeepEqual(docs[0].Notify, row.want) {
			t.Errorf("%s: got %+v, want %+v", row.sentence, docs[0].Notify, row.want)
		}
		text, err := docs[0].Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := syncfile.Read("a.yaml", text)
		if err != nil || !reflect.DeepEqual(again[0].Notify, row.want) {
			t.Errorf("%s: written and read again got %+v, %v from\n%s", row.sentence, again, err, text)
		}
		// The fingerprint is made of the definition: it must not change.
		without, err := syncfile.Read("a.yaml", []byte(told))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(docs[0].Sync.Canonical()), string(without[0].Sync.Canonical()); got != want {
			t.Errorf("%s: the sync is %s, want %s", row.sentence, got, want)
		}
		if strings.Contains(string(docs[0].Sync.Canonical()), "ops") {
			t.Errorf("%s: who is told is part of the sync", row.sentence)
		}
	}
}

func amount(t *testing.T, text string) notify.Amount {
	t.Helper()
	a, err := notify.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
