package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// A new sync, and what may be changed of one: its settings as YAML and its schedule.
func newSyncRoutes() []route {
	return []route{
		{pattern: "GET /syncs/new", operation: "syncs.save", do: (*visit).newSync},
		{pattern: "POST /syncs/new", operation: "syncs.save", do: (*visit).makeSync},
		{pattern: "GET /syncs/{name}/edit", operation: "syncs.save", do: (*visit).editSync},
		{pattern: "POST /syncs/{name}/edit", operation: "syncs.save", do: (*visit).saveSync},
		{pattern: "GET /syncs/{name}/schedule", operation: "schedules.show", do: (*visit).syncSchedule},
		{pattern: "POST /syncs/{name}/schedule", operation: "schedules.save", do: (*visit).saveSchedule},
		{pattern: "POST /syncs/{name}/schedule/remove", operation: "schedules.remove", do: (*visit).removeSchedule},
		{pattern: "POST /syncs/{name}/schedule/pause", operation: "schedules.pause", do: func(v *visit) error { return v.pauseSync(true) }},
		{pattern: "POST /syncs/{name}/schedule/resume", operation: "schedules.resume", do: func(v *visit) error { return v.pauseSync(false) }},
	}
}

type newSyncView struct {
	Error                        string
	Ends                         []service.End
	From, FromObject             string
	To, ToObject                 string
	Directions, Presets          []choice
	Name                         string
	Fields                       []newSyncField
	Targets                      []contact.Field
	Matches, Updates, Gone, Many []choice
	TwoWay                       bool
	FromTitle, ToTitle           string
	Back, GoneBack               []choice // of a two-way sync: what the second end may do to the first
	Guard                        string
	Filter                       string
}

type newSyncField struct {
	contact.Field
	To        string
	Direction []choice
	Winner    []choice
}

// newSync asks first for the two ends, then what goes where.
func (v *visit) newSync() error { return v.newSyncStep("") }

func (v *visit) newSyncStep(wrong string) error {
	ends, err := v.service().Ends(v.ctx())
	if err != nil {
		return err
	}
	data := newSyncView{Error: wrong, Ends: ends, From: v.form("from"), FromObject: v.form("from_object"), To: v.form("to"), ToObject: v.form("to_object"), Name: v.form("name"),
		Directions: choices(v.form("direction"), "one_way", "from the first to the second", plan.TwoWay, "both ways"),
		Updates:    overwrites(v.form("update")), Back: overwrites(v.form("back")), Gone: whoIsGone(v.form("not_found")), GoneBack: whoIsGone(v.form("gone_back")),
		TwoWay:  v.form("direction") == plan.TwoWay,
		Matches: choices(v.form("match"), "", "by e-mail", "email,phone", "by e-mail, then by telephone", "phone", "by telephone", "key,email", "by the unique identifier, then by e-mail"),
		Many:    choices(v.form("several"), "review", "hold it for review", "first", "take the oldest", "most_recent", "take the one changed last", "reject", "reject it"),
		Guard:   cmp.Or(v.form("guard"), "10%"), Filter: v.form("filter")}
	for _, key := range []string{data.From, data.To} { // a book that the first run makes
		name, isBook := strings.CutPrefix(key, "book:")
		if isBook && name != "" && !slices.ContainsFunc(data.Ends, func(e service.End) bool { return e.Key == key }) {
			data.Ends = append(data.Ends, service.End{Key: key, Title: "Contacts: " + name + " (new)"})
		}
	}
	data.FromTitle, data.ToTitle = titleOf(data.Ends, data.From), titleOf(data.Ends, data.To)
	data.Presets = []choice{{"", "none", v.form("preset") == ""}}
	for _, p := range syncfile.Presets() {
		data.Presets = append(data.Presets, choice{p.Name, p.Title + ": " + p.Summary, p.Name == v.form("preset")})
	}
	if data.From != "" && data.To != "" {
		if err := v.lookAtEnds(&data); err != nil {
			p := problemOf(err)
			if p.status == http.StatusInternalServerError {
				return err
			}
			data.Error, data.Fields = cmp.Or(data.Error, p.text), nil
		}
	}
	return v.showForm("sync-new", page{Title: "New sync", Nav: "Syncs", CLI: "kith syncs create FILE", API: "PUT /api/v1/syncs/NAME", Data: data}, data.Error)
}

