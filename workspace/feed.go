package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/salesforce"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A book has more than contacts: who of them belongs in which campaign, and whom
// they meet. A linked sync names these as an object of the book and sends them like
// contacts, with plan, links and undo. What it sends stands in a book of its own,
// which is brought up to date before every plan by a sync of Kith's own, the feed.
const (
	CampaignMembers = plan.CampaignMembers
	Meetings        = plan.Meetings
)

// FeedName is what the feed of an object of a book for a connection is called, and
// the book that it fills.
func FeedName(book, object, connection string) string {
	words := map[string]string{CampaignMembers: "campaign members", Meetings: "meetings"}
	return fmt.Sprintf("%s: %s at %s", book, words[object], connection)
}

// IsFeed reports whether a sync is a feed, which nobody has made.
func IsFeed(s store.Sync) bool {
	return s.Definition.Source.Object != "" && s.Definition.Source.Book != "" && s.Definition.Target.Book != ""
}

// fed is a linked sync as its engine takes it: where it names an object of a book, it
// reads the book that the feed fills.
func (w *Workspace) fed(s store.Sync) store.Sync {
	if e := s.Definition.Source; e.Book != "" && e.Object != "" {
		s.Definition.Source = plan.Endpoint{Book: FeedName(e.Book, e.Object, s.Definition.Target.Connection)}
	}
	return s
}

// feed brings the book up to date that a sync reads instead of an object of another.
func (w *Workspace) feed(ctx context.Context, s store.Sync) error {
	from := s.Definition.Source
	if from.Book == "" || from.Object == "" {
		return nil
	}
	key := feedSchema(from.Object).Key
	if key == "" {
		return &run.Error{Code: run.CodeConfig, Message: fmt.Sprintf("An address book has no object %q. It has %s and %s", from.Object, CampaignMembers, Meetings)}
	}
	name := FeedName(from.Book, from.Object, s.Definition.Target.Connection)
	yes := true
	def := plan.Sync{Name: name, Source: plan.Endpoint{Book: from.Book, Object: from.Object, Connection: s.Definition.Target.Connection}, Target: plan.Endpoint{Book: name, Key: key},
		Match: []plan.Rule{plan.ByKey}, Guard: plan.Guard{Deletes: plan.Percent(100)},
		Policy: plan.Policy{Create: &yes, Update: plan.WriteAlways, Delete: plan.Delete{NotFound: plan.Trash}}}
	for _, f := range feedSchema(from.Object).Fields {
		def.Map = append(def.Map, plan.Mapping{From: f.Name, To: f.Name, As: string(f.Kind), MayClear: true})
	}
	if err := w.mayFeed(ctx, name); err != nil {
		return err
	}
	if _, err := w.Store.Book(ctx, name); errors.Is(err, store.ErrNotFound) { // a run that finds nobody makes none
		_, err = w.Store.CreateBook(ctx, store.Book{Name: name, KeyField: key, Fields: feedSchema(from.Object).Fields})
		if err != nil {
			return err
		}
	}
	feed, err := w.Store.SaveSync(ctx, def.Defaults(), "")
	if err != nil {
		return err
	}
	r, err := w.Engine.Plan(ctx, feed)
	if err != nil || r.Status != store.Planned {
		return err
	}
	_, err = w.Engine.Apply(ctx, feed, r)
	return err
}

// mayFeed refuses to take over a sync or a book of the feed's name that somebody has made.
func (w *Workspace) mayFeed(ctx context.Context, name string) error {
	s, err := w.Store.Sync(ctx, name)
	if err == nil && IsFeed(s) {
		return nil
	}
	none := errors.Is(err, store.ErrNotFound)
	if err != nil && !none {
		return err
	}
	_, err = w.Store.Book(ctx, name)
	if none && errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return &run.Error{Code: run.CodeConfig, Message: fmt.Sprintf("The name %q is needed for what this sync sends, and a sync or an address book has it. Nothing was changed. Give that another name", name)}
}

// feedSchema are the fields of an object of a book; none where there is no such object.
func feedSchema(object string) contact.Schema {
	text := func(names ...string) (fields []contact.Field) {
		for _, n := range names {
			fields = append(fields, contact.Field{Name: n, Kind: contact.Text})
		}
		return fields
	}
	switch object {
	case CampaignMembers:
		return contact.Schema{Key: "member", Fields: text("member", "campaign", "campaign_name", "person", "status", "event", "contact")}
	case Meetings:
		return contact.Schema{Key: "meeting", Fields: text("meeting", "subject", "starts", "ends", "place", "note", "person", "contact")}
	}
	return contact.Schema{}
}

