package syncfile

import "testing"

func TestPlace(t *testing.T) {
	const file = "# two\napiVersion: kith/v1\nkind: Sync\nname: first\nmap:\n  - {from: Mail, to: email}\n---\n" +
		"apiVersion: kith/v1\nkind: Sync\nname: second\nfilter: 'lnd == \"DE\"'\npolicy:\n  delete: {scope: whole_book}\n"
	for _, c := range []struct {
		sentence, sync, key, want string
	}{
		{"a key of the sync that is named", "first", "map[0].from", "f.yaml:6:12: map[0].from: x"},
		{"a key of another document", "second", "filter", "f.yaml:11:9: filter: x"},
		{"a key that begins with its sync's name", "", "second: policy.delete.scope", "f.yaml:13:19: second: policy.delete.scope: x"},
		{"what only the preset says is at the nearest key around it", "", "second: policy.update", "f.yaml:12:1: second: policy.update: x"},
		{"what the file does not mention is at its sync", "second", "gate", "f.yaml:8:1: gate: x"},
		{"a sync that is not in the file has no place in it", "", "stored: name", "stored: name: x"},
	} {
		got := Place("f.yaml", []byte(file), c.sync, []Error{{Key: c.key, Message: "x"}})
		if got[0].Error() != c.want {
			t.Errorf("%s: got %q, want %q", c.sentence, got[0].Error(), c.want)
		}
	}
	two := Place("f.yaml", []byte(file), "second", []Error{{Key: "policy.delete.scope"}, {Key: "filter"}})
	if two[0].Key != "filter" {
		t.Errorf("order: got %s first, want that of the file", two[0].Key)
	}
}
