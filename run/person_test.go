package run

import (
	"strings"
	"testing"
)

func TestMentions(t *testing.T) {
	p := Person{emails: []string{"ann@example.com"}, phones: []string{tail("+442079460123")}}
	for _, c := range []struct {
		what, text string
		want       bool
	}{
		{"the address itself", "ann@example.com", true},
		{"in capital letters, in a sentence", `"ANN@Example.com" is not new.`, true},
		{"at the end of a sentence", "Ask ann@example.com.", true},
		{"in a cell of a file", "17;ann@example.com;Leeds", true},
		{"another address that ends alike", "joann@example.com", false},
		{"another address that begins alike", "ann@example.com.au", false},
		{"the telephone as it is dialled at home", "tel 020 7946 0123", true},
		{"with country code", "+44 (20) 7946-0123", true},
		{"without anything", "442079460123", true},
		{"another number of the exchange", "020 7946 0124", false},
		{"digits of two cells are not one number", "0207946,0123", false},
		{"nothing", "", false},
	} {
		if got := p.Mentions(c.text); got != c.want {
			t.Errorf("%s: %q: got %v, want %v", c.what, c.text, got, c.want)
		}
	}
	if (&Person{}).Mentions("ann@example.com 020 7946 0123") {
		t.Error("nobody is mentioned")
	}
}

// A staged file is searched whatever its encoding, and across the stretches it is
// read in.
func TestMentionedInAFile(t *testing.T) {
	p := Person{emails: []string{"ann@example.com"}, phones: []string{tail("+442079460123")}}
	wide := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			b.Write([]byte{c, 0})
		}
		return b.String()
	}
	filler := strings.Repeat("bob@example.org,Leeds\n", 20000)
	for _, c := range []struct {
		what, text string
		want       bool
	}{
		{"at the end of a long file", filler + "ann@example.com", true},
		{"across two stretches", filler[:256<<10-8] + ",ann@example.com", true},
		{"a telephone across two stretches", filler[:256<<10-5] + " 020 7946 0123", true},
		{"in UTF-16", "\xff\xfe" + wide("email\r\nann@example.com\r\n"), true},
		{"nowhere", filler, false},
		{"in an empty file", "", false},
	} {
		got, err := p.mentionedIn(strings.NewReader(c.text))
		if err != nil || got != c.want {
			t.Errorf("%s: got %v, %v; want %v", c.what, got, err, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	for _, c := range []struct{ number, want string }{
		{"+442079460123", "079460123"}, {"+15555550123", "55550123"}, {"+4930123456", "0123456"}, {"+3581234", "581234"}, {"+1234", "1234"},
	} {
		if got := tail(c.number); got != c.want {
			t.Errorf("%s: got %s, want %s", c.number, got, c.want)
		}
	}
}
