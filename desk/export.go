package desk

import (
	"bufio"
	"io"
	"iter"
	"strconv"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/sheet"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/vcard"
)

// An Export writes contacts of a book in some form.
type Export func(io.Writer, store.Book, iter.Seq2[store.Contact, error]) error

// ExportForm returns what writes a form: data, spreadsheet or vcard.
func ExportForm(form string) (Export, error) {
	switch form {
	case "data":
		return ExportData, nil
	case "spreadsheet":
		return ExportSheet, nil
	case "vcard":
		return ExportCards, nil
	}
	return nil, usage("%q is not a form of export. Use data, spreadsheet or vcard", form)
}

// ExportData writes every value as it is stored.
func ExportData(out io.Writer, b store.Book, contacts iter.Seq2[store.Contact, error]) error {
	w := csv.NewWriter(out, csv.Dialect{})
	return exportRows(w, fieldNames(b), contacts, func(c store.Contact) []string {
		row := make([]string, len(b.Fields))
		for i, f := range b.Fields {
			if f.Kind != contact.Password {
				row[i] = Shown(f, c, i)
			}
		}
		return row
	})
}

// ExportSheet writes values that no spreadsheet takes for formulas, the way Excel
// expects them. The first column marks the file and says who each row is.
func ExportSheet(out io.Writer, b store.Book, contacts iter.Seq2[store.Contact, error]) error {
	w := csv.NewWriter(out, csv.Dialect{})
	w.BOM, w.CRLF = true, true
	header := []string{sheet.Marker}
	for _, name := range fieldNames(b) {
		header = append(header, sheet.Guard(name))
	}
	return exportRows(w, header, contacts, func(c store.Contact) []string {
		row := []string{strconv.FormatInt(store.Number(c.Ref), 10)}
		for i, f := range b.Fields {
			row = append(row, sheet.Guard(Shown(f, c, i)))
		}
		return row
	})
}

func exportRows(w *csv.Writer, header []string, contacts iter.Seq2[store.Contact, error], row func(store.Contact) []string) error {
	if len(header) == 0 {
		return w.Flush() // a book without fields
	}
	if err := w.Write(header); err != nil {
		return err
	}
	if err := ForEach(contacts, func(c store.Contact) error { return w.Write(row(c)) }); err != nil {
		return err
	}
	return w.Flush()
}

func fieldNames(b store.Book) []string {
	names := make([]string, len(b.Fields))
	for i, f := range b.Fields {
		names[i] = f.Name
	}
	return names
}

// ExportCards writes contacts as vCards (RFC 6350).
func ExportCards(out io.Writer, b store.Book, contacts iter.Seq2[store.Contact, error]) error {
	w := bufio.NewWriter(out)
	err := ForEach(contacts, func(c store.Contact) error {
		return vcard.Write(w, b.Schema(), contact.Record{ID: strconv.FormatInt(store.Number(c.Ref), 10), Values: c.Values})
	})
	if err != nil {
		return err
	}
	return w.Flush()
}
