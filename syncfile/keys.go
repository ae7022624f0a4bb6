package syncfile

import (
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// A key is one key of the file: what may stand there, and what to say about it.
// The tables below are the only list of keys; the check, the order in which
// Marshal writes, the JSON Schema and the reference all come from them.
type key struct {
	name     string
	shape    shape
	words    []string // of a word or a list of words; the default first
	called   string   // what one of the words is: "a write policy"
	notYet   []string // words, or an answer, that a later version will know
	keys     []key    // of a mapping or a list of mappings
	fallback string   // the default as people write it
	doc      string
	need     need
	later    bool // a later version will know the key
}

type shape uint8

const (
	text       shape = iota // may be empty
	filled                  // text that may not be blank
	word                    // one of words
	yesNo                   // true or false
	count                   // a whole number from 0
	limit                   // a whole number from 1, or none
	positive                // a whole number from 1
	several                 // a text or a whole number, or a list of these
	amount                  // a whole number from 0, or "5%"
	email                   // an address
	share                   // "10%", or none
	texts                   // list of texts
	words                   // list of words, at least one
	mapping                 // the keys below it
	mappings                // list of these, at least one
	table                   // any text to any text
	expression              // expr-lang, see plan.Compile
	region                  // two letters: GB
	language                // BCP 47 tag
	kindOf                  // kind of field, or phone(GB)
	afterwards              // keep, delete, or {move: DIR}
	hidden                  // ${env:NAME} or ${file:PATH}; never repeated in a message
)

type need uint8

const (
	optional need = iota
	required
	oneOf // exactly one of the keys with this mark
)

func syncKeys() []key {
	return []key{
		{name: "apiVersion", shape: word, words: []string{APIVersion}, called: "a version", need: required,
			doc: "Version of this format."},
		{name: "kind", shape: word, words: []string{Kind}, called: "a kind of document", need: required,
			doc: "What the document defines."},
		{name: "name", shape: filled, need: required,
			doc: "What the sync is called. Unique in an installation; `kith run NAME`."},
		{name: "preset", shape: word, words: append([]string{"none"}, presetNames()...), called: "a preset", fallback: "none",
			doc: "Settings of one of the systems Kith takes the place of. A key in the file beats the preset's; maps merge key by key, lists replace."},
		{name: "source", shape: mapping, keys: sourceKeys(), need: required, doc: "Where records come from."},
		{name: "target", shape: mapping, keys: targetKeys(), need: required, doc: "Where records go. A book that does not exist is created."},
		{name: "direction", shape: word, words: []string{plan.OneWay, plan.TwoWay}, called: "a direction", fallback: "one_way",
			doc: "From source to target, or both ways between a connection and a book: then every field travels both ways unless its `direction` says otherwise."},
		{name: "match", shape: words, words: of(plan.ByLink, plan.ByKey, plan.ByEmail, plan.ByPhone), called: "a match rule",
			fallback: "the target's unique identifier, else `email`, else `phone`",
			doc:      "How a person is recognised in the target, best rule first. A sync with a connection remembers whom it has recognised: that `link` comes before every rule, named or not."},
		{name: "secondary", shape: yesNo, fallback: "false",
			doc: "Lets secondary e-mail addresses and telephones take part in matching, on both sides: after the main card's, by each rule. The main card is the first e-mail field and the first telephone that is filled. Not with a connection."},
		{name: "phone_match", shape: word, words: of(plan.NamesAgree, plan.PhoneAlone), called: "a reading of a shared telephone", fallback: "names_agree",
			doc: "When one telephone means one person although their e-mail addresses differ or one has none: only where the last names do not contradict each other, or always."},
		{name: "on_several", shape: word, words: of(plan.SeveralReview, plan.SeveralFirst, plan.SeveralMostRecent, plan.SeveralReject),
			called: "an answer to several matches", fallback: "review",
			doc: "What to do when a rule finds several contacts: hold for a person, take the oldest, take the one changed last (by others than this sync), refuse the record."},
		{name: "prefer", shape: filled,
			doc: "Only with a connection: a field of the book. Of several records there that match one contact, one that has the contact's own value in this field comes before the others, whatever `on_several` says of the rest: Salesforce Sync As chooses between a Lead and a Contact with one e-mail (E11)."},
		{name: "out_of_scope", shape: word, words: of(plan.OutOfScopeSkip, plan.OutOfScopeContinue, plan.OutOfScopeReview),
			called: "an answer to a match out of scope", fallback: "skip",
			doc: "What to do when the only match is outside `target_scope`: skip the record, go on to the next rule, hold for a person."},
		{name: "filter", shape: expression, doc: "Which source records take part, such as `owner in [\"ana@example.org\"] && country == \"GB\"`."},
		{name: "target_scope", shape: expression, doc: "Which contacts of the target may be matched: the agent filter."},
		{name: "policy", shape: mapping, keys: policyKeys(), doc: "What may be done to the target."},
		{name: "guard", shape: mapping, keys: guardKeys(),
			doc: "Stops a plan that would change too much, before anything is written. A sync whose file names `guard` is guarded on every run."},
		{name: "required", shape: texts, doc: "Fields of the target without which a record is held."},
		{name: "gate", shape: expression, doc: "A new contact is created only when this is true of its source record; until then it is held."},
		{name: "gate_back", shape: expression, doc: "Of a two-way sync: the same for whoever is created in the source, on the fields of the target's record."},
		{name: "duplicates", shape: word, words: of(plan.FirstWins, plan.LastWins, plan.RejectDuplicates), called: "an answer to duplicates", fallback: "first",
			doc: "Which of several equal source records counts: the first, the last, or none of the later ones, which are rejected."},
		{name: "region", shape: region, doc: "Region of telephone numbers without a country code, such as `GB`."},
		{name: "language", shape: language, doc: "Default language, such as `en`."},
		{name: "map", shape: mappings, keys: mapKeys(),
			doc: "What fills which field. Without it the suggested mapping applies; the plan shows it."},
		{name: "schedule", shape: mapping, keys: scheduleKeys(),
			doc: "When the sync runs by itself; without it, by hand only."},
		{name: "notify", shape: mappings, keys: notifyKeys(),
			doc: "Who is told about the sync's runs: once when something begins, once when it is over."},
	}
}

func endpointKeys(of string) []key {
	return []key{
		{name: "file", shape: filled, need: oneOf, doc: "A delimited file. The path is relative to the file it stands in."},
		{name: "book", shape: filled, need: oneOf, doc: "An address book of this installation."},
		{name: "csv", shape: mapping, keys: csvKeys(), doc: "How the " + of + " file is written. What is left out is found out."},
		{name: "connection", shape: filled, need: oneOf, doc: "An account at another system: `kith connections list`. The other side must be a book."},
		{name: "object", shape: filled, doc: "Which of the connection's objects: an address book, a kind of record. Left out where there is only one."},
	}
}

func sourceKeys() []key {
	return append(endpointKeys("source"),
		key{name: "every_time", shape: yesNo, fallback: "false", doc: "Imports the file every time, regardless of its state (C17)."},
		key{name: "key", shape: filled, doc: "Column that is the unique identifier of the source's records."},
		key{name: "path", shape: filled, doc: "A file of the connection, such as `/out/people.csv`, or a pattern: `*` stands for any characters, `?` for one, `[a-c]` for one of these, in the name only (C20, C21)."},
		key{name: "which", shape: word, words: []string{plan.WhichNewest, plan.WhichAll}, called: "an answer to several files", fallback: "newest",
			doc: "Which of the files that match (C22): the newest, or all that were not read yet, oldest first, one run for each."},
		key{name: "after", shape: afterwards, fallback: "keep", doc: "What becomes of the file once it is fully applied: `keep`, `delete`, or `{move: DIR}`."},
		key{name: "no_file", shape: word, words: []string{plan.NoFileWarn, plan.NoFileOK, plan.NoFileError}, called: "an answer to no file", fallback: "warn",
			doc: "What it means when there is no file. Nothing is ever removed because of it."},
	)
}

func targetKeys() []key {
	return append(endpointKeys("target"),
		key{name: "path", later: true},
		key{name: "key", shape: filled, doc: "Field that is the unique identifier (C28). `generated` draws a random 9-digit code for each new contact (C29). A new row of a file gets the highest number of that column plus one, where the map does not fill it."},
	)
}

func csvKeys() []key {
	return []key{
		{name: "delimiter", shape: text, fallback: "auto", doc: "What stands between fields: `\",\"`, `\";\"`, `\"\\t\"`, or any other text (C13)."},
		{name: "quote", shape: text, fallback: `"`, doc: "What stands around a field that needs it."},
		{name: "header", shape: yesNo, fallback: "true", doc: "Consider the first line as header (C12)."},
		{name: "preamble", shape: count, fallback: "found out", doc: "Lines before the header."},
		{name: "encoding", shape: filled, fallback: "found out", doc: "Such as `utf-8` or `windows-1252`."},
		{name: "strict_line_breaks", shape: yesNo, fallback: "false", doc: "Refuses line breaks inside a field (C4)."},
		{name: "sheet", shape: filled, fallback: "the first", doc: "Which sheet of a spreadsheet (.xlsx)."},
	}
}

func policyKeys() []key {
	return []key{
		{name: "create", shape: yesNo, fallback: "true", doc: "Creates a contact for a record that no rule finds in the target (K7)."},
		{name: "update", shape: word, words: writes(), called: "a write policy", fallback: "if_new_not_blank",
			doc: "What a value may do to a field of a contact that is already there: write if the source knows something, write always, fill blanks only, never. Towards a CRM only blanks are filled where nothing is said."},
		{name: "back", shape: word, words: writes(), called: "a write policy",
			doc: "Of a two-way sync: what a value of the target may do to a field of the source; where nothing is said as for `update`."},
		{name: "create_back", shape: yesNo, fallback: "as `create`", doc: "Of a two-way sync: creates a contact of the source for whoever is new in the target. `false`: only who is in the source is kept in step (N9)."},
		{name: "delete", shape: mapping, keys: []key{
			{name: "not_found", shape: word, words: notFound(), called: "an answer to contacts not found", fallback: "keep",
				doc: "What happens to a contact that the source no longer has (C14): it stays as it is, gets a mark, stays and is let go by its connection, goes into the trash for 30 days, is deleted for good."},
			{name: "scope", shape: word, words: of(plan.BroughtByThisSync, plan.WholeBook), called: "a scope", fallback: "brought_by_this_sync",
				doc: "Which contacts that concerns."},
			{name: "back", shape: word, words: notFound(), called: "an answer to contacts not found",
				doc: "Of a two-way sync: what the source does with what is gone from the target; `keep` where nothing is said."},
			{name: "mark", shape: filled, fallback: plan.DefaultMark,
				doc: "Field of texts in which a mark stands: the name of the sync that no longer finds the contact. It is added where there is none, filled only where it is blank, and emptied when the contact is found again."},
		}, doc: "Contacts not found in the source."},
		{name: "whole_book", shape: word, words: []string{"accepted"}, called: "an answer",
			doc: "Consents to this sync removing from the whole book beside another that does."},
	}
}

func guardKeys() []key {
	return []key{
		{name: "deletes", shape: share, fallback: "10%", doc: "Most contacts that one run may remove, as a share of those it could remove. Exactly the limit passes."},
		{name: "changes", shape: share, fallback: "none", doc: "Most contacts that one run may remove or update: the Contact Manager's reading (C39)."},
		{name: "max_deletes", shape: limit, fallback: "none", doc: "Most contacts that one run may remove, as a number."},
		{name: "deletes_per_24h", shape: share, fallback: "20%, or twice the share that one run may remove where that is more", doc: "Most contacts or records that a sync may remove in 24 hours, in all its runs together. What a person approved or took back does not count. There is no limit where one run may remove any share."},
	}
}

func mapKeys() []key {
	return []key{
		{name: "from", shape: filled, need: oneOf, doc: "Column of the source."},
		{name: "value", shape: text, need: oneOf, doc: "The same text for every record."},
		{name: "expr", shape: expression, need: oneOf, doc: "Expression on the source record, such as `first + \" \" + last`."},
		{name: "to", shape: filled, need: required, doc: "Field of the target."},
		{name: "as", shape: kindOf, doc: "Kind of the values: " + list(kindNames()) + ", or a telephone of a region: `phone(GB)`."},
		{name: "write", shape: word, words: writes(), called: "a write policy", fallback: "`policy.update`", doc: "Write policy of this field."},
		{name: "direction", shape: word, words: []string{plan.BothWays, plan.ToTarget, plan.ToSource}, called: "a direction of a field", fallback: "that of the sync", doc: "Direction of this field in a sync with a connection."},
		{name: "winner", shape: word, words: of(plan.WinSource, plan.WinTarget, plan.WinRecent, plan.WinNonBlank, plan.WinReview), called: "a winner", fallback: "source",
			doc: "Whose value counts where both sides changed this field differently. The other value is kept in the conflict log; with `review` a person decides: `kith conflicts`."},
		{name: "default", shape: text, doc: "Value where the source has none."},
		{name: "values", shape: table, doc: "Replaces values: `{in: out}`. A value that is not listed stays."},
		{name: "may_clear", shape: yesNo, fallback: "false", doc: "Lets a blank value of the source empty the field, where its policy is `always`."},
		{name: "optional", shape: yesNo, fallback: "false", doc: "Only with a connection: leaves the line out where one side has no such field."},
		{name: "owner", shape: yesNo, fallback: "false", doc: "This sync owns the field: several may write it `always`."},
	}
}

func notFound() []string { return of(plan.Keep, plan.Mark, plan.Unlink, plan.Trash, plan.DeleteGone) }

func writes() []string {
	return of(plan.WriteIfNewNotBlank, plan.WriteAlways, plan.WriteIfExistingBlank, plan.WriteNever)
}

func of[T ~string](words ...T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

func kindNames() []string { return of(contact.Kinds...) }

// list writes words for people: `a`, `b`.
func list(words []string) string { return "`" + strings.Join(words, "`, `") + "`" }
