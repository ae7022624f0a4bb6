package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// The page of one contact, and what can be done with it.
func contactRoutes() []route {
	return []route{
		{pattern: "GET /contacts/{book}/{id}", operation: "contacts.show", do: (*visit).contact},
		{pattern: "GET /contacts/{book}/{id}/explain", operation: "contacts.explain", do: (*visit).explainContact},
		{pattern: "GET /contacts/{book}/explain", operation: "contacts.explain", do: (*visit).explain},
		{pattern: "POST /contacts/{book}/{id}/delete", operation: "contacts.delete", do: (*visit).deleteContact},
		{pattern: "POST /contacts/{book}/{id}/restore", operation: "contacts.restore", do: (*visit).restoreContact},
		{pattern: "GET /contacts/{book}/{id}/erase", operation: "contacts.erase", do: (*visit).erasePage},
		{pattern: "POST /contacts/{book}/{id}/erase", operation: "contacts.erase", do: (*visit).eraseContact},
		{pattern: "POST /suppressions/erase", operation: "contacts.erase", do: (*visit).eraseAgainPage},
		{pattern: "POST /contacts/{book}/erase", operation: "contacts.erase", do: (*visit).eraseAgain},
		{pattern: "GET /contacts/{book}/{id}/disclose", operation: "contacts.disclose", do: (*visit).disclose},
	}
}

func contactPath(book, id int64) string { return fmt.Sprintf("/contacts/%d/%d", book, id) }

// contactView is a contact as its page shows it.
type contactView struct {
	Book    bookTab
	Contact service.ContactState
	Name    string
	To      string
	Values  []originView
	Blank   []string // fields without a value
	History []historyView
	AddTo   *addTo // an event; nil where that may not be
}

// An originView is a value and where it came from.
type originView struct {
	Label, Value string
	Link         template.URL
	From         string
	Run          int64
	Account      *desk.AccountReport // of the company
	Pick         string              // where its Account is picked
}

func (v *visit) contact() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	c, err := v.service().Contact(v.ctx(), book, id)
	if err != nil {
		return v.orMerged(book, id, err)
	}
	b, err := v.service().BookOf(v.ctx(), book)
	if err != nil {
		return err
	}
	data := contactView{Book: bookTab{ID: book, Name: c.Book.Name, Lit: "Contacts"}, Contact: c, Name: shownName(c.Name), To: contactPath(book, id),
		Values: originViews(b, c.Values), History: historyViews(c.History)}
	for _, f := range c.Fields {
		if _, ok := c.ContactReport.Fields[f.Name]; !ok {
			data.Blank = append(data.Blank, f.Title())
		}
	}
	if err := v.linkedCompany(b, c, data.Values); err != nil {
		return err
	}
	if !c.Trashed {
		if data.AddTo, err = v.addingTo(book, addTo{ID: id}); err != nil {
			return err
		}
	}
	return v.show("contact", page{Title: data.Name, Nav: "Contacts", CLI: fmt.Sprintf("kith contacts show %d --book %s", id, desk.Quoted(c.Book.Name)),
		API: fmt.Sprintf("GET /api/v1/books/%d/contacts/%d", book, id), Data: data})
}

// linkedCompany says beside a contact's company which Account it is, and where one is
// picked.
func (v *visit) linkedCompany(b store.Book, c service.ContactState, values []originView) error {
	crms, err := v.service().AccountConnections(v.ctx(), b.ID)
	if err != nil || len(crms) == 0 {
		return err
	}
	for i, o := range c.Values {
		if o.Name != desk.CompanyField(b) {
			continue
		}
		values[i].Account = c.Account
		if !c.Trashed && v.who.May(service.Find("companies.link").Least) {
			values[i].Pick = linkPath(b.ID, o.Value, c.ID)
		}
	}
	return nil
}

// orMerged leads from a contact that was merged, and is not even in the trash any
// more, to the one that was kept.
func (v *visit) orMerged(book, id int64, because error) error {
	var known *run.Error
	if !errors.As(because, &known) || known.Code != "not_found" {
		return because
	}
	b, err := v.service().BookOf(v.ctx(), book)
	if err != nil {
		return because
	}
	into, by, err := desk.MergedInto(v.ctx(), v.service().Workspace, b, strconv.FormatInt(id, 10))
	if err != nil || into == 0 {
		return because
	}
	return v.goTo(contactPath(book, into), fmt.Sprintf("Contact %d was merged into this one by run %d.", id, by))
}

func shownName(name string) string {
	if name == "" {
		return contact.Placeholder
	}
	return name
}

