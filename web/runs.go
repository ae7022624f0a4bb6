package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

func runRoutes() []route {
	return []route{
		{pattern: "GET /runs", operation: "runs.list", do: (*visit).runs},
		{pattern: "GET /runs/{run}", operation: "runs.show", do: (*visit).run},
		{pattern: "POST /runs/{run}/apply", operation: "runs.apply", do: func(v *visit) error { return v.applyRun(false) }},
		{pattern: "POST /runs/{run}/approve", operation: "runs.approve", do: func(v *visit) error { return v.applyRun(true) }},
		{pattern: "POST /runs/{run}/discard", operation: "runs.discard", do: (*visit).discardRun},
		{pattern: "GET /runs/{run}/undo", operation: "runs.undo", do: (*visit).undoPage},
		{pattern: "POST /runs/{run}/undo", operation: "runs.undo", do: (*visit).undoRun},
		{pattern: "GET /jobs/{id}", operation: "jobs.show", do: (*visit).job},
		{pattern: "GET /jobs/{id}/events", operation: "jobs.events", do: (*visit).jobEvents},
		{pattern: "POST /jobs/{id}/cancel", operation: "jobs.cancel", do: (*visit).cancelJob},
	}
}

const runsOnPage = 50

func (v *visit) runs() error {
	before, _ := strconv.ParseInt(v.form("before"), 10, 64) // what is no number means the latest
	runs, err := v.service().Workspace.Store.Runs(v.ctx(), before, runsOnPage)
	if err != nil {
		return err
	}
	more := int64(0)
	if len(runs) == runsOnPage {
		more = runs[len(runs)-1].ID
	}
	return v.show("runs", page{Title: "Runs", Nav: "Syncs", CLI: "kith runs list", API: "GET /api/v1/runs",
		Data: map[string]any{"Runs": lines(runs), "More": more}})
}

type runView struct {
	Run      runLine
	Waits    bool // it is a plan that can be applied
	Writes   int64
	CanUndo  bool
	CanRetry bool
	Took     string
	Reasons  []reasonCount
	Actions  []choice
	Why      string
	Changes  []changeView
	Next     string
	Draft    string // import that is being set up with this plan
	Remote   bool   // and can be scheduled
	Warnings []reasonCount
	Sides    *desk.RunSides // of a sync with a connection
	AddTo    *addTo         // an event, everybody it has met; nil where that may not be
}

type reasonCount struct {
	Code  string
	Count int64
}

// A choice is an option of a list.
type choice struct {
	Value, Text string
	Chosen      bool
}

func (v *visit) run() error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	r, err := v.service().Run(v.ctx(), id)
	if err != nil {
		return err
	}
	data := runView{Run: lines([]store.Run{r})[0], Waits: r.Status == store.Planned || r.Status == store.Blocked, Writes: r.Totals.Writes(),
		CanUndo: v.service().CanUndo(v.ctx(), r), CanRetry: r.Status.Applied() && r.NotThrough() > 0 && !r.Linked && !r.Pruned,
		Reasons: reasons(r.Reasons), Warnings: reasons(r.Warnings), Actions: actionChoices(v.form("only")), Why: v.form("why")}
	if !r.Finished.IsZero() {
		data.Took = r.Took().Round(10 * time.Millisecond).String()
	}
	after, _ := strconv.ParseInt(v.form("after"), 10, 64)
	if r.Linked {
		if data.Sides, err = v.sidesOf(r, after == 0); err != nil {
			return err
		}
	}
	found, next, err := v.service().ChangesOf(v.ctx(), r, service.ChangeFilter{Action: v.form("only"), Reason: v.form("why"), After: after, Limit: 100})
	if err != nil {
		return err
	}
	var people []string
	if data.Sides != nil {
		if people, err = data.Sides.People(v.ctx(), v.service().Workspace, found); err != nil {
			return err
		}
	}
	for i, c := range found {
		view := showChange(c)
		if data.Sides != nil {
			view.Who, view.At = data.Sides.SidesText(c), data.Sides.Written(c)
			if people[i] != "" {
				view.Who = desk.Cell(people[i]) + ", " + view.Who
			}
		} else if len(c.Fields) == 0 && c.Ref != 0 { // nothing of it is shown that says who it is
			if _, name, err := desk.Called(v.ctx(), v.service().Workspace, c.Ref); err == nil && name != "" {
				view.Who = desk.Cell(name) + ", " + view.Who
			}
		}
		data.Changes = append(data.Changes, view)
	}
	if next > 0 {
		data.Next = "?" + url.Values{"only": {v.form("only")}, "why": {v.form("why")}, "after": {strconv.FormatInt(next, 10)}}.Encode()
	}
	if r.Status.Applied() && r.Undone == 0 && r.Kind == store.KindSync && !r.Pruned && r.Totals.Created+r.Totals.Updated+r.Totals.Unchanged > 0 {
		if data.AddTo, err = v.addingTo(r.BookID, addTo{Run: r.ID}); err != nil {
			return err
		}
	}
	title := "Run"
	if data.Waits {
		title = "Plan"
		draft, err := v.service().DraftOf(v.ctx(), r.Name)
		if err != nil {
			return err
		}
		data.Draft, data.Remote = draft.ID, draft.Remote()
	}
	return v.show("run", page{Title: fmt.Sprintf("%s %d", title, r.ID), Nav: "Syncs", CLI: fmt.Sprintf("kith runs show %d --plan", r.ID),
		API: fmt.Sprintf("GET /api/v1/runs/%d", r.ID), Data: data})
}

