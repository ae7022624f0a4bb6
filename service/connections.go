package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/fetch"
	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// How a connection is, and how its last test went.
type (
	ConnectionState = desk.ConnectionState
	ConnectionTest  = desk.ConnectionTest
)

// A SystemReport is what can be connected, with what it asks for.
type SystemReport struct {
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Files    bool            `json:"files"`
	SignsIn  bool            `json:"signs_in"` // a person lets Kith in, in the browser
	Settings []SettingReport `json:"settings"`
}

// A SettingReport is one thing that a connection, or a channel, has to know.
type SettingReport struct {
	Name     string `json:"name"`
	Help     string `json:"help"`
	Required bool   `json:"required,omitempty"`
}

// Systems are what can be connected.
func (s *Service) Systems() []SystemReport {
	var all []SystemReport
	for _, system := range workspace.Systems() {
		r := SystemReport{Name: system.Name, Title: system.Title, Files: system.Files(), SignsIn: system.SignsIn()}
		for _, one := range system.Settings {
			r.Settings = append(r.Settings, SettingReport(one))
		}
		all = append(all, r)
	}
	return all
}

// Connections are all connections with how they are, by name.
func (s *Service) Connections(ctx context.Context) ([]ConnectionState, error) {
	all, err := s.Workspace.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	return s.connectionStates(ctx, all)
}

// Connection is one connection with how it is.
func (s *Service) Connection(ctx context.Context, name string) (ConnectionState, error) {
	c, err := s.connectionNamed(ctx, name)
	if err != nil {
		return ConnectionState{}, err
	}
	states, err := s.connectionStates(ctx, []store.Connection{c})
	if err != nil {
		return ConnectionState{}, err
	}
	return states[0], nil
}

func (s *Service) connectionNamed(ctx context.Context, name string) (store.Connection, error) {
	c, err := s.Workspace.Store.Connection(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return c, notThere("There is no connection %s, or not any more", name)
	}
	return c, err
}

func (s *Service) connectionStates(ctx context.Context, all []store.Connection) ([]ConnectionState, error) {
	return desk.ConnectionStates(ctx, s.Workspace, all, s.Now())
}

// A NewConnection is a connection as somebody describes it.
type NewConnection struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"` // of a system; a connection keeps the one it has
	Settings map[string]string `json:"settings"`
	Secret   string            `json:"secret,omitempty"` // none: the one it has
	New      bool              `json:"-"`                // there must be none of the name
}

// SaveConnection makes a connection, or gives the one of its name these settings.
// The secret is sealed, and leaves this installation only towards the server that
// it was given for: with another address it has to be given again.
func (s *Service) SaveConnection(ctx context.Context, n NewConnection) (ConnectionState, error) {
	n.Name = strings.TrimSpace(n.Name)
	if err := desk.Free(ctx, s.Workspace, syncfile.KindConnection, n.Name); err != nil {
		return ConnectionState{}, err
	}
	old, err := s.Workspace.Store.Connection(ctx, n.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return ConnectionState{}, err
	}
	c, err := n.checked(old)
	if err != nil {
		return ConnectionState{}, err
	}
	if n.Secret != "" {
		if c.Secret, err = s.Workspace.SealSecret(ctx, c.Name, n.Secret); err != nil {
			return ConnectionState{}, err
		}
	}
	if c, err = s.Workspace.Store.SaveConnection(ctx, c); err != nil {
		return ConnectionState{}, err
	}
	if err := s.Workspace.Store.ForgetTested(ctx, c.ID); err != nil {
		return ConnectionState{}, err
	}
	return s.Connection(ctx, c.Name)
}

