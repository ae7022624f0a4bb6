package web

import (
	"fmt"
	"slices"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/service"
)

// Who may sign in, and what they may do.
func userRoutes() []route {
	return []route{
		{pattern: "GET /settings/users", operation: "users.list", do: (*visit).users},
		{pattern: "POST /settings/users", operation: "users.invite", do: (*visit).invite},
		{pattern: "POST /settings/users/withdraw", operation: "users.invite", do: (*visit).withdraw},
		{pattern: "GET /settings/users/{id}", operation: "users.list", do: (*visit).user},
		{pattern: "POST /settings/users/{id}", operation: "users.change", do: (*visit).changeUser},
		{pattern: "POST /settings/users/{id}/reset", operation: "users.change", do: (*visit).resetUser},
	}
}

type usersView struct {
	Users       []service.PersonReport
	Invitations []service.InvitationReport
	Roles       []choice
	Typed       service.Invite
	Wrong       mistakes
	Rest        []string
	Link        service.LinkOnce // shown this once
	You         int64
}

// roleChoices are the roles with what each may do, the least first.
func roleChoices(chosen account.Role) []choice {
	return choices(string(chosen), "viewer", "Viewer: look", "operator", "Operator: run, approve, undo, edit contacts, import",
		"manager", "Manager: connections, syncs, settings, books as well", "owner", "Owner: everything, users included")
}

func (v *visit) users() error {
	return v.showUsers(usersView{Typed: service.Invite{Role: account.Viewer}})
}

func (v *visit) showUsers(data usersView) (err error) {
	if data.Users, err = v.service().Users(v.ctx(), v.who); err != nil {
		return err
	}
	if data.Invitations, err = v.service().Invitations(v.ctx(), v.who); err != nil {
		return err
	}
	data.Roles, data.You, data.Rest = roleChoices(data.Typed.Role), v.who.User.ID, data.Wrong.rest("email", "name")
	p := page{Title: "Users", Nav: "Settings", CLI: "kith user list", API: "GET /api/v1/users", Data: data}
	if len(data.Wrong) > 0 {
		return v.askAgain("users", p)
	}
	return v.show("users", p)
}

func (v *visit) invite() error {
	i := service.Invite{Email: v.form("email"), Name: v.form("person"), Role: account.Role(v.form("role"))}
	link, err := v.service().Invite(v.ctx(), v.who, i)
	if wrong, mine := mistakesOf(err); mine {
		return v.showUsers(usersView{Typed: i, Wrong: wrong})
	}
	if err != nil {
		return err
	}
	return v.showUsers(usersView{Typed: service.Invite{Role: account.Viewer}, Link: link}) // and nowhere else: it stands in no address and no cookie
}

func (v *visit) withdraw() error {
	if err := v.service().Withdraw(v.ctx(), v.who, v.form("email")); err != nil {
		return err
	}
	return v.goTo("/settings/users", "The invitation is withdrawn. Its link opens nothing any more.")
}

type userView struct {
	service.PersonReport
	Roles []choice
	To    string
	Self  bool
	Link  service.LinkOnce
	Since time.Time
	Wrong []string
}

func (v *visit) user() error { return v.showUser(service.LinkOnce{}, nil) }

func (v *visit) showUser(link service.LinkOnce, wrong mistakes) error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	u, err := v.service().User(v.ctx(), v.who, id)
	if err != nil {
		return err
	}
	data := userView{PersonReport: u, Roles: roleChoices(account.Role(u.Role)), To: fmt.Sprintf("/settings/users/%d", id), Self: id == v.who.User.ID, Link: link, Wrong: wrong.rest()}
	p := page{Title: u.Email, Nav: "Settings", CLI: "kith user role " + u.Email + " ROLE", API: fmt.Sprintf("PATCH /api/v1/users/%d", id), Data: data}
	if len(wrong) > 0 {
		return v.askAgain("user", p)
	}
	return v.show("user", p)
}

func (v *visit) changeUser() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	var c service.UserChange
	var said string
	switch v.form("do") {
	case "role":
		role := account.Role(v.form("role"))
		if !slices.Contains(account.Roles(), role) {
			return &problem{422, "There is no such role", "Nothing was changed. Choose one of the four roles."}
		}
		c.Role, said = &role, "Saved. The role counts at once, in open sessions too."
	case "disable":
		c.Disabled, said = new(true), "They can no longer sign in. Sessions have ended, and tokens are revoked for good."
	case "enable":
		c.Disabled, said = new(false), "They may sign in again. Tokens that were revoked stay revoked."
	case "drop-second-factor":
		c.SecondFactor, said = new(false), "The second factor is taken away, and their sessions have ended."
	default:
		return errNoPage
	}
	_, err = v.service().ChangeUser(v.ctx(), v.who, id, c)
	if wrong, mine := mistakesOf(err); mine {
		return v.showUser(service.LinkOnce{}, wrong)
	}
	if err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/settings/users/%d", id), said)
}

func (v *visit) resetUser() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	link, err := v.service().ResetLink(v.ctx(), v.who, id)
	if err != nil {
		return err
	}
	return v.showUser(link, nil)
}
