package desk

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// OccasionNamed finds an event or a meeting of a book by its ID, or by its whole name
// where only one has it.
func OccasionNamed(ctx context.Context, w *workspace.Workspace, b store.Book, kind, who string) (store.Occasion, error) {
	all, err := w.Store.Occasions(ctx, b.ID, kind)
	if err != nil {
		return store.Occasion{}, err
	}
	var found []store.Occasion
	var names, ids []string
	for _, o := range all {
		if strconv.FormatInt(o.ID, 10) == who {
			return o, nil
		}
		names = append(names, o.Name)
		if strings.EqualFold(o.Name, strings.TrimSpace(who)) {
			found, ids = append(found, o), append(ids, strconv.FormatInt(o.ID, 10))
		}
	}
	switch len(found) {
	case 0:
		return store.Occasion{}, Absent(kind, who, names, "kith "+kind+"s list --book "+Quoted(b.Name))
	case 1:
		return found[0], nil
	}
	return store.Occasion{}, usage("Several %ss are called %q: %s. Name one by its ID", kind, who, strings.Join(ids, ", "))
}

// An OccasionSync is a sync that tells another system of a book's events or meetings.
type OccasionSync struct {
	Sync       string `json:"sync"`
	Connection string `json:"connection"`
}

// OccasionSyncs are the syncs that tell of an occasion: of an event those with the
// connection whose campaign it is connected with.
func OccasionSyncs(ctx context.Context, w *workspace.Workspace, b store.Book, o store.Occasion) (found []OccasionSync, err error) {
	syncs, err := w.Store.Syncs(ctx)
	for _, s := range syncs {
		connection, ok := IsOccasionSync(s.Definition, b.Name, o.Kind)
		if ok && (o.Kind == store.KindMeeting || o.Connection == connection) {
			found = append(found, OccasionSync{s.Name, connection})
		}
	}
	return Spelled(found), err
}

// Members says of the contacts of an event, by their IDs, which of them are members of
// its campaign, or were taken out of it there.
func Members(ctx context.Context, w *workspace.Workspace, b store.Book, o store.Occasion) (map[int64]string, error) {
	if o.Connection == "" || o.Campaign == "" {
		return nil, nil
	}
	fed, err := w.Store.Book(ctx, workspace.FeedName(b.Name, workspace.CampaignMembers, o.Connection))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // nothing was ever sent
	}
	if err != nil {
		return nil, err
	}
	links, err := w.Store.BookLinks(ctx, fed.ID)
	if err != nil || len(links) == 0 {
		return nil, err
	}
	states := map[int64]string{}
	for _, l := range links {
		states[l.Ref] = linkState(l.State)
	}
	who, campaign := fed.Schema().Index("contact"), fed.Schema().Index("campaign")
	members := map[int64]string{}
	for c, err := range w.Store.Contacts(ctx, fed, 0) {
		if err != nil {
			return nil, err
		}
		id, _ := strconv.ParseInt(c.Values[who], 10, 64) // our own writing
		if state := states[c.Ref]; state != "" && c.Values[campaign] == o.Campaign {
			members[id] = state
		}
	}
	return members, nil
}

// A NamedRecord is a record of another system that people choose by its name.
type NamedRecord struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"` // what tells it from others of that name
}

// NamedRecords are the records of an object of a connection whose name has a text in
// it, as Choices finds them.
func NamedRecords(ctx context.Context, w *workspace.Workspace, connection, object, text string) ([]NamedRecord, error) {
	found, err := Choices(ctx, w, connection, object, strings.TrimSpace(text))
	all := make([]NamedRecord, len(found))
	for i, c := range found {
		all[i] = NamedRecord(c)
	}
	return all, err
}
