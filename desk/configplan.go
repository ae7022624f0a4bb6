package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/notify/send"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/syncfile"
	"github.com/kith-sync/kith/workspace"
)

// ConfigOptions say how files become the configuration.
type ConfigOptions struct {
	Folder  string                                    // that relative paths of syncs start from
	Prune   bool                                      // what came from files, and is in none any more, is deleted
	Resolve func(source, name string) (string, error) // of a secret: env or file, and which
	Mind    func(plan.Sync) error                     // may refuse a sync; nil: none
	Trust   func(file string) error                   // may refuse the file of a certificate; nil: none
}

// A ConfigPlan says what applying a set of files changes.
type ConfigPlan struct {
	Changes []ConfigChange `json:"changes"`
	Same    int            `json:"same"`    // things that are as their file says
	Applied bool           `json:"applied"` // whether it was done
}

// A ConfigChange is what becomes of one thing.
type ConfigChange struct {
	Action ConfigAction `json:"action"`
	Kind   string       `json:"kind"`
	Name   string       `json:"name"`
	File   string       `json:"file,omitempty"`
	Diff   []string     `json:"diff,omitempty"` // lines of its document that begin with -, + or a space
	Notes  []string     `json:"notes,omitempty"`
}

// A ConfigAction is a word for what is done.
type ConfigAction string

// What may become of a thing.
const (
	ConfigCreate ConfigAction = "create"
	ConfigUpdate ConfigAction = "update"
	ConfigAdopt  ConfigAction = "adopt" // it stays as it is, and is kept in the file from now on
	ConfigDelete ConfigAction = "delete"
)

// Empty reports whether there is nothing to do.
func (p ConfigPlan) Empty() bool { return len(p.Changes) == 0 }

// PlanConfig says what applying the files would change. Nothing is written.
func PlanConfig(ctx context.Context, w *workspace.Workspace, files []ConfigFile, o ConfigOptions) (ConfigPlan, error) {
	b, err := buildConfig(ctx, w, files, o)
	if err != nil {
		return ConfigPlan{}, err
	}
	return b.plan, nil
}

// ApplyConfig makes the configuration what the files say: all of it, or nothing when
// anything in them is wrong. What they do not name stays, unless it came from a file
// and prune is asked for.
func ApplyConfig(ctx context.Context, w *workspace.Workspace, files []ConfigFile, o ConfigOptions) (ConfigPlan, error) {
	b, err := buildConfig(ctx, w, files, o)
	if err != nil {
		return ConfigPlan{}, err
	}
	if err := w.Store.ApplyConfig(ctx, b.change); err != nil {
		return ConfigPlan{}, err
	}
	b.plan.Applied = true
	return b.plan, nil
}

// configBuilder works out what files make of what there is.
type configBuilder struct {
	w *workspace.Workspace
	o ConfigOptions
	*configured
	wanted []filed
	named  map[configKey]bool // in the files
	gone   map[configKey]bool // that prune takes away
	plan   ConfigPlan
	change store.ConfigChange
	found  []error
}

func buildConfig(ctx context.Context, w *workspace.Workspace, files []ConfigFile, o ConfigOptions) (*configBuilder, error) {
	wanted, err := readFiles(files)
	if err != nil {
		return nil, err
	}
	b := &configBuilder{w: w, o: o, wanted: wanted, named: map[configKey]bool{}, gone: map[configKey]bool{}, plan: ConfigPlan{Changes: []ConfigChange{}}}
	if b.configured, err = readConfigured(ctx, w, o.Folder); err != nil {
		return nil, err
	}
	slices.SortStableFunc(b.wanted, func(x, y filed) int {
		return cmp.Or(cmp.Compare(slices.Index(syncfile.Kinds(), x.Kind()), slices.Index(syncfile.Kinds(), y.Kind())), cmp.Compare(x.Name(), y.Name()))
	})
	for _, f := range b.wanted {
		b.named[configKey{f.Kind(), f.Name()}] = true
	}
	if err := b.prune(); err != nil {
		return nil, err
	}
	for _, f := range b.wanted {
		if err := b.put(ctx, f); err != nil {
			return nil, err
		}
	}
	b.together()
	return b, flat(b.found)
}

