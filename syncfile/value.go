package syncfile

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/parser"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
)

// checkText judges what is written as one text. It answers "" for a good one.
func checkText(s string, k key) (message, hint string) {
	if k.shape != text && k.shape != expression && k.shape != share && strings.TrimSpace(s) == "" {
		return "is blank", ""
	}
	switch k.shape {
	case word:
		return checkWord(s, k)
	case share:
		if _, err := plan.ParseLimit(s); err != nil || !shareForm.MatchString(s) {
			return describe(s) + notShare, ""
		}
	case expression:
		switch blank := strings.TrimSpace(s) == ""; {
		case blank && k.need == oneOf:
			return "is blank", ""
		case blank:
			return "", "" // takes the preset's away
		}
		if _, err := parser.Parse(s); err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			return "this expression cannot be read: " + strings.Replace(first, "unexpected token EOF", "it ends too early", 1), ""
		}
	case region:
		if !regionCode.MatchString(s) {
			return describe(s) + " is not a region", "Write its two letters, such as GB or US."
		}
	case language:
		if _, problem := contact.NewNormalizer("").Canonical(contact.Language, s); problem != "" {
			return describe(s) + " is not a language tag", "Write it as in BCP 47, such as en or pt-BR."
		}
	case email:
		if canonical, problem := contact.NewNormalizer("").Canonical(contact.Email, s); canonical == "" || problem != "" || s != notify.Line(s) {
			return describe(s) + " is not an e-mail address", "One address a line; a second person is a second line."
		}
	case kindOf:
		return checkKind(s)
	}
	return "", ""
}

const notShare = " is not a share such as 10%, nor none"

// Patterns of single values; the schema publishes the same ones.
var (
	shareForm  = regexp.MustCompile(`^(none|[0-9]{1,3}(\.[0-9]{1,2})? ?%)$`)
	regionCode = regexp.MustCompile(`^[A-Z]{2}$`)
	asForm     = regexp.MustCompile(`^([a-z]+)(?:\(([A-Z]{2})\))?$`)
)

func checkWord(s string, k key) (message, hint string) {
	switch {
	case slices.Contains(k.words, s):
		return "", ""
	case slices.Contains(k.notYet, s):
		return s + " is " + later, "Write " + k.words[0] + "."
	}
	message = describe(s) + " is not " + k.called
	if near := nearest(s, k.words); near != "" {
		return message, "Did you mean " + near + "?"
	}
	return message, "Write " + strings.Join(k.words, ", ") + "."
}

func checkKind(s string) (message, hint string) {
	name, _, hasRegion := strings.Cut(s, "(")
	form := asForm.FindStringSubmatch(s)
	known := slices.Contains(kindNames(), name)
	switch {
	case known && form != nil && (!hasRegion || name == "phone"):
		return "", ""
	case known:
		return describe(s) + " is not a kind of field", "Only telephones have a region, of two letters: phone(GB)."
	}
	if near := nearest(name, kindNames()); near != "" {
		return describe(s) + " is not a kind of field", "Did you mean " + near + "?"
	}
	return describe(s) + " is not a kind of field", "Write " + strings.Join(kindNames(), ", ") + "."
}
