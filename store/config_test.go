package store

import (
	"errors"
	"testing"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/schedule"
)

func aConfig() ConfigChange {
	return ConfigChange{
		NewBooks:    []Book{{Name: "members", Fields: []contact.Field{{Name: "email", Kind: contact.Email}}}},
		Connections: []Connection{{Name: "hr", Kind: "sftp", Settings: map[string]string{"url": "sftp://files.example.org"}}},
		Channels:    []Channel{{Name: "chat", Kind: "slack", Settings: map[string]string{}}},
		Syncs: []ConfigSync{{Definition: plan.Sync{Name: "nightly"}, Base: "/conf", Schedule: &schedule.Schedule{Every: "day"},
			Next: time.UnixMilli(5000), Notify: []notify.Rule{{Channel: "chat"}}}},
		Managed: []Managed{{"Book", "members", "books/members.yaml", ""}, {"Sync", "nightly", "syncs/nightly.yaml", ""}},
	}
}

func testConfig(t *testing.T, s *Store) {
	if err := s.ApplyConfig(ctx, aConfig()); err != nil {
		t.Fatal(err)
	}
	sync, err := s.Sync(ctx, "nightly")
	if err != nil || sync.Base != "/conf" {
		t.Fatalf("got %+v, %v", sync, err)
	}
	if sch, err := s.Schedule(ctx, sync.ID); err != nil || sch.NextAt.UnixMilli() != 5000 {
		t.Errorf("the schedule is %+v, %v", sch, err)
	}
	for _, row := range []struct {
		sentence string
		says     *bool
		offered  int64
		paused   bool
		next     int64
	}{
		{"a file pauses it", new(true), 6000, true, 6000},
		{"one that does not say leaves it paused", nil, 7000, true, 6000},
		{"another has it go on, from then", new(false), 8000, false, 8000},
		{"once more, and what is due stays due", new(false), 9000, false, 8000},
	} {
		again := aConfig()
		again.NewBooks, again.Connections, again.Syncs[0].Paused = nil, nil, row.says
		again.Syncs[0].Next = time.UnixMilli(row.offered)
		if err := s.ApplyConfig(ctx, again); err != nil {
			t.Fatal(err)
		}
		if sch, err := s.Schedule(ctx, sync.ID); err != nil || sch.Paused != row.paused || sch.NextAt.UnixMilli() != row.next {
			t.Errorf("%s: got paused %v, next %d, %v; want %v, %d", row.sentence, sch.Paused, sch.NextAt.UnixMilli(), err, row.paused, row.next)
		}
	}
	if told, err := s.Notify(ctx, sync.ID); err != nil || len(told.Rules) != 1 {
		t.Errorf("told are %+v, %v, want one", told, err)
	}
	if file, err := s.ManagedFile(ctx, "Sync", "nightly"); err != nil || file != "syncs/nightly.yaml" {
		t.Errorf("it is kept in %q, %v", file, err)
	}
	if err := s.Detach(ctx, "Sync", "nightly"); err != nil {
		t.Fatal(err)
	}
	if file, err := s.ManagedFile(ctx, "Sync", "nightly"); err != nil || file != "" {
		t.Errorf("after it was let go it is kept in %q, %v", file, err)
	}
	if err := s.Detach(ctx, "Sync", "nightly"); !errors.Is(err, ErrNotFound) {
		t.Errorf("letting go twice: %v, want ErrNotFound", err)
	}
	if err := s.DeleteSync(ctx, "nightly"); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Managed(ctx); err != nil || len(all) != 1 || all[0].Name != "members" {
		t.Errorf("after the sync was deleted kept in files are %v, %v; want the book only", all, err)
	}
}

// What comes last fails; what came before it must not be there.
func testConfigWhole(t *testing.T, s *Store) {
	c := aConfig()
	c.Syncs = append(c.Syncs, c.Syncs[0])
	c.Books = []Book{{ID: 4711, Name: "gone"}}
	if err := s.ApplyConfig(ctx, c); err == nil {
		t.Fatal("a book that is not there was changed")
	}
	books, err := s.Books(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Managed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(books)+len(all) != 0 {
		t.Errorf("half of it is there: %v, %v", books, all)
	}
}
