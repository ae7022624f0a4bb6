package syncfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Error is one mistake in a sync file, with its place where it is known:
//
//	attendees.yaml:7:12: policy.update: "allways" is not a write policy. Did you mean always?
type Error struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Key     string `json:"key,omitempty"` // "policy.update", "map[2].to"
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do, as whole sentences

	atKey bool // it is the key that is wrong, not its value
}

// Error returns the message in one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString(". " + e.Hint)
	}
	return b.String()
}

// All lists the mistakes that Parse reports in its error.
func All(err error) []*Error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, one := range several.Unwrap() {
			all = append(all, All(one)...)
		}
		return all
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return []*Error{e}
	}
	return nil
}

// inOrder sorts mistakes by their places.
func inOrder(found []Error) {
	slices.SortStableFunc(found, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// join makes one error of mistakes, in the order of the file.
func join(name string, found []Error) error {
	inOrder(found)
	errs := make([]error, len(found))
	for i := range found {
		found[i].File = name
		errs[i] = &found[i]
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}