// lookAtEnds fills in the fields of both ends, with what is chosen or suggested.
func (v *visit) lookAtEnds(data *newSyncView) error {
	def, err := v.syncForm()
	if err != nil {
		return err
	}
	draft, err := v.service().DraftSync(v.ctx(), def)
	if err != nil {
		return err
	}
	if data.Name == "" {
		data.Name = strings.Trim(cmp.Or(def.Source.Connection, def.Source.Book)+"-to-"+cmp.Or(def.Target.Connection, def.Target.Book), "-")
	}
	data.Targets = draft.Target
	for _, f := range draft.Source {
		line := newSyncField{Field: f}
		for _, m := range draft.Definition.Map {
			if m.From == f.Name {
				line.To, line.Winner, line.Direction = m.To, winners(m.Winner), data.directions(m.Direction)
			}
		}
		if line.Winner == nil {
			line.Winner, line.Direction = winners(""), data.directions("")
		}
		data.Fields = append(data.Fields, line)
	}
	return nil
}

func titleOf(ends []service.End, key string) string {
	if at := slices.IndexFunc(ends, func(e service.End) bool { return e.Key == key }); at >= 0 {
		return ends[at].Title
	}
	return key
}

func overwrites(w string) []choice {
	return choices(w, "", "as is usual there", "if_new_not_blank", "where the other side has a value", "if_existing_blank", "only where there is none", "always", "always", "never", "never: add contacts only")
}

func whoIsGone(what string) []choice {
	return choices(what, "keep", "stays", "trash", "goes to the trash", "unlink", "stays, no longer linked", "mark", "stays, marked")
}

func (data *newSyncView) directions(way string) []choice {
	return choices(way, "", "both ways", plan.ToTarget, "to "+data.ToTitle, plan.ToSource, "to "+data.FromTitle)
}

func winners(w plan.Winner) []choice {
	return choices(string(cmp.Or(w, plan.WinSource)), "source", "the first wins", "review", "asks a person", "target", "the second wins", "most_recent", "the latest wins", "non_blank", "the one that is not blank")
}

// syncForm reads the definition that the form describes.
func (v *visit) syncForm() (def plan.Sync, err error) {
	if err := v.r.ParseForm(); err != nil {
		return def, err
	}
	if def.Source, err = service.EndpointOf(v.form("from"), v.form("from_object")); err != nil {
		return def, err
	}
	if def.Target, err = service.EndpointOf(v.form("to"), v.form("to_object")); err != nil {
		return def, err
	}
	def.Name, def.Preset, def.Filter, def.OnSeveral = v.form("name"), v.form("preset"), v.form("filter"), plan.OnSeveral(v.form("several"))
	if def.OnSeveral == "review" {
		def.OnSeveral = ""
	}
	if v.form("direction") == plan.TwoWay {
		def.Direction = plan.TwoWay
	}
	def.Policy.Update = plan.Write(v.form("update"))
	if gone := v.form("not_found"); gone != "keep" {
		def.Policy.Delete.NotFound = plan.NotFound(gone)
	}
	if def.Direction == plan.TwoWay {
		def.Policy.Back = plan.Write(v.form("back"))
		if gone := v.form("gone_back"); gone != "keep" {
			def.Policy.Delete.Back = plan.NotFound(gone)
		}
		if v.r.Method == http.MethodPost && v.ticked("creates") && !v.ticked("creates_back") {
			def.Policy.CreateBack = new(false)
		}
	}
	if v.r.Form.Has("creates") || v.r.Method == http.MethodPost {
		def.Policy.Create = new(v.ticked("creates"))
	}
	for rule := range strings.SplitSeq(v.form("match"), ",") {
		if rule != "" {
			def.Match = append(def.Match, plan.Rule(rule))
		}
	}
	if limit := v.form("guard"); limit != "" && limit != "10%" {
		if def.Guard.Deletes, err = plan.ParseLimit(limit); err != nil {
			return def, &problem{http.StatusUnprocessableEntity, "The settings are not right", "The guard is a share such as 10%, or none."}
		}
		def.Guard.Explicit = true
	}
	for i, from := range v.r.Form["field"] {
		if to := v.r.Form.Get("field-" + itoa(i)); to != "" {
			m := plan.Mapping{From: from, To: to}
			if def.Direction == plan.TwoWay {
				m.Direction = v.r.Form.Get("way-" + itoa(i))
				if m.Winner = plan.Winner(v.r.Form.Get("winner-" + itoa(i))); m.Winner == plan.WinSource {
					m.Winner = "" // as a file that says nothing
				}
			}
			def.Map = append(def.Map, m)
		}
	}
	return def, nil
}

