package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// Companies of a book, and which Accounts of a CRM they are.
func companyRoutes() []route {
	return []route{
		{pattern: "GET /contacts/{book}/companies", operation: "companies.list", do: (*visit).companies},
		{pattern: "GET /contacts/{book}/companies/link", operation: "companies.link", do: (*visit).pickAccount},
		{pattern: "POST /contacts/{book}/companies/link", operation: "companies.link", do: (*visit).linkAccount},
	}
}

type companiesView struct {
	Book   bookTab
	Search string
	Field  string // that has the company; "": the book has none
	CRM    bool   // whether a connection has Accounts
	Rows   []companyRow
	Most   bool // there may be more
}

type companyRow struct {
	desk.CompanyReport
	People string // where its contacts are listed
	Link   string // where its Account is picked
}

func (v *visit) companies() error {
	b, err := v.bookAt()
	if err != nil {
		return err
	}
	data := companiesView{Book: tabOf(b, "Companies"), Search: v.form("q"), Field: desk.CompanyField(b)}
	found, err := v.service().Companies(v.ctx(), b.ID, data.Search)
	if err != nil {
		return err
	}
	for _, c := range found {
		data.Rows = append(data.Rows, companyRow{c, data.Book.To("") + "?" + url.Values{"f": {data.Field}, "is": {desk.Is}, "v": {c.Company}}.Encode(), linkPath(b.ID, c.Company, 0)})
	}
	crms, err := v.service().AccountConnections(v.ctx(), b.ID)
	if err != nil {
		return err
	}
	data.CRM, data.Most = len(crms) > 0, len(found) == desk.CompaniesShown
	return v.show("companies", page{Title: "Companies of " + b.Name, Nav: "Contacts", CLI: "kith companies list --book " + desk.Quoted(b.Name),
		API: fmt.Sprintf("GET /api/v1/books/%d/companies", b.ID), Data: data})
}

// linkPath is the page where the Account of a company is picked, for all its contacts
// or for one.
func linkPath(book int64, company string, contact int64) string {
	q := url.Values{"company": {company}}
	if contact != 0 {
		q.Set("contact", itoa64(contact))
	}
	return fmt.Sprintf("/contacts/%d/companies/link?%s", book, q.Encode())
}

func itoa64(n int64) string { return strconv.FormatInt(n, 10) }

// pickView is the page where an Account is picked.
type pickView struct {
	Book    bookTab
	Company string
	Contact int64 // one only; 0: all of the company
	Who     string
	Picker  accountPicker
	Linked  bool
	Back    string
}

// An accountPicker looks for Accounts at a CRM by name.
type accountPicker struct {
	Connections []choice
	Connection  string
	Search      string
	Found       []desk.NamedRecord
	Asked       bool
	Error       string
}

// picking looks for Accounts, at the connection that was chosen or the first.
func (v *visit) picking(book int64, connection, text string) (p accountPicker, err error) {
	names, err := v.service().AccountConnections(v.ctx(), book)
	if err != nil || len(names) == 0 {
		return p, err
	}
	if p.Connection, p.Search = connection, text; !slices.Contains(names, connection) {
		p.Connection = names[0]
	}
	for _, name := range names {
		p.Connections = append(p.Connections, choice{name, name, name == p.Connection})
	}
	p.Asked = true
	if p.Found, err = v.service().Choices(v.ctx(), p.Connection, "Account", text); err != nil && problemOf(err).status < 500 {
		p.Error, err = sentenceOf(err), nil
	}
	return p, err
}

func (v *visit) pickAccount() error {
	b, err := v.bookAt()
	if err != nil {
		return err
	}
	company := v.form("company")
	data := pickView{Book: tabOf(b, "Companies"), Company: company, Back: fmt.Sprintf("/contacts/%d/companies", b.ID)}
	if data.Contact, _ = strconv.ParseInt(v.form("contact"), 10, 64); data.Contact != 0 {
		c, err := v.service().Contact(v.ctx(), b.ID, data.Contact)
		if err != nil {
			return err
		}
		data.Who, data.Linked, data.Back = shownName(c.Name), c.Account != nil && c.Account.Chosen, contactPath(b.ID, data.Contact)
	} else if data.Linked, err = v.isLinked(b, company); err != nil {
		return err
	}
	text := company
	if v.r.Form.Has("q") {
		text = v.form("q")
	}
	if data.Picker, err = v.picking(b.ID, v.form("connection"), text); err != nil {
		return err
	}
	return v.show("account", page{Title: "Account of " + company, Nav: "Contacts", CLI: fmt.Sprintf("kith companies link %s ACCOUNT --book %s", desk.Quoted(company), desk.Quoted(b.Name)),
		API: fmt.Sprintf("POST /api/v1/books/%d/companies:link", b.ID), Data: data})
}

func (v *visit) isLinked(b store.Book, company string) (bool, error) {
	found, err := v.service().Companies(v.ctx(), b.ID, company)
	at := slices.IndexFunc(found, func(c desk.CompanyReport) bool { return c.Company == company })
	return at >= 0 && found[at].Account != nil && found[at].Account.Chosen, err
}

func (v *visit) linkAccount() error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	l := desk.AccountLink{Company: v.form("company"), Connection: v.form("connection"), Account: v.form("account")}
	back := fmt.Sprintf("/contacts/%d/companies", book)
	id, _ := strconv.ParseInt(v.form("contact"), 10, 64)
	if id != 0 && !v.ticked("everybody") {
		l.Contacts, l.Company = []int64{id}, ""
	}
	if id != 0 {
		back = contactPath(book, id)
	}
	done, err := v.service().LinkAccount(v.ctx(), book, l)
	if err != nil {
		return err
	}
	return v.goTo(back, linkedText(v.form("company"), done))
}

func linkedText(company string, done desk.AccountLinked) string {
	text := fmt.Sprintf("%s is linked with no Account by hand any more: the one with its name is taken, or made.", cmp.Or(company, "The company"))
	if done.Account != nil {
		text = fmt.Sprintf("Linked with the Account %s: %s.", done.Account.Name, several(done.Changed+done.Same, "contact"))
	}
	if done.Refused > 0 {
		text += fmt.Sprintf(" %s changed meanwhile by somebody else: do it once more.", several(done.Refused, "contact"))
	}
	if len(done.Unsent) > 0 {
		text += " " + desk.UnsentText(done.Unsent)
	}
	return text
}

// accountTyped are the company and the Account that were picked in a contact's form.
func (v *visit) accountTyped(typed service.Values, company string) {
	id := strings.TrimSpace(v.r.PostForm.Get("account"))
	if id == "" || company == "" {
		return
	}
	typed[desk.AccountField] = id
	if name := strings.TrimSpace(v.r.PostForm.Get("account-name-" + id)); name != "" {
		typed[company] = name
	}
}
