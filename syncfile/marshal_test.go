package syncfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kith-sync/kith/plan"
)

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func roundTrip(t fataler, s plan.Sync) {
	t.Helper()
	text, err := Marshal(s)
	if err != nil {
		t.Fatalf("Marshal: %v\n%s", err, s.Canonical())
	}
	syncs, err := Parse("written.yaml", text)
	if err != nil {
		t.Fatalf("Parse what Marshal wrote: %v\n%s\n%s", err, text, s.Canonical())
	}
	if diff := cmp.Diff([]plan.Sync{s}, syncs, sameSync); diff != "" {
		t.Fatalf("want -, got +\n%s\n%s", diff, text)
	}
}

func TestMarshalWritesWhatTheAuthorDecided(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"the smallest file", `apiVersion: kith/v1
kind: Sync
name: attendees
preset: contact-manager
source:
  file: attendees.csv
target:
  book: contacts
`},
		{"a tick of the preset", `apiVersion: kith/v1
kind: Sync
name: attendees
preset: contact-manager
source:
  file: attendees.csv
target:
  book: contacts
  key: ID
policy:
  update: if_new_not_blank
  delete:
    not_found: trash
guard:
  deletes: 10%
  changes: none
  max_deletes: 5
`},
		{"towards a CRM, what is a default only towards a book", `apiVersion: kith/v1
kind: Sync
name: people-to-crm
source:
  book: people
target:
  connection: crm
  object: contacts
policy:
  update: if_new_not_blank
map:
  - from: email
    to: email
`},
		{"what a preset says taken away", `apiVersion: kith/v1
kind: Sync
name: registrations
preset: narware
source:
  file: registrations.csv
target:
  file: crm.csv
required: []
gate: ""
map:
  - from: E-mail
    to: email
  - value: ""
    to: note
    default: "1"
    values:
      a: b
`},
	} {
		got, err := Marshal(parseOne(t, c.text))
		if err != nil || string(got) != c.text {
			t.Errorf("%s: got %v\n%s\nwant\n%s", c.name, err, got, c.text)
		}
	}
}

func TestPropMarshalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { roundTrip(t, drawSync(t)) })
}

// drawSync makes any sync that a file can say.
func drawSync(t *rapid.T) plan.Sync {
	s := plan.Sync{
		Name:       strings.TrimSpace("n" + drawLine(t, "name")),
		Source:     drawEndpoint(t, "in"),
		Target:     drawEndpoint(t, "out"),
		Match:      rapid.SampledFrom([][]plan.Rule{nil, {plan.ByEmail}, {plan.ByPhone, plan.ByKey}}).Draw(t, "match"),
		PhoneMatch: rapid.SampledFrom([]plan.PhoneMatch{"", plan.NamesAgree, plan.PhoneAlone}).Draw(t, "phone_match"),
		OnSeveral:  rapid.SampledFrom([]plan.OnSeveral{"", plan.SeveralReview, plan.SeveralMostRecent}).Draw(t, "on_several"),
		OutOfScope: rapid.SampledFrom([]plan.OutOfScope{"", plan.OutOfScopeReview, plan.OutOfScopeContinue}).Draw(t, "out_of_scope"),
		Filter:     rapid.SampledFrom([]string{"", "true", `a == "b # c: d"`, "a in [1,\n 2]"}).Draw(t, "filter"),
		Scope:      rapid.SampledFrom([]string{"", "false"}).Draw(t, "scope"),
		Policy: plan.Policy{
			Create:    rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, "create"),
			Update:    rapid.SampledFrom([]plan.Write{"", plan.WriteAlways, plan.WriteNever, plan.WriteIfNewNotBlank}).Draw(t, "update"),
			Delete:    plan.Delete{NotFound: rapid.SampledFrom([]plan.NotFound{"", plan.Keep, plan.Trash}).Draw(t, "not_found"), Scope: rapid.SampledFrom([]plan.Scope{"", plan.BroughtByThisSync, plan.WholeBook}).Draw(t, "delete scope")},
			WholeBook: rapid.SampledFrom([]string{"", "accepted"}).Draw(t, "whole_book"),
		},
		Required:   rapid.SampledFrom([][]string{nil, {"email"}, {"a", "b: c"}}).Draw(t, "required"),
		Gate:       rapid.SampledFrom([]string{"", `registration == "succeeded"`, "1 < 2"}).Draw(t, "gate"),
		Duplicates: rapid.SampledFrom([]plan.Duplicates{"", plan.FirstWins, plan.LastWins}).Draw(t, "duplicates"),
		Region:     rapid.SampledFrom([]string{"", "GB", "NO"}).Draw(t, "region"),
		Language:   rapid.SampledFrom([]string{"", "en", "pt-BR"}).Draw(t, "language"),
		Map:        drawMap(t),
	}
	book, crm := plan.Endpoint{Book: "people"}, plan.Endpoint{Connection: "crm", Object: "contacts"}
	switch rapid.SampledFrom([]string{"neither", "source", "target"}).Draw(t, "a connection is the") {
	case "source":
		s.Source, s.Target = crm, book
	case "target":
		s.Source, s.Target = book, crm
	}
	preset := rapid.SampledFrom(append([]string{""}, presetNames()...)).Draw(t, "preset")
	s, err := Apply(preset, s)
	if err != nil {
		t.Fatalf("Apply(%q): %v", preset, err)
	}
	if rapid.Bool().Draw(t, "takes away") {
		s.Gate, s.Required = "", nil
	}
	if rapid.Bool().Draw(t, "explicit guard") {
		s.Guard = plan.Guard{Explicit: true, MaxDeletes: rapid.Int64Range(0, 1000).Draw(t, "max_deletes")}
		s.Guard.Deletes, _ = plan.ParseLimit(rapid.SampledFrom([]string{"none", "0%", "10%", "0.29%", "99.99%"}).Draw(t, "deletes"))
		s.Guard.Changes, _ = plan.ParseLimit(rapid.SampledFrom([]string{"none", "10%", "33.3%"}).Draw(t, "changes"))
	}
	return s
}

