package store

import (
	"errors"
	"testing"
	"time"
)

func testOccasions(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	day := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	save := func(o Occasion) Occasion {
		t.Helper()
		o.BookID = b.ID
		o, err := s.SaveOccasion(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	expo := save(Occasion{Kind: KindEvent, Name: "Expo", Starts: day, Ends: day.Add(8 * time.Hour), Place: "Leeds", Note: "hall 3"})
	fair := save(Occasion{Kind: KindEvent, Name: "Fair", Starts: day.Add(24 * time.Hour)})
	talk := save(Occasion{Kind: KindMeeting, Name: "A talk", PartOf: expo.ID})
	same(t, "events, the latest first", must(s.Occasions(ctx, b.ID, KindEvent))(t), []Occasion{fair, expo})
	expo.Connection, expo.Campaign, expo.CampaignName = "crm", "701", "Expo 2026"
	save(expo)
	same(t, "an event as it was changed", []Occasion{must(s.Occasion(ctx, expo.ID))(t)}, []Occasion{expo})

	joined := []Attendance{{expo.ID, Ref(b.ID, 1), "registered", day}, {expo.ID, Ref(b.ID, 2), "", day}, {talk.ID, Ref(b.ID, 1), "", day}}
	if err := s.Attend(ctx, joined); err != nil {
		t.Fatal(err)
	}
	later := []Attendance{{expo.ID, Ref(b.ID, 1), "attended", day.Add(time.Hour)}, {expo.ID, Ref(b.ID, 2), "", day.Add(time.Hour)}}
	if err := s.Attend(ctx, later); err != nil {
		t.Fatal(err)
	}
	joined[0].Status = "attended"
	same(t, "who takes part keeps the day they joined", must(s.Attendances(ctx, expo.ID))(t), joined[:2])
	same(t, "what somebody takes part in", must(s.AttendancesOf(ctx, []int64{Ref(b.ID, 1)}))(t), []Attendance{joined[0], joined[2]})
	if err := s.Leave(ctx, expo.ID, []int64{Ref(b.ID, 2), Ref(b.ID, 9)}); err != nil {
		t.Fatal(err)
	}
	same(t, "who stays when one leaves", must(s.Attendances(ctx, expo.ID))(t), joined[:1])

	if err := s.DeleteOccasion(ctx, expo.ID); err != nil {
		t.Fatal(err)
	}
	talk.PartOf = 0
	same(t, "a meeting outlives its event", []Occasion{must(s.Occasion(ctx, talk.ID))(t)}, []Occasion{talk})
	same(t, "who took part in what is gone", must(s.Attendances(ctx, expo.ID))(t), nil)
	for what, err := range map[string]error{"deleted twice": s.DeleteOccasion(ctx, expo.ID), "changed when gone": func() error { _, err := s.SaveOccasion(ctx, expo); return err }()} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", what, err)
		}
	}
	if err := s.DeleteBook(ctx, b.ID); err != nil {
		t.Fatal(err)
	}
	same(t, "meetings of a book that is gone", must(s.Occasions(ctx, b.ID, KindMeeting))(t), nil)
}
