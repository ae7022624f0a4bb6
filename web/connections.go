package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

// The accounts at other systems.
func connectionRoutes() []route {
	return []route{
		{pattern: "GET /connections", operation: "connections.list", do: (*visit).connections},
		{pattern: "GET /connections/new", operation: "connections.save", do: (*visit).newConnection},
		{pattern: "POST /connections/new", operation: "connections.save", do: (*visit).makeConnection},
		{pattern: "GET /connections/{name}", operation: "connections.show", do: (*visit).connection},
		{pattern: "POST /connections/{name}/test", operation: "connections.test", do: (*visit).testConnection},
		{pattern: "GET /connections/{name}/test", operation: "connections.show", do: (*visit).backToConnection},
		{pattern: "POST /connections/{name}/signin", operation: "connections.signin", do: (*visit).letIn},
		{pattern: "GET " + service.LoginCallback, operation: "connections.signin", do: (*visit).letInThere},
		{pattern: "POST /connections/{name}/prepare", operation: "connections.prepare", do: (*visit).prepareConnection},
		{pattern: "POST /connections/{name}/trust", operation: "connections.trust", do: (*visit).trustConnection},
		{pattern: "GET /connections/{name}/edit", operation: "connections.save", do: (*visit).editConnection},
		{pattern: "POST /connections/{name}/edit", operation: "connections.save", do: (*visit).saveConnection},
		{pattern: "POST /connections/{name}/delete", operation: "connections.delete", do: (*visit).deleteConnection},
		{pattern: "GET /connections/{name}/links", operation: "links.list", do: (*visit).links},
	}
}

func connectionPath(name string, more ...string) string {
	return "/connections/" + strings.Join(append([]string{url.PathEscape(name)}, more...), "/")
}

func (v *visit) connections() error {
	all, err := v.service().Connections(v.ctx())
	if err != nil {
		return err
	}
	return v.show("connections", page{Title: "Connections", Nav: "Connections", CLI: "kith connections list", API: "GET /api/v1/connections",
		Data: map[string]any{"Connections": all}})
}

// connectionView is one connection, and what a test that was just made has seen.
type connectionView struct {
	service.ConnectionState
	Facts   []fact
	SignsIn string // the system's name, where a person lets us in in the browser
	To      string
	Just    *service.ConnectionTest
	Path    string
	Ask     bool // whether a person has to accept a key
	Other   bool // than the one that was accepted
	Fix     string
}

// A fact is a line of a list of facts.
type fact struct{ Name, Value string }

func (v *visit) connection() error {
	c, err := v.service().Connection(v.ctx(), v.wildcard("name"))
	if err != nil {
		return err
	}
	return v.showConnection(c, nil, "")
}

func (v *visit) backToConnection() error { return v.goTo(connectionPath(v.wildcard("name")), "") }

func (v *visit) showConnection(c service.ConnectionState, just *service.ConnectionTest, path string) error {
	data := connectionView{ConnectionState: c, To: connectionPath(c.Name), Just: just, Path: path}
	if just != nil {
		data.Ask = just.HostKey != ""
		data.Other = data.Ask && c.HostKey != ""
		if !strings.HasPrefix(just.Code, "egress.") { // whose message says it all
			data.Fix = catalogueFix(just.Code)
		}
	}
	for _, system := range v.service().Systems() {
		if system.Name != c.Type {
			continue
		}
		if system.SignsIn && (c.Settings["auth"] == "" || c.Settings["auth"] == "web") {
			data.SignsIn, _, _ = strings.Cut(system.Title, " (")
		}
		for _, s := range system.Settings {
			if value := c.Settings[s.Name]; value != "" {
				data.Facts = append(data.Facts, fact{settingLabel(s.Name), value})
			}
		}
	}
	return v.show("connection", page{Title: c.Name, Nav: "Connections", CLI: "kith connections test " + desk.Quoted(c.Name), API: "GET /api/v1" + connectionPath(c.Name), Data: data})
}

func (v *visit) testConnection() error {
	name, path := v.wildcard("name"), v.form("path")
	t, err := v.service().TestConnection(v.ctx(), name, v.form("object"), path)
	if err != nil {
		return err
	}
	c, err := v.service().Connection(v.ctx(), name)
	if err != nil {
		return err
	}
	return v.showConnection(c, &t, path)
}