func drawEndpoint(t *rapid.T, side string) plan.Endpoint {
	if rapid.Bool().Draw(t, side+" is a book") {
		return plan.Endpoint{Book: side + drawLine(t, side+" book")}
	}
	e := plan.Endpoint{
		File: side + drawLine(t, side+" file"),
		Key:  rapid.SampledFrom([]string{"", "id", "Kunden-Nr."}).Draw(t, side+" key"),
		CSV: plan.CSV{
			Delimiter: rapid.SampledFrom([]string{"", ",", "\t", "auto", " ", "|"}).Draw(t, side+" delimiter"),
			Quote:     rapid.SampledFrom([]string{"", `"`, "'"}).Draw(t, side+" quote"),
			Header:    rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, side+" header"),
			Preamble:  rapid.SampledFrom([]*int{nil, new(0), new(3)}).Draw(t, side+" preamble"),
			Encoding:  rapid.SampledFrom([]string{"", "utf-8"}).Draw(t, side+" encoding"),
		},
	}
	if side == "in" {
		e.EveryTime = rapid.Bool().Draw(t, "every_time")
	}
	return e
}

func drawMap(t *rapid.T) (m []plan.Mapping) {
	for i := range rapid.IntRange(0, 3).Draw(t, "lines of map") {
		line := plan.Mapping{To: string(rune('a'+i)) + drawLine(t, "to"), Default: drawText(t, "default")}
		switch rapid.IntRange(0, 2).Draw(t, "from, value or expr") {
		case 0:
			line.From = "x" + drawLine(t, "from")
		case 1:
			line.Value = new(drawText(t, "value"))
		case 2:
			line.Expr = "a + 'b'"
		}
		if rapid.Bool().Draw(t, "clears") {
			line.Write, line.MayClear, line.Owner = plan.WriteAlways, true, true
		}
		if rapid.Bool().Draw(t, "has values") {
			line.Values = rapid.MapOfN(rapid.Custom(func(t *rapid.T) string { return drawText(t, "in") }), rapid.Custom(func(t *rapid.T) string { return drawText(t, "out") }), 1, 3).Draw(t, "values")
		}
		m = append(m, line)
	}
	return m
}

// drawText makes what people and machines write, including what YAML takes for
// something else.
func drawText(t *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "true", "no", "null", "~", "1", "007", "1e3", "0x1F", ".inf", "2026-12-01", "- a", "a: b", "#x", "a #b", "*a", "&a", "!a", "%a", "@a", "`a", "{a", "[a", "'", `"`, "a'b", `a\b`, "---", "...", "a\nb", "a\n", "\na", "a\r\nb", "\ta", "a\t", "  a", "a  ", "|", ">", "?", ":", "a:", "<<", "=", "\u0001", "\u0085", "\u2028", "\ufeff", "😀", "é", "10%"}),
		rapid.String(),
	).Draw(t, label)
}

func drawLine(t *rapid.T, label string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r <= 0x9f {
			return -1
		}
		return r
	}, drawText(t, label))
}
