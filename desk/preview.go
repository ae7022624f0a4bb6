package desk

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/suggest"
	"github.com/kith-sync/kith/workspace"
)

// A Preview is the beginning of a file, the way the engine will read it.
type Preview struct {
	Columns  []suggest.Column `json:"-"`
	Names    []string         `json:"columns"`
	Rows     [][]string       `json:"rows"`  // up to 200, each as long as the columns
	Bad      int              `json:"bad"`   // lines among them that are no records
	Notes    []string         `json:"notes"` // what was recognised, for people
	Size     int64            `json:"size"`  // bytes of the whole file
	Settings plan.CSV         `json:"csv"`
}

// PreviewOf reads the beginning of the file that a sync reads.
func PreviewOf(ctx context.Context, w *workspace.Workspace, s store.Sync) (Preview, error) {
	source, err := w.Source(ctx, s)
	if err != nil {
		return Preview{}, err
	}
	p, err := previewOf(ctx, source)
	p.Settings = s.Definition.Source.CSV
	return p, err
}

func previewOf(ctx context.Context, source connector.Source) (Preview, error) {
	stager, ok := source.(connector.Stager)
	if !ok {
		return Preview{}, refuse(run.CodeSource, "%s is not a file", source.Name())
	}
	var head bounded
	staging, err := stager.Stage(ctx, &head)
	if file, ok := errors.AsType[*csv.FileError](err); ok {
		return Preview{}, refuse(file.Code, "%s: %s Nothing was changed", source.Name(), file.Message)
	}
	if nothing, ok := errors.AsType[*connector.Nothing](err); ok {
		return Preview{}, refuse(run.CodeSourceAbsent, "%s", nothing.Why)
	}
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Notes: staging.Notes, Size: staging.Size, Rows: [][]string{}}
	err = p.read(csv.NewReader(&head.Buffer, staging.Dialect, csv.Limits{}), staging.Dialect.Header)
	return p, err
}

func (p *Preview) read(r *csv.Reader, header bool) error {
	if header {
		names, err := r.Header()
		if err != nil && err != io.EOF {
			return err
		}
		p.Columns = named(names)
	}
	for range sampleRows {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if p.Columns == nil {
			p.Columns = named(make([]string, len(row.Fields)))
		}
		if row.Problem != nil {
			p.Bad++
			continue
		}
		p.add(row)
	}
	for _, c := range p.Columns {
		p.Names = append(p.Names, c.Name)
	}
	return nil
}

func (p *Preview) add(row *csv.Row) {
	values := make([]string, len(p.Columns))
	for i, value := range row.Fields {
		if i >= len(values) {
			break
		}
		if values[i] = string(value); !contact.Blank(values[i]) {
			p.Columns[i].Samples = append(p.Columns[i].Samples, values[i])
		}
	}
	p.Rows = append(p.Rows, values)
}

// A ColumnLook says what the values of a column are like as a field of a kind.
type ColumnLook struct {
	OK    int      `json:"ok"`
	Bad   int      `json:"bad"`
	Blank int      `json:"blank"`
	Wrong []string `json:"wrong,omitempty"` // a few that are not of the kind
	Odd   string   `json:"odd,omitempty"`   // what is wrong with the first of them
}

// Look looks at a column of the preview as a field of a kind.
func (p Preview) Look(column string, kind contact.Kind, region string) (look ColumnLook) {
	at := slices.Index(p.Names, column)
	if at < 0 {
		return look
	}
	norm := contact.NewNormalizer(region)
	for _, row := range p.Rows {
		if contact.Blank(row[at]) {
			look.Blank++
			continue
		}
		_, problem := norm.Canonical(kind, row[at])
		if problem == "" {
			look.OK++
			continue
		}
		if look.Bad++; len(look.Wrong) < 3 {
			look.Wrong = append(look.Wrong, row[at])
		}
		if look.Odd == "" {
			look.Odd = string(problem)
		}
	}
	return look
}

// A MatchRate says by which rule the records of a preview are recognised.
type MatchRate struct {
	Records int               `json:"records"`
	By      map[plan.Rule]int `json:"by"`
	New     int               `json:"new"`
	Several int               `json:"several"` // recognised as more than one contact
	Rules   []plan.Rule       `json:"rules"`
}

// MatchRateOf recognises the records of a preview in a book, rule by rule.
func (p Preview) MatchRateOf(ctx context.Context, w *workspace.Workspace, b store.Book, def plan.Sync) (rate MatchRate, err error) {
	if len(def.Match) == 0 {
		def.Match = []plan.Rule{plan.ByEmail}
		if b.KeyField != "" && !b.KeyMade {
			def.Match = []plan.Rule{plan.ByKey}
		}
	}
	rate = MatchRate{Records: len(p.Rows), By: map[plan.Rule]int{}, Rules: def.Match}
	norm := contact.NewNormalizer(b.Region)
	matched := make([]bool, len(p.Rows))
	for _, rule := range def.Match {
		column, kind := p.keyColumn(b, def, rule)
		if column < 0 {
			continue
		}
		hashes, rows := []uint64{}, map[uint64][]int{}
		for i, row := range p.Rows {
			key, _ := norm.MatchKey(kind, row[column])
			if matched[i] || key == "" {
				continue
			}
			hash := w.Secret().Hash(key)
			hashes, rows[hash] = append(hashes, hash), append(rows[hash], i)
		}
		hits, err := w.Store.FindKeys(ctx, b, plan.NumberOf(rule), hashes)
		if err != nil {
			return rate, err
		}
		found := map[uint64]map[int64]bool{}
		for _, h := range hits {
			if found[h.Hash] == nil {
				found[h.Hash] = map[int64]bool{}
			}
			found[h.Hash][h.Ref] = true
		}
		for hash, refs := range found {
			for _, i := range rows[hash] {
				matched[i] = true
				if rate.By[rule]++; len(refs) > 1 {
					rate.Several++
				}
			}
		}
	}
	for _, m := range matched {
		if !m {
			rate.New++
		}
	}
	return rate, nil
}

// keyColumn is the column that fills the field a rule recognises people by.
func (p Preview) keyColumn(b store.Book, def plan.Sync, rule plan.Rule) (column int, kind contact.Kind) {
	for _, m := range def.Map {
		f, known := b.Schema().Field(m.To)
		if !known {
			continue
		}
		switch {
		case rule == plan.ByKey && f.Name == b.KeyField, rule == plan.ByEmail && f.Kind == contact.Email, rule == plan.ByPhone && f.Kind == contact.Phone:
			return slices.Index(p.Names, m.From), f.Kind
		}
	}
	return -1, ""
}
