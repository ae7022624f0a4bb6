package desk

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/kith-sync/kith/plan"
	"github.com/kith-sync/kith/store"
)

// events is the set-up of events whose people go to Salesforce (EventGeek).
func (s survey) events(ctx context.Context) (Setup, error) {
	u := Setup{Name: "events", Title: "Events to Salesforce", Why: "Who came to an event becomes a Lead or a Contact, once, and a member of the event's campaign."}
	crm, there := s.connected(func(c store.Connection) bool { return c.Kind == "salesforce" }, "")
	out, hasOut := store.Sync{}, false
	for _, x := range s.syncs {
		if d := x.Definition; there && d.Source.Book != "" && d.Source.Object == "" && d.Target.Connection == crm.Name && d.Direction != plan.TwoWay && !hasOut {
			out, hasOut = x, true
		}
	}
	b := s.eventBook(out, hasOut)
	u.Book = b.Name
	event, with, err := s.eventOf(ctx, b, crm.Name)
	if err != nil {
		return u, err
	}
	members, hasMembers := s.sends(b.Name, crm.Name, plan.CampaignMembers)
	u.Steps = []SetupStep{
		s.connect(crm, there, "Connect Salesforce", "Sign in once; nothing is written yet."),
		importStep(b), requiredStep(b),
		made(out, hasOut, out.Definition.Target, SetupStep{Title: "Choose the object, and map the fields", Why: "Person is Leads and Contacts together: Salesforce Sync As says which. Title, telephones, note, owner and others are optional: leave out what Salesforce shall keep.",
			To: newSyncPage(map[string]string{"from": "book:" + b.Name, "to": "connection:" + crm.Name, "to_object": "Person", "preset": "eventgeek", "direction": "one_way"})}),
		eventStep(b, event, with), campaignStep(b, event), membersStep(event, members, hasMembers),
	}
	steps, err := s.ran(ctx, existing2(out, hasOut, members, hasMembers), hasOut && hasMembers)
	u.Steps = append(u.Steps, steps...)
	return u.counted(), err
}

// eventBook is the book whose people are sent, else one with people who could be.
func (s survey) eventBook(out store.Sync, there bool) (b store.Book) {
	for _, one := range s.books {
		if there && one.Name == out.Definition.Source.Book {
			return one
		}
		if b.ID == 0 || b.Population == 0 && one.Population > 0 || b.Schema().Index("sync_as") < 0 && one.Schema().Index("sync_as") >= 0 {
			b = one
		}
	}
	return b
}

// eventOf is the event of a book that has come farthest.
func (s survey) eventOf(ctx context.Context, b store.Book, connection string) (event store.Occasion, people int, err error) {
	if b.ID == 0 {
		return event, 0, nil
	}
	all, err := s.workspace.Store.Occasions(ctx, b.ID, store.KindEvent)
	if err != nil {
		return event, 0, err
	}
	for _, o := range all {
		joined, err := s.workspace.Store.Attendances(ctx, o.ID)
		if err != nil {
			return event, 0, err
		}
		better := o.Connection == connection && connection != "" && event.Connection != connection
		if event.ID == 0 || better || len(joined) > people && (o.Connection == event.Connection) {
			event, people = o, len(joined)
		}
	}
	return event, people, nil
}

// sends is the sync that sends an object of a book to a connection.
func (s survey) sends(book, connection, object string) (store.Sync, bool) {
	at := slices.IndexFunc(s.syncs, func(x store.Sync) bool {
		d := x.Definition
		return connection != "" && d.Source.Book == book && d.Source.Object == object && d.Target.Connection == connection
	})
	if at < 0 {
		return store.Sync{}, false
	}
	return s.syncs[at], true
}

func importStep(b store.Book) SetupStep {
	step := SetupStep{Title: "Bring in who came", Why: "A CSV of the registration desk, the Leads Inbox, or by hand.", Do: "Import", To: "/imports/new", May: "imports.begin"}
	if b.Population > 0 {
		step.Done, step.Is, step.To = true, fmt.Sprintf("%s: %d contacts", b.Name, b.Population), "/imports/new?book="+url.QueryEscape(b.Name)
	}
	return step
}

// requiredStep is about the fields without which Salesforce takes nobody (E6).
func requiredStep(b store.Book) SetupStep {
	step := SetupStep{Title: "Required fields", Why: "First name, last name, e-mail, company and Salesforce Sync As (Lead or Contact). Who lacks one waits, and the plan says which.", Do: "Add fields", To: "/contacts", May: "fields.add"}
	if b.ID == 0 {
		return step
	}
	var missing []string
	for _, name := range []string{"first_name", "last_name", "email", "company", "sync_as"} {
		if b.Schema().Index(name) < 0 {
			missing = append(missing, name)
		}
	}
	step.To = fmt.Sprintf("/contacts/%d/settings", b.ID)
	if step.Done = len(missing) == 0; step.Done {
		step.Is, step.Do = b.Name+" has all five", "Open"
	} else {
		step.Is = b.Name + " has no " + strings.Join(missing, ", ")
	}
	return step
}

func eventStep(b store.Book, event store.Occasion, people int) SetupStep {
	step := SetupStep{Title: "Add the event, and who takes part", Why: "By the run of an import, by ticking contacts, or one by one.", Do: "Add an event", To: "/events/new", May: "events.add"}
	if event.ID != 0 {
		step.Done, step.Do, step.May, step.To = people > 0, "Add contacts", "events.attend", fmt.Sprintf("/events/%d/%d/people", b.ID, event.ID)
		step.Is = fmt.Sprintf("%s: %d contacts", event.Name, people)
	}
	return step
}

func campaignStep(b store.Book, event store.Occasion) SetupStep {
	step := SetupStep{Title: "Connect the event with its campaign", Why: "Under Event, CRM: picked by its name.", Do: "Connect", To: "/events", May: "events.connect"}
	if event.ID != 0 {
		step.To = fmt.Sprintf("/events/%d/%d/crm", b.ID, event.ID)
	}
	if event.Campaign != "" {
		step.Done, step.Is = true, event.Name+": "+event.CampaignName
	}
	return step
}

func membersStep(event store.Occasion, members store.Sync, there bool) SetupStep {
	step := SetupStep{Title: "Send the campaign members", Why: "A second sync: who is in Salesforce joins the campaign, also who is added later.", Do: "Make the sync", To: "/events", May: "syncs.save"}
	if event.ID != 0 {
		step.To = fmt.Sprintf("/events/%d/%d/crm", event.BookID, event.ID)
	}
	if there {
		step.Done, step.Is, step.Do, step.May, step.To = true, members.Name, "Open", "syncs.show", syncPage(members)
	}
	return step
}
