package vcard

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// listing shows cards as one line each: "field=value, ..." or "! error".
func listing(file string) string {
	var lines []string
	for c, err := range Read(strings.NewReader(file)) {
		if err != nil {
			lines = append(lines, "! "+err.Error())
			continue
		}
		var fields []string
		for _, k := range slices.Sorted(maps.Keys(c.Fields)) {
			fields = append(fields, fmt.Sprintf("%s=%s", k, c.Fields[k]))
		}
		lines = append(lines, strings.Join(fields, ", "))
	}
	return strings.Join(lines, "\n")
}

func TestRead(t *testing.T) {
	card := func(version string, lines ...string) string {
		return "BEGIN:VCARD\r\nVERSION:" + version + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
	}
	good := card("3.0", "FN:Ada")
	for _, row := range []struct{ name, file, want string }{
		{"a bad card does not stop the others", good + "BEGIN:VCARD\nnonsense\nEND:VCARD\n" + good, "name=Ada\n! card at line 5: line 6: neither a property nor a folded line\nname=Ada"},
		{"a card without an end is an error of its own", "BEGIN:VCARD\nFN:Eve\n" + good, "! card at line 1: another card begins before END:VCARD\nname=Ada"},
		{"a file that breaks off", "BEGIN:VCARD\nFN:Eve\n", "! card at line 1: the file ends before END:VCARD"},
		{"text that is no card", "hello\nworld\n" + good, "! card at line 2: line 1: text outside a card\nname=Ada"},
		{"an empty file has no cards", "", ""},
		{"blank lines and a byte order mark do not matter", "\ufeff\n\n" + good + "\n \n", "name=Ada"},
		{"begin and end in any case with spaces", "begin:vcard \nfn:Ada\nend:VCARD \n", "name=Ada"},
		{"a list of people is not a person", card("4.0", "KIND:group", "FN:Team", "MEMBER:urn:uuid:1"), "! card at line 1: a list of people, not a person"},
		{"an empty card", card("3.0", "FN:"), "! card at line 1: nothing in it"},
		{"folded lines join", card("3.0", "NOTE:Hello", "  wor", "\tld"), "note=Hello world"},
		{"quoted-printable over several lines", card("2.1", "NOTE;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=C3=9F=", "e=0D=0Aan alle"), "note=Grüße\nan alle"},
		{"a character set of its own", card("2.1", "N;CHARSET=ISO-8859-1:M\xfcller;J\xf6rg"), "first_name=Jörg, last_name=Müller"},
		{"bytes that are no UTF-8 are Windows-1252", card("2.1", "FN:M\xfcller \x96 AG"), "name=Müller – AG"},
		{"UTF-16 with a mark", "\xff\xfe" + utf16le(good), "name=Ada"},
		{"types without a name", card("2.1", "TEL;CELL;PREF:+1 202 555 0101", "TEL;WORK;FAX:+1 202 555 0102"), "fax=+1 202 555 0102, mobile=+1 202 555 0101"},
		{"types in one quoted list", card("4.0", `TEL;TYPE="voice,home":+1 202 555 0101`), "phone.home=+1 202 555 0101"},
		{"a phone as a URI", card("4.0", "TEL;VALUE=uri;TYPE=work:tel:+1-202-555-0101;ext=9"), "phone.work=+1-202-555-0101 ext. 9"},
		{"the preferred e-mail comes first", card("3.0", "EMAIL:b@example.com", "EMAIL;TYPE=PREF:a@example.com"), "email=a@example.com, email.2=b@example.com"},
		{"the preferred e-mail of 4.0", card("4.0", "EMAIL;PREF=2:b@example.com", "EMAIL;PREF=1:a@example.com"), "email=a@example.com, email.2=b@example.com"},
		{"a fourth e-mail is not lost", card("3.0", "EMAIL:a@example.com", "EMAIL:b@example.com", "EMAIL:c@example.com", "EMAIL:d@example.com"), "email=a@example.com, email.2=b@example.com, email.3=c@example.com, email.4=d@example.com"},
		{"the same e-mail twice is one", card("3.0", "EMAIL;TYPE=HOME:a@example.com", "EMAIL;TYPE=WORK:a@example.com"), "email=a@example.com"},
		{"a second address is not lost", card("3.0", "ADR;TYPE=WORK:;;1 High St;York;;YO1 7HH;UK", "ADR;TYPE=HOME:;;2 Low St;Leeds;;;UK"), "address.2=2 Low St, Leeds, UK, city=York, country=UK, postal_code=YO1 7HH, street=1 High St"},
		{"an escaped semicolon stays in its part", card("3.0", `ORG:Fish\; Chips;Fry`), "company=Fish; Chips, department=Fry"},
		{"a backslash in 2.1 is a backslash", card("2.1", `NOTE:C:\new`), `note=C:\new`},
		{"a date without hyphens", card("4.0", "BDAY:19850412"), "birthday=1985-04-12"},
		{"a date without a year stays as it is", card("4.0", "BDAY:--0412"), "birthday=--0412"},
		{"the assistant's card inside is another person", card("2.1", "FN:Ada", "AGENT:", "BEGIN:VCARD", "FN:Assistant", "END:VCARD", "TITLE:Countess"), "name=Ada, title=Countess"},
		{"the assistant's number is not the person's", card("3.0", "FN:Ada", "item1.TEL:+1 202 555 0101", "item1.X-ABLabel:AssistantPhone"), "assistant_phone=+1 202 555 0101, name=Ada"},
		{"a role is the title of who has none", card("3.0", "ROLE:Clerk"), "title=Clerk"},
		{"photos are read over", card("3.0", "PHOTO;ENCODING=b:AAAA", " BBBB", "CCCC", "FN:Ada"), "name=Ada"},
		{"no card sets a password", card("4.0", "FN:Ada", "X-KITH-PASSWORD:a", "NOTE;X-KITH-FIELD=password:b"), "name=Ada"},
		{"a profile of Apple", card("3.0", "X-SOCIALPROFILE;type=twitter:https://twitter.com/ada"), "twitter=https://twitter.com/ada"},
	} {
		if got := listing(row.file); got != row.want {
			t.Errorf("%s:\n got  %q\n want %q", row.name, got, row.want)
		}
	}
}

