package workspace

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kith-sync/kith/connector"
	"github.com/kith-sync/kith/connector/book"
	"github.com/kith-sync/kith/connector/polite"
	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/egress"
	"github.com/kith-sync/kith/link"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/secret"
	"github.com/kith-sync/kith/store"
)

// Plan plans a run of a sync, with the engine that its ends ask for.
func (w *Workspace) Plan(ctx context.Context, s store.Sync) (store.Run, error) {
	if s.Definition.Linked() {
		if err := w.feed(ctx, s); err != nil {
			return store.Run{}, err
		}
		s, err := w.bound(ctx, s)
		if err != nil {
			return store.Run{}, err
		}
		return w.linker().Plan(ctx, w.fed(s))
	}
	r, err := w.Engine.Plan(ctx, s)
	if err != nil {
		return r, err
	}
	return w.tidy(ctx, s, r) // a run that had nothing to do is at its end
}

// Apply carries a planned run out.
func (w *Workspace) Apply(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if s.Definition.Linked() {
		s, err := w.bound(ctx, s)
		if err != nil {
			return r, err
		}
		return w.linker().Apply(ctx, w.fed(s), r)
	}
	r, err := w.Engine.Apply(ctx, s, r)
	if err != nil {
		return r, err
	}
	return w.tidy(ctx, s, r)
}

// Resume finishes a run that was interrupted.
func (w *Workspace) Resume(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if s.Definition.Linked() && (r.Kind != store.KindEdit || r.Linked) {
		s, err := w.bound(ctx, s)
		if err != nil {
			return r, err
		}
		return w.linker().Resume(ctx, w.fed(s), r)
	}
	r, err := w.Engine.Resume(ctx, s, r)
	if err != nil {
		return r, err
	}
	return w.tidy(ctx, s, r)
}

// bound puts a linked sync under the terms of its connection. One that is not there
// has none: the run says that it is missing.
func (w *Workspace) bound(ctx context.Context, s store.Sync) (store.Sync, error) {
	name, _ := connectionOf(s)
	c, err := w.Store.Connection(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return s, nil
	}
	terms := plan.Terms{Protected: c.Settings[Protect.Name] == "yes", Gate: c.Settings[Gate.Name]}
	if e := s.Definition.Source; e.Book != "" && e.Object != "" {
		terms.Gate = "" // campaign members and meetings are of people who are there
	}
	s.Definition = s.Definition.Under(terms)
	return s, err
}

// Undo takes a run back.
func (w *Workspace) Undo(ctx context.Context, s store.Sync, r store.Run) (store.Run, error) {
	if s.Definition.Linked() && (r.Kind != store.KindEdit || r.Linked) {
		return w.linker().Undo(ctx, w.fed(s), r)
	}
	done, err := w.Engine.Undo(ctx, s, r)
	if err == nil && r.Origin != "" {
		err = w.Store.ForgetFetched(ctx, r.ID)
	}
	return done, err
}

func (w *Workspace) linker() *link.Engine {
	return &link.Engine{Memory: w.Store, Ends: ends{w}, Now: w.Engine.Now, Secret: w.keys.match, NewKey: rand.Text, Reverse: w.Engine.Reverse, Progress: w.Engine.Progress, LeaseFor: leaseFor}
}

// leaseFor is how long a run that was held up keeps others waiting.
const leaseFor = 10 * time.Minute

// ends opens the two ends of a linked sync.
type ends struct{ *Workspace }

