package run_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
)

// drawSync draws a sync with every setting that a file and a book can show.
func drawSync(t *rapid.T) plan.Sync {
	s := plan.Sync{Region: "GB"}
	s.Source.EveryTime = true
	s.Target.Key = oneOf(t, "key", "", "uid", "uid", plan.KeyGenerated)
	s.Match = drawMatch(t, s.Target.Key == "uid")
	s.Secondary = rarely(t, "secondary")
	s.PhoneMatch = oneOf(t, "phone_match", plan.NamesAgree, plan.PhoneAlone)
	s.OnSeveral = oneOf(t, "on_several", plan.SeveralReview, plan.SeveralFirst, plan.SeveralMostRecent, plan.SeveralReject)
	s.OutOfScope = oneOf(t, "out_of_scope", plan.OutOfScopeSkip, plan.OutOfScopeContinue, plan.OutOfScopeReview)
	s.Duplicates = oneOf(t, "duplicates", plan.FirstWins, plan.LastWins, plan.RejectDuplicates)
	if rarely(t, "scoped") {
		s.Scope = `company == "Acme"`
	}
	if rarely(t, "filtered") {
		s.Filter = `last_name != "Day"`
	}
	if rarely(t, "gated") {
		s.Gate = `first_name != "Bob"`
	}
	if rarely(t, "required") {
		s.Required = []string{oneOf(t, "required field", "last_name", "email", "company")}
	}
	create := !rarely(t, "no create")
	s.Policy.Create = &create
	s.Policy.Update = drawWrite(t, "update")
	s.Policy.Delete.NotFound = oneOf(t, "not_found", plan.Keep, plan.Keep, plan.Mark, plan.Trash, plan.DeleteGone)
	s.Policy.Delete.Scope = oneOf(t, "delete scope", plan.BroughtByThisSync, plan.WholeBook)
	s.Guard.Explicit = true // no guard: most worlds are so small that any delete is too much
	for _, f := range fields {
		m := plan.Mapping{From: f.Name, To: f.Name, As: string(f.Kind)}
		if rarely(t, f.Name+" has a policy") {
			m.Write = drawWrite(t, f.Name)
		}
		m.MayClear = rarely(t, f.Name+" may clear")
		s.Map = append(s.Map, m)
	}
	return s
}

func drawMatch(t *rapid.T, key bool) []plan.Rule {
	rules := []plan.Rule{plan.ByEmail, plan.ByPhone}
	if key {
		rules = append(rules, plan.ByKey)
	}
	rules = rapid.Permutation(rules).Draw(t, "match")
	return rules[:rapid.IntRange(1, len(rules)).Draw(t, "rules")]
}

func drawWrite(t *rapid.T, label string) plan.Write {
	return oneOf(t, label, plan.WriteIfNewNotBlank, plan.WriteAlways, plan.WriteIfExistingBlank, plan.WriteNever)
}

func oneOf[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

// rarely is true in one case of four.
func rarely(t *rapid.T, label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 3 }

// drawSeed draws the contacts of a book. Unique identifiers are unique (C28);
// anything else may be there twice, as in any book that people keep.
func drawSeed(t *rapid.T, s plan.Sync) (seed [][]string) {
	var used []string
	for range rapid.IntRange(0, 5).Draw(t, "contacts") {
		row := drawValues(t, "contact")
		if row[0] = trimmed(row[0]); slices.Contains(used, row[0]) || s.Target.Key == "" && rarely(t, "no uid") {
			row[0] = ""
		}
		if row[0] != "" {
			used = append(used, row[0])
		}
		for i := range row {
			row[i] = trimmed(row[i])
			if fields[i].Kind == contact.Email && !strings.Contains(row[i], "@example.") {
				row[i] = "" // no run brings such an address into a book
			}
		}
		if row[7] == "klingonish-x" {
			row[7] = ""
		}
		seed = append(seed, row)
	}
	return seed
}

func trimmed(s string) string { return string(bytes.TrimSpace([]byte(s))) }

func drawValues(t *rapid.T, label string) []string {
	row := make([]string, len(fields))
	for i := range fields {
		row[i] = oneOf(t, label+" "+fields[i].Name, alphabet[i]...)
	}
	return row
}

// A line is a record of a file, or something that is none.
type line struct {
	values []string
	raw    string // instead of values
}

var junk = []string{"too,few", "a,b,c,d,e,f,g,h,i,j,k,l", "", "k1,\"ann@example.com", "k2,\xff\xfe,,,,,,"}

func drawLine(t *rapid.T, label string) line {
	if rapid.IntRange(0, 15).Draw(t, label+" is junk") == 15 {
		return line{raw: oneOf(t, label, junk...) + "\n"}
	}
	return line{values: drawValues(t, label)}
}

func drawRows(t *rapid.T, label string, most int) (lines []line) {
	for range rapid.IntRange(0, most).Draw(t, label+"s") {
		lines = append(lines, drawLine(t, label))
	}
	return lines
}

// drawEdited draws the next version of a file: lines left out, changed, added
// and moved.
func drawEdited(t *rapid.T, old []line) (lines []line) {
	for _, l := range old {
		switch rapid.IntRange(0, 7).Draw(t, "edit") {
		case 5: // left out
		case 6:
			lines = append(lines, drawLine(t, "new line"), l)
		case 7:
			if l.values != nil {
				at := rapid.IntRange(0, len(fields)-1).Draw(t, "cell")
				l.values = slices.Clone(l.values)
				l.values[at] = oneOf(t, "value", alphabet[at]...)
			}
			lines = append(lines, l)
		default:
			lines = append(lines, l)
		}
	}
	lines = append(lines, drawRows(t, "late row", 2)...)
	if rarely(t, "moved") {
		lines = rapid.Permutation(lines).Draw(t, "order")
	}
	return lines
}

// render writes a file.
func render(lines []line) string {
	var b bytes.Buffer
	var header []string
	for _, f := range fields {
		header = append(header, f.Name)
	}
	write := func(values []string) {
		w := csv.NewWriter(&b)
		if w.Write(values) == nil {
			w.Flush()
		}
	}
	write(header)
	for _, l := range lines {
		if l.values == nil {
			b.WriteString(l.raw)
			continue
		}
		write(l.values)
	}
	return b.String()
}
