package desk

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// An OccasionReport is an event or a meeting (E1, E4).
type OccasionReport struct {
	ID           int64      `json:"id"`
	Kind         string     `json:"kind" enum:"event,meeting"`
	Name         string     `json:"name"`
	Starts       *time.Time `json:"starts,omitempty"`
	Ends         *time.Time `json:"ends,omitempty"`
	Place        string     `json:"place,omitempty"`
	Note         string     `json:"note,omitempty"`
	Event        int64      `json:"event,omitempty"` // that a meeting belongs to
	Connection   string     `json:"connection,omitempty"`
	Campaign     string     `json:"campaign,omitempty"`
	CampaignName string     `json:"campaign_name,omitempty"`
	People       int        `json:"people"`
}

// An OccasionChange says what becomes of an event or a meeting; nil leaves it as it is.
type OccasionChange struct {
	Name   *string `json:"name,omitempty"`
	Starts *string `json:"starts,omitempty" doc:"a day (2026-11-22), a minute of UTC (2026-11-22 14:30), or RFC 3339; empty: not said"`
	Ends   *string `json:"ends,omitempty"`
	Place  *string `json:"place,omitempty"`
	Note   *string `json:"note,omitempty"`
	Event  *int64  `json:"event,omitempty" doc:"of a meeting: the event that it belongs to, 0 for none"`
}

// An AttendeeReport is somebody who takes part, and who they are at the other system
// (E14, E15).
type AttendeeReport struct {
	Contact int64         `json:"contact"`
	Name    string        `json:"name"`
	Status  string        `json:"status,omitempty"`
	Added   *time.Time    `json:"added,omitempty"`
	Trashed bool          `json:"trashed,omitempty"`
	Links   []ContactLink `json:"links"`
	Waiting *Waiting      `json:"waiting,omitempty"` // why they are not in step with a connection

	Company string         `json:"company,omitempty"`
	Account *AccountReport `json:"account,omitempty"` // that the company is linked with (E18)
}