// prune takes away what came from a file and is in none any more. A book with
// contacts in it stays: nobody deletes people by leaving a file out.
func (b *configBuilder) prune() error {
	if !b.o.Prune {
		return nil
	}
	keys := b.inOrder()
	slices.Reverse(keys) // syncs before what they need
	for _, k := range keys {
		m := b.managed[k]
		if m.File == "" || b.named[k] {
			continue
		}
		if book := b.books[k.name]; k.kind == syncfile.KindBook && book.Population > 0 {
			return refuse("book.not_empty", "No file names the book %s any more, and it has %d contacts. Nothing was changed. Delete it by kith books delete, or detach it from its file first", book.Name, book.Population)
		}
		b.gone[k] = true
		text, err := b.objects[k].Marshal()
		if err != nil {
			return err
		}
		b.plan.Changes = append(b.plan.Changes, ConfigChange{Action: ConfigDelete, Kind: k.kind, Name: k.name, File: m.File, Diff: lineDiff(string(text), "")})
		switch k.kind {
		case syncfile.Kind:
			b.change.GoneSyncs = append(b.change.GoneSyncs, k.name)
		case syncfile.KindChannel:
			b.change.GoneChannels = append(b.change.GoneChannels, k.name)
		case syncfile.KindConnection:
			b.change.GoneConnections = append(b.change.GoneConnections, b.connections[k.name].ID)
		case syncfile.KindBook:
			b.change.GoneBooks = append(b.change.GoneBooks, b.books[k.name].ID)
		}
	}
	return nil
}

// wrong notes a mistake at a key of an object.
func (b *configBuilder) wrong(f filed, key, message string) {
	e := f.Problem(key, strings.TrimSuffix(message, "."), "")
	b.found = append(b.found, &e)
}

// put works out what becomes of one object of the files.
func (b *configBuilder) put(ctx context.Context, f filed) (err error) {
	var now syncfile.Object
	notes, ready := []string(nil), false
	switch {
	case f.Book != nil:
		now, ready = b.putBook(f)
	case f.Connection != nil:
		now, notes, ready, err = b.putConnection(ctx, f)
	case f.Channel != nil:
		now, notes, ready, err = b.putChannel(ctx, f)
	default:
		now, ready = b.putSync(f)
	}
	if err != nil || !ready {
		return err
	}
	return b.note(f, now, notes)
}

// note adds an object to the plan, beside what it replaces.
func (b *configBuilder) note(f filed, now syncfile.Object, notes []string) error {
	k := configKey{now.Kind(), now.Name()}
	b.change.Managed = append(b.change.Managed, store.Managed{Kind: k.kind, Name: k.name, File: f.file, Secret: secretIn(now)})
	before := ""
	if old, there := b.objects[k]; there {
		text, err := old.Marshal()
		if err != nil {
			return err
		}
		before = string(text)
	}
	text, err := now.Marshal()
	if err != nil {
		return err
	}
	c := ConfigChange{Action: ConfigUpdate, Kind: k.kind, Name: k.name, File: f.file, Notes: notes}
	switch {
	case before == "":
		c.Action = ConfigCreate
	case before == string(text) && len(notes) == 0 && b.managed[k].File == f.file:
		b.plan.Same++
		return nil
	case before == string(text) && len(notes) == 0:
		c.Action = ConfigAdopt
	}
	if before != string(text) {
		c.Diff = lineDiff(before, string(text))
	}
	b.plan.Changes = append(b.plan.Changes, c)
	return nil
}

func secretIn(o syncfile.Object) string {
	switch {
	case o.Connection != nil:
		return o.Connection.Secret
	case o.Channel != nil:
		return o.Channel.Secret
	}
	return ""
}

