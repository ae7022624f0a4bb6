package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// An AccountLink says which Account of a CRM a company is (E17): for everybody of the
// company, or for some contacts only.
type AccountLink struct {
	Company    string  `json:"company,omitempty" maxLength:"500" doc:"All contacts of this company."`
	Contacts   []int64 `json:"contacts,omitempty" maxItems:"1000" doc:"Or only these, by their IDs."`
	Connection string  `json:"connection,omitempty" maxLength:"200" doc:"Where the Account is."`
	Account    string  `json:"account,omitempty" maxLength:"500" doc:"Its ID there, or its whole name. Empty: none; the Account with the company's name is taken, or made, by the next run."`
}

// An AccountLinked says what came of it.
type AccountLinked struct {
	Account *NamedRecord `json:"account,omitempty"`
	Run     int64        `json:"run,omitempty"` // none when all were so already
	Changed int64        `json:"changed"`
	Same    int64        `json:"same"`
	Refused int64        `json:"refused"`          // somebody else has changed them meanwhile
	Unsent  []string     `json:"unsent,omitempty"` // syncs to the connection whose mapping leaves the Account out
}

// mostLinked is how many contacts one request links.
const mostLinked = 10_000

// LinkAccount gives contacts the Account that somebody has picked, as one run, or takes
// it away. The company is called as its Account is, so that both sides say the same.
func LinkAccount(ctx context.Context, w *workspace.Workspace, b store.Book, l AccountLink) (done AccountLinked, err error) {
	company := CompanyField(b)
	if company == "" {
		return done, usage("%s has no field for a company. Nothing was changed. Add one:  kith fields add company --book %s", b.Name, Quoted(b.Name))
	}
	account, connection := "", ""
	if l.Account != "" {
		chosen, err := accountNamed(ctx, w, b, l)
		if err != nil {
			return done, err
		}
		done.Account, account, connection = &chosen.NamedRecord, chosen.ID, chosen.connection
	}
	people, err := linkedPeople(ctx, w, b, company, l)
	if err != nil {
		return done, err
	}
	if b, err = WithAccounts(ctx, w, b); err != nil {
		return done, err
	}
	var changes []plan.Change
	for _, c := range people {
		values := map[string]string{AccountField: account}
		if done.Account != nil {
			values[company] = done.Account.Name
		}
		if change := setting(b, c, values); len(change.Fields) > 0 {
			changes = append(changes, change)
		}
	}
	if done.Same = int64(len(people) - len(changes)); len(changes) > 0 {
		r, err := w.Engine.Edit(context.WithoutCancel(ctx), b, "link with an Account", changes)
		if err != nil {
			return done, err
		}
		done.Run, done.Changed, done.Refused = r.ID, r.Totals.Writes(), r.Totals.Held+r.Totals.Failed
	}
	if account != "" {
		done.Unsent, err = leaveOut(ctx, w, b, connection)
	}
	return done, err
}

// WithAccounts gives a book the field for Accounts, where it has none.
func WithAccounts(ctx context.Context, w *workspace.Workspace, b store.Book) (store.Book, error) {
	if b.Schema().Index(AccountField) >= 0 {
		return b, nil
	}
	if err := w.Store.AddFields(ctx, b.ID, []contact.Field{{Name: AccountField, Label: "Salesforce Account", Kind: contact.Text}}); err != nil {
		return b, err
	}
	return w.Store.BookByID(ctx, b.ID)
}

// setting is the change that gives a contact values.
func setting(b store.Book, c store.Contact, values map[string]string) plan.Change {
	change := plan.Change{Action: plan.Update, Ref: c.Ref, Version: VersionOf(c)}
	for i, f := range b.Fields {
		old := ""
		if i < len(c.Values) {
			old = c.Values[i]
		}
		if is, said := values[f.Name]; said && is != old {
			change.Fields = append(change.Fields, plan.FieldChange{Name: f.Name, Old: old, New: is, Rule: ByHand})
		}
	}
	return change
}

// LetGo adds to a change by hand that a contact's Account goes with the company it was:
// who has another company now is found by its name again.
func LetGo(b store.Book, c store.Contact, change plan.Change) plan.Change {
	company, at := CompanyField(b), b.Schema().Index(AccountField)
	said := func(name string) bool {
		return slices.ContainsFunc(change.Fields, func(f plan.FieldChange) bool { return f.Name == name })
	}
	if company == "" || at < 0 || c.Values[at] == "" || !said(company) || said(AccountField) {
		return change
	}
	change.Fields = append(change.Fields, plan.FieldChange{Name: AccountField, Old: c.Values[at], Rule: ByHand})
	return change
}

