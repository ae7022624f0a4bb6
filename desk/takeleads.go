package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/run"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A LeadTaking takes leads from the inbox into the address book.
type LeadTaking struct {
	Leads  []int64 `json:"leads" minItems:"1" maxItems:"10000" nullable:"false" doc:"Their numbers."`
	Event  *int64  `json:"event,omitempty" doc:"The event that all of them are added to, 0 for none; without it each is added to its own."`
	Status string  `json:"status,omitempty" maxLength:"100" doc:"With which status they take part, in the organisation's own words."`
}

// A TakeReport says what came of taking leads.
type TakeReport struct {
	Run     int64      `json:"run,omitempty"` // none when contacts had all of it already
	Created int64      `json:"created"`
	Updated int64      `json:"updated"`
	Same    int64      `json:"same"` // contacts had it all
	Left    []LeadLeft `json:"left"` // leads that go on waiting
}

// A LeadLeft is a lead that was not taken, and why.
type LeadLeft struct {
	Lead    int64  `json:"lead"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// TakeLeads makes leads contacts, as one run that can be undone like any edit by hand.
//
//	the identifier or e-mail is of    the lead
//	no contact                        becomes one
//	one contact                       fills what is blank in it; of consents the strictest counts
//	several contacts                  goes on waiting: a person has to merge them first
//	another lead that is taken too    is the same person
func TakeLeads(ctx context.Context, w *workspace.Workspace, b store.Book, t LeadTaking, by string) (TakeReport, error) {
	x := taking{w: w, b: b, ring: plan.NewKeyring(b.Schema(), b.Region, false), known: map[string]int{}, report: TakeReport{Left: []LeadLeft{}}}
	leads, err := someLeads(ctx, w, b, t.Leads)
	if err != nil {
		return x.report, err
	}
	if t.Event != nil && *t.Event != 0 {
		if _, err := OccasionOf(ctx, w, b, store.KindEvent, *t.Event); err != nil {
			return x.report, err
		}
	}
	if err := x.decide(ctx, leads); err != nil {
		return x.report, err
	}
	if err := x.carryOut(ctx); err != nil {
		return x.report, err
	}
	return x.report, x.settle(ctx, t, by)
}

// taking is a list of leads on the way to their contacts.
type taking struct {
	w       *workspace.Workspace
	b       store.Book
	ring    *plan.Keyring
	persons []taken
	known   map[string]int // persons by rule and key
	report  TakeReport
}

// taken is one person, of whom there may be several leads.
type taken struct {
	leads  []store.Lead
	old    store.Contact // Ref is 0 for somebody new
	values []string      // as they become
	failed bool
}

func (x *taking) leave(l store.Lead, code, format string, args ...any) {
	x.report.Left = append(x.report.Left, LeadLeft{l.ID, code, fmt.Sprintf(format, args...)})
}

// decide says of each lead whose contact it becomes.
func (x *taking) decide(ctx context.Context, leads []store.Lead) error {
	forgotten, err := run.Forgotten(ctx, x.w.Store)
	if err != nil {
		return err
	}
	guesses, err := guessCompanies(ctx, x.w, x.b, leads)
	if err != nil {
		return err
	}
	hashes := run.Hashes(x.b.Schema(), x.b.Region, x.w.Secret())
	for _, l := range leads {
		values := valuesOfLead(x.b, l, guesses[l.ID])
		switch {
		case l.State != store.LeadNew:
			x.leave(l, "not_found", "it does not wait any more: it was %s", l.State)
		case forgotten.Has(hashes(values)):
			x.leave(l, string(plan.Erased), "this person was erased on request")
		default:
			if err := x.one(ctx, l, values); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *taking) one(ctx context.Context, l store.Lead, values []string) error {
	if !slices.ContainsFunc(values, func(v string) bool { return !contact.Blank(v) }) {
		x.leave(l, CodeUsage, "nothing is filled in")
		return nil
	}
	at, several, err := x.personOf(ctx, values)
	switch {
	case err != nil:
		return err
	case len(several) > 0:
		x.leave(l, string(plan.MatchSeveral), "several contacts have its e-mail or identifier: %s. Merge them first, or correct the lead", strings.Join(several, ", "))
		return nil
	}
	p := &x.persons[at]
	p.leads = append(p.leads, l)
	p.fill(x.b, values)
	for _, key := range x.keys(p.values) {
		x.known[key] = at
	}
	return nil
}

// keys are the keys of values with their rules.
func (x *taking) keys(values []string) (keys []string) {
	for _, rule := range leadRules {
		for _, key := range x.ring.Keys(rule, values, nil) {
			keys = append(keys, string(rule)+" "+key)
		}
	}
	return keys
}

// personOf finds whose values these are, among those who are taken and in the book, or
// says who several are.
func (x *taking) personOf(ctx context.Context, values []string) (at int, several []string, err error) {
	found := map[int]bool{}
	for _, key := range x.keys(values) {
		if at, ok := x.known[key]; ok {
			found[at] = true
		}
	}
	refs, err := whoIs(ctx, x.w, x.b, x.ring, values)
	if err != nil {
		return 0, nil, err
	}
	for c, err := range x.w.Store.ContactsByRef(ctx, x.b, refs) {
		if err != nil {
			return 0, nil, err
		}
		at := slices.IndexFunc(x.persons, func(p taken) bool { return p.old.Ref == c.Ref })
		if at < 0 {
			at = len(x.persons)
			c.Values = slices.Clone(c.Values)
			x.persons = append(x.persons, taken{old: c, values: slices.Clone(c.Values)})
		}
		found[at] = true
	}
	switch len(found) {
	case 0:
		x.persons = append(x.persons, taken{values: make([]string, len(x.b.Fields))})
		return len(x.persons) - 1, nil, nil
	case 1:
		for at = range found {
			return at, nil, nil
		}
	}
	for at := range found {
		who := "one that is taken with it"
		if ref := x.persons[at].old.Ref; ref != 0 {
			who = strconv.FormatInt(store.Number(ref), 10)
		}
		several = append(several, who)
	}
	slices.Sort(several)
	return 0, several, nil
}

// fill puts values where a person has none; of consents the strictest counts.
func (p *taken) fill(b store.Book, values []string) {
	for i, f := range b.Fields {
		old, offered := p.values[i], values[i]
		if contact.Blank(offered) || !contact.Blank(old) && (f.Kind != contact.Consent || !contact.Stricter(offered, old)) {
			continue
		}
		p.values[i] = offered
	}
}

// change is what the book has to write for a person; false when nothing.
func (p *taken) change(b store.Book) (plan.Change, bool) {
	if p.old.Ref == 0 {
		return plan.Change{Action: plan.Create, Values: p.values}, true
	}
	c := plan.Change{Action: plan.Update, Ref: p.old.Ref, Version: VersionOf(p.old)}
	for i, f := range b.Fields {
		if p.old.Values[i] != p.values[i] {
			c.Fields = append(c.Fields, plan.FieldChange{Name: f.Name, Old: p.old.Values[i], New: p.values[i], Rule: string(plan.WriteIfExistingBlank)})
		}
	}
	return c, len(c.Fields) > 0
}

// carryOut writes what was decided as one run, and notes who became whom.
func (x *taking) carryOut(ctx context.Context) error {
	var changes []plan.Change
	var of []*taken
	for i := range x.persons {
		p := &x.persons[i]
		if c, ok := p.change(x.b); len(p.leads) > 0 && ok {
			changes, of = append(changes, c), append(of, p)
		} else if len(p.leads) > 0 {
			x.report.Same++
		}
	}
	if len(changes) == 0 {
		return nil
	}
	r, err := x.w.Engine.Edit(ctx, x.b, x.name(), changes)
	if err != nil {
		return err
	}
	x.report.Run = r.ID
	for c, err := range x.w.Store.Changes(ctx, r.ID) {
		if err != nil {
			return err
		}
		p := of[c.Row]
		switch c.Action {
		case plan.Create:
			p.old.Ref = c.Ref
			x.report.Created++
		case plan.Update:
			x.report.Updated++
		default:
			p.failed = true
		}
	}
	return nil
}

// name is what the run is called.
func (x *taking) name() string {
	var leads []store.Lead
	for _, p := range x.persons {
		leads = append(leads, p.leads...)
	}
	if len(leads) == 1 {
		return fmt.Sprintf("take lead %d", leads[0].ID)
	}
	return fmt.Sprintf("take %d leads", len(leads))
}

// settle takes the leads out of the inbox, and adds who they became to the events.
func (x *taking) settle(ctx context.Context, t LeadTaking, by string) error {
	var done []store.Lead
	people := map[int64][]store.Contact{}
	for _, p := range x.persons {
		for _, l := range p.leads {
			if p.failed {
				x.leave(l, string(plan.TargetChanged), "somebody else has changed contact %d meanwhile. Take it once more", store.Number(p.old.Ref))
				continue
			}
			if t.Event != nil {
				l.Occasion = *t.Event
			}
			l.State, l.Ref, l.Run, l.By, l.Settled = store.LeadTaken, p.old.Ref, x.report.Run, by, x.w.Engine.Now()
			if done = append(done, l); l.Occasion != 0 {
				people[l.Occasion] = append(people[l.Occasion], store.Contact{Ref: p.old.Ref})
			}
		}
	}
	for event, who := range people {
		if err := Attend(ctx, x.w, store.Occasion{ID: event}, who, t.Status); err != nil {
			return err
		}
	}
	return x.w.Store.SettleLeads(ctx, done)
}
