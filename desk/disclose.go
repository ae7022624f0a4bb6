package desk

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A DisclosureReport is everything that is known about one person.
type DisclosureReport struct {
	Asked  string              `json:"asked"`
	Made   time.Time           `json:"made"`
	Books  []DisclosedBook     `json:"books"`
	Erased []SuppressionReport `json:"erased"` // whether the person was erased on request
}

// A DisclosedBook is what one address book knows of the person.
type DisclosedBook struct {
	Book      string             `json:"book"`
	Contact   string             `json:"contact,omitempty"`
	Name      string             `json:"name,omitempty"`
	InTrash   bool               `json:"in_trash,omitempty"`
	Values    []run.FieldOrigin  `json:"values"`
	Merged    []run.Merge        `json:"merged_from"`
	History   []run.HistoryEntry `json:"history"`
	Trash     []ContactReport    `json:"trash"` // copies that were deleted or merged
	Links     []DisclosedLink    `json:"links"`
	Conflicts []ConflictReport   `json:"conflicts"`
	Copies    []DisclosedCopy    `json:"copies"` // of files that have the person
	Runs      []DisclosedRun     `json:"runs"`
	Leads     []LeadReport       `json:"leads"` // of its inbox
	TakesPart []DisclosedPart    `json:"takes_part"`
}

// A DisclosedLink is the person's record at another system, as it was seen last.
type DisclosedLink struct {
	Connection string            `json:"connection"`
	Object     string            `json:"object"`
	RemoteID   string            `json:"remote_id"`
	State      string            `json:"state"`
	Seen       map[string]string `json:"seen"`
}

// A DisclosedCopy is a kept copy of a file that has the person, and which run
// read it.
type DisclosedCopy struct {
	Source string `json:"source"`
	Run    int64  `json:"run"`
}

// A DisclosedRun is a run that met the person.
type DisclosedRun struct {
	Run    int64  `json:"run"`
	Sync   string `json:"sync"`
	When   string `json:"when"`
	Source string `json:"source"`
	Action string `json:"action"`
}

// Disclosure collects all that is known of somebody in one book, or in any.
func Disclosure(ctx context.Context, w *workspace.Workspace, book, who string) (DisclosureReport, error) {
	r := DisclosureReport{Asked: who, Made: w.Engine.Now().UTC().Truncate(time.Second), Books: []DisclosedBook{}}
	found, err := Explanations(ctx, w, book, who)
	if err != nil {
		return r, err
	}
	for _, x := range found {
		d, err := disclosed(ctx, w, x)
		if err != nil {
			return r, err
		}
		r.Books = append(r.Books, d)
	}
	if err := r.addInboxes(ctx, w, book, who); err != nil {
		return r, err
	}
	r.Erased, err = erasedAs(ctx, w, who)
	return r, err
}

// addInboxes adds the books that know the person by their inbox only.
func (r *DisclosureReport) addInboxes(ctx context.Context, w *workspace.Workspace, book, who string) error {
	books, err := w.Store.Books(ctx)
	for _, b := range books {
		if book != "" && b.Name != book || slices.ContainsFunc(r.Books, func(d DisclosedBook) bool { return d.Book == b.Name }) {
			continue
		}
		d := newDisclosed(b.Name)
		p, err := w.Engine.PersonOf(ctx, w.Store, b, 0, who)
		if err != nil {
			return err
		}
		if err := addLeads(ctx, w, p, &d); err != nil {
			return err
		}
		if len(d.Leads) > 0 {
			r.Books = append(r.Books, d)
		}
	}
	return err
}

func newDisclosed(book string) DisclosedBook {
	return DisclosedBook{Book: book, Values: []run.FieldOrigin{}, Merged: []run.Merge{}, History: []run.HistoryEntry{}, Trash: []ContactReport{}, Links: []DisclosedLink{},
		Conflicts: []ConflictReport{}, Copies: []DisclosedCopy{}, Runs: []DisclosedRun{}, Leads: []LeadReport{}, TakesPart: []DisclosedPart{}}
}

// disclosed is what one book knows.
func disclosed(ctx context.Context, w *workspace.Workspace, x Explanation) (d DisclosedBook, err error) {
	b, err := w.Store.Book(ctx, x.Book)
	if err != nil {
		return d, err
	}
	d = newDisclosed(x.Book)
	d.Contact, d.Name, d.InTrash, d.Values, d.Merged, d.History = x.ID, x.Name, x.Trashed, Spelled(x.Fields), Spelled(x.MergedFrom), Spelled(x.History)
	for _, h := range x.History {
		d.Runs = append(d.Runs, DisclosedRun{h.Run, h.Sync, h.When, h.Source, h.Action})
	}
	p, err := personIn(ctx, w, b, x)
	if err != nil {
		return d, err
	}
	for _, add := range []func(context.Context, *workspace.Workspace, run.Person, *DisclosedBook) error{addTrash, addLinks, addConflicts, addCopies, addLeads, addParts} {
		if err := add(ctx, w, p, &d); err != nil {
			return d, err
		}
	}
	return d, nil
}

