package service

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/job"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/schedule"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/suggest"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// An ImportDraft is an import that somebody is setting up. It is stored with each
// step, so it survives a reload and a colleague can go on with it.
type ImportDraft struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`            // what the sync is kept as
	Edits   string          `json:"edits,omitempty"` // the sync that is edited (C44)
	Source  plan.Endpoint   `json:"source"`
	File    string          `json:"file,omitempty"` // of an upload: its own name
	Book    string          `json:"book"`
	Delete  bool            `json:"delete_missing"`   // Delete contacts not found in the synchronization file (C14)
	Update  plan.Write      `json:"update"`           // never, unless Update the contacts with changes is ticked (C15)
	Email   string          `json:"email,omitempty"`  // who hears of errors (C16, C37)
	Region  string          `json:"region,omitempty"` // of telephone numbers without one
	Match   []plan.Rule     `json:"match,omitempty"`  // in order; empty: by the identifier, else by e-mail
	Key     string          `json:"key,omitempty"`    // unique identifier (C28), or generated (C29)
	Map     []plan.Mapping  `json:"map,omitempty"`    // Mapped Columns
	Fields  []contact.Field `json:"fields,omitempty"` // Add Field: what the book will have besides (C26)
	Mapped  bool            `json:"mapped"`           // a person has looked at the mapping
	Several plan.OnSeveral  `json:"on_several,omitempty"`
	Plan    int64           `json:"plan,omitempty"` // run of the latest plan
}

// Remote reports whether the server can read the file again by itself (C43, C47).
func (d ImportDraft) Remote() bool { return d.Source.Connection != "" }

const importKind = "import"

// BeginImport begins to set up an import; of a sync that is there, to edit it.
func (s *Service) BeginImport(ctx context.Context, who account.Actor, edits string) (ImportDraft, error) {
	usual, err := s.Defaults(ctx)
	if err != nil {
		return ImportDraft{}, err
	}
	d := ImportDraft{ID: rand.Text(), Book: "contacts", Update: plan.WriteNever, Region: usual.Region, Email: usual.Email}
	if edits != "" {
		if err := s.takeKept(ctx, &d, edits); err != nil {
			return d, err
		}
	}
	return d, s.KeepImport(ctx, who, d)
}

// KeepImport stores how far an import is set up.
func (s *Service) KeepImport(ctx context.Context, who account.Actor, d ImportDraft) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return s.Workspace.Store.SaveDraft(ctx, store.Draft{ID: d.ID, Kind: importKind, Data: data, By: by(who), Updated: s.Now()})
}

// Import returns an import that is being set up.
func (s *Service) Import(ctx context.Context, id string) (d ImportDraft, err error) {
	kept, err := s.Workspace.Store.Draft(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && kept.Kind != importKind {
		return d, &run.Error{Code: "not_found", Message: "This import is set up already, or was thrown away. The list of imports shows what there is"}
	}
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(kept.Data, &d)
}

// Drafts returns the imports that somebody has begun to set up, the latest first.
func (s *Service) Drafts(ctx context.Context) ([]ImportDraft, error) {
	kept, err := s.Workspace.Store.Drafts(ctx, importKind)
	if err != nil {
		return nil, err
	}
	drafts := make([]ImportDraft, len(kept))
	for i, k := range kept {
		if err := json.Unmarshal(k.Data, &drafts[i]); err != nil {
			return nil, err
		}
	}
	return drafts, nil
}

// DiscardImport throws an import away that is being set up, with its file.
func (s *Service) DiscardImport(ctx context.Context, id string) error {
	d, err := s.Import(ctx, id)
	if err != nil {
		return err
	}
	if err := s.Workspace.Store.DeleteDraft(ctx, id); err != nil {
		return err
	}
	if d.Edits == "" && d.Plan != 0 {
		sync, err := s.Workspace.Store.Sync(ctx, d.Name)
		if err != nil {
			return nil //nolint:nilerr // it was never kept
		}
		if _, err := s.Workspace.Store.LatestApplied(ctx, sync.ID); !errors.Is(err, store.ErrNotFound) {
			return err // it has been run: it stays
		}
		if err := s.Workspace.Store.DeleteSync(ctx, d.Name); err != nil {
			return err
		}
	}
	if d.Edits == "" {
		return os.RemoveAll(s.uploads(id))
	}
	return nil
}

func (s *Service) uploads(id string) string { return filepath.Join(s.Workspace.Folder, "uploads", id) }

// Upload stores the file of an import in the data folder under its own name.
func (s *Service) Upload(ctx context.Context, d *ImportDraft, name string, in io.Reader) error {
	name = safeName(name)
	dir := s.uploads(d.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	defer file.Close()
	n, err := io.Copy(file, in)
	if err == nil {
		err = file.Close()
	}
	switch {
	case err != nil:
		return fmt.Errorf("upload: %w", err)
	case n == 0:
		return &run.Error{Code: run.CodeSource, Message: "The file is empty. Nothing was changed. Choose another"}
	}
	d.File, d.Source.File, d.Source.Connection, d.Source.Path = name, file.Name(), "", ""
	return s.nameImport(ctx, d)
}

// safeName is a file's own name without what a file system or a header could
// misread.
func safeName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`:*?"<>|`, r) {
			return '_'
		}
		return desk.Visible(r)
	}, name)
	if name = strings.Trim(name, " ."); name == "" {
		name = "upload.csv"
	}
	for len(name) > 150 {
		name = name[1:]
	}
	return strings.ToValidUTF8(name, "_")
}