// Book opens the sync's address book, as it will be with a field for everything that
// the sync brings into it.
func (w ends) Book(ctx context.Context, s store.Sync, remote contact.Schema) (link.Book, error) {
	name := s.Definition.Target.Book + s.Definition.Source.Book // one of them is empty
	b, err := book.Open(ctx, w.Store, name, w.keys.match, w.keys)
	if errors.Is(err, store.ErrNotFound) {
		if s.Definition.Source.Book != "" {
			return nil, &run.Error{Code: run.CodeSourceAbsent, Message: fmt.Sprintf("There is no address book %q to read from. kith books lists them", name)}
		}
		made := store.Book{Name: name, Region: s.Definition.PhoneRegion(), Fields: brought(s.Definition, contact.Schema{}, remote)}
		if _, err = w.Store.CreateBook(ctx, made); err != nil {
			return nil, err
		}
		return book.Open(ctx, w.Store, name, w.keys.match, w.keys)
	}
	if err != nil || s.Definition.Source.Book != "" && s.Definition.Direction != plan.TwoWay {
		return b, err
	}
	schema, err := b.Schema(ctx)
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(brought(s.Definition, schema, remote), func(f contact.Field) bool { return schema.Index(f.Name) >= 0 })
	if len(missing) == 0 {
		return b, nil
	}
	return &widening{b, missing}, nil
}

// A widening is an address book together with the fields that a sync brings into it.
// They are added when its plan is applied: a plan changes nothing.
type widening struct {
	*book.Book
	missing []contact.Field
}

func (b *widening) Schema(ctx context.Context) (contact.Schema, error) {
	s, err := b.Book.Schema(ctx)
	s.Fields = slices.Concat(s.Fields, b.missing)
	return s, err
}

func (b *widening) Missing() []contact.Field { return b.missing }

func (b *widening) Widen(ctx context.Context) error {
	err := b.AddFields(ctx, b.missing)
	if err == nil {
		b.missing = nil
	}
	return err
}

// brought are the book's fields that a sync fills: those of its map, or all that
// the remote has. One more is for marks, where the sync marks.
func brought(def plan.Sync, schema, remote contact.Schema) (fields []contact.Field) {
	if d := def.Policy.Delete; d.NotFound == plan.Mark || d.Back == plan.Mark {
		fields = append(fields, contact.Field{Name: d.MarkField(), Kind: contact.Text})
	}
	if len(def.Map) == 0 {
		return append(fields, slices.DeleteFunc(link.BookFields(schema, remote), func(f contact.Field) bool { return f.Name == "" })...)
	}
	for _, m := range def.Map {
		here, there := m.To, m.From
		if def.Source.Book != "" {
			here, there = m.From, m.To
		}
		f, known := remote.Field(there)
		if here == "" || (def.Source.Book != "" || m.Optional) && !known {
			continue
		}
		f.Name, f.Label, f.Required = here, "", false
		if f.Kind == "" {
			f.Kind = contact.Text
		}
		fields = append(fields, f)
	}
	return fields
}

// Remote opens the sync's connection. Busy systems are asked again. What a plan
// has opened serves the run that carries it out, too, but no other book: what a
// remote has listed to one book it takes for known to whoever writes.
func (w ends) Remote(ctx context.Context, s store.Sync) (connector.Remote, error) {
	name, object := connectionOf(s)
	c, err := w.Store.Connection(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &run.Error{Code: "connection.missing", Message: fmt.Sprintf("There is no connection %q. kith connections add %s makes it", name, name)}
	}
	if err != nil {
		return nil, err
	}
	book := s.Definition.Source.Book + s.Definition.Target.Book // one of them is empty
	return w.opened.get(fmt.Sprintf("%v %q %q", c, object, book), w.Engine.Now(), func() (connector.Remote, error) {
		remote, err := w.Connect(ctx, c, object)
		if err != nil {
			return nil, err
		}
		random := mathrand.New(mathrand.NewPCG(mathrand.Uint64(), mathrand.Uint64()))
		return w.tells(c, polite.Remember(polite.Retry(w.paced(c, remote), w.patience, polite.Real{}, random)), remote), nil
	})
}

// opened keeps what was opened last, for a minute.
type opened struct {
	mu     sync.Mutex
	name   string
	at     time.Time
	remote connector.Remote
}

