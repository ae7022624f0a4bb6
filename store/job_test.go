package store

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func addJob(t *testing.T, s *Store, j Job) Job {
	t.Helper()
	if j.Created.IsZero() {
		j.Created = noon
	}
	j, err := s.AddJob(ctx, j)
	noError(t, err)
	return j
}

func takeJob(t *testing.T, s *Store, now time.Time) Job {
	t.Helper()
	j, err := s.TakeJob(ctx, now, time.Minute)
	noError(t, err)
	return j
}

func noJob(t *testing.T, s *Store, now time.Time) {
	t.Helper()
	if j, err := s.TakeJob(ctx, now, time.Minute); !errors.Is(err, ErrNotFound) {
		t.Fatalf("took job %d (%v), want none", j.ID, err)
	}
}

func testJobs(t *testing.T, s *Store) {
	first := addJob(t, s, Job{Kind: "run", Sync: "hr", By: "schedule", Detail: JobDetail{EveryTime: true}})
	second := addJob(t, s, Job{Kind: "run", Sync: "hr", By: "schedule"})
	other := addJob(t, s, Job{Kind: "undo", Sync: "crm", Subject: 7, By: "1"})

	got := takeJob(t, s, noon)
	equal(t, "the oldest is taken", got.ID, first.ID)
	equal(t, "what was asked for", got.Detail.EveryTime, true)
	equal(t, "one of another sync runs beside it", takeJob(t, s, noon).ID, other.ID)
	noJob(t, s, noon) // the second one of hr waits for the first

	got.State, got.Finished, got.Run = JobDone, noon.Add(time.Second), 12
	noError(t, s.FinishJob(ctx, got))
	again, err := s.Job(ctx, first.ID)
	noError(t, err)
	equal(t, "state", again.State, JobDone)
	equal(t, "run", again.Run, 12)
	equal(t, "the next of the sync", takeJob(t, s, noon).ID, second.ID)
	open, err := s.OpenJobs(ctx)
	noError(t, err)
	equal(t, "open jobs", len(open), 2)
}

func testJobLeases(t *testing.T, s *Store) {
	j := addJob(t, s, Job{Kind: "run", Sync: "hr"})
	slow := takeJob(t, s, noon)
	_, err := s.RenewJob(ctx, slow, noon.Add(2*time.Minute))
	noError(t, err)
	noJob(t, s, noon.Add(time.Minute))
	fast := takeJob(t, s, noon.Add(2*time.Minute))
	equal(t, "a job whose worker is gone is taken again", fast.ID, j.ID)
	slow.State = JobDone
	if err := s.FinishJob(ctx, slow); !errors.Is(err, ErrStale) {
		t.Fatalf("the slow worker's word counts: %v", err)
	}
	if _, err := s.RenewJob(ctx, slow, noon.Add(time.Hour)); !errors.Is(err, ErrStale) {
		t.Fatalf("the slow worker keeps its lease: %v", err)
	}
	noError(t, s.DropJobLeases(ctx))
	equal(t, "after the process died", takeJob(t, s, noon.Add(2*time.Minute)).Epoch, fast.Epoch+1)
}

func testJobCancel(t *testing.T, s *Store) {
	waits := addJob(t, s, Job{Kind: "run", Sync: "hr"})
	waits, err := s.CancelJob(ctx, waits.ID, noon)
	noError(t, err)
	equal(t, "one that waits is over", waits.State, JobCancelled)
	noJob(t, s, noon)
	addJob(t, s, Job{Kind: "run", Sync: "hr"})
	runs := takeJob(t, s, noon)
	_, err = s.CancelJob(ctx, runs.ID, noon)
	noError(t, err)
	asked, err := s.RenewJob(ctx, runs, noon.Add(time.Minute))
	noError(t, err)
	equal(t, "one that runs is asked", asked, true)
}

func testJobOccurrence(t *testing.T, s *Store) {
	first := addJob(t, s, Job{Kind: "run", Sync: "hr", Planned: noon})
	second := addJob(t, s, Job{Kind: "run", Sync: "hr", Planned: noon})
	equal(t, "one occurrence is one job", second.ID, first.ID)
	if next := addJob(t, s, Job{Kind: "run", Sync: "hr", Planned: noon.Add(time.Hour)}); next.ID == first.ID {
		t.Fatal("the next occurrence is no job of its own")
	}
	noError(t, s.PruneJobs(ctx, noon))
	jobs, err := s.Jobs(ctx, "hr", 0, 10)
	noError(t, err)
	equal(t, "jobs that wait are not pruned", len(jobs), 2)
}

func testDrafts(t *testing.T, s *Store) {
	d := Draft{ID: "a", Kind: "import", Data: json.RawMessage(`{"step":1}`), By: "1", Updated: noon}
	noError(t, s.SaveDraft(ctx, d))
	d.Data, d.Updated = json.RawMessage(`{"step":2}`), noon.Add(time.Minute)
	noError(t, s.SaveDraft(ctx, d))
	noError(t, s.SaveDraft(ctx, Draft{ID: "b", Kind: "import", Data: json.RawMessage(`{}`), Updated: noon}))
	got, err := s.Draft(ctx, "a")
	noError(t, err)
	equal(t, "data", string(got.Data), `{"step":2}`)
	all, err := s.Drafts(ctx, "import")
	noError(t, err)
	equal(t, "drafts, the latest first", all[0].ID+all[1].ID, "ab")
	noError(t, s.DeleteDraft(ctx, "a"))
	if _, err := s.Draft(ctx, "a"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("a deleted draft: %v", err)
	}
}
