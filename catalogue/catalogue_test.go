package catalogue_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kith-sync/kith/catalogue"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
)

// known are the codes that packages export.
func known() (codes []string) {
	for _, r := range plan.Reasons {
		if r != plan.NoReason {
			codes = append(codes, string(r))
		}
	}
	for _, p := range contact.Problems() {
		codes = append(codes, string(p))
	}
	return append(codes,
		csv.UnclosedQuote, csv.BadEncoding, csv.TooLong, csv.WrongColumns, csv.LineBreak, csv.BadCard,
		csv.FileTooLarge, csv.FileHTML, csv.FileArchive, csv.FileWorkbook, csv.FileBinary,
		csv.FileEncoding, csv.FileDialect, csv.FileHeader, csv.FileRead,
		run.CodeSource, run.CodeSystemic, run.CodeConfig, run.CodePlanMoved, run.CodePlanUsed, run.CodePlanUnknown,
		run.CodeTargetMoved, run.CodeUndo, run.CodeInterrupted, run.CodeColumnGone, run.CodeSourceAbsent)
}

func TestEveryExportedCodeHasAnEntry(t *testing.T) {
	for _, code := range known() {
		if _, ok := catalogue.Find(code); !ok {
			t.Errorf("%s has no entry in package catalogue", code)
		}
	}
}

func TestEveryCodeInTheSourcesHasAnEntry(t *testing.T) {
	for code, place := range codesInSources(t) {
		if _, ok := catalogue.Find(code); !ok {
			t.Errorf("%s (%s) has no entry in package catalogue", code, place)
		}
	}
}

func TestNoEntryWithoutAUse(t *testing.T) {
	used := known()
	for code := range codesInSources(t) {
		used = append(used, code)
	}
	for _, e := range catalogue.All() {
		if !slices.Contains(used, e.Code) {
			t.Errorf("%s has an entry, and nothing gives it", e.Code)
		}
	}
}

func TestEntriesAreWholeSentences(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range catalogue.All() {
		if seen[e.Code] {
			t.Errorf("%s has two entries", e.Code)
		}
		seen[e.Code] = true
		for name, text := range map[string]string{"What": e.What, "Safe": e.Safe, "Fix": e.Fix, "Example": e.Example} {
			if text == "" {
				t.Errorf("%s: %s is empty", e.Code, name)
			}
		}
		if strings.HasSuffix(e.What, ".") || strings.ToLower(e.What[:1]) != e.What[:1] {
			t.Errorf("%s: What must follow a subject and have no full stop: %q", e.Code, e.What)
		}
		for _, text := range []string{e.Safe, e.Fix} {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: not a whole sentence: %q", e.Code, text)
			}
		}
		if strings.Contains(e.Sentence()+e.Safe+e.Fix, "!") {
			t.Errorf("%s shouts", e.Code)
		}
	}
}

func TestFind(t *testing.T) {
	tests := []struct{ name, code, fix string }{
		{"a code that is known", "email.invalid", "Correct the address."},
		{"a code that nobody gives", "no.such_code", ""},
		{"no code at all", "", ""},
	}
	for _, test := range tests {
		if got := catalogue.Fix(test.code); got != test.fix {
			t.Errorf("%s: got %q, want %q", test.name, got, test.fix)
		}
	}
}

func TestThePageIsUpToDate(t *testing.T) {
	got, err := os.ReadFile(filepath.Join("..", "docs", "errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != catalogue.Page() {
		t.Error("docs/errors.md is not what the catalogue says; run go generate ./catalogue")
	}
}
