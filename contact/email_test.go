package contact

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCanonicalEmail(t *testing.T) {
	tests := []struct {
		name, raw, want string
		problem         Problem
	}{
		{"a plain address stays", "ann@example.com", "ann@example.com", ""},
		{"the whole address in lower case", "Ann.Example@Example.COM", "ann.example@example.com", ""},
		{"white space around it goes", " \tann@example.com\r\n", "ann@example.com", ""},
		{"no-break and zero-width spaces go too", "\u00a0ann@example.com\u200b\ufeff", "ann@example.com", ""},
		{"dots are kept", "a.n.n@example.com", "a.n.n@example.com", ""},
		{"tags are kept", "ann+news@example.com", "ann+news@example.com", ""},
		{"a link is an address", "mailto:Ann@example.com?subject=Hi", "ann@example.com", ""},
		{"an international domain in ASCII", "ann@Bücher.example", "ann@xn--bcher-kva.example", ""},
		{"the same domain already in ASCII", "ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example", ""},
		{"composed and decomposed letters are one", "jose\u0301@example.org", "josé@example.org", ""},
		{"a quoted local part", `"Ann Example"@example.com`, `"ann example"@example.com`, ""},
		{"an address literal", "ann@[192.0.2.1]", "ann@[192.0.2.1]", ""},
		{"an IPv6 address literal", "ann@[IPv6:2001:DB8::1]", "ann@[ipv6:2001:db8::1]", ""},
		{"a display name is not part of an address", "Ann <Ann@example.com>", "ann@example.com", ""},
		{"nor are angle brackets", "<ann@example.com>", "ann@example.com", ""},
		{"nor a link in them", "\"Ames, Ann\" <mailto:ann@example.com>", "ann@example.com", ""},
		{"brackets around nothing are no address", "Ann <>", "Ann <>", EmailInvalid},
		{"one bracket is not a pair", "ann@example.com>", "ann@example.com>", EmailInvalid},
		{"two addresses are not one", "ann@example.com; bob@example.com", "ann@example.com; bob@example.com", EmailInvalid},
		{"no domain", "ann", "ann", EmailInvalid},
		{"no local part", "@example.com", "@example.com", EmailInvalid},
		{"a space inside", "ann @example.com", "ann @example.com", EmailInvalid},
		{"a zero-width space inside", "an\u200bn@example.com", "an\u200bn@example.com", EmailInvalid},
		{"two dots", "ann@example..com", "ann@example..com", EmailInvalid},
		{"a dot at the end", "ann@example.com.", "ann@example.com.", EmailInvalid},
		{"an underscore in the domain", "ann@exam_ple.com", "ann@exam_ple.com", EmailInvalid},
		{"a label of 64", "ann@" + strings.Repeat("a", 64) + ".com", "ann@" + strings.Repeat("a", 64) + ".com", EmailInvalid},
		{"a local part of 65", strings.Repeat("a", 65) + "@example.com", strings.Repeat("a", 65) + "@example.com", EmailInvalid},
		{"blank", " \u00a0", "", ""},
	}
	n := NewNormalizer("")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problem := n.Canonical(Email, tt.raw)
			if got != tt.want || problem != tt.problem {
				t.Errorf("Canonical(%q) = %q, %q; want %q, %q", tt.raw, got, problem, tt.want, tt.problem)
			}
		})
	}
}

// The isemail suite sorts addresses by what a mail system thinks of them. Kith
// takes what SMTP can carry (VALID, DNSWARN, RFC5321) and refuses the rest:
//
//	ERR      not an address
//	RFC5322  too long for SMTP, or a literal that SMTP does not know
//	CFWS     comments and folding
//	DEPREC   obsolete forms
//
// White space around an address is trimmed before this judgement (requirements
// 3.1), so in an import those addresses of CFWS and ERR are taken too.
func TestEmailSuite(t *testing.T) {
	accepted := map[string]bool{"ISEMAIL_VALID_CATEGORY": true, "ISEMAIL_DNSWARN": true, "ISEMAIL_RFC5321": true}
	right, all := map[string]int{}, map[string]int{}
	trimmed := 0
	for _, c := range readEmailSuite(t) {
		all[c.Category]++
		_, problem := canonicalEmail(c.Address)
		if (problem == "") == accepted[c.Category] {
			right[c.Category]++
		} else {
			t.Errorf("%s %s (%s): %q gives %q", c.ID, c.Category, c.Diagnosis, c.Address, problem)
		}
		if _, again := canonicalEmail(Trim(c.Address)); again != problem {
			trimmed++
			t.Logf("%s %s (%s): %q is an address once trimmed", c.ID, c.Category, c.Diagnosis, c.Address)
		}
	}
	for category, n := range all {
		t.Logf("%-24s %d of %d", category, right[category], n)
	}
	if trimmed > 24 {
		t.Errorf("%d addresses are taken only because they are trimmed, want at most 24", trimmed)
	}
}

