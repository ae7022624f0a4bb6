package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

// ContactAt names a contact in an address.
type ContactAt struct {
	BookAt
	Contact int64 `path:"contact" minimum:"1" doc:"The ID of a contact."`
}

// Chosen chooses among the contacts of a book.
type Chosen struct {
	Search string   `query:"search" maxLength:"200" doc:"Only contacts with this text in some value. An ID, e-mail or telephone finds its contact at once."`
	Where  []string `query:"where,explode" maxItems:"10" doc:"Only contacts that meet this: field:is:value, with is one of is, not, contains, begins, tagged, before, after, blank, filled. It may be given several times."`
}

func (c Chosen) choice(v *visit) (desk.Choice, error) {
	choice := desk.Choice{Search: c.Search}
	for _, text := range c.Where {
		field, rest, ok := strings.Cut(text, ":")
		is, value, _ := strings.Cut(rest, ":")
		if !ok || field == "" {
			return choice, v.server.problem(http.StatusUnprocessableEntity, CodeInvalid, fmt.Sprintf("%q is no condition. Write field:is:value", text))
		}
		choice.Where = append(choice.Where, desk.Condition{Field: field, Is: is, Value: value})
	}
	return choice, nil
}

func (a *Server) offerContacts() {
	const path = "/books/{book}/contacts"
	offer(a, "contacts.list", http.MethodGet, path, listContacts)
	offer(a, "contacts.show", http.MethodGet, path+"/{contact}", func(v *visit, in *ContactAt) (*tagged[service.ContactState], error) {
		return shownContact(v, in.Book, in.Contact)
	})
	offer(a, "contacts.explain", http.MethodGet, path+"/{contact}/explain", func(v *visit, in *ContactAt) (*paged[desk.Explanation], error) {
		all, err := v.service().Explain(v.ctx(), in.Book, strconv.FormatInt(in.Contact, 10))
		return whole(v, all, err)
	})
	offer(a, "contacts.explain", http.MethodGet, "/explain", func(v *visit, in *struct {
		Who  string `query:"who" required:"true" maxLength:"320" doc:"An ID, unique identifier, e-mail or telephone."`
		Book int64  `query:"book" minimum:"0" doc:"The number of a book; without it in all of them."`
	}) (*paged[desk.Explanation], error) {
		all, err := v.service().Explain(v.ctx(), in.Book, in.Who)
		return whole(v, all, err)
	}, variant("anybody"), says("The whole story of somebody, also of one who was not let in. An empty list: nobody is known by that."))
	offer(a, "contacts.add", http.MethodPost, path, addContact, status(http.StatusCreated))
	offer(a, "contacts.edit", http.MethodPatch, path+"/{contact}", editContact, says("Values that are not sent stay as they are. An empty one is taken away."))
	offer(a, "contacts.delete", http.MethodDelete, path+"/{contact}", deleteContact)
	offer(a, "contacts.bulk", http.MethodPost, path+":bulk", bulk, says("Changes one field of the contacts that are named, or of all that are chosen, or deletes them: as one run, which can be undone."))
	offer(a, "contacts.merge", http.MethodPost, path+":merge", merge)
	offer(a, "contacts.export", http.MethodGet, "/books/{book}/export", export, csvAnswer)
	offer(a, "contacts.disclose", http.MethodPost, path+":disclose", func(v *visit, in *struct {
		BookAt
		Body struct {
			Who string `json:"who" minLength:"1" maxLength:"320"`
		}
	}) (*body[desk.DisclosureReport], error) {
		return answer(v.service().Disclose(v.ctx(), in.Book, in.Body.Who))
	}, onlyLooks)
	offer(a, "contacts.erase", http.MethodPost, path+":erase", erase)
	offer(a, "duplicates.list", http.MethodGet, "/books/{book}/duplicates", listDuplicates)
	offer(a, "search.all", http.MethodGet, "/search", func(v *visit, in *struct {
		Text string `query:"q" maxLength:"200"`
	}) (*body[service.SearchResults], error) {
		return answer(v.service().Search(v.ctx(), in.Text))
	})
}

