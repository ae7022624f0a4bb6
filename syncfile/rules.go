package syncfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kith-sync/kith/plan"
)

// Validate returns what is wrong with a sync that did not come from a file:
// everything that Parse would say, without places.
func Validate(s plan.Sync) []Error {
	t := tree(s)
	t["apiVersion"], t["kind"] = APIVersion, Kind
	if found := checkMapping(t, syncKeys(), ""); len(found) > 0 {
		return found
	}
	return rules(s)
}

// rules judges what one key alone cannot show.
func rules(s plan.Sync) (found []Error) {
	say := func(key, message, hint string) {
		found = append(found, Error{Key: key, Message: message, Hint: hint})
	}
	nameRules(s, say)
	endpointRules(s, say)
	matchRules(s, say)
	deleteRules(s, say)
	mapRules(s, say)
	linkRules(s, say)
	remoteRules(s, say)
	return found
}

type sayer func(key, message, hint string)

func nameRules(s plan.Sync, say sayer) {
	switch {
	case s.Name != strings.TrimSpace(s.Name):
		say("name", fmt.Sprintf("%q has space around it", s.Name), "")
	case strings.ContainsFunc(s.Name, unicode.IsControl):
		say("name", fmt.Sprintf("%q has a line break or another control character", s.Name), "")
	case utf8.RuneCountInString(s.Name) > 200:
		say("name", "the name has more than 200 characters", "")
	}
}

func endpointRules(s plan.Sync, say sayer) {
	for _, side := range []struct {
		name string
		plan.Endpoint
	}{{"source", s.Source}, {"target", s.Target}} {
		if side.Book != "" && side.CSV != (plan.CSV{}) {
			say(side.name+".csv", "a book is not written as CSV", "Leave it out.")
		}
	}
	if s.Source.Key == plan.KeyGenerated {
		say("source.key", "keys are generated in the target", "Write target: {key: generated}.")
	}
	switch {
	case s.Source.Book != "" && s.Source.Book == s.Target.Book:
		say("target.book", fmt.Sprintf("the book %q is also the source", s.Target.Book), "A sync goes from one place to another.")
	case s.Source.File != "" && s.Source.File == s.Target.File:
		say("target.file", fmt.Sprintf("the file %q is also the source", s.Target.File), "A sync goes from one place to another.")
	}
}

// matchRules holds settled question 15: a generated key is drawn at random, so
// it recognises nobody, and what cannot be recognised must not count as gone.
func matchRules(s plan.Sync, say sayer) {
	if s.Target.Key == plan.KeyGenerated {
		if i := slices.Index(s.Match, plan.ByKey); i >= 0 {
			say(fmt.Sprintf("match[%d]", i), "a generated key recognises nobody", "Match by email or phone.")
		}
		if removes(s) {
			say("policy.delete.not_found", "with key: generated, contacts not found must be kept: an import cannot be sure to recognise them",
				"Write not_found: keep, or name a field as target.key.")
		}
	}
}

// removes reports whether a sync does anything to contacts it does not find.
func removes(s plan.Sync) bool {
	return s.Policy.Delete.NotFound != "" && s.Policy.Delete.NotFound != plan.Keep
}

// takesAway reports whether a sync removes contacts it does not find.
func takesAway(s plan.Sync) bool {
	return s.Policy.Delete.NotFound == plan.Trash || s.Policy.Delete.NotFound == plan.DeleteGone
}

// deleteRules judges the field that marks stand in.
func deleteRules(s plan.Sync, say sayer) {
	d := s.Policy.Delete
	marks := d.Marks() || d.Back == plan.Mark
	if d.Mark != "" && !marks {
		say("policy.delete.mark", "has no effect where contacts not found are not marked", "Add not_found: mark.")
	}
	for i, m := range s.Map {
		here := m.To
		if s.Source.Book != "" && s.Linked() {
			here = m.From
		}
		if marks && here == d.MarkField() {
			say(fmt.Sprintf("map[%d].to", i), fmt.Sprintf("marks stand in %q, which the map fills", here), "Name another field as policy.delete.mark.")
		}
	}
}

func mapRules(s plan.Sync, say sayer) {
	filled := map[string]int{}
	for i, m := range s.Map {
		if first, twice := filled[m.To]; twice {
			say(fmt.Sprintf("map[%d].to", i), fmt.Sprintf("%q is filled by map[%d] already", m.To, first), "A field is filled once.")
			continue
		}
		filled[m.To] = i
		if policy := writePolicy(s, m); m.MayClear && policy != "" && policy != plan.WriteAlways && s.Direction != plan.TwoWay {
			say(fmt.Sprintf("map[%d].may_clear", i), fmt.Sprintf("has no effect where values are written %s", policy), "Add write: always.")
		}
	}
}

// writePolicy is the policy of one field, as plan.Compile finds it: an e-mail
// that is the identity is overwritten only where its own line says so.
func writePolicy(s plan.Sync, m plan.Mapping) plan.Write {
	switch {
	case m.Write != "":
		return m.Write
	case m.To == "email" && identity(s) == plan.ByEmail && s.Policy.Update != plan.WriteNever:
		return plan.WriteIfExistingBlank
	}
	return s.Policy.Update
}

// identity is the rule that a sync recognises people by. What plan.MatchFor can
// learn only from the target is taken to be the e-mail.
func identity(s plan.Sync) plan.Rule {
	for _, r := range s.Match {
		if r != plan.ByLink {
			return r
		}
	}
	if s.Target.Key != "" && s.Target.Key != plan.KeyGenerated {
		return plan.ByKey
	}
	return plan.ByEmail
}
