package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// The list of a book's contacts.
func contactsRoutes() []route {
	return []route{
		{pattern: "GET /contacts/{book}", operation: "contacts.list", do: (*visit).contacts},
		{pattern: "POST /contacts/{book}/bulk", operation: "contacts.bulk", do: (*visit).bulkContacts},
		{pattern: "GET /contacts/{book}/bulk", operation: "contacts.list", do: (*visit).backToBook},
		{pattern: "POST /contacts/{book}/filters", operation: "filters.save", do: (*visit).saveFilter},
		{pattern: "POST /contacts/{book}/filters/{id}/delete", operation: "filters.delete", do: (*visit).deleteFilter},
	}
}

// contactsView is the list as the page shows it.
type contactsView struct {
	Book       bookTab
	Search     string
	Deep       bool
	Where      []conditionView
	Chosen     bool     // not everybody is asked for
	Fields     []choice // columns to choose from
	Kinds      []choice // ways to compare, for a condition that is not there yet
	Columns    []contact.Field
	Rows       []contactRow
	Exact      bool
	Looked     int64
	All        int64
	Next       string
	DeepLink   string
	Filters    []filterView
	Filter     string // name of the saved filter that is shown
	Bulk       []contact.Field
	Tags       []contact.Field
	Query      url.Values // of this choice, for forms that keep it
	ExportLink string
	AddTo      *addTo // an event, whoever is ticked; nil where that may not be
}

type conditionView struct {
	Fields []choice
	Kinds  []choice
	Value  string
	Label  string // for who cannot see which row it is
}

type contactRow struct {
	ID    int64
	Name  string
	To    string
	Cells []string
}

type filterView struct {
	service.Filter
	To     string
	Chosen bool
}

func (v *visit) contacts() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	choice := v.choice()
	after, _ := strconv.ParseInt(v.form("after"), 10, 64) // what is no number means from the beginning
	found, err := v.service().Contacts(v.ctx(), id, service.ContactQuery{Choice: choice, Deep: v.ticked("deep"), After: after})
	if err != nil {
		return err
	}
	b := found.Book
	data := contactsView{Book: tabOf(b, "Contacts"), Search: choice.Search, Deep: v.ticked("deep"), Chosen: !choice.All(), Columns: v.columns(b),
		Exact: found.Exact, Looked: found.Looked, All: b.Population, Query: v.choiceQuery()}
	for _, c := range found.Contacts {
		data.Rows = append(data.Rows, rowOf(b, c, data.Columns))
	}
	seen, _ := strconv.ParseInt(v.form("seen"), 10, 64)
	data.Looked += max(seen, 0)
	if found.Next > 0 {
		data.Next = v.with("after", strconv.FormatInt(found.Next, 10))
		if data.Chosen {
			data.Next += fmt.Sprintf("&seen=%d", data.Looked)
		}
	}
	if found.Exact {
		data.DeepLink = v.with("deep", "1")
	}
	data.Fields = columnChoices(b, data.Columns)
	data.Where = conditionViews(b, choice.Where)
	data.Bulk, data.Tags = bulkFields(b)
	if data.Filters, err = v.filters(b); err != nil {
		return err
	}
	for _, f := range data.Filters {
		if f.Chosen {
			data.Filter = f.Name
		}
	}
	if data.AddTo, err = v.addingTo(b.ID, addTo{}); err != nil {
		return err
	}
	data.ExportLink = fmt.Sprintf("/contacts/%d/export?%s", b.ID, data.Query.Encode())
	return v.show("contacts", page{Title: b.Name, Nav: "Contacts", CLI: contactsCommand(b, choice), API: fmt.Sprintf("GET /api/v1/books/%d/contacts", b.ID), Data: data})
}

func contactsCommand(b store.Book, c desk.Choice) string {
	text := "kith contacts list --book " + desk.Quoted(b.Name)
	if c.Search != "" {
		text += " --search " + desk.Quoted(c.Search)
	}
	return text
}

// choice reads what is asked for: a text, and conditions as rows of field, way to
// compare and value.
func (v *visit) choice() desk.Choice {
	c := desk.Choice{Search: v.form("q")}
	fields, kinds, values := v.r.Form["f"], v.r.Form["is"], v.r.Form["v"]
	for i, f := range fields {
		if f == "" || i >= len(kinds) || i >= len(values) {
			continue
		}
		c.Where = append(c.Where, desk.Condition{Field: f, Is: kinds[i], Value: values[i]})
	}
	return c
}

// choiceQuery is the part of the address that says who is shown, and how.
func (v *visit) choiceQuery() url.Values {
	c := v.choice()
	q := queryOf(c, v.r.Form["col"])
	if v.ticked("deep") {
		q.Set("deep", "1")
	}
	return q
}

func queryOf(c desk.Choice, columns []string) url.Values {
	q := url.Values{}
	if c.Search != "" {
		q.Set("q", c.Search)
	}
	for _, w := range c.Where {
		q.Add("f", w.Field)
		q.Add("is", w.Is)
		q.Add("v", w.Value)
	}
	for _, name := range columns {
		q.Add("col", name)
	}
	return q
}

// with is this page with one thing changed.
func (v *visit) with(name, value string) string {
	q := v.choiceQuery()
	q.Set(name, value)
	return v.r.URL.Path + "?" + q.Encode()
}

