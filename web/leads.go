package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// The Leads Inbox (E20): who was captured at an event waits here until somebody has
// looked.
func leadRoutes() []route {
	return []route{
		{pattern: "GET /leads", operation: "leads.list", do: (*visit).toLeads},
		{pattern: "GET /leads/{book}", operation: "leads.list", do: (*visit).leads},
		{pattern: "GET /leads/{book}/{did}", operation: "leads.list", do: (*visit).backToLeads},
		{pattern: "POST /leads/{book}/save", operation: "leads.edit", do: (*visit).saveLeads},
		{pattern: "POST /leads/{book}/take", operation: "leads.take", do: (*visit).takeLeads},
		{pattern: "POST /leads/{book}/dismiss", operation: "leads.dismiss", do: (*visit).dismissLeads},
		{pattern: "POST /leads/{book}/restore", operation: "leads.restore", do: (*visit).restoreLeads},
		{pattern: "POST /leads/{book}/import", operation: "leads.import", do: (*visit).importLeads},
	}
}

// leadsView is the inbox as its page shows it.
type leadsView struct {
	Book    service.BookName
	Books   []leadBook
	State   string
	Tabs    []leadTab
	Events  []choice // of which leads are shown
	To      []choice // that those who are taken join
	Columns []contact.Field
	Company string // the field that is set by itself; "" where the book has none
	Rows    []leadRow
	Next    string
	Query   string // of this page, for its forms
	Status  string
	Error   string
}

type leadBook struct {
	service.BookName
	Waiting int64
	Lit     bool
}

type leadTab struct {
	Text, To string
	Lit      bool
}

type leadRow struct {
	desk.LeadReport
	Name   string
	Event  string
	Ticked bool
	Cells  []leadCell
}

type leadCell struct {
	contact.Field
	Name, Value string
	Why, Error  string
}

// Where is the address of a page of the inbox.
func (d leadsView) Where(page string) string {
	to := fmt.Sprintf("/leads/%d", d.Book.ID)
	if page != "" {
		to += "/" + page
	}
	if d.Query != "" {
		to += "?" + d.Query
	}
	return to
}

// WaitingLeads is how many wait in all inboxes; 0 where the visitor may not look.
func (v view) WaitingLeads() (n int64) {
	if !v.May("leads.list") {
		return 0
	}
	waiting, err := v.visit.service().WaitingLeads(v.visit.ctx())
	if err != nil {
		return 0 // the page itself says what is wrong
	}
	for _, w := range waiting {
		n += w
	}
	return n
}

// toLeads leads to the inbox in which most wait.
func (v *visit) toLeads() error {
	books, err := v.service().PeopleBooks(v.ctx())
	if err != nil {
		return err
	}
	if len(books) == 0 {
		return v.goTo("/contacts", "An inbox belongs to an address book. Make one first.")
	}
	waiting, err := v.service().WaitingLeads(v.ctx())
	if err != nil {
		return err
	}
	first := books[0].ID
	for _, b := range books {
		if waiting[b.ID] > waiting[first] {
			first = b.ID
		}
	}
	return v.goTo(fmt.Sprintf("/leads/%d", first), "")
}

// backToLeads leads whoever loads the address of a form again to the inbox.
func (v *visit) backToLeads() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/leads/%d", id), "")
}

func (v *visit) leads() error {
	data, p, err := v.inbox()
	if err != nil {
		return err
	}
	p.Data = data
	return v.show("leads", p)
}

// inbox is the page of the inbox, before anything that was typed.
func (v *visit) inbox() (data leadsView, p page, err error) {
	book, err := v.number("book")
	if err != nil {
		return data, p, err
	}
	q := desk.LeadsQuery{State: v.r.URL.Query().Get("state")}
	q.Event, _ = strconv.ParseInt(v.r.URL.Query().Get("of"), 10, 64) // what is no number means all
	q.Before, _ = strconv.ParseInt(v.r.URL.Query().Get("before"), 10, 64)
	found, err := v.service().Leads(v.ctx(), book, q)
	if err != nil {
		return data, p, err
	}
	b := found.Book
	data = leadsView{Book: service.BookName{ID: b.ID, Name: b.Name}, State: q.State, Company: desk.CompanyField(b), Query: leadQuery(q)}
	if data.State == "" {
		data.State = store.LeadNew
	}
	if err := v.around(&data, q); err != nil {
		return data, p, err
	}
	data.Columns = leadColumns(b, found.Leads)
	for _, l := range found.Leads {
		row := leadRow{LeadReport: l, Name: desk.LeadName(b, l.Fields)}
		for _, e := range data.Events {
			if e.Value == strconv.FormatInt(l.Event, 10) {
				row.Event = e.Text
			}
		}
		for _, f := range data.Columns {
			row.Cells = append(row.Cells, cellOf(l, f, data.Company))
		}
		data.Rows = append(data.Rows, row)
	}
	if found.Next != 0 {
		q.Before = found.Next
		data.Next = fmt.Sprintf("/leads/%d?%s", b.ID, leadQuery(q))
	}
	return data, page{Title: "Leads Inbox: " + b.Name, Nav: "Leads Inbox", CLI: "kith leads list --book " + desk.Quoted(b.Name), API: fmt.Sprintf("GET /api/v1/books/%d/leads", b.ID)}, nil
}

