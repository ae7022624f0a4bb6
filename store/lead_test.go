package store

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/kith-sync/kith/plan"
)

func ids(leads []Lead) (all []int64) {
	for _, l := range leads {
		all = append(all, l.ID)
	}
	return all
}

func testLeads(t *testing.T, s *Store) {
	b, other := makeBook(t, s, "people"), makeBook(t, s, "others")
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	expo := must(s.SaveOccasion(ctx, Occasion{BookID: b.ID, Kind: KindEvent, Name: "Expo"}))(t)
	lead := func(book int64, email string, occasion int64) Lead {
		return Lead{BookID: book, Occasion: occasion, Values: map[string]string{"email": email}, Came: CameByForm, Note: "a\x00b", At: at}
	}
	noError(t, s.AddLeads(ctx, []Lead{lead(b.ID, "ada@example.com", expo.ID), lead(b.ID, "bob\x00@example.com", 0), lead(other.ID, "eve@example.com", 0)}))
	waiting := must(s.Leads(ctx, b.ID, LeadNew, 0, 0, 10))(t)
	if len(waiting) != 2 {
		t.Fatalf("leads of a book: got %v, want 2", waiting)
	}
	ada := waiting[1]
	if want := lead(b.ID, "ada@example.com", expo.ID); !maps.Equal(ada.Values, want.Values) || ada.Came != CameByForm || ada.Note != "a\uFFFDb" || !ada.At.Equal(at) || ada.State != LeadNew || ada.Occasion != expo.ID {
		t.Errorf("a lead: got %+v, want %+v", ada, want)
	}
	same(t, "the latest first, before one", ids(must(s.Leads(ctx, b.ID, LeadNew, 0, waiting[0].ID, 10))(t)), []int64{ada.ID})
	same(t, "those of an event", ids(must(s.Leads(ctx, b.ID, LeadNew, expo.ID, 0, 10))(t)), []int64{ada.ID})
	same(t, "by ID, of this book only", ids(must(s.LeadsByID(ctx, b.ID, []int64{3, 2, 1, 99}))(t)), []int64{ada.ID, waiting[0].ID})
	if got, want := must(s.WaitingLeads(ctx))(t), (map[int64]int64{b.ID: 2, other.ID: 1}); !maps.Equal(got, want) {
		t.Errorf("who waits: got %v, want %v", got, want)
	}

	corrected := ada
	corrected.Values, corrected.Occasion = map[string]string{"email": "ada@example.org", "note": ""}, 0
	noError(t, s.CorrectLead(ctx, corrected))
	if err := s.CorrectLead(ctx, corrected); !errors.Is(err, ErrNotFound) {
		t.Errorf("corrected by somebody else meanwhile: got %v, want ErrNotFound", err)
	}
	ada = must(s.LeadsByID(ctx, b.ID, []int64{ada.ID}))(t)[0]
	if !maps.Equal(ada.Values, corrected.Values) || ada.Version != 2 {
		t.Errorf("a corrected lead: got %+v", ada)
	}
	taken := ada
	taken.State, taken.Ref, taken.Run, taken.By, taken.Settled = LeadTaken, Ref(b.ID, 7), 5, "user:1", at
	noError(t, s.SettleLeads(ctx, []Lead{taken}))
	if err := s.CorrectLead(ctx, ada); !errors.Is(err, ErrNotFound) {
		t.Errorf("corrected after it was taken: got %v, want ErrNotFound", err)
	}
	got := must(s.Leads(ctx, b.ID, LeadTaken, 0, 0, 10))(t)
	if len(got) != 1 || got[0].Ref != taken.Ref || got[0].Run != 5 || got[0].By != "user:1" || !got[0].Settled.Equal(at) {
		t.Errorf("what was taken: got %+v, want %+v", got, taken)
	}
	noError(t, s.PruneLeads(ctx, at))
	equal(t, "what was settled not before the time", len(must(s.Leads(ctx, b.ID, LeadTaken, 0, 0, 10))(t)), 1)
	noError(t, s.PruneLeads(ctx, at.Add(time.Hour)))
	equal(t, "what was settled before it", len(must(s.Leads(ctx, b.ID, LeadTaken, 0, 0, 10))(t)), 0)

	done := must(s.Erase(ctx, Erasure{Book: b, Now: at, Keys: []Key{{Rule: plan.NumberOf(plan.ByEmail), Hash: 1}}, Mentions: func(text string) bool { return text == "eve@example.com" }}))(t)
	equal(t, "leads of somebody who was erased, in any book", done.Leads, 1)
	equal(t, "leads of others", len(must(s.EveryLead(ctx))(t)), 1)
	noError(t, s.DeleteBook(ctx, b.ID))
	equal(t, "leads of a book that is gone", len(must(s.EveryLead(ctx))(t)), 0)
}

func testForms(t *testing.T, s *Store) {
	b := makeBook(t, s, "people")
	expo := must(s.SaveOccasion(ctx, Occasion{BookID: b.ID, Kind: KindEvent, Name: "Expo"}))(t)
	f := must(s.AddForm(ctx, CaptureForm{BookID: b.ID, Occasion: expo.ID, Hash: "h1", Title: "Visit us", Fields: []string{"email", "first_name"}, Required: []string{"email"}, Created: time.UnixMilli(1000)}))(t)
	got := must(s.FormByHash(ctx, "h1"))(t)
	same(t, "its fields", got.Fields, f.Fields)
	same(t, "its required fields", got.Required, f.Required)
	equal(t, "its title", got.Title, "Visit us")
	for what, try := range map[string]func() error{
		"another secret":             func() error { _, err := s.FormByHash(ctx, "h2"); return err },
		"closed in another book":     func() error { return s.CloseForm(ctx, b.ID+1, f.ID, true) },
		"a form that is not there":   func() error { return s.DeleteForm(ctx, b.ID, 99) },
		"deleted by another book's":  func() error { return s.DeleteForm(ctx, b.ID+1, f.ID) },
		"closed that is not there":   func() error { return s.CloseForm(ctx, b.ID, 99, true) },
		"a secret of which a part":   func() error { _, err := s.FormByHash(ctx, "h"); return err },
		"a secret with wild letters": func() error { _, err := s.FormByHash(ctx, "%"); return err },
	} {
		if err := try(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", what, err)
		}
	}
	for i, want := range []error{nil, nil, ErrFormFull, ErrFormFull} {
		if err := s.CountForm(ctx, f.ID, "2026-11-22", 2); !errors.Is(err, want) {
			t.Errorf("number %d of a day: got %v, want %v", i+1, err, want)
		}
	}
	noError(t, s.CountForm(ctx, f.ID, "2026-11-23", 2))
	noError(t, s.CloseForm(ctx, b.ID, f.ID, true))
	equal(t, "a closed form", must(s.Forms(ctx, b.ID))(t)[0].Closed, true)
	noError(t, s.DeleteOccasion(ctx, expo.ID))
	equal(t, "the event of a form that is gone", must(s.Forms(ctx, b.ID))(t)[0].Occasion, 0)
	noError(t, s.DeleteForm(ctx, b.ID, f.ID))
	equal(t, "forms when it is deleted", len(must(s.Forms(ctx, b.ID))(t)), 0)
}