func (b *configBuilder) putBook(f filed) (syncfile.Object, bool) {
	said := *f.Book
	old, there := b.books[said.Name]
	now := old
	now.Name, now.Region, now.NameFormula = said.Name, strings.ToUpper(said.Region), said.NameFormula
	now.KeyField, now.KeyMade = said.Key, said.Key == plan.KeyGenerated
	now.Fields = slices.Clone(old.Fields)
	if now.KeyMade {
		now.KeyField = GeneratedKey
	}
	for i, field := range said.Fields {
		if err := CheckField(field); err != nil {
			b.wrong(f, fmt.Sprintf("fields[%d].name", i), err.Error())
			return syncfile.Object{}, false
		}
		at := now.Schema().Index(field.Name)
		if at < 0 {
			now.Fields = append(now.Fields, field)
			continue
		}
		if now.Fields[at].Kind != field.Kind && old.Population > 0 {
			b.wrong(f, fmt.Sprintf("fields[%d].kind", i), fmt.Sprintf("%s is of the kind %s, and %s has %d contacts with values of it", field.Name, now.Fields[at].Kind, old.Name, old.Population))
			return syncfile.Object{}, false
		}
		now.Fields[at] = field
	}
	switch {
	case !there && len(said.Fields) == 0:
		if err := FirstFields(&now, nil); err != nil {
			b.wrong(f, "key", err.Error())
		}
	case now.KeyMade && now.Schema().Index(GeneratedKey) < 0:
		now.Fields = append(now.Fields, contact.Field{Name: GeneratedKey, Kind: contact.Text})
	case now.KeyField != "" && now.Schema().Index(now.KeyField) < 0:
		b.wrong(f, "key", fmt.Sprintf("%q is not one of the book's fields", now.KeyField))
	}
	if err := CheckRegion(now.Region); err != nil {
		b.wrong(f, "region", err.Error())
	}
	if err := CheckFormula(now); err != nil {
		b.wrong(f, "name_formula", err.Error())
	}
	if there && old.Population > 0 && (old.KeyField != now.KeyField || old.KeyMade != now.KeyMade || old.Region != now.Region) {
		b.wrong(f, "name", fmt.Sprintf("its identifier and its region say who is the same person as whom, and %s has %d contacts. kith books set gives it those that it has none of yet", old.Name, old.Population))
	}
	if there {
		b.change.Books = append(b.change.Books, now)
	} else {
		b.change.NewBooks = append(b.change.NewBooks, now)
	}
	said.Region, said.Fields = now.Region, now.Fields
	return syncfile.Object{Book: &said}, true
}

func (b *configBuilder) putConnection(ctx context.Context, f filed) (now syncfile.Object, notes []string, ready bool, err error) {
	said := *f.Connection
	old := b.connections[said.Name]
	system, err := workspace.SystemNamed(said.Type)
	if err != nil {
		b.wrong(f, "type", err.Error())
		return now, nil, false, nil
	}
	if old.ID != 0 && old.Kind != said.Type {
		b.wrong(f, "type", fmt.Sprintf("%s is a connection of the type %s already: delete it first, or choose another name", said.Name, old.Kind))
		return now, nil, false, nil
	}
	if said.Settings, err = SettingsOf(system, nil, b.pairs(said.Settings)); err != nil {
		b.wrong(f, "settings", fileWords(err))
		return now, nil, false, nil
	}
	if key := old.Settings[workspace.HostKey]; key != "" && said.Settings[workspace.HostKey] == "" && old.Settings["url"] == said.Settings["url"] {
		said.Settings[workspace.HostKey] = key // that a person has accepted
	}
	c := store.Connection{Name: said.Name, Kind: said.Type, Settings: said.Settings}
	if !b.mayTrust(f, old.Settings, said.Settings) {
		return now, nil, false, nil
	}
	plain, changed, ok, err := b.secret(f, said.Secret, old.Secret, SameServer(old.Settings, said.Settings), func() (string, error) {
		stored, err := b.w.OpenConnection(ctx, old)
		return workspace.GivenSecret(stored), err
	})
	if err != nil || !ok {
		return now, nil, false, err
	}
	if c.Secret = old.Secret; changed {
		notes = append(notes, "its secret changes")
		if c.Secret, err = b.w.SealSecret(ctx, c.Name, plain); err != nil {
			return now, nil, false, err
		}
	}
	b.change.Connections = append(b.change.Connections, c)
	return syncfile.Object{Connection: &said}, notes, true, nil
}