func utf16le(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func TestReadSaysWhereACardBegins(t *testing.T) {
	file := "\r\nBEGIN:VCARD\r\nUID:1\r\nFN:Ada\r\nEND:VCARD\r\nBEGIN:VCARD\r\nUID:2\r\nFN:Ben\r\nEND:VCARD\r\n"
	var got []string
	for c, err := range Read(strings.NewReader(file)) {
		got = append(got, fmt.Sprint(c.UID, " ", c.Line, " ", err))
	}
	if want := "1 2 <nil>|2 6 <nil>"; strings.Join(got, "|") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
	}
}

func TestAnEndlessCardIsAnErrorNotAFullMemory(t *testing.T) {
	long := strings.Repeat(" "+strings.Repeat("x", 1<<16)+"\n", 300)
	got := listing("BEGIN:VCARD\nNOTE:\n" + long + "END:VCARD\nBEGIN:VCARD\nFN:Ada\nEND:VCARD\n")
	if want := "! card at line 1: line 2: the card is longer than 16 MB\nname=Ada"; got != want {
		t.Errorf("got %.200q, want %q", got, want)
	}
}

func TestManyNumbersInOneCardTakeNoLongerThanTheyMust(t *testing.T) {
	var b strings.Builder
	b.WriteString("BEGIN:VCARD\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "EMAIL:a%d@example.com\nNOTE:x\n", i)
	}
	b.WriteString("END:VCARD\n")
	for c, err := range Read(strings.NewReader(b.String())) {
		if err != nil || len(c.Fields) != 200_001 {
			t.Errorf("got %d fields and error %v, want 200001 fields", len(c.Fields), err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:=\n=C3\nEND:VCARD\n")
	f.Add("BEGIN:VCARD\na.N;X=\"\\:;;\n \nAGENT:\nBEGIN:VCARD\nEND:VCARD\nTEL;TYPE=\"a,b\":tel:;ext=\nEND:VCARD")
	f.Fuzz(func(t *testing.T, file string) {
		last := 0
		for c, err := range Read(strings.NewReader(file)) {
			if c.Line < last || err == nil && len(c.Fields) == 0 {
				t.Fatalf("card %+v after line %d, error %v", c, last, err)
			}
			last = c.Line
		}
	})
}
