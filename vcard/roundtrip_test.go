package vcard

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/suggest"
	"pgregory.net/rapid"
)

// values are texts that have broken address books before, and any others.
func values() *rapid.Generator[string] {
	nasty := rapid.SampledFrom([]string{
		"", "Ada", "a;b", "a,b", `a\b`, `a\nb`, "a\nb", "\nEND:VCARD\nBEGIN:VCARD", "tel:+1-202-555-0101;ext=2", "mailto:a@example.com",
		"1985-04-12", "19850412", "--0412", "VIP, Press", "VIP,Press", ",", " x ", "https://linkedin.com/in/ada", "=0D=0A", "日本語の名前", "\"quoted\"", "^n", "C:\\new", ":", "\u2028", strings.Repeat("ß", 80),
	})
	text := rapid.Map(rapid.String(), clean)
	return rapid.OneOf(nasty, text)
}

// A record that was written and read is the same record: no field is lost,
// changed, or found under another name.
func TestReadGivesBackWhatWriteWrote(t *testing.T) {
	own := rapid.SampledFrom([]string{"badge_colour", "Badge Colour", "email.4", "phone.3", "größe", "FirstName", "x-kith", "nickname", "a\"b", "address.2", "role", "tags2"})
	rapid.Check(t, func(t *rapid.T) {
		fields := append(Fields(), contact.Field{Name: own.Draw(t, "own"), Kind: contact.Text})
		rec := contact.Record{ID: values().Draw(t, "id")}
		want := map[string]string{}
		for _, f := range fields {
			v := ""
			if rapid.Bool().Draw(t, "has") {
				v = values().Draw(t, f.Name)
			}
			rec.Values = append(rec.Values, v)
			if v != "" {
				want[f.Name] = v
			}
		}
		var file bytes.Buffer
		if err := Write(&file, contact.Schema{Fields: fields}, rec); err != nil {
			t.Fatal(err)
		}
		text := file.String()
		for _, line := range strings.Split(text, "\r\n") {
			if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("line %q: want at most 75 bytes and no line end\n%s", line, text)
			}
		}
		n := 0
		for got, err := range Read(&file) {
			n++
			if err != nil && len(want) > 0 {
				t.Fatalf("%v\n%s", err, text)
			}
			if got.UID != rec.ID || len(want) > 0 && !maps.Equal(got.Fields, want) {
				t.Fatalf("got  %q %q\nwant %q %q\n%s", got.UID, got.Fields, rec.ID, want, text)
			}
		}
		if n != 1 {
			t.Fatalf("got %d cards, want 1\n%s", n, text)
		}
	})
}

func TestWrite(t *testing.T) {
	schema := contact.Schema{Fields: append(suggest.Standard(), contact.Field{Name: "badge_colour", Kind: contact.Text})}
	for _, row := range []struct {
		name   string
		fields map[string]string
		want   []string // lines that must be there
		never  string   // text that must not
	}{
		{"the properties other programs know", map[string]string{"name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "mobile": "+44 7700 900123"},
			[]string{"BEGIN:VCARD", "VERSION:4.0", "UID;VALUE=text:7", "FN:Ada Lovelace", "N:Lovelace;Ada;;;", "EMAIL;PREF=1:ada@example.com", "TEL;TYPE=cell:+44 7700 900123", "END:VCARD"}, ""},
		{"every card has an FN", map[string]string{"first_name": "Ada", "last_name": "Lovelace"}, []string{"FN;DERIVED=TRUE:Ada Lovelace"}, ""},
		{"a line end in a value begins no property", map[string]string{"note": "hello\r\nTEL:0\rEND:VCARD"}, []string{`NOTE:hello\nTEL:0\nEND:VCARD`}, "\nTEL"},
		{"a line end in a name begins no property", map[string]string{"last_name": "x\nEMAIL:evil@example.com"}, []string{`N:x\nEMAIL:evil@example.com;;;;`}, "\nEMAIL"},
		{"a semicolon stays inside its part", map[string]string{"street": "1; Main St", "city": "York"}, []string{`ADR:;;1\; Main St;York;;;`}, ""},
		{"other fields are ours", map[string]string{"badge_colour": "red"}, []string{"X-KITH-BADGE-COLOUR:red"}, ""},
		{"a password is never written", map[string]string{"name": "Ada", "password": "hunter2"}, []string{"FN:Ada"}, "hunter2"},
	} {
		rec := contact.Record{ID: "7"}
		for _, f := range schema.Fields {
			rec.Values = append(rec.Values, row.fields[f.Name])
		}
		var b strings.Builder
		if err := Write(&b, schema, rec); err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		for _, line := range row.want {
			if !strings.Contains("\r\n"+b.String(), "\r\n"+line+"\r\n") {
				t.Errorf("%s: want line %q in\n%s", row.name, line, b.String())
			}
		}
		if row.never != "" && strings.Contains(b.String(), row.never) {
			t.Errorf("%s: want no %q in\n%s", row.name, row.never, b.String())
		}
	}
}