// sidesCounted is how many records a run may have read for its page to count what came to
// each side: so many take some hundredths of a second.
const sidesCounted = 20_000

// sidesOf are the two sides of a linked run, counted on its first page where that is soon
// done; none where its book is gone.
func (v *visit) sidesOf(r store.Run, first bool) (*desk.RunSides, error) {
	s, err := desk.SidesOf(v.ctx(), v.service().Workspace, r)
	if _, gone := errors.AsType[*run.Error](err); gone {
		return nil, nil
	}
	if err == nil && first && r.Totals.Read+r.Totals.Deleted <= sidesCounted {
		err = s.Count(v.ctx(), v.service().Workspace, r)
	}
	return &s, err
}

func reasons(counts map[string]int64) (all []reasonCount) {
	for code, n := range counts {
		all = append(all, reasonCount{code, n})
	}
	slices.SortFunc(all, func(a, b reasonCount) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code)) })
	return all
}

func actionChoices(chosen string) (all []choice) {
	for _, c := range [][2]string{{"", "everything but what is the same"}, {"create", "creates"}, {"update", "updates"}, {"delete", "deletes"},
		{"hold", "held"}, {"reject", "rejected"}, {"fail", "failed"}, {"skip", "skipped"}, {"unchanged", "the same"}} {
		all = append(all, choice{c[0], c[1], c[0] == chosen})
	}
	return all
}

// A changeView is a change as rows of a table: one for each field.
type changeView struct {
	Who, To, Action, Sign, MatchedBy string
	At                               string // the side of a linked run that it is written to
	Rows                             []fieldView
}

type fieldView struct{ Name, Now, After, Why string }

func showChange(c plan.Change) changeView {
	view := changeView{Action: c.Action.String(), Sign: c.Action.Sign(), MatchedBy: string(c.Rule)}
	var who []string
	if c.Line > 0 {
		who = append(who, fmt.Sprintf("line %d", c.Line))
	}
	if c.TargetID != "" {
		who = append(who, "contact "+desk.Cell(c.TargetID))
	}
	if len(who) == 0 {
		who = append(who, desk.Cell(cmp.Or(c.SourceID, "—")))
	}
	for _, f := range c.Fields {
		if strings.Contains(f.Old+f.New, "@") {
			who = append([]string{desk.Cell(cmp.Or(f.New, f.Old))}, who...)
			break
		}
	}
	view.Who = strings.Join(who, ", ")
	if c.Ref != 0 {
		view.To = fmt.Sprintf("/contacts/%d/%d", store.BookOf(c.Ref), store.Number(c.Ref))
	}
	why := strings.TrimSpace(string(c.Reason) + " " + strings.Join(desk.Detail(c), "; "))
	for _, f := range c.Fields {
		row := fieldView{Name: f.Name, Now: desk.Cell(f.Old), After: desk.Cell(f.New)}
		if f.Rule != view.Action { // that a value is written because its contact is made goes without saying
			row.Why = f.Rule
		}
		if f.Kept != "" {
			row.After = desk.Cell(f.Old) + " (kept, not " + desk.Cell(f.Kept) + ")"
		}
		view.Rows = append(view.Rows, row)
	}
	if len(view.Rows) == 0 {
		view.Rows = []fieldView{{}}
	}
	if why != "" {
		view.Rows[0].Why = strings.TrimSpace(why + " " + view.Rows[0].Why)
	}
	return view
}

