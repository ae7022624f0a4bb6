package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kith-sync/kith/contact"
	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
	"github.com/kith-sync/kith/workspace"
)

// A LeadReport is somebody in the Leads Inbox (E20).
type LeadReport struct {
	Lead    int64             `json:"lead"`
	State   string            `json:"state" enum:"new,taken,dismissed"`
	Came    string            `json:"came" enum:"form,csv,api"`
	Form    int64             `json:"form,omitempty"`
	Event   int64             `json:"event,omitempty"`
	Fields  map[string]string `json:"fields"`
	Note    string            `json:"note,omitempty"`
	Company *CompanyGuess     `json:"company,omitempty"` // that they get when they are taken, and nobody says otherwise (E19)
	Missing []string          `json:"missing,omitempty"` // what syncs wait for (E24)
	Known   []int64           `json:"known,omitempty"`   // contacts that have the e-mail or identifier already
	Contact int64             `json:"contact,omitempty"` // that they became part of
	Run     int64             `json:"run,omitempty"`
	By      string            `json:"by,omitempty"` // who took or dismissed them
	Version int64             `json:"version"`
	At      *time.Time        `json:"at,omitempty"`
	Settled *time.Time        `json:"settled,omitempty"`
}

// A LeadEntry is somebody who shall wait in the inbox.
type LeadEntry struct {
	Fields map[string]string `json:"fields" doc:"Values by the names of the book's fields."`
	Note   string            `json:"note,omitempty" maxLength:"2000" doc:"For whoever looks through the inbox; it becomes the contact's note where the book has such a field."`
}

// How much an inbox takes.
const (
	leadValueMost = 2_000  // letters of one value
	leadsAtOnce   = 10_000 // come, are taken or dismissed by one request
	leadsWaiting  = 50_000 // wait in one book
	noteField     = "note"
)

// CodeFull is the code of a request that brings or changes more than is taken at once.
const CodeFull = "bulk.too_many"

// LeadsQuery asks for leads of a book.
type LeadsQuery struct {
	State  string // LeadNew and so on; empty: LeadNew
	Event  int64  // of this event only; 0: of any and none
	Before int64  // this ID; 0: from the latest on
	Limit  int
}

// Leads lists a book's leads in a state, the latest first, with what Kith would make of
// those that wait. Next is the ID before which to go on; 0: that was all.
func Leads(ctx context.Context, w *workspace.Workspace, b store.Book, q LeadsQuery) (reports []LeadReport, next int64, err error) {
	switch q.State {
	case "":
		q.State = store.LeadNew
	case store.LeadNew, store.LeadTaken, store.LeadDismissed:
	default:
		return nil, 0, usage("%q is no state of a lead. Use new, taken or dismissed", q.State)
	}
	leads, err := w.Store.Leads(ctx, b.ID, q.State, q.Event, q.Before, q.Limit+1)
	if err != nil {
		return nil, 0, err
	}
	if len(leads) > q.Limit {
		leads = leads[:q.Limit]
		next = leads[q.Limit-1].ID
	}
	reports, err = reportLeads(ctx, w, b, leads)
	return reports, next, err
}

func reportLeads(ctx context.Context, w *workspace.Workspace, b store.Book, leads []store.Lead) ([]LeadReport, error) {
	waiting := slices.DeleteFunc(slices.Clone(leads), func(l store.Lead) bool { return l.State != store.LeadNew })
	guesses, err := guessCompanies(ctx, w, b, waiting)
	if err != nil {
		return nil, err
	}
	required, err := requiredFields(ctx, w, b)
	if err != nil {
		return nil, err
	}
	reports, ring := make([]LeadReport, len(leads)), plan.NewKeyring(b.Schema(), b.Region, false)
	for i, l := range leads {
		r := LeadReport{Lead: l.ID, State: l.State, Came: l.Came, Form: l.Form, Event: l.Occasion, Fields: l.Values, Note: l.Note, Run: l.Run, By: l.By,
			Version: l.Version, At: Moment(l.At), Settled: Moment(l.Settled)}
		if l.Ref != 0 {
			r.Contact = store.Number(l.Ref)
		}
		if l.State == store.LeadNew {
			if g, ok := guesses[l.ID]; ok {
				r.Company = &g
			}
			values := valuesOfLead(b, l, guesses[l.ID])
			for _, at := range required {
				if contact.Blank(values[at]) {
					r.Missing = append(r.Missing, b.Fields[at].Title())
				}
			}
			refs, err := whoIs(ctx, w, b, ring, values)
			if err != nil {
				return nil, err
			}
			for _, ref := range refs {
				r.Known = append(r.Known, store.Number(ref))
			}
		}
		reports[i] = r
	}
	return reports, nil
}

