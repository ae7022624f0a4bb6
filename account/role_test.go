package account_test

import (
	"testing"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/store"
)

func TestRoles(t *testing.T) {
	for _, row := range []struct {
		role account.Role
		may  string // viewer, operator, manager, owner
	}{
		{account.Owner, "yyyy"}, {account.Manager, "yyyn"}, {account.Operator, "yynn"}, {account.Viewer, "ynnn"}, {"", "nnnn"}, {"root", "nnnn"},
	} {
		got := ""
		for _, least := range account.Roles() {
			got += map[bool]string{true: "y", false: "n"}[row.role.May(least)]
		}
		equal(t, "what "+string(row.role)+" may", got, row.may)
		equal(t, string(row.role)+" may what needs no known role", row.role.May("") || row.role.May("root"), false)
	}
}

// Who may what, for sessions and for tokens of every scope.
func TestActors(t *testing.T) {
	user := func(role account.Role) store.User { return store.User{ID: 1, Role: string(role)} }
	session := store.Session{ID: 1, State: "open"}
	for _, row := range []struct {
		sentence string
		actor    account.Actor
		may      string
	}{
		{"nobody may nothing", account.Actor{}, "nnnn"},
		{"the console may everything", account.Console(), "yyyy"},
		{"a manager in a browser", account.Actor{User: user(account.Manager), Session: session}, "yyyn"},
		{"an owner whose second factor is missing may nothing", account.Actor{User: user(account.Owner), Session: store.Session{ID: 1, State: "code"}}, "nnnn"},
		{"an owner who must set one up may nothing", account.Actor{User: user(account.Owner), Session: store.Session{ID: 1, State: "enrolment"}}, "nnnn"},
		{"an owner without a session may nothing", account.Actor{User: user(account.Owner)}, "nnnn"},
		{"a disabled owner may nothing", account.Actor{User: store.User{ID: 1, Role: "owner", Disabled: true}, Session: session}, "nnnn"},
		{"an owner's token that only reads", account.Actor{User: user(account.Owner), Token: store.Token{ID: 1, Scopes: "read"}}, "ynnn"},
		{"scopes do not contain each other", account.Actor{User: user(account.Owner), Token: store.Token{ID: 1, Scopes: "run admin"}}, "nyny"},
		{"a scope never reaches further than the role", account.Actor{User: user(account.Viewer), Token: store.Token{ID: 1, Scopes: "read run write admin"}}, "ynnn"},
		{"a token without scopes may nothing", account.Actor{User: user(account.Owner), Token: store.Token{ID: 1}}, "nnnn"},
	} {
		got := ""
		for _, least := range account.Roles() {
			got += map[bool]string{true: "y", false: "n"}[row.actor.May(least)]
		}
		equal(t, row.sentence, got, row.may)
	}
}
