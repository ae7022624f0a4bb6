package syncfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kith-sync/kith/plan"
)

// head begins a document that lacks nothing; its next line is line 6.
const head = `apiVersion: kith/v1
kind: Sync
name: attendees
source: {file: attendees.csv}
target: {book: contacts}
`

// sameSync compares definitions to the last unexported bit.
var sameSync = cmp.Options{cmp.AllowUnexported(plan.Limit{}), cmpopts.EquateEmpty()}

func parseOne(t *testing.T, text string) plan.Sync {
	t.Helper()
	syncs, err := Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, text)
	}
	if len(syncs) != 1 {
		t.Fatalf("got %d syncs, want 1\n%s", len(syncs), text)
	}
	return syncs[0]
}

func TestSmallestFiles(t *testing.T) {
	syncs, err := Parse("a.yaml", []byte(`apiVersion: kith/v1
kind: Sync
name: attendees
preset: contact-manager
source: {file: attendees.csv}
target: {book: contacts}
---
apiVersion: kith/v1
kind: Sync
name: rehearsal
source: {file: people.csv}
target: {file: crm.csv, key: id}
match:  [email, phone]
policy: {create: true, update: always}
map:    [{from: Mail, to: email}, {from: Tel, to: phone, as: phone(GB)}]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.Sync{
		{
			Name: "attendees", Preset: "contact-manager",
			Source: plan.Endpoint{File: "attendees.csv"}, Target: plan.Endpoint{Book: "contacts"},
			Policy: plan.Policy{Create: new(true), Update: plan.WriteNever, Delete: plan.Delete{Scope: plan.WholeBook}},
			Guard:  plan.Guard{Deletes: plan.Percent(10), Changes: plan.Percent(10)},
		},
		{
			Name:   "rehearsal",
			Source: plan.Endpoint{File: "people.csv"}, Target: plan.Endpoint{File: "crm.csv", Key: "id"},
			Match:  []plan.Rule{plan.ByEmail, plan.ByPhone},
			Policy: plan.Policy{Create: new(true), Update: plan.WriteAlways},
			Map:    []plan.Mapping{{From: "Mail", To: "email"}, {From: "Tel", To: "phone", As: "phone(GB)"}},
		},
	}
	for i := range want {
		want[i] = want[i].Defaults()
	}
	if diff := cmp.Diff(want, syncs, sameSync); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		get  func(plan.Sync) any
		want any
	}{
		{"without a guard the default counts deletes and is not explicit", "", func(s plan.Sync) any { return s.Guard },
			plan.Guard{Deletes: plan.Percent(10)}},
		{"a guard in the file is explicit and keeps the default's other limit", "guard: {max_deletes: 5}\n", func(s plan.Sync) any { return s.Guard },
			plan.Guard{Deletes: plan.Percent(10), MaxDeletes: 5, Explicit: true}},
		{"a limit of none takes the default away", "guard: {deletes: none}\n", func(s plan.Sync) any { return s.Guard },
			plan.Guard{Deletes: plan.NoLimit, Explicit: true}},
		{"max_deletes none is no limit", "guard: {deletes: 2.5%, changes: none, max_deletes: none}\n", func(s plan.Sync) any { return s.Guard.Deletes.String() + s.Guard.Changes.String() },
			"2.5%none"},
		{"the guard of a preset is not explicit", "preset: contact-manager\n", func(s plan.Sync) any { return s.Guard },
			plan.Guard{Deletes: plan.Percent(10), Changes: plan.Percent(10)}},
		{"maps merge key by key over the preset", "preset: kvcore\npolicy: {update: if_existing_blank}\n", func(s plan.Sync) any { return s.Policy.Creates() && s.Policy.Update == plan.WriteIfExistingBlank },
			true},
		{"nested maps merge too", "preset: contact-manager\npolicy: {delete: {not_found: trash}}\n", func(s plan.Sync) any { return s.Policy.Delete },
			plan.Delete{NotFound: plan.Trash, Scope: plan.WholeBook}},
		{"lists replace the preset's", "preset: kvcore\nmatch: [phone]\n", func(s plan.Sync) any { return s.Match },
			[]plan.Rule{plan.ByPhone}},
		{"an empty list takes the preset's away", "preset: eventgeek\nrequired: []\n", func(s plan.Sync) any { return s.Required == nil }, true},
		{"an empty gate takes the preset's away", "preset: narware\ngate: \"\"\n", func(s plan.Sync) any { return s.Gate }, ""},
		{"create false", "policy: {create: false}\n", func(s plan.Sync) any { return s.Policy.Creates() }, false},
		{"preset none is no preset", "preset: none\n", func(s plan.Sync) any { return s.Preset }, ""},
		{"an empty value is a value", "map: [{value: '', to: note}]\n", func(s plan.Sync) any { return *s.Map[0].Value }, ""},
		{"numbers and words are keys of a value map", "map: [{from: a, to: b, values: {1: one, true: yes, null: '0'}}]\n", func(s plan.Sync) any { return s.Map[0].Values },
			map[string]string{"1": "one", "true": "yes", "null": "0"}},
		{"a folded text", "filter: >-\n  country ==\n  \"GB\"\n", func(s plan.Sync) any { return s.Filter }, `country == "GB"`},
		{"line ends of Windows", "filter: \"true\"\r\nregion: GB\r\n", func(s plan.Sync) any { return s.Filter + s.Region }, "trueGB"},
		{"letters beyond ASCII", "map: [{from: Prénom, to: first_name, default: 李}]\n", func(s plan.Sync) any { return s.Map[0].From + s.Map[0].Default }, "Prénom李"},
	} {
		if diff := cmp.Diff(c.want, c.get(parseOne(t, head+c.text)), sameSync); diff != "" {
			t.Errorf("%s: want -, got +\n%s", c.name, diff)
		}
	}
}

func TestDocuments(t *testing.T) {
	second := strings.Replace(head, "attendees", "second", 1)
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"one document", head, 1},
		{"two documents", head + "---\n" + second, 2},
		{"empty documents around and between", "---\n---\n" + head + "---\n# nothing\n---\n" + second + "---\n", 2},
		{"a byte order mark", "\ufeff" + head, 1},
		{"a document on the line of its mark", "--- {apiVersion: kith/v1, kind: Sync, name: a, source: {file: b}, target: {book: c}}\n", 1},
		{"a version directive", "%YAML 1.2\n---\n" + head, 1},
	} {
		syncs, err := Parse("a.yaml", []byte(c.text))
		if err != nil || len(syncs) != c.want {
			t.Errorf("%s: got %d syncs, %v; want %d", c.name, len(syncs), err, c.want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a word with a slip of the pen", "policy:\n  update: allways\n", `a.yaml:7:11: policy.update: "allways" is not a write policy. Did you mean always?`},
		{"a word joined otherwise", "policy: {update: ifNew-notBlank}\n", `a.yaml:6:18: policy.update: "ifNew-notBlank" is not a write policy. Did you mean if_new_not_blank?`},
		{"a word nobody knows", "duplicates: merge\n", `a.yaml:6:13: duplicates: "merge" is not an answer to duplicates. Write first, last, reject.`},
		{"an unknown key", "phone_macth: phone_alone\n", "a.yaml:6:1: phone_macth: no such key. Did you mean phone_match?"},
		{"a key of another place", "update: always\n", "a.yaml:6:1: update: no such key. It belongs to policy."},
		{"a key nobody knows", "policy: {zzz: 1}\n", "a.yaml:6:10: policy.zzz: no such key. The keys here are create, update, back, create_back, delete, whole_book."},
		{"a preset nobody knows", "preset: kvkore\n", `a.yaml:6:9: preset: "kvkore" is not a preset. Did you mean kvcore?`},
		{"a schedule that says too little", "schedule: {every: day, zone: UTC}\n", `a.yaml:6:1: schedule.at: is missing. Say at what time of day: at: "02:00".`},
		{"a schedule that says too much", "schedule: {every: day, at: 2:00, zone: UTC, rrule: FREQ=DAILY}\n", "a.yaml:6:52: schedule.rrule: stands beside every. Write one of them."},
		{"a zone that is none", "schedule:\n  every: day\n  at: [\"02:00\", \"14:00\"]\n  zone: Paris\n", `a.yaml:9:9: schedule.zone: "Paris" is not a time zone. Write its IANA name, such as Europe/Paris, America/New_York or UTC.`},
		{"a key that a schedule does not have", "schedule: {every: day, time: \"02:00\"}\n", "a.yaml:6:24: schedule.time: no such key. The keys here are every, days, months, at, rrule, zone, from, until, count, paused."},
		{"a count of no runs", "schedule: {every: day, count: 0}\n", "a.yaml:6:31: schedule.count: 0 is not a whole number from 1"},
		{"a time of day without quotes", "schedule: {every: day, zone: UTC, at: [2:00]}\n", `a.yaml:6:40: schedule.at[0]: a mapping is neither a text nor a whole number. Put a time of day in quotes: "02:00".`},
		{"a time of day that is no text", "schedule: {every: day, at: [true]}\n", "a.yaml:6:29: schedule.at[0]: true is neither a text nor a whole number"},
		{"a schedule that is a word", "schedule: daily\n", `a.yaml:6:11: schedule: "daily" is not a mapping. Write it as schedule: {every: ..., days: ...}.`},
		{"a notification for nobody", "notify: [{on: [failed]}]\n", "a.yaml:6:10: notify[0]: needs one of email, channel"},
		{"a notification for two at once", "notify: [{email: ops@example.org, channel: ops}]\n", "a.yaml:6:35: notify[0].channel: stands beside email. Write exactly one of email, channel."},
		{"an event nobody knows", "notify:\n  - {email: ops@example.org, on: [failed, reject]}\n", `a.yaml:7:43: notify[0].on[1]: "reject" is not an event. Did you mean rejects?`},
		{"an address that is none", "notify: [{email: ops}]\n", `a.yaml:6:18: notify[0].email: "ops" is not an e-mail address. One address a line; a second person is a second line.`},
		{"an address with a second header", "notify: [{email: \"ops@example.org\\nBcc: eve@example.com\"}]\n", `a.yaml:6:18: notify[0].email: "ops@example.org\nBcc: eve@example.com" is not an e-mail address. One address a line; a second person is a second line.`},
		{"somebody who is told twice", "notify: [{email: ops@example.org}, {email: ops@example.org, on: [late]}]\n", "a.yaml:6:36: notify[1]: ops@example.org is told by notify[0] already. Write one line for each."},
		{"an amount that is none", "notify: [{email: ops@example.org, rejects_over: some}]\n", `a.yaml:6:49: notify[0].rejects_over: "some" is neither a whole number from 0 nor a share such as 5%`},
		{"records sent to a chat", "notify: [{channel: ops, attach_rejects: true}]\n", "a.yaml:6:41: notify[0].attach_rejects: only mails have attachments. Leave it out, or name an email."},
		{"a notification that is an address", "notify: ops@example.org\n", `a.yaml:6:9: notify: "ops@example.org" is not a list. Write it as notify: [{email: ..., on: ...}].`},
		{"a limit that is no share", "guard: {deletes_per_24h: 20}\n", "a.yaml:6:26: guard.deletes_per_24h: 20 is not a share such as 10%, nor none"},
		{"a winner nobody knows", "map: [{from: a, to: b, winner: me}]\n", "a.yaml:6:32: map[0].winner: \"me\" is not a winner. Write source, target, most_recent, non_blank, review."},
		{"both ways without a connection", "direction: two_way\n", "a.yaml:6:12: direction: both ways travel only between a connection and a book. Only a sync with a connection remembers who is who."},
		{"a field that travels back without a connection", "map: [{from: a, to: b, direction: both}]\n", "a.yaml:6:35: map[0].direction: between files and books values go to the target only. Only a sync with a connection remembers who is who."},
		{"a word where a mapping belongs", "policy: {delete: trash}\n", `a.yaml:6:18: policy.delete: "trash" is not a mapping. Write it as delete: {not_found: trash}.`},
		{"a word where a list belongs", "match: email\n", `a.yaml:6:8: match: "email" is not a list. Write it as match: [email].`},
		{"a wrong word in a list", "match:\n  - email\n  - fone\n", `a.yaml:8:5: match[1]: "fone" is not a match rule. Did you mean phone?`},
		{"a rule twice", "match: [email, email]\n", `a.yaml:6:16: match[1]: "email" is listed twice`},
		{"an empty list of rules", "match: []\n", "a.yaml:6:8: match: the list is empty. Leave the key out, or fill the list."},
		{"a key without a value", "filter:\n", "a.yaml:6:9: filter: has no value. Leave the key out, or write one."},
		{"a number where a text belongs", "map: [{value: 1, to: a}]\n", `a.yaml:6:15: map[0].value: 1 is not a text. Put it in quotes: "1".`},
		{"yes is not true", "policy: {create: yes}\n", `a.yaml:6:18: policy.create: "yes" is neither true nor false. Write true.`},
		{"a share without its sign", "guard: {deletes: 10}\n", "a.yaml:6:18: guard.deletes: 10 is not a share such as 10%, nor none"},
		{"a share of more than everybody", "guard: {deletes: 101%}\n", `a.yaml:6:18: guard.deletes: "101%" is not a share such as 10%, nor none`},
		{"a share that is no number", "guard: {deletes: NaN%}\n", `a.yaml:6:18: guard.deletes: "NaN%" is not a share such as 10%, nor none`},
		{"a limit of zero", "guard: {max_deletes: 0}\n", "a.yaml:6:22: guard.max_deletes: 0 is not a whole number from 1, nor none"},
		{"a region by its name", "region: Britain\n", `a.yaml:6:9: region: "Britain" is not a region. Write its two letters, such as GB or US.`},
		{"a language by its name", "language: English\n", `a.yaml:6:11: language: "English" is not a language tag. Write it as in BCP 47, such as en or pt-BR.`},
		{"a kind nobody knows", "map: [{from: a, to: b, as: fone}]\n", `a.yaml:6:28: map[0].as: "fone" is not a kind of field. Did you mean phone?`},
		{"a region of something else", "map: [{from: a, to: b, as: email(GB)}]\n", `a.yaml:6:28: map[0].as: "email(GB)" is not a kind of field. Only telephones have a region, of two letters: phone(GB).`},
		{"two sources of one field", "map: [{from: a, value: x, to: b}]\n", "a.yaml:6:17: map[0].value: stands beside from. Write exactly one of from, value, expr."},
		{"no source of a field", "map:\n  - to: b\n", "a.yaml:7:5: map[0]: needs one of from, value, expr"},
		{"no field", "map:\n  - from: b\n", "a.yaml:7:5: map[0].to: is missing"},
		{"one field twice", "map:\n  - {from: a, to: b}\n  - {from: c, to: b}\n", `a.yaml:8:19: map[1].to: "b" is filled by map[0] already. A field is filled once.`},
		{"a list that does not end", "match: [email\n", "a.yaml:6:8: this is not YAML: sequence end token ']' not found"},
		{"an expression that cannot be read", "filter: 'owner in ['\n", "a.yaml:6:9: filter: this expression cannot be read: it ends too early (1:10)"},
		{"may_clear without always", "map: [{from: a, to: b, may_clear: true}]\n", "a.yaml:6:35: map[0].may_clear: has no effect where values are written if_new_not_blank. Add write: always."},
		{"a link between a file and a book", "match: [email, link]\n", "a.yaml:6:16: match[1]: there are no links between files and books. Only a sync with a connection remembers who is who."},
		{"a mark that the map fills", "policy: {delete: {not_found: mark, mark: email}}\nmap: [{from: email, to: email}]\n", `a.yaml:7:25: map[0].to: marks stand in "email", which the map fills. Name another field as policy.delete.mark.`},
		{"a place for marks, and none are made", "policy: {delete: {not_found: trash, mark: remark}}\n", "a.yaml:6:43: policy.delete.mark: has no effect where contacts not found are not marked. Add not_found: mark."},
		{"a key twice", "region: GB\nregion: US\n", `a.yaml:7:1: this is not YAML: mapping key "region" already defined at [6:1]`},
		{"an anchor", "filter: &a \"true\"\n", "a.yaml:6:9: filter: anchors, aliases, tags and special numbers have no place in a sync file. Write the value out."},
		{"a tab", "policy:\n\tcreate: true\n", "a.yaml:7:1: this is not YAML: found character '\t' that cannot start any token. Indent with spaces."},
		{"two syncs of one name", "---\n" + head, `a.yaml:9:7: name: another sync of this file is called "attendees"`},
		{"a mistake in the second document", "---\n" + strings.Replace(head, "kind: Sync", "kind: Snyc", 1), `a.yaml:8:7: kind: "Snyc" is not a kind of document. Write kind: Sync.`},
		{"a kind of a later version", "---\n" + strings.Replace(head, "kind: Sync", "kind: Connection", 1), "a.yaml:8:7: kind: a Connection is not a sync. kith config apply reads it."},
	} {
		_, err := Parse("a.yaml", []byte(head+c.text))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestMistakesOfWholeFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "a.yaml: there is no sync in this file. " + smallest},
		{"a text", "hello\n", "a.yaml:1:1: a sync is a mapping of keys to values. " + smallest},
		{"a list", "- a\n", "a.yaml:1:1: a sync is a mapping of keys to values. " + smallest},
		{"no version", "kind: Sync\n", "a.yaml:1:1: apiVersion: is missing. Begin the document with apiVersion: kith/v1 and kind: Sync."},
		{"a later version", "# mine\napiVersion: kith/v2\n", `a.yaml:2:13: apiVersion: "kith/v2" is not a version that this program reads. Write kith/v1.`},
		{"bytes of another encoding", "# a\n# \xff\n", "a.yaml:2:1: this line is not UTF-8. Save the file as UTF-8."},
		{"a control character", "# a\n# \x00\n", `a.yaml:2:1: this line has the control character U+0000. Write it as an escape in double quotes, such as "\u001f".`},
		{"a line without end", strings.Repeat("#", maxLine+1), "a.yaml:1:1: this line has 32769 bytes; a line has at most 32768"},
		{"brackets without end", strings.Repeat("[\n", 101), "a.yaml:101:1: this line is nested too deeply"},
		{"lists without end", strings.Repeat("- ", 101), "a.yaml:1:1: this line is nested too deeply"},
		{"no end of size", strings.Repeat("#", maxSize+1), "a.yaml: the file has 262145 bytes; a sync file has at most 262144"},
		{"a connection and a file", strings.Replace(strings.Replace(head, "{file: attendees.csv}", "{connection: crm, object: Contact}", 1), "{book: contacts}", "{file: out.csv}", 1),
			"a.yaml:5:9: target: a connection is linked with an address book. Bring a file into a book first, and link the book: two syncs."},
		{"all addresses over a link", strings.Replace(head, "{file: attendees.csv}", "{connection: crm}", 1) + "secondary: true\n",
			"a.yaml:6:12: secondary: a sync with a connection matches by the main card. Leave the key out."},
		{"marks at a connection", strings.Replace(head, "{file: attendees.csv}", "{connection: crm}", 1) + "policy: {delete: {back: mark}}\n",
			"a.yaml:6:25: policy.delete.back: only contacts of an address book or a file can be marked, not records at a connection. Use keep, unlink, trash or delete."},
		{"an object without a connection", strings.Replace(head, "attendees.csv}", "a.csv, object: Contact}", 1), "a.yaml:4:31: source.object: an object belongs to a connection"},
		{"a folder's options", strings.Replace(head, "attendees.csv}", "a.csv, which: newest, after: keep, no_file: warn}", 1),
			"a.yaml:4:30: source.which: belongs to a file of a connection. Write source: {connection: NAME, path: /out/people-*.csv}.\n" +
				"a.yaml:4:45: source.after: belongs to a file of a connection. Write source: {connection: NAME, path: /out/people-*.csv}.\n" +
				"a.yaml:4:60: source.no_file: belongs to a file of a connection. Write source: {connection: NAME, path: /out/people-*.csv}."},
		{"a source of nothing", strings.Replace(head, "{file: attendees.csv}", "{every_time: true}", 1), "a.yaml:4:9: source: needs one of file, book, connection"},
		{"a source of two things", strings.Replace(head, "attendees.csv}", "a.csv, book: b}", 1), "a.yaml:4:23: source.book: stands beside file. Write exactly one of file, book, connection."},
		{"every_time of a target", strings.Replace(head, "contacts}", "c, every_time: true}", 1), "a.yaml:5:19: target.every_time: no such key. It belongs to source."},
		{"a book as CSV", strings.Replace(head, "contacts}", "c, csv: {quote: x}}", 1), "a.yaml:5:24: target.csv: a book is not written as CSV. Leave it out."},
		{"a target that is the source", strings.Replace(head, "{file: attendees.csv}", "{book: contacts}", 1), `a.yaml:5:16: target.book: the book "contacts" is also the source. A sync goes from one place to another.`},
		{"a generated key with removal (settled question 15)", strings.Replace(head, "contacts}", "c, key: generated}\npolicy: {delete: {not_found: trash}}", 1),
			"a.yaml:6:30: policy.delete.not_found: with key: generated, contacts not found must be kept: an import cannot be sure to recognise them. Write not_found: keep, or name a field as target.key."},
		{"a generated key as match rule", strings.Replace(head, "contacts}", "c, key: generated}\nmatch: [key]", 1), "a.yaml:6:9: match[0]: a generated key recognises nobody. Match by email or phone."},
		{"a generated key of the source", strings.Replace(head, "attendees.csv}", "a, key: generated}", 1), "a.yaml:4:24: source.key: keys are generated in the target. Write target: {key: generated}."},
		{"no name", strings.Replace(head, "name: attendees", "name: ' '", 1), `a.yaml:3:7: name: is blank`},
		{"a name of two lines", strings.Replace(head, "name: attendees", `name: "a\nb"`, 1), `a.yaml:3:7: name: "a\nb" has a line break or another control character`},
	} {
		_, err := Parse("a.yaml", []byte(c.text))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	_, err := Parse("a.yaml", []byte(head+"updat: always\nmatch: [fone]\n---\nkind: Sync\n"))
	all := All(err)
	if len(all) != 3 {
		t.Fatalf("got %d mistakes, want 3: %v", len(all), err)
	}
	if last := all[2]; last.File != "a.yaml" || last.Line != 9 || last.Column != 1 || last.Key != "apiVersion" {
		t.Errorf("got %+v, want apiVersion at a.yaml:9:1", last)
	}
	var one *Error
	if !errors.As(err, &one) || one.Key != "updat" {
		t.Errorf("errors.As: got %+v, want the first mistake", one)
	}
}

// FuzzParse asks that no file ends the program, that every mistake has a place,
// and that what was read is written back as the same sync.
func FuzzParse(f *testing.F) {
	f.Add([]byte(head))
	f.Add([]byte(head + "preset: contact-manager\nguard: {deletes: 5%}\n---\n" + head))
	f.Add([]byte("a: [b, {c: &d e}]\n? f\n: |\n  g\n"))
	f.Add([]byte(head + "map:\n  - {from: 'a b', to: c, values: {x: \"y\\u0001\"}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		syncs, err := Parse("a.yaml", data)
		if err == nil && len(syncs) == 0 {
			t.Fatal("neither syncs nor an error")
		}
		for _, e := range All(err) {
			if e.Message == "" || e.File == "" || strings.Contains(e.Error(), "\n") {
				t.Errorf("a mistake without its message: %+v", e)
			}
		}
		for _, s := range syncs {
			roundTrip(t, s)
		}
	})
}
