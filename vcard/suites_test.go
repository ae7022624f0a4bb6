package vcard

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const suites = "../../shared/data/vcard"

// needSuites skips without the data that stand beside the project, except where
// KITH_CI says they must be there.
func needSuites(t *testing.T) {
	t.Helper()
	_, err := os.Stat(suites)
	if err != nil && os.Getenv("KITH_CI") == "1" {
		t.Fatalf("shared data are required here: %v", err)
	}
	if err != nil {
		t.Skipf("shared data are absent: %v", err)
	}
}

// Exports of real programs about invented people: what must be found in them.
func TestFieldRecovery(t *testing.T) {
	needSuites(t)
	john := map[string]string{
		"first_name": "John", "last_name": "Doe", "prefix": "Mr.", "suffix": "Sr.", "company": "IBM",
		"title": "Money Counter", "website": "http://www.ibm.com",
	}
	rows := []struct {
		file string
		want map[string]string // in the first card
	}{
		{"John_Doe_EVOLUTION.vcf", with(john, "middle_name", "Richter, James", "email", "john.doe@ibm.com", "mobile", "905-666-1234", "phone.work", "905-555-1234",
			"department", "Accounting, Dungeon", "street", "15 Crescent moon drive, ASB-123", "city", "Albaney", "state", "New York", "postal_code", "12345", "country", "United States of America", "birthday", "1980-03-22", "tags", "VIP")},
		{"John_Doe_GMAIL.vcf", with(john, "middle_name", "Richter, James", "email", "john.doe@ibm.com", "mobile", "905-555-1234", "phone.home", "905-666-1234", "birthday", "1980-03-22",
			"city", "Albaney", "state", "New York", "postal_code", "12345", "country", "United States of America")},
		{"John_Doe_MAC_ADDRESS_BOOK.vcf", with(john, "middle_name", "Richter,James", "email", "john.doe@ibm.com", "mobile", "905-555-1234", "phone.home", "905-666-1234", "phone.work", "905-777-1234",
			"fax", "905-999-1234", "assistant_phone", "905-222-1234", "department", "Accounting", "city", "New York", "birthday", "2012-06-06")},
		{"John_Doe_MS_OUTLOOK.vcf", with(john, "middle_name", "Richter,James", "email", "john.doe@ibm.cm", "phone.work", "(905) 555-1234", "phone.home", "(905) 666-1234",
			"department", "Accounting", "street", "Cresent moon drive", "city", "Albaney", "birthday", "1980-03-22", "name", "Mr. John Richter James Doe Sr.")},
		{"outlook-2007.vcf", map[string]string{"first_name": "Michael", "name": "Mr. Michael Angstadt Jr.", "title": "TheJobTitle", "company": "TheCompany", "department": "TheDepartment",
			"phone.work": "(111) 555-1111", "phone.home": "(111) 555-2222", "mobile": "(111) 555-4444", "fax": "(111) 555-3333", "street": "222 Broadway, TheOffice", "postal_code": "99999", "birthday": "1922-03-10"}},
		{"thunderbird-MoreFunctionsForAddressBook-extension.vcf", map[string]string{"first_name": "John", "last_name": "Doe", "company": "TheOrganization", "department": "TheDepartment",
			"email.2": "additional-email@company.com", "phone.work": "555-555-1111", "fax": "555-555-3333", "tags": "category1, category2, category3", "website": "http://www.work-webpage.com", "street": "222 Broadway, Suite 100"}},
		{"gmail-single2.vcf", map[string]string{"first_name": "VCard", "last_name": "Test", "email": "email@example.com", "email.2": "homeemail@example.com", "email.5": "customcategory@example.com",
			"phone": "5555551111", "phone.home": "5555551112", "phone.work": "5555551113", "mobile": "5555551115", "fax": "5555551118", "website": "http://www.example5.com",
			"note": "note line 1\nnote line 2\nCustomField: field value", "street": "113 Main St", "company": "TheCompany"}},
		{"gmail-list.vcf", map[string]string{"first_name": "Arnold", "last_name": "Smith", "name": "Arnold Smith", "email": "asmithk@gmail.com"}},
		{"rfc2426-example.vcf", map[string]string{"name": "Frank Dawson", "company": "Lotus Development Corporation", "phone.work": "+1-919-676-9515", "fax": "+1-919-676-9564",
			"email.2": "fdawson@earthlink.net", "city": "Raleigh", "postal_code": "27613-3502"}},
	}
	right, total := 0, 0
	for _, row := range rows {
		cards, err := readFile(t, filepath.Join(suites, "ez-vcard", row.file))
		if len(err) > 0 || len(cards) == 0 {
			t.Errorf("%s: got %d cards and errors %v", row.file, len(cards), err)
			continue
		}
		for _, field := range slices.Sorted(maps.Keys(row.want)) {
			total++
			if cards[0].Fields[field] == row.want[field] {
				right++
				continue
			}
			t.Logf("%s: %s: got %q, want %q", row.file, field, cards[0].Fields[field], row.want[field])
		}
	}
	t.Logf("%d of %d fields recovered", right, total)
	if right < total-5 {
		t.Errorf("got %d of %d fields, want at least %d", right, total, total-5)
	}
}

func with(base map[string]string, pairs ...string) map[string]string {
	out := maps.Clone(base)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// Nothing that reaches a person or says who they are is lost from any file of
// the suites: every such value stands in some field of its file.
func TestNothingIsLost(t *testing.T) {
	needSuites(t)
	files, cards, found, total := 0, 0, 0, 0
	err := filepath.WalkDir(suites, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".vcf") {
			return err
		}
		files++
		got, errs := readFile(t, path)
		for _, err := range errs {
			t.Errorf("%s: %v", d.Name(), err)
		}
		cards += len(got)
		var have strings.Builder
		for _, c := range got {
			for _, v := range c.Fields {
				have.WriteString(letters(v) + "\n")
			}
		}
		for _, want := range said(t, path) {
			total++
			if strings.Contains(have.String(), letters(want)) {
				found++
				continue
			}
			t.Errorf("%s: %q is in no field", d.Name(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d cards, %d of %d values found", files, cards, found, total)
	if files < 27 || cards < 60 || total < 250 {
		t.Errorf("got %d files, %d cards, %d values: the suites are not whole", files, cards, total)
	}
}

// said is a plain reading of a file that shares no code with this package: the
// values of the lines that are not folded or encoded.
func said(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(text) {
		text = []byte(latin1(text))
	}
	var out []string
	for _, line := range strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") {
		head, value, ok := strings.Cut(line, ":")
		name, _, _ := strings.Cut(strings.ToUpper(head), ";")
		if _, after, grouped := strings.Cut(name, "."); grouped {
			name = after
		}
		if !ok || line[0] == ' ' || strings.Contains(strings.ToUpper(head), "QUOTED") {
			continue
		}
		switch name {
		case "EMAIL", "TEL", "TITLE", "FN", "N", "ORG", "URL", "NICKNAME", "CATEGORIES":
			for _, v := range strings.FieldsFunc(value, func(r rune) bool { return r == ';' || r == ',' }) {
				out = append(out, strings.TrimPrefix(v, "tel:"))
			}
		}
	}
	return out
}

func latin1(text []byte) string {
	var b strings.Builder
	for _, c := range text {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// letters keeps what cannot be lost: letters and digits.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func readFile(t *testing.T, path string) (cards []Card, errs []error) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for c, err := range Read(bytes.NewReader(text)) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		cards = append(cards, c)
	}
	return cards, errs
}
