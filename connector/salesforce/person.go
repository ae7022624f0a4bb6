package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/kith-sync/kith/connector"
)

// accounts puts the company of Contacts as the id of the Account with exactly this
// name; the oldest, where there are several. What is no Account yet becomes one,
// unless that is switched off (E17).
func (o *Object) accounts(ctx context.Context, tasks []*task) error {
	wanted := map[string][]*task{}
	for _, k := range tasks {
		name, set := k.Set[Company]
		if !o.person() || !set || k.t.Name != "Contact" || !k.t.has("AccountId") || strings.TrimSpace(k.Set[AccountID]) != "" {
			continue
		}
		if name = strings.TrimSpace(name); name == "" {
			if _, both := k.Set[AccountID]; !both && k.Op == connector.OpUpdate {
				k.body["AccountId"] = nil
			}
			continue
		}
		wanted[name] = append(wanted[name], k)
	}
	if len(wanted) == 0 {
		return nil
	}
	if err := o.enterAccounts(ctx, wanted); err != nil {
		for _, waiting := range wanted {
			failOpen(waiting, err)
		}
	}
	return nil
}

// enterAccounts finds or makes the Accounts that some tasks want, by name.
func (o *Object) enterAccounts(ctx context.Context, wanted map[string][]*task) error {
	ids, err := o.accountsNamed(ctx, wanted)
	if err != nil {
		return err
	}
	var missing []string
	for name := range wanted {
		if ids[name] == "" {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	made, err := o.newAccounts(ctx, missing)
	if err != nil {
		return err
	}
	for name, waiting := range wanted {
		for _, k := range waiting {
			switch f := made[name].fault; {
			case ids[name] != "":
				k.body["AccountId"] = ids[name]
			case f != nil:
				k.fail(f)
			default:
				k.body["AccountId"] = made[name].id
			}
		}
	}
	return nil
}

// accountsNamed are the ids of Accounts by their names. The org ignores case; one
// that is written as wanted goes first.
func (o *Object) accountsNamed(ctx context.Context, wanted map[string][]*task) (map[string]string, error) {
	names := map[string]bool{}
	for name := range wanted {
		names[name] = true
	}
	rows, err := o.api.in(ctx, "SELECT Id,Name FROM Account", "Name", sorted(names), " ORDER BY CreatedDate, Id", false)
	if err != nil {
		return nil, err
	}
	exact, folded := map[string]string{}, map[string]string{}
	for _, r := range rows {
		name, id := r.text("Name"), wide(r.text("Id"))
		if exact[name] == "" {
			exact[name] = id
		}
		if low := strings.ToLower(strings.TrimSpace(name)); folded[low] == "" {
			folded[low] = id
		}
	}
	for name := range wanted {
		if exact[name] == "" {
			exact[name] = folded[strings.ToLower(name)]
		}
	}
	return exact, nil
}

// madeAccount is an Account we made, or why there is none.
type madeAccount struct {
	id    string
	fault *connector.Fault
}

// newAccounts makes Accounts, 200 in one call. Names that differ only in case are
// one company.
func (o *Object) newAccounts(ctx context.Context, names []string) (map[string]madeAccount, error) {
	made := map[string]madeAccount{}
	if o.settings.KnownAccountsOnly {
		for _, name := range names {
			made[name] = madeAccount{fault: invalid(Company, "There is no Account with this name, and new ones are not to be made.")}
		}
		return made, nil
	}
	first := map[string]string{}
	var distinct []string
	for _, name := range names {
		if low := strings.ToLower(name); first[low] == "" {
			first[low] = name
			distinct = append(distinct, name)
		}
	}
	for part := range slices.Chunk(distinct, collection) {
		records := make([]map[string]any, len(part))
		for i, name := range part {
			records[i] = map[string]any{"attributes": map[string]string{"type": "Account"}, "Name": name}
		}
		var rows []saved
		_, err := o.api.ask(ctx, request{method: http.MethodPost, path: "composite/sobjects", body: map[string]any{"allOrNone": false, "records": records}, write: true}, &rows)
		if f := asFault(err); f != nil && f.Kind == connector.Unknown { // the next attempt finds them by name
			return nil, &connector.Fault{Kind: connector.Busy, Message: "Salesforce did not say whether an Account was made. It is looked for next time.", Err: err}
		}
		if err != nil {
			return nil, err
		}
		if len(rows) != len(part) {
			return nil, &connector.Fault{Kind: connector.Busy, Message: "Salesforce did not say which Accounts were made. They are looked for next time."}
		}
		for i, name := range part {
			made[name] = madeAccount{id: wide(rows[i].ID)}
			if !rows[i].Success {
				made[name] = madeAccount{fault: accountFault(rows[i].Errors)}
			}
		}
	}
	for _, name := range names {
		made[name] = made[first[strings.ToLower(name)]]
	}
	return made, nil
}

func accountFault(problems []problem) *connector.Fault {
	if len(problems) == 0 {
		return invalid(Company, "Salesforce did not make an Account of this company and does not say why.")
	}
	f := problems[0].fault(true)
	f.Field, f.Message = Company, "No Account was made for the company. "+f.Message
	if f.Kind == connector.Taken || f.Kind == connector.Unknown {
		f.Kind, f.ID = connector.Invalid, ""
	}
	return f
}

// owners puts the e-mail of an owner as the id of the active user who has it (E8).
// Whom nobody has is left out, with a note: the owner stays who it is.
func (o *Object) owners(ctx context.Context, tasks []*task) error {
	emails := map[string]bool{}
	var waiting []*task
	for _, k := range tasks {
		if email := strings.ToLower(strings.TrimSpace(k.Set[OwnerEmail])); o.person() && email != "" && k.Op != connector.OpDelete {
			emails[email] = true
			waiting = append(waiting, k)
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	rows, err := o.api.in(ctx, "SELECT Id,Email FROM User", "Email", sorted(emails), " AND IsActive = true ORDER BY CreatedDate, Id", false)
	if err != nil {
		failOpen(waiting, err)
		return nil
	}
	by := map[string]string{}
	for _, r := range rows {
		if email := strings.ToLower(r.text("Email")); by[email] == "" {
			by[email] = wide(r.text("Id"))
		}
	}
	for _, k := range waiting {
		if id := by[strings.ToLower(strings.TrimSpace(k.Set[OwnerEmail]))]; id != "" {
			k.body["OwnerId"] = id
		} else {
			o.notes.unowned()
		}
	}
	return nil
}

// notes are what people should know of writes that went well.
type notes struct {
	mu        sync.Mutex
	ownerless int
}

func (n *notes) unowned() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ownerless++
}

// Notes tells, once, what was left out of the writes until now.
func (o *Object) Notes() (said []string) {
	o.notes.mu.Lock()
	defer o.notes.mu.Unlock()
	if n := o.notes.ownerless; n > 0 {
		records := "1 record"
		if n > 1 {
			records = fmt.Sprintf("%d records", n)
		}
		said = append(said, "The owner was left out of "+records+": no active user in Salesforce has this e-mail.")
	}
	o.notes.ownerless = 0
	return said
}
