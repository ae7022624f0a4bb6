package service

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
)

// A RejectPage is a stretch of the records of a run that did not get through.
type RejectPage struct {
	Run     int64              `json:"run"`
	Sync    string             `json:"sync"`
	Linked  bool               `json:"linked,omitempty"` // of a sync with a connection: there is nothing to replay
	Groups  []desk.RejectGroup `json:"groups"`
	Columns []string           `json:"columns"` // of the source, without those that fill a password
	Records []RejectRecord     `json:"records"`
	Next    int64              `json:"next,omitempty"` // where the next stretch begins
}

// A RejectRecord is one of them, its values in the order of the columns.
type RejectRecord struct {
	desk.RejectReport
	Values []string `json:"values"`
}

// Rejects returns the records of a run that did not get through: of one cause or
// of all, from a position on.
func (s *Service) Rejects(ctx context.Context, id int64, code string, after int64, limit int) (RejectPage, error) {
	r, err := s.Run(ctx, id)
	if err != nil {
		return RejectPage{}, err
	}
	found, err := desk.RejectsOf(ctx, s.Workspace, r)
	if err != nil {
		return RejectPage{}, err
	}
	page := RejectPage{Run: id, Sync: r.Name, Linked: r.Linked, Groups: desk.Spelled(found.Groups), Columns: open(found.Columns, found.Secret), Records: []RejectRecord{}}
	at := int64(0)
	for c, err := range found.Records {
		if err != nil {
			return page, err
		}
		if code != "" && string(c.Reason) != code {
			continue
		}
		if at++; at <= after {
			continue
		}
		if len(page.Records) == limit {
			page.Next = at - 1
			break
		}
		values := make([]string, len(found.Columns))
		copy(values, c.Fields)
		page.Records = append(page.Records, RejectRecord{desk.ReportReject(c, found), open(values, found.Secret)})
	}
	return page, nil
}

// open leaves the columns out that fill a password: a blank keeps the one that is
// there (C32).
func open(values []string, secret []bool) []string {
	kept := make([]string, 0, len(values))
	for i, v := range values {
		if i >= len(secret) || !secret[i] {
			kept = append(kept, v)
		}
	}
	return kept
}

// WriteRejects writes all of them as a file that is safe to open in a spreadsheet
// and can be given back corrected.
func (s *Service) WriteRejects(ctx context.Context, id int64, out io.Writer) error {
	r, err := s.Run(ctx, id)
	if err != nil {
		return err
	}
	found, err := desk.RejectsOf(ctx, s.Workspace, r)
	if err != nil {
		return err
	}
	return desk.SheetRejects(out, found)
}

// maxCorrections is how many records one form corrects.
const maxCorrections = 1000

// Correct imports corrected records of a run, and only these.
func (s *Service) Correct(ctx context.Context, who account.Actor, id int64, columns []string, rows [][]string) (store.Job, error) {
	switch {
	case len(rows) == 0 || len(columns) == 0:
		return store.Job{}, &run.Error{Code: desk.CodeUsage, Message: "There is nothing to correct. Nothing was changed"}
	case len(rows) > maxCorrections:
		return store.Job{}, &run.Error{Code: desk.CodeUsage, Message: fmt.Sprintf("These are more than %d records. Nothing was changed. Download them as a file, correct that and give it back", maxCorrections)}
	}
	return s.replay(ctx, who, id, func(out io.Writer) error {
		w := csv.NewWriter(out, csv.Dialect{})
		for _, row := range slices.Concat([][]string{columns}, rows) {
			if err := w.Write(row); err != nil {
				return err
			}
		}
		return w.Flush()
	})
}

// ReplayFile imports a file of corrected rejects.
func (s *Service) ReplayFile(ctx context.Context, who account.Actor, id int64, in io.Reader) (store.Job, error) {
	return s.replay(ctx, who, id, func(out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	})
}

// replay keeps what write writes in the data folder and queues its import.
func (s *Service) replay(ctx context.Context, who account.Actor, id int64, write func(io.Writer) error) (store.Job, error) {
	r, err := s.Run(ctx, id)
	if err != nil {
		return store.Job{}, err
	}
	if _, err := desk.ReplayOf(r, "corrected.csv"); err != nil {
		return store.Job{}, err
	}
	dir := filepath.Join(s.Workspace.Folder, "rejects", fmt.Sprintf("run-%d", id))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return store.Job{}, fmt.Errorf("corrections of run %d: %w", id, err)
	}
	file, err := os.CreateTemp(dir, "corrected-*.csv")
	if err != nil {
		return store.Job{}, fmt.Errorf("corrections of run %d: %w", id, err)
	}
	defer file.Close()
	if err := write(file); err != nil {
		return store.Job{}, fmt.Errorf("corrections of run %d: %w", id, err)
	}
	if err := file.Close(); err != nil {
		return store.Job{}, err
	}
	return s.ReplayRun(ctx, who, id, file.Name())
}
