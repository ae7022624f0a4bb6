package store

import (
	"testing"
	"time"
)

func testAnswers(t *testing.T, s *Store) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	old := now.Add(-24 * time.Hour)
	a := Answer{Key: "token:1 x", Request: "run attendees", At: now}
	if _, mine, err := s.BeginAnswer(ctx, a, old); !mine || err != nil {
		t.Fatalf("the first request: got %v, %v, want the key", mine, err)
	}
	if first, mine, err := s.BeginAnswer(ctx, a, old); mine || err != nil || first.Status != 0 {
		t.Fatalf("a second one meanwhile: got %+v, %v, %v, want one that is at work", first, mine, err)
	}
	a.Status, a.Sealed = 202, []byte{0, 1, 255}
	if err := s.KeepAnswer(ctx, a); err != nil {
		t.Fatal(err)
	}
	if err := s.DropAnswer(ctx, a.Key); err != nil {
		t.Fatal(err)
	}
	first, mine, err := s.BeginAnswer(ctx, Answer{Key: a.Key, Request: "something else", At: now.Add(time.Hour)}, old)
	if mine || err != nil || first.Request != a.Request || first.Status != 202 || string(first.Sealed) != string(a.Sealed) || !first.At.Equal(now) {
		t.Fatalf("a repetition: got %+v, %v, %v, want %+v", first, mine, err, a)
	}
	if _, mine, err = s.BeginAnswer(ctx, a, now.Add(time.Second)); !mine || err != nil {
		t.Fatalf("after a day: got %v, %v, want the key anew", mine, err)
	}
	if err := s.DropUnfinishedAnswers(ctx); err != nil {
		t.Fatal(err)
	}
	if _, mine, err = s.BeginAnswer(ctx, a, old); !mine || err != nil {
		t.Fatalf("after a crash: got %v, %v, want the key", mine, err)
	}
}
