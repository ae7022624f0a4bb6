package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

// The trash of a book, and what leaves it as files.
func trashRoutes() []route {
	return []route{
		{pattern: "GET /contacts/{book}/trash", operation: "trash.list", do: (*visit).trash},
		{pattern: "POST /contacts/{book}/trash/restore", operation: "contacts.restore", do: (*visit).restoreContacts},
		{pattern: "POST /contacts/{book}/trash/empty", operation: "trash.empty", do: (*visit).emptyTrash},
		{pattern: "GET /contacts/{book}/export", operation: "contacts.export", do: (*visit).export},
		{pattern: "POST /contacts/{book}/export", operation: "contacts.export", do: (*visit).export},
	}
}

type trashView struct {
	Book    bookTab
	Columns []contact.Field
	Rows    []trashRow
	All     int64
	Next    string
}

type trashRow struct {
	contactRow
	Run int64
	At  *time.Time
}

func (v *visit) trash() error {
	id, err := v.number("book")
	if err != nil {
		return err
	}
	var from service.TrashMark
	from.Before, _ = strconv.ParseInt(v.form("before"), 10, 64) // what is no number means from the beginning
	from.After, _ = strconv.ParseInt(v.form("after"), 10, 64)
	found, err := v.service().Trash(v.ctx(), id, from)
	if err != nil {
		return err
	}
	b := found.Book
	data := trashView{Book: tabOf(b, "Trash"), All: found.All, Columns: v.columns(b)}
	for _, c := range found.Contacts {
		data.Rows = append(data.Rows, trashRow{rowOf(b, c, data.Columns), c.DeletedRun, c.DeletedAt})
	}
	if found.Next.Before != 0 {
		data.Next = "?" + url.Values{"before": {strconv.FormatInt(found.Next.Before, 10)}, "after": {strconv.FormatInt(found.Next.After, 10)}}.Encode()
	}
	return v.show("trash", page{Title: b.Name + ": trash", Nav: "Contacts", CLI: "kith trash --book " + desk.Quoted(b.Name), API: fmt.Sprintf("GET /api/v1/books/%d/trash", id), Data: data})
}

func (v *visit) restoreContacts() error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	done, err := v.service().RestoreContacts(v.ctx(), book, v.tickedIDs())
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/contacts/%d/trash", book), "Restored "+several(done.Changed, "contact")+".")
}

func (v *visit) emptyTrash() error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	if !v.ticked("sure") {
		return &problem{http.StatusUnprocessableEntity, "Nothing was removed", "Tick that it cannot be undone, then empty the trash."}
	}
	n, err := v.service().EmptyTrash(v.ctx(), book)
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/contacts/%d/trash", book), "Removed "+several(n, "contact")+" for good.")
}

// exportKinds are the forms of export, as files.
var exportKinds = map[string]struct{ kind, ending string }{
	"data": {"text/csv; charset=utf-8", ".csv"}, "spreadsheet": {"text/csv; charset=utf-8", ".csv"}, "vcard": {"text/vcard; charset=utf-8", ".vcf"}}

// export downloads a book, those that are chosen, or those that are ticked.
func (v *visit) export() error {
	b, err := v.bookAt()
	if err != nil {
		return err
	}
	form := v.form("form")
	if form == "" {
		form = "spreadsheet"
	}
	choice, ids := v.choice(), []int64(nil)
	if v.r.Method == http.MethodPost && v.form("who") != "chosen" {
		if choice, ids = (desk.Choice{}), v.tickedIDs(); len(ids) == 0 {
			return &problem{http.StatusUnprocessableEntity, "Nothing to export", "Tick the contacts to export, or export all of them."}
		}
	}
	as := exportKinds[form]
	return v.download(as.kind, b.Name+"-"+v.service().Now().UTC().Format("2006-01-02")+as.ending, func(w io.Writer) error {
		return v.service().ExportContacts(v.ctx(), w, b.ID, form, choice, ids)
	})
}
