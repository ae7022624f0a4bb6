package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/kith-sync/kith/api/client"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// With KITH_URL a command asks a server instead of opening the data folder. What it
// prints has the same shape.

// atServer marks a command that can do so.
const atServer = "at server"

// elsewhere reports whether a command is to ask a server. --data says otherwise.
func (a *app) elsewhere() bool { return a.folder == "" && a.Getenv("KITH_URL") != "" }

// orServer gives a command what it does at a server.
func (a *app) orServer(cmd *cobra.Command, do func(ctx context.Context, c *client.Client, args []string) error) *cobra.Command {
	here := cmd.RunE
	cmd.Annotations = map[string]string{atServer: "yes"}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !a.elsewhere() {
			return here(cmd, args)
		}
		c, err := client.New(a.Getenv("KITH_URL"), a.Getenv("KITH_TOKEN"))
		if err != nil {
			return usage("KITH_URL cannot be used: %v. Nothing was done", err)
		}
		if a.Getenv("KITH_TOKEN") == "" {
			return usage("KITH_URL names a server, and KITH_TOKEN is missing: a token of that server. Nothing was done. Make one there under Tokens, or with kith token add")
		}
		return do(cmd.Context(), c, args)
	}
	return cmd
}

// hereOnly refuses a command that cannot be done at a server, when one is named.
func (a *app) hereOnly(cmd *cobra.Command) error {
	if !a.elsewhere() || cmd.Annotations[atServer] != "" {
		return nil
	}
	for c := cmd; c != nil; c = c.Parent() {
		switch c.Name() {
		case "version", "presets", "help", "completion", "validate", "selftest", "sandbox", "__complete", "__completeNoDesc":
			return nil
		}
	}
	for _, sub := range cmd.Commands() { // a group does what one of its commands does
		if sub.Annotations[atServer] != "" {
			return nil
		}
	}
	if !cmd.HasParent() {
		return nil
	}
	return usage("%s works on a data folder only, and KITH_URL names a server. Nothing was done. Do it in a browser at %s, or unset KITH_URL", cmd.CommandPath(), a.Getenv("KITH_URL"))
}

const serverRoot = "/api/v1"

func syncPath(name string) string { return serverRoot + "/syncs/" + url.PathEscape(name) }

func (a *app) syncsAtServer(ctx context.Context, c *client.Client, _ []string) error {
	return many(a, client.List[desk.SyncReport](ctx, c, serverRoot+"/syncs"), syncShape())
}

func (a *app) syncAtServer(ctx context.Context, c *client.Client, args []string) error {
	var s struct {
		Definition plan.Sync            `json:"definition"`
		Schedule   *desk.ScheduleReport `json:"schedule"`
		Notify     []notify.Rule        `json:"notify"`
	}
	if err := c.Do(ctx, http.MethodGet, syncPath(args[0]), nil, &s); err != nil {
		return err
	}
	return a.printSync(s.Definition, s.Schedule, s.Notify)
}

// beginAtServer has a server begin something and prints the job that it is.
func (a *app) beginAtServer(ctx context.Context, c *client.Client, path string, body any) error {
	var j client.Job
	if err := c.Do(ctx, http.MethodPost, path, body, &j); err != nil {
		return err
	}
	s := shape[client.Job]{columns: []string{"id", "sync", "state", "run"}, row: func(j client.Job) []string {
		return []string{number(j.ID), j.Sync, j.State, number(j.Run)}
	}}
	return one(a, j, s, func(out io.Writer) {
		fmt.Fprintf(out, "%s: job %d is %s. See  %s\n", desk.Cell(j.Sync), j.ID, j.State, c.At("/runs"))
	})
}

