package service

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
)

// An OccasionState is an event or a meeting with what belongs to it.
type OccasionState struct {
	desk.OccasionReport
	Book      BookName              `json:"book"`
	EventName string                `json:"event_name,omitempty"` // of the event that a meeting belongs to
	Syncs     []desk.OccasionSync   `json:"syncs"`                // that tell another system of its people
	Meetings  []desk.OccasionReport `json:"meetings,omitempty"`   // of an event
}

// Occasions are a book's events or meetings, the latest first.
func (s *Service) Occasions(ctx context.Context, book int64, kind string) ([]desk.OccasionReport, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return nil, err
	}
	return desk.Occasions(ctx, s.Workspace, b, kind)
}

// A BookOccasion is an event or a meeting among those of all books.
type BookOccasion struct {
	desk.OccasionReport
	Book      BookName `json:"book"`
	EventName string   `json:"event_name,omitempty"`
}

// AllOccasions are the events or meetings of all books, the latest first.
func (s *Service) AllOccasions(ctx context.Context, kind string) (all []BookOccasion, err error) {
	books, err := desk.PeopleBooks(ctx, s.Workspace)
	if err != nil {
		return nil, err
	}
	for _, b := range books {
		found, err := desk.Occasions(ctx, s.Workspace, b, kind)
		if err != nil {
			return nil, err
		}
		events := map[int64]string{}
		if kind == store.KindMeeting && len(found) > 0 {
			if events, err = s.eventNames(ctx, b); err != nil {
				return nil, err
			}
		}
		for _, o := range found {
			all = append(all, BookOccasion{o, BookName{ID: b.ID, Name: b.Name}, events[o.Event]})
		}
	}
	slices.SortStableFunc(all, func(x, y BookOccasion) int { return begins(y).Compare(begins(x)) })
	return all, nil
}

func begins(o BookOccasion) (t time.Time) {
	if o.Starts != nil {
		t = *o.Starts
	}
	return t
}

func (s *Service) eventNames(ctx context.Context, b store.Book) (map[int64]string, error) {
	events, err := s.Workspace.Store.Occasions(ctx, b.ID, store.KindEvent)
	names := map[int64]string{}
	for _, e := range events {
		names[e.ID] = e.Name
	}
	return names, err
}

// PeopleBooks are the books that people may keep events of: all but those that Kith
// fills itself with what it sends.
func (s *Service) PeopleBooks(ctx context.Context) (books []BookName, err error) {
	all, err := desk.PeopleBooks(ctx, s.Workspace)
	for _, b := range all {
		books = append(books, BookName{ID: b.ID, Name: b.Name})
	}
	return books, err
}

// occasionOf finds an event or a meeting with its book.
func (s *Service) occasionOf(ctx context.Context, book int64, kind string, id int64) (store.Book, store.Occasion, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return b, store.Occasion{}, err
	}
	o, err := desk.OccasionOf(ctx, s.Workspace, b, kind, id)
	return b, o, err
}

// Occasion is one event or meeting.
func (s *Service) Occasion(ctx context.Context, book int64, kind string, id int64) (OccasionState, error) {
	b, o, err := s.occasionOf(ctx, book, kind, id)
	if err != nil {
		return OccasionState{}, err
	}
	return s.occasionState(ctx, b, o)
}

func (s *Service) occasionState(ctx context.Context, b store.Book, o store.Occasion) (st OccasionState, err error) {
	st.Book = BookName{ID: b.ID, Name: b.Name}
	if st.OccasionReport, err = desk.ReportOccasion(ctx, s.Workspace, o); err != nil {
		return st, err
	}
	if st.Syncs, err = desk.OccasionSyncs(ctx, s.Workspace, b, o); err != nil {
		return st, err
	}
	if o.PartOf != 0 {
		e, err := desk.OccasionOf(ctx, s.Workspace, b, store.KindEvent, o.PartOf)
		if err != nil {
			return st, err
		}
		st.EventName = e.Name
	}
	if o.Kind == store.KindMeeting {
		return st, nil
	}
	meetings, err := desk.Occasions(ctx, s.Workspace, b, store.KindMeeting)
	st.Meetings = slices.DeleteFunc(meetings, func(m desk.OccasionReport) bool { return m.Event != o.ID })
	return st, err
}

// SaveOccasion adds an event or a meeting (id 0), or changes one.
func (s *Service) SaveOccasion(ctx context.Context, book int64, kind string, id int64, c desk.OccasionChange) (OccasionState, error) {
	b, err := s.BookOf(ctx, book)
	if err != nil {
		return OccasionState{}, err
	}
	o, err := desk.SaveOccasion(ctx, s.Workspace, b, kind, id, c)
	if err != nil {
		return OccasionState{}, err
	}
	return s.occasionState(ctx, b, o)
}

// DeleteOccasion deletes an event or a meeting. Its people stay contacts, and the
// meetings of an event stay.
func (s *Service) DeleteOccasion(ctx context.Context, book int64, kind string, id int64) error {
	_, o, err := s.occasionOf(ctx, book, kind, id)
	if err != nil {
		return err
	}
	return s.Workspace.Store.DeleteOccasion(ctx, o.ID)
}

