package desk

import (
	"context"
	"errors"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A TestReport says what was seen of a connection: of one with records its object,
// of one with files those that a path would see.
type TestReport struct {
	Object      string       `json:"object,omitempty"`
	Objects     []string     `json:"objects,omitempty"` // that the connection has, where none was named
	Fields      []string     `json:"fields,omitempty"`
	Writes      bool         `json:"writes"`
	Incremental bool         `json:"incremental"`
	Files       []FileReport `json:"files,omitempty"`
}

// A FileReport is a file that a sync with a path would choose from.
type FileReport struct {
	Path     string     `json:"path"`
	Size     int64      `json:"size"` // -1: the server does not say
	Modified *time.Time `json:"modified,omitempty"`
}

// TestConnection signs in and looks, writing nothing. Object names which one, where
// a connection has several; path which files, where it has files.
func TestConnection(ctx context.Context, w *workspace.Workspace, c store.Connection, object, path string) (TestReport, error) {
	system, err := workspace.SystemNamed(c.Kind)
	if err != nil {
		return TestReport{}, err
	}
	if system.Files() {
		files, err := w.Look(ctx, c.Name, path)
		return TestReport{Files: ReportFiles(files)}, err
	}
	remote, err := w.Connect(ctx, c, object)
	if several, ok := errors.AsType[connector.ChoiceError](err); ok && object == "" && len(several.Options()) > 0 {
		return TestReport{Objects: optionsOf(several)}, nil
	}
	if err != nil {
		return TestReport{}, err
	}
	schema, err := remote.Schema(ctx)
	if err != nil {
		return TestReport{}, unreachable(c, err)
	}
	can := remote.Promises()
	r := TestReport{Object: remote.Name(), Writes: !can.ReadOnly, Incremental: can.Incremental}
	for _, f := range schema.Fields {
		r.Fields = append(r.Fields, f.Name)
	}
	return r, nil
}

func optionsOf(several connector.ChoiceError) (names []string) {
	for _, o := range several.Options() {
		names = append(names, o.Name)
	}
	return names
}

// Prepare gives the system of a connection a field for our keys, so that no create is
// ever doubled there. It changes the system.
func Prepare(ctx context.Context, w *workspace.Workspace, name, object string) error {
	c, err := ConnectionNamed(ctx, w, name)
	if err != nil {
		return err
	}
	remote, err := w.Connect(ctx, c, object)
	if err != nil {
		return err
	}
	preparer, ok := remote.(connector.Preparer)
	if !ok {
		return usage("%s needs no field for keys: it has a way of its own. Nothing was changed", name)
	}
	if err := preparer.EnsureExternalID(ctx); err != nil {
		return unreachable(c, err)
	}
	return nil
}

func unreachable(c store.Connection, err error) error {
	code := link.CodeUnreachable
	var f *connector.Fault
	if errors.As(err, &f) && f.Kind == connector.Denied {
		code = link.CodeDenied
	}
	return &run.Error{Code: code, Message: "The connection " + c.Name + " was opened, and then did not say what it has: " + err.Error(), Err: err}
}

// ReportFiles lists files.
func ReportFiles(files []fetch.Entry) []FileReport {
	all := make([]FileReport, len(files))
	for i, f := range files {
		all[i] = FileReport{Path: f.Path, Size: f.Size, Modified: Moment(f.Modified)}
	}
	return all
}

// TrustKey accepts the key of an SFTP server, when it is the one that it shows now:
// a person has compared it with what the server's operator tells.
func TrustKey(ctx context.Context, w *workspace.Workspace, name, said string) error {
	shown, err := w.HostKeyNow(ctx, name)
	if err != nil {
		return err
	}
	if err := SameKey(said, shown); err != nil {
		return err
	}
	return w.Trust(ctx, name, shown)
}

// SameKey refuses a key that is not the one a person has said.
func SameKey(said, shown string) error {
	expected, err := fetch.ParseHostKey(said)
	if err != nil {
		return usage("%q is no host key: %v", said, err)
	}
	if now, err := fetch.ParseHostKey(shown); err != nil || now.Print != expected.Print {
		return refuse(fetch.CodeHostKeyChanged, "The server shows another key (%s) than you expect (%s). Nothing was accepted. Ask the server's operator", shown, expected)
	}
	return nil
}

// UsedBy are the syncs that name a connection.
func UsedBy(syncs []store.Sync, connection string) (names []string) {
	for _, s := range syncs {
		if !IsReplay(s) && (s.Definition.Source.Connection == connection || s.Definition.Target.Connection == connection) {
			names = append(names, s.Name)
		}
	}
	return names
}