func (o *opened) get(name string, now time.Time, open func() (connector.Remote, error)) (connector.Remote, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.name == name && now.Sub(o.at) < time.Minute && !now.Before(o.at) {
		return o.remote, nil
	}
	remote, err := open()
	if err == nil {
		o.name, o.at, o.remote = name, now, remote
	}
	return remote, err
}

// paced keeps a connection's calls within what its account allows.
func (w ends) paced(c store.Connection, remote connector.Remote) connector.Remote {
	perDay, _ := strconv.Atoi(c.Settings[CallsPerDay.Name])                 // checked when it was stored
	perSecond, _ := strconv.ParseFloat(c.Settings[CallsPerSecond.Name], 64) // 0: any number
	remote = polite.Budget(remote, polite.Allowance{PerDay: perDay}, ledger{w.Store, c.ID}, polite.Real{})
	return polite.Limit(remote, polite.Pace{PerSecond: perSecond, Burst: 1 + int(perSecond)}, polite.Real{})
}

// ledger remembers the calls of one connection.
type ledger struct {
	store      *store.Store
	connection int64
}

func (l ledger) Spend(ctx context.Context, day string, limit int) (bool, error) {
	return l.store.Spend(ctx, l.connection, day, limit)
}

// Pair is the sync's object and book, which share their links with other syncs.
func (w ends) Pair(ctx context.Context, s store.Sync, book int64) (store.Pair, error) {
	name, object := connectionOf(s)
	c, err := w.Store.Connection(ctx, name)
	if err != nil {
		return store.Pair{}, err
	}
	return w.Store.PairOf(ctx, c.ID, object, book)
}

func connectionOf(s store.Sync) (name, object string) {
	if e := s.Definition.Source; e.Connection != "" {
		return e.Connection, e.Object
	}
	return s.Definition.Target.Connection, s.Definition.Target.Object
}

// connectFault says for people that a connection could not be opened.
func connectFault(c store.Connection, err error) error {
	code := link.CodeUnreachable
	var refused *egress.Refused
	if errors.As(err, &refused) {
		return &run.Error{Code: CodeEgress, Message: fmt.Sprintf("The connection %s was not opened. %s. The list is the file %s in the data folder, and KITH_EGRESS_ALLOW",
			c.Name, strings.TrimSuffix(refused.Error(), "."), AllowName)}
	}
	var f *connector.Fault
	if errors.As(err, &f) && f.Kind == connector.Denied {
		code = link.CodeDenied
	}
	why := strings.TrimRight(err.Error(), ". \n")
	fault := &run.Error{Code: code, Message: fmt.Sprintf("The connection %s could not be opened: %s. Nothing was written", c.Name, why)}
	if several, ok := errors.AsType[connector.ChoiceError](err); ok {
		return &choiceFault{fault, several}
	}
	return fault
}

// A choiceFault is that of a connection with several objects, none of which was named:
// its sentence, and what there is.
type choiceFault struct {
	said    *run.Error
	several connector.ChoiceError
}

func (f *choiceFault) Error() string { return f.said.Error() }

func (f *choiceFault) Unwrap() []error { return []error{f.said, f.several} }

// Connect opens an object of a connection. Its error is said for people.
func (w *Workspace) Connect(ctx context.Context, c store.Connection, object string) (connector.Remote, error) {
	remote, err := w.connect(ctx, c, object)
	if err != nil {
		return nil, connectFault(c, err)
	}
	return remote, nil
}

func (w *Workspace) connect(ctx context.Context, c store.Connection, object string) (connector.Remote, error) {
	system, a, err := w.account(ctx, c, object)
	if err != nil {
		return nil, err
	}
	if system.Files() {
		return nil, errors.New("it holds files. A sync names one: source: {connection: " + c.Name + ", path: /out/people.csv}")
	}
	return system.open(ctx, a)
}

