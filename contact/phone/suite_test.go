package phone

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// readSuite returns the rows of a file of test data that nobody here wrote,
// without its header line.
func readSuite(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "phone", name))
	if err != nil {
		if os.Getenv("KITH_CI") == "1" {
			t.Fatalf("the test data must be here: %v", err)
		}
		t.Skipf("test data not here: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// Every example number of libphonenumber, national, international and
// punctuated, is read as its E.164, and without asking the library.
func TestExampleNumbers(t *testing.T) {
	rows := readSuite(t, "example_numbers.csv")
	read, sure, all := 0, 0, 0
	for _, row := range rows {
		region, code, prefix, national, want := row[0], row[1], row[3], row[4], row[5]
		for _, raw := range []string{prefix + national, "+" + code + national, "+" + code + " " + national[:2] + "-" + national[2:]} {
			all++
			got, ok := Parse(raw, region)
			fast, fastOK, known := Quick(raw, region)
			slow, slowOK := ask(raw, region)
			if got != slow || ok != slowOK || known && (fast != slow || fastOK != slowOK) {
				t.Errorf("Parse(%q, %q) = %v, %v; quick %v, %v; the library says %v, %v", raw, region, got, ok, fast, fastOK, slow, slowOK)
			}
			if ok && got.E164 == want {
				read++
			} else {
				t.Logf("miss: Parse(%q, %q) = %v, %v; want %s", raw, region, got, ok, want)
			}
			if known {
				sure++
			}
		}
	}
	t.Logf("%d of %d read as their E.164, %d without the library", read, all, sure)
	floor(t, "example numbers read", read, len(rows)*3, 0.998)
	floor(t, "example numbers read without the library", sure, len(rows)*3, 0.97)
}

// libphonenumber's own parsing cases: Parse is the library with a check of
// validity, so the cases are scored twice. The suite's numbers are often made
// up and not valid; they are the library's business, not ours.
func TestParseCases(t *testing.T) {
	rows := readSuite(t, "parse_cases.csv")
	library, ours, valid := 0, 0, 0
	for _, row := range rows {
		raw, region, want, extension := row[0], row[1], row[2], row[3]
		p, err := phonenumbers.Parse(raw, region)
		if want == "INVALID" {
			if err != nil {
				library++
			} else {
				t.Logf("library miss: %q in %s is read as %s", raw, region, phonenumbers.Format(p, phonenumbers.E164))
			}
			valid++
			if got, ok := Parse(raw, region); !ok {
				ours++
			} else {
				t.Logf("miss: Parse(%q, %q) = %v; want none", raw, region, got)
			}
			continue
		}
		if err == nil && phonenumbers.Format(p, phonenumbers.E164) == want && p.GetExtension() == extension {
			library++
		} else {
			t.Logf("library miss: %q in %s: %v; want %s %s", raw, region, p, want, extension)
		}
		if _, ok := ask(raw, region); !ok {
			continue // a number made up for the suite
		}
		valid++
		if got, ok := Parse(raw, region); ok && got.E164 == want && got.Extension == extension {
			ours++
		} else {
			t.Logf("miss: Parse(%q, %q) = %v, %v; want %s %s", raw, region, got, ok, want, extension)
		}
	}
	t.Logf("library %d of %d; Parse %d of the %d that are valid numbers or none", library, len(rows), ours, valid)
	floor(t, "parse cases of the library", library, len(rows), 0.90)
	floor(t, "valid parse cases", ours, valid, 0.95)
}

func floor(t *testing.T, what string, got, of int, share float64) {
	t.Helper()
	if float64(got) < share*float64(of) {
		t.Errorf("%s: got %d of %d, want at least %.0f %%", what, got, of, 100*share)
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, raw, region string
		want              Number
		ok                bool
	}{
		{"a national number", "020 7946 0123", "GB", Number{E164: "+442079460123"}, true},
		{"an international one needs no region", "+44 20 7946 0123", "", Number{E164: "+442079460123"}, true},
		{"a zero in parentheses is not dialled", "+44 (0)20 7946 0123", "US", Number{E164: "+442079460123"}, true},
		{"the prefix for abroad is a plus", "0044 20 7946 0123", "DE", Number{E164: "+442079460123"}, true},
		{"each region has its own prefix for abroad", "011 44 20 7946 0123", "US", Number{E164: "+442079460123"}, true},
		{"an American number with its 1", "1 (202) 555-0123", "US", Number{E164: "+12025550123"}, true},
		{"the same number abroad", "+1.202.555.0123", "FR", Number{E164: "+12025550123"}, true},
		{"Italy keeps its zero", "06 698 12345", "IT", Number{E164: "+390669812345"}, true},
		{"the extension stands apart", "020 7946 0123 ext. 45", "GB", Number{"+442079460123", "45"}, true},
		{"letters on the keys", "1-800-FLOWERS", "US", Number{E164: "+18003569377"}, true},
		{"full-width digits", "＋４４ ２０ ７９４６ ０１２３", "JP", Number{E164: "+442079460123"}, true},
		{"a tel: link", "tel:+44-20-7946-0123", "", Number{E164: "+442079460123"}, true},
		{"a national number needs a region", "020 7946 0123", "", Number{}, false},
		{"an unknown region is none", "020 7946 0123", "XX", Number{}, false},
		{"too few digits", "020 7946", "GB", Number{}, false},
		{"too many digits", "020 7946 0123 9876", "GB", Number{}, false},
		{"no such country", "+999 20 7946 0123", "GB", Number{}, false},
		{"a note", "n/a", "GB", Number{}, false},
		{"nothing", "", "GB", Number{}, false},
		{"mangled by a spreadsheet", "4.42079E+11", "GB", Number{}, false},
		{"mangled with a decimal comma", "4,42079E+11", "DE", Number{}, false},
		{"mangled and long enough to be read", "1.2025550123E+10", "US", Number{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := Parse(tt.raw, tt.region); got != tt.want || ok != tt.ok {
				t.Errorf("Parse(%q, %q) = %v, %v; want %v, %v", tt.raw, tt.region, got, ok, tt.want, tt.ok)
			}
		})
	}
}

// Every plan compiles: an upgrade whose patterns go beyond what automaton.go
// knows would quietly make everything slow.
func TestEveryPlanCompiles(t *testing.T) {
	for region, p := range world().regions {
		if !p.ready() {
			t.Errorf("%s: the plan does not compile", region)
		}
	}
	for _, c := range world().codes {
		if c == nil {
			continue
		}
		for _, p := range c.regions {
			if !p.ready() {
				t.Errorf("%s: a plan is missing", c.prefix)
			}
		}
	}
}

// Plans are compiled once, whoever comes first. Run with -race.
func TestParseFromManyGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, region := range []string{"GB", "US", "DE", "JE", "NZ", "AR"} {
				if got, ok := Parse("+64 3 331 6005", region); !ok || got.E164 != "+6433316005" {
					t.Errorf("Parse in %s = %v, %v", region, got, ok)
				}
				Parse("01632 960 001", region)
			}
		})
	}
	wg.Wait()
}

