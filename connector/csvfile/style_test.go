package csvfile_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/csvfile"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/files"
	"github.com/kith-sync/kith/plan"
)

func put(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// add creates records at the end of a target and finishes it.
func add(t *testing.T, target *csvfile.Target, records ...[]string) []connector.Result {
	t.Helper()
	first, err := target.Reserve(t.Context(), 1, int64(len(records)))
	if err != nil {
		t.Fatal(err)
	}
	var batch connector.Batch
	for i, values := range records {
		batch.Changes = append(batch.Changes, plan.Change{Action: plan.Create, Ref: first + int64(i), Values: values})
	}
	results, err := target.Write(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Finish(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return results
}

func TestFileIsWrittenAsItWas(t *testing.T) {
	no, two := false, 2
	for _, row := range []struct {
		sentence  string
		before    string
		said      plan.CSV
		add       []string
		after     string
		noteOrNot bool
	}{
		{"line ends stay", "id,name\r\n1,Ada\r\n", plan.CSV{}, []string{"2", "Bo"}, "id,name\r\n1,Ada\r\n2,Bo\r\n", false},
		{"a byte order mark stays", "\xef\xbb\xbfid,name\n1,Ad\u00e9\n", plan.CSV{}, []string{"2", "Bo"}, "\xef\xbb\xbfid,name\n1,Ad\u00e9\n2,Bo\n", false},
		{"Windows-1252 stays", "id;name\n1;Jos\xe9\n2;Ren\xe9\n", plan.CSV{}, []string{"3", "Zo\u00eb \u20ac"}, "id;name\n1;Jos\xe9\n2;Ren\xe9\n3;Zo\xeb \x80\n", false},
		{"what it cannot say makes it UTF-8", "id;name\n1;Jos\xe9\n2;Ren\xe9\n", plan.CSV{}, []string{"3", "\u0141uk"}, "id;name\n1;Jos\u00e9\n2;Ren\u00e9\n3;\u0141uk\n", true},
		{"the encoding that is said is kept", "id;name\n1;Jos\xe9\n", plan.CSV{Encoding: "iso-8859-15"}, []string{"3", "\u20ac"}, "id;name\n1;Jos\xe9\n3;\xa4\n", false},
		{"no header stays no header", "1,Ada\n2,Bo\n", plan.CSV{Header: &no}, []string{"3", "Cy"}, "1,Ada\n2,Bo\n3,Cy\n", false},
		{"the line that names the separator stays", "sep=;\nid;name\n1;Ada\n", plan.CSV{}, []string{"2", "Bo"}, "sep=;\nid;name\n1;Ada\n2;Bo\n", false},
		{"lines before the table stay", "People\n\nid,name\n1,Ada\n", plan.CSV{Preamble: &two}, []string{"2", "Bo"}, "People\n\nid,name\n1,Ada\n2,Bo\n", false},
		{"the quote that is said is used", "id,name\n1,'Ada, B'\n", plan.CSV{Quote: "'"}, []string{"2", "Bo, 'C'"}, "id,name\n1,'Ada, B'\n2,'Bo, ''C'''\n", false},
	} {
		path := put(t, row.before)
		target := open(t, path, "id", row.said)
		for i, r := range add(t, target, row.add) {
			if r.Refused != "" {
				t.Errorf("%s: change %d refused: %s", row.sentence, i, r.Message)
			}
		}
		if got := read(t, path); got != row.after {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.after)
		}
		if notes := target.Notes(); len(notes) > 0 != row.noteOrNot {
			t.Errorf("%s: notes: got %q", row.sentence, notes)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode: got %v, %v; want that of before", row.sentence, info.Mode(), err)
		}
	}
}

func TestNewFileIsWrittenAsSaid(t *testing.T) {
	for _, row := range []struct {
		sentence, before string
		said             plan.CSV
		want             string
	}{
		{"nothing said", "-", plan.CSV{}, "id,name\n1,\"Jos\u00e9, B\"\n"},
		{"delimiter, quote and encoding", "-", plan.CSV{Delimiter: "semicolon", Quote: "'", Encoding: "windows-1252"}, "id;name\n1;Jos\xe9, B\n"},
		{"an empty file is a new file", "", plan.CSV{}, "id,name\n1,\"Jos\u00e9, B\"\n"},
	} {
		path := filepath.Join(t.TempDir(), "people.csv")
		if row.before != "-" {
			path = put(t, row.before)
		}
		target := open(t, path, "id", row.said)
		if err := target.AddFields(t.Context(), []contact.Field{{Name: "id", Kind: contact.Text}, {Name: "name", Kind: contact.Name}}); err != nil {
			t.Fatal(err)
		}
		var kept bytes.Buffer
		if err := target.Keep(t.Context(), &kept); err != nil {
			t.Fatal(err)
		}
		add(t, target, []string{"", "José, B"})
		if got := read(t, path); got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
		if err := target.PutBack(t.Context(), &kept); err != nil {
			t.Fatal(err)
		}
		if got, err := target.State(t.Context()); err != nil || got != "absent" {
			t.Errorf("%s: state once put back: got %s, %v; want absent", row.sentence, got, err)
		}
	}
}

func TestWhatAFileCannotSayIsRefused(t *testing.T) {
	for _, row := range []struct {
		sentence, before string
		said             plan.CSV
		after            string
	}{
		{"the encoding that is said has no such character", "id,name\n1,Ada\n", plan.CSV{Encoding: "windows-1252"}, "id,name\n1,Ada\n3,Bo\n"},
		{"no quotes, and the value needs some", "id,name\n1,Ada\n", plan.CSV{Quote: "none"}, "id,name\n1,Ada\n3,Bo\n"},
	} {
		path := put(t, row.before)
		results := add(t, open(t, path, "id", row.said), []string{"2", "Łuk, B"}, []string{"3", "Bo"})
		if results[0].Refused != plan.TargetInvalid || results[0].Message == "" || results[1].Refused != "" {
			t.Errorf("%s: got %+v, want the first refused, with a message", row.sentence, results)
		}
		if got := read(t, path); got != row.after {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.after)
		}
	}
	no := false
	target := open(t, put(t, "1,Ada\n"), "", plan.CSV{Header: &no})
	if err := target.AddFields(t.Context(), []contact.Field{{Name: "city"}}); err == nil {
		t.Error("a name for a column of a file without a header: got no error")
	}
	if err := target.AddFields(t.Context(), []contact.Field{{Name: "column_3"}}); err != nil {
		t.Errorf("its next column: %v", err)
	}
}

func TestNewRowsGetKeys(t *testing.T) {
	for _, row := range []struct {
		sentence, file string
		remove         int64
		want           string
	}{
		{"the highest number and one", "id,name\n7,A\n40,B\n9,C\n", 0, "41"},
		{"the first is 1", "id,name\n", 0, "1"},
		{"a number is not given again", "id,name\n7,A\n40,B\n", 2, "41"},
		{"where keys are words, the row's place", "id,name\nx,A\ny,B\n", 0, "row-3"},
		{"but none that is there", "id,name\nrow-3,A\nrow-7,B\n", 0, "row-8"},
		{"numbers too large to count are words", "id,name\n99999999999999999999,A\n", 0, "row-2"},
	} {
		target := open(t, put(t, row.file), "id", plan.CSV{})
		if row.remove > 0 {
			// Known before it goes.
			add(t, target, []string{"", "first"})
			if _, err := target.Write(t.Context(), connector.Batch{Changes: []plan.Change{{Action: plan.Remove, Ref: row.remove}, {Action: plan.Remove, Ref: 3}}}); err != nil {
				t.Fatal(err)
			}
			row.want = "42"
		}
		first, _ := target.Reserve(t.Context(), 2, 1)
		results, err := target.Write(t.Context(), connector.Batch{Changes: []plan.Change{{Action: plan.Create, Ref: first, Values: []string{"", "New"}}}})
		if err != nil || results[0].TargetID != row.want {
			t.Errorf("%s: got %+v, %v; want key %s", row.sentence, results, err, row.want)
		}
	}
}

func TestManyNewRows(t *testing.T) {
	target := open(t, put(t, "id,name\n1,Ada\n"), "id", plan.CSV{})
	records := make([][]string, 20_000) // looking at all rows for each would take minutes
	for i := range records {
		records[i] = []string{"", "New"}
	}
	results := add(t, target, records...)
	if got, want := results[len(results)-1].TargetID, strconv.Itoa(len(records)+1); got != want {
		t.Errorf("last key: got %s, want %s", got, want)
	}
}

func TestNothingIsLeftBesideTheFile(t *testing.T) {
	path := put(t, "id,name\n1,Ada\n")
	folder := filepath.Dir(path)
	target := open(t, path, "id", plan.CSV{})
	write := func(value string) {
		t.Helper()
		change := plan.Change{Action: plan.Update, Ref: 1, Fields: []plan.FieldChange{{Name: "name", Old: "Ada", New: value}}}
		if _, err := target.Write(t.Context(), connector.Batch{Changes: []plan.Change{change}}); err != nil {
			t.Fatal(err)
		}
	}
	beside := func() (names []string) {
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	write("Bea")
	if _, err := target.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(beside()); got != 2 {
		t.Fatalf("prepared: got %v, want the file and the new one", beside())
	}
	open(t, path, "id", plan.CSV{}) // the next process, or somebody looking while the run goes on
	if got := beside(); len(got) != 1 {
		t.Errorf("opened anew: got %v, want the file alone", got)
	}
	if err := target.Finish(t.Context(), 1); err != nil {
		t.Errorf("finish after somebody tidied up: %v", err)
	}
	if got := read(t, path); got != "id,name\n1,Bea\n" || len(beside()) != 1 {
		t.Errorf("finished: got %q in %v", got, beside())
	}
	if err := target.PutBack(t.Context(), io.MultiReader(strings.NewReader("id"), broken{})); err == nil {
		t.Error("put back from a broken copy: got no error")
	}
	if got := read(t, path); got != "id,name\n1,Bea\n" || len(beside()) != 1 {
		t.Errorf("after a broken copy: got %q in %v", got, beside())
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestUnreadableIsNotAbsent(t *testing.T) {
	folder := t.TempDir() // a folder where the file should be
	if _, err := csvfile.New(files.OS{}, folder, plan.Endpoint{}).OpenTarget("GB", secret); err == nil {
		t.Error("open: got no error")
	}
	path := put(t, "id\n1\n")
	target := open(t, path, "id", plan.CSV{})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := target.State(t.Context()); err == nil {
		t.Errorf("state: got %s, want an error", got)
	}
}

func TestTheEncodingThatIsSaidIsUsedToLook(t *testing.T) {
	// EBCDIC: to anybody who is not told, this is not even text.
	path := put(t, "\x95\x81\x94\x85\x5e\x83\x89\xa3\xa8\x25\xc1\x5e\xc2\x25")
	source := csvfile.New(files.OS{}, path, plan.Endpoint{CSV: plan.CSV{Encoding: "ibm037"}})
	staging, err := source.Stage(t.Context(), io.Discard)
	if err != nil || staging.Dialect.Delimiter != ";" || staging.Dialect.Encoding != "ibm037" || !staging.Dialect.Header {
		t.Errorf("staging: got %+v, %v; want ibm037 with semicolons and a header", staging.Dialect, err)
	}
}
