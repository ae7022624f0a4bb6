package docs_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/kith-sync/kith/contact"
)

var update = flag.Bool("update", false, "write languages.md anew")

// Settled question 20: a page lists the language tags. It has every language of two
// letters that has a name, and each is taken as it stands there.
func TestThePageOfLanguageTags(t *testing.T) {
	old, err := os.ReadFile("languages.md")
	if err != nil {
		t.Fatal(err)
	}
	const mark = "|---|---|---|\n"
	head, _, found := strings.Cut(string(old), mark)
	if !found {
		t.Fatal("languages.md has no table")
	}
	want := head + mark + languages()
	if *update {
		if err := os.WriteFile("languages.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if string(old) != want {
		t.Error("languages.md is not the list of the languages: go test ./docs -run LanguageTags -update writes it")
	}
	for _, example := range []struct{ text, want string }{{"en-GB", "en-GB"}, {"pt_BR", "pt-BR"}, {"zh-Hant", "zh-Hant"}, {"iw", "he"}, {"eng", "en"}, {"English", ""}, {"xx", ""}} {
		got, bad := contact.NewNormalizer("").Canonical(contact.Language, example.text)
		if bad != "" {
			got = ""
		}
		if got != example.want || !strings.Contains(head, "`"+example.text+"`") {
			t.Errorf("%s: got %q (%s), want %q, and the page to say so", example.text, got, bad, example.want)
		}
	}
}

// languages are the rows of the table, by tag.
func languages() string {
	var rows strings.Builder
	normal := contact.NewNormalizer("")
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			tag := string(a) + string(b)
			base, err := language.ParseBase(tag)
			if err != nil || base.String() != tag {
				continue
			}
			known := language.Make(tag)
			name := display.English.Languages().Name(known)
			if got, _ := normal.Canonical(contact.Language, tag); got != tag || name == "" || name == tag {
				continue // an older tag of another one, or reserved
			}
			fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", tag, name, display.Self.Name(known))
		}
	}
	return rows.String()
}