func originViews(b store.Book, values []run.FieldOrigin) (all []originView) {
	norm := contact.NewNormalizer(b.Region)
	for _, o := range values {
		view := originView{Label: o.Name, Value: o.Value, From: originText(o), Run: o.Run}
		if f, known := b.Schema().Field(o.Name); known {
			view.Label, view.Link = f.Title(), linkOf(norm, f.Kind, o.Value)
		}
		all = append(all, view)
	}
	return all
}

// linkOf is where a click on a value leads; nowhere for most kinds. A telephone
// number is dialled only where it can be read as one. What it returns stands in the
// page as it is: it begins with one of these four schemes, always.
func linkOf(norm *contact.Normalizer, kind contact.Kind, value string) template.URL {
	switch kind {
	case contact.Email:
		return template.URL("mailto:" + url.PathEscape(value)) //nolint:gosec // of our scheme
	case contact.Phone:
		if number, problem := norm.Canonical(kind, value); problem == "" && number != "" {
			return template.URL("tel:" + number) //nolint:gosec // digits, and an extension (RFC 3966)
		}
	case contact.URL:
		if u, err := url.Parse(value); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
			return template.URL(value) //nolint:gosec // of one of two schemes
		}
	}
	return ""
}

// originText says where a value comes from, after its run.
func originText(o run.FieldOrigin) string {
	var parts []string
	if o.Source != "" {
		parts = append(parts, o.Source)
	}
	if o.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d", o.Line))
	}
	if o.Column != "" {
		parts = append(parts, "column "+o.Column)
	}
	parts = append(parts, ruleText(o.Rule))
	if o.Consent && o.When != "" {
		parts = append(parts, "stated "+o.When)
	}
	return strings.Join(parts, ", ")
}

func ruleText(rule string) string {
	switch rule {
	case desk.ByHand:
		return "by hand"
	case "create":
		return "when it was created"
	case "merge":
		return "by a merge"
	}
	return "rule " + rule
}

// A historyView is what one run did about a contact.
type historyView struct {
	run.HistoryEntry
	At                     time.Time
	What, Code, Cause, Fix string
	Changes                []string
}

func historyViews(entries []run.HistoryEntry) (all []historyView) {
	for _, h := range slices.Backward(entries) {
		view := historyView{HistoryEntry: h, What: historyText(h), Code: string(h.Reason)}
		view.At, _ = time.Parse(time.RFC3339, h.When) // our own writing
		if h.Reason != "" {
			view.Cause, view.Fix = catalogueText(h.Reason), catalogueFix(h.Reason)
		}
		view.Changes = append(view.Changes, desk.Detail(plan.Change{Detail: h.Detail})...)
		if h.Action != plan.Create.String() && h.Action != plan.Remove.String() {
			for _, f := range h.Fields {
				if h.Pruned {
					view.Changes = append(view.Changes, f.Name+", whose values are not kept so long")
				} else {
					view.Changes = append(view.Changes, desk.FieldText(plan.Update, f))
				}
			}
		}
		all = append(all, view)
	}
	return all
}

func historyText(h run.HistoryEntry) string {
	text := map[string]string{"create": "created", "update": "updated", "unchanged": "was the same", "skip": "skipped", "hold": "held", "reject": "rejected",
		"fail": "failed", "delete": "deleted", "restore": "taken out of the trash", "merge": "merged"}[h.Action]
	switch {
	case h.Merged != nil && h.Action == "merge":
		text = "contact " + h.Merged.ID + " became part of it"
	case h.Merged != nil:
		text = "contact " + h.Merged.ID + " is one of its own again"
	case h.Remote:
		text += " at the connection"
	}
	if h.MatchedBy != "" {
		text += ", recognised by " + string(h.MatchedBy)
	}
	return text
}

type explainView struct {
	Book  bookTab
	Who   string
	Found []storyView
	Asked bool
}

type storyView struct {
	desk.Explanation
	Called  string
	To      string
	Values  []originView
	Stories []historyView
}

// explain tells the story of whoever is asked for, also of somebody who was not
// let in.
func (v *visit) explain() error {
	return v.explained(v.form("who"))
}

func (v *visit) explainContact() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	return v.explained(strconv.FormatInt(id, 10))
}

