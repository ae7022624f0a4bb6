package vcard

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func card(version string, lines ...string) string {
	return "BEGIN:VCARD\r\nVERSION:" + version + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
}

func TestPatch(t *testing.T) {
	type set = map[string]string
	for _, row := range []struct {
		name string
		card string
		set  set
		want string
	}{
		{"what is the same stays as it is folded", card("3.0", "FN:Ada", "NOTE:Hel", " lo"), set{"note": "Hello"}, card("3.0", "FN:Ada", "NOTE:Hel", " lo")},
		{"one value changes where it stands", card("3.0", "EMAIL;TYPE=WORK:a@example.com", "FN:Ada", "X-MOOD:good"), set{"email": "b@example.com"}, card("3.0", "EMAIL;TYPE=WORK:b@example.com", "FN:Ada", "X-MOOD:good")},
		{"its group and label stay", card("3.0", "FN:Ada", "item1.TEL;type=pref:+1 202 555 0101", "item1.X-ABLabel:Boat"), set{"phone": "+1 202 555 0102"}, card("3.0", "FN:Ada", "item1.TEL;type=pref:+1 202 555 0102", "item1.X-ABLabel:Boat")},
		{"a photo stays, byte for byte", card("3.0", "FN:Ada", "PHOTO;ENCODING=b;TYPE=JPEG:AAAA", " BBBB", "TITLE:Clerk"), set{"title": "Countess"}, card("3.0", "FN:Ada", "PHOTO;ENCODING=b;TYPE=JPEG:AAAA", " BBBB", "TITLE:Countess")},
		{"one part of an address", card("4.0", "FN:Ada", `ADR;TYPE=home:;;1\; High St;York;;YO1;UK`), set{"city": "Leeds"}, card("4.0", "FN:Ada", `ADR;TYPE=home:;;1\; High St;Leeds;;YO1;UK`)},
		{"a mobile number is a cell phone", card("3.0", "FN:Ada"), set{"mobile": "07700 900123"}, card("3.0", "FN:Ada", "TEL;TYPE=cell:07700 900123")},
		{"a new address", card("3.0", "FN:Ada"), set{"city": "York", "country": "UK"}, card("3.0", "FN:Ada", "ADR:;;;York;;;UK")},
		{"the display name follows the names it is made of", card("3.0", "FN:Ada Byron", "N:Byron;Ada;;;"), set{"last_name": "Lovelace"}, card("3.0", "FN:Ada Lovelace", "N:Lovelace;Ada;;;")},
		{"a display name of its own does not", card("3.0", "FN:The Countess", "N:Byron;Ada;;;"), set{"last_name": "Lovelace"}, card("3.0", "FN:The Countess", "N:Lovelace;Ada;;;")},
		{"a department beside the company", card("3.0", "FN:Ada", "ORG:Engine Ltd;Cards;Punched"), set{"company": "Engines"}, card("3.0", "FN:Ada", "ORG:Engines;Cards;Punched")},
		{"a value that is cleared is gone", card("3.0", "FN:Ada", "TITLE:Clerk", "X-A:b"), set{"title": ""}, card("3.0", "FN:Ada", "X-A:b")},
		{"an e-mail that is cleared does not make the second the first", card("3.0", "FN:Ada", "EMAIL:a@example.com", "EMAIL:b@example.com"), set{"email": ""}, card("3.0", "FN:Ada", `EMAIL;X-KITH-FIELD="email.2":b@example.com`)},
		{"a title that is cleared does not make the role one", card("3.0", "FN:Ada", "TITLE:Clerk", "ROLE:Boss"), set{"title": ""}, card("3.0", "FN:Ada", `ROLE;X-KITH-FIELD="role":Boss`)},
		{"two notes become one", card("3.0", "FN:Ada", "NOTE:a", "X-A:b", "NOTE:c"), set{"note": "d"}, card("3.0", "FN:Ada", "NOTE:d", "X-A:b")},
		{"the same number at home and at work changes in both", card("3.0", "FN:Ada", "EMAIL;TYPE=HOME:a@example.com", "EMAIL;TYPE=WORK:a@example.com"), set{"email": "b@example.com"}, card("3.0", "FN:Ada", "EMAIL;TYPE=HOME:b@example.com", "EMAIL;TYPE=WORK:b@example.com")},
		{"a display name that is cleared is made of the others", card("4.0", "FN:Ada", "N:Byron;Ada;;;"), set{"name": ""}, card("4.0", "FN;DERIVED=TRUE:Ada Byron", "N:Byron;Ada;;;")},
		{"a birthday as its version writes it", card("4.0", "FN:Ada", "BDAY:18151210"), set{"birthday": "1815-12-11"}, card("4.0", "FN:Ada", "BDAY:18151211")},
		{"line ends as the card has them", "BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nEND:VCARD\n", set{"title": "Clerk"}, "BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nTITLE:Clerk\nEND:VCARD\n"},
		{"a line end in a value begins no property", card("3.0", "FN:Ada"), set{"note": "a\r\nTEL:0"}, card("3.0", "FN:Ada", `NOTE:a\nTEL:0`)},
		{"a field of our own", card("3.0", "FN:Ada"), set{"badge_colour": "red"}, card("3.0", "FN:Ada", "X-KITH-BADGE-COLOUR:red")},
		{"a phone as a URI becomes text", card("4.0", "FN:Ada", "TEL;VALUE=uri;TYPE=cell:tel:+1-202-555-0101"), set{"mobile": "+1 202 555 0102"}, card("4.0", "FN:Ada", "TEL;TYPE=cell:+1 202 555 0102")},
		{"tags are a list", card("3.0", "FN:Ada", "CATEGORIES:a,b"), set{"tags": "a, c, d"}, card("3.0", "FN:Ada", "CATEGORIES:a,c,d")},
		{"2.1 writes what is not ASCII as quoted-printable", card("2.1", "FN:Ada", "TITLE;ENCODING=QUOTED-PRINTABLE:Gr=FC"), set{"title": "Größe\nb"}, card("2.1", "FN:Ada", "TITLE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Gr=C3=B6=C3=9Fe=0D=0Ab")},
		{"a number that is a URI keeps its field", card("4.0", "FN:Ada", "TEL;TYPE=home:4", "TEL;VALUE=uri;TYPE=home:tel:5"), set{"phone.home": ""}, card("4.0", "FN:Ada", `TEL;TYPE=home;X-KITH-FIELD="phone":5`)},
		{"a line end in another part stays one", card("2.1", "FN:Ada", "N;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab;Ada"), set{"first_name": "Ida"}, card("2.1", "FN:Ada", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab;Ida")},
		{"a new card whose display name is known", string(New("7")), set{"first_name": "Ada", "last_name": "Byron", "name": "Countess"}, card("3.0", "UID:7", "N:Byron;Ada;;;", "FN:Countess")},
		{"a new card", string(New("7")), set{"first_name": "Ada", "email": "ada@example.com"}, card("3.0", "UID:7", "N:;Ada;;;", "FN;DERIVED=TRUE:Ada", "EMAIL:ada@example.com")},
	} {
		got, err := Patch([]byte(row.card), row.set)
		if err != nil || string(got) != row.want {
			t.Errorf("%s: error %v, got\n%s\nwant\n%s", row.name, err, got, row.want)
		}
	}
}

func TestPatchRefuses(t *testing.T) {
	good := card("3.0", "FN:Ada")
	for _, row := range []struct {
		name, card, field, want string
	}{
		{"no card", "", "email", "no card"},
		{"two cards", good + good, "email", "more than one card"},
		{"half a card", "BEGIN:VCARD\nFN:Ada\n", "email", "the file ends before END:VCARD"},
		{"a list of people", card("3.0", "FN:Team", "X-ADDRESSBOOKSERVER-KIND:group"), "email", "a list of people, not a person"},
		{"UTF-16", "\xff\xfe" + utf16le(good), "email", "the card is not written in UTF-8"},
		{"a password", good, "password", `a card cannot hold the field "password"`},
	} {
		if got, err := Patch([]byte(row.card), map[string]string{row.field: "x"}); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %q and error %v, want %s", row.name, got, err, row.want)
		}
	}
}

// checkPatch holds the promise of Patch: the named fields have their values, all
// others theirs, and what is no field is there byte for byte and in its order.
func checkPatch(t interface{ Fatalf(string, ...any) }, text []byte, set map[string]string) {
	before, err := Parse(text)
	if err != nil {
		return
	}
	out, err := Patch(text, set)
	if err != nil {
		t.Fatalf("patch %q: %v\n%q", set, err, text)
	}
	after, err := Parse(out)
	if err != nil {
		t.Fatalf("the result: %v\n%q", err, out)
	}
	want := maps.Clone(before.Fields)
	for f, v := range set {
		if want[f] = canonical(f, v); want[f] == "" {
			delete(want, f)
		}
	}
	if _, named := set["name"]; !named { // follows, see TestPatch
		delete(want, "name")
		delete(after.Fields, "name")
	}
	if !maps.Equal(after.Fields, want) || before.UID != after.UID {
		t.Fatalf("patch %q:\n got  %q\n want %q\nfrom %q\nto   %q", set, after.Fields, want, text, out)
	}
	again, err := Patch(out, set)
	if err != nil || !bytes.Equal(again, out) {
		t.Fatalf("patched twice: %v, got\n%q\nwant\n%q", err, again, out)
	}
	if got, want := strings.Join(unknown(out), ""), strings.Join(unknown(text), ""); got != want {
		t.Fatalf("patch %q: what no field was read from:\n got  %q\n want %q", set, got, want)
	}
}

// unknown are the lines of the properties that fields are never read from.
func unknown(text []byte) (lines []string) {
	p, err := newPatch(text)
	if err != nil {
		return []string{err.Error()}
	}
	from := map[int]bool{}
	v := p.view()
	for _, is := range v.from {
		for _, i := range is {
			from[i] = true
		}
	}
	read := []string{"FN", "N", "EMAIL", "TEL", "ADR", "ORG", "URL", "SOCIALPROFILE", "X-SOCIALPROFILE", "CATEGORIES", "NOTE", "BDAY", "TITLE", "ROLE", "LANG", "NICKNAME", "X-KADDRESSBOOK-X-DEPARTMENT"}
	for i, piece := range p.pieces {
		if piece.prop != nil && (from[i] || slices.Contains(read, piece.prop.name) || strings.HasPrefix(piece.prop.name, "X-KITH-") || piece.prop.Params.Get(fieldParam) != "") {
			continue
		}
		lines = append(lines, string(piece.raw))
	}
	return lines
}

func TestPatchSetsWhatItIsToldAndNothingElse(t *testing.T) {
	lines := rapid.SampledFrom([]string{
		"FN:Ada Byron", "FN:Ada", "FN;LANGUAGE=de:Frau Ada", "N:Byron;Ada;;;", "N;ALTID=1:;;King;Dr;", "EMAIL:a@example.com", "EMAIL;PREF=1:b@example.com", "EMAIL;TYPE=work:a@example.com", "item1.EMAIL:c@example.com", "item1.X-ABLabel:Boat",
		"TEL;TYPE=cell:1", "TEL;TYPE=cell:2", "TEL;TYPE=\"voice,work\":3", "TEL;VALUE=uri;TYPE=home:tel:4", "TEL:5", "TEL:1", "TEL: 1 ", "EMAIL: b@example.com", "EMAIL:mailto:c@example.com", "TEL:tel:1", "URL:", "EMAIL:", "BDAY:2000", "TEL;TYPE=fax:6", "TEL;TYPE=fax,home:9", "TEL;TYPE=pager:7", "item2.TEL:8", "item2.X-ABLABEL:assistant",
		"ADR:;;1 High St;York;;YO1;UK", "ADR;TYPE=work:box;ext;2 Low St;Leeds;;;UK", "ADR:;;;;;;", "ORG:Engine;Cards;Punched", "ORG:Mill", "URL:https://example.com", "URL:https://linkedin.com/in/ada", "SOCIALPROFILE;SERVICE-TYPE=twitter:x", "X-SOCIALPROFILE;type=twitter:y",
		"CATEGORIES:a,b", "CATEGORIES:c", "X-KITH-TAGS:a,,b", "NOTE:one", "NOTE:two", "N;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab;=3B;c;;", `ADR:;;C:\new;York;a\,b;;`, "ORG;CHARSET=ISO-8859-1:M\xfchle;a\\nb", "BDAY:18151210", "BDAY;VALUE=text:long ago", "TITLE:Clerk", "ROLE:Boss", "LANG:en", "NICKNAME:A,B", "X-KADDRESSBOOK-X-Department:Cards",
		"X-KITH-BADGE-COLOUR:red", `EMAIL;X-KITH-FIELD="email.3":d@example.com`, `X-KITH-CITY:Bath`, "PHOTO;ENCODING=b:AAAA\r\n BBBB", "X-MOOD:good\r\n  and\r\n\tbad", "UID:7", "REV:20200101T000000Z", "", "KEY;MEDIATYPE=a/b:x:y",
		"TITLE;X-LONG=" + strings.Repeat("a", 60) + "\r\n ;X-MORE=b:Clerk",
	})
	names := []string{"badge_colour", "email.4", "address.2", "phone.3", "website.2", "role", "assistant_phone", "pager", "größe"}
	for _, f := range Fields() {
		names = append(names, f.Name)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := card(rapid.SampledFrom([]string{"2.1", "3.0", "4.0"}).Draw(t, "version"), rapid.SliceOfN(lines, 0, 12).Draw(t, "lines")...)
		set := rapid.MapOfN(rapid.SampledFrom(names), values(), 1, 5).Draw(t, "set")
		checkPatch(t, []byte(text), set)
	})
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte(card("3.0", "FN:Ada", "N:;Ada;;;", "EMAIL:a@example.com", "EMAIL:b@example.com")), "email", "c@example.com", "note", "x\ny")
	f.Add([]byte(card("2.1", "TITLE;ENCODING=QUOTED-PRINTABLE:a=", "b", "AGENT:", "BEGIN:VCARD", "FN:Eve", "END:VCARD")), "title", "ü", "city", "York")
	f.Add([]byte(card("3.0")), "00000000000000000000000000:     ", "0", "0", "0") // inside its quotes, after the colon
	f.Fuzz(func(t *testing.T, text []byte, field, value, other, otherValue string) {
		if len(text) > 1<<12 || field == "" || other == "" || clean(field) != field || clean(other) != other || field == "password" || other == "password" {
			return
		}
		if _, err := newPatch(text); err != nil {
			return // UTF-16
		}
		checkPatch(t, text, map[string]string{field: value, other: otherValue})
	})
}

