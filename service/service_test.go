package service_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// An office is a service at work on a clock that the test moves.
type office struct {
	*service.Service
	t       *testing.T
	mutex   sync.Mutex
	instant time.Time
}

func (o *office) now() time.Time {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.instant
}

func (o *office) sleep(d time.Duration) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.instant = o.instant.Add(d)
}

func newOffice(t *testing.T) *office {
	t.Helper()
	return openOffice(t, t.TempDir(), time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC))
}

func openOffice(t *testing.T, folder string, at time.Time) *office {
	t.Helper()
	o := &office{t: t, instant: at}
	w, err := workspace.Open(t.Context(), workspace.Options{Folder: folder, Now: o.now})
	check(t, err)
	t.Cleanup(func() { _ = w.Close() }) // closed before where a test opens it again
	gate, err := w.Gate(t.Context(), o.now, false)
	check(t, err)
	o.Service = service.New(service.Options{Workspace: w, Accounts: gate, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: o.now, BaseURL: "http://127.0.0.1:1"})
	check(t, o.Start(t.Context()))
	t.Cleanup(o.Close)
	return o
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ended waits for a job and returns it with its run.
func (o *office) ended(j store.Job) (store.Job, store.Run) {
	o.t.Helper()
	ctx, stop := context.WithTimeout(o.t.Context(), time.Minute)
	defer stop()
	for now := range o.Watch(ctx, j.ID) {
		if now.State.Over() {
			r, err := o.Workspace.Store.Run(o.t.Context(), now.Run)
			if now.Run != 0 {
				check(o.t, err)
			}
			return now, r
		}
	}
	o.t.Fatalf("job %d did not end", j.ID)
	return j, store.Run{}
}

// latest waits until the latest run of a sync is another one than before.
func (o *office) latest(name string, before int64) store.Run {
	o.t.Helper()
	for range 600 {
		jobs, err := o.Workspace.Store.Jobs(o.t.Context(), name, 0, 1)
		check(o.t, err)
		if len(jobs) > 0 && jobs[0].State.Over() && jobs[0].Run > before {
			r, err := o.Workspace.Store.Run(o.t.Context(), jobs[0].Run)
			check(o.t, err)
			return r
		}
		time.Sleep(20 * time.Millisecond)
	}
	o.t.Fatalf("%s was not run", name)
	return store.Run{}
}

func people(n int) string {
	var b strings.Builder
	b.WriteString("email,first_name\n")
	for i := range n {
		fmt.Fprintf(&b, "p%d@example.com,P%d\n", i, i)
	}
	return b.String()
}

func (o *office) upload(d *service.ImportDraft, name, text string) {
	o.t.Helper()
	check(o.t, o.Upload(o.t.Context(), d, name, strings.NewReader(text)))
	check(o.t, o.KeepImport(o.t.Context(), account.Console(), *d))
}

func (o *office) begin() service.ImportDraft {
	o.t.Helper()
	d, err := o.BeginImport(o.t.Context(), account.Console(), "")
	check(o.t, err)
	return d
}

func TestAnUploadIsPlannedShownAndApplied(t *testing.T) {
	o := newOffice(t)
	d := o.begin()
	o.upload(&d, `C:\lists\guests.csv`, "E-mail;First;Badge\nada@example.com;Ada;red\nbad@@x;Bo;blue\n")
	if d.Name != "import-guests" {
		t.Errorf("the import is kept as %q, want import-guests", d.Name)
	}
	view, err := o.ViewImport(t.Context(), d)
	check(t, err)
	if got := view.Columns[0]; got.To != "email" || !got.Suggested || got.Look.Bad != 1 || got.Look.OK != 1 {
		t.Errorf("the first column looks like %+v, want email, suggested, one good and one bad", got)
	}
	d.Map, d.Mapped = []plan.Mapping{{From: "E-mail", To: "email"}, {From: "First", To: "first_name"}, {From: "Badge", To: "colour"}}, true
	d.Fields = []contact.Field{{Name: "colour", Kind: contact.Text}}
	check(t, o.KeepImport(t.Context(), account.Console(), d))
	job, err := o.PlanImport(t.Context(), account.Console(), d)
	check(t, err)
	_, r := o.ended(job)
	if r.Status != store.Planned || r.Totals.Created != 1 || r.Totals.Rejected != 1 {
		t.Fatalf("the plan is %s %+v, want planned, one created and one rejected", r.Status, r.Totals)
	}
	if n := o.contacts(); n != 0 {
		t.Fatalf("a plan wrote %d contacts", n)
	}
	job, err = o.ApplyRun(t.Context(), account.Console(), r.ID, false)
	check(t, err)
	_, applied := o.ended(job)
	if applied.ID != r.ID || applied.Status != store.WithErrors {
		t.Fatalf("applied run %d %s, want exactly plan %d with its reject", applied.ID, applied.Status, r.ID)
	}
	if drafts, err := o.Drafts(t.Context()); err != nil || len(drafts) != 0 {
		t.Errorf("%d imports are still being set up (%v), want none", len(drafts), err)
	}
	page, err := o.Rejects(t.Context(), r.ID, "", 0, 10)
	check(t, err)
	if len(page.Records) != 1 || page.Records[0].Values[0] != "bad@@x" {
		t.Fatalf("rejects %+v, want the one with bad@@x", page.Records)
	}
	job, err = o.Correct(t.Context(), account.Console(), r.ID, page.Columns, [][]string{{"bo@example.com", "Bo", "blue"}})
	check(t, err)
	if _, fixed := o.ended(job); fixed.Totals.Created != 1 || fixed.Totals.Deleted != 0 {
		t.Errorf("the correction did %+v, want one created", fixed.Totals)
	}
	job, err = o.UndoRun(t.Context(), account.Console(), r.ID)
	check(t, err)
	if _, undo := o.ended(job); undo.Totals.Deleted != 1 {
		t.Errorf("the undo did %+v, want one deleted", undo.Totals)
	}
	if n := o.contacts(); n != 1 {
		t.Errorf("%d contacts are left, want the corrected one", n)
	}
}

func (o *office) contacts() int64 {
	o.t.Helper()
	b, err := o.Workspace.Store.Book(o.t.Context(), "contacts")
	if errors.Is(err, store.ErrNotFound) {
		return 0
	}
	check(o.t, err)
	return b.Population
}

// folder is a place on this machine that the operator has opened to the server.
func (o *office) folder() string {
	o.t.Helper()
	dir := o.t.TempDir()
	check(o.t, os.WriteFile(filepath.Join(o.Workspace.Folder, "roots"), []byte(dir+"\n"), 0o600))
	_, err := o.Workspace.Store.SaveConnection(o.t.Context(), store.Connection{Name: "hr", Kind: "folder", Settings: map[string]string{"url": dir}})
	check(o.t, err)
	return dir
}

// told waits for so many messages: they are left a moment after a job is over.
func (o *office) told(n int) (messages []store.Posting) {
	o.t.Helper()
	var err error
	for range 500 {
		messages, err = o.Workspace.Store.Postings(o.t.Context(), 10)
		check(o.t, err)
		if len(messages) >= n {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return messages
}

// A file that would delete a third of the list is stopped at night; in the morning
// a mail waits, one look shows the deletions, and one approval lets them pass.
func TestTheGuardStopsANightlyFile(t *testing.T) {
	o := newOffice(t)
	dir := o.folder()
	write := func(n int) { check(t, os.WriteFile(filepath.Join(dir, "people.csv"), []byte(people(n)), 0o600)) }
	write(30)
	d := o.begin()
	check(t, o.FromNetwork(t.Context(), &d, "hr", "people.csv", "", "", ""))
	d.Delete, d.Update, d.Email = true, plan.WriteIfNewNotBlank, "ops@example.org"
	paris := schedule.Schedule{Every: "day", At: schedule.Texts{"02:00"}, Zone: "Europe/Paris"}
	sync, err := o.FinishImport(t.Context(), d, &paris)
	check(t, err)
	if n := o.contacts(); n != 0 {
		t.Fatalf("Finish ran it at once: %d contacts", n)
	}

	o.sleep(13*time.Hour + time.Second) // 02:00 in Paris
	check(t, o.StartDue(t.Context()))
	first := o.latest(sync.Name, 0)
	if first.Status != store.Succeeded || first.Totals.Created != 30 {
		t.Fatalf("the first night: %s %+v %s, want 30 created", first.Status, first.Totals, first.Message)
	}
	write(20)
	o.sleep(24 * time.Hour)
	check(t, o.StartDue(t.Context()))
	second := o.latest(sync.Name, first.ID)
	if second.Status != store.Blocked || o.contacts() != 30 {
		t.Fatalf("the second night: %s with %d contacts, want blocked with 30", second.Status, o.contacts())
	}
	told := o.told(1)
	if len(told) != 1 || !strings.Contains(fmt.Sprint(told[0]), "ops@example.org") {
		t.Errorf("messages %+v, want one to ops@example.org", told)
	}
	removals, _, err := o.ChangesOf(t.Context(), second, service.ChangeFilter{Action: "delete", Limit: 100})
	check(t, err)
	if len(removals) != 10 {
		t.Errorf("the plan shows %d deletions, want 10", len(removals))
	}
	if _, err := o.ApplyRun(t.Context(), account.Console(), second.ID, false); err == nil {
		t.Error("a stopped plan was applied without an approval")
	}
	job, err := o.ApplyRun(t.Context(), account.Console(), second.ID, true)
	check(t, err)
	if _, r := o.ended(job); r.Totals.Deleted != 10 || o.contacts() != 20 {
		t.Errorf("approved: %+v with %d contacts, want 10 deleted and 20 left", r.Totals, o.contacts())
	}
	told = o.told(2)
	if len(told) != 2 || !strings.Contains(fmt.Sprint(told), string(notify.Recovered)) {
		t.Logf("messages %+v", told)
		t.Errorf("%d messages, want a second one that says it is over", len(told))
	}
}

// "Each hour our export had lost a few more people, always fewer than the guard lets
// through. By the evening a third of the list was gone."
func TestTheGuardCountsWhatASyncRemovedInADay(t *testing.T) {
	o := newOffice(t)
	write, name := o.nightly(100)
	o.runs(name, false)
	later := func(after time.Duration, people int) store.Run {
		t.Helper()
		o.sleep(after)
		write(people)
		_, r := o.runs(name, false)
		return r
	}
	for _, people := range []int{92, 84} {
		if r := later(time.Hour, people); r.Totals.Deleted != 8 || r.Status != store.Succeeded {
			t.Fatalf("8 are gone: %s %+v %+v, want them deleted", r.Status, r.Totals, r.Stop)
		}
	}
	r := later(time.Hour, 79)
	if r.Status != store.Blocked || o.contacts() != 84 || !strings.Contains(r.Message, "5 more would be deleted, 21 of 100 contacts (21.0 %) with what this sync deleted in the last 24 hours; the limit is 20 %") {
		t.Fatalf("5 more are gone: %s with %d contacts, %q, want it blocked", r.Status, o.contacts(), r.Message)
	}
	job, err := o.ApplyRun(t.Context(), account.Console(), r.ID, true)
	check(t, err)
	if _, r = o.ended(job); r.Totals.Deleted != 5 {
		t.Fatalf("approved: %s %+v, want 5 deleted", r.Status, r.Totals)
	}
	if r := later(time.Hour, 77); r.Status != store.Succeeded || r.Totals.Deleted != 2 { // 18 of 95: what was approved does not count
		t.Errorf("2 more are gone: %s %+v %+v, want them deleted", r.Status, r.Totals, r.Stop)
	}
	if r := later(time.Hour, 75); r.Status != store.Blocked {
		t.Errorf("2 more are gone, 20 of 95 in all: %s %+v, want it blocked", r.Status, r.Totals)
	}
	if r := later(24*time.Hour, 71); r.Status != store.Succeeded || r.Totals.Deleted != 6 { // 6 of 77
		t.Errorf("a day later: %s %+v %+v, want 6 deleted", r.Status, r.Totals, r.Stop)
	}
}

// What a run removed counts as long as it is gone.
func TestWhatCountsOfADay(t *testing.T) {
	for _, row := range []struct {
		sentence string
		then     func(o *office, r store.Run)
		counted  int64
	}{
		{"it was left as it is", func(*office, store.Run) {}, 8},
		{"it was taken back", func(o *office, r store.Run) { o.undo(r) }, 0},
		{"it was taken back, and that too", func(o *office, r store.Run) { o.undo(o.undo(r)) }, 8},
		{"it died before its last row was noted, and could not be finished", func(o *office, r store.Run) {
			r.Status = store.Applying
			check(o.t, o.Workspace.Store.UpdateRun(o.t.Context(), &r))
			check(o.t, os.Remove(filepath.Join(o.Workspace.Engine.Stage, r.Stage)))
			ended, err := o.Workspace.Recover(o.t.Context())
			check(o.t, err)
			if len(ended) != 1 || ended[0].Status != store.Failed {
				o.t.Fatalf("recovered %+v, want a run that failed", ended)
			}
		}, 8},
		{"it began two days ago, and ended now", func(o *office, r store.Run) {
			r.Started = r.Started.Add(-48 * time.Hour)
			check(o.t, o.Workspace.Store.UpdateRun(o.t.Context(), &r))
		}, 8},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			o := newOffice(t)
			write, name := o.nightly(100)
			o.runs(name, false)
			write(92)
			_, r := o.runs(name, false)
			r, err := o.Workspace.Store.Run(t.Context(), r.ID)
			check(t, err)
			row.then(o, r)
			n, err := o.Workspace.Store.DeletedSince(t.Context(), r.SyncID, o.now().Add(-24*time.Hour))
			check(t, err)
			if n != row.counted {
				t.Errorf("%d count, want %d", n, row.counted)
			}
		})
	}
}

func (o *office) undo(r store.Run) store.Run {
	o.t.Helper()
	j, err := o.UndoRun(o.t.Context(), account.Console(), r.ID)
	check(o.t, err)
	_, undo := o.ended(j)
	return undo
}

func TestMissedNightsAreOneRun(t *testing.T) {
	o := newOffice(t)
	dir := o.folder()
	check(t, os.WriteFile(filepath.Join(dir, "people.csv"), []byte(people(3)), 0o600))
	d := o.begin()
	check(t, o.FromNetwork(t.Context(), &d, "hr", "people.csv", "", "", ""))
	_, err := o.FinishImport(t.Context(), d, &schedule.Schedule{Every: "day", At: schedule.Texts{"02:00"}, Zone: "UTC"})
	check(t, err)
	o.sleep(5 * 24 * time.Hour) // the machine was off
	for range 3 {
		check(t, o.StartDue(t.Context()))
	}
	o.latest(d.Name, 0)
	jobs, err := o.Workspace.Store.Jobs(t.Context(), d.Name, 0, 10)
	check(t, err)
	if len(jobs) != 1 {
		t.Errorf("%d runs for the nights that were missed, want one", len(jobs))
	}
	states, err := o.Syncs(t.Context())
	check(t, err)
	if next := states[0].Next; next == nil || !next.Equal(time.Date(2026, 12, 6, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("next run at %v, want 6 Dec 02:00", next)
	}
}

func TestAnUploadCannotBeScheduled(t *testing.T) {
	o := newOffice(t)
	d := o.begin()
	o.upload(&d, "people.csv", people(2))
	if _, err := o.FinishImport(t.Context(), d, &schedule.Schedule{Every: "day", At: schedule.Texts{"02:00"}, Zone: "UTC"}); err == nil {
		t.Error("it was scheduled, although the server cannot read it again (C47)")
	}
}

// A server that stops in the middle of a run goes on with it the next time.
func TestAStoppedServerGoesOn(t *testing.T) {
	folder := t.TempDir()
	o := openOffice(t, folder, time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC))
	d := o.begin()
	o.upload(&d, "people.csv", people(60_000))
	job, err := o.RunImport(t.Context(), account.Console(), d)
	check(t, err)
	for range 1000 {
		if p := o.Progress(job.ID); p != nil && p.Done > 0 {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	o.Close()
	check(t, o.Workspace.Close())
	o = openOffice(t, folder, time.Date(2026, 11, 30, 12, 5, 0, 0, time.UTC))
	if done, r := o.ended(job); done.State != store.JobDone {
		t.Fatalf("the job ended %s with run %d %s: %s", done.State, r.ID, r.Status, done.Message)
	}
	if n := o.contacts(); n != 60_000 {
		t.Errorf("%d contacts, want 60,000: nothing lost, nothing doubled", n)
	}
}

// Whoever is stopped by the guard may switch deleting off, or delete by hand (C40).
func TestTheTwoWaysOut(t *testing.T) {
	o := newOffice(t)
	dir := o.folder()
	write := func(n int) { check(t, os.WriteFile(filepath.Join(dir, "people.csv"), []byte(people(n)), 0o600)) }
	run := func() store.Run {
		job, err := o.RunSync(t.Context(), account.Console(), "hr-people", false, false)
		check(t, err)
		_, r := o.ended(job)
		return r
	}
	write(10)
	d := o.begin()
	check(t, o.FromNetwork(t.Context(), &d, "hr", "people.csv", "", "", ""))
	d.Delete = true
	_, err := o.FinishImport(t.Context(), d, nil)
	check(t, err)
	run()
	write(7)
	if r := run(); r.Status != store.Blocked {
		t.Fatalf("3 of 10 missing: %s, want blocked", r.Status)
	}
	d, err = o.BeginImport(t.Context(), account.Console(), "hr-people")
	check(t, err)
	d.Delete = false
	_, err = o.FinishImport(t.Context(), d, nil)
	check(t, err)
	if r := run(); !r.Status.Applied() || o.contacts() != 10 {
		t.Errorf("with deleting off: %s and %d contacts, want it applied and 10", r.Status, o.contacts())
	}
	d, err = o.BeginImport(t.Context(), account.Console(), "hr-people")
	check(t, err)
	d.Delete = true
	_, err = o.FinishImport(t.Context(), d, nil)
	check(t, err)
	b, err := o.Workspace.Store.Book(t.Context(), "contacts")
	check(t, err)
	_, err = o.DeleteContacts(t.Context(), b.ID, []int64{8, 9, 10})
	check(t, err)
	if r := run(); !r.Status.Applied() || o.contacts() != 7 {
		t.Errorf("deleted by hand: %s and %d contacts, want it applied and 7", r.Status, o.contacts())
	}
}