func (v *visit) makeSync() error {
	def, err := v.syncForm()
	if err == nil {
		err = v.service().MakeSync(v.ctx(), def)
	}
	if err != nil {
		if p := problemOf(err); p.status != http.StatusInternalServerError {
			return v.newSyncStep(p.text)
		}
		return err
	}
	return v.follow(v.service().RunSync(v.ctx(), v.who, def.Name, false, true))
}

type editSyncView struct {
	Name  string
	YAML  string
	Error string
	File  string // that manages it
}

func (v *visit) editSync() error {
	name := v.wildcard("name")
	text, err := v.service().DocumentOf(v.ctx(), syncfile.Kind, name)
	if err != nil {
		return err
	}
	return v.editStep(editSyncView{Name: name, YAML: text})
}

func (v *visit) editStep(data editSyncView) (err error) {
	if data.File, err = v.service().ManagedFile(v.ctx(), syncfile.Kind, data.Name); err != nil {
		return err
	}
	return v.showForm("sync-edit", page{Title: "Edit " + data.Name, Nav: "Syncs", CLI: "kith syncs create FILE", API: "PUT /api/v1/syncs/" + data.Name, Data: data}, data.Error)
}

func (v *visit) saveSync() error {
	data := editSyncView{Name: v.wildcard("name"), YAML: v.r.PostFormValue("yaml")}
	if data.YAML == "" {
		data.YAML = v.r.FormValue("yaml")
	}
	if _, err := v.service().SaveDefinition(v.ctx(), data.Name, []byte(data.YAML)); err != nil {
		p := problemOf(err)
		if p.status == http.StatusInternalServerError {
			return err
		}
		data.Error = p.text
		return v.editStep(data)
	}
	return v.goTo("/syncs/"+url.PathEscape(data.Name), "Saved. The next run looks at every record again where the change asks for it.")
}

type syncScheduleView struct {
	Name  string
	Error string
	Kept  *store.Schedule
	When  schedule.Schedule
	Every []choice
	Days  []choice
	Next  nextView
}

func (v *visit) syncSchedule() error {
	return v.syncScheduleStep(schedule.Schedule{Every: "day", At: schedule.Texts{"02:00"}, Zone: "UTC"}, "", true)
}

func (v *visit) syncScheduleStep(when schedule.Schedule, wrong string, kept bool) error {
	name := v.wildcard("name")
	sync, err := desk.SavedSync(v.ctx(), v.service().Workspace, name)
	if err != nil {
		return err
	}
	data := syncScheduleView{Name: name, Error: wrong}
	if s, err := v.service().Workspace.Store.Schedule(v.ctx(), sync.ID); err == nil {
		if data.Kept = &s; kept {
			when = s.Definition
		}
	}
	data.When = when
	data.Every, data.Days = scheduleChoices(when)
	data.Next = v.upcoming(when)
	return v.showForm("sync-schedule", page{Title: "Schedule " + name, Nav: "Syncs", CLI: "kith syncs create FILE", API: "PUT /api/v1/syncs/" + name + "/schedule", Data: data}, wrong)
}

func (v *visit) saveSchedule() error {
	when := v.scheduleForm()
	if err := v.service().SaveSchedule(v.ctx(), v.wildcard("name"), when); err != nil {
		if p := problemOf(err); p.status != http.StatusInternalServerError {
			return v.syncScheduleStep(when, p.text, false)
		}
		return err
	}
	return v.goTo("/syncs/"+url.PathEscape(v.wildcard("name")), "It runs "+when.Describe()+".")
}

func (v *visit) removeSchedule() error {
	if err := v.service().RemoveSchedule(v.ctx(), v.wildcard("name")); err != nil {
		return err
	}
	return v.goTo("/syncs/"+url.PathEscape(v.wildcard("name")), "It runs by hand only now.")
}

func (v *visit) pauseSync(paused bool) error {
	if err := v.service().PauseSchedule(v.ctx(), v.wildcard("name"), paused); err != nil {
		return err
	}
	said := "The schedule goes on with its next run."
	if paused {
		said = "The schedule is paused. What it misses is not made up for."
	}
	return v.goTo(v.back("/syncs/"+url.PathEscape(v.wildcard("name"))), said)
}