// nameImport gives an import a name of its own, from its file's, once.
func (s *Service) nameImport(ctx context.Context, d *ImportDraft) error {
	if d.Name != "" {
		return nil
	}
	base := filepath.Base(d.File)
	if d.Source.Path != "" {
		base = d.Source.Connection + "-" + strings.NewReplacer("*", "", "?", "", "[", "", "]", "").Replace(path.Base(d.Source.Path))
	}
	others, err := s.Drafts(ctx)
	if err != nil {
		return err
	}
	first := strings.Trim(strings.TrimSuffix(base, filepath.Ext(base)), " -.")
	if !d.Remote() {
		first = "import-" + first // so are called what is kept of single files
	}
	for n := 1; ; n++ {
		d.Name = first
		if n > 1 {
			d.Name = fmt.Sprintf("%s-%d", first, n)
		}
		if slices.ContainsFunc(others, func(o ImportDraft) bool { return o.ID != d.ID && o.Name == d.Name }) {
			continue // a colleague sets up a file of this name: neither shall take the other's place
		}
		_, err := s.Workspace.Store.Sync(ctx, d.Name)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Definition is the sync that an import becomes: the Contact Manager's manners, with
// what was ticked.
func (d ImportDraft) Definition() (plan.Sync, error) {
	said := plan.Sync{Name: d.Name, Source: d.Source, Target: plan.Endpoint{Book: d.Book, Key: d.Key}, Match: d.Match,
		Region: strings.ToUpper(d.Region), Map: d.Map, OnSeveral: d.Several}
	said.Policy.Update = d.Update
	if d.Delete {
		said.Policy.Delete.NotFound = plan.Trash
	}
	return syncfile.Apply("contact-manager", said)
}

// An ImportView is what a person sees of an import's file.
type ImportView struct {
	Draft   ImportDraft     `json:"draft"`
	Preview desk.Preview    `json:"preview"`
	Columns []ColumnView    `json:"columns"`
	Fields  []contact.Field `json:"fields"` // of the book, with those that are added
	Match   desk.MatchRate  `json:"match"`
	Learned bool            `json:"learned"` // somebody confirmed a mapping for this header before
}

// A ColumnView is a column of the file and what becomes of it.
type ColumnView struct {
	Name      string          `json:"name"`
	Samples   []string        `json:"samples"`           // three
	To        string          `json:"to"`                // field it fills; empty: left out
	Further   []string        `json:"further,omitempty"` // fields that take the further values of its cells
	Suggested bool            `json:"suggested,omitempty"`
	Why       string          `json:"why,omitempty"`
	Look      desk.ColumnLook `json:"look"`
}

// ViewImport reads the beginning of an import's file and says what its columns look
// like. Where nobody has mapped them yet it suggests, or takes what was confirmed
// for this header before.
func (s *Service) ViewImport(ctx context.Context, d ImportDraft) (view ImportView, err error) {
	def, err := d.Definition()
	if err != nil {
		return view, err
	}
	if d.Remote() {
		if err := s.probes.take(s.Now()); err != nil {
			return view, err
		}
	}
	view.Draft = d
	if view.Preview, err = desk.PreviewOf(ctx, s.Workspace, store.Sync{Name: d.Name, Definition: def}); err != nil {
		return view, err
	}
	book, err := s.Workspace.Store.Book(ctx, d.Book)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return view, err
	}
	book.Fields = append(slices.Clone(book.Fields), d.Fields...)
	suggestions := suggest.Mapping(view.Preview.Columns, book.Fields)
	if !d.Mapped && len(def.Map) == 0 {
		if def.Map, err = s.Workspace.Store.Learned(ctx, suggest.Fingerprint(view.Preview.Names)); err == nil {
			view.Learned = true
		} else if !errors.Is(err, store.ErrNotFound) {
			return view, err
		} else {
			def.Map = run.Suggested(suggestions, view.Preview.Columns)
		}
		view.Draft.Map = def.Map
	}
	view.Fields = withFields(book.Fields, def.Map, suggestions)
	for i, c := range view.Preview.Columns {
		column := ColumnView{Name: c.Name, Samples: c.Samples[:min(3, len(c.Samples))]}
		for _, m := range def.Map {
			switch {
			case m.From == c.Name:
				column.To = m.To
			case m.Reads(c.Name):
				column.Further = append(column.Further, m.To)
			}
		}
		for _, sug := range suggestions {
			if sug.Column == i && sug.Part == 0 && sug.Field.Name == column.To && sug.Confidence > 0 {
				column.Suggested, column.Why = true, sug.Why
			}
		}
		if at := slices.IndexFunc(view.Fields, func(f contact.Field) bool { return f.Name == column.To }); at >= 0 {
			column.Look = view.Preview.Look(c.Name, view.Fields[at].Kind, def.PhoneRegion())
		}
		view.Columns = append(view.Columns, column)
	}
	if book.ID == 0 {
		return view, nil // nobody is in it yet
	}
	view.Match, err = view.Preview.MatchRateOf(ctx, s.Workspace, book, def)
	return view, err
}

// withFields are a book's fields and those that a map adds, with the kinds that the
// suggestions say.
func withFields(fields []contact.Field, m []plan.Mapping, suggestions []suggest.Suggestion) []contact.Field {
	all := slices.Clone(fields)
	for _, line := range m {
		if slices.ContainsFunc(all, func(f contact.Field) bool { return f.Name == line.To }) {
			continue
		}
		f := contact.Field{Name: line.To, Kind: contact.Text}
		for _, sug := range suggestions {
			if sug.Field.Name == line.To {
				f.Kind = sug.Field.Kind
			}
		}
		all = append(all, f)
	}
	return all
}

// PlanImport keeps the sync of an import and queues its plan.
func (s *Service) PlanImport(ctx context.Context, who account.Actor, d ImportDraft) (store.Job, error) {
	if err := s.mayEdit(ctx, who, d); err != nil {
		return store.Job{}, err
	}
	sync, err := s.keepImported(ctx, d)
	if err != nil {
		return store.Job{}, err
	}
	return s.Jobs.Add(ctx, store.Job{Kind: job.Plan, Sync: sync.Name, By: by(who), Detail: store.JobDetail{EveryTime: true}})
}

// RunImport keeps the sync of an import and runs it (C31). What was set up is done
// with: it is on the list of imports from now on.
func (s *Service) RunImport(ctx context.Context, who account.Actor, d ImportDraft) (store.Job, error) {
	if err := s.mayEdit(ctx, who, d); err != nil {
		return store.Job{}, err
	}
	if _, err := s.FinishImport(ctx, d, nil); err != nil {
		return store.Job{}, err
	}
	return s.Jobs.Add(ctx, store.Job{Kind: job.Run, Sync: d.Name, By: by(who), Detail: store.JobDetail{EveryTime: d.Plan == 0}})
}

// FinishImport keeps an import and schedules it (C38); the first run is at its time.
// Without a schedule it is run by hand.
func (s *Service) FinishImport(ctx context.Context, d ImportDraft, when *schedule.Schedule) (store.Sync, error) {
	if when != nil && !d.Remote() {
		return store.Sync{}, &run.Error{Code: desk.CodeUsage, Message: "Only a file that the server can read by itself can be scheduled. Nothing was changed. Choose a connection as its source"}
	}
	if when != nil {
		canonical, found := when.Canonical()
		if len(found) > 0 {
			return store.Sync{}, &run.Error{Code: desk.CodeUsage, Message: found[0].Error()}
		}
		when = &canonical
	}
	if d.Email != "" {
		if err := send.CheckEmail(d.Email); err != nil {
			return store.Sync{}, &run.Error{Code: desk.CodeUsage, Message: err.Error() + ". Nothing was changed"}
		}
	}
	sync, err := s.keepImported(ctx, d)
	if err != nil {
		return sync, err
	}
	if d.Edits == "" || when != nil {
		if err := desk.KeepSchedule(ctx, s.Workspace, sync, when, nil); err != nil {
			return sync, err
		}
	}
	was, err := s.Workspace.Store.Notify(ctx, sync.ID)
	if err != nil {
		return sync, err
	}
	if err := s.Workspace.Store.SaveNotify(ctx, sync.ID, told(was.Rules, d.Email)); err != nil {
		return sync, err
	}
	if d.Mapped {
		view, err := s.ViewImport(ctx, d)
		if err == nil {
			err = s.Workspace.Store.Learn(ctx, suggest.Fingerprint(view.Preview.Names), d.Map)
		}
		if err != nil {
			return sync, err
		}
	}
	return sync, s.Workspace.Store.DeleteDraft(ctx, d.ID)
}

// finishDrafts finishes the imports that are being set up as a sync whose plan is
// about to be applied: that is their Run Import.
func (s *Service) finishDrafts(ctx context.Context, sync string) error {
	drafts, err := s.Drafts(ctx)
	for _, d := range drafts {
		if d.Name != sync || err != nil {
			continue
		}
		_, err = s.FinishImport(ctx, d, nil)
	}
	return err
}

// DraftOf returns the import that is being set up as a sync, if there is one.
func (s *Service) DraftOf(ctx context.Context, sync string) (d ImportDraft, err error) {
	drafts, err := s.Drafts(ctx)
	for _, d := range drafts {
		if d.Name == sync {
			return d, err
		}
	}
	return d, err
}

// keepImported keeps the sync of an import, and makes its book with the fields
// that were added by hand.
func (s *Service) keepImported(ctx context.Context, d ImportDraft) (store.Sync, error) {
	def, err := d.Definition()
	if err != nil {
		return store.Sync{}, err
	}
	if err := desk.CheckSync(ctx, s.Workspace, def); err != nil {
		return store.Sync{}, err
	}
	if len(d.Fields) > 0 {
		if err := s.addFields(ctx, d); err != nil {
			return store.Sync{}, err
		}
	}
	if err := desk.Free(ctx, s.Workspace, syncfile.Kind, def.Name); err != nil {
		return store.Sync{}, err
	}
	return s.Workspace.Store.SaveSync(ctx, def, "")
}

func (s *Service) addFields(ctx context.Context, d ImportDraft) error {
	book, err := s.Workspace.Store.Book(ctx, d.Book)
	if errors.Is(err, store.ErrNotFound) {
		_, err = s.Workspace.Store.CreateBook(ctx, store.Book{Name: d.Book, Region: strings.ToUpper(d.Region), Fields: d.Fields})
		return err
	}
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(d.Fields), func(f contact.Field) bool { return book.Schema().Index(f.Name) >= 0 })
	if len(missing) == 0 {
		return nil
	}
	return s.Workspace.Store.AddFields(ctx, book.ID, missing)
}

