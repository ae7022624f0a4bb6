package service

import (
	"context"
	"slices"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

// An Attendee is somebody who takes part, with who they are at other systems and how
// far that is in step (E15).
type Attendee struct {
	Contact int64         `json:"contact"`
	Name    string        `json:"name"`
	Status  string        `json:"status,omitempty"`
	Added   *time.Time    `json:"added,omitempty"`
	Trashed bool          `json:"trashed,omitempty"`
	Into    int64         `json:"merged_into,omitempty"` // the contact that they became part of
	Links   []ContactLink `json:"links"`
	Waiting *Waiting      `json:"waiting,omitempty"`                  // why they are not in step with a connection
	Member  string        `json:"member,omitempty" enum:"there,gone"` // of the event's campaign: whether they are in it

	Company string              `json:"company,omitempty"`
	Account *desk.AccountReport `json:"account,omitempty"` // that the company is linked with (E18)
}

// Waiting says why a contact did not get through to a connection (E24).
type Waiting = desk.Waiting

// An AttendeeList is a stretch of those who take part.
type AttendeeList struct {
	Attendees []Attendee `json:"items"`
	Next      int64      `json:"next,omitempty"` // where the next stretch begins; 0: this was the last
}

// Attendees are those who take part in an event or a meeting, in order of their IDs,
// from a position on.
func (s *Service) Attendees(ctx context.Context, book int64, kind string, id, after int64, limit int) (AttendeeList, error) {
	list := AttendeeList{Attendees: []Attendee{}}
	b, o, err := s.occasionOf(ctx, book, kind, id)
	if err != nil {
		return list, err
	}
	joined, err := s.Workspace.Store.Attendances(ctx, o.ID)
	if err != nil {
		return list, err
	}
	joined = slices.DeleteFunc(joined, func(a store.Attendance) bool { return store.Number(a.Ref) <= after })
	if limit > 0 && len(joined) > limit {
		joined = joined[:limit]
		list.Next = store.Number(joined[limit-1].Ref)
	}
	members, err := desk.Members(ctx, s.Workspace, b, o)
	if err != nil {
		return list, err
	}
	merged, err := s.Workspace.Store.Merged(ctx, b)
	if err != nil {
		return list, err
	}
	reports, err := desk.ReportAttendees(ctx, s.Workspace, b, joined)
	for _, r := range reports {
		ref := store.Ref(b.ID, r.Contact)
		a := Attendee{Contact: r.Contact, Name: r.Name, Status: r.Status, Added: r.Added, Trashed: r.Trashed, Into: store.Number(merged[ref]), Member: members[r.Contact],
			Links: r.Links, Waiting: r.Waiting, Company: r.Company, Account: r.Account}
		list.Attendees = append(list.Attendees, a)
	}
	return list, err
}