func listContacts(v *visit, in *struct {
	BookAt
	Paging
	Chosen
	Known string `query:"known" maxLength:"320" doc:"Only who is known by exactly this: an ID, unique identifier, e-mail or telephone."`
	Deep  bool   `query:"deep" doc:"Look at every value, also when the text is somebody's e-mail or telephone."`
}) (*paged[desk.ContactReport], error) {
	after, err := in.number(v)
	if err != nil {
		return nil, err
	}
	if in.Known != "" {
		found, err := v.service().Contacts(v.ctx(), in.Book, service.ContactQuery{Choice: desk.Choice{Search: in.Known}, Limit: in.Limit})
		if err == nil && !found.Exact {
			found.Contacts = nil
		}
		return page(v, found.Contacts, ""), err
	}
	choice, err := in.choice(v)
	if err != nil {
		return nil, err
	}
	found, err := v.service().Contacts(v.ctx(), in.Book, service.ContactQuery{Choice: choice, Deep: in.Deep, After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return page(v, found.Contacts, numbered(found.Next)), nil
}

func shownContact(v *visit, book, id int64) (*tagged[service.ContactState], error) {
	c, err := v.service().Contact(v.ctx(), book, id)
	if err != nil {
		return nil, err
	}
	return &tagged[service.ContactState]{contactTag(book, c), c}, nil
}

func contactTag(book int64, c service.ContactState) string {
	return tag(book, c.ID, c.Version, c.Trashed)
}

// contactValues are what somebody wants a contact's fields to be.
type contactValues struct {
	Fields service.Values `json:"fields" doc:"Values by the names of the fields."`
}

type contactMade struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     service.ContactState
}

func addContact(v *visit, in *struct {
	BookAt
	Body contactValues
}) (*contactMade, error) {
	id, err := v.service().AddContact(v.ctx(), in.Book, in.Body.Fields)
	if err != nil {
		return nil, inFields(err)
	}
	c, err := shownContact(v, in.Book, id)
	if err != nil {
		return nil, err
	}
	return &contactMade{fmt.Sprintf("%s/books/%d/contacts/%d", Root, in.Book, id), c.ETag, c.Body}, nil
}

// inFields says where in the body the values stand that are wrong.
func inFields(err error) error {
	wrong, ok := err.(service.FieldErrors) //nolint:errorlint // it is returned as it is
	for i := range wrong {
		wrong[i].Field = "fields." + wrong[i].Field
	}
	if ok {
		return wrong
	}
	return err
}

func editContact(v *visit, in *struct {
	ContactAt
	Conditions
	Body contactValues
}) (*tagged[service.ContactState], error) {
	version := int64(0)
	if in.Match != "" {
		c, err := v.service().Contact(v.ctx(), in.Book, in.Contact)
		if err != nil {
			return nil, err
		}
		if err := in.hold(v, contactTag(in.Book, c)); err != nil {
			return nil, err
		}
		version = c.Version // so that nobody comes in between
	}
	if _, err := v.service().EditContact(v.ctx(), in.Book, in.Contact, version, in.Body.Fields); err != nil {
		return nil, inFields(err)
	}
	return shownContact(v, in.Book, in.Contact)
}

func deleteContact(v *visit, in *struct {
	ContactAt
	Conditions
}) (*body[service.BulkReport], error) {
	c, err := v.service().Contact(v.ctx(), in.Book, in.Contact)
	if err != nil {
		return nil, err
	}
	if err := in.hold(v, contactTag(in.Book, c)); err != nil {
		return nil, err
	}
	if c.Trashed {
		return nil, v.server.problem(http.StatusNotFound, "not_found", "The contact is in the trash already. Nothing was changed")
	}
	return answer(v.service().DeleteContacts(v.ctx(), in.Book, []int64{in.Contact}))
}

func bulk(v *visit, in *struct {
	BookAt
	Body struct {
		desk.Bulk
		Contacts []int64      `json:"contacts,omitempty" maxItems:"10000" doc:"Their IDs."`
		Choice   *desk.Choice `json:"chosen,omitempty" doc:"Or all that this chooses; {} chooses every contact."`
	}
}) (*body[service.BulkReport], error) {
	switch {
	case (len(in.Body.Contacts) > 0) == (in.Body.Choice != nil):
		return nil, v.server.problem(http.StatusUnprocessableEntity, CodeInvalid, "Name contacts, or choose them by chosen, and not both. Nothing was changed")
	case in.Body.Choice != nil:
		return answer(v.service().BulkChosen(v.ctx(), in.Book, *in.Body.Choice, in.Body.Bulk))
	}
	return answer(v.service().BulkContacts(v.ctx(), in.Book, in.Body.Contacts, in.Body.Bulk))
}

// Merged says which run made contacts one.
type Merged struct {
	Run int64 `json:"run"`
}

func merge(v *visit, in *struct {
	BookAt
	Body struct {
		Keep   int64            `json:"keep" minimum:"1" doc:"The ID of the contact that stays."`
		Others []int64          `json:"others" minItems:"1" maxItems:"100" nullable:"false" doc:"Those that become part of it."`
		Pick   map[string]int64 `json:"pick,omitempty" doc:"By field: the ID of the contact whose value it takes."`
	}
}) (*body[Merged], error) {
	n, err := v.service().MergeContacts(v.ctx(), in.Book, service.Merge{Keep: in.Body.Keep, Others: in.Body.Others, Pick: in.Body.Pick})
	return answer(Merged{n}, err)
}

func erase(v *visit, in *struct {
	BookAt
	Body struct {
		Who        string `json:"who" minLength:"1" maxLength:"320" doc:"An ID, unique identifier, e-mail or telephone."`
		Everywhere bool   `json:"everywhere,omitempty" doc:"Also the records at linked systems."`
		Yes        bool   `json:"yes,omitempty" doc:"Without it nothing is erased, and the answer (409) says what would be."`
	}
}) (*body[desk.EraseReport], error) {
	if !in.Body.Yes {
		question, err := v.service().ErasureOf(v.ctx(), in.Book, in.Body.Who, in.Body.Everywhere)
		if err != nil {
			return nil, err
		}
		return nil, v.server.problem(http.StatusConflict, "confirm", question)
	}
	return answer(v.service().EraseContact(v.ctx(), in.Book, in.Body.Who, in.Body.Everywhere))
}

func export(v *visit, in *struct {
	BookAt
	Chosen
	Form string `query:"form" enum:"data,spreadsheet,vcard" default:"data" doc:"data: every value as it is stored; spreadsheet: safe to open in one; vcard: cards."`
}) (*file, error) {
	choice, err := in.choice(v)
	if err != nil {
		return nil, err
	}
	b, err := v.service().BookOf(v.ctx(), in.Book)
	if err != nil {
		return nil, err
	}
	if _, err := desk.Chosen(b, choice); err != nil {
		return nil, err
	}
	kind, name := "text/csv; charset=utf-8", fmt.Sprintf("book-%d.csv", in.Book)
	if in.Form == "vcard" {
		kind, name = "text/vcard; charset=utf-8", fmt.Sprintf("book-%d.vcf", in.Book)
	}
	return attach(v, kind, name, func(w http.ResponseWriter) error {
		return v.service().ExportContacts(v.ctx(), w, in.Book, in.Form, choice, nil)
	}), nil
}

func listDuplicates(v *visit, in *struct {
	BookAt
	Share  string `query:"share" enum:"email,phone,name" default:"phone" doc:"What they share: phone and name within the book, email with contacts of other books."`
	Cursor string `query:"cursor" maxLength:"500"`
}) (*paged[service.DuplicateGroup], error) {
	var after uint64
	if err := unpack(v, in.Cursor, &after); err != nil {
		return nil, err
	}
	found, err := v.service().Duplicates(v.ctx(), in.Book, service.DuplicateQuery{Share: in.Share, After: after})
	if err != nil {
		return nil, err
	}
	if found.Next == 0 {
		return page(v, found.Groups, ""), nil
	}
	return page(v, found.Groups, pack(found.Next)), nil
}