func (v *visit) explained(who string) error {
	b, err := v.bookAt()
	if err != nil {
		return err
	}
	data := explainView{Book: tabOf(b, "Explain"), Who: who, Asked: who != ""}
	if data.Asked {
		found, err := v.service().Explain(v.ctx(), b.ID, who)
		if err != nil {
			return err
		}
		for _, x := range found {
			s := storyView{Explanation: x, Called: shownName(x.Name), Values: originViews(b, x.Fields), Stories: historyViews(x.History)}
			if x.Found || x.Trashed {
				s.To = fmt.Sprintf("/contacts/%d/%s", b.ID, x.ID)
			}
			data.Found = append(data.Found, s)
		}
	}
	return v.show("explain", page{Title: "Explain", Nav: "Contacts", CLI: "kith explain " + desk.Quoted(who) + " --book " + desk.Quoted(b.Name),
		API: fmt.Sprintf("GET /api/v1/explain?book=%d&who=%s", b.ID, url.QueryEscape(who)), Data: data})
}

func (v *visit) deleteContact() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	done, err := v.service().DeleteContacts(v.ctx(), book, []int64{id})
	if err == nil && done.Changed == 0 {
		err = service.ErrMoved
	}
	if err != nil {
		return err
	}
	return v.goTo(contactPath(book, id), "It is in the trash now, and can be restored.")
}

func (v *visit) restoreContact() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	if _, err := v.service().RestoreContacts(v.ctx(), book, []int64{id}); err != nil {
		return err
	}
	return v.goTo(contactPath(book, id), "It is a contact again.")
}

type eraseView struct {
	Book     bookTab
	To, Back string
	Who      string // where an e-mail is what is known of the person
	Question string
	Records  []desk.PersonsRecord // at other systems
	Report   *desk.EraseReport
}

// erasePage asks before somebody is forgotten for good.
func (v *visit) erasePage() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	to := contactPath(book, id)
	return v.askToErase(book, strconv.FormatInt(id, 10), eraseView{To: to, Back: to})
}

// eraseAgainPage asks the same of whom only an e-mail is known: their contact was
// erased, and something of them may be left at another system.
func (v *visit) eraseAgainPage() error {
	book, err := strconv.ParseInt(v.form("book"), 10, 64)
	if err != nil {
		return errNoPage
	}
	who, err := v.emailTyped()
	if err != nil {
		return err
	}
	v.asked = true
	return v.askToErase(book, who, eraseView{To: fmt.Sprintf("/contacts/%d", book), Back: "/suppressions", Who: who})
}

// emailTyped is the e-mail address of a form that erases.
func (v *visit) emailTyped() (string, error) {
	who := v.form("who")
	if key, _ := contact.NewNormalizer("").MatchKey(contact.Email, who); key == "" || !strings.Contains(who, "@") {
		return "", &problem{http.StatusUnprocessableEntity, "Nothing was erased", "Type the e-mail address of the person."}
	}
	return who, nil
}

func (v *visit) askToErase(book int64, who string, data eraseView) error {
	b, err := v.service().BookOf(v.ctx(), book)
	if err != nil {
		return err
	}
	data.Book = tabOf(b, "Contacts")
	if data.Question, err = v.service().ErasureOf(v.ctx(), b.ID, who, false); err != nil {
		return err
	}
	if data.Records, err = v.service().RecordsOf(v.ctx(), b.ID, who); err != nil {
		return err
	}
	return v.show("erase", page{Title: "Erase on request", Nav: "Contacts", CLI: fmt.Sprintf("kith contacts erase %s --book %s", desk.Quoted(who), desk.Quoted(b.Name)),
		API: fmt.Sprintf("POST /api/v1/books/%d/contacts:erase", b.ID), Data: data})
}

func (v *visit) eraseContact() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	return v.erase(strconv.FormatInt(id, 10))
}

func (v *visit) eraseAgain() error {
	who, err := v.emailTyped()
	if err != nil {
		return err
	}
	return v.erase(who)
}

func (v *visit) erase(who string) error {
	b, err := v.bookAt()
	if err != nil {
		return err
	}
	if !v.ticked("sure") {
		return &problem{http.StatusUnprocessableEntity, "Nothing was erased", "Tick that it cannot be undone, then erase."}
	}
	report, err := v.service().EraseContact(v.ctx(), b.ID, who, v.ticked("everywhere"))
	if err != nil {
		return err
	}
	return v.show("erase", page{Title: "Erased", Nav: "Contacts", Data: eraseView{Book: tabOf(b, "Contacts"), Report: &report}})
}

// disclose downloads everything that is known of a person.
func (v *visit) disclose() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	report, err := v.service().Disclose(v.ctx(), book, strconv.FormatInt(id, 10))
	if err != nil {
		return err
	}
	out, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return v.download("application/json", fmt.Sprintf("contact-%d-%d.json", book, id), func(w io.Writer) error {
		_, err := w.Write(append(out, '\n'))
		return err
	})
}
