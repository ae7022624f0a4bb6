package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
)

func TestDataFolder(t *testing.T) {
	for _, c := range []struct {
		name, system string
		env          map[string]string
		want         string
	}{
		{"KITH_DATA comes first", "linux", map[string]string{"KITH_DATA": "/here", "HOME": "/home/ada"}, "/here"},
		{"the data home of XDG", "linux", map[string]string{"XDG_DATA_HOME": "/xdg", "HOME": "/home/ada"}, "/xdg/kith"},
		{"a folder of one's own", "linux", map[string]string{"HOME": "/home/ada"}, "/home/ada/.local/share/kith"},
		{"the Mac's place", "darwin", map[string]string{"HOME": "/Users/ada"}, "/Users/ada/Library/Application Support/kith"},
		{"Windows' place", "windows", map[string]string{"LocalAppData": "/ada/Local"}, "/ada/Local/kith"},
		{"nowhere to put it", "linux", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := dataFolder(func(name string) string { return c.env[name] }, c.system)
			if filepath.ToSlash(got) != c.want {
				t.Errorf("dataFolder = %q, want %q", got, c.want)
			}
		})
	}
}

func TestPlainIsSafeOnATerminal(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"letters of all languages stay", "Zoë 李 é", "Zoë 李 é"},
		{"an escape sequence loses its power", "\x1b[31mred", "\ufffd[31mred"},
		{"a title change, too", "\x1b]0;x\x07", "\ufffd]0;x\ufffd"},
		{"and one in a single C1 character", "\u009b31m", "\ufffd31m"},
		{"the reading direction cannot be turned", "a\u202eb\u2066c", "a\ufffdb\ufffdc"},
		{"a line break in a cell is a space", "a\nb\tc", "a b c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := desk.Cell(c.value); got != c.want {
				t.Errorf("cell(%q) = %q, want %q", c.value, got, c.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	table := newTable(&out, []string{"name", "mail"})
	for _, row := range [][]string{{"李", "li@example.com"}, {"Ada", "ada@example.com"}, {strings.Repeat("x", 60), "x"}} {
		if err := table.add(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.flush(); err != nil {
		t.Fatal(err)
	}
	want := "NAME" + strings.Repeat(" ", 46) + "MAIL\n李" + strings.Repeat(" ", 48) + "li@example.com\nAda" +
		strings.Repeat(" ", 47) + "ada@example.com\n" + strings.Repeat("x", 47) + "…  x\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"contacts", "friends", "people"}
	for typed, want := range map[string]string{"contcats": "contacts", "freinds": "friends", "Friend": "friends", "xyz": "", "enemies": ""} {
		if got := desk.Nearest(typed, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestEveryReasonHasACauseAndAFix(t *testing.T) {
	for _, code := range plan.Reasons {
		if code == plan.NoReason {
			continue
		}
		if c := desk.CauseOf(code); c.What == string(code) || c.Fix == "" {
			t.Errorf("%s has no cause or no fix in the catalogue: %+v", code, c)
		}
	}
}

func TestMessagesEndWell(t *testing.T) {
	for message, want := range map[string]string{
		"Nothing was changed":                      "Nothing was changed.",
		"Did you mean x?":                          "Did you mean x?",
		"To go on type:  kith books delete x":      "To go on type:  kith books delete x",
		"first line\nsecond line":                  "first line\nsecond line.",
		"it ends already. With a full stop.":       "it ends already. With a full stop.",
		"Nothing.\nTo go on type:  kith restore x": "Nothing.\nTo go on type:  kith restore x",
	} {
		if got := ended(message); got != want {
			t.Errorf("ended(%q) = %q, want %q", message, got, want)
		}
	}
}

func TestMapFlag(t *testing.T) {
	columns := []string{"E-mail", "a=b", "Phone (private)"}
	for _, c := range []struct{ flag, column, field, fails string }{
		{"E-mail=email", "E-mail", "email", ""},
		{"E-mail = email", "", "", "no column"},
		{"a=b=note", "a=b", "note", ""},
		{"Phone (private)=", "Phone (private)", "", ""},
		{"Email=email", "", "", `Did you mean "E-mail"`},
		{"email", "", "", "Column=field"},
		{"=email", "", "", "Column=field"},
	} {
		column, field, err := desk.MapFlag(c.flag, columns)
		if err == nil && (column != c.column || field != c.field || c.fails != "") || err != nil && (c.fails == "" || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("mapFlag(%q) = %q, %q, %v; want %q, %q, %q", c.flag, column, field, err, c.column, c.field, c.fails)
		}
	}
}

func TestPlanFileIsReadByItsBeginning(t *testing.T) {
	for _, c := range []struct {
		name, text, hash string
		version          int
	}{
		{"a plan", `{"format_version":1,"plan":"abcd","changes":[`, "abcd", 1},
		{"keys in another order", `{"sync":"x","totals":{"read":1},"plan":"abcd","format_version":2}`, "abcd", 2},
		{"something else", `["plan"]`, "", 0},
		{"no JSON at all", `email,name`, "", 0},
	} {
		version, hash := 0, ""
		err := readHead(strings.NewReader(c.text), &version, &hash)
		if hash != c.hash || version != c.version || (err == nil) != (c.hash != "") {
			t.Errorf("%s: got %q, %d, %v; want %q, %d", c.name, hash, version, err, c.hash, c.version)
		}
	}
}