// workAtServer has a server do something and prints the run that came of it.
func (a *app) workAtServer(ctx context.Context, c *client.Client, path string, body any) error {
	a.hint = "The server goes on with it: " + c.At("/runs")
	j, err := c.Work(ctx, path, body)
	if err != nil {
		return err
	}
	if j.Run == 0 && j.Code != "" {
		return refuse(j.Code, "%s", strings.TrimRight(j.Message, "."))
	}
	if j.Run == 0 {
		nothing := &job{app: a}
		nothing.idle(j.Sync, "There was nothing to do")
		return a.printRuns(nil, false, nothing)
	}
	var r desk.RunReport
	if err := c.Do(ctx, http.MethodGet, fmt.Sprintf("%s/runs/%d", serverRoot, j.Run), nil, &r); err != nil {
		return err
	}
	if j.Code != "" {
		r.Error = &desk.ErrorReport{Code: j.Code, Message: j.Message}
	}
	a.exit = max(a.exit, exitFor(r.Status))
	if err := one(a, r, runShape(), func(out io.Writer) { a.runText(out, r) }); err != nil {
		return err
	}
	if r.Status == store.Blocked {
		a.say("Look at it and approve it once:  %s", c.At(fmt.Sprintf("/runs/%d", r.Run)))
	}
	if j.Code != "" {
		a.reported = true
		return refuse(j.Code, "%s", strings.TrimRight(j.Message, "."))
	}
	return nil
}

func (a *app) planAtServer(ctx context.Context, c *client.Client, name string, everyTime, detailed bool) error {
	j, err := c.Work(ctx, syncPath(name)+"/plan", map[string]bool{"every_time": everyTime})
	if err != nil {
		return err
	}
	if j.Code != "" {
		return refuse(j.Code, "%s", strings.TrimRight(j.Message, "."))
	}
	head, err := a.printPlanAt(ctx, c, j.Run)
	if err == nil && detailed && head.Totals.Writes() > 0 {
		a.exit = max(a.exit, exitChanges)
	}
	if err == nil && head.Stop != nil {
		a.exit = max(a.exit, exitApproval)
	}
	return err
}

// printPlanAt prints a plan of a server: for programs whole, for people its counts
// and where to look at it.
func (a *app) printPlanAt(ctx context.Context, c *client.Client, number int64) (head desk.PlanReport, err error) {
	path := fmt.Sprintf("%s/runs/%d", serverRoot, number)
	if err := c.Do(ctx, http.MethodGet, path+"/plan", nil, &head); err != nil {
		return head, err
	}
	switch a.format {
	case "csv":
		return head, usage("A plan of a server is printed as json, jsonl or yaml. Choose one with -o")
	case "table":
		fmt.Fprintf(a.Stdout, "%s  plan %s\n  %s\n", desk.Cell(head.Sync), desk.Short(head.Plan), a.signs(head.Totals))
		if reasons := reasonLine(head.Reasons); reasons != "" {
			fmt.Fprintf(a.Stdout, "  why: %s\n", reasons)
		}
		for _, note := range head.Notes {
			fmt.Fprintf(a.Stdout, "  %s\n", desk.Cell(note))
		}
		if head.Stop != nil {
			fmt.Fprintf(a.Stdout, "  STOP guard: %s\n", head.Stop.Message())
		}
		fmt.Fprintf(a.Stdout, "  look at it, and apply it:  %s\n", c.At(fmt.Sprintf("/runs/%d", number)))
		return head, nil
	}
	return head, writeLong(longValue{out: a.Stdout, format: a.format}, head, "changes", client.List[desk.ChangeReport](ctx, c, path+"/changes?limit=100"))
}

func (a *app) runsAtServer(ctx context.Context, c *client.Client, limit int) error {
	return many(a, upTo(client.List[desk.RunReport](ctx, c, fmt.Sprintf("%s/runs?limit=%d", serverRoot, min(limit, 100))), limit), runShape())
}

// upTo are the first n of a list.
func upTo[T any](all iter.Seq2[T, error], n int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range all {
			if n--; n < 0 || !yield(v, err) {
				return
			}
		}
	}
}

