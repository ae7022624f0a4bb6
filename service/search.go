package service

import (
	"context"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/store"
)

// SearchResults are the contacts, syncs and runs that a text finds.
type SearchResults struct {
	Text     string           `json:"text"`
	Contacts []Duplicate      `json:"contacts"`
	Exact    bool             `json:"exact"`          // they are known by exactly that
	Partly   []SearchedBook   `json:"partly"`         // books that are larger than what was looked at
	Syncs    []SyncState      `json:"syncs"`          //
	Runs     []desk.RunReport `json:"runs"`           //
	Books    []BookName       `json:"books"`          //
	All      []BookName       `json:"-"`              // where to look for more
	Looked   int64            `json:"looked"`         // at so many contacts
	Left     int64            `json:"left,omitempty"` // contacts beyond those that are shown, at least
}

// A SearchedBook says how far a book was looked through.
type SearchedBook struct {
	BookName
	Looked int64 `json:"looked"`
	Of     int64 `json:"of"`
}

// A search over everything shows so many contacts, and looks at so many runs.
const (
	searchShown = 20
	searchRuns  = 200
)

// Search finds contacts by their keys in every book at once, else by any value in
// the first contacts of each; and syncs and runs by name or number.
func (s *Service) Search(ctx context.Context, text string) (SearchResults, error) {
	r := SearchResults{Text: strings.TrimSpace(text), Contacts: []Duplicate{}, Partly: []SearchedBook{}, Syncs: []SyncState{}, Runs: []desk.RunReport{}, Books: []BookName{}}
	if r.Text == "" {
		return r, nil
	}
	books, err := desk.PeopleBooks(ctx, s.Workspace)
	if err != nil {
		return r, err
	}
	small := strings.ToLower(r.Text)
	for _, b := range books {
		name := BookName{ID: b.ID, Name: b.Name}
		if r.All = append(r.All, name); strings.Contains(strings.ToLower(b.Name), small) {
			r.Books = append(r.Books, name)
		}
		known, err := desk.Known(ctx, s.Workspace, b, r.Text)
		if err != nil {
			return r, err
		}
		for _, c := range known {
			r.Exact = true
			r.add(b, c)
		}
	}
	if !r.Exact {
		if err := s.searchValues(ctx, books, &r); err != nil {
			return r, err
		}
	}
	if err := s.searchSyncs(ctx, small, &r); err != nil {
		return r, err
	}
	return r, s.searchRuns(ctx, small, &r)
}

func (r *SearchResults) add(b store.Book, c store.Contact) {
	if len(r.Contacts) == searchShown {
		r.Left++
		return
	}
	r.Contacts = append(r.Contacts, Duplicate{Book: BookName{ID: b.ID, Name: b.Name}, ContactReport: desk.ReportContact(b, desk.Naming(b), c)})
}

func (s *Service) searchValues(ctx context.Context, books []store.Book, r *SearchResults) error {
	for _, b := range books {
		found, err := s.look(ctx, b, desk.Choice{Search: r.Text}, store.Ref(b.ID, 0), searchShown, textsScanned/len(books))
		if err != nil {
			return err
		}
		for _, c := range found.contacts {
			r.add(b, c)
		}
		if r.Looked += found.looked; found.next != 0 {
			r.Partly = append(r.Partly, SearchedBook{BookName{ID: b.ID, Name: b.Name}, found.looked, b.Population})
		}
	}
	return nil
}

func (s *Service) searchSyncs(ctx context.Context, small string, r *SearchResults) error {
	syncs, err := s.Syncs(ctx)
	for _, sync := range syncs {
		if strings.Contains(strings.ToLower(sync.Name+" "+sync.Source+" "+sync.Target), small) {
			r.Syncs = append(r.Syncs, sync)
		}
	}
	return err
}

// searchRuns finds a run by its number, and the latest by sync or source.
func (s *Service) searchRuns(ctx context.Context, small string, r *SearchResults) error {
	runs, err := s.Workspace.Store.Runs(ctx, 0, searchRuns)
	if err != nil {
		return err
	}
	id, _ := strconv.ParseInt(strings.TrimPrefix(small, "#"), 10, 64) // what is no number is no run's
	if id > 0 {
		if one, err := s.Run(ctx, id); err == nil {
			r.Runs = append(r.Runs, desk.ReportRun(one))
		}
	}
	for _, one := range runs {
		if one.ID != id && len(r.Runs) < searchShown && strings.Contains(strings.ToLower(one.Name+" "+one.Source), small) {
			r.Runs = append(r.Runs, desk.ReportRun(one))
		}
	}
	return nil
}
