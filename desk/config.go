package desk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kith-sync/kith/notify"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// The configuration of an installation as files: its books, connections, channels
// and syncs with their schedules, without contacts, runs and secrets.

// A ConfigFile is one file of a configuration, by its name within the folder.
type ConfigFile struct {
	Name string `json:"name" doc:"Its name within the folder, such as syncs/people.yaml"`
	Text string `json:"text" doc:"YAML documents of the kinds Sync, Connection, Book and Channel"`
}

// configured is what an installation has, as documents, by kind and name.
type configured struct {
	objects map[configKey]syncfile.Object
	managed map[configKey]store.Managed

	books       map[string]store.Book
	connections map[string]store.Connection
	channels    map[string]store.Channel
	syncs       map[string]store.Sync
}

type configKey struct{ kind, name string }

// readConfigured reads the whole configuration. Paths of syncs are relative to
// folder where they were given so, else absolute.
func readConfigured(ctx context.Context, w *workspace.Workspace, folder string) (*configured, error) {
	c := &configured{objects: map[configKey]syncfile.Object{}, managed: map[configKey]store.Managed{}, books: map[string]store.Book{},
		connections: map[string]store.Connection{}, channels: map[string]store.Channel{}, syncs: map[string]store.Sync{}}
	managed, err := w.Store.Managed(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range managed {
		c.managed[configKey{m.Kind, m.Name}] = m
	}
	for _, read := range []func(context.Context, *workspace.Workspace) error{c.readBooks, c.readConnections, c.readChannels} {
		if err := read(ctx, w); err != nil {
			return nil, err
		}
	}
	return c, c.readSyncs(ctx, w, folder)
}

func (c *configured) put(o syncfile.Object) { c.objects[configKey{o.Kind(), o.Name()}] = o }

func (c *configured) readBooks(ctx context.Context, w *workspace.Workspace) error {
	books, err := w.Store.Books(ctx)
	if err != nil {
		return err
	}
	own, err := PeopleBooks(ctx, w)
	for _, b := range books {
		c.books[b.Name] = b
		if !slices.ContainsFunc(own, func(o store.Book) bool { return o.ID == b.ID }) {
			continue // the sync that is fed by it makes it
		}
		key := b.KeyField
		if b.KeyMade {
			key = plan.KeyGenerated
		}
		c.put(syncfile.Object{Book: &syncfile.Book{Name: b.Name, Key: key, Region: b.Region, NameFormula: b.NameFormula, Fields: b.Fields}})
	}
	return err
}

func (c *configured) readConnections(ctx context.Context, w *workspace.Workspace) error {
	all, err := w.Store.Connections(ctx)
	for _, one := range all {
		c.connections[one.Name] = one
		c.put(syncfile.Object{Connection: &syncfile.Connection{Name: one.Name, Type: one.Kind, Settings: one.Settings,
			Secret: c.secretOf(syncfile.KindConnection, one.Name, one.Secret != "")}})
	}
	return err
}

func (c *configured) readChannels(ctx context.Context, w *workspace.Workspace) error {
	all, err := w.Store.Channels(ctx)
	for _, one := range all {
		c.channels[one.Name] = one
		var every []string
		for _, e := range one.On {
			every = append(every, string(e))
		}
		c.put(syncfile.Object{Channel: &syncfile.Channel{Name: one.Name, Type: one.Kind, Settings: one.Settings, EverySync: every,
			Secret: c.secretOf(syncfile.KindChannel, one.Name, one.Secret != "")}})
	}
	return err
}

func (c *configured) readSyncs(ctx context.Context, w *workspace.Workspace, folder string) error {
	all, err := w.Store.Syncs(ctx)
	if err != nil {
		return err
	}
	schedules, err := w.Store.Schedules(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if IsReplay(s) || Uploaded(w, s) {
			continue
		}
		c.syncs[s.Name] = s
		told, err := w.Store.Notify(ctx, s.ID)
		if err != nil {
			return err
		}
		doc := syncfile.Document{Sync: placedIn(s.Definition, s.Base, folder), Notify: told.Rules}
		if at := slices.IndexFunc(schedules, func(sch store.Schedule) bool { return sch.SyncID == s.ID }); at >= 0 {
			doc.Schedule = &schedules[at].Definition
			if schedules[at].Paused {
				doc.Paused = new(true)
			}
		}
		c.put(syncfile.Object{Sync: &doc})
	}
	return nil
}

// Uploaded reports whether a sync reads a file that somebody sent from their
// computer: it lies in this data folder and means nothing elsewhere.
func Uploaded(w *workspace.Workspace, s store.Sync) bool {
	return strings.HasPrefix(s.Definition.Source.File, filepath.Join(w.Folder, "uploads")+string(filepath.Separator))
}

// placedIn is a definition whose relative paths start from folder.
func placedIn(def plan.Sync, base, folder string) plan.Sync {
	def = def.Defaults()
	for _, end := range []*plan.Endpoint{&def.Source, &def.Target} {
		if end.File != "" && !filepath.IsAbs(end.File) && base != folder {
			end.File = filepath.Join(base, end.File)
		}
	}
	return def
}

// Placed is the definition of a kept sync with the whole paths of its files.
func Placed(s store.Sync) plan.Sync { return placedIn(s.Definition, s.Base, "") }

var notVariable = regexp.MustCompile(`[^A-Z0-9]+`)

// secretOf says where a secret comes from: what its file said, else a variable
// named after its owner.
func (c *configured) secretOf(kind, name string, has bool) string {
	if said := c.managed[configKey{kind, name}].Secret; said != "" || !has {
		return said
	}
	return "${env:" + SecretVariable + strings.Trim(notVariable.ReplaceAllString(strings.ToUpper(name), "_"), "_") + "}"
}

// SecretVariable begins the names of variables that hold secrets of a configuration.
const SecretVariable = "KITH_SECRET_"

// fileOf is the file that something is kept in, or would be.
func (c *configured) fileOf(k configKey) string {
	if m := c.managed[k]; m.File != "" {
		return m.File
	}
	return strings.ToLower(k.kind) + "s/" + fileName(k.name) + ".yaml"
}

var notInName = regexp.MustCompile(`[^a-z0-9._-]+`)

// fileName makes a name for a file of any name. Two names may share a file: it then
// has a document for each.
func fileName(name string) string {
	return cmp.Or(strings.Trim(notInName.ReplaceAllString(strings.ToLower(name), "-"), "-."), "unnamed")
}

// ExportConfig is the whole configuration as files, by their names. What came from a
// file is in the file of that name.
func ExportConfig(ctx context.Context, w *workspace.Workspace, folder string) ([]ConfigFile, error) {
	c, err := readConfigured(ctx, w, folder)
	if err != nil {
		return nil, err
	}
	var files []ConfigFile
	for _, k := range c.inOrder() {
		text, err := c.objects[k].Marshal()
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", k.kind, k.name, err)
		}
		name := c.fileOf(k)
		at := slices.IndexFunc(files, func(f ConfigFile) bool { return f.Name == name })
		if at < 0 {
			files = append(files, ConfigFile{Name: name, Text: string(text)})
			continue
		}
		files[at].Text += "---\n" + string(text)
	}
	slices.SortFunc(files, func(a, b ConfigFile) int { return cmp.Compare(a.Name, b.Name) })
	return files, nil
}

