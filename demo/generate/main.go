// Command generate writes the files of the demo: five hundred invented people as
// a registration desk would export them, and the two exports that follow. It
// draws no lots, so it always writes the same; nobody in the files exists.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	folder := "."
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	for name, rows := range exports() {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text(rows)), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// exports are the files of the demo by name.
func exports() map[string][]row {
	first := attendees()
	second := weekTwo(first)
	return map[string][]row{
		"attendees.csv":            first,
		"attendees-week2.csv":      second,
		"attendees-broken-off.csv": second[:len(second)*2/3], // an export that stopped early
	}
}

// A row is one line of an export. What cannot be said in fields is raw text.
type row struct {
	email, first, last, company, phone, country, language, note string

	extra string // beyond the last column
	raw   string // in place of everything
}

const header = "E-mail Address,First Name,Last Name,Company,Phone,Country,Language,Notes"

// text writes rows as a spreadsheet does: a byte order mark, CRLF, and quotes
// where they are needed.
func text(rows []row) string {
	var b strings.Builder
	b.WriteString("\ufeff" + header + "\r\n")
	for _, r := range rows {
		b.WriteString(r.line() + "\r\n")
	}
	return b.String()
}

func (r row) line() string {
	if r.raw != "" {
		return r.raw
	}
	fields := []string{r.email, r.first, r.last, r.company, r.phone, r.country, r.language, r.note}
	if r.extra != "" {
		fields = append(fields, r.extra)
	}
	for i, f := range fields {
		if strings.ContainsAny(f, ",\"\n") {
			fields[i] = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
		}
	}
	return strings.Join(fields, ",")
}
