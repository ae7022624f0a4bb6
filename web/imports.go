package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// The import wizard: each step has its own address, and what was entered is kept
// on the server (C9 to C47).
func importRoutes() []route {
	return []route{
		{pattern: "GET /imports", operation: "imports.list", do: (*visit).imports},
		{pattern: "GET /imports/new", operation: "imports.begin", do: (*visit).newImport},
		{pattern: "POST /imports/new", operation: "imports.begin", do: (*visit).beginImport, upload: true},
		{pattern: "GET /imports/{id}", operation: "imports.show", do: (*visit).importFile},
		{pattern: "POST /imports/{id}", operation: "imports.change", do: (*visit).saveImportFile, upload: true},
		{pattern: "GET /imports/{id}/preview", operation: "imports.preview", do: (*visit).importPreview},
		{pattern: "GET /imports/{id}/map", operation: "imports.show", do: (*visit).importMap},
		{pattern: "POST /imports/{id}/map", operation: "imports.change", do: (*visit).saveImportMap},
		{pattern: "POST /imports/{id}/plan", operation: "imports.plan", do: (*visit).planImport},
		{pattern: "POST /imports/{id}/run", operation: "imports.run", do: (*visit).runImport},
		{pattern: "GET /imports/{id}/schedule", operation: "imports.show", do: (*visit).importSchedule},
		{pattern: "POST /imports/{id}/schedule", operation: "imports.finish", do: (*visit).finishImport},
		{pattern: "POST /imports/{id}/discard", operation: "imports.discard", do: (*visit).discardImport},
		{pattern: "GET /schedule/next", operation: "schedules.preview", do: (*visit).nextRuns},
	}
}

func (v *visit) imports() error {
	all, err := v.service().Imports(v.ctx())
	if err != nil {
		return err
	}
	drafts, err := v.service().Drafts(v.ctx())
	if err != nil {
		return err
	}
	lines := make([]importLine, len(all))
	for i, st := range all {
		lines[i] = importLine{st, st.Kept.Definition.Source.Connection != "", reasons(st.Last.Reasons), st.Last.Message}
	}
	return v.show("imports", page{Title: "List of imports", Nav: "Imports", CLI: "kith syncs list", API: "GET /api/v1/imports",
		Data: map[string]any{"Imports": lines, "Drafts": drafts}})
}

// An importLine is a line of the list of imports.
type importLine struct {
	service.SyncState
	Remote  bool
	Errors  []reasonCount
	Message string
}

// Good reports whether the mark is green (C42).
func (l importLine) Good() bool { return l.State == service.StateOK || l.State == service.StatePaused }

func (v *visit) newImport() error {
	if name := v.form("edit"); name != "" {
		d, err := v.service().BeginImport(v.ctx(), v.who, name)
		if err != nil {
			return err
		}
		return v.goTo("/imports/"+d.ID, "")
	}
	return v.fileStep(service.ImportDraft{Book: firstOf(v.form("book"), "contacts"), Update: plan.WriteNever}, "")
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func (v *visit) beginImport() error {
	d, err := v.service().BeginImport(v.ctx(), v.who, "")
	if err != nil {
		return err
	}
	return v.takeFile(d)
}

func (v *visit) draft() (service.ImportDraft, error) {
	return v.service().Import(v.ctx(), v.wildcard("id"))
}

func (v *visit) importFile() error {
	d, err := v.draft()
	if err != nil {
		return err
	}
	return v.fileStep(d, "")
}

type fileStep struct {
	service.ImportDraft
	Error       string
	Step        string
	Books       []store.Book
	Connections []store.Connection
	Header      string // auto, yes, no
	Delimiters  []choice
	Other       string // a delimiter that is not in the list
	Manners     []choice
	Which       []choice
	After       []choice
	NoFile      []choice
}

// fileStep shows where the file comes from and how it is read.
func (v *visit) fileStep(d service.ImportDraft, wrong string) error {
	books, err := desk.PeopleBooks(v.ctx(), v.service().Workspace)
	if err != nil {
		return err
	}
	connections, err := v.service().FileConnections(v.ctx())
	if err != nil {
		return err
	}
	data := fileStep{ImportDraft: d, Error: wrong, Step: "file", Books: books, Connections: connections, Header: "auto"}
	if h := d.Source.CSV.Header; h != nil {
		data.Header = map[bool]string{true: "yes", false: "no"}[*h]
	}
	known := false
	for _, c := range [][2]string{{"", "Recognised by itself"}, {"comma", "Comma"}, {"semicolon", "Semicolon"}, {"tab", "Tab"}, {"pipe", "Pipe"}, {"space", "Space"}} {
		data.Delimiters = append(data.Delimiters, choice{c[0], c[1], c[0] == d.Source.CSV.Delimiter})
		known = known || c[0] == d.Source.CSV.Delimiter
	}
	data.Delimiters = append(data.Delimiters, choice{"other", "Other", !known})
	if !known {
		data.Other = d.Source.CSV.Delimiter
	}
	data.Manners = choices(string(d.Update), "if_new_not_blank", "where the file has a value", "if_existing_blank", "only where the contact has none", "always", "always")
	data.Which = choices(d.Source.Which, "newest", "the newest file that matches", "all", "all files that match, the oldest first")
	data.After = choices(string(d.Source.After), "keep", "keep it", "delete", "delete it")
	data.NoFile = choices(d.Source.NoFile, "warn", "a warning", "ok", "all right", "error", "an error")
	return v.showForm("import-file", page{Title: "Import", Nav: "Imports", API: "POST /api/v1/imports", Data: data}, wrong)
}

// choices are options, value after value with its text; the first is the default.
func choices(chosen string, pairs ...string) (all []choice) {
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, choice{pairs[i], pairs[i+1], pairs[i] == chosen})
	}
	return all
}

