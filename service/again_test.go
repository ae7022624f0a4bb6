package service_test

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// nightly is an import of people.csv in a folder, every night at 02:00, and its folder.
func (o *office) nightly(n int) (write func(int), sync string) {
	o.t.Helper()
	dir := o.folder()
	write = func(n int) {
		check(o.t, os.WriteFile(filepath.Join(dir, "people.csv"), []byte(people(n)), 0o600))
	}
	write(n)
	d := o.begin()
	check(o.t, o.FromNetwork(o.t.Context(), &d, "hr", "people.csv", "", "", ""))
	d.Delete, d.Update, d.Email = true, plan.WriteIfNewNotBlank, "ops@example.org"
	kept, err := o.FinishImport(o.t.Context(), d, &schedule.Schedule{Every: "day", At: schedule.Texts{"02:00"}, Zone: "UTC"})
	check(o.t, err)
	return write, kept.Name
}

func (o *office) runs(name string, planOnly bool) (store.Job, store.Run) {
	o.t.Helper()
	j, err := o.RunSync(o.t.Context(), account.Console(), name, false, planOnly)
	check(o.t, err)
	return o.ended(j)
}

// A crash between the end of a run and that of its job has the job carried out once
// more: it finds its work done, and says so.
func TestAJobThatIsCarriedOutAgainFindsItsWorkDone(t *testing.T) {
	o := newOffice(t)
	_, name := o.nightly(3)
	_, planned := o.runs(name, true)
	again := func(kind string, subject int64) (store.Job, store.Run) {
		j, err := o.Jobs.Add(t.Context(), store.Job{Kind: kind, Sync: name, Subject: subject, By: "user:1"})
		check(t, err)
		return o.ended(j)
	}
	for _, what := range []struct {
		sentence, kind string
		subject, left  int64
	}{
		{"a plan is applied", job.Apply, planned.ID, 3},
		{"a run is undone", job.Undo, planned.ID, 0},
	} {
		_, first := again(what.kind, what.subject)
		j, second := again(what.kind, what.subject)
		if j.State != store.JobDone || second.ID != first.ID || first.ID == 0 {
			t.Errorf("%s twice: %s %q with run %d, want done with run %d", what.sentence, j.State, j.Message, second.ID, first.ID)
		}
		if n := o.contacts(); n != what.left {
			t.Errorf("%s twice: %d contacts, want %d", what.sentence, n, what.left)
		}
	}
}

// An undo that had to leave something can be asked for again, but a crash after it is
// nobody's question.
func TestAnUndoThatLeftSomethingIsDoneOnceForAJob(t *testing.T) {
	o := newOffice(t)
	_, name := o.nightly(3)
	_, r := o.runs(name, false)
	asked := o.now()
	_, undo := func() (store.Job, store.Run) {
		j, err := o.UndoRun(t.Context(), account.Console(), r.ID)
		check(t, err)
		return o.ended(j)
	}()
	undo.Totals.Skipped = 1
	check(t, o.Workspace.Store.UpdateRun(t.Context(), &undo))
	j, err := o.Jobs.Add(t.Context(), store.Job{Kind: job.Undo, Sync: name, Subject: r.ID, By: "user:1", Created: asked})
	check(t, err)
	if _, again := o.ended(j); again.ID != undo.ID {
		t.Errorf("the job after the crash ended in run %d, want %d, which had done its work", again.ID, undo.ID)
	}
}

// "The day's calls were spent in the middle of my undo. I asked for it again, and it said
// done, and nothing happened."
func TestAnUndoThatWasStoppedCanBeAskedForAgain(t *testing.T) {
	o := newOffice(t)
	_, name := o.nightly(3)
	_, done := o.runs(name, false)
	stopped := store.Run{Name: name, Kind: store.KindUndo, Status: store.PausedQuota, BookID: done.BookID, UndoOf: done.ID}
	check(t, o.Workspace.Store.CreateRun(t.Context(), &stopped))
	done.Undone = stopped.ID
	check(t, o.Workspace.Store.UpdateRun(t.Context(), &done))
	if !o.CanUndo(t.Context(), done) {
		t.Error("the run is not offered to be undone again")
	}
	j, err := o.UndoRun(t.Context(), account.Console(), done.ID)
	check(t, err)
	if j, undo := o.ended(j); j.State != store.JobDone || undo.ID == stopped.ID || undo.Totals.Deleted != 3 || o.contacts() != 0 {
		t.Errorf("undone again: %s %q run %d %+v, %d contacts are left", j.State, j.Message, undo.ID, undo.Totals, o.contacts())
	}
}

func TestAPlanWhoseSourceMovedIsDead(t *testing.T) {
	o := newOffice(t)
	write, name := o.nightly(3)
	_, planned := o.runs(name, true)
	write(4)
	j, err := o.ApplyRun(t.Context(), account.Console(), planned.ID, false)
	check(t, err)
	done, after := o.ended(j)
	if done.State != store.JobFailed || done.Code != run.CodePlanMoved || o.contacts() != 0 {
		t.Errorf("the job ended %s %s with %d contacts, want failed %s with none", done.State, done.Code, o.contacts(), run.CodePlanMoved)
	}
	if after.Status != store.Discarded || after.Code != run.CodePlanMoved {
		t.Errorf("the plan is %s %s, want discarded %s: nobody can ever apply it", after.Status, after.Code, run.CodePlanMoved)
	}
}