// columns are those that were asked for, else those that fit.
func (v *visit) columns(b store.Book) (fields []contact.Field) {
	for _, name := range v.r.Form["col"] {
		if f, ok := b.Schema().Field(name); ok && !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	if len(fields) > 0 {
		return fields
	}
	at, _ := desk.ColumnsOnScreen(b)
	for _, i := range at {
		fields = append(fields, b.Fields[i])
	}
	return fields
}

func rowOf(b store.Book, c desk.ContactReport, columns []contact.Field) contactRow {
	row := contactRow{ID: c.ID, Name: c.Name, To: fmt.Sprintf("/contacts/%d/%d", b.ID, c.ID)}
	if row.Name == "" {
		row.Name = contact.Placeholder
	}
	for _, f := range columns {
		row.Cells = append(row.Cells, c.Fields[f.Name])
	}
	return row
}

func columnChoices(b store.Book, chosen []contact.Field) (all []choice) {
	for _, f := range b.Fields {
		all = append(all, choice{f.Name, f.Title(), slices.Contains(chosen, f)})
	}
	return all
}

// conditionViews are the conditions of a choice, and a free row for one more.
func conditionViews(b store.Book, where []desk.Condition) (all []conditionView) {
	for i, c := range append(slices.Clone(where), desk.Condition{Is: desk.Contains}) {
		view := conditionView{Value: c.Value, Label: fmt.Sprintf("condition %d", i+1), Fields: []choice{{"", "—", c.Field == ""}}}
		for _, f := range b.Fields {
			view.Fields = append(view.Fields, choice{f.Name, f.Title(), f.Name == c.Field})
		}
		for _, kind := range desk.Comparisons {
			view.Kinds = append(view.Kinds, choice{kind, comparisonText(kind), kind == c.Is})
		}
		all = append(all, view)
	}
	return all
}

func comparisonText(kind string) string {
	switch kind {
	case desk.IsNot:
		return "is not"
	case desk.Begins:
		return "begins with"
	case desk.Tagged:
		return "has the tag"
	case desk.Before:
		return "is before"
	case desk.After:
		return "is after"
	case desk.IsBlank:
		return "is blank"
	case desk.IsFilled:
		return "is filled"
	}
	return kind
}

// bulkFields are the fields that many contacts can get one value of, and those
// that can have tags.
func bulkFields(b store.Book) (all, tags []contact.Field) {
	for i, f := range b.Fields {
		if f.Name == b.KeyField || f.Kind == contact.Password || i == b.Schema().First(contact.Email) {
			continue
		}
		all = append(all, f)
		if f.Kind == contact.Text {
			tags = append(tags, f)
		}
	}
	return all, tags
}

func (v *visit) filters(b store.Book) (all []filterView, err error) {
	filters, err := v.service().Filters(v.ctx(), b.ID)
	now := queryOf(v.choice(), v.r.Form["col"]).Encode()
	for _, f := range filters {
		q := queryOf(f.Choice, f.Columns).Encode()
		all = append(all, filterView{f, fmt.Sprintf("/contacts/%d?%s", b.ID, q), q == now})
	}
	return all, err
}

func (v *visit) saveFilter() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	f, err := v.service().SaveFilter(v.ctx(), id, service.Filter{Name: v.form("name"), Choice: v.choice(), Columns: v.r.Form["col"]})
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/contacts/%d?%s", id, queryOf(f.Choice, f.Columns).Encode()), fmt.Sprintf("Saved the filter %s.", f.Name))
}

func (v *visit) deleteFilter() error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	id, err := v.number("id")
	if err != nil {
		return err
	}
	if err := v.service().DeleteFilter(v.ctx(), book, id); err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/contacts/%d", book), "Deleted the filter. The contacts stay.")
}

// backToBook leads whoever loads the address of a form again to the list.
func (v *visit) backToBook() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/contacts/%d", id), "")
}

// bulkContacts changes what is ticked, or all that are chosen.
func (v *visit) bulkContacts() error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	k := desk.Bulk{Do: v.form("do"), Field: v.form("field"), Value: v.form("value")}
	if v.ticked("delete") {
		k = desk.Bulk{Do: desk.BulkDelete}
	}
	var done service.BulkReport
	if v.form("who") == "chosen" {
		done, err = v.service().BulkChosen(v.ctx(), book, v.choice(), k)
	} else {
		done, err = v.service().BulkContacts(v.ctx(), book, v.tickedIDs(), k)
	}
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/contacts/%d?%s", book, v.choiceQuery().Encode()), bulkText(k, done))
}

// tickedIDs are the contacts whose boxes are ticked.
func (v *visit) tickedIDs() (ids []int64) {
	_ = v.form("id") // parses the form
	for _, text := range v.r.Form["id"] {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func bulkText(k desk.Bulk, done service.BulkReport) string {
	text := "Changed " + several(done.Changed, "contact")
	if k.Do == desk.BulkDelete {
		text = "Put " + several(done.Changed, "contact") + " into the trash"
	}
	if done.Run != 0 {
		text += fmt.Sprintf("; run %d can take it back", done.Run)
	}
	if done.Same > 0 {
		text += fmt.Sprintf(". %s had that value already", several(done.Same, "contact"))
	}
	if done.Refused > 0 {
		text += fmt.Sprintf(". %s changed meanwhile and stayed as they are", several(done.Refused, "contact"))
	}
	return text + "."
}
