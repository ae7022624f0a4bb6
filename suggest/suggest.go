// Package suggest proposes which column of a source belongs in which field of
// a target, from the header's words and from sample values. It only proposes:
// it reads no files, remembers nothing and never writes a mapping. What it
// knows stands in the tables under words/, one per language.
package suggest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
)

// A Column is one column of a source as people see it.
type Column struct {
	Name    string
	Samples []string // up to about 200 values that are not blank
}

// A Suggestion says which field a column probably is.
type Suggestion struct {
	Column     int // position in the columns given to Mapping
	Field      contact.Field
	Confidence float64 // 0 when the column is not known and the field is new
	Why        string  // "header", "header and values", "values", or empty when unknown
	Part       int     // from 2: which of several values in one cell is meant; 0: the first, or the only one
}

// The reasons a Suggestion can give.
const (
	WhyHeader = "header"
	WhyBoth   = "header and values"
	WhyValues = "values"
)

// Fingerprint names a header irrespective of case, spaces, punctuation and the
// order of its columns, so that a mapping a person confirmed once is found again.
func Fingerprint(columns []string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = squash(c)
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	return hex.EncodeToString(sum[:16])
}