func leadQuery(q desk.LeadsQuery) string {
	values := url.Values{}
	if q.State != "" && q.State != store.LeadNew {
		values.Set("state", q.State)
	}
	for name, n := range map[string]int64{"of": q.Event, "before": q.Before} {
		if n > 0 {
			values.Set(name, strconv.FormatInt(n, 10))
		}
	}
	return values.Encode()
}

// around are the other inboxes, states and events that one can go to.
func (v *visit) around(data *leadsView, q desk.LeadsQuery) error {
	books, err := v.service().PeopleBooks(v.ctx())
	if err != nil {
		return err
	}
	waiting, err := v.service().WaitingLeads(v.ctx())
	if err != nil {
		return err
	}
	for _, b := range books {
		data.Books = append(data.Books, leadBook{b, waiting[b.ID], b.ID == data.Book.ID})
	}
	for _, t := range [][2]string{{store.LeadNew, "Waiting"}, {store.LeadTaken, "Taken"}, {store.LeadDismissed, "Dismissed"}} {
		to := fmt.Sprintf("/leads/%d", data.Book.ID)
		if query := leadQuery(desk.LeadsQuery{State: t[0], Event: q.Event}); query != "" {
			to += "?" + query
		}
		data.Tabs = append(data.Tabs, leadTab{t[1], to, t[0] == data.State})
	}
	events, err := v.service().Occasions(v.ctx(), data.Book.ID, store.KindEvent)
	if err != nil {
		return err
	}
	for _, e := range events {
		id := strconv.FormatInt(e.ID, 10)
		data.Events = append(data.Events, choice{id, e.Name, e.ID == q.Event})
		data.To = append(data.To, choice{id, e.Name, false})
	}
	return nil
}

// leadColumnsMost fit beside each other.
const leadColumnsMost = 8

// leadColumns are the fields that leads have, or that syncs wait for, in the book's order.
func leadColumns(b store.Book, leads []desk.LeadReport) (fields []contact.Field) {
	company := desk.CompanyField(b)
	for _, f := range b.Fields {
		used := f.Name == company || f.Kind == contact.Name || f.Kind == contact.Email
		for _, l := range leads {
			used = used || l.Fields[f.Name] != "" || slices.Contains(l.Missing, f.Title())
		}
		if used && desk.MayCapture(b, f.Name) {
			fields = append(fields, f)
		}
	}
	return fields[:min(len(fields), leadColumnsMost)]
}

// cellOf is a lead's value of a field as it is shown, and why.
func cellOf(l desk.LeadReport, f contact.Field, company string) leadCell {
	cell := leadCell{Field: f, Name: fmt.Sprintf("f.%d.%s", l.Lead, f.Name), Value: l.Fields[f.Name]}
	if f.Name == company && l.Company != nil {
		cell.Value, cell.Why = l.Company.Value, l.Company.Why
	}
	return cell
}

// corrected saves what was typed over the leads of a page. Where something is wrong it
// shows the page again, with the rest saved, and answers true.
func (v *visit) corrected() (again bool, err error) {
	book, err := v.number("book")
	if err != nil {
		return false, err
	}
	_ = v.form("v.") // parses the form
	var ids []int64
	for name := range v.r.PostForm {
		if id, ok := strings.CutPrefix(name, "v."); ok {
			if n, err := strconv.ParseInt(id, 10, 64); err == nil {
				ids = append(ids, n)
			}
		}
	}
	found, err := v.service().LeadsNamed(v.ctx(), book, ids)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	wrong := map[string]string{} // by name of the input
	for _, l := range found.Leads {
		if err := v.correctLead(book, found.Book, l, wrong); err != nil {
			return false, err
		}
	}
	if len(wrong) == 0 {
		return false, nil
	}
	return true, v.correctLeads(wrong)
}

// correctLead saves what was typed over one lead, and notes what is wrong with it.
func (v *visit) correctLead(book int64, b store.Book, l desk.LeadReport, wrong map[string]string) error {
	c := desk.LeadChange{Fields: map[string]string{}}
	for _, f := range b.Fields {
		cell := cellOf(l, f, desk.CompanyField(b))
		if typed, ok := v.r.PostForm[cell.Name]; ok && strings.TrimSpace(typed[0]) != cell.Value {
			c.Fields[f.Name] = strings.TrimSpace(typed[0])
		}
	}
	if len(c.Fields) == 0 || l.State != store.LeadNew {
		return nil
	}
	c.Version, _ = strconv.ParseInt(v.r.PostFormValue(fmt.Sprintf("v.%d", l.Lead)), 10, 64)
	err := v.service().EditLead(v.ctx(), book, l.Lead, c)
	var fields service.FieldErrors
	var said *run.Error
	switch {
	case errors.As(err, &fields):
		for _, e := range fields {
			wrong[fmt.Sprintf("f.%d.%s", l.Lead, e.Field)] = e.Message
		}
		return nil
	case errors.As(err, &said):
		for name := range c.Fields {
			wrong[fmt.Sprintf("f.%d.%s", l.Lead, name)] = said.Message
		}
		return nil
	}
	return err
}

