package api

import (
	"net/http"

	"github.com/kith-sync/kith/desk"
)

func (a *Server) offerCompanies() {
	const path = "/books/{book}/companies"
	offer(a, "companies.list", http.MethodGet, path, func(v *visit, in *struct {
		BookAt
		Text string `query:"q" maxLength:"200" doc:"Only those with this text in their name."`
	}) (*paged[desk.CompanyReport], error) {
		all, err := v.service().Companies(v.ctx(), in.Book, in.Text)
		return whole(v, all, err)
	}, says("At most two hundred, those with most contacts first."))
	offer(a, "companies.link", http.MethodPost, path+":link", func(v *visit, in *struct {
		BookAt
		Body desk.AccountLink
	}) (*body[desk.AccountLinked], error) {
		return answer(v.service().LinkAccount(v.ctx(), in.Book, in.Body))
	}, says("One run, which can be undone. The company is called as its Account is from then on. An Account is picked from what the CRM has: see the choices of a connection."))
}
