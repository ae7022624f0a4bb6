package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/csv"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/notify/send"
)

// Defaults are what a new import begins with.
type Defaults struct {
	Region string `json:"region,omitempty"` // of telephone numbers without a country: GB
	Email  string `json:"email,omitempty"`  // who hears of errors
}

// An Installation says what this Kith is and what it keeps where.
type Installation struct {
	Version      string   `json:"version"`
	Go           string   `json:"go"`
	System       string   `json:"system"`
	BaseURL      string   `json:"base_url"`
	Database     string   `json:"database"`
	SecondFactor bool     `json:"second_factor_required"`
	Defaults     Defaults `json:"defaults"`
	Keeps        []Kept   `json:"keeps"`
}

// Kept is one thing that is stored.
type Kept struct {
	What  string `json:"what"`
	Where string `json:"where"`          // by name, below the data folder
	Long  string `json:"long"`           // how long
	Size  int64  `json:"size,omitempty"` // bytes, where it is a file or folder
}

const defaultsName = "defaults"

// Defaults are what a new import begins with.
func (s *Service) Defaults(ctx context.Context) (d Defaults, err error) {
	text, err := s.Workspace.Store.Setting(ctx, defaultsName, "{}")
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal([]byte(text), &d)
}

// SaveDefaults sets what a new import begins with. Those that are there stay as
// they are.
func (s *Service) SaveDefaults(ctx context.Context, d Defaults) error {
	d.Region, d.Email = strings.ToUpper(strings.TrimSpace(d.Region)), strings.TrimSpace(d.Email)
	var wrong FieldErrors
	if desk.CheckRegion(d.Region) != nil {
		wrong = append(wrong, FieldError{"region", desk.CodeUsage, "A country is two letters, such as GB or US"})
	}
	if d.Email != "" {
		if err := send.CheckEmail(d.Email); err != nil {
			wrong = append(wrong, FieldError{"email", desk.CodeUsage, err.Error()})
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	now, err := json.Marshal(d)
	if err != nil {
		return err
	}
	was, err := s.Workspace.Store.Setting(ctx, defaultsName, "{}")
	if err != nil {
		return err
	}
	swapped, err := s.Workspace.Store.SwapSetting(ctx, defaultsName, was, string(now))
	if err == nil && !swapped {
		return FieldErrors{{"region", desk.CodeUsage, "Somebody else has just changed these. Nothing was changed. Look again"}}
	}
	return err
}

// Installation says what this Kith is and what it keeps where. No path of the
// machine is in it: whoever runs Kith knows where the data folder is.
func (s *Service) Installation(ctx context.Context) (Installation, error) {
	d, err := s.Defaults(ctx)
	if err != nil {
		return Installation{}, err
	}
	folder := s.Workspace.Folder
	i := Installation{Version: s.Version, Go: strings.TrimPrefix(runtime.Version(), "go"), System: runtime.GOOS + "/" + runtime.GOARCH, BaseURL: s.BaseURL,
		Database: s.Workspace.Store.Engine(), SecondFactor: s.Accounts.RequireTOTP, Defaults: d}
	database := "kith.db in the data folder"
	if i.Database != "SQLite" {
		database = "a PostgreSQL server"
	}
	i.Keeps = []Kept{
		{"Contacts, syncs, runs, accounts, the audit log", database, "until they are deleted", size(filepath.Join(folder, "kith.db"))},
		{"Contacts in the trash", database, "30 days", 0},
		{"Copies of what runs have read", "stage in the data folder", "90 days", size(s.Workspace.Engine.Stage)},
		{"Details of runs", database, "90 days; totals and where each value came from stay", 0},
		{"Messages that were sent or given up", database, "30 days", 0},
		{"Passwords and tokens of connections", database + ", sealed", "until the connection is deleted", 0},
		{"The key that opens them, and by which contacts are recognised", "key in the data folder", "for ever: back it up apart from the database", size(filepath.Join(folder, "key"))},
	}
	return i, nil
}

// size is that of a file or of all files of a folder; 0 when there is none.
func size(path string) (n int64) {
	_ = filepath.WalkDir(path, func(_ string, entry os.DirEntry, err error) error { // what cannot be read counts nothing
		if err == nil && !entry.IsDir() {
			if info, err := entry.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// AuditList is up to limit entries of the audit log before a number, the newest
// first; 0 begins at its end.
func (s *Service) AuditList(ctx context.Context, before int64, limit int) ([]desk.AuditReport, error) {
	found, err := s.Accounts.LatestAudit(ctx, before, limit)
	all := make([]desk.AuditReport, len(found))
	for i, e := range found {
		all[i] = desk.ReportAudit(e)
	}
	return all, err
}

// An AuditHead says how far a log goes that is whole. Kept elsewhere it proves later
// that nothing before it was changed.
type AuditHead struct {
	Entries int64  `json:"entries"`
	Head    string `json:"head"`
}

// VerifyAudit reads the whole log, and says where it is not what was written.
func (s *Service) VerifyAudit(ctx context.Context) (AuditHead, error) {
	end, err := s.Accounts.Verify(ctx, account.Head{})
	return AuditHead{end.N, fmt.Sprintf("%d:%s", end.N, end.Hash)}, atGate(err)
}

// WriteAudit writes the whole log as a file of comma-separated values, the oldest
// entry first. None of its values is one that somebody typed alone, so that no
// spreadsheet takes one for a formula.
func (s *Service) WriteAudit(ctx context.Context, out io.Writer) error {
	w := csv.NewWriter(out, csv.Dialect{})
	err := w.Write([]string{"entry", "at", "actor", "action", "object", "address", "detail", "hash"})
	for e, readErr := range s.Accounts.Audit(ctx, 0) {
		if err = errors.Join(err, readErr); err != nil {
			return err
		}
		err = w.Write([]string{fmt.Sprint(e.N), e.At.UTC().Format(time.RFC3339Nano), e.Actor, e.Action, e.Object, e.Address, e.Detail, e.Hash})
	}
	return errors.Join(err, w.Flush())
}