func linkedPeople(ctx context.Context, w *workspace.Workspace, b store.Book, company string, l AccountLink) (people []store.Contact, err error) {
	refs := make([]int64, len(l.Contacts))
	for i, id := range l.Contacts {
		refs[i] = store.Ref(b.ID, id)
	}
	slices.Sort(refs)
	for c, err := range w.Store.ContactsByRef(ctx, b, slices.Compact(refs)) {
		if err != nil {
			return nil, err
		}
		people = append(people, c)
	}
	name, at := contact.Trim(l.Company), b.Schema().Index(company)
	if name == "" {
		if len(people) == 0 {
			return nil, refuse("not_found", "No contact of %s is named. Nothing was changed", b.Name)
		}
		return people, nil
	}
	for c, err := range w.Store.Contacts(ctx, b, 0) {
		if err != nil {
			return nil, err
		}
		if contact.Trim(c.Values[at]) != name || slices.Contains(refs, c.Ref) {
			continue
		}
		if len(people) == mostLinked {
			return nil, refuse(CodeFull, "More than %d contacts are of %s. Nothing was changed. Import a file with %s for them", mostLinked, name, AccountField)
		}
		c.Values = slices.Clone(c.Values)
		people = append(people, c)
	}
	if len(people) == 0 {
		return nil, refuse("not_found", "Nobody in %s is of %q. Nothing was changed. kith companies list --book %s shows the companies", b.Name, name, Quoted(b.Name))
	}
	return people, nil
}

type accountAt struct {
	NamedRecord
	connection string
}

// accountNamed finds an Account by its id or its whole name, where only one has it.
func accountNamed(ctx context.Context, w *workspace.Workspace, b store.Book, l AccountLink) (a accountAt, err error) {
	if a.connection = l.Connection; a.connection == "" {
		known, err := AccountsOf(ctx, w, b)
		if err != nil {
			return a, err
		}
		if len(known.connections) == 0 {
			return a, usage("No connection has Accounts. Nothing was changed. Connect your CRM first")
		}
		a.connection = known.connections[0].Name
	}
	a.NamedRecord, err = chosenByName(ctx, w, a.connection, accountObject, l.Account)
	return a, err
}

// chosenByName finds the record of an object that an id or a whole name names.
func chosenByName(ctx context.Context, w *workspace.Workspace, connection, object, who string) (NamedRecord, error) {
	choices, err := Choices(ctx, w, connection, object, who)
	if err != nil {
		return NamedRecord{}, err
	}
	word := strings.ToLower(object)
	chosen := slices.DeleteFunc(choices, func(c connector.Choice) bool { return c.ID != who && c.Name != who })
	if i := slices.IndexFunc(chosen, func(c connector.Choice) bool { return c.ID == who }); i >= 0 {
		return NamedRecord(chosen[i]), nil
	}
	switch len(chosen) {
	case 0:
		return NamedRecord{}, refuse("not_found", "%s has no %s %q. Nothing was changed. kith connections choices %s %s lists them", connection, word, who, Quoted(connection), object)
	case 1:
		return NamedRecord(chosen[0]), nil
	}
	return NamedRecord{}, usage("%s has several %ss called %q: name one by its id. Nothing was changed", connection, word, who)
}

// leaveOut are the syncs between a book and the people of a connection whose mapping does
// not send the Account.
func leaveOut(ctx context.Context, w *workspace.Workspace, b store.Book, connection string) (names []string, err error) {
	syncs, err := w.Store.Syncs(ctx)
	for _, s := range syncs {
		d := s.Definition
		sends := slices.ContainsFunc(d.Map, func(m plan.Mapping) bool { return m.From == AccountField })
		if d.Target.Connection == connection && d.Source.Book == b.Name && (d.Target.Object == "Person" || d.Target.Object == "Contact") && !sends {
			names = append(names, s.Name)
		}
	}
	return names, err
}

// leadsBetween reports whether a sync joins a book with a connection.
func leadsBetween(d plan.Sync, book, connection string) bool {
	return d.Source.Book+d.Target.Book == book && d.Source.Connection+d.Target.Connection == connection
}

// UnsentText says that syncs leave the Account out.
func UnsentText(syncs []string) string {
	return strings.Join(syncs, ", ") + ": the mapping does not send " + AccountField + ", so the Account stays here. Add the line {from: " + AccountField + ", to: " + AccountField + "} to it."
}