func (b *configBuilder) putChannel(ctx context.Context, f filed) (now syncfile.Object, notes []string, ready bool, err error) {
	said := *f.Channel
	old := b.channels[said.Name]
	if _, err := send.KindNamed(said.Type); err != nil {
		b.wrong(f, "type", err.Error())
		return now, nil, false, nil
	}
	if old.ID != 0 && old.Kind != said.Type {
		b.wrong(f, "type", fmt.Sprintf("%s is a channel of the type %s already: remove it first, or choose another name", said.Name, old.Kind))
		return now, nil, false, nil
	}
	if said.Settings, err = channelSettings(nil, b.pairs(said.Settings)); err != nil {
		b.wrong(f, "settings", fileWords(err))
		return now, nil, false, nil
	}
	c := store.Channel{Name: said.Name, Kind: said.Type, Settings: said.Settings, On: eventsOf(said.EverySync)}
	if !b.mayTrust(f, old.Settings, said.Settings) {
		return now, nil, false, nil
	}
	same := SameServer(old.Settings, said.Settings) || c.Kind == webHook // whose secret signs, and is never sent
	plain, changed, ok, err := b.secret(f, said.Secret, old.Secret, same, func() (string, error) { return b.w.OpenChannel(ctx, old) })
	if err != nil || !ok {
		return now, nil, false, err
	}
	switch err := send.Check(send.Channel{Name: c.Name, Kind: c.Kind, Settings: c.Settings, Secret: plain}); {
	case c.Kind == webHook && plain == "":
		b.wrong(f, "secret", "a web hook signs what it sends: its secret is missing")
	case err != nil:
		b.wrong(f, "settings", err.Error())
	case c.Kind == mailServer && len(c.On) > 0 && c.Settings["to"] == "":
		b.wrong(f, "every_sync", "nobody gets the mails about every sync: settings.to is missing")
	}
	if c.Secret = old.Secret; changed {
		notes = append(notes, "its secret changes")
		if c.Secret, err = b.w.SealChannel(ctx, c.Name, plain); err != nil {
			return now, nil, false, err
		}
	}
	b.change.Channels = append(b.change.Channels, c)
	return syncfile.Object{Channel: &said}, notes, true, nil
}

// pairs are settings as the command line takes them. The file of a certificate is
// looked for from the folder.
func (b *configBuilder) pairs(settings map[string]string) (pairs []string) {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		value := settings[name]
		if name == "ca" && value != "" && !filepath.IsAbs(value) {
			value = filepath.Join(b.o.Folder, value)
		}
		pairs = append(pairs, name+"="+value)
	}
	return pairs
}

// fileWords says a mistake of the command line as one of a file.
func fileWords(err error) string {
	return strings.NewReplacer("--set ", "", "--", "").Replace(err.Error())
}

// mayTrust reports whether the settings name no file of a certificate that whoever
// asks may not name.
func (b *configBuilder) mayTrust(f filed, old, now map[string]string) bool {
	if b.o.Trust == nil || now["ca"] == old["ca"] {
		return true
	}
	if err := b.o.Trust(now["ca"]); err != nil {
		b.wrong(f, "settings.ca", err.Error())
		return false
	}
	return true
}

// secret finds the secret that a file refers to. One that cannot be found now is
// left as it is stored, when the file refers to it as before and it goes to the same
// server: whoever may write files cannot have it sent to one of their own.
func (b *configBuilder) secret(f filed, said, sealed string, same bool, open func() (string, error)) (plain string, changed, ok bool, err error) {
	stored := ""
	if sealed != "" {
		if stored, err = open(); err != nil {
			return "", false, false, err
		}
	}
	source, name, refers := syncfile.Reference(said)
	if !refers {
		return "", stored != "", true, nil
	}
	plain, err = b.o.Resolve(source, name)
	switch {
	case err == nil && plain != "":
		return plain, plain != stored, true, nil
	case stored != "" && !same:
		b.wrong(f, "secret", said+" cannot be had here, and the address is another server: the secret that is stored was meant for the one before")
		return "", false, false, nil
	case stored != "" && said == b.secretOf(f.Kind(), f.Name(), true):
		return stored, false, true, nil
	case err != nil:
		b.wrong(f, "secret", fmt.Sprintf("%s cannot be had: %v", said, err))
	default:
		b.wrong(f, "secret", said+" is empty here")
	}
	return "", false, false, nil
}