// letIn shows where to go to: a form may not lead to another site by itself.
func (v *visit) letIn() error {
	name := v.wildcard("name")
	at, err := v.service().BeginLogin(v.ctx(), v.who, name)
	if err != nil {
		return err
	}
	there, err := url.Parse(at)
	if err != nil {
		return err
	}
	return v.show("signin-there", page{Title: "Sign in at " + there.Host, Nav: "Connections", CLI: "kith connections test " + desk.Quoted(name),
		API: "POST /api/v1" + connectionPath(name, "signin"), Data: map[string]any{"Name": name, "At": at, "Host": there.Host, "Callback": v.service().BaseURL + service.LoginCallback}})
}

// letInThere is where the system sends the browser back to.
func (v *visit) letInThere() error {
	q := v.r.URL.Query()
	name, err := v.service().FinishLogin(v.ctx(), v.who, q.Get("state"), q.Get("code"), q.Get("error_description"))
	if err != nil {
		return err
	}
	if err := v.service().Audit(v.ctx(), v.who, v.operation, name); err != nil { // a GET is not noted by itself
		return err
	}
	return v.goTo(connectionPath(name), "Kith is let in. Test the connection now.")
}

func (v *visit) prepareConnection() error {
	name, object := v.wildcard("name"), v.form("object")
	if err := v.service().PrepareConnection(v.ctx(), name, object); err != nil {
		return err
	}
	return v.goTo(connectionPath(name), object+" has a field for Kith's keys now. No create is doubled there any more.")
}

func (v *visit) trustConnection() error {
	name := v.wildcard("name")
	if !v.ticked("compared") {
		return &problem{422, "Nothing was accepted", "Compare the key with what the server's operator tells, tick that you have, and accept it then."}
	}
	if _, err := v.service().TrustConnection(v.ctx(), name, v.form("key")); err != nil {
		return err
	}
	return v.goTo(connectionPath(name), "Accepted the server's key. A server that shows another one is not signed in to.")
}

func (v *visit) deleteConnection() error {
	name := v.wildcard("name")
	if err := v.service().DeleteConnection(v.ctx(), name); err != nil {
		return err
	}
	return v.goTo("/connections", "Forgot the connection "+name+". The records on both sides stay.")
}

// connectionForm is the form of a connection, new or changed.
type connectionForm struct {
	Title, To, Back string
	New             bool
	System          service.SystemReport
	Name            ask
	Fields, More    []ask // what everybody needs, and what few do
	Opened          bool  // the latter has something in it
	Secret          ask
	Wrong           []string
	Systems         []service.SystemReport // to choose from, before there is a form
}

func (v *visit) systemNamed(name string) (service.SystemReport, bool) {
	all := v.service().Systems()
	at := slices.IndexFunc(all, func(s service.SystemReport) bool { return s.Name == name })
	if at < 0 {
		return service.SystemReport{}, false
	}
	return all[at], true
}

func (v *visit) newConnection() error {
	system, chosen := v.systemNamed(v.form("type"))
	if !chosen {
		return v.show("connection-edit", v.connectionPage(connectionForm{Title: "New connection", Systems: v.service().Systems(), New: true}))
	}
	return v.show("connection-edit", v.connectionPage(formOfConnection(system, service.ConnectionState{}, nil)))
}

func (v *visit) connectionPage(f connectionForm) page {
	cli, api := "kith connections add NAME --type TYPE --set NAME=VALUE --secret-stdin", "PUT /api/v1/connections/{connection}"
	return page{Title: f.Title, Nav: "Connections", CLI: cli, API: api, Data: f}
}

