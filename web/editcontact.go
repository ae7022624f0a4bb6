package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// Adding a contact and changing one by hand.
func editContactRoutes() []route {
	return []route{
		{pattern: "GET /contacts/{book}/new", operation: "contacts.add", do: (*visit).addPage},
		{pattern: "POST /contacts/{book}/new", operation: "contacts.add", do: (*visit).addContact},
		{pattern: "GET /contacts/{book}/{id}/edit", operation: "contacts.edit", do: (*visit).editPage},
		{pattern: "POST /contacts/{book}/{id}/edit", operation: "contacts.edit", do: (*visit).editContact},
	}
}

// editView is the form of a contact.
type editView struct {
	Book    bookTab
	Name    string
	To      string // where the form is sent
	Back    string
	Version int64
	Moved   bool // it was changed meanwhile: both are shown
	Error   string
	Fields  []inputView
	Picks   bool              // an Account can be looked for
	Joins   map[string]string // the event or meeting that a new contact joins
}

// An inputView is one field of the form.
type inputView struct {
	Name, Label, Type, Value, Was string
	Hint, Error                   string
	Now                           string // what it became meanwhile
	Differs                       bool   // from what was typed
	Long                          bool   // several lines
	Options                       []choice
	Secret                        bool           // a password: it is never shown
	Given                         bool           // by Kith: it cannot be changed
	Accounts                      *accountPicker // of a company, where a CRM has Accounts
}

// inputOf makes the form's field of a kind, with what was typed or is there.
func inputOf(b store.Book, f contact.Field, value string) inputView {
	in := inputView{Name: f.Name, Label: f.Title(), Type: "text", Value: value, Was: value}
	switch f.Kind {
	case contact.Email:
		in.Type = "email"
	case contact.Phone:
		in.Type = "tel"
		if b.Region == "" {
			in.Hint = "with its country, such as +44"
		}
	case contact.URL:
		in.Hint = "such as https://example.com"
	case contact.Country:
		in.Hint = "a name or two letters"
	case contact.Language:
		in.Hint = "a name or a code, such as en-GB"
	case contact.Date:
		in.Hint = "such as 2026-11-22"
	case contact.Password:
		in.Type, in.Secret, in.Value, in.Was = "password", true, "", ""
		in.Hint = "leave it empty to keep what is there"
	case contact.Consent:
		in.Options = []choice{{"", "—", value == ""}}
		known := value == ""
		for _, state := range contact.ConsentStates {
			in.Options = append(in.Options, choice{state, state, value == state})
			known = known || value == state
		}
		if !known {
			in.Options = append(in.Options, choice{value, value, true})
		}
	case contact.Text:
		in.Long = len(value) > 80 || strings.Contains(value, "\n") || f.Name == "note" || f.Name == "notes"
	}
	in.Given = b.KeyMade && f.Name == b.KeyField
	return in
}

func (v *visit) addPage() error {
	b, err := v.bookAt()
	if err != nil {
		return err
	}
	return v.showEdit(b, v.newForm(b, nil))
}

// looking reports whether a form was sent only to look for Accounts.
func (v *visit) looking() bool { return v.r.Method == http.MethodPost && v.ticked("accounts") }

// withPicker lets the form pick an existing Account as the company (E17).
func (v *visit) withPicker(b store.Book, data *editView) error {
	at := slices.IndexFunc(data.Fields, func(in inputView) bool { return in.Name == desk.CompanyField(b) })
	if at < 0 || !v.who.May(service.Find("companies.link").Least) {
		return nil
	}
	names, err := v.service().AccountConnections(v.ctx(), b.ID)
	if err != nil || len(names) == 0 {
		return err
	}
	p := accountPicker{Connection: names[0]}
	if v.looking() {
		if p, err = v.picking(b.ID, v.form("connection"), strings.TrimSpace(data.Fields[at].Value)); err != nil {
			return err
		}
	}
	data.Picks, data.Fields[at].Accounts = true, &p
	return nil
}

func (v *visit) newForm(b store.Book, typed service.Values) editView {
	data := editView{Book: tabOf(b, "Contacts"), Name: "Add contact", To: fmt.Sprintf("/contacts/%d/new", b.ID), Back: fmt.Sprintf("/contacts/%d", b.ID)}
	for _, f := range b.Fields {
		in := inputOf(b, f, typed[f.Name])
		if in.Secret {
			in.Hint = ""
		}
		if !in.Given {
			data.Fields = append(data.Fields, in)
		}
	}
	return data
}

func (v *visit) showEdit(b store.Book, data editView) error {
	if err := v.withPicker(b, &data); err != nil {
		return err
	}
	data.Joins = map[string]string{}
	for _, s := range []sort{event(), meeting()} {
		if id := v.form(s.Kind); id != "" {
			data.Joins[s.Kind] = id
		}
	}
	command := "kith contacts add FIELD=VALUE --book " + desk.Quoted(b.Name)
	if data.Version != 0 {
		command = fmt.Sprintf("kith contacts edit %s FIELD=VALUE --book %s", v.wildcard("id"), desk.Quoted(b.Name))
	}
	p := page{Title: data.Name, Nav: "Contacts", CLI: command, API: fmt.Sprintf("POST /api/v1/books/%d/contacts", b.ID), Data: data}
	return v.showForm("edit", p, data.Error)
}

