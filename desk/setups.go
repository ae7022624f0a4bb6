package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A Setup is a way to set something up in numbered steps (S1). Which of them are done
// follows from what there is; nothing of it is stored.
type Setup struct {
	Name  string      `json:"name" enum:"lists,events"`
	Title string      `json:"title"`
	Why   string      `json:"why"`
	Book  string      `json:"book,omitempty"` // in the middle, once there is one
	Steps []SetupStep `json:"steps"`
	Done  int         `json:"done"`
}

// A SetupStep is one of them. The next is the first that is neither done nor optional.
type SetupStep struct {
	Title    string `json:"title"`
	Why      string `json:"why"`
	Is       string `json:"is,omitempty"` // what there is already
	Done     bool   `json:"done"`
	Next     bool   `json:"next,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	Do       string `json:"do"`  // what the button says
	To       string `json:"to"`  // the page where it is done
	May      string `json:"may"` // the operation that one has to be allowed
}

// Setups are the set-ups that there are, as far as each has come.
func Setups(ctx context.Context, w *workspace.Workspace) ([]Setup, error) {
	s, err := surveyed(ctx, w)
	if err != nil {
		return nil, err
	}
	lists, err := s.lists(ctx)
	if err != nil {
		return nil, err
	}
	events, err := s.events(ctx)
	return []Setup{lists, events}, err
}

// A survey is what there is, for the steps to be read from.
type survey struct {
	workspace   *workspace.Workspace
	connections []store.Connection
	tests       map[int64]store.Tested
	syncs       []store.Sync
	books       []store.Book // of people
	scheduled   map[int64]bool
}

func surveyed(ctx context.Context, w *workspace.Workspace) (s survey, err error) {
	s.workspace = w
	if s.connections, err = w.Store.Connections(ctx); err != nil {
		return s, err
	}
	if s.tests, err = w.Store.Tests(ctx); err != nil {
		return s, err
	}
	if s.syncs, err = w.Store.Syncs(ctx); err != nil {
		return s, err
	}
	s.syncs = slices.DeleteFunc(s.syncs, workspace.IsFeed)
	if s.books, err = PeopleBooks(ctx, w); err != nil {
		return s, err
	}
	schedules, err := w.Store.Schedules(ctx)
	s.scheduled = map[int64]bool{}
	for _, one := range schedules {
		s.scheduled[one.SyncID] = true
	}
	return s, err
}

// Which systems are a CRM and which keep mailing lists; one may be both.
func isCRM(c store.Connection) bool {
	return slices.Contains([]string{"salesforce", "hubspot"}, c.Kind)
}
func isList(c store.Connection) bool {
	return slices.Contains([]string{"mailchimp", "listmonk", "hubspot"}, c.Kind)
}

// connected are the connections of a sort; one that a sync names comes first.
func (s survey) connected(sort func(store.Connection) bool, besides string) (c store.Connection, found bool) {
	for _, one := range s.connections {
		if !sort(one) || one.Name == besides {
			continue
		}
		used := slices.ContainsFunc(s.syncs, func(x store.Sync) bool {
			return x.Definition.Source.Connection == one.Name || x.Definition.Target.Connection == one.Name
		})
		if !found || used {
			c, found = one, true
		}
		if used {
			break
		}
	}
	return c, found
}

// between is the sync of people between a book and a connection; with no book, of any.
func (s survey) between(book, connection string) (store.Sync, bool) {
	at := slices.IndexFunc(s.syncs, func(x store.Sync) bool {
		d := x.Definition
		people := d.Source.Book == "" || d.Source.Object == ""
		return connection != "" && people && !IsReplay(x) && d.Source.Connection+d.Target.Connection == connection && (book == "" || d.Source.Book+d.Target.Book == book)
	})
	if at < 0 {
		return store.Sync{}, false
	}
	return s.syncs[at], true
}

func bookIn(s store.Sync) string { return cmp.Or(s.Definition.Source.Book, s.Definition.Target.Book) }

// connect is the step in which a system is connected.
func (s survey) connect(c store.Connection, there bool, title, why string) SetupStep {
	step := SetupStep{Title: title, Why: why, Do: "Connect it", To: "/connections/new", May: "connections.save"}
	if !there {
		return step
	}
	step.To, step.Do, step.May = "/connections/"+url.PathEscape(c.Name), "Test it", "connections.test"
	test, tested := s.tests[c.ID]
	switch {
	case tested && test.Code == "":
		step.Done, step.Do, step.May, step.Is = true, "Open", "connections.show", c.Name+": it answers"
	case tested:
		step.Is = c.Name + ": the last test failed"
	default:
		step.Is = c.Name + ": not tested since it was saved"
	}
	return step
}

func syncPage(s store.Sync, more ...string) string {
	return "/syncs/" + strings.Join(append([]string{url.PathEscape(s.Name)}, more...), "/")
}

func newSyncPage(q map[string]string) string {
	values := url.Values{}
	for name, value := range q {
		if value != "" && !strings.HasSuffix(value, ":") { // there is no such side yet: it is chosen there
			values.Set(name, value)
		}
	}
	return "/syncs/new?" + values.Encode()
}

// made is the step in which a sync comes into being.
func made(sync store.Sync, there bool, e plan.Endpoint, step SetupStep) SetupStep {
	step.Do, step.May = "Choose", "syncs.save"
	if there {
		step.Done, step.Do, step.May, step.To, step.Is = true, "Open", "syncs.show", syncPage(sync), strings.TrimSpace(sync.Name+": "+e.Object)
	}
	return step
}

// ran are the steps of planning, running and scheduling syncs.
func (s survey) ran(ctx context.Context, all []store.Sync, complete bool) ([]SetupStep, error) {
	planned, applied, scheduled := complete, complete, complete
	var waits, idle, loose store.Sync // the first that is not planned, run, scheduled
	var is []string
	for _, x := range all {
		runs, err := s.workspace.Store.LatestRuns(ctx, x.ID, 1)
		if err != nil {
			return nil, err
		}
		if len(runs) == 0 {
			planned, waits = false, first(waits, x)
		}
		switch r, err := s.workspace.Store.LatestApplied(ctx, x.ID); {
		case errors.Is(err, store.ErrNotFound):
			applied, idle = false, first(idle, x)
		case err != nil:
			return nil, err
		default:
			is = append(is, fmt.Sprintf("%s: run %d", x.Name, r.ID))
		}
		if !s.scheduled[x.ID] {
			scheduled, loose = false, first(loose, x)
		}
	}
	to := func(x store.Sync, more ...string) string {
		if x.ID == 0 && len(all) > 0 {
			x = all[0]
		}
		if x.ID == 0 {
			return "/syncs"
		}
		return syncPage(x, more...)
	}
	return []SetupStep{
		{Title: "Plan", Why: "See every change before anything is written: who is created, who waits and why.", Done: planned || applied, Do: "Plan", To: to(waits), May: "syncs.plan"},
		{Title: "Run", Why: "Carry exactly that plan out. It can be undone.", Is: strings.Join(is, ", "), Done: applied, Do: "Run", To: to(idle), May: "syncs.run"},
		{Title: "Schedule", Why: "Let it run by itself, as often as you like.", Done: scheduled, Do: "Schedule", To: to(loose, "schedule"), May: "schedules.save"},
	}, nil
}

func first(kept, now store.Sync) store.Sync {
	if kept.ID != 0 {
		return kept
	}
	return now
}

// counted marks the next step and counts those that are done.
func (u Setup) counted() Setup {
	next := false
	for i := range u.Steps {
		if u.Steps[i].Done {
			u.Done++
		} else if !u.Steps[i].Optional && !next {
			u.Steps[i].Next, next = true, true
		}
	}
	return u
}

// lists is the set-up of a CRM and a mailing list over one book (SyncApps).
func (s survey) lists(ctx context.Context) (Setup, error) {
	u := Setup{Name: "lists", Title: "A CRM and a mailing list in step", Why: "Everybody of the CRM comes onto the list, everybody of the list into the CRM, and an opt-out on either side counts on both."}
	crm, a := s.connected(isCRM, "")
	list, b := s.connected(isList, crm.Name)
	in, hasIn := s.between("", crm.Name)
	for _, x := range s.syncs { // the one whose book leads on to the list, or that reads the CRM
		d := x.Definition
		if a && d.Source.Connection == crm.Name && d.Target.Book != "" {
			in, hasIn = x, true
			if _, on := s.between(d.Target.Book, list.Name); on {
				break
			}
		}
	}
	hasIn = hasIn && in.Definition.Source.Connection == crm.Name
	u.Book = "main"
	if hasIn {
		u.Book = bookIn(in)
	}
	out, hasOut := s.between(u.Book, list.Name)
	u.Steps = []SetupStep{
		s.connect(crm, a, "Connect the CRM", "Salesforce or HubSpot: the first system."),
		s.connect(list, b, "Connect the mailing list", "Mailchimp, listmonk or HubSpot: the second system."),
		made(in, hasIn, in.Definition.Source, SetupStep{Title: "Choose the object", Why: "Contacts or Leads: one type in a set-up. A second set-up moves the other.",
			To: newSyncPage(map[string]string{"from": "connection:" + crm.Name, "from_object": objectOf(crm), "to": "book:" + u.Book, "preset": "syncapps", "direction": plan.TwoWay})}),
		made(out, hasOut, out.Definition.Target, SetupStep{Title: "Choose the list", Why: "The main list or audience that they join, if they are not there.",
			To: newSyncPage(map[string]string{"from": "book:" + u.Book, "to": "connection:" + list.Name, "preset": "syncapps", "direction": plan.TwoWay})}),
		mappingStep(out, hasOut), directionStep(in, out, hasIn && hasOut), optOutStep(in, out, hasIn && hasOut),
	}
	steps, err := s.ran(ctx, existing2(in, hasIn, out, hasOut), hasIn && hasOut)
	u.Steps = append(u.Steps, steps...)
	if !hasIn && !hasOut {
		u.Book = ""
	}
	return u.counted(), err
}

func existing2(x store.Sync, hasX bool, y store.Sync, hasY bool) (all []store.Sync) {
	if hasX {
		all = append(all, x)
	}
	if hasY {
		all = append(all, y)
	}
	return all
}

// objectOf is the object that a set-up begins with.
func objectOf(c store.Connection) string {
	if c.Kind == "salesforce" {
		return "Contact"
	}
	return ""
}

func mappingStep(out store.Sync, there bool) SetupStep {
	step := SetupStep{Title: "Field mapping", Why: "Without it nobody who is there is changed. Enable it for the fields that shall move.", Optional: true, Do: "Map fields", To: "/syncs", May: "syncs.save"}
	if !there {
		return step
	}
	d := out.Definition
	step.To = syncPage(out, "edit")
	step.Is = fmt.Sprintf("%d fields of who is new; nobody who is there is changed", len(d.Map))
	if moves := d.Policy.Update != plan.WriteNever && d.Policy.Update != ""; moves || d.Policy.Back != plan.WriteNever && d.Policy.Back != "" {
		step.Done, step.Is = true, fmt.Sprintf("%d fields, enabled", len(d.Map))
	}
	return step
}

func directionStep(in, out store.Sync, there bool) SetupStep {
	step := SetupStep{Title: "Directions and precedence", Why: "Both ways, or one. Where both sides changed the same field the CRM wins, unless a field says otherwise.", Do: "Change", To: "/syncs", May: "syncs.save"}
	if !there {
		return step
	}
	step.Done, step.To = true, syncPage(in, "edit")
	ways := map[bool]string{true: "both ways", false: "one way"}
	step.Is = fmt.Sprintf("CRM %s, list %s", ways[in.Definition.Direction == plan.TwoWay], ways[out.Definition.Direction == plan.TwoWay])
	return step
}

func optOutStep(in, out store.Sync, there bool) SetupStep {
	step := SetupStep{Title: "Opt-outs", Why: "Who has opted out on one side has on both. No sync ever takes an opt-out back.", Do: "Change", To: "/syncs", May: "syncs.save"}
	if !there {
		return step
	}
	step.To = syncPage(out, "edit")
	from := slices.ContainsFunc(in.Definition.Map, func(m plan.Mapping) bool { return m.To == "consent" })
	on := slices.ContainsFunc(out.Definition.Map, func(m plan.Mapping) bool { return m.From == "consent" })
	if step.Done = from && on; step.Done {
		step.Is = "they travel both ways"
	} else {
		step.Is = "the mapping leaves consent out: opt-outs stay on their side"
	}
	return step
}

// BooksOf are the books that people keep, or all of them.
func BooksOf(ctx context.Context, w *workspace.Workspace, all bool) ([]store.Book, error) {
	if all {
		return w.Store.Books(ctx)
	}
	return PeopleBooks(ctx, w)
}

// PeopleBooks are the books that people keep: all but those that Kith fills itself with
// what it sends.
func PeopleBooks(ctx context.Context, w *workspace.Workspace) ([]store.Book, error) {
	all, err := w.Store.Books(ctx)
	if err != nil {
		return nil, err
	}
	syncs, err := w.Store.Syncs(ctx)
	return slices.DeleteFunc(all, func(b store.Book) bool {
		return slices.ContainsFunc(syncs, func(s store.Sync) bool { return workspace.IsFeed(s) && s.Definition.Target.Book == b.Name })
	}), err
}