func formOfConnection(system service.SystemReport, c service.ConnectionState, wrong mistakes) connectionForm {
	f := connectionForm{Title: "New connection", To: "/connections/new?type=" + system.Name, Back: "/connections", New: true, System: system,
		Name: ask{Name: "name", Label: "Name", Hint: "what it is called here, such as hr-sftp", Value: c.Name, Type: "text", Required: true, Error: wrong["name"]}}
	f.Fields, f.More, f.Opened = few(asks(system.Settings, c.Settings, wrong), "set.user")
	f.Secret = ask{Name: "secret", Label: "Password or token", Type: "password", Error: wrong["secret"], Auto: "new-password"}
	if system.Name == "sftp" {
		f.Secret.Label, f.Secret.Type = "Password or private key", "long"
	}
	if system.Name == "folder" {
		f.Secret = ask{}
	}
	f.Wrong = wrong.rest(drawn(system.Settings)...)
	return f
}

// formOfChanged is the form of a connection that is there already.
func formOfChanged(system service.SystemReport, kept service.ConnectionState, shown map[string]string, wrong mistakes) connectionForm {
	c := kept
	c.Settings = shown
	f := formOfConnection(system, c, wrong)
	f.Title, f.To, f.Back, f.New = "Edit "+kept.Name, connectionPath(kept.Name, "edit"), connectionPath(kept.Name), false
	if kept.Secret && f.Secret.Name != "" {
		f.Secret.Hint = "set; leave blank to keep it"
	}
	return f
}

// secretTyped is a secret as it was typed: spaces in it count, and line breaks are
// as programs write them.
func (v *visit) secretTyped() string {
	return strings.TrimRight(strings.ReplaceAll(v.r.PostFormValue("secret"), "\r\n", "\n"), "\n")
}

func (v *visit) makeConnection() error {
	system, chosen := v.systemNamed(v.form("type"))
	if !chosen {
		return v.goTo("/connections/new", "")
	}
	n := service.NewConnection{Name: v.form("name"), Type: system.Name, Settings: v.settingsTyped(system.Settings), Secret: v.secretTyped(), New: true}
	c, err := v.service().SaveConnection(v.ctx(), n)
	if wrong, mine := mistakesOf(err); mine {
		typed := service.ConnectionState{ConnectionReport: desk.ConnectionReport{Name: n.Name, Settings: n.Settings}}
		return v.askAgain("connection-edit", v.connectionPage(formOfConnection(system, typed, wrong)))
	}
	if err != nil {
		return err
	}
	v.r.SetPathValue("name", c.Name) // for the audit log
	return v.goTo(connectionPath(c.Name), "Saved the connection "+c.Name+". Test it now.")
}

func (v *visit) editConnection() error {
	c, err := v.service().Connection(v.ctx(), v.wildcard("name"))
	if err != nil {
		return err
	}
	system, _ := v.systemNamed(c.Type)
	return v.show("connection-edit", v.connectionPage(formOfChanged(system, c, c.Settings, nil)))
}

func (v *visit) saveConnection() error {
	kept, err := v.service().Connection(v.ctx(), v.wildcard("name"))
	if err != nil {
		return err
	}
	system, _ := v.systemNamed(kept.Type)
	typed := v.settingsTyped(system.Settings)
	c, err := v.service().SaveConnection(v.ctx(), service.NewConnection{Name: kept.Name, Type: kept.Type, Settings: typed, Secret: v.secretTyped()})
	if wrong, mine := mistakesOf(err); mine {
		return v.askAgain("connection-edit", v.connectionPage(formOfChanged(system, kept, typed, wrong)))
	}
	if err != nil {
		return err
	}
	return v.goTo(connectionPath(c.Name), "Saved the connection "+c.Name+". Test it now.")
}

const linksOnPage = 100

type linksView struct {
	Name string
	To   string
	service.LinkList
	More string
}

// links shows who is who at a connection.
func (v *visit) links() error {
	name := v.wildcard("name")
	after, _ := strconv.ParseInt(v.form("after"), 10, 64) // what is no number means from the beginning
	found, err := v.service().Links(v.ctx(), name, 0, after, linksOnPage)
	if err != nil {
		return err
	}
	data := linksView{Name: name, To: connectionPath(name), LinkList: found}
	if found.Next > 0 {
		data.More = fmt.Sprintf("%s?after=%d", connectionPath(name, "links"), found.Next)
	}
	return v.show("links", page{Title: "Links of " + name, Nav: "Connections", CLI: "kith links list", API: "GET /api/v1/links?connection=" + url.QueryEscape(name), Data: data})
}
