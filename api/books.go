package api

import (
	"net/http"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

// BookAt names an address book in an address.
type BookAt struct {
	Book int64 `path:"book" minimum:"1" doc:"The number of an address book."`
}

func (a *Server) offerBooks() {
	offer(a, "books.list", http.MethodGet, "/books", func(v *visit, in *struct {
		All bool `query:"all" doc:"Also those that Kith fills itself with what it sends: campaign members, meetings."`
	}) (*paged[service.BookState], error) {
		all, err := v.service().Books(v.ctx(), in.All)
		return whole(v, all, err)
	})
	offer(a, "books.show", http.MethodGet, "/books/{book}", func(v *visit, in *BookAt) (*tagged[service.BookState], error) {
		return shownBook(v, in.Book)
	})
	offer(a, "books.create", http.MethodPost, "/books", func(v *visit, in *struct{ Body service.BookChange }) (*body[service.BookState], error) {
		return answer(v.service().CreateBook(v.ctx(), in.Body))
	}, status(http.StatusCreated))
	offer(a, "books.change", http.MethodPut, "/books/{book}", changeBook)
	offer(a, "books.delete", http.MethodDelete, "/books/{book}", func(v *visit, in *struct {
		BookAt
		Name string `query:"name" required:"true" maxLength:"200" doc:"The book's name, so that nobody deletes another."`
	}) (*struct{}, error) {
		return nil, v.service().DeleteBook(v.ctx(), in.Book, in.Name)
	})
	a.offerFields()
	a.offerFilters()
	a.offerTrash()
}

func shownBook(v *visit, id int64) (*tagged[service.BookState], error) {
	b, err := v.service().BookState(v.ctx(), id)
	if err != nil {
		return nil, err
	}
	return &tagged[service.BookState]{tag(b.Name, b.Key, b.Generated, b.Region, b.NameFormula, b.Fields), b}, nil
}

// seenBook refuses a change to a book that is not as it was seen.
func seenBook(v *visit, c Conditions, id int64) error {
	now, err := shownBook(v, id)
	if err != nil {
		return err
	}
	return c.hold(v, now.ETag)
}

func changeBook(v *visit, in *struct {
	BookAt
	Conditions
	Body struct {
		Key         string `json:"key,omitempty" doc:"The field that is the unique identifier."`
		Generated   bool   `json:"generated,omitempty" doc:"Kith draws the identifier."`
		Region      string `json:"region,omitempty" maxLength:"2"`
		NameFormula string `json:"name_formula,omitempty" maxLength:"1000"`
	}
}) (*tagged[service.BookState], error) {
	if err := seenBook(v, in.Conditions, in.Book); err != nil {
		return nil, err
	}
	c := service.BookChange{Key: in.Body.Key, Generated: in.Body.Generated, Region: in.Body.Region, NameFormula: in.Body.NameFormula}
	if _, err := v.service().ChangeBook(v.ctx(), in.Book, c); err != nil {
		return nil, err
	}
	return shownBook(v, in.Book)
}

// FieldAt names a field of a book in an address.
type FieldAt struct {
	BookAt
	Field string `path:"field" maxLength:"200"`
}

func (a *Server) offerFields() {
	offer(a, "fields.add", http.MethodPost, "/books/{book}/fields", func(v *visit, in *struct {
		BookAt
		Body contact.Field
	}) (*tagged[service.BookState], error) {
		if err := v.service().AddField(v.ctx(), in.Book, in.Body); err != nil {
			return nil, err
		}
		return shownBook(v, in.Book)
	}, status(http.StatusCreated))
	offer(a, "fields.change", http.MethodPut, "/books/{book}/fields/{field}", func(v *visit, in *struct {
		FieldAt
		Conditions
		Body struct {
			Label string       `json:"label,omitempty" maxLength:"200"`
			Kind  contact.Kind `json:"kind"`
		}
	}) (*tagged[service.BookState], error) {
		if err := seenBook(v, in.Conditions, in.Book); err != nil {
			return nil, err
		}
		if err := v.service().ChangeField(v.ctx(), in.Book, contact.Field{Name: in.Field, Label: in.Body.Label, Kind: in.Body.Kind}); err != nil {
			return nil, err
		}
		return shownBook(v, in.Book)
	})
	offer(a, "fields.delete", http.MethodDelete, "/books/{book}/fields/{field}", func(v *visit, in *struct {
		FieldAt
		Conditions
	}) (*struct{}, error) {
		if err := seenBook(v, in.Conditions, in.Book); err != nil {
			return nil, err
		}
		return nil, v.service().RemoveField(v.ctx(), in.Book, in.Field)
	})
}

func (a *Server) offerFilters() {
	offer(a, "filters.list", http.MethodGet, "/books/{book}/filters", func(v *visit, in *BookAt) (*paged[service.Filter], error) {
		all, err := v.service().Filters(v.ctx(), in.Book)
		return whole(v, all, err)
	})
	offer(a, "filters.save", http.MethodPost, "/books/{book}/filters", func(v *visit, in *struct {
		BookAt
		Body struct {
			Name string `json:"name" minLength:"1" maxLength:"200" doc:"One of that name is replaced."`
			desk.Choice
			Columns []string `json:"columns,omitempty" maxItems:"100"`
		}
	}) (*body[service.Filter], error) {
		return answer(v.service().SaveFilter(v.ctx(), in.Book, service.Filter{Name: in.Body.Name, Choice: in.Body.Choice, Columns: in.Body.Columns}))
	})
	offer(a, "filters.delete", http.MethodDelete, "/books/{book}/filters/{filter}", func(v *visit, in *struct {
		BookAt
		Filter int64 `path:"filter" minimum:"1"`
	}) (*struct{}, error) {
		return nil, v.service().DeleteFilter(v.ctx(), in.Book, in.Filter)
	})
}

func (a *Server) offerTrash() {
	offer(a, "trash.list", http.MethodGet, "/books/{book}/trash", listTrash)
	offer(a, "trash.empty", http.MethodDelete, "/books/{book}/trash", func(v *visit, in *BookAt) (*body[Removed], error) {
		n, err := v.service().EmptyTrash(v.ctx(), in.Book)
		return answer(Removed{n}, err)
	})
	offer(a, "contacts.restore", http.MethodPost, "/books/{book}/trash:restore", func(v *visit, in *struct {
		BookAt
		Body contactIDs
	}) (*body[service.BulkReport], error) {
		return answer(v.service().RestoreContacts(v.ctx(), in.Book, in.Body.Contacts))
	})
	offer(a, "suppressions.list", http.MethodGet, "/suppressions", func(v *visit, _ *nothing) (*paged[desk.SuppressionReport], error) {
		all, err := v.service().Suppressions(v.ctx())
		return whole(v, all, err)
	})
	offer(a, "suppressions.lift", http.MethodDelete, "/suppressions/{suppression}", func(v *visit, in *struct {
		Suppression int64 `path:"suppression" minimum:"1"`
	}) (*struct{}, error) {
		return nil, v.service().LiftSuppression(v.ctx(), in.Suppression)
	})
}

// Removed counts what is gone for good.
type Removed struct {
	Removed int64 `json:"removed"`
}

// contactIDs are contacts of one book.
type contactIDs struct {
	Contacts []int64 `json:"contacts" minItems:"1" maxItems:"10000" nullable:"false" doc:"Their IDs."`
}

func listTrash(v *visit, in *struct {
	BookAt
	Cursor string `query:"cursor" maxLength:"500"`
}) (*paged[desk.ContactReport], error) {
	var from service.TrashMark
	if err := unpack(v, in.Cursor, &from); err != nil {
		return nil, err
	}
	found, err := v.service().Trash(v.ctx(), in.Book, from)
	if err != nil {
		return nil, err
	}
	if found.Next == (service.TrashMark{}) {
		return page(v, found.Contacts, ""), nil
	}
	return page(v, found.Contacts, pack(found.Next)), nil
}