// typed are the values of the form's fields; passwords that were left empty are
// not among them, nor is what stayed as it was.
func (v *visit) typed(b store.Book) service.Values {
	_ = v.form("f.") // parses the form
	values := service.Values{}
	for _, f := range b.Fields {
		sent, ok := v.r.PostForm["f."+f.Name]
		if !ok || len(sent) == 0 {
			continue
		}
		value := strings.ReplaceAll(sent[0], "\r\n", "\n")
		if f.Kind == contact.Password {
			if v.ticked("clear." + f.Name) {
				values[f.Name] = ""
			} else if value != "" {
				values[f.Name] = value
			}
			continue
		}
		if was, ok := v.r.PostForm["was."+f.Name]; !ok || strings.ReplaceAll(was[0], "\r\n", "\n") != value {
			values[f.Name] = value
		}
	}
	v.accountTyped(values, desk.CompanyField(b))
	return values
}

func (v *visit) addContact() error {
	b, err := v.bookAt()
	if err != nil {
		return err
	}
	typed := v.typed(b)
	if v.looking() {
		v.asked = true // nothing is added yet
		return v.showEdit(b, v.newForm(b, typed))
	}
	if err := v.readyForAccount(b, typed); err != nil {
		return err
	}
	id, err := v.service().AddContact(v.ctx(), b.ID, typed)
	if err != nil {
		return v.correctContact(b, v.newForm(b, typed), err)
	}
	return v.joins(b, id)
}

// readyForAccount gives a book the field for an Account that was picked.
func (v *visit) readyForAccount(b store.Book, typed service.Values) error {
	if typed[desk.AccountField] == "" {
		return nil
	}
	return v.service().WithAccounts(v.ctx(), b.ID)
}

// joins has a new contact join the event or meeting whose page it was added from.
func (v *visit) joins(b store.Book, id int64) error {
	for _, s := range []sort{event(), meeting()} {
		at, _ := strconv.ParseInt(v.form(s.Kind), 10, 64)
		if at == 0 || !mayAttend(v.who) {
			continue
		}
		if _, err := v.service().Attend(v.ctx(), b.ID, s.Kind, at, desk.Attending{Contacts: []int64{id}}); err != nil {
			return err
		}
		if err := v.service().Audit(v.ctx(), v.who, service.Find(s.Op("attend")), fmt.Sprintf("id:%d book:%d", at, b.ID)); err != nil {
			return err
		}
		return v.goTo(s.To(b.ID, at, "people"), "Added the contact.")
	}
	return v.goTo(contactPath(b.ID, id), "Added the contact.")
}

// correctContact shows a form again, with what is wrong with it.
func (v *visit) correctContact(b store.Book, data editView, err error) error {
	var wrong service.FieldErrors
	var known *run.Error
	switch {
	case errors.As(err, &wrong):
		for _, e := range wrong {
			for i := range data.Fields {
				if data.Fields[i].Name == e.Field {
					data.Fields[i].Error = e.Message
				}
			}
		}
		data.Error = "Some values are not right. Nothing was changed."
	case errors.As(err, &known) && known.Code != "not_found":
		data.Error = sentenceOf(err)
	default:
		return err
	}
	return v.showEdit(b, data)
}

func (v *visit) editPage() error {
	b, c, err := v.contactAt()
	if err != nil {
		return err
	}
	return v.showEdit(b, editForm(b, c))
}

func editForm(b store.Book, c store.Contact) editView {
	id := store.Number(c.Ref)
	data := editView{Book: tabOf(b, "Contacts"), Name: "Edit " + desk.Naming(b).Name(c.Values), To: contactPath(b.ID, id) + "/edit", Back: contactPath(b.ID, id), Version: c.Version}
	for i, f := range b.Fields {
		data.Fields = append(data.Fields, inputOf(b, f, c.Values[i]))
	}
	return data
}

// editFormTyped is the form with what was typed, and nothing saved yet.
func editFormTyped(b store.Book, c store.Contact, typed service.Values, version int64) editView {
	data := editForm(b, c)
	data.Version = version
	for i, in := range data.Fields {
		if mine, ok := typed[in.Name]; ok && !in.Secret {
			kept := inputOf(b, b.Fields[i], mine)
			kept.Was = in.Was
			data.Fields[i] = kept
		}
	}
	return data
}

func (v *visit) editContact() error {
	b, c, err := v.contactAt()
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(v.form("version"), 10, 64) // what is no number is of no version, and refused
	typed := v.typed(b)
	id := store.Number(c.Ref)
	if v.looking() {
		v.asked = true // nothing is changed yet
		return v.showEdit(b, editFormTyped(b, c, typed, max(version, 1)))
	}
	if err := v.readyForAccount(b, typed); err != nil {
		return err
	}
	_, err = v.service().EditContact(v.ctx(), b.ID, id, max(version, 1), typed)
	if err == nil {
		return v.goTo(contactPath(b.ID, id), "Saved.")
	}
	data := editForm(b, c)
	for i, in := range data.Fields {
		if mine, ok := typed[in.Name]; ok && !in.Secret {
			kept := inputOf(b, b.Fields[i], mine)
			kept.Was = in.Was
			if errors.Is(err, service.ErrMoved) && mine != in.Value {
				kept.Now, kept.Differs = in.Value, true
			}
			data.Fields[i] = kept
		}
	}
	if errors.Is(err, service.ErrMoved) {
		data.Moved = true
	} else {
		data.Version = max(version, 1)
	}
	return v.correctContact(b, data, err)
}
