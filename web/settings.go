package web

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
)

// The installation's settings, and its log of who did what.
func settingsRoutes() []route {
	return []route{
		{pattern: "GET /settings", operation: "me.show", do: (*visit).settings},
		{pattern: "GET /settings/audit", operation: "audit.list", do: (*visit).auditLog},
		{pattern: "GET /settings/audit.csv", operation: "audit.list", do: (*visit).auditFile},
		{pattern: "GET /settings/installation", operation: "settings.show", do: (*visit).installation},
		{pattern: "POST /settings/installation", operation: "settings.save", do: (*visit).saveInstallation},
	}
}

func (v *visit) settings() error {
	return v.show("settings", page{Title: "Settings", Nav: "Settings"})
}

const auditOnPage = 100

type auditView struct {
	Entries []auditLine
	More    string
	Checked bool
	Head    service.AuditHead
	Wrong   []string
}

// auditLine is an entry with its detail as text.
type auditLine struct {
	desk.AuditReport
	Words string
}

// auditLog shows who did what, the latest first. Asked to, it reads the whole log
// and says whether nothing in it was altered.
func (v *visit) auditLog() error {
	before, _ := strconv.ParseInt(v.form("before"), 10, 64) // what is no number means the latest
	found, err := v.service().AuditList(v.ctx(), before, auditOnPage)
	if err != nil {
		return err
	}
	var data auditView
	for _, e := range found {
		data.Entries = append(data.Entries, auditLine{e, detailText(string(e.Detail))})
	}
	if len(found) == auditOnPage && found[auditOnPage-1].Entry > 1 {
		data.More = fmt.Sprintf("/settings/audit?before=%d", found[auditOnPage-1].Entry)
	}
	if v.ticked("check") {
		data.Checked = true
		head, err := v.service().VerifyAudit(v.ctx())
		wrong, mine := mistakesOf(err)
		if err != nil && !mine {
			return err
		}
		data.Head, data.Wrong = head, wrong.rest()
	}
	return v.show("audit", page{Title: "Audit log", Nav: "Settings", CLI: "kith audit list", API: "GET /api/v1/audit", Data: data})
}

// detailText writes what belongs to an entry without the signs of JSON.
func detailText(detail string) string {
	return strings.NewReplacer(`"`, "", ",", ", ", ":", " ").Replace(strings.Trim(detail, "{}"))
}

func (v *visit) auditFile() error {
	return v.download("text/csv; charset=utf-8", "audit.csv", func(w io.Writer) error { return v.service().WriteAudit(v.ctx(), w) })
}

type installationView struct {
	service.Installation
	Region, Email ask
	Wrong         []string
}

func (v *visit) installation() error {
	i, err := v.service().Installation(v.ctx())
	if err != nil {
		return err
	}
	return v.showInstallation(i, i.Defaults, nil)
}

func (v *visit) showInstallation(i service.Installation, typed service.Defaults, wrong mistakes) error {
	data := installationView{Installation: i, Wrong: wrong.rest("region", "email"),
		Region: ask{Name: "region", Label: "Country of telephone numbers", Hint: "two letters, such as GB: for numbers without one", Value: typed.Region, Type: "text", Error: wrong["region"]},
		Email:  ask{Name: "email", Label: "Who hears of errors", Hint: "an e-mail address", Value: typed.Email, Type: "email", Error: wrong["email"]}}
	p := page{Title: "Installation", Nav: "Settings", CLI: "kith doctor", API: "GET /api/v1/settings", Data: data}
	if len(wrong) > 0 {
		return v.askAgain("installation", p)
	}
	return v.show("installation", p)
}

func (v *visit) saveInstallation() error {
	d := service.Defaults{Region: v.form("region"), Email: v.form("email")}
	err := v.service().SaveDefaults(v.ctx(), d)
	if wrong, mine := mistakesOf(err); mine {
		i, err := v.service().Installation(v.ctx())
		if err != nil {
			return err
		}
		return v.showInstallation(i, d, wrong)
	}
	if err != nil {
		return err
	}
	return v.goTo("/settings/installation", "Saved. New imports begin with these; those that are there stay as they are.")
}
