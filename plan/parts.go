package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"

	"github.com/kith-sync/kith/contact"
)

// severalInOne stands between the values of one cell in exports of Google
// Contacts (K12).
const severalInOne = " ::: "

// partFunction makes partOf(value, n) known to expressions. No column can be called
// so: the identifiers of columns have no capital letters.
func partFunction() expr.Option {
	return expr.Function("partOf", func(args ...any) (any, error) {
		return part(args[0].(string), args[1].(int)), nil
	}, new(func(string, int) string))
}

// part returns the n-th of the values in one cell, counted from 1; nothing where
// there are not so many. People list e-mail addresses with a semicolon or a comma.
func part(cell string, n int) string {
	if addresses := contact.SplitEmails(cell); len(addresses) > 0 {
		if n > len(addresses) {
			return ""
		}
		return addresses[n-1]
	}
	for ; n > 1; n-- {
		_, rest, more := strings.Cut(cell, severalInOne)
		if !more {
			return ""
		}
		cell = rest
	}
	first, _, _ := strings.Cut(cell, severalInOne)
	return first
}

// PartOf is the expression for the n-th of several values in a cell of a column,
// as suggestions write it: partOf(row["E-mail 1 - Value"], 2).
func PartOf(column string, n int) string {
	return fmt.Sprintf("partOf(row[%s], %d)", strconv.Quote(column), n)
}

// Reads reports whether the mapping is filled from a column: as a whole, or by
// PartOf from one of several values in it.
func (m Mapping) Reads(column string) bool {
	return m.From == column || strings.HasPrefix(m.Expr, strings.TrimSuffix(PartOf(column, 1), "1)"))
}

// takenParts is how many of the values in one cell of a column find a field: the
// first goes where the column goes.
func takenParts(column string, m []Mapping) int {
	n := 1
	for slices.ContainsFunc(m, func(m Mapping) bool { return m.Expr == PartOf(column, n+1) }) {
		n++
	}
	return n
}

// firstOfSeveral returns the first of the values in one cell. Those that nothing
// takes are told in a warning.
func (m *mapped) firstOfSeveral(value string, t *Translated) string {
	first := part(value, 1)
	if first != value && part(value, m.parts+1) != "" {
		t.Detail.Warnings = append(t.Detail.Warnings, "value.several")
	}
	return first
}