// checked returns the connection as it is to be kept, its new secret aside.
func (n NewConnection) checked(old store.Connection) (store.Connection, error) {
	c := store.Connection{Name: n.Name, Kind: n.Type, Settings: map[string]string{}, Secret: old.Secret}
	var wrong FieldErrors
	note := func(field, message string) { wrong = append(wrong, FieldError{field, desk.CodeUsage, message}) }
	switch {
	case n.Name == "" || n.Name != notify.Line(n.Name) || strings.ContainsAny(n.Name, `/\?#"`):
		note("name", "A connection needs a name on one line, without / \\ ? # and quotation marks")
	case n.New && old.ID != 0:
		note("name", "There is a connection of this name already. Choose another")
	case old.ID != 0 && c.Kind == "":
		c.Kind = old.Kind
	case old.ID != 0 && c.Kind != old.Kind:
		note("type", "The connection "+n.Name+" is one of another system. Delete it first, or choose another name")
	}
	system, err := workspace.SystemNamed(c.Kind)
	if err != nil {
		note("type", "Choose what to connect to")
		return c, wrong
	}
	if path := old.Settings[fileOfMachine]; path != "" {
		c.Settings[fileOfMachine] = path
	}
	for name, value := range n.Settings {
		value = strings.TrimSpace(value)
		if !slices.ContainsFunc(system.Settings, func(one workspace.SystemSetting) bool { return one.Name == name }) {
			note(name, name+" is no setting of "+system.Title)
		} else if kept, message := desk.SettingValue(name, value); value == "" {
			continue
		} else if message != "" {
			note(name, sentenceFor(name, message))
		} else if err := mayName(kept, old.Settings[name]); name == fileOfMachine && err != nil {
			note(name, err.Error())
		} else {
			c.Settings[name] = kept
		}
	}
	for _, one := range system.Settings {
		if one.Required && c.Settings[one.Name] == "" && !slices.ContainsFunc(wrong, func(e FieldError) bool { return e.Field == one.Name }) {
			note(one.Name, "This is missing: "+one.Help)
		}
	}
	if n.Secret == "" && old.Secret != "" && !desk.SameServer(old.Settings, c.Settings) {
		note("secret", "The address is another server. Give the secret once more: it was meant for the one before")
	}
	if len(wrong) > 0 {
		slices.SortFunc(wrong, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
		return c, wrong
	}
	return c, nil
}

// sentenceFor makes a whole sentence of what is wrong with a setting.
func sentenceFor(name, message string) string {
	if message != "" && message[0] >= 'a' && message[0] <= 'z' {
		return name + " " + message
	}
	return message
}

// testTime is how long a test may take.
const testTime = time.Minute

// TestConnection signs in and looks, writing nothing, and remembers how it went.
// What stands in the way is part of the answer and no error.
func (s *Service) TestConnection(ctx context.Context, name, object, path string) (ConnectionTest, error) {
	c, err := s.connectionNamed(ctx, name)
	if err != nil {
		return ConnectionTest{}, err
	}
	if err := s.probes.take(s.Now()); err != nil {
		return ConnectionTest{}, err
	}
	limited, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	seen, err := desk.TestConnection(limited, s.Workspace, c, object, path)
	t := ConnectionTest{At: s.Now(), OK: err == nil, Seen: seen}
	switch {
	case ctx.Err() != nil:
		return t, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		t.Code, t.Said = fetch.CodeUnreachable, "It has not answered within a minute. Nothing was changed."
	case err != nil:
		t.Code, t.Said = Say(err)
		if t.Code == "failed" {
			s.Log.Error("a test failed", "connection", name, "error", err)
		}
	default:
		t.Said = seenText(seen, path)
	}
	if t.Code == fetch.CodeHostKeyUnknown || t.Code == fetch.CodeHostKeyChanged {
		if key, err := s.Workspace.HostKeyNow(limited, name); err == nil {
			t.HostKey = key
		}
	}
	return t, s.Workspace.Store.SaveTested(ctx, store.Tested{Connection: c.ID, At: t.At, Code: t.Code, Said: t.Said})
}

// seenText says in a sentence what a test saw.
func seenText(r desk.TestReport, path string) string {
	switch {
	case len(r.Objects) > 0:
		return "It answers, and signing in works. It has " + strings.Join(r.Objects, ", ") + "."
	case r.Object != "":
		can := "it can be written to"
		if !r.Writes {
			can = "it is read only"
		}
		return fmt.Sprintf("%s answers: %d fields, and %s.", r.Object, len(r.Fields), can)
	case path == "":
		return "It answers, and signing in works."
	case len(r.Files) == 0:
		return "It answers. No file is there for " + path + "."
	case len(r.Files) == 1:
		return "It answers: 1 file for " + path + "."
	}
	return fmt.Sprintf("It answers: %d files for %s.", len(r.Files), path)
}

// PrepareConnection gives the system of a connection a field for our keys.
func (s *Service) PrepareConnection(ctx context.Context, name, object string) error {
	limited, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	return desk.Prepare(limited, s.Workspace, name, object)
}

// TrustConnection accepts the key of an SFTP server, which a person has compared,
// when it is the one that the server shows now.
func (s *Service) TrustConnection(ctx context.Context, name, key string) (ConnectionState, error) {
	c, err := s.connectionNamed(ctx, name)
	if err != nil {
		return ConnectionState{}, err
	}
	if err := desk.TrustKey(ctx, s.Workspace, name, key); err != nil {
		return ConnectionState{}, err
	}
	if err := s.Workspace.Store.ForgetTested(ctx, c.ID); err != nil {
		return ConnectionState{}, err
	}
	return s.Connection(ctx, name)
}

// DeleteConnection forgets a connection with its links. The records on both sides
// stay. One that a sync still names is kept.
func (s *Service) DeleteConnection(ctx context.Context, name string) error {
	if err := desk.Free(ctx, s.Workspace, syncfile.KindConnection, name); err != nil {
		return err
	}
	c, err := s.Connection(ctx, name)
	if err != nil {
		return err
	}
	if len(c.UsedBy) > 0 {
		return &run.Error{Code: desk.CodeUsage, Message: fmt.Sprintf("The connection %s is used by %s. Nothing was deleted. Delete these syncs first, or give them another connection", name, strings.Join(c.UsedBy, ", "))}
	}
	kept, err := s.connectionNamed(ctx, name)
	if err != nil {
		return err
	}
	return s.Workspace.Store.DeleteConnection(ctx, kept.ID)
}

// A LinkedContact says which record of a connection a contact is.
type LinkedContact struct {
	BookID    int64  `json:"book_id"`
	ContactID int64  `json:"contact_id"`
	Book      string `json:"book"`
	Name      string `json:"name,omitempty"` // of the contact, or its e-mail
	desk.LinkReport
}

// A LinkList is a stretch of who is linked with what.
type LinkList struct {
	Links []LinkedContact `json:"items"`
	Next  int64           `json:"next,omitempty"` // where the next stretch begins; 0: this was the last
}

// Links are who is who at a connection, or at all of them: of one book or of all,
// from a position on.
func (s *Service) Links(ctx context.Context, connection string, book, after int64, limit int) (LinkList, error) {
	list := LinkList{Links: []LinkedContact{}}
	p := store.LinkPage{Book: book, After: after, Limit: limit}
	if connection != "" {
		c, err := s.connectionNamed(ctx, connection)
		if err != nil {
			return list, err
		}
		p.Connection = c.ID
	}
	found, err := s.Workspace.Store.LinksAt(ctx, p)
	if err != nil {
		return list, err
	}
	for _, l := range found {
		st := LinkedContact{BookID: store.BookOf(l.Ref), ContactID: store.Number(l.Ref),
			LinkReport: desk.LinkReport{Connection: l.Connection, Object: l.Object, RemoteID: l.RemoteID, Gone: l.State != store.There}}
		if st.Book, st.Name, err = desk.Called(ctx, s.Workspace, l.Ref); err != nil {
			return list, err
		}
		list.Links = append(list.Links, st)
	}
	if limit > 0 && len(found) == limit {
		list.Next = found[limit-1].At
	}
	return list, nil
}
