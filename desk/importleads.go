package desk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A LeadImport says what came of a file that went into the inbox.
type LeadImport struct {
	Came   int64           `json:"came"`
	Map    []MappingReport `json:"map"`    // which column became which field
	Unread []string        `json:"unread"` // columns that no field of the book is for
	Left   []LineLeft      `json:"left"`   // lines that did not come
	Lines  int64           `json:"lines"`  // that the file has
	Event  int64           `json:"event,omitempty"`
}

// A LineLeft is a line of a file that did not come into the inbox, and why.
type LineLeft struct {
	Line    int64  `json:"line"`
	Message string `json:"message"`
}

// leadFileMost is how large a file for the inbox may be.
const leadFileMost = 16 << 20

// ImportLeads puts the people of a file into the inbox of a book, of an event where one
// is named, with the map that is suggested for its header. Columns that the book has no
// field for are left out, and said.
func ImportLeads(ctx context.Context, w *workspace.Workspace, b store.Book, path string, event int64) (LeadImport, error) {
	r := LeadImport{Map: []MappingReport{}, Unread: []string{}, Left: []LineLeft{}, Event: event}
	s := store.Sync{Definition: plan.Sync{Name: "leads", Source: plan.Endpoint{File: path}, Target: plan.Endpoint{Book: b.Name}}}
	p, err := PreviewOf(ctx, w, s)
	if err != nil {
		return r, err
	}
	by := map[int]string{} // field of a column
	for _, m := range suggestedMap(p.Columns, b.Fields) {
		at := slices.Index(p.Names, m.From)
		if at >= 0 && MayCapture(b, m.To) {
			by[at] = m.To
			r.Map = append(r.Map, MappingReport{Mapping: m, Suggested: true})
		}
	}
	for i, name := range p.Names {
		if by[i] == "" {
			r.Unread = append(r.Unread, name)
		}
	}
	if len(by) == 0 {
		return r, refuse(run.CodeColumnGone, "%s has no column that a field of %s is for. Nothing was stored. Rename its columns as the fields are called: kith fields list --book %s", filepath.Base(path), b.Name, Quoted(b.Name))
	}
	entries, err := r.read(ctx, w, s, b, by)
	if err != nil {
		return r, err
	}
	r.Came = int64(len(entries))
	return r, AddLeads(ctx, w, b, event, store.CameByCSV, entries)
}

// read returns the people of a file who can come, and notes who cannot.
func (r *LeadImport) read(ctx context.Context, w *workspace.Workspace, s store.Sync, b store.Book, by map[int]string) ([]LeadEntry, error) {
	source, err := w.Source(ctx, s)
	if err != nil {
		return nil, err
	}
	stager, ok := source.(connector.Stager)
	if !ok {
		return nil, refuse(run.CodeSource, "%s is not a file", source.Name())
	}
	var whole atMost
	staging, err := stager.Stage(ctx, &whole)
	if errors.Is(err, errLeadFile) {
		return nil, refuse(run.CodeSource, "%s is larger than an inbox takes, which is %d MiB. Nothing was stored. Import it into the book: kith import", source.Name(), leadFileMost>>20)
	}
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(&whole.Buffer, staging.Dialect, csv.Limits{})
	if staging.Dialect.Header {
		if _, err := rows.Header(); err != nil && err != io.EOF {
			return nil, err
		}
	}
	var entries []LeadEntry
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		if r.Lines++; row.Problem != nil {
			r.Left = append(r.Left, LineLeft{row.Line, row.Problem.Error()})
			continue
		}
		e, why := entryOf(row, b, by)
		if why != nil {
			r.Left = append(r.Left, LineLeft{row.Line, why.Error()})
			continue
		}
		entries = append(entries, e)
	}
}

// entryOf is who stands in a row, or why they cannot come.
func entryOf(row *csv.Row, b store.Book, by map[int]string) (LeadEntry, error) {
	e := LeadEntry{Fields: map[string]string{}}
	for at, name := range by {
		if at < len(row.Fields) && !contact.Blank(string(row.Fields[at])) {
			e.Fields[name] = string(row.Fields[at])
		}
	}
	_, err := checkLead(b, e.Fields, nil)
	return e, err
}

// atMost keeps what is written to it, up to a size.
type atMost struct{ bytes.Buffer }

var errLeadFile = errors.New("the file is larger than an inbox takes")

func (a *atMost) Write(p []byte) (int, error) {
	if a.Len()+len(p) > leadFileMost {
		return 0, errLeadFile
	}
	return a.Buffer.Write(p)
}