// account opens what is stored of a connection.
func (w *Workspace) account(ctx context.Context, c store.Connection, object string) (System, account, error) {
	a := account{settings: c.Settings, object: object, now: w.Engine.Now, kind: c.Kind, silence: w.silence, session: w.session(c),
		keep: func(ctx context.Context, secret string) error { return w.rotated(ctx, c, secret) }}
	system, err := SystemNamed(c.Kind)
	if err != nil {
		return system, a, err
	}
	if a.guard, err = w.egress(); err != nil {
		return system, a, err
	}
	if a.folders, err = w.folders(); err != nil {
		return system, a, err
	}
	if c.Secret != "" {
		box, err := w.box(ctx)
		if err != nil {
			return system, a, err
		}
		opened, err := box.Open(secretOf(c.Name), secret.Sealed(c.Secret))
		if err != nil {
			return system, a, err
		}
		a.secret = string(opened)
	}
	if path := c.Settings["ca"]; path != "" {
		a.roots, err = trust(path)
	}
	return system, a, err
}

const mostCertificates = 4 << 20

// trust reads certificates from a file: a device has no end.
func trust(path string) (*x509.CertPool, error) {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > mostCertificates) {
		err = errors.New("it is no file, or too large to be a certificate")
	}
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	return egress.Trust(pem)
}

// SealSecret closes a connection's secret for storing.
func (w *Workspace) SealSecret(ctx context.Context, connection, plain string) (string, error) {
	if plain == "" {
		return "", nil
	}
	box, err := w.box(ctx)
	if err != nil {
		return "", err
	}
	sealed, err := box.Seal(secretOf(connection), []byte(plain))
	return string(sealed), err
}

// OpenConnection returns the secret of a connection, which is not shown to anybody.
func (w *Workspace) OpenConnection(ctx context.Context, c store.Connection) (string, error) {
	if c.Secret == "" {
		return "", nil
	}
	box, err := w.box(ctx)
	if err != nil {
		return "", err
	}
	plain, err := box.Open(secretOf(c.Name), secret.Sealed(c.Secret))
	return string(plain), err
}

func secretOf(connection string) secret.Where {
	return secret.Where{Table: "connection", Row: connection, Column: "secret", Version: "1"}
}

// box opens what seals credentials. Its outer key comes from the environment
// (KITH_KEY) or follows from the installation's key, which is no part of the
// database either.
func (w *Workspace) box(ctx context.Context) (*secret.Box, error) {
	outer := secret.Outer{Text: os.Getenv("KITH_KEY")}
	if outer.Text == "" {
		outer.Text = base64.StdEncoding.EncodeToString(w.keys.outer)
	}
	return secret.Open(ctx, outer, shelf{w.Store}, rand.Reader)
}

// shelf keeps the wrapped data keys among the settings.
type shelf struct{ store *store.Store }

const shelfName = "data keys"

func (s shelf) Load(ctx context.Context) ([]byte, error) {
	text, err := s.store.Setting(ctx, shelfName, "")
	if err != nil || text == "" {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

func (s shelf) Swap(ctx context.Context, was, now []byte) (bool, error) {
	return s.store.SwapSetting(ctx, shelfName, base64.StdEncoding.EncodeToString(was), base64.StdEncoding.EncodeToString(now))
}

// CodeEgress is the code of a connection to an address that the operator has not
// allowed.
const CodeEgress = "egress.refused"

// AllowName is the file of the operator's allow-list in the data folder.
const AllowName = "egress.allow"

// egress is the guard of all outgoing traffic. Private addresses are open only
// to lines of the file egress.allow in the data folder, or of KITH_EGRESS_ALLOW.
func (w *Workspace) egress() (*egress.Guard, error) {
	lines, err := os.ReadFile(filepath.Join(w.Folder, AllowName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	guard, err := egress.New(egress.Settings{Allow: string(lines) + "\n" + os.Getenv("KITH_EGRESS_ALLOW")})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", AllowName, err)
	}
	return guard, nil
}