// Occasions lists a book's events or meetings, the latest first.
func Occasions(ctx context.Context, w *workspace.Workspace, b store.Book, kind string) ([]OccasionReport, error) {
	all, err := w.Store.Occasions(ctx, b.ID, kind)
	if err != nil {
		return nil, err
	}
	reports := make([]OccasionReport, len(all))
	for i, o := range all {
		if reports[i], err = ReportOccasion(ctx, w, o); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// ReportOccasion says what an occasion is, and how many take part.
func ReportOccasion(ctx context.Context, w *workspace.Workspace, o store.Occasion) (OccasionReport, error) {
	joined, err := w.Store.Attendances(ctx, o.ID)
	return OccasionReport{ID: o.ID, Kind: o.Kind, Name: o.Name, Starts: Moment(o.Starts), Ends: Moment(o.Ends), Place: o.Place, Note: o.Note,
		Event: o.PartOf, Connection: o.Connection, Campaign: o.Campaign, CampaignName: o.CampaignName, People: len(joined)}, err
}

// OccasionOf finds an event or a meeting of a book.
func OccasionOf(ctx context.Context, w *workspace.Workspace, b store.Book, kind string, id int64) (store.Occasion, error) {
	o, err := w.Store.Occasion(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (o.Kind != kind || o.BookID != b.ID) {
		return o, refuse("not_found", "There is no %s %d in %s. kith %ss list --book %s shows what there is", kind, id, b.Name, kind, Quoted(b.Name))
	}
	return o, err
}

// SaveOccasion makes an event or a meeting (ID 0), or changes one.
func SaveOccasion(ctx context.Context, w *workspace.Workspace, b store.Book, kind string, id int64, c OccasionChange) (store.Occasion, error) {
	o := store.Occasion{BookID: b.ID, Kind: kind}
	var err error
	if id != 0 {
		if o, err = OccasionOf(ctx, w, b, kind, id); err != nil {
			return o, err
		}
	}
	for _, text := range []struct {
		said *string
		to   *string
	}{{c.Name, &o.Name}, {c.Place, &o.Place}, {c.Note, &o.Note}} {
		if text.said != nil {
			*text.to = strings.TrimSpace(*text.said)
		}
	}
	for _, when := range []struct {
		said *string
		to   *time.Time
	}{{c.Starts, &o.Starts}, {c.Ends, &o.Ends}} {
		if when.said == nil {
			continue
		}
		if *when.to, err = parseMoment(*when.said); err != nil {
			return o, err
		}
	}
	if c.Event != nil {
		o.PartOf = *c.Event
	}
	if err := checkOccasion(ctx, w, b, o); err != nil {
		return o, err
	}
	return w.Store.SaveOccasion(ctx, o)
}

func checkOccasion(ctx context.Context, w *workspace.Workspace, b store.Book, o store.Occasion) error {
	switch {
	case o.Name == "" && o.Kind == store.KindMeeting:
		return usage("A meeting needs a subject. Nothing was changed")
	case o.Name == "":
		return usage("An event needs a name. Nothing was changed")
	case !o.Starts.IsZero() && !o.Ends.IsZero() && o.Ends.Before(o.Starts):
		return usage("The end is before the beginning. Nothing was changed")
	case o.PartOf == 0:
		return nil
	case o.Kind == store.KindEvent:
		return usage("An event does not belong to another. Nothing was changed")
	}
	_, err := OccasionOf(ctx, w, b, store.KindEvent, o.PartOf)
	return err
}

// parseMoment reads a day, a minute or an instant.
func parseMoment(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usage("%q is no time. Write a day as 2026-11-22, a minute (of UTC) as 2026-11-22 14:30, or 2026-11-22T14:30:00+01:00. Nothing was changed", text)
}

// ConnectCampaign connects an event with a campaign of a connection, named by its id
// or by its whole name (E21); with no connection it is connected with none.
func ConnectCampaign(ctx context.Context, w *workspace.Workspace, o store.Occasion, connection, campaign string) (store.Occasion, error) {
	if o.Kind != store.KindEvent {
		return o, usage("A meeting has no campaign; its event has. Nothing was changed")
	}
	o.Connection, o.Campaign, o.CampaignName = connection, "", ""
	if connection == "" {
		return w.Store.SaveOccasion(ctx, o)
	}
	chosen, err := chosenByName(ctx, w, connection, "Campaign", campaign)
	if err != nil {
		return o, err
	}
	o.Campaign, o.CampaignName = chosen.ID, chosen.Name
	return w.Store.SaveOccasion(ctx, o)
}

// Choices lists records of an object at a connection that people choose by name:
// Campaign, Account (E17, E21).
func Choices(ctx context.Context, w *workspace.Workspace, connection, object, text string) ([]connector.Choice, error) {
	c, err := ConnectionNamed(ctx, w, connection)
	if err != nil {
		return nil, err
	}
	remote, err := w.Connect(ctx, c, object)
	if err != nil {
		return nil, err
	}
	catalog, ok := remote.(connector.Catalog)
	if !ok {
		return nil, usage("%s has nothing to choose from by name", connection)
	}
	all, err := catalog.Choices(ctx, object, text)
	if err != nil {
		return nil, unreachable(c, err)
	}
	return all, nil
}

// Attend has contacts take part, with a status where one is said. It tells nobody: the
// next run of the sync of campaign members or of meetings does.
func Attend(ctx context.Context, w *workspace.Workspace, o store.Occasion, people []store.Contact, status string) error {
	now := w.Engine.Now()
	all := make([]store.Attendance, len(people))
	for i, c := range people {
		all[i] = store.Attendance{Occasion: o.ID, Ref: c.Ref, Status: strings.TrimSpace(status), Added: now}
	}
	return w.Store.Attend(ctx, all)
}

// Attendees lists who takes part in an occasion of a book, in order of creation.
func Attendees(ctx context.Context, w *workspace.Workspace, b store.Book, o store.Occasion) ([]AttendeeReport, error) {
	joined, err := w.Store.Attendances(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	return ReportAttendees(ctx, w, b, joined)
}

// ReportAttendees says who some of those are who take part.
func ReportAttendees(ctx context.Context, w *workspace.Workspace, b store.Book, joined []store.Attendance) ([]AttendeeReport, error) {
	var refs []int64
	for _, a := range joined {
		refs = append(refs, a.Ref)
	}
	known, err := AccountsOf(ctx, w, b)
	if err != nil {
		return nil, err
	}
	found, naming, company := map[int64]AttendeeReport{}, Naming(b), b.Schema().Index(CompanyField(b))
	for c, err := range w.Store.ContactsByRef(ctx, b, refs) {
		if err != nil {
			return nil, err
		}
		r := AttendeeReport{Name: NameOf(naming, c.Values)}
		if company >= 0 {
			r.Company = contact.Trim(c.Values[company])
		}
		if r.Account, err = known.Of(ctx, c); err != nil {
			return nil, err
		}
		found[c.Ref] = r
	}
	reports := make([]AttendeeReport, 0, len(joined))
	for _, a := range joined {
		r, alive := found[a.Ref]
		r.Contact, r.Status, r.Added, r.Trashed = store.Number(a.Ref), a.Status, Moment(a.Added), !alive
		if r.Links, r.Waiting, err = InStep(ctx, w, b, a.Ref, r.Trashed); err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// IsOccasionSync reports whether a sync sends what an occasion says of a book's people,
// and by which connection.
func IsOccasionSync(d plan.Sync, book, kind string) (connection string, ok bool) {
	object := map[string]string{store.KindEvent: plan.CampaignMembers, store.KindMeeting: plan.Meetings}[kind]
	return d.Target.Connection, d.Source.Book == book && d.Source.Object == object && d.Target.Connection != ""
}