// Imports are the syncs that bring a file into a book: the list of imports (C41).
func (s *Service) Imports(ctx context.Context) ([]SyncState, error) {
	all, err := s.Syncs(ctx)
	return slices.DeleteFunc(all, func(st SyncState) bool {
		def := st.Kept.Definition
		return def.Target.Book == "" || def.Source.File == "" && def.Source.Path == ""
	}), err
}

// FromNetwork has an import read its file from a connection: a path in it, or a
// folder with a pattern (C20, C21, C22).
func (s *Service) FromNetwork(ctx context.Context, d *ImportDraft, connection, location, which, after, noFile string) error {
	if _, err := desk.ConnectionNamed(ctx, s.Workspace, connection); err != nil {
		return err
	}
	d.Source.File, d.Source.Connection, d.Source.Path = "", connection, location
	d.Source.Which, d.Source.After, d.Source.NoFile = which, plan.After(after), noFile
	return s.nameImport(ctx, d)
}

// FileConnections are the connections that have files.
func (s *Service) FileConnections(ctx context.Context) ([]store.Connection, error) {
	all, err := s.Workspace.Store.Connections(ctx)
	return slices.DeleteFunc(all, func(c store.Connection) bool {
		system, err := workspace.SystemNamed(c.Kind)
		return err != nil || !system.Files()
	}), err
}