// uploadMemory is how much of an upload is held in memory; the rest is on disk.
const uploadMemory = 4 << 20

func (v *visit) saveImportFile() error {
	d, err := v.draft()
	if err != nil {
		return err
	}
	return v.takeFile(d)
}

// takeFile reads the first step's form into a draft and goes on to the preview.
func (v *visit) takeFile(d service.ImportDraft) error {
	if err := v.r.ParseMultipartForm(uploadMemory); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	d.Book, d.Email, d.Region = firstOf(v.form("new_book"), v.form("book"), "contacts"), v.form("email"), strings.ToUpper(v.form("region"))
	d.Delete, d.Update, d.Source.EveryTime = v.ticked("delete"), plan.WriteNever, v.ticked("every_time")
	if v.ticked("update") {
		d.Update = plan.Write(firstOf(v.form("manner"), "if_new_not_blank"))
	}
	csv := &d.Source.CSV
	if csv.Delimiter = v.form("delimiter"); csv.Delimiter == "other" {
		csv.Delimiter = v.r.FormValue("other_delimiter")
	}
	csv.Encoding, csv.Sheet, csv.StrictLineBreaks = v.form("encoding"), v.form("sheet"), v.ticked("strict")
	switch v.form("header") {
	case "yes":
		csv.Header = new(true)
	case "no":
		csv.Header = new(false)
	default:
		csv.Header = nil
	}
	if err := v.takeSource(&d); err != nil {
		return v.refused(d, err)
	}
	if err := v.service().KeepImport(v.ctx(), v.who, d); err != nil {
		return err
	}
	if _, err := v.service().ViewImport(v.ctx(), d); err != nil {
		return v.refused(d, err)
	}
	return v.goTo("/imports/"+d.ID+"/preview", "")
}

// refused shows the first step again with what is wrong.
func (v *visit) refused(d service.ImportDraft, err error) error {
	if p := problemOf(err); p.status == http.StatusUnprocessableEntity || p.status == http.StatusNotFound {
		return v.fileStep(d, p.text)
	}
	return err
}

func (v *visit) takeSource(d *service.ImportDraft) error {
	if v.form("from") == "network" {
		path := v.form("path")
		if v.form("connection") == "" || path == "" {
			return &run.Error{Code: desk.CodeUsage, Message: "Choose a connection, and write where the file lies in it"}
		}
		d.File = ""
		which := v.form("which")
		if !fetch.IsPattern(path) {
			which = "" // the list always says one, and a path names one file
		}
		return v.service().FromNetwork(v.ctx(), d, v.form("connection"), path, which, v.form("after"), v.form("no_file"))
	}
	file, header, err := v.r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) && d.Source.File != "" {
		return nil // the one that was chosen before
	}
	if err != nil {
		return &run.Error{Code: desk.CodeUsage, Message: "Choose the file to import"}
	}
	defer file.Close()
	return v.service().Upload(v.ctx(), d, header.Filename, file)
}

