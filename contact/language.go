package contact

import "golang.org/x/text/language"

// canonicalLanguage returns the BCP 47 tag (C7): en_GB is en-GB, iw is he, eng
// is en. The name of a language is not a tag, and a tag with an unregistered
// part is unknown: settled question 20 makes both a reason on the row.
func canonicalLanguage(s string) (string, Problem) {
	tag, err := language.Parse(s)
	if err != nil {
		return s, LanguageUnknown
	}
	if _, confidence := tag.Base(); confidence != language.Exact || tag.IsRoot() {
		return s, LanguageUnknown
	}
	return tag.String(), ""
}

// IsLanguageTag reports whether a text is a tag that a field of the kind language takes.
func IsLanguageTag(s string) bool {
	_, problem := canonicalLanguage(Trim(s))
	return problem == ""
}