// feedSource reads an object of a book.
type feedSource struct {
	*Workspace
	book       string
	object     string
	connection string
}

// EmptyIsComplete: it is read from the store, whole or not at all.
func (f *feedSource) EmptyIsComplete() {}

func (f *feedSource) Name() string { return FeedName(f.book, f.object, f.connection) }

// Records yields them in order of the occasions and of the contacts. Somebody who has
// no record at the connection yet belongs in no campaign there: the sync that sends
// people says why they wait.
func (f *feedSource) Records(ctx context.Context) (contact.Schema, iter.Seq2[contact.Record, error]) {
	schema := feedSchema(f.object)
	return schema, func(yield func(contact.Record, error) bool) {
		records, err := f.read(ctx)
		if err != nil {
			yield(contact.Record{}, err)
			return
		}
		for _, values := range records {
			r := contact.Record{ID: values[schema.Key], Values: make([]string, len(schema.Fields))}
			for i, field := range schema.Fields {
				r.Values[i] = values[field.Name]
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (f *feedSource) read(ctx context.Context) ([]map[string]string, error) {
	b, err := f.Store.Book(ctx, f.book)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	kind := map[string]string{CampaignMembers: store.KindEvent, Meetings: store.KindMeeting}[f.object]
	occasions, err := f.Store.Occasions(ctx, b.ID, kind)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(occasions, func(x, y store.Occasion) int { return cmp.Compare(x.ID, y.ID) })
	merged, err := f.Store.Merged(ctx, b)
	if err != nil {
		return nil, err
	}
	var all []map[string]string
	for _, o := range occasions {
		if kind == store.KindEvent && (o.Connection != f.connection || o.Campaign == "") {
			continue
		}
		there, err := f.attending(ctx, b, o, merged)
		if err != nil {
			return nil, err
		}
		all = append(all, there...)
	}
	return all, nil
}

// attending are the records of one occasion, one for each contact who takes part and
// is in the book; who was merged takes part as whom they have become.
func (f *feedSource) attending(ctx context.Context, b store.Book, o store.Occasion, merged map[int64]int64) (all []map[string]string, err error) {
	joined, err := f.Store.Attendances(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	status := map[int64]string{}
	var refs []int64
	for _, a := range joined {
		for into := merged[a.Ref]; into != 0; into = merged[a.Ref] {
			a.Ref = into
		}
		if had, met := status[a.Ref]; !met || had == "" {
			status[a.Ref] = a.Status
		}
		refs = append(refs, a.Ref)
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)
	people, err := f.personIDs(ctx, b.ID, refs)
	if err != nil {
		return nil, err
	}
	for c, err := range f.Store.ContactsByRef(ctx, b, refs) {
		if err != nil {
			return nil, err
		}
		person, number := people[c.Ref], strconv.FormatInt(store.Number(c.Ref), 10)
		switch {
		case o.Kind == store.KindMeeting:
			all = append(all, map[string]string{"meeting": strconv.FormatInt(o.ID, 10) + "-" + number, "subject": o.Name, "starts": instant(o.Starts),
				"ends": instant(o.Ends), "place": o.Place, "note": o.Note, "person": person, "contact": number})
		case person != "":
			all = append(all, map[string]string{"member": o.Campaign + "/" + person, "campaign": o.Campaign, "campaign_name": o.CampaignName,
				"person": person, "status": status[c.Ref], "event": o.Name, "contact": number})
		}
	}
	return all, nil
}

// personIDs are the ids that contacts have at the connection, by handle. Whoever is
// linked to records of several objects there is the one that was made last: a lead
// becomes a contact, not the reverse.
func (f *feedSource) personIDs(ctx context.Context, book int64, refs []int64) (map[int64]string, error) {
	ids := map[int64]string{}
	c, err := f.Store.Connection(ctx, f.connection)
	if err != nil {
		return nil, err
	}
	pairs, err := f.Store.PairsOf(ctx, book)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if p.ConnectionID != c.ID || !slices.Contains([]string{salesforce.Person, "Lead", "Contact"}, p.Object) {
			continue
		}
		linked, err := f.Store.MirrorByRef(ctx, p.ID, refs)
		if err != nil {
			return nil, err
		}
		for _, m := range linked {
			if m.State == store.There {
				ids[m.Ref] = m.RemoteID
			}
		}
	}
	return ids, nil
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

var _ connector.Source = (*feedSource)(nil)