// Attend has people take part in an event or a meeting.
func (s *Service) Attend(ctx context.Context, book int64, kind string, id int64, a desk.Attending) (desk.AttendReport, error) {
	b, o, err := s.occasionOf(ctx, book, kind, id)
	if err != nil {
		return desk.AttendReport{}, err
	}
	return desk.AttendAll(ctx, s.Workspace, b, o, a)
}

// Leave takes people out of an event or a meeting, and counts them.
func (s *Service) Leave(ctx context.Context, book int64, kind string, id int64, who []string) (int, error) {
	b, o, err := s.occasionOf(ctx, book, kind, id)
	if err != nil {
		return 0, err
	}
	return desk.LeaveAll(ctx, s.Workspace, b, o, who)
}

// ConnectCampaign connects an event with a campaign, named by its id or its whole name;
// with no connection it is connected with none.
func (s *Service) ConnectCampaign(ctx context.Context, book, id int64, connection, campaign string) (OccasionState, error) {
	b, o, err := s.occasionOf(ctx, book, store.KindEvent, id)
	if err != nil {
		return OccasionState{}, err
	}
	if o, err = desk.ConnectCampaign(ctx, s.Workspace, o, connection, campaign); err != nil {
		return OccasionState{}, err
	}
	return s.occasionState(ctx, b, o)
}

// CampaignConnections are the connections that have campaigns.
func (s *Service) CampaignConnections(ctx context.Context) (names []string, err error) {
	all, err := desk.ConnectionsChoosing(ctx, s.Workspace, "Campaign")
	for _, c := range all {
		names = append(names, c.Name)
	}
	return names, err
}

// Choices are records of an object of a connection that people choose by name.
func (s *Service) Choices(ctx context.Context, connection, object, text string) ([]desk.NamedRecord, error) {
	return desk.NamedRecords(ctx, s.Workspace, connection, object, text)
}

// A Participation is what a contact takes part in.
type Participation struct {
	desk.OccasionReport
	Status string     `json:"status,omitempty"` // of the contact
	Added  *time.Time `json:"added,omitempty"`
}

// takesPart are the events and meetings that a contact takes part in, the latest first.
func (s *Service) takesPart(ctx context.Context, ref int64) ([]Participation, error) {
	joined, err := s.Workspace.Store.AttendancesOf(ctx, []int64{ref})
	all := []Participation{}
	for _, a := range joined {
		o, err := s.Workspace.Store.Occasion(ctx, a.Occasion)
		if err != nil {
			return nil, err
		}
		r, err := desk.ReportOccasion(ctx, s.Workspace, o)
		if err != nil {
			return nil, err
		}
		all = append(all, Participation{r, a.Status, desk.Moment(a.Added)})
	}
	slices.SortStableFunc(all, func(x, y Participation) int {
		return begins(BookOccasion{OccasionReport: y.OccasionReport}).Compare(begins(BookOccasion{OccasionReport: x.OccasionReport}))
	})
	return all, err
}

// MemberSync is the sync that would send the people of a book's events to the
// campaigns of a connection, or its meetings there, as a sync file (E5, E1).
func (s *Service) MemberSync(book, kind, connection string) (name, text string, err error) {
	name, from, to := book+" campaign members", plan.CampaignMembers, "CampaignMember"
	if kind == store.KindMeeting {
		name, from, to = book+" meetings", plan.Meetings, "Event"
	}
	// What is JSON is YAML, whatever a name has in it.
	ends, err := json.Marshal(map[string]any{"apiVersion": "kith/v1", "kind": "Sync", "name": name, "preset": "eventgeek",
		"source": map[string]string{"book": book, "object": from}, "target": map[string]string{"connection": connection, "object": to}})
	if err != nil {
		return name, "", err
	}
	docs, err := syncfile.Read("", ends)
	if err != nil {
		return name, "", err
	}
	out, err := docs[0].Marshal()
	return name, string(out), err
}

// MakeMemberSync keeps that sync for the connection whose campaign an event is
// connected with, and returns its name.
func (s *Service) MakeMemberSync(ctx context.Context, book, id int64) (string, error) {
	b, o, err := s.occasionOf(ctx, book, store.KindEvent, id)
	if err != nil {
		return "", err
	}
	if o.Connection == "" {
		return "", &run.Error{Code: desk.CodeUsage, Message: "The event is connected with no campaign. Nothing was made"}
	}
	name, text, err := s.MemberSync(b.Name, o.Kind, o.Connection)
	if err != nil {
		return "", err
	}
	switch _, err := s.Workspace.Store.Sync(ctx, name); {
	case err == nil:
		return "", &run.Error{Code: desk.CodeUsage, Message: "There is a sync " + name + " already. Nothing was made. Change it, or make this one under another name"}
	case !errors.Is(err, store.ErrNotFound):
		return "", err
	}
	_, err = s.SaveDefinition(ctx, name, []byte(text))
	return name, err
}
