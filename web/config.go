package web

import (
	"net/url"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/syncfile"
)

func configRoutes() []route {
	return []route{
		{pattern: "GET /config", operation: "config.export", do: (*visit).config},
		{pattern: "GET /config/document", operation: "config.export", do: (*visit).proposal},
		{pattern: "POST /config/plan", operation: "config.plan", do: func(v *visit) error { return v.putConfig(false) }},
		{pattern: "POST /config/apply", operation: "config.apply", do: func(v *visit) error { return v.putConfig(true) }},
		{pattern: "POST /config/detach", operation: "config.detach", do: (*visit).detach},
	}
}

// A configView is the configuration as YAML, and what applying a text would change.
type configView struct {
	Title string // of what is proposed; empty: the whole
	File  string // that it is kept in
	Files []desk.ConfigFile
	Text  string
	Plan  *desk.ConfigPlan
	Error string
}

func (v *visit) configPage(data configView) page {
	return page{Title: "Configuration as files", Nav: "Settings", CLI: "kith config export -f conf", API: "GET /api/v1/config", Data: data}
}

// config shows the configuration as files.
func (v *visit) config() error {
	files, err := v.service().ExportConfig(v.ctx())
	if err != nil {
		return err
	}
	return v.show("config", v.configPage(configView{Files: files}))
}

// proposal shows the YAML of one thing, to be changed and put into its file.
func (v *visit) proposal() error {
	kind, name := v.form("kind"), v.form("name")
	text, err := v.service().DocumentOf(v.ctx(), kind, name)
	if err != nil {
		return err
	}
	file, err := v.service().ManagedFile(v.ctx(), kind, name)
	if err != nil {
		return err
	}
	return v.show("config", v.configPage(configView{Title: name, File: file, Text: text}))
}

// putConfig plans a text, or applies it.
func (v *visit) putConfig(apply bool) error {
	data := configView{Title: v.form("title"), File: v.form("file"), Text: strings.ReplaceAll(v.r.FormValue("text"), "\r\n", "\n")}
	file := data.File
	if file == "" {
		file = "pasted.yaml"
	}
	request := service.ConfigRequest{Files: []desk.ConfigFile{{Name: file, Text: data.Text}}}
	do := v.service().PlanConfig
	if apply {
		do = v.service().ApplyConfig
	}
	p, err := do(v.ctx(), v.who, request)
	if len(syncfile.All(err)) > 0 {
		data.Error = err.Error()
		return v.askAgain("config", v.configPage(data))
	}
	if err != nil {
		return err
	}
	if apply {
		return v.goTo("/config", "Applied. "+several(len(p.Changes), "change")+".")
	}
	data.Plan = &p
	return v.show("config", v.configPage(data))
}

// detach lets something that is kept in a file be changed here again.
func (v *visit) detach() error {
	if err := v.service().Detach(v.ctx(), v.form("kind"), v.form("name")); err != nil {
		return err
	}
	return v.goTo(v.back("/"), v.form("name")+" can be changed here again. Applying its file takes it back.")
}

// Managed is the file that something is kept in; empty: it is changed here.
func (v view) Managed(kind, name string) (string, error) {
	return v.visit.service().ManagedFile(v.visit.ctx(), kind, name)
}

// Proposal is where the YAML of something can be worked on.
func (v view) Proposal(kind, name string) string {
	return "/config/document?" + url.Values{"kind": {kind}, "name": {name}}.Encode()
}