// correctLeads shows the page again, with what was typed and what is wrong.
func (v *visit) correctLeads(wrong map[string]string) error {
	data, p, err := v.inbox()
	if err != nil {
		return err
	}
	data.Error = "Some corrections are not right; they stand below. The others are saved, and nobody was taken or dismissed."
	data.Status = v.form("status")
	ticked := v.tickedIDs()
	for i, row := range data.Rows {
		data.Rows[i].Ticked = slices.Contains(ticked, row.Lead)
		for j, cell := range row.Cells {
			if text := wrong[cell.Name]; text != "" {
				row.Cells[j].Value, row.Cells[j].Why, row.Cells[j].Error = v.form(cell.Name), "", text
			}
		}
	}
	p.Data = data
	return v.askAgain("leads", p)
}

// done goes back to where the inbox was.
func (v *visit) done(book int64, said string) error {
	to := fmt.Sprintf("/leads/%d", book)
	if v.r.URL.RawQuery != "" {
		to += "?" + v.r.URL.Query().Encode()
	}
	return v.goTo(to, said)
}

func (v *visit) saveLeads() error {
	again, err := v.corrected()
	if again || err != nil {
		return err
	}
	book, err := v.number("book")
	if err != nil {
		return err
	}
	return v.done(book, "Saved the corrections.")
}

func (v *visit) takeLeads() error {
	again, err := v.corrected()
	if again || err != nil {
		return err
	}
	book, err := v.number("book")
	if err != nil {
		return err
	}
	t := desk.LeadTaking{Leads: v.tickedIDs(), Status: v.form("status")}
	if event, err := strconv.ParseInt(v.form("event"), 10, 64); err == nil {
		t.Event = &event
	}
	r, err := v.service().TakeLeads(v.ctx(), v.who, book, t)
	if err != nil {
		return err
	}
	return v.done(book, takenText(r))
}

// takenText says what came of taking leads.
func takenText(r desk.TakeReport) string {
	text := fmt.Sprintf("Made %s, filled %s", several(r.Created, "new contact"), several(r.Updated, "that was known"))
	if r.Updated == 0 {
		text = "Made " + several(r.Created, "new contact")
	}
	if r.Run != 0 {
		text += fmt.Sprintf("; run %d can take it back", r.Run)
	}
	if r.Same > 0 {
		text += fmt.Sprintf(". %s had all of it already", several(r.Same, "contact"))
	}
	for i, l := range r.Left {
		if i == 3 {
			return text + fmt.Sprintf(". And %d more go on waiting.", len(r.Left)-i)
		}
		text += fmt.Sprintf(". Lead %d: %s", l.Lead, l.Message)
	}
	return text + "."
}

func (v *visit) dismissLeads() error {
	again, err := v.corrected()
	if again || err != nil {
		return err
	}
	book, err := v.number("book")
	if err != nil {
		return err
	}
	n, err := v.service().DismissLeads(v.ctx(), v.who, book, v.tickedIDs())
	if err != nil {
		return err
	}
	return v.done(book, "Dismissed "+several(n, "lead")+".")
}

func (v *visit) restoreLeads() error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	n, err := v.service().RestoreLeads(v.ctx(), book, v.tickedIDs())
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/leads/%d", book), "Put "+several(n, "lead")+" back into the inbox. Contacts stay as they are.")
}

func (v *visit) importLeads() error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	file, header, err := v.r.FormFile("file")
	if err != nil {
		return &problem{http.StatusUnprocessableEntity, "Nothing was stored", "Choose a file with the people."}
	}
	defer file.Close()
	event, _ := strconv.ParseInt(v.form("event"), 10, 64) // what is no number is no event
	r, err := v.service().ImportLeads(v.ctx(), book, event, header.Filename, file)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s of %s came into the inbox.", count(r.Came), several(r.Lines, "line"))
	if len(r.Unread) > 0 {
		text += " Not read, for the book has no such field: " + desk.Shorten(strings.Join(r.Unread, ", "), 200) + "."
	}
	for i, l := range r.Left {
		if i == 3 {
			text += fmt.Sprintf(" And %d more did not come.", len(r.Left)-i)
			break
		}
		text += fmt.Sprintf(" Line %d: %s.", l.Line, strings.ReplaceAll(strings.TrimRight(l.Message, "."), " Nothing was changed.", ""))
	}
	return v.goTo(fmt.Sprintf("/leads/%d", book), text)
}
