package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/plan"
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
type Waiting struct {
	Run     int64       `json:"run"`
	Reason  plan.Reason `json:"reason"`
	Missing []string    `json:"missing,omitempty"` // fields without a value
}

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
			Company: r.Company, Account: r.Account}
		if a.Links, err = s.links(ctx, b, ref); err != nil {
			return list, err
		}
		if a.Waiting, err = s.unlinked(ctx, ref, a.Trashed, a.Links); err != nil {
			return list, err
		}
		list.Attendees = append(list.Attendees, a)
	}
	return list, err
}

// unlinked says why a live contact has no record at any connection; nil where it has
// one, or no sync has looked at it.
func (s *Service) unlinked(ctx context.Context, ref int64, trashed bool, links []ContactLink) (*Waiting, error) {
	if trashed || slices.ContainsFunc(links, func(l ContactLink) bool { return !l.Gone }) {
		return nil, nil
	}
	return s.waiting(ctx, ref)
}

// waiting says why a contact did not get through to a connection the last time that a
// sync looked at it there; nil where none did.
func (s *Service) waiting(ctx context.Context, ref int64) (*Waiting, error) {
	var latest *Waiting
	linked := map[int64]bool{}
	for c, err := range s.Workspace.Store.ChangesOf(ctx, ref) {
		if err != nil {
			return nil, err
		}
		if _, known := linked[c.Run]; !known {
			r, err := s.Workspace.Store.Run(ctx, c.Run)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			linked[c.Run] = r.Linked
		}
		if !linked[c.Run] {
			continue
		}
		latest = nil
		if c.Reason != "" && c.Action != plan.Unchanged && c.Action != plan.NoAction {
			latest = &Waiting{Run: c.Run, Reason: c.Reason, Missing: c.Detail.Missing}
		}
	}
	return latest, nil
}

// Fields names what is missing, for people.
func (w Waiting) Fields() string { return strings.Join(w.Missing, ", ") }
