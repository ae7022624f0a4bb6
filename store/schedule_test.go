package store

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/schedule"
)

func nightly() schedule.Schedule {
	return schedule.Schedule{Every: "day", At: schedule.Texts{"02:00"}, Zone: "Europe/Paris", From: "2026-12-01"}
}

func saveScheduled(t *testing.T, s *Store, name string, next time.Time) Sync {
	t.Helper()
	saved, err := s.SaveSync(ctx, plan.Sync{Name: name}, "")
	noError(t, err)
	noError(t, s.SaveSchedule(ctx, saved.ID, nightly(), next))
	return saved
}

func testSchedules(t *testing.T, s *Store) {
	first := time.Date(2026, 12, 1, 1, 0, 0, 0, time.UTC)
	second := first.AddDate(0, 0, 1)
	people := saveScheduled(t, s, "people", first)
	staff := saveScheduled(t, s, "a staff", second)

	got, err := s.Schedule(ctx, people.ID)
	noError(t, err)
	equal(t, "definition", got.Definition.String(), nightly().String())
	equal(t, "next", got.NextAt, first)
	equal(t, "name", got.Sync, "people")
	all, err := s.Schedules(ctx)
	noError(t, err)
	equal(t, "schedules", len(all), 2)
	equal(t, "the first by name", all[0].Sync, "a staff")

	due := names(t, s, first.Add(-time.Millisecond), 10)
	same(t, "due before the time", due, nil)
	same(t, "due at the time", names(t, s, first, 10), []string{"people"})
	same(t, "due later, the longest first", names(t, s, second, 10), []string{"people", "a staff"})
	same(t, "due, at most one", names(t, s, second, 1), []string{"people"})

	noError(t, s.SaveSchedule(ctx, people.ID, nightly(), second)) // the same one again
	got, err = s.Schedule(ctx, people.ID)
	noError(t, err)
	equal(t, "next of the same schedule saved again", got.NextAt, first)
	weekly := nightly()
	weekly.Every = "weekday"
	noError(t, s.SaveSchedule(ctx, people.ID, weekly, second))
	got, err = s.Schedule(ctx, people.ID)
	noError(t, err)
	equal(t, "next of another schedule", got.NextAt, second)

	noError(t, s.RemoveSchedule(ctx, people.ID))
	noError(t, s.RemoveSchedule(ctx, people.ID))
	if _, err := s.Schedule(ctx, people.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("a removed schedule: got %v, want %v", err, ErrNotFound)
	}
	noError(t, s.DeleteSync(ctx, staff.Name))
	all, err = s.Schedules(ctx)
	noError(t, err)
	equal(t, "schedules of deleted syncs", len(all), 0)
	again := saveScheduled(t, s, staff.Name, first) // a new sync of that name begins anew
	got, err = s.Schedule(ctx, again.ID)
	noError(t, err)
	equal(t, "epoch of a new one", got.Epoch, 0)
}

func names(t *testing.T, s *Store, now time.Time, limit int) (out []string) {
	t.Helper()
	due, err := s.DueSchedules(ctx, now, limit)
	noError(t, err)
	for _, d := range due {
		out = append(out, d.Sync)
	}
	return out
}

func testPauseSchedule(t *testing.T, s *Store) {
	first := time.Date(2026, 12, 1, 1, 0, 0, 0, time.UTC)
	saved := saveScheduled(t, s, "people", first)
	before, err := s.Schedule(ctx, saved.ID)
	noError(t, err)
	noError(t, s.PauseSchedule(ctx, saved.ID, true, first))
	same(t, "due while paused", names(t, s, first.AddDate(1, 0, 0), 10), nil)
	if _, err := s.Take(ctx, before, first, first.AddDate(0, 0, 1)); !errors.Is(err, ErrStale) {
		t.Errorf("taking a paused run: got %v, want %v", err, ErrStale)
	}
	later := first.AddDate(0, 0, 30)
	noError(t, s.SaveSchedule(ctx, saved.ID, nightly(), first)) // the file is read again
	noError(t, s.PauseSchedule(ctx, saved.ID, false, later))
	same(t, "due after it went on, not made up for", names(t, s, later.Add(-time.Second), 10), nil)
	same(t, "due when it goes on", names(t, s, later, 10), []string{"people"})
	if err := s.PauseSchedule(ctx, saved.ID+1, true, first); !errors.Is(err, ErrNotFound) {
		t.Errorf("pausing what has no schedule: got %v, want %v", err, ErrNotFound)
	}
}

func testTakeOnce(t *testing.T, s *Store) {
	next := time.Date(2026, 12, 1, 1, 0, 0, 0, time.UTC)
	saved := saveScheduled(t, s, "people", next)
	for range 5 {
		read, err := s.Schedule(ctx, saved.ID)
		noError(t, err)
		equal(t, "next", read.NextAt, next)
		after := next.AddDate(0, 0, 1)
		var taken, stale atomic.Int32
		var wg sync.WaitGroup
		for range 8 { // as many processes that read the same
			wg.Go(func() {
				switch _, err := s.Take(ctx, read, next, after); {
				case err == nil:
					taken.Add(1)
				case errors.Is(err, ErrStale):
					stale.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		equal(t, "taken", taken.Load(), 1)
		equal(t, "refused", stale.Load(), 7)
		now, err := s.Schedule(ctx, saved.ID)
		noError(t, err)
		equal(t, "last planned", now.LastPlanned, next)
		equal(t, "epoch", now.Epoch, read.Epoch+1)
		next = after
	}
	read, err := s.Schedule(ctx, saved.ID)
	noError(t, err)
	ended, err := s.Take(ctx, read, next, time.Time{}) // the last of its range
	noError(t, err)
	equal(t, "a schedule at its end", ended.NextAt.IsZero(), true)
	same(t, "due after the end", names(t, s, next.AddDate(9, 0, 0), 10), nil)
}
