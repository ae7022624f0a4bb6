package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// AccountField is the field of a book with the Account of a CRM that somebody's company
// is, where a person has chosen it (E17).
const AccountField = "account_id"

// accountObject is the object of a CRM that companies are linked with.
const accountObject = "Account"

// An AccountReport is the Account of a CRM that a company is linked with (E18).
type AccountReport struct {
	ID         string `json:"id"`
	Connection string `json:"connection"`
	Address    string `json:"address,omitempty"` // of its page there
	Chosen     bool   `json:"chosen,omitempty"`  // by a person; otherwise the CRM says so of a linked record
}

// A CompanyReport is a company that contacts of a book have, and what it is at a CRM.
type CompanyReport struct {
	Company  string         `json:"company"`
	Contacts int64          `json:"contacts"`
	Account  *AccountReport `json:"account,omitempty"` // none: no contact of it is linked with one yet
}

// CompaniesShown is how many companies one list has.
const CompaniesShown = 200

// Companies lists the companies of a book's latest contacts with a text in their name,
// those with most contacts first, and at most CompaniesShown of them.
func Companies(ctx context.Context, w *workspace.Workspace, b store.Book, text string) ([]CompanyReport, error) {
	found, err := companiesOf(ctx, w, b, strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	known, err := AccountsOf(ctx, w, b)
	if err != nil {
		return nil, err
	}
	reports := make([]CompanyReport, 0, len(found))
	for _, one := range found {
		r := CompanyReport{Company: one.name, Contacts: one.contacts}
		for c, err := range w.Store.ContactsByRef(ctx, b, one.some) {
			if err != nil {
				return nil, err
			}
			if r.Account, err = known.Of(ctx, c); err != nil {
				return nil, err
			}
			if r.Account != nil {
				break
			}
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// aCompany is a company with some of its contacts: first those with an Account.
type aCompany struct {
	name     string
	contacts int64
	some     []int64
	chosen   bool // one of some has an Account
}

// someOf is how many contacts of a company are asked which Account it is.
const someOf = 5

func companiesOf(ctx context.Context, w *workspace.Workspace, b store.Book, text string) ([]aCompany, error) {
	company, account := b.Schema().Index(CompanyField(b)), b.Schema().Index(AccountField)
	after, err := beforeLast(ctx, w, b, companiesLooked)
	if err != nil || company < 0 {
		return nil, err
	}
	text = strings.ToLower(text)
	by := map[string]*aCompany{}
	for c, err := range w.Store.Contacts(ctx, b, after) {
		if err != nil {
			return nil, err
		}
		name := contact.Trim(c.Values[company])
		if contact.Blank(name) || !strings.Contains(strings.ToLower(name), text) {
			continue
		}
		one := by[name]
		if one == nil {
			one = &aCompany{name: strings.Clone(name)}
			by[one.name] = one
		}
		one.contacts++
		chosen := account >= 0 && !contact.Blank(c.Values[account])
		switch {
		case chosen && !one.chosen:
			one.some, one.chosen = []int64{c.Ref}, true
		case !one.chosen && len(one.some) < someOf:
			one.some = append(one.some, c.Ref)
		}
	}
	all := make([]aCompany, 0, len(by))
	for _, one := range by {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(x, y aCompany) int {
		return cmp.Or(cmp.Compare(y.contacts, x.contacts), strings.Compare(x.name, y.name))
	})
	return all[:min(len(all), CompaniesShown)], nil
}

// Accounts knows where the Accounts of a book's companies are.
type Accounts struct {
	workspace   *workspace.Workspace
	book        store.Book
	at          int // index of AccountField; negative: the book has none
	connections []store.Connection
}

// AccountsOf looks which connections have Accounts that companies of a book may be; those
// come first that a sync joins with the book.
func AccountsOf(ctx context.Context, w *workspace.Workspace, b store.Book) (Accounts, error) {
	a := Accounts{workspace: w, book: b, at: b.Schema().Index(AccountField)}
	all, err := ConnectionsChoosing(ctx, w, accountObject)
	if err != nil || len(all) == 0 {
		return a, err
	}
	syncs, err := w.Store.Syncs(ctx)
	joined := func(c store.Connection) int {
		if slices.ContainsFunc(syncs, func(s store.Sync) bool { return leadsBetween(s.Definition, b.Name, c.Name) }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(x, y store.Connection) int { return joined(x) - joined(y) })
	a.connections = all
	return a, err
}

// Connections are their names.
func (a Accounts) Connections() (names []string) {
	for _, c := range a.connections {
		names = append(names, c.Name)
	}
	return names
}

// Of is the Account that a contact's company is: the one that a person has chosen, else
// the one that the contact's record at a CRM has; nil where there is none.
func (a Accounts) Of(ctx context.Context, c store.Contact) (*AccountReport, error) {
	if len(a.connections) == 0 {
		return nil, nil
	}
	links, err := a.workspace.Store.Links(ctx, c.Ref)
	if err != nil {
		return nil, err
	}
	chosen := ""
	if a.at >= 0 && a.at < len(c.Values) {
		chosen = contact.Trim(c.Values[a.at])
	}
	at := a.connections[0]
	for _, l := range links {
		i := slices.IndexFunc(a.connections, func(c store.Connection) bool { return c.Name == l.Connection })
		if i < 0 || l.State != store.There {
			continue
		}
		at = a.connections[i]
		if seen := l.Seen[AccountField]; chosen == "" && seen != "" {
			return a.report(at, seen, false), nil
		}
	}
	if chosen == "" {
		return nil, nil
	}
	return a.report(at, chosen, true), nil
}

func (a Accounts) report(at store.Connection, id string, chosen bool) *AccountReport {
	r := &AccountReport{ID: id, Connection: at.Name, Chosen: chosen}
	if system, err := workspace.SystemNamed(at.Kind); err == nil {
		r.Address = system.Address(at, accountObject, id)
	}
	return r
}

// ConnectionsChoosing are the connections with an object whose records people choose by
// name: those of a CRM with campaigns, with Accounts.
func ConnectionsChoosing(ctx context.Context, w *workspace.Workspace, object string) ([]store.Connection, error) {
	all, err := w.Store.Connections(ctx)
	return slices.DeleteFunc(all, func(c store.Connection) bool {
		system, err := workspace.SystemNamed(c.Kind)
		return err != nil || !system.Chooses(object)
	}), err
}
