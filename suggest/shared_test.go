package suggest

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared finds a file of the data that stand beside the project. Without them
// the test is skipped, except where KITH_CI says they must be there.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../shared/data", name))
	if err == nil {
		return text
	}
	if os.Getenv("KITH_CI") == "1" {
		t.Fatalf("shared data are required here: %v", err)
	}
	t.Skipf("shared data are absent: %v", err)
	return nil
}

func TestKnownExports(t *testing.T) {
	var all map[string]struct {
		Header string
		Expect map[string]string
	}
	if err := json.Unmarshal(shared(t, "contact-exports/headers.json"), &all); err != nil {
		t.Fatal(err)
	}
	for name, e := range all {
		names, err := csv.NewReader(strings.NewReader(e.Header)).Read()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, s := range Mapping(named(names...), nil) {
			got[s.Field.Name] = names[s.Column]
		}
		for field, want := range e.Expect {
			if got[field] != want {
				t.Errorf("%s: %s: got column %q, want %q", name, field, got[field], want)
			}
		}
	}
}

func TestThunderbirdFiles(t *testing.T) {
	for _, row := range []struct {
		file  string
		comma rune
		want  map[string]string
	}{
		{"thunderbird_basic.csv", ',', map[string]string{
			"First Name": "first_name", "Last Name": "last_name", "Display Name": "name",
			"Primary Email": "email", "Secondary Email": "email.2", "Work Phone": "phone",
			"Home Phone": "phone.home", "Fax Number": "fax", "Mobile Number": "mobile",
			"Work Address": "street", "Work City": "city", "Work State": "state",
			"Work ZipCode": "postal_code", "Work Country": "country", "Job Title": "title",
			"Department": "department", "Organization": "company", "Web Page 1": "website", "Notes": "note",
		}},
		{"thunderbird_semicolon.csv", ';', map[string]string{
			"Display Name": "name", "First Name": "first_name", "Last Name": "last_name", "Primary Email": "email",
		}},
	} {
		r := csv.NewReader(strings.NewReader(string(shared(t, "contact-exports/fixtures/"+row.file))))
		r.Comma, r.FieldsPerRecord = row.comma, -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range Mapping(sampled(rows), nil) {
			column := rows[0][s.Column]
			if want, ok := row.want[column]; ok && s.Field.Name != want {
				t.Errorf("%s: %q: got %q, want %q", row.file, column, s.Field.Name, want)
			}
		}
	}
}

// sampled makes columns of a header and its rows.
func sampled(rows [][]string) []Column {
	out := named(rows[0]...)
	for _, row := range rows[1:] {
		for i, v := range row {
			if i < len(out) && strings.TrimSpace(v) != "" {
				out[i].Samples = append(out[i].Samples, v)
			}
		}
	}
	return out
}

func named(names ...string) []Column {
	out := make([]Column, len(names))
	for i, n := range names {
		out[i].Name = n
	}
	return out
}

// Columns without any header are recognized by their values where values say
// anything; what must not happen is a wrong one.
func TestFilesWithoutAHeader(t *testing.T) {
	right, total := 0, 0
	for file, want := range map[string]map[int]string{
		"er/fake_1000.csv":          {1: "first_name", 2: "last_name", 3: "birthday", 4: "city", 5: "email"},
		"er/febrl1.csv":             {1: "first_name", 2: "last_name", 4: "street", 6: "city", 7: "postal_code", 8: "state", 9: "birthday"},
		"er/febrl3.csv":             {1: "first_name", 2: "last_name", 4: "street", 6: "city", 7: "postal_code", 8: "state", 9: "birthday"},
		"er/restaurants/zagats.csv": {2: "street", 3: "city", 4: "phone"},
	} {
		r := csv.NewReader(strings.NewReader(string(shared(t, file))))
		r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, true, true
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		rows = rows[:201]
		rows[0] = make([]string, len(rows[0]))
		for i, s := range Mapping(sampled(rows), nil) {
			if want[i] != "" {
				total++
			}
			switch {
			case s.Confidence > 0 && s.Field.Name == want[i]:
				right++
			case s.Confidence > 0:
				t.Errorf("%s column %d: got %q, want %q", file, i+1, s.Field.Name, want[i])
			case want[i] != "":
				t.Logf("%s column %d: not recognized, is %q", file, i+1, want[i])
			}
		}
	}
	t.Logf("%d of %d columns recognized without a header", right, total)
	if right < 19 {
		t.Errorf("got %d of %d recognized, want at least 19", right, total)
	}
}