// valuesOfLead are the values that a lead brings, in the book's order.
func valuesOfLead(b store.Book, l store.Lead, guess CompanyGuess) []string {
	values, company := make([]string, len(b.Fields)), CompanyField(b)
	for i, f := range b.Fields {
		values[i] = l.Values[f.Name]
		if f.Name == company && guess.Value != "" {
			values[i] = guess.Value
		}
		if f.Name == noteField && f.Kind == contact.Text && contact.Blank(values[i]) {
			values[i] = l.Note
		}
	}
	return values
}

// requiredFields are the positions of fields without which a sync to another system
// holds a contact (E6, E22).
func requiredFields(ctx context.Context, w *workspace.Workspace, b store.Book) (at []int, err error) {
	syncs, err := w.Store.Syncs(ctx)
	for _, s := range syncs {
		d := s.Definition
		if d.Source.Book != b.Name || d.Source.Object != "" || d.Target.Connection == "" {
			continue
		}
		for _, m := range d.Map {
			if i := b.Schema().Index(m.From); i >= 0 && slices.Contains(d.Required, m.To) && !slices.Contains(at, i) {
				at = append(at, i)
			}
		}
	}
	slices.Sort(at)
	return at, err
}

// whoIs are the contacts that have the identifier or the e-mail of a lead, in ascending
// order.
func whoIs(ctx context.Context, w *workspace.Workspace, b store.Book, ring *plan.Keyring, values []string) (refs []int64, err error) {
	for _, rule := range leadRules {
		for _, key := range ring.Keys(rule, values, nil) {
			hits, err := w.Store.FindKeys(ctx, b, plan.NumberOf(rule), []uint64{w.Secret().Hash(key)})
			if err != nil {
				return nil, err
			}
			refs = append(refs, handles(hits)...)
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs), nil
}

// leadRules are how a lead is recognised as a contact (E11).
var leadRules = [...]plan.Rule{plan.ByKey, plan.ByEmail}

// LeadName is how a lead is called on screen.
func LeadName(b store.Book, fields map[string]string) string {
	values := make([]string, len(b.Fields))
	for i, f := range b.Fields {
		values[i] = fields[f.Name]
	}
	if name := NameOf(Naming(b), values); name != "" {
		return name
	}
	for _, f := range b.Fields {
		if f.Kind == contact.Email && fields[f.Name] != "" {
			return fields[f.Name]
		}
	}
	return contact.Placeholder
}

// NamesOfEvents are the names of a book's events, by their IDs.
func NamesOfEvents(ctx context.Context, w *workspace.Workspace, b store.Book) (map[int64]string, error) {
	all, err := w.Store.Occasions(ctx, b.ID, store.KindEvent)
	names := map[int64]string{}
	for _, o := range all {
		names[o.ID] = o.Name
	}
	return names, err
}

// Waiting says what a sync would wait for if the lead were taken as it is, or nothing (E24).
func (r LeadReport) Waiting() string {
	if len(r.Missing) == 0 {
		return ""
	}
	return "waiting: missing " + strings.Join(r.Missing, ", ")
}

// LeadsNamed returns leads of a book by their numbers, in their order; those that are
// gone are left out.
func LeadsNamed(ctx context.Context, w *workspace.Workspace, b store.Book, ids []int64) ([]LeadReport, error) {
	found, err := w.Store.LeadsByID(ctx, b.ID, ids)
	if err != nil {
		return nil, err
	}
	return reportLeads(ctx, w, b, found)
}
