package service

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/suggest"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// An End is what a sync can go from or to: an address book, or a connection with
// records.
type End struct {
	Key   string `json:"key"` // book:contacts, connection:office
	Title string `json:"title"`
}

// Ends are all there are. Connections with files are for imports.
func (s *Service) Ends(ctx context.Context) ([]End, error) {
	books, err := desk.PeopleBooks(ctx, s.Workspace)
	if err != nil {
		return nil, err
	}
	var ends []End
	for _, b := range books {
		ends = append(ends, End{"book:" + b.Name, "Contacts: " + b.Name})
	}
	connections, err := s.Workspace.Store.Connections(ctx)
	for _, c := range connections {
		if system, e := workspace.SystemNamed(c.Kind); e == nil && !system.Files() {
			ends = append(ends, End{"connection:" + c.Name, c.Name + " (" + system.Title + ")"})
		}
	}
	return ends, err
}

// EndpointOf reads an end's key, with the object of a connection.
func EndpointOf(key, object string) (plan.Endpoint, error) {
	kind, name, _ := strings.Cut(key, ":")
	switch {
	case kind == "book" && name != "":
		return plan.Endpoint{Book: name}, nil
	case kind == "connection" && name != "":
		return plan.Endpoint{Connection: name, Object: object}, nil
	}
	return plan.Endpoint{}, &run.Error{Code: desk.CodeUsage, Message: "Choose where the contacts come from and where they go"}
}

// A SyncDraft is a sync between two ends: their fields, and a mapping that is suggested.
type SyncDraft struct {
	Definition plan.Sync       `json:"definition"`
	Source     []contact.Field `json:"source"`
	Target     []contact.Field `json:"target"`
}

// DraftSync looks at both ends of a sync and suggests which field goes where. One of
// the ends is an address book.
func (s *Service) DraftSync(ctx context.Context, def plan.Sync) (draft SyncDraft, err error) {
	draft.Definition = def
	if (def.Source.Book == "") == (def.Target.Book == "") {
		return draft, &run.Error{Code: desk.CodeUsage, Message: "One side of a sync is an address book, the other a connection. Between two systems, sync both with one book"}
	}
	if draft.Source, err = s.fieldsOf(ctx, def.Source); err != nil {
		return draft, err
	}
	if draft.Target, err = s.fieldsOf(ctx, def.Target); err != nil || len(def.Map) > 0 {
		return draft, err
	}
	if draft.Definition.Map, err = presetMap(def, draft); err != nil {
		return draft, err
	}
	if len(draft.Definition.Map) == 0 {
		draft.Definition.Map = draft.suggested()
	}
	for _, m := range draft.Definition.Map { // a book gets the fields it lacks
		if def.Target.Book != "" && !hasField(draft.Target, m.To) {
			from, _ := contact.Schema{Fields: draft.Source}.Field(m.From)
			draft.Target = append(draft.Target, contact.Field{Name: m.To, Kind: from.Kind})
		}
	}
	return draft, nil
}

// suggested is the map that the names of both ends suggest.
func (d *SyncDraft) suggested() (lines []plan.Mapping) {
	columns := make([]suggest.Column, len(d.Source))
	for i, f := range d.Source {
		columns[i].Name = f.Name
	}
	for _, sug := range suggest.Mapping(columns, d.Target) {
		from := d.Source[sug.Column]
		known := sug.Confidence > 0 && (d.Definition.Target.Book != "" || hasField(d.Target, sug.Field.Name))
		switch {
		case from.Kind == contact.Password || sug.Part > 0:
		case hasField(d.Target, from.Name):
			lines = append(lines, plan.Mapping{From: from.Name, To: from.Name})
		case known:
			lines = append(lines, plan.Mapping{From: from.Name, To: sug.Field.Name})
		}
	}
	return lines
}

// presetMap is the map that a preset has for these ends, as far as both have its fields;
// a book gets those it lacks.
func presetMap(def plan.Sync, draft SyncDraft) (lines []plan.Mapping, err error) {
	if def.Preset == "" {
		return nil, nil
	}
	def.Map = nil
	full, err := syncfile.Apply(def.Preset, def)
	if err != nil {
		return nil, err
	}
	for _, m := range full.Map {
		if hasField(draft.Source, m.From) && (hasField(draft.Target, m.To) || def.Target.Book != "") {
			lines = append(lines, m)
		}
	}
	return lines, nil
}

// withManners gives lines of a form what the preset says of the same lines besides: a
// form asks which field goes where, and nothing of its write policy.
func withManners(def plan.Sync) (plan.Sync, error) {
	lines := def.Map
	bare := def
	bare.Map = nil
	full, err := syncfile.Apply(def.Preset, bare)
	if err != nil {
		return def, err
	}
	def.Map = slices.Clone(lines)
	for i, m := range def.Map {
		for _, p := range full.Map {
			if p.From == m.From && p.To == m.To && m.Write == "" {
				def.Map[i].Write = p.Write
			}
		}
	}
	return syncfile.Apply(def.Preset, def)
}

func hasField(fields []contact.Field, name string) bool {
	return contact.Schema{Fields: fields}.Index(name) >= 0
}

func (s *Service) fieldsOf(ctx context.Context, e plan.Endpoint) ([]contact.Field, error) {
	if e.Book != "" {
		b, err := s.Workspace.Store.Book(ctx, e.Book)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil // it is made by the first run
		}
		return b.Fields, err
	}
	c, err := desk.ConnectionNamed(ctx, s.Workspace, e.Connection)
	if err != nil {
		return nil, err
	}
	remote, err := s.Workspace.Connect(ctx, c, e.Object)
	if err != nil {
		return nil, err
	}
	schema, err := remote.Schema(ctx)
	if err != nil {
		return nil, &run.Error{Code: link.CodeUnreachable, Message: "The connection " + c.Name + " does not answer as it should. Nothing was changed. Test it, then go on", Err: err}
	}
	return schema.Fields, nil
}

// MakeSync keeps a new sync: what a form describes goes the same way as a sync file.
func (s *Service) MakeSync(ctx context.Context, def plan.Sync) error {
	if _, err := s.Workspace.Store.Sync(ctx, def.Name); !errors.Is(err, store.ErrNotFound) {
		if err != nil {
			return err
		}
		return &run.Error{Code: desk.CodeUsage, Message: "There is a sync of this name already. Nothing was changed. Choose another name"}
	}
	def, err := withManners(def)
	if err != nil {
		return err
	}
	text, err := syncfile.Marshal(def)
	if err != nil {
		return err
	}
	_, err = s.SaveDefinition(ctx, def.Name, text)
	return err
}