// inOrder are the keys in the order in which documents need each other.
func (c *configured) inOrder() []configKey {
	var keys []configKey
	for k := range c.objects {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b configKey) int {
		return cmp.Or(cmp.Compare(slices.Index(syncfile.Kinds(), a.kind), slices.Index(syncfile.Kinds(), b.kind)), cmp.Compare(a.name, b.name))
	})
	return keys
}

// DocumentOf is one thing of the configuration as its YAML document.
func DocumentOf(ctx context.Context, w *workspace.Workspace, kind, name string) (string, error) {
	c, err := readConfigured(ctx, w, "")
	if err != nil {
		return "", err
	}
	o, there := c.objects[configKey{kind, name}]
	if !there {
		return "", store.ErrNotFound
	}
	text, err := o.Marshal()
	return string(text), err
}

// Free refuses a change to what is kept in a file: the next time the file is applied
// the change would be lost.
func Free(ctx context.Context, w *workspace.Workspace, kind, name string) error {
	file, err := w.Store.ManagedFile(ctx, kind, name)
	if err != nil || file == "" {
		return err
	}
	return refuse(CodeManaged, "%s is kept in the file %s. Nothing was changed. Change that file and apply it, or detach it from the file first", name, file)
}

// CodeManaged is the code of a change to what is kept in a file.
const CodeManaged = "config.managed"

// Detach lets something that is kept in a file be changed here again.
func Detach(ctx context.Context, w *workspace.Workspace, kind, name string) error {
	if !slices.Contains(syncfile.Kinds(), kind) {
		return usage("%q is not a kind of document. The kinds are %s", kind, strings.Join(syncfile.Kinds(), ", "))
	}
	err := w.Store.Detach(ctx, kind, name)
	if errors.Is(err, store.ErrNotFound) {
		return refuse("not_found", "There is no %s %q that is kept in a file. Nothing was changed", strings.ToLower(kind), name)
	}
	return err
}

// readFiles reads every document of a configuration's files. A mistake is told with
// its file, line and column; all of them at once.
func readFiles(files []ConfigFile) (all []filed, err error) {
	var found []error
	seen := map[configKey]string{}
	for _, f := range files {
		if f.Name != path.Clean(f.Name) || path.IsAbs(f.Name) || strings.HasPrefix(f.Name, "../") {
			return nil, usage("%q is not the name of a file within the folder", f.Name)
		}
		objects, err := syncfile.ReadObjects(f.Name, bytes.Clone([]byte(f.Text)))
		if err != nil {
			found = append(found, err)
			continue
		}
		for _, o := range objects {
			k := configKey{o.Kind(), o.Name()}
			if first := seen[k]; first != "" {
				e := o.Problem("name", fmt.Sprintf("the %s %q is defined in %s already", strings.ToLower(k.kind), k.name, first), "Keep one of them.")
				found = append(found, &e)
			}
			seen[k] = f.Name
			all = append(all, filed{o, f.Name})
		}
	}
	return all, flat(found)
}

// flat joins mistakes into one error that syncfile.All can list.
func flat(found []error) error {
	var all []error
	for _, err := range found {
		for _, e := range syncfile.All(err) {
			all = append(all, e)
		}
	}
	return errors.Join(all...)
}

// filed is an object with the file it stands in.
type filed struct {
	syncfile.Object
	file string
}

func eventsOf(words []string) (events []notify.Event) {
	for _, w := range words {
		events = append(events, notify.Event(w))
	}
	return events
}
