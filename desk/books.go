package desk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/suggest"
)

// ReportBook says what a book is.
func ReportBook(b store.Book) BookReport {
	return BookReport{Name: b.Name, Contacts: b.Population, Key: b.KeyField, Generated: b.KeyMade, Region: b.Region,
		NameFormula: b.NameFormula, Fields: Spelled(b.Fields)}
}

// FieldKinds lists the kinds of field in one sentence.
func FieldKinds() string {
	words := make([]string, len(contact.Kinds))
	for i, k := range contact.Kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// CheckField refuses what is no field: a name that a mapping could not say, a kind
// that there is not.
func CheckField(f contact.Field) error {
	if slices.Contains(contact.Kinds, f.Kind) {
		if f.Name == "" || strings.ContainsAny(f.Name, "=\n\r\t") {
			return usage("%q is not a name for a field", f.Name)
		}
		return nil
	}
	kinds := FieldKinds()
	if near := Nearest(string(f.Kind), strings.Split(kinds, ", ")); near != "" {
		return usage("%q is not a kind of field. Did you mean %s?", f.Kind, near)
	}
	return usage("%q is not a kind of field. Use one of %s", f.Kind, kinds)
}

// GeneratedKey is the field of generated 9-digit codes (C29).
const GeneratedKey = "unique_key"

// CheckRegion refuses what is no country of telephone numbers: with it none
// would be recognised, and nobody would say why.
func CheckRegion(region string) error {
	switch {
	case region == "" || phonenumbers.GetCountryCodeForRegion(region) != 0:
		return nil
	case region == "UK":
		return usage(`"UK" is not a country's two letters. Did you mean GB?`)
	}
	return usage("%q is not a country with telephone numbers. Write its two letters, such as GB or US", region)
}

// FirstFields gives a new book its fields: the unique identifier, the e-mail
// address, those that were asked for and those that its name formula needs.
func FirstFields(b *store.Book, asked []string) error {
	var list []contact.Field
	for _, name := range append([]string{b.KeyField, "email"}, asked...) {
		if name == "" {
			continue
		}
		field, kind, typed := strings.Cut(name, ":")
		f := wellKnown(strings.TrimSpace(field))
		if typed {
			f.Kind = contact.Kind(strings.TrimSpace(kind))
		}
		if err := CheckField(f); err != nil {
			return err
		}
		list = append(list, f)
	}
	for _, f := range list {
		if b.Schema().Index(f.Name) < 0 {
			b.Fields = append(b.Fields, f)
		}
	}
	for {
		_, err := plan.NewNaming(b.Schema(), b.NameFormula)
		f := wellKnown(UnknownName(err))
		if err == nil || f.Label == "" || b.Schema().Index(f.Name) >= 0 {
			return nil // checkFormula says what else is wrong
		}
		b.Fields = append(b.Fields, f)
	}
}

// wellKnown is a standard field by its name or its variable, else a field of text.
func wellKnown(name string) contact.Field {
	for _, f := range suggest.Standard() {
		if f.Name == name || plan.Identifier(f.Name) == name {
			return f
		}
	}
	return contact.Field{Name: name, Kind: contact.Text}
}

// CheckFormula refuses a name formula that the book's fields do not serve.
func CheckFormula(b store.Book) error {
	_, err := plan.NewNaming(b.Schema(), b.NameFormula)
	if err == nil {
		return nil
	}
	name := UnknownName(err)
	if name == "" {
		first, _, _ := strings.Cut(err.Error(), "\n") // the mistake is drawn below its text
		return usage("The name formula cannot be read: %s. Nothing was changed. Write it like  'last_name + \", \" + first_name'", first)
	}
	var names []string
	for _, f := range b.Fields {
		names = append(names, plan.Identifier(f.Name))
	}
	message := fmt.Sprintf("The name formula asks for %q, which is not a field of %s. Nothing was changed", name, b.Name)
	if near := Nearest(name, names); near != "" {
		return usage("%s. Did you mean %s?", message, near)
	}
	return usage("%s. Its fields are: %s", message, strings.Join(names, ", "))
}
