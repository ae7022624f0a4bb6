package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
)

// What a program reads is one document, whether a list comes to its end, cannot be
// begun, or breaks off.
func TestOneDocument(t *testing.T) {
	type row struct {
		Name string `json:"name"`
	}
	fails := func(n int) iter.Seq2[row, error] {
		return func(yield func(row, error) bool) {
			for range n {
				if !yield(row{"ada"}, nil) {
					return
				}
			}
			yield(row{}, refuse("token.refused", "This token is not valid"))
		}
	}
	names := shape[row]{columns: []string{"name"}, row: func(r row) []string { return []string{r.Name} }}
	list := func(n int) func(*app) error { return func(a *app) error { return many(a, fails(n), names) } }
	long := func(n int) func(*app) error {
		return func(a *app) error {
			return writeLong(longValue{out: a.Stdout, format: a.format}, map[string]int{"run": 1}, "changes", fails(n))
		}
	}
	plans := func(n int) func(*app) error {
		return func(a *app) error {
			w := a.planWriter(true)
			for range n {
				if err := w.write(desk.PlanReport{}, nothing); err != nil {
					return err
				}
			}
			return w.brokenOff(errors.New("the second does not fit"))
		}
	}
	for _, c := range []struct {
		name  string
		print func(*app) error
		want  int // values as JSON lines, the error among them
	}{
		{"a list that cannot be begun", list(0), 1},
		{"a list that breaks off", list(2), 3},
		{"an object whose items cannot be begun", long(0), 2},
		{"an object whose items break off", long(2), 4},
		{"plans of which the first fails", plans(0), 1},
		{"plans of which the second fails", plans(1), 2},
	} {
		for _, format := range []string{"json", "yaml", "jsonl"} {
			t.Run(c.name+" as "+format, func(t *testing.T) {
				var out strings.Builder
				a := &app{World: World{Stdout: &out, Stderr: io.Discard}, format: format}
				if got := a.fail(context.Background(), c.print(a)); got != exitFailed {
					t.Errorf("got exit %d, want %d", got, exitFailed)
				}
				if !strings.Contains(out.String(), "error") {
					t.Errorf("got no error in\n%s", out.String())
				}
				if got := documents(t, format, out.String()); got != map[string]int{"json": 1, "yaml": 1, "jsonl": c.want}[format] {
					t.Errorf("got %d documents in\n%s", got, out.String())
				}
			})
		}
	}
}

func nothing(func(plan.Change, error) bool) {}

// documents counts the values in a text; all of it has to be values.
func documents(t *testing.T, format, text string) (n int) {
	t.Helper()
	if format == "yaml" {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		return 1
	}
	for d := json.NewDecoder(strings.NewReader(text)); ; n++ {
		var v any
		switch err := d.Decode(&v); {
		case err == io.EOF:
			return n
		case err != nil:
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}

// Of a list that cannot be begun there is not even a header.
func TestNoHeaderOfNothing(t *testing.T) {
	for _, format := range []string{"csv", "table"} {
		var out strings.Builder
		a := &app{World: World{Stdout: &out}, format: format}
		err := many(a, func(yield func(int, error) bool) { yield(0, io.ErrUnexpectedEOF) }, shape[int]{columns: []string{"n"}, row: func(int) []string { return nil }})
		if err == nil || out.String() != "" {
			t.Errorf("as %s: got %v and %q, want an error and nothing", format, err, out.String())
		}
	}
}