// Every card of the suites takes a change and keeps the rest.
func TestPatchOfRealCards(t *testing.T) {
	needSuites(t)
	files, err := filepath.Glob(filepath.Join(suites, "*", "*.vcf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range bytes.SplitAfter(text, []byte("END:VCARD")) {
			if _, err := newPatch(one); err != nil {
				continue
			}
			n++
			for _, f := range Fields() {
				if f.Name != "password" {
					checkPatch(t, one, map[string]string{f.Name: "7"})
					checkPatch(t, one, map[string]string{f.Name: "", "email.2": "x@example.com"})
				}
			}
		}
	}
	t.Logf("%d cards", n)
}

func TestParseSaysWhenACardWasRevised(t *testing.T) {
	for text, want := range map[string]string{
		"20200102T030405Z": "2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z": "2020-01-02T03:04:05Z", "20200102T030405-0500": "2020-01-02T08:04:05Z",
		"2020-01-02T03:04:05.678Z": "2020-01-02T03:04:05.678Z", "20200102": "2020-01-02T00:00:00Z", "yesterday": "0001-01-01T00:00:00Z", "": "0001-01-01T00:00:00Z",
	} {
		got, err := Parse([]byte(card("3.0", "FN:Ada", "REV:"+text)))
		if err != nil || got.Revised.Format(time.RFC3339Nano) != want {
			t.Errorf("REV:%s: got %s, %v; want %s", text, got.Revised.Format(time.RFC3339Nano), err, want)
		}
	}
}

func TestACardOfTenThousandEmailsIsPatchedInNoTime(t *testing.T) {
	var many []string
	for i := range 10_000 {
		many = append(many, fmt.Sprintf("EMAIL:a%d@example.com", i))
	}
	out, err := Patch([]byte(card("3.0", many...)), map[string]string{"email": "", "email.5": "", "title": "Clerk"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(out)
	if err != nil || len(got.Fields) != 9_999 || got.Fields["email"] != "" || got.Fields["email.2"] != "a1@example.com" || got.Fields["email.10000"] != "a9999@example.com" {
		t.Errorf("got %d fields, %v; want all but two as they were", len(got.Fields), err)
	}
}