// personIn is the person of an explanation, who need not be a contact.
func personIn(ctx context.Context, w *workspace.Workspace, b store.Book, x Explanation) (run.Person, error) {
	ref := int64(0)
	if n, err := strconv.ParseInt(x.ID, 10, 64); err == nil {
		ref = store.Ref(b.ID, n)
	}
	return w.Engine.PersonOf(ctx, w.Store, b, ref, x.Who)
}

func addTrash(ctx context.Context, w *workspace.Workspace, p run.Person, d *DisclosedBook) error {
	trash, err := w.Store.TrashedContacts(ctx, p.Book)
	for _, c := range trash {
		if slices.Contains(p.Refs, c.Ref) {
			d.Trash = append(d.Trash, ReportContact(p.Book, Naming(p.Book), c))
		}
	}
	return err
}

func addLinks(ctx context.Context, w *workspace.Workspace, p run.Person, d *DisclosedBook) error {
	pairs, err := w.Store.PairsOf(ctx, p.Book.ID)
	if err != nil {
		return err
	}
	connections, err := w.Store.Connections(ctx)
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		mirror, err := w.Store.MirrorByRef(ctx, pair.ID, slices.Sorted(slices.Values(p.Refs)))
		if err != nil {
			return err
		}
		at := slices.IndexFunc(connections, func(c store.Connection) bool { return c.ID == pair.ConnectionID })
		for _, m := range mirror {
			l := DisclosedLink{Object: pair.Object, RemoteID: m.RemoteID, State: linkStates[m.State], Seen: m.Seen}
			if at >= 0 {
				l.Connection = connections[at].Name
			}
			d.Links = append(d.Links, l)
		}
	}
	return nil
}

var linkStates = [...]string{store.There: "there", store.Gone: "gone", store.GoneUnlinked: "gone", store.Erased: "erased here"}

func addConflicts(ctx context.Context, w *workspace.Workspace, p run.Person, d *DisclosedBook) error {
	for _, ref := range p.Refs {
		conflicts, err := w.Store.ConflictsOf(ctx, ref)
		if err != nil {
			return err
		}
		for _, c := range conflicts {
			d.Conflicts = append(d.Conflicts, ReportConflict(c))
		}
	}
	return nil
}

func addCopies(ctx context.Context, w *workspace.Workspace, p run.Person, d *DisclosedBook) error {
	names, err := w.CopiesOf(&p)
	if err != nil || len(names) == 0 {
		return err
	}
	runs, err := w.Store.Runs(ctx, 0, 1<<30)
	for _, r := range runs {
		if slices.Contains(names, r.Stage) {
			d.Copies = append(d.Copies, DisclosedCopy{r.Source, r.ID})
		}
	}
	return err
}

// addLeads adds what the inbox has of somebody: what they became part of, and what names
// them.
func addLeads(ctx context.Context, w *workspace.Workspace, p run.Person, d *DisclosedBook) error {
	all, err := w.Store.EveryLead(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(l store.Lead) bool {
		if l.BookID != p.Book.ID {
			return true
		}
		is := l.Ref != 0 && slices.Contains(p.Refs, l.Ref) || p.Mentions(l.Note)
		for _, value := range l.Values {
			is = is || p.Mentions(value)
		}
		return !is
	})
	d.Leads, err = reportLeads(ctx, w, p.Book, all)
	return err
}

// erasedAs are the erasures of somebody with that e-mail or telephone.
func erasedAs(ctx context.Context, w *workspace.Workspace, who string) ([]SuppressionReport, error) {
	all, err := w.Store.Suppressions(ctx)
	if err != nil {
		return nil, err
	}
	norm, hashes := contact.NewNormalizer(""), map[uint64]bool{}
	for _, kind := range []contact.Kind{contact.Email, contact.Phone, contact.Text} {
		if key, _ := norm.MatchKey(kind, who); key != "" {
			hashes[w.Secret().Hash(key)] = true
		}
	}
	all = slices.DeleteFunc(all, func(s store.Suppression) bool {
		return !slices.ContainsFunc(s.Keys, func(k store.Key) bool { return hashes[k.Hash] })
	})
	return suppressionReports(ctx, w, all)
}