// A number read again in E.164 is the same number.
func FuzzPhone(f *testing.F) {
	for _, raw := range []string{"020 7946 0123", "+1 202-555-0123", "011 44 20 7946 0123 x9", "1.5E+10", "tel:2034567890;ext=456;phone-context=+44", "+++", ";;", "٣٣٣"} {
		f.Add(raw, "GB")
		f.Add(raw, "US")
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		got, ok := Parse(raw, region)
		if want, wantOK := ask(raw, region); got != want || ok != wantOK {
			t.Fatalf("Parse(%q, %q) = %v, %v; the library says %v, %v", raw, region, got, ok, want, wantOK)
		}
		if !ok {
			return
		}
		if again, ok := Parse(got.E164, ""); !ok || again.E164 != got.E164 {
			t.Errorf("Parse(%q) = %v, %v; it came from %q in %q", got.E164, again, ok, raw, region)
		}
		if strings.Trim(got.E164, "+0123456789") != "" {
			t.Errorf("Parse(%q, %q) = %q, not E.164", raw, region, got.E164)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	g := newWriter(7)
	type item struct{ raw, region string }
	var items []item
	for len(items) < 10_000 {
		form, raw, region := g.next()
		if strings.HasPrefix(form, "good ") {
			items = append(items, item{raw, region})
			Parse(raw, region)
		}
	}
	b.Run("quick", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			it := items[i%len(items)]
			Parse(it.raw, it.region)
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			it := items[i%len(items)]
			ask(it.raw, it.region)
		}
	})
}