func (b *configBuilder) putSync(f filed) (syncfile.Object, bool) {
	doc := *f.Sync
	if b.o.Mind != nil {
		if err := b.o.Mind(doc.Sync); err != nil {
			b.wrong(f, "source", err.Error())
			return syncfile.Object{}, false
		}
	}
	for key, name := range map[string]string{"source.connection": doc.Sync.Source.Connection, "target.connection": doc.Sync.Target.Connection} {
		if name != "" && !b.willBe(syncfile.KindConnection, name) {
			b.wrong(f, key, fmt.Sprintf("there is no connection %q, here or in the files", name))
		}
	}
	for i, rule := range doc.Notify {
		if rule.Channel != "" && !b.willBe(syncfile.KindChannel, rule.Channel) {
			b.wrong(f, fmt.Sprintf("notify[%d].channel", i), fmt.Sprintf("there is no channel %q, here or in the files", rule.Channel))
		}
	}
	base := b.o.Folder
	if old, there := b.syncs[doc.Sync.Name]; there && b.o.Folder == "" {
		base = old.Base
	}
	s := store.ConfigSync{Definition: doc.Sync, Base: base, Schedule: doc.Schedule, Paused: doc.Paused, Notify: doc.Notify}
	if doc.Schedule != nil {
		s.Next, _ = doc.Schedule.Next(b.w.Engine.Now())
	}
	doc.Paused = b.willPause(doc)
	b.change.Syncs = append(b.change.Syncs, s)
	return syncfile.Object{Sync: &doc}, true
}

// willPause is whether the schedule of a sync will be paused, as an export says it: one
// that a file says nothing of stays as it is, for people may pause it all the same.
func (b *configBuilder) willPause(doc syncfile.Document) *bool {
	switch old := b.objects[configKey{syncfile.Kind, doc.Sync.Name}].Sync; {
	case doc.Paused != nil && *doc.Paused:
		return doc.Paused
	case doc.Paused == nil && old != nil:
		return old.Paused
	}
	return nil
}

// willBe reports whether something is there once the files are applied.
func (b *configBuilder) willBe(kind, name string) bool {
	k := configKey{kind, name}
	_, there := b.objects[k]
	return b.named[k] || there && !b.gone[k]
}

// together judges what one document alone cannot show.
func (b *configBuilder) together() {
	var all []plan.Sync
	for name, s := range b.syncs {
		if k := (configKey{syncfile.Kind, name}); !b.named[k] && !b.gone[k] && !strings.HasPrefix(name, "import-") {
			all = append(all, s.Definition)
		}
	}
	byName := map[string]filed{}
	var mail *filed
	for i, f := range b.wanted {
		switch {
		case f.Sync != nil:
			byName[f.Name()] = f
			if !strings.HasPrefix(f.Name(), "import-") {
				all = append(all, f.Sync.Sync)
			}
		case f.Channel != nil && f.Channel.Type == mailServer:
			if mail != nil {
				b.wrong(f, "type", fmt.Sprintf("mails go out by %s already, and there is one mail server", mail.Name()))
			}
			mail = &b.wanted[i]
		}
	}
	for name, c := range b.channels {
		if k := (configKey{syncfile.KindChannel, name}); mail != nil && c.Kind == mailServer && !b.named[k] && !b.gone[k] {
			b.wrong(*mail, "type", fmt.Sprintf("mails go out by %s already, and there is one mail server", name))
		}
	}
	slices.SortFunc(all, func(x, y plan.Sync) int { return cmp.Compare(x.Name, y.Name) })
	for _, e := range syncfile.ValidateTogether(all) {
		b.placed(byName, e)
	}
}

// placed notes a mistake whose key begins with the name of its sync.
func (b *configBuilder) placed(byName map[string]filed, e syncfile.Error) {
	for name, f := range byName {
		if key, ok := strings.CutPrefix(e.Key, name+": "); ok {
			at := f.Problem(key, e.Message, e.Hint)
			b.found = append(b.found, &at)
			return
		}
	}
	b.found = append(b.found, errors.Join(&e))
}
