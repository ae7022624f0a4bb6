package desk

import "github.com/kith-sync/kith/store"

// ReportBook says what a book is.
func ReportBook(b store.Book) BookReport {
	return BookReport{Name: b.Name, Contacts: b.Population, Key: b.KeyField, Generated: b.KeyMade, Region: b.Region,
		NameFormula: b.NameFormula, Fields: Spelled(b.Fields)}
}
