package syncfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kith-sync/kith/plan"
)

func TestValidateTogether(t *testing.T) {
	sync := func(name, text string) plan.Sync {
		s := parseOne(t, "apiVersion: kith/v1\nkind: Sync\nname: "+name+"\nsource: {file: "+name+".csv}\n"+text)
		return s
	}
	const book = "target: {book: contacts}\n"
	const mirror = book + "preset: contact-manager\npolicy: {delete: {not_found: trash}}\n"
	const accepted = book + "preset: contact-manager\npolicy: {whole_book: accepted, delete: {not_found: trash}}\n"
	const phone = book + "map: [{from: Tel, to: phone, write: always}]\n"
	const ownPhone = book + "map: [{from: Tel, to: phone, write: always, owner: true}]\n"
	const everything = book + "policy: {update: always}\n"
	for _, c := range []struct {
		name string
		a, b string
		want []string
	}{
		{"one whole_book sync needs no consent (settled question 1)", mirror, book, nil},
		{"a second whole_book sync needs consent", mirror, mirror,
			[]string{"b: policy.delete.scope: a already removes whatever it does not find from the whole of the book contacts: the two would remove each other's contacts. Write scope: brought_by_this_sync, or policy: {whole_book: accepted} if that is meant."}},
		{"consent of the second", mirror, accepted, nil},
		{"consent of the first", accepted, mirror, nil},
		{"another book", mirror, "target: {book: others}\npreset: contact-manager\npolicy: {delete: {not_found: trash}}\n", nil},
		{"a whole_book scope that removes nothing", mirror, book + "preset: contact-manager\n", nil},
		{"what each brought itself", mirror, book + "policy: {delete: {not_found: trash}}\n", nil},
		{"two that overwrite one field (settled question 24)", phone, phone,
			[]string{"b: map[0].to: a writes phone always, too: the value would flip from run to run. Give one of the two owner: true, or another write policy."}},
		{"one that owns it", phone, ownPhone, nil},
		{"two owners", ownPhone, ownPhone, []string{"b: map[0].to: a owns phone already. Leave owner: true out of one of the two."}},
		{"two that overwrite different fields", phone, book + "map: [{from: Mail, to: email, write: always}]\n", nil},
		{"one file in two ways", "target: {file: crm.csv}\nmap: [{from: a, to: b, write: always}]\n", "target: {file: ./crm.csv}\nmap: [{from: a, to: b, write: always}]\n",
			[]string{"b: map[0].to: a writes b always, too: the value would flip from run to run. Give one of the two owner: true, or another write policy."}},
		{"one that overwrites everything suggested", everything, phone,
			[]string{"b: map[0].to: a writes phone always, too: the value would flip from run to run. Give one of the two owner: true, or another write policy."}},
		{"an owner of one field does not own the others", book + "map: [{from: Tel, to: phone, write: always, owner: true}, {from: X, to: note, write: always}]\n", everything,
			[]string{"b: policy.update: a writes note always, too: the value would flip from run to run. Give one of the two owner: true, or another write policy."}},
		{"two that overwrite everything suggested", everything, everything,
			[]string{"b: policy.update: a writes every suggested field always, too: the value would flip from run to run. Give one of the two owner: true, or another write policy."}},
		{"the e-mail that both match by is not overwritten", book + "policy: {update: always}\nmap: [{from: Mail, to: email}]\n", book + "policy: {update: always}\nmap: [{from: Mail, to: email}]\n", nil},
	} {
		var got []string
		for _, e := range ValidateTogether([]plan.Sync{sync("a", c.a), sync("b", c.b)}) {
			got = append(got, e.Error())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: want -, got +\n%s", c.name, diff)
		}
	}
	twins := ValidateTogether([]plan.Sync{sync("a", book), sync("a", book)})
	if len(twins) != 1 || twins[0].Error() != "a: name: another sync has this name" {
		t.Errorf("two of one name: got %v, want one mistake", twins)
	}
}

func TestValidateSaysWhatParseSays(t *testing.T) {
	good := plan.Sync{Name: "a", Source: plan.Endpoint{File: "a.csv"}, Target: plan.Endpoint{Book: "b"}}
	for _, c := range []struct {
		name   string
		change func(*plan.Sync)
		want   string
	}{
		{"nothing wrong", func(*plan.Sync) {}, ""},
		{"a wrong word", func(s *plan.Sync) { s.OnSeveral = "frist" }, `on_several: "frist" is not an answer to several matches. Did you mean first?`},
		{"a rule nobody knows", func(s *plan.Sync) { s.Match = []plan.Rule{"fax"} }, `match[0]: "fax" is not a match rule. Write link, key, email, phone.`},
		{"no target", func(s *plan.Sync) { s.Target = plan.Endpoint{} }, "target: needs one of file, book, connection"},
		{"no name", func(s *plan.Sync) { s.Name = "" }, "name: is blank"},
		{"a generated key with removal", func(s *plan.Sync) { s.Target.Key = "generated"; s.Policy.Delete.NotFound = plan.Trash },
			"policy.delete.not_found: with key: generated, contacts not found must be kept: an import cannot be sure to recognise them. Write not_found: keep, or name a field as target.key."},
		{"two-way", func(s *plan.Sync) { s.Direction = "two_way" }, "direction: both ways travel only between a connection and a book. Only a sync with a connection remembers who is who."},
	} {
		s := good
		c.change(&s)
		got := ""
		if found := Validate(s); len(found) > 0 {
			got = found[0].Error()
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