func TestWhatWasOnlyLookedAtIsNoNews(t *testing.T) {
	o := newOffice(t)
	write, name := o.nightly(10)
	o.runs(name, false)
	write(2)
	if _, look := o.runs(name, true); look.Stop == nil {
		t.Fatalf("the look: %s without an objection of the guard, want one", look.Status)
	}
	_, stopped := o.runs(name, false) // whose message comes after any of the look
	told := o.told(1)
	if len(told) != 1 || !strings.Contains(told[0].Body, fmt.Sprintf(`"run":%d,`, stopped.ID)) {
		t.Errorf("messages %+v, want one, of run %d and not of the look", told, stopped.ID)
	}
}

func TestARunLongAfterItsTimeIsTold(t *testing.T) {
	for _, row := range []struct {
		sentence string
		late     time.Duration
		told     int
	}{
		{"half an hour is no news", 30 * time.Minute, 0},
		{"more than that is", 31 * time.Minute, 1},
	} {
		o := newOffice(t)
		_, name := o.nightly(3)
		o.sleep(14*time.Hour + row.late) // from noon
		check(t, o.StartDue(t.Context()))
		told, err := o.Workspace.Store.Postings(t.Context(), 10) // of the delay; the run itself says that it is over
		check(t, err)
		late := 0
		for _, m := range told {
			if strings.Contains(m.Body, `"event":"`+string(notify.Late)+`"`) {
				late++
			}
		}
		if late != row.told {
			t.Errorf("%s: %d messages of it, want %d: %+v", row.sentence, late, row.told, told)
		}
		o.latest(name, 0)
	}
}

func TestOnlyAPlanThatWaitsIsThrownAway(t *testing.T) {
	o := newOffice(t)
	_, name := o.nightly(3)
	_, planned := o.runs(name, true)
	check(t, o.DiscardRun(t.Context(), planned.ID))
	if err := o.DiscardRun(t.Context(), planned.ID); err == nil {
		t.Error("a plan was thrown away twice")
	}
	_, applied := o.runs(name, false)
	if err := o.DiscardRun(t.Context(), applied.ID); err == nil {
		t.Error("a run that was applied was thrown away")
	}
	if after, err := o.Run(t.Context(), applied.ID); err != nil || after.Status != store.Succeeded {
		t.Errorf("the run is %s (%v), want succeeded as before", after.Status, err)
	}
}

// A process that died holds the lease of its job, and the key of a request that it
// has not answered: the next one waits for neither.
func TestWhatADeadProcessHeldIsFree(t *testing.T) {
	folder, noon := t.TempDir(), time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	o := openOffice(t, folder, noon)
	_, name := o.nightly(3)
	o.Close()
	mine := o.Workspace.Store
	_, err := mine.AddJob(t.Context(), store.Job{Kind: job.Run, Sync: name, By: "user:1", Created: noon})
	check(t, err)
	taken, err := mine.TakeJob(t.Context(), noon, time.Hour)
	check(t, err)
	request := store.Answer{Key: "a key", Request: "a request", At: noon}
	_, _, err = mine.BeginAnswer(t.Context(), request, noon.Add(-time.Hour))
	check(t, err)
	check(t, o.Workspace.Close())

	o = openOffice(t, folder, noon.Add(time.Second))
	if done, _ := o.ended(taken); done.State != store.JobDone || o.contacts() != 3 {
		t.Errorf("its job ended %s with %d contacts, want done with 3", done.State, o.contacts())
	}
	if _, fresh, err := o.Workspace.Store.BeginAnswer(t.Context(), request, noon.Add(-time.Hour)); err != nil || !fresh {
		t.Errorf("its request is still being carried out (%v), want the key free", err)
	}
}

func TestWhatDidNotGetThroughIsTriedAgain(t *testing.T) {
	o := newOffice(t)
	d := o.begin()
	o.upload(&d, "guests.csv", "email,first_name\nada@example.com,Ada\nbad@@x,Bo\n")
	j, err := o.RunImport(t.Context(), account.Console(), d)
	check(t, err)
	_, first := o.ended(j)
	j, err = o.RetrySync(t.Context(), account.Console(), first.Name)
	check(t, err)
	done, second := o.ended(j)
	if done.State != store.JobDone || second.ID == first.ID || second.Totals.Read != 1 || second.Totals.Rejected != 1 {
		t.Errorf("the job ended %s with run %d %+v, want another run than %d that read the rejected one", done.State, second.ID, second.Totals, first.ID)
	}
}

// Whoever may write channels over the network has no file of this machine read by it,
// not even one that is a certificate.
func TestNoCertificateOfThisMachineIsNamedOverTheNetwork(t *testing.T) {
	o := newOffice(t)
	there := httptest.NewTLSServer(nil)
	defer there.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	check(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: there.Certificate().Raw}), 0o600))
	mail := service.NewChannel{Name: "mail", Type: "smtp", Settings: map[string]string{"host": "mail.example.org", "from": "kith@example.org", "ca": ca}}
	if _, err := o.SaveChannel(t.Context(), mail); err == nil || !strings.Contains(err.Error(), "Only whoever runs Kith") {
		t.Errorf("a channel with a certificate of this machine: got %v, want it refused", err)
	}
}
