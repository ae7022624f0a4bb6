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

// Contacts that may be one person, and making them one.
func duplicateRoutes() []route {
	return []route{
		{pattern: "GET /contacts/{book}/duplicates", operation: "duplicates.list", do: (*visit).duplicates},
		{pattern: "GET /contacts/{book}/{id}/merge", operation: "contacts.merge", do: (*visit).mergePage},
		{pattern: "POST /contacts/{book}/{id}/merge", operation: "contacts.merge", do: (*visit).merge},
	}
}

type duplicatesView struct {
	Book   bookTab
	Share  string
	Shares []choice
	Groups []groupView
	Looked int64
	Left   int64
	Next   string
}

type groupView struct {
	Contacts []personView
	Merge    string // where those of this book are merged
}

// A personView is a contact in few words.
type personView struct {
	Name, To, Book string
	ID             int64
	Facts          []string
}

func personOf(b service.BookName, c desk.ContactReport) personView {
	p := personView{Name: shownName(c.Name), To: contactPath(b.ID, c.ID), Book: b.Name, ID: c.ID}
	for _, name := range []string{"email", "phone", "mobile", "company", "city"} {
		if value := c.Fields[name]; value != "" {
			p.Facts = append(p.Facts, value)
		}
	}
	return p
}

func (v *visit) duplicates() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	share := v.form("share")
	if share == "" {
		share = service.SharePhone
	}
	after, _ := strconv.ParseUint(v.form("after"), 10, 64) // what is no number means from the beginning
	found, err := v.service().Duplicates(v.ctx(), id, service.DuplicateQuery{Share: share, After: after})
	if err != nil {
		return err
	}
	data := duplicatesView{Book: tabOf(found.Book, "Duplicates"), Share: share, Looked: found.Looked, Left: found.Left, Shares: []choice{
		{service.SharePhone, "the same telephone", share == service.SharePhone},
		{service.ShareName, "the same name", share == service.ShareName},
		{service.ShareEmail, "an e-mail address that another book has too", share == service.ShareEmail}}}
	for _, g := range found.Groups {
		data.Groups = append(data.Groups, groupOf(id, g))
	}
	if found.Next > 0 {
		data.Next = "?" + url.Values{"share": {share}, "after": {strconv.FormatUint(found.Next, 10)}}.Encode()
	}
	return v.show("duplicates", page{Title: found.Book.Name + ": duplicates", Nav: "Contacts", API: fmt.Sprintf("GET /api/v1/books/%d/duplicates?share=%s", id, share), Data: data})
}

func groupOf(book int64, g service.DuplicateGroup) groupView {
	var view groupView
	var here []int64
	for _, c := range g.Contacts {
		view.Contacts = append(view.Contacts, personOf(c.Book, c.ContactReport))
		if c.Book.ID == book {
			here = append(here, c.ID)
		}
	}
	if len(here) > 1 {
		q := url.Values{}
		for _, id := range here[1:] {
			q.Add("with", strconv.FormatInt(id, 10))
		}
		view.Merge = contactPath(book, here[0]) + "/merge?" + q.Encode()
	}
	return view
}

// mergeView is several contacts side by side.
type mergeView struct {
	Book     bookTab
	To       string
	Name     string
	People   []personView
	Versions []int64
	Rows     []mergeRow
	Found    []personView // whom the search found
	Search   string
	Error    string
}

type mergeRow struct {
	Field, Label string
	Same         bool // all have the same value
	Fixed        bool // a consent: the strictest counts
	Cells        []mergeCell
}

type mergeCell struct {
	ID     int64
	Value  string
	Chosen bool
}

