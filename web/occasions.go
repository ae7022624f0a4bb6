package web

import (
	"fmt"
	"html/template"
	"strconv"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// A sort is events or meetings: their pages differ in few words.
type sort struct {
	Kind string // event, as the service says it
	One  string // Event
	Many string // Events
	Name string // what the field with its name is called
}

func event() sort   { return sort{store.KindEvent, "Event", "Events", "Name"} }
func meeting() sort { return sort{store.KindMeeting, "Meeting", "Meetings", "Subject"} }

// To is the address of the list, or of a page below it.
func (s sort) To(parts ...any) string {
	to := "/" + s.Kind + "s"
	for _, p := range parts {
		to += fmt.Sprintf("/%v", p)
	}
	return to
}

// Op is an operation of the sort, for May.
func (s sort) Op(verb string) string { return s.Kind + "s." + verb }

func (s sort) api(method string, book int64, parts ...any) string {
	return method + " /api/v1" + pathOf("books", book, s.Kind+"s") + pathOf(parts...)
}

func pathOf(parts ...any) (to string) {
	for _, p := range parts {
		to += fmt.Sprintf("/%v", p)
	}
	return to
}

// Events and meetings, and who takes part.
func occasionRoutes() (all []route) {
	for _, s := range []sort{event(), meeting()} {
		noun := s.Kind + "s"
		with := func(do func(*visit, sort) error) func(*visit) error { return func(v *visit) error { return do(v, s) } }
		all = append(all,
			route{pattern: "GET " + s.To(), operation: noun + ".list", do: with((*visit).occasions)},
			route{pattern: "GET " + s.To("new"), operation: noun + ".add", do: with((*visit).newOccasion)},
			route{pattern: "POST " + s.To("new"), operation: noun + ".add", do: with((*visit).addOccasion)},
			route{pattern: "POST " + s.To("{book}", "attend"), operation: noun + ".attend", do: with((*visit).attendFrom)},
			route{pattern: "GET " + s.To("{book}", "attend"), operation: noun + ".list", do: with((*visit).occasions)},
			route{pattern: "GET " + s.To("{book}", "{id}"), operation: noun + ".show", do: with((*visit).occasion)},
			route{pattern: "POST " + s.To("{book}", "{id}"), operation: noun + ".edit", do: with((*visit).editOccasion)},
			route{pattern: "POST " + s.To("{book}", "{id}", "delete"), operation: noun + ".delete", do: with((*visit).deleteOccasion)},
			route{pattern: "GET " + s.To("{book}", "{id}", "people"), operation: noun + ".people", do: with((*visit).attendees)},
			route{pattern: "POST " + s.To("{book}", "{id}", "people"), operation: noun + ".attend", do: with((*visit).attend)},
			route{pattern: "POST " + s.To("{book}", "{id}", "leave"), operation: noun + ".leave", do: with((*visit).leaveOccasion)},
			route{pattern: "GET " + s.To("{book}", "{id}", "leave"), operation: noun + ".people", do: with((*visit).attendees)},
		)
	}
	return append(all,
		route{pattern: "GET /events/{book}/{id}/meetings", operation: "events.show", do: (*visit).eventMeetings},
		route{pattern: "GET /events/{book}/{id}/crm", operation: "events.show", do: (*visit).eventCRM},
		route{pattern: "POST /events/{book}/{id}/crm", operation: "events.connect", do: (*visit).connectEvent},
		route{pattern: "POST /events/{book}/{id}/crm/sync", operation: "syncs.save", do: (*visit).makeMemberSync},
	)
}

func (v *visit) occasions(s sort) error {
	all, err := v.service().AllOccasions(v.ctx(), s.Kind)
	if err != nil {
		return err
	}
	books, err := v.service().PeopleBooks(v.ctx())
	if err != nil {
		return err
	}
	first := "BOOK"
	if len(books) > 0 {
		first = desk.Quoted(books[0].Name)
	}
	book := service.BookName{ID: 1}
	if len(books) > 0 {
		book = books[0]
	}
	return v.show("occasions", page{Title: s.Many, Nav: "Events", CLI: fmt.Sprintf("kith %ss list --book %s", s.Kind, first), API: s.api("GET", book.ID),
		Data: map[string]any{"Sort": s, "All": all, "Books": books}})
}

// occasionView is an event or a meeting, on whichever of its pages.
type occasionView struct {
	Sort  sort
	Lit   string // which of its pages this is
	Book  service.BookName
	State service.OccasionState
	Form  occasionForm
	To    string
}

// An occasionForm is what an event or a meeting is, as a form.
type occasionForm struct {
	Sort                            sort
	Name, Starts, Ends, Place, Note string
	Input                           string   // the kind of field for times: date or datetime-local
	Books                           []choice // of a new one
	Events                          []choice // of a meeting
	Book                            int64
	Error                           string
}

func (v *visit) occasionAt(s sort) (service.OccasionState, error) {
	book, id, err := v.here()
	if err != nil {
		return service.OccasionState{}, err
	}
	return v.service().Occasion(v.ctx(), book, s.Kind, id)
}

func viewOf(s sort, o service.OccasionState, lit string) occasionView {
	return occasionView{Sort: s, Lit: lit, Book: o.Book, State: o, To: s.To(o.Book.ID, o.ID)}
}

// occasion is the page with what an event or a meeting is.
func (v *visit) occasion(s sort) error {
	o, err := v.occasionAt(s)
	if err != nil {
		return err
	}
	data := viewOf(s, o, "Info")
	if data.Form, err = v.formOf(s, o); err != nil {
		return err
	}
	return v.showForm("occasion", v.infoPage(data), "")
}

func (v *visit) infoPage(data occasionView) page {
	return page{Title: data.State.Name, Nav: "Events", CLI: fmt.Sprintf("kith %ss show %d --book %s", data.Sort.Kind, data.State.ID, desk.Quoted(data.Book.Name)),
		API: data.Sort.api("GET", data.Book.ID, data.State.ID), Data: data}
}

func (v *visit) formOf(s sort, o service.OccasionState) (f occasionForm, err error) {
	f = occasionForm{Sort: s, Name: o.Name, Place: o.Place, Note: o.Note, Book: o.Book.ID, Input: "datetime-local"}
	layout := "2006-01-02T15:04"
	if s.Kind == store.KindEvent && wholeDay(o.Starts) && wholeDay(o.Ends) {
		f.Input, layout = "date", time.DateOnly
	}
	if o.Starts != nil {
		f.Starts = o.Starts.UTC().Format(layout)
	}
	if o.Ends != nil {
		f.Ends = o.Ends.UTC().Format(layout)
	}
	f.Events, err = v.eventChoices(s, o.Book.ID, o.Event)
	return f, err
}

// wholeDay reports whether of a time only the day was said.
func wholeDay(t *time.Time) bool {
	return t == nil || t.UTC().Truncate(24*time.Hour).Equal(*t)
}

// moment writes when an event or a meeting is. A day is the same in every zone.
func moment(t *time.Time) template.HTML {
	switch {
	case t == nil:
		return "—"
	case wholeDay(t):
		return template.HTML(t.UTC().Format("2 Jan 2006")) //nolint:gosec // nothing of it was typed in
	}
	return when(*t)
}

// eventChoices are the events of a book that a meeting may belong to.
func (v *visit) eventChoices(s sort, book, chosen int64) ([]choice, error) {
	if s.Kind == store.KindEvent || book == 0 {
		return nil, nil
	}
	events, err := v.service().Occasions(v.ctx(), book, store.KindEvent)
	all := []choice{{"", "none", chosen == 0}}
	for _, e := range events {
		all = append(all, choice{strconv.FormatInt(e.ID, 10), e.Name, e.ID == chosen})
	}
	return all, err
}

// typedOccasion is what the form says, for the service and to be shown again.
func (v *visit) typedOccasion(s sort) (desk.OccasionChange, occasionForm) {
	f := occasionForm{Sort: s, Name: v.form("name"), Starts: v.form("starts"), Ends: v.form("ends"), Place: v.form("place"), Note: v.form("note"), Input: "datetime-local"}
	if s.Kind == store.KindEvent && len(f.Starts) <= len(time.DateOnly) && len(f.Ends) <= len(time.DateOnly) {
		f.Input = "date"
	}
	f.Book, _ = strconv.ParseInt(v.form("book"), 10, 64)
	c := desk.OccasionChange{Name: &f.Name, Starts: &f.Starts, Ends: &f.Ends, Place: &f.Place, Note: &f.Note}
	if s.Kind == store.KindMeeting && v.r.Form.Has("event") {
		id, _ := strconv.ParseInt(v.form("event"), 10, 64) // what is no number means none
		c.Event = &id
	}
	return c, f
}

func (v *visit) newOccasion(s sort) error {
	_, f := v.typedOccasion(s)
	return v.newOccasionForm(s, f)
}

// newOccasionForm shows the form of a new event or meeting: as it is, or again with what is
// wrong.
func (v *visit) newOccasionForm(s sort, f occasionForm) error {
	books, err := v.service().PeopleBooks(v.ctx())
	if err != nil {
		return err
	}
	if f.Book == 0 && len(books) > 0 {
		f.Book = books[0].ID
	}
	for _, b := range books {
		f.Books = append(f.Books, choice{strconv.FormatInt(b.ID, 10), b.Name, b.ID == f.Book})
	}
	event, _ := strconv.ParseInt(v.form("event"), 10, 64)
	if f.Events, err = v.eventChoices(s, f.Book, event); err != nil {
		return err
	}
	return v.showForm("occasion-new", page{Title: "New " + s.Kind, Nav: "Events", CLI: fmt.Sprintf("kith %ss add %s", s.Kind, s.Name), API: s.api("POST", max(f.Book, 1)), Data: f}, f.Error)
}

func (v *visit) addOccasion(s sort) error {
	c, f := v.typedOccasion(s)
	made, err := v.service().SaveOccasion(v.ctx(), f.Book, s.Kind, 0, c)
	if err != nil {
		if problemOf(err).status >= 500 {
			return err
		}
		f.Error = sentenceOf(err)
		return v.newOccasionForm(s, f)
	}
	return v.goTo(s.To(made.Book.ID, made.ID, "people"), fmt.Sprintf("Added the %s %s. Who takes part?", s.Kind, made.Name))
}

func (v *visit) editOccasion(s sort) error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	c, f := v.typedOccasion(s)
	saved, err := v.service().SaveOccasion(v.ctx(), book, s.Kind, id, c)
	if err == nil {
		return v.goTo(s.To(book, id), fmt.Sprintf("Saved %s.", saved.Name))
	}
	o, gone := v.service().Occasion(v.ctx(), book, s.Kind, id)
	if gone != nil || problemOf(err).status >= 500 {
		return err
	}
	data := viewOf(s, o, "Info")
	now, failed := v.formOf(s, o)
	if failed != nil {
		return failed
	}
	f.Events, f.Error = now.Events, sentenceOf(err)
	data.Form = f
	return v.askAgain("occasion", v.infoPage(data))
}

func (v *visit) deleteOccasion(s sort) error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	if err := v.service().DeleteOccasion(v.ctx(), book, s.Kind, id); err != nil {
		return err
	}
	return v.goTo(s.To(), fmt.Sprintf("Deleted the %s. The contacts stay.", s.Kind))
}

// eventMeetings are the meetings of an event.
func (v *visit) eventMeetings() error {
	o, err := v.occasionAt(event())
	if err != nil {
		return err
	}
	return v.show("event-meetings", page{Title: o.Name + ": Meetings", Nav: "Events", CLI: "kith meetings list --book " + desk.Quoted(o.Book.Name),
		API: meeting().api("GET", o.Book.ID), Data: viewOf(event(), o, "Meetings")})
}