func (v *visit) importView() (service.ImportView, error) {
	d, err := v.draft()
	if err != nil {
		return service.ImportView{}, err
	}
	return v.service().ViewImport(v.ctx(), d)
}

const previewRows = 20

type previewStep struct {
	service.ImportView
	Step string
	Rows [][]string
}

func (v *visit) importPreview() error {
	view, err := v.importView()
	if err != nil {
		return v.again(err)
	}
	return v.show("import-preview", page{Title: "Import file preview", Nav: "Imports", API: "GET /api/v1/imports/" + view.Draft.ID + "/preview",
		Data: previewStep{view, "preview", view.Preview.Rows[:min(previewRows, len(view.Preview.Rows))]}})
}

// again shows the first step when the file cannot be read any more.
func (v *visit) again(err error) error {
	d, e := v.draft()
	if e != nil {
		return e
	}
	return v.refused(d, err)
}

type mapStep struct {
	service.ImportView
	Step    string
	Error   string
	Matches []choice
	Keys    []choice
	Kinds   []contact.Kind
	Several []choice
}

func (v *visit) importMap() error {
	view, err := v.importView()
	if err != nil {
		return v.again(err)
	}
	return v.mapStep(view, "")
}

func (v *visit) mapStep(view service.ImportView, wrong string) error {
	data := mapStep{ImportView: view, Step: "map", Error: wrong, Kinds: contact.Kinds}
	var rules []string
	for _, r := range view.Draft.Match {
		rules = append(rules, string(r))
	}
	data.Matches = choices(strings.Join(rules, ","), "", "by the unique identifier, else by e-mail", "email", "by e-mail", "email,phone", "by e-mail, then by telephone",
		"phone", "by telephone", "key", "by the unique identifier", "key,email", "by the unique identifier, then by e-mail")
	data.Keys = []choice{{"", "none", view.Draft.Key == ""}, {plan.KeyGenerated, "Generate unique key automatically", view.Draft.Key == plan.KeyGenerated}}
	for _, f := range view.Fields {
		if slices.ContainsFunc(view.Draft.Map, func(m plan.Mapping) bool { return m.To == f.Name }) {
			data.Keys = append(data.Keys, choice{f.Name, f.Name, f.Name == view.Draft.Key})
		}
	}
	data.Several = choices(string(view.Draft.Several), "review", "hold it for review", "first", "take the oldest", "most_recent", "take the one changed last", "reject", "reject it")
	return v.showForm("import-map", page{Title: "Map columns", Nav: "Imports", API: "PATCH /api/v1/imports/" + view.Draft.ID, Data: data}, wrong)
}

// saveImportMap keeps the mapping and goes where the button says: to the same step
// with a new field, to the plan, to the run or to the schedule.
func (v *visit) saveImportMap() error {
	view, err := v.importView()
	if err != nil {
		return v.again(err)
	}
	d := view.Draft
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	d.Map, d.Mapped = v.mapping(view), true
	d.Key, d.Several, d.Region = v.form("key"), plan.OnSeveral(v.form("several")), strings.ToUpper(v.form("region"))
	d.Match = nil
	for rule := range strings.SplitSeq(v.form("match"), ",") {
		if rule != "" {
			d.Match = append(d.Match, plan.Rule(rule))
		}
	}
	if name := v.form("new_field"); name != "" {
		f := contact.Field{Name: name, Kind: contact.Kind(firstOf(v.form("new_kind"), "text"))}
		if err := desk.CheckField(f); err != nil {
			return v.mapAgain(d, err)
		}
		d.Fields = append(slices.DeleteFunc(d.Fields, func(g contact.Field) bool { return g.Name == name }), f)
	}
	if err := v.service().KeepImport(v.ctx(), v.who, d); err != nil {
		return err
	}
	step := "/imports/" + d.ID
	switch v.form("go") {
	case "plan":
		return v.planDraft(d)
	case "run":
		return v.runDraft(d)
	case "schedule":
		return v.goTo(step+"/schedule", "")
	case "back":
		return v.goTo(step+"/preview", "")
	}
	return v.goTo(step+"/map", "")
}