// others are the contacts to be merged with the one in the address: by ID, or by
// what was typed into the search.
func (v *visit) others() (ids []int64) {
	_ = v.form("with") // parses the form
	for _, text := range v.r.Form["with"] {
		if id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (v *visit) mergePage() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	data, err := v.mergeForm(book, id)
	if err != nil {
		return err
	}
	return v.show("merge", mergePageOf(data, book))
}

func mergePageOf(data mergeView, book int64) page {
	return page{Title: "Merge", Nav: "Contacts", CLI: "kith contacts merge KEEP OTHER --book " + desk.Quoted(data.Book.Name), API: fmt.Sprintf("POST /api/v1/books/%d/contacts:merge", book), Data: data}
}

func (v *visit) mergeForm(book, id int64) (mergeView, error) {
	b, keep, err := v.service().ContactOf(v.ctx(), book, id)
	if err != nil {
		return mergeView{}, err
	}
	data := mergeView{Book: tabOf(b, "Contacts"), To: contactPath(book, id) + "/merge", Name: desk.Naming(b).Name(keep.Values), Search: v.form("q")}
	if data.Search != "" {
		found, err := v.service().Contacts(v.ctx(), book, service.ContactQuery{Choice: desk.Choice{Search: data.Search}, Limit: 20})
		if err != nil {
			return data, err
		}
		for _, c := range found.Contacts {
			if c.ID != id {
				data.Found = append(data.Found, personOf(service.BookName{ID: b.ID, Name: b.Name}, c))
			}
		}
	}
	contacts := []store.Contact{keep}
	for _, other := range v.others() {
		if other == id {
			continue
		}
		_, c, err := v.service().ContactOf(v.ctx(), book, other)
		if err != nil {
			return data, err
		}
		contacts = append(contacts, c)
	}
	if len(contacts) > 1 {
		data.lay(b, contacts)
	}
	return data, nil
}

// lay puts contacts side by side, with the values that a merge takes by itself.
func (m *mergeView) lay(b store.Book, contacts []store.Contact) {
	for _, c := range contacts {
		m.People = append(m.People, personOf(service.BookName{ID: b.ID, Name: b.Name}, desk.ReportContact(b, desk.Naming(b), c)))
		m.Versions = append(m.Versions, c.Version)
	}
	for at, f := range b.Fields {
		row := mergeRow{Field: f.Name, Label: f.Title(), Same: true, Fixed: f.Kind == contact.Consent}
		best, is := 0, contacts[0].Values[at]
		for i, c := range contacts {
			row.Cells = append(row.Cells, mergeCell{ID: store.Number(c.Ref), Value: desk.Shown(f, c, at)})
			row.Same = row.Same && c.Values[at] == contacts[0].Values[at]
			if v := c.Values[at]; !contact.Blank(v) && (contact.Blank(is) || row.Fixed && contact.Stricter(v, is)) {
				best, is = i, v
			}
		}
		row.Cells[best].Chosen = true
		if !row.Same || !contact.Blank(is) {
			m.Rows = append(m.Rows, row)
		}
	}
}

func (v *visit) merge() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	m := service.Merge{Keep: id, Others: v.others(), Pick: map[string]int64{}, Versions: map[int64]int64{}}
	for name, values := range v.r.PostForm {
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil {
			continue
		}
		if field, ok := strings.CutPrefix(name, "pick."); ok {
			m.Pick[field] = n
		}
		if of, ok := strings.CutPrefix(name, "version."); ok {
			if contact, err := strconv.ParseInt(of, 10, 64); err == nil {
				m.Versions[contact] = n
			}
		}
	}
	done, err := v.service().MergeContacts(v.ctx(), book, m)
	if errors.Is(err, service.ErrMoved) || isUsage(err) {
		data, wrong := v.mergeForm(book, id)
		if wrong != nil {
			return wrong
		}
		data.Error = sentenceOf(err)
		return v.askAgain("merge", mergePageOf(data, book))
	}
	if err != nil {
		return err
	}
	return v.goTo(contactPath(book, id), fmt.Sprintf("Merged. Run %d can be undone, which separates them again.", done))
}

func isUsage(err error) bool {
	var known *run.Error
	return errors.As(err, &known) && problemOf(err).status == http.StatusUnprocessableEntity
}
