package web

import (
	"net/url"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

func searchRoutes() []route {
	return []route{{pattern: "GET /search", operation: "search.all", do: (*visit).search}}
}

type searchView struct {
	service.SearchResults
	People    []personView
	Elsewhere []searchElsewhere
	Nothing   bool
}

// A searchElsewhere leads to the rest of a search, in one book.
type searchElsewhere struct {
	service.SearchedBook
	To string
}

func (v *visit) search() error {
	found, err := v.service().Search(v.ctx(), v.form("q"))
	if err != nil {
		return err
	}
	data := searchView{SearchResults: found, Nothing: len(found.Contacts)+len(found.Syncs)+len(found.Runs)+len(found.Books) == 0}
	for _, c := range found.Contacts {
		data.People = append(data.People, personOf(c.Book, c.ContactReport))
	}
	for _, b := range found.Partly {
		data.Elsewhere = append(data.Elsewhere, searchElsewhere{b, bookTab{ID: b.ID}.To("") + "?q=" + url.QueryEscape(found.Text) + "&deep=1"})
	}
	return v.show("search", page{Title: "Search", CLI: "kith contacts list --search " + desk.Quoted(found.Text), API: "GET /api/v1/search?q=" + url.QueryEscape(found.Text), Data: data})
}