func runNumber(arg string) (int64, error) {
	n, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return 0, usage("%q is not the number of a run. kith runs list shows them", arg)
	}
	return n, nil
}

func (a *app) runAtServer(ctx context.Context, c *client.Client, arg string, withPlan bool) error {
	n, err := runNumber(arg)
	if err != nil {
		return err
	}
	if withPlan {
		_, err := a.printPlanAt(ctx, c, n)
		return err
	}
	var r desk.RunReport
	if err := c.Do(ctx, http.MethodGet, fmt.Sprintf("%s/runs/%d", serverRoot, n), nil, &r); err != nil {
		return err
	}
	return one(a, r, runShape(), func(out io.Writer) { a.runText(out, r) })
}

func (a *app) undoAtServer(ctx context.Context, c *client.Client, arg string, preview bool) error {
	n, err := runNumber(arg)
	if err != nil {
		return err
	}
	if preview {
		var p desk.UndoPreview
		if err := c.Do(ctx, http.MethodGet, fmt.Sprintf("%s/runs/%d/undo", serverRoot, n), nil, &p); err != nil {
			return err
		}
		return a.printUndo(p)
	}
	if a.interactive() && !a.yes && !a.agreed(fmt.Sprintf("Take run %d back at %s?", n, c.At(""))) {
		a.say("Nothing was changed.")
		return nil
	}
	return a.workAtServer(ctx, c, fmt.Sprintf("%s/runs/%d/undo", serverRoot, n), nil)
}

func (a *app) rejectsAtServer(ctx context.Context, c *client.Client, arg, save, replay string) error {
	n, err := runNumber(arg)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("%s/runs/%d/rejects", serverRoot, n)
	switch {
	case replay != "":
		file, err := os.Open(replay)
		if err != nil {
			return refuse(run.CodeSource, "%s cannot be read: %v. Nothing was changed", replay, innermost(err))
		}
		defer file.Close()
		return a.workAtServer(ctx, c, path+".csv", file)
	case save != "":
		file, err := os.OpenFile(save, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			return unwritable(save, err)
		}
		defer file.Close()
		if err := c.Copy(ctx, path+".csv", file); err != nil {
			return errors.Join(err, os.Remove(save))
		}
		a.say("Wrote %s. Correct the values and type:  kith rejects %d --replay %s", save, n, desk.Quoted(save))
		return file.Close()
	case a.format == "csv":
		return usage("Rejects of a server are written to a file:  kith rejects %d --csv out.csv", n)
	}
	return a.printRejectsAt(ctx, c, path)
}

func (a *app) printRejectsAt(ctx context.Context, c *client.Client, path string) error {
	var head desk.RejectsReport
	if err := c.Do(ctx, http.MethodGet, path, nil, &head); err != nil {
		return err
	}
	records := client.List[desk.RejectReport](ctx, c, path+"?limit=100")
	if !a.human() {
		return writeLong(longValue{out: a.Stdout, format: a.format}, head, "records", records)
	}
	if len(head.Groups) == 0 {
		fmt.Fprintf(a.Stdout, "Run %d has no rejected, held or failed records.\n", head.Run)
		return nil
	}
	for _, g := range head.Groups {
		fmt.Fprintf(a.Stdout, "%8s  %s: the record %s. %s\n", humanize.Comma(g.Count), g.Code, g.Message, g.Fix)
	}
	task := "correct them"
	for r, err := range upTo(records, rejectsShown) {
		if err != nil {
			return err
		}
		which := fmt.Sprintf("line %d", r.Line)
		if r.Contact+r.Record != "" { // of a sync with a connection
			which, task = linkedText(r.Who, r.Contact, r.Record), "all of them"
		}
		fmt.Fprintf(a.Stdout, "  %s  %s  %s %s\n", which, r.Code, desk.Cell(r.Column), desk.Cell(r.Value))
	}
	fmt.Fprintf(a.Stdout, "%s:  kith rejects %d --csv out.csv\n", task, head.Run)
	return nil
}