func (v *visit) mapAgain(d service.ImportDraft, why error) error {
	p := problemOf(why)
	if p.status == http.StatusInternalServerError {
		return why
	}
	view, err := v.service().ViewImport(v.ctx(), d)
	if err != nil {
		return err
	}
	return v.mapStep(view, p.text)
}

// mapping reads the chosen field of each column, keeping lines that no column of
// the form stands for: fixed values, expressions, and further values of the cells of a
// column that is not left out.
func (v *visit) mapping(view service.ImportView) (m []plan.Mapping) {
	out := map[string]bool{}
	for i, c := range view.Columns {
		to := v.r.PostForm.Get("to-" + itoa(i))
		if to == "" {
			for _, further := range c.Further {
				out[further] = true
			}
			continue
		}
		line := plan.Mapping{From: c.Name, To: to}
		for _, was := range view.Draft.Map {
			if was.From == c.Name && was.To == to {
				line = was
			}
		}
		m = append(m, line)
	}
	for _, was := range view.Draft.Map {
		if was.From == "" && !out[was.To] && !slices.ContainsFunc(m, func(l plan.Mapping) bool { return l.To == was.To }) {
			m = append(m, was)
		}
	}
	return m
}

func (v *visit) planImport() error {
	d, err := v.draft()
	if err != nil {
		return err
	}
	return v.planDraft(d)
}

func (v *visit) planDraft(d service.ImportDraft) error {
	j, err := v.service().PlanImport(v.ctx(), v.who, d)
	if err != nil {
		return v.mapAgain(d, err)
	}
	return v.follow(j, nil)
}

func (v *visit) runImport() error {
	d, err := v.draft()
	if err != nil {
		return err
	}
	return v.runDraft(d)
}

func (v *visit) runDraft(d service.ImportDraft) error {
	j, err := v.service().RunImport(v.ctx(), v.who, d)
	if err != nil {
		return v.mapAgain(d, err)
	}
	return v.follow(j, nil)
}

func (v *visit) discardImport() error {
	if err := v.service().DiscardImport(v.ctx(), v.wildcard("id")); err != nil {
		return err
	}
	return v.goTo("/imports", "The import was thrown away. Nothing was changed.")
}

type scheduleStep struct {
	service.ImportDraft
	Step  string
	Error string
	When  schedule.Schedule
	Every []choice
	Days  []choice
	Next  nextView
}

func (v *visit) importSchedule() error {
	d, err := v.draft()
	if err != nil {
		return err
	}
	if !d.Remote() {
		return &problem{http.StatusUnprocessableEntity, "This import cannot be scheduled", "Its file was uploaded from your computer, which the server cannot read again. Put the file where a connection reaches it, then schedule that."}
	}
	when := schedule.Schedule{Every: "day", At: schedule.Texts{"02:00"}, Zone: "UTC"}
	if d.Edits != "" {
		if sync, err := v.service().Workspace.Store.Sync(v.ctx(), d.Edits); err == nil {
			if kept, err := v.service().Workspace.Store.Schedule(v.ctx(), sync.ID); err == nil {
				when = kept.Definition
			}
		}
	}
	return v.scheduleStep(d, when, "")
}

func (v *visit) scheduleStep(d service.ImportDraft, when schedule.Schedule, wrong string) error {
	every, days := scheduleChoices(when)
	data := scheduleStep{d, "schedule", wrong, when, every, days, v.upcoming(when)}
	return v.showForm("import-schedule", page{Title: "Schedule import", Nav: "Imports", API: "POST /api/v1/imports/" + d.ID + "/finish", Data: data}, wrong)
}

func (v *visit) finishImport() error {
	d, err := v.draft()
	if err != nil {
		return err
	}
	when := v.scheduleForm()
	if email := v.form("email"); email != "" {
		d.Email = email
	}
	sync, err := v.service().FinishImport(v.ctx(), d, &when)
	if err != nil {
		if p := problemOf(err); p.status != http.StatusInternalServerError {
			return v.scheduleStep(d, when, p.text)
		}
		return err
	}
	if v.ticked("also_now") {
		if j, err := v.service().RunSync(v.ctx(), v.who, sync.Name, false, false); err == nil {
			return v.follow(j, nil)
		}
	}
	return v.goTo("/syncs/"+url.PathEscape(sync.Name), "The import is scheduled: "+when.Describe()+".")
}