func (v *visit) applyRun(approve bool) error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	if approve && !v.ticked("seen") {
		return &problem{http.StatusUnprocessableEntity, "Nothing was written", "Tick that you have looked at the changes, then approve the plan."}
	}
	return v.follow(v.service().ApplyRun(v.ctx(), v.who, id, approve))
}

func (v *visit) discardRun() error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	if err := v.service().DiscardRun(v.ctx(), id); err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/runs/%d", id), "The plan was discarded. Nothing was written.")
}

type undoView struct {
	Run     runLine
	Preview desk.UndoPreview
}

// undoPage says what taking a run back would do, and asks.
func (v *visit) undoPage() error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	r, err := v.service().Run(v.ctx(), id)
	if err != nil {
		return err
	}
	data := undoView{Run: lines([]store.Run{r})[0]}
	if data.Preview, err = desk.PreviewUndo(v.ctx(), v.service().Workspace, r); err != nil {
		return err
	}
	return v.show("undo", page{Title: fmt.Sprintf("Take run %d back", id), Nav: "Syncs", CLI: fmt.Sprintf("kith undo %d", id),
		API: fmt.Sprintf("POST /api/v1/runs/%d/undo", id), Data: data})
}

func (v *visit) undoRun() error {
	id, err := v.number("run")
	if err != nil {
		return err
	}
	return v.follow(v.service().UndoRun(v.ctx(), v.who, id))
}

type jobView struct {
	Title    string
	Job      store.Job
	Progress *service.Progress
}

func (v *visit) job() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	j, err := v.service().Workspace.Store.Job(v.ctx(), id)
	if err != nil {
		return err
	}
	if j.State.Over() {
		return v.afterJob(j)
	}
	data := jobView{jobTitle(j), j, v.service().Progress(id)}
	return v.show("job", page{Title: data.Title, Nav: "Syncs", API: fmt.Sprintf("GET /api/v1/jobs/%d", id), Refresh: true, Data: data})
}

// afterJob goes on to what came of a job.
func (v *visit) afterJob(j store.Job) error {
	switch {
	case j.Run != 0:
		said := ""
		if j.State != store.JobDone {
			said = strings.TrimRight(j.Message, ".") + "."
		}
		return v.goTo(fmt.Sprintf("/runs/%d", j.Run), said)
	case j.State == store.JobFailed:
		return &problem{http.StatusUnprocessableEntity, "That was not done", strings.TrimRight(j.Message, ".") + "."}
	case j.Sync != "":
		return v.goTo("/syncs/"+url.PathEscape(j.Sync), cmp.Or(j.Message, "There was nothing to do."))
	}
	return v.goTo("/runs", j.Message)
}

func jobTitle(j store.Job) string {
	verb := map[string]string{"plan": "Planning", "run": "Running", "apply": "Applying", "undo": "Taking back a run of", "replay": "Importing corrections of", "retry": "Trying again"}[j.Kind]
	return strings.TrimSpace(verb + " " + j.Sync)
}

// jobEvents tells how a job comes along, until it is over (server-sent events).
func (v *visit) jobEvents() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/event-stream")
	answer := http.NewResponseController(v.w)
	if err := answer.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	for j, progress := range v.service().Watch(v.ctx(), id) {
		if j.State.Over() {
			fmt.Fprint(v.w, "event: over\ndata: over\n\n")
			return answer.Flush()
		}
		var out bytes.Buffer
		if err := v.server.pages["job"].ExecuteTemplate(&out, "progress", view{page: page{Data: jobView{jobTitle(j), j, progress}}, Who: v.who, visit: v}); err != nil {
			return err
		}
		fmt.Fprintf(v.w, "event: progress\ndata: %s\n\n", strings.ReplaceAll(out.String(), "\n", "\ndata: "))
		if err := answer.Flush(); err != nil {
			return nil //nolint:nilerr // the browser has gone
		}
	}
	return nil
}

func (v *visit) cancelJob() error {
	id, err := v.number("id")
	if err != nil {
		return err
	}
	if _, err := v.service().Jobs.Cancel(v.ctx(), id); err != nil {
		return err
	}
	return v.goTo(fmt.Sprintf("/jobs/%d", id), "")
}