// bookAtServer finds a book by its name.
func (a *app) bookAtServer(ctx context.Context, c *client.Client, name string) (store.Book, error) {
	var names []string
	for b, err := range client.List[struct {
		ID int64 `json:"id"`
		desk.BookReport
	}](ctx, c, serverRoot+"/books?all=true") {
		if err != nil {
			return store.Book{}, err
		}
		if names = append(names, b.Name); b.Name == name {
			return store.Book{ID: b.ID, Name: b.Name, KeyField: b.Key, Region: b.Region, NameFormula: b.NameFormula, Fields: b.Fields}, nil
		}
	}
	return store.Book{}, desk.Absent("book", name, names, "kith books list")
}

// contactsAt are contacts of a book at a server, in the book's order.
func contactsAt(ctx context.Context, c *client.Client, b store.Book, query url.Values) iter.Seq2[store.Contact, error] {
	return func(yield func(store.Contact, error) bool) {
		for r, err := range client.List[desk.ContactReport](ctx, c, fmt.Sprintf("%s/books/%d/contacts?%s", serverRoot, b.ID, query.Encode())) {
			found := store.Contact{Ref: store.Ref(b.ID, r.ID), Version: r.Version, CreatedRun: r.CreatedRun, UpdatedRun: r.UpdatedRun, Values: make([]string, len(b.Fields))}
			for i, f := range b.Fields {
				found.Values[i] = r.Fields[f.Name]
			}
			if !yield(found, err) {
				return
			}
		}
	}
}

func (a *app) contactsAtServer(ctx context.Context, c *client.Client, bookName, search string) error {
	b, err := a.bookAtServer(ctx, c, bookName)
	if err != nil {
		return err
	}
	query := url.Values{"limit": {"100"}}
	if search != "" {
		query.Set("search", search)
		query.Set("deep", "true")
	}
	return a.printContacts(b, contactsAt(ctx, c, b, query))
}

func (a *app) contactAtServer(ctx context.Context, c *client.Client, bookName, who string) error {
	b, err := a.bookAtServer(ctx, c, bookName)
	if err != nil {
		return err
	}
	for found, err := range contactsAt(ctx, c, b, url.Values{"known": {who}}) {
		if err != nil {
			return err
		}
		var at inStep
		if err := c.Do(ctx, http.MethodGet, fmt.Sprintf("%s/books/%d/contacts/%d", serverRoot, b.ID, store.Number(found.Ref)), nil, &at); err != nil {
			return err
		}
		return a.printContact(b, found, at)
	}
	return refuse("not_found", "There is no contact %q in %s. kith contacts list --search TEXT finds others", who, b.Name)
}

func (a *app) explainAtServer(ctx context.Context, c *client.Client, bookName, who string) error {
	query := url.Values{"who": {who}}
	if bookName != "" {
		b, err := a.bookAtServer(ctx, c, bookName)
		if err != nil {
			return err
		}
		query.Set("book", strconv.FormatInt(b.ID, 10))
	}
	var found []desk.Explanation
	for x, err := range client.List[desk.Explanation](ctx, c, serverRoot+"/explain?"+query.Encode()) {
		if err != nil {
			return err
		}
		found = append(found, x)
	}
	if len(found) == 0 {
		return refuse("not_found", "Nobody is known as %q at %s", who, c.At(""))
	}
	return a.printExplanations(found)
}

// syncDocument is a sync as its file.
func syncDocument(def plan.Sync, planned *desk.ScheduleReport, told []notify.Rule) ([]byte, error) {
	doc := syncfile.Document{Sync: def, Notify: told}
	if planned != nil {
		doc.Schedule = &planned.Schedule
		if planned.Paused {
			doc.Paused = &planned.Paused
		}
	}
	return doc.Marshal()
}
