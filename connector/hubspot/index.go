package hubspot

import (
	"context"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/kith-sync/kith/connector"
)

// An index is what lets many contacts be written without reading each just before:
// what the search index says has changed since the caller was told everything.
//
// HubSpot takes no conditions, so that a version is compared by looking:
//
//	up to a batch of contacts                            read just before the write
//	changed less than five minutes before the look       read just before the write
//	not changed since the caller's listing, by the index  believed to be as it was
//	changed since, by the index, to this very version     believed to be as it was
//	anything else                                         read just before the write
//
// A listing of changes is a look for ten seconds; after that the index is asked
// once more for each Write.
//
// What stays open. A read leaves about a second, in which somebody may change the
// contact. A look leaves that, ten seconds at most since the look, the time that
// the batches before it take, and whatever the index is late: seconds as a rule,
// and HubSpot promises nothing. Who changes a contact within this window, and not
// in the five minutes before, is not seen: the properties that we write are then
// ours, all others theirs. A caller who goes on with a version older than its own
// listing told is believed.
type index struct {
	since time.Time         // the caller was told every change before; zero: of nothing
	told  time.Time         // when the index was asked last, by HubSpot's clock
	at    time.Time         // and by ours
	by    map[uint64]uint64 // versions of who changed since, both as hashes
}

const (
	// lookAge is how long a look counts.
	lookAge = 10 * time.Second
	// restless is how long a contact is read before each write to it after somebody
	// has changed it: who is at work there may not have finished, and the index may
	// not have all of it.
	restless = overlap
)

// saw notes contacts as the index has them. Ids that were merged away have no
// version any more.
func (k *index) saw(objects []object) {
	for _, o := range objects {
		k.by[sum(o.ID)] = sum(o.changed())
		for _, id := range o.former() {
			k.by[sum(id)] = sum("")
		}
	}
}

func sum(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum64()
}

// vouches reports whether a write's contact is at the write's version.
func (k *index) vouches(w connector.Write) bool {
	at, err := time.Parse(time.RFC3339, w.Version)
	if err != nil || k.since.IsZero() || k.told.Sub(at) < restless {
		return false
	}
	if now, changed := k.by[sum(w.ID)]; changed {
		return now == sum(w.Version)
	}
	return at.Before(k.since)
}

// heard notes that the caller was told every change.
func (c *Contacts) heard(k index) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.index = k
}

// told is what is known, to be added to.
func (c *Contacts) told() index {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.index
	k.by = maps.Clone(k.by)
	return k
}

// look returns what is known, after a look at the index where the last one is too
// old. One that would take more calls than most is given up: then nothing is known.
func (c *Contacts) look(ctx context.Context, most int) (index, error) {
	k := c.told()
	if age := c.clock.Now().Sub(k.at); k.since.IsZero() || age >= 0 && age < lookAge {
		return k, nil
	}
	next, told := step{from: k.told.Add(-overlap)}, time.Time{}
	for n, more := 0, true; more; n++ {
		if n > most { // others change more than we do
			return index{}, nil
		}
		reply, at, err := c.searchChanged(ctx, next, ours[:])
		if err != nil {
			return index{}, err
		}
		if reply.Total > most*searchSize {
			return index{}, nil
		}
		if told.IsZero() {
			told = at
		}
		k.saw(reply.Results)
		if next, more, err = next.next(reply); err != nil {
			return index{}, err
		}
	}
	k.told, k.at = told, c.clock.Now()
	c.heard(k)
	return k, nil
}

// consider finds out which writes under a condition can go without a reading: they
// are sure.
func (w *writing) consider(ctx context.Context) {
	w.sure = make([]bool, len(w.writes))
	bound, times := 0, map[string]int{}
	for i, write := range w.writes {
		w.sure[i] = write.Op == connector.OpCreate || write.Version == "" || write.Forever
		if times[write.ID]++; !w.sure[i] {
			bound++
		}
	}
	if bound <= batchSize { // to read them costs what a look does, and leaves nothing open
		return
	}
	k, err := w.look(ctx, calls(bound)/2)
	if f := asFault(err); err != nil {
		w.heed(f)
		return
	}
	for i, write := range w.writes { // an old id may lead to another contact by now: who is deleted is read
		w.sure[i] = w.sure[i] || write.Op == connector.OpUpdate && times[write.ID] == 1 && k.vouches(write)
	}
}

// calls is how many batches a number of contacts are.
func calls(n int) int { return (n + batchSize - 1) / batchSize }

// still reads those of a part who are not sure, and leaves out who has been
// changed since or is gone.
func (w *writing) still(ctx context.Context, part []int) []int {
	var doubtful []int
	var ids []string
	for _, i := range part {
		if !w.sure[i] {
			doubtful, ids = append(doubtful, i), append(ids, w.writes[i].ID)
		}
	}
	if len(ids) == 0 {
		return part
	}
	items, err := w.Fetch(ctx, ids)
	if err != nil {
		f := asFault(err)
		w.fail(doubtful, f)
		w.heed(f)
	}
	now := map[string]connector.Item{}
	for _, item := range items {
		now[item.ID] = item
	}
	for _, i := range doubtful {
		if w.sure[i] = true; err == nil {
			w.out[i].Fault = judged(w.writes[i], now[w.writes[i].ID])
		}
	}
	return slices.DeleteFunc(slices.Clone(part), func(i int) bool { return w.out[i].Fault != nil })
}

// judged holds a write against its contact as it is now.
func judged(w connector.Write, now connector.Item) *connector.Fault {
	switch {
	case now.ID == "":
		return &connector.Fault{Kind: connector.Busy, Message: "HubSpot did not show this contact, so that it was not written to."}
	case now.Gone:
		return &connector.Fault{Kind: connector.Missing, Message: "It is not in HubSpot any more."}
	case now.Version != w.Version:
		return &connector.Fault{Kind: connector.Overtaken, Message: "Somebody else has changed the contact meanwhile."}
	}
	return nil
}
