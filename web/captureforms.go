package web

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// The forms by which people put themselves into an inbox, as those see them who make
// them.
func captureFormRoutes() []route {
	return []route{
		{pattern: "GET /leads/{book}/forms", operation: "forms.list", do: (*visit).forms},
		{pattern: "POST /leads/{book}/forms", operation: "forms.add", do: (*visit).addForm},
		{pattern: "POST /leads/{book}/forms/{id}/close", operation: "forms.change", do: func(v *visit) error { return v.closeForm(true) }},
		{pattern: "POST /leads/{book}/forms/{id}/open", operation: "forms.change", do: func(v *visit) error { return v.closeForm(false) }},
		{pattern: "POST /leads/{book}/forms/{id}/remove", operation: "forms.remove", do: (*visit).removeForm},
	}
}

type formsView struct {
	Book   service.BookName
	Forms  []formRow
	Made   *desk.FormReport // just now: its address is shown this once
	Title  string
	Events []choice
	Fields []formField
	Error  string
}

type formRow struct {
	desk.FormReport
	Event string
}

type formField struct {
	Name, Title     string
	Asked, Required bool
}

func (v *visit) forms() error { return v.showForms(nil, "") }

// showForms shows the forms of a book: after one was made with its address, after a
// mistake with what was typed.
func (v *visit) showForms(made *desk.FormReport, wrong string) error {
	b, err := v.bookAt()
	if err != nil {
		return err
	}
	all, err := v.service().Forms(v.ctx(), b.ID)
	if err != nil {
		return err
	}
	events, err := v.service().Occasions(v.ctx(), b.ID, store.KindEvent)
	if err != nil {
		return err
	}
	data := formsView{Book: service.BookName{ID: b.ID, Name: b.Name}, Made: made, Error: wrong}
	for _, f := range all {
		row := formRow{FormReport: f}
		for _, e := range events {
			if e.ID == f.Event {
				row.Event = e.Name
			}
		}
		data.Forms = append(data.Forms, row)
	}
	asked, required := desk.UsualFields(b), []string{}
	if wrong != "" {
		data.Title, asked, required = v.form("title"), v.r.PostForm["field"], v.r.PostForm["required"]
	}
	for _, e := range events {
		id := strconv.FormatInt(e.ID, 10)
		data.Events = append(data.Events, choice{id, e.Name, wrong != "" && v.form("event") == id})
	}
	for _, f := range b.Fields {
		if desk.MayCapture(b, f.Name) {
			data.Fields = append(data.Fields, formField{f.Name, f.Title(), slices.Contains(asked, f.Name), slices.Contains(required, f.Name)})
		}
	}
	return v.showForm("captureforms", page{Title: "Capture forms: " + b.Name, Nav: "Leads Inbox", CLI: "kith leads form list --book " + desk.Quoted(b.Name),
		API: fmt.Sprintf("GET /api/v1/books/%d/forms", b.ID), Data: data}, wrong)
}

func (v *visit) addForm() error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	_ = v.form("title") // parses the form
	q := desk.FormRequest{Title: v.form("title"), Fields: v.r.PostForm["field"], Required: v.r.PostForm["required"]}
	q.Event, _ = strconv.ParseInt(v.form("event"), 10, 64) // what is no number is no event
	made, err := v.service().AddForm(v.ctx(), book, q)
	var said *run.Error
	if errors.As(err, &said) && said.Code != "not_found" {
		return v.showForms(nil, sentenceOf(err))
	}
	if err != nil {
		return err
	}
	return v.showForms(&made, "")
}

func (v *visit) closeForm(closed bool) error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	if err := v.service().CloseForm(v.ctx(), book, id, closed); err != nil {
		return err
	}
	said := "The form is open again."
	if closed {
		said = "The form is closed: it takes nobody any more."
	}
	return v.goTo(fmt.Sprintf("/leads/%d/forms", book), said)
}

func (v *visit) removeForm() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	if err := v.service().RemoveForm(v.ctx(), book, id); err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/leads/%d/forms", book), "Removed the form. Who came by it stays in the inbox.")
}