type emailCase struct {
	ID        string `xml:"id,attr"`
	Address   string `xml:"address"`
	Category  string `xml:"category"`
	Diagnosis string `xml:"diagnosis"`
}

// readEmailSuite returns the cases of the suite. It writes a control character
// as its picture, 0x2400 higher.
func readEmailSuite(t *testing.T) []emailCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "email", "isemail-tests.xml"))
	if err != nil {
		if os.Getenv("KITH_CI") == "1" {
			t.Fatalf("the test data must be here: %v", err)
		}
		t.Skipf("test data not here: %v", err)
	}
	var suite struct {
		Cases []emailCase `xml:"test"`
	}
	if err := xml.Unmarshal(text, &suite); err != nil {
		t.Fatal(err)
	}
	for i := range suite.Cases {
		suite.Cases[i].Address = strings.Map(func(r rune) rune {
			if r >= 0x2400 && r < 0x2420 {
				return r - 0x2400
			}
			return r
		}, suite.Cases[i].Address)
	}
	if len(suite.Cases) < 160 {
		t.Fatalf("%d cases, want at least 160", len(suite.Cases))
	}
	return suite.Cases
}

// The canonical form of a canonical form is itself, and the quick look agrees
// with the full reading.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{"ann@example.com", "Ann@Bücher.example", `"a b"@[192.0.2.1]`, "a@[ipv6:::1]", "mailto:a@b?x", "İ@example.com", "a@b@c", "a@xn--", "a@ß.example"} {
		f.Add(s)
	}
	n := NewNormalizer("")
	f.Fuzz(func(t *testing.T, raw string) {
		once, problem := n.Canonical(Email, raw)
		if problem != "" {
			return
		}
		if twice, problem := n.Canonical(Email, once); twice != once || problem != "" {
			t.Errorf("Canonical(%q) = %q, %q; it came from %q", once, twice, problem, raw)
		}
		if !plainEmail(once) {
			return
		}
		if full, ok := readEmail(once); full != once || !ok {
			t.Errorf("plainEmail takes %q, readEmail gives %q, %v", once, full, ok)
		}
	})
}

// "Every sheet of ours has a few people with two addresses in one cell."
func TestSplitEmails(t *testing.T) {
	for _, c := range []struct{ what, cell, want string }{
		{"one address is not several", "ann@example.com", ""},
		{"with a semicolon", "ann@example.com; bob@example.org", "ann@example.com|bob@example.org"},
		{"with a comma, and one at the end", "ann@example.com, bob@example.org,", "ann@example.com|bob@example.org"},
		{"names around them go", `"Ames, Ann" <ann@example.com>; Bob <bob@example.org>`, "ann@example.com|bob@example.org"},
		{"a comma in one name is no list", `"Ames, Ann" <ann@example.com>`, ""},
		{"one that is none makes it no list", "ann@example.com; see notes", ""},
		{"two that are none", "a@@example.com; b@@example.com", ""},
	} {
		if got := strings.Join(SplitEmails(c.cell), "|"); got != c.want {
			t.Errorf("%s: SplitEmails(%q) = %q, want %q", c.what, c.cell, got, c.want)
		}
	}
}

func BenchmarkEmail(b *testing.B) {
	n := NewNormalizer("")
	for _, raw := range []string{"ann.example@example.com", "Ann.Example@Example.com", "ann@bücher.example"} {
		b.Run(raw, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n.Canonical(Email, raw)
			}
		})
	}
}
