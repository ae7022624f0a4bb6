package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/kith-sync/kith/account"
	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

const attendeesOnPage = 100

type attendeesView struct {
	occasionView
	People []service.Attendee
	Found  []personView // by the search for whom to add
	Search string
	More   string
}

// attendees is the page with who takes part, where more are looked for and added.
func (v *visit) attendees(s sort) error {
	o, err := v.occasionAt(s)
	if err != nil {
		return err
	}
	after, _ := strconv.ParseInt(v.form("after"), 10, 64) // what is no number means from the beginning
	found, err := v.service().Attendees(v.ctx(), o.Book.ID, s.Kind, o.ID, after, attendeesOnPage)
	if err != nil {
		return err
	}
	data := attendeesView{occasionView: viewOf(s, o, "Contacts"), People: found.Attendees, Search: v.form("q")}
	if found.Next > 0 {
		data.More = fmt.Sprintf("%s/people?after=%d", data.To, found.Next)
	}
	if data.Search != "" {
		page, err := v.service().Contacts(v.ctx(), o.Book.ID, service.ContactQuery{Choice: desk.Choice{Search: data.Search}, Limit: 20})
		if err != nil {
			return err
		}
		for _, c := range page.Contacts {
			data.Found = append(data.Found, personOf(o.Book, c))
		}
	}
	return v.show("occasion-people", page{Title: o.Name + ": Contacts", Nav: "Events", CLI: fmt.Sprintf("kith %ss people %d --book %s", s.Kind, o.ID, desk.Quoted(o.Book.Name)),
		API: s.api("GET", o.Book.ID, o.ID, "people"), Data: data})
}

// attend adds those who are ticked, or gives them another status.
func (v *visit) attend(s sort) error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	done, err := v.service().Attend(v.ctx(), book, s.Kind, id, desk.Attending{Contacts: v.tickedIDs(), Status: v.form("status")})
	if err != nil {
		return err
	}
	return v.goTo(s.To(book, id, "people"), attendText(done))
}

func attendText(r desk.AttendReport) string {
	text := ""
	if r.Added > 0 || r.Changed == 0 {
		text = "Added " + several(r.Added, "contact") + ". "
	}
	if r.Changed > 0 {
		text += several(r.Changed, "contact") + " got another status. "
	}
	if r.Same > 0 {
		text += several(r.Same, "contact") + " took part already. "
	}
	return text[:len(text)-1]
}

// leaveOccasion takes out who is ticked.
func (v *visit) leaveOccasion(s sort) error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	var who []string
	for _, one := range v.tickedIDs() {
		who = append(who, strconv.FormatInt(one, 10))
	}
	left, err := v.service().Leave(v.ctx(), book, s.Kind, id, who)
	if err != nil {
		return err
	}
	return v.goTo(s.To(book, id, "people"), "Took out "+several(left, "contact")+". They stay contacts.")
}

// attendFrom adds to an event who stands on another page: one contact, those that are
// ticked or chosen in a list, or everybody of a run. The event may be a new one.
func (v *visit) attendFrom(s sort) error {
	book, err := v.number("book")
	if err != nil {
		return err
	}
	a := desk.Attending{Status: v.form("status")}
	a.Run, _ = strconv.ParseInt(v.form("run"), 10, 64)
	switch {
	case a.Run != 0:
	case v.form("who") == "chosen":
		c := v.choice()
		a.Choice = &c
	default:
		if a.Contacts = v.tickedIDs(); len(a.Contacts) == 0 {
			return &problem{http.StatusUnprocessableEntity, "Nobody was added", "No contact is ticked. Go back, and tick those who take part."}
		}
	}
	id, _ := strconv.ParseInt(v.form("event"), 10, 64)
	if name := v.form("new"); id == 0 && name != "" {
		made, err := v.service().SaveOccasion(v.ctx(), book, s.Kind, 0, desk.OccasionChange{Name: &name})
		if err != nil {
			return err
		}
		id = made.ID
		if err := v.service().Audit(v.ctx(), v.who, service.Find(s.Kind+"s.add"), fmt.Sprintf("id:%d book:%d", id, book)); err != nil {
			return err
		}
	}
	if id == 0 {
		return &problem{http.StatusUnprocessableEntity, "Nobody was added", fmt.Sprintf("No %s is chosen. Go back, and choose one or name a new one.", s.Kind)}
	}
	done, err := v.service().Attend(v.ctx(), book, s.Kind, id, a)
	if err != nil {
		return err
	}
	return v.goTo(s.To(book, id, "people"), attendText(done))
}

// addTo is a form that adds people to an event.
type addTo struct {
	To     string // where it is sent
	Events []choice
	Run    int64 // everybody of this run
	ID     int64 // or this contact
}

// addingTo draws that form, for who may use it.
func (v *visit) addingTo(book int64, form addTo) (*addTo, error) {
	if !mayAttend(v.who) || book == 0 {
		return nil, nil
	}
	books, err := v.service().PeopleBooks(v.ctx())
	if err != nil || !slices.ContainsFunc(books, func(b service.BookName) bool { return b.ID == book }) {
		return nil, err
	}
	events, err := v.service().Occasions(v.ctx(), book, store.KindEvent)
	form.To = event().To(book, "attend")
	for _, e := range events {
		form.Events = append(form.Events, choice{strconv.FormatInt(e.ID, 10), e.Name, len(form.Events) == 0})
	}
	return &form, err
}

func mayAttend(who account.Actor) bool { return who.May(service.Find("events.attend").Least) }

type crmView struct {
	occasionView
	Connections []choice
	Connection  string
	Search      string
	Asked       bool
	Found       []desk.NamedRecord
	Error       string
	YAML        string // of a sync that would send the members
	Ours        bool   // whether one does
}

// eventCRM is the page where an event is connected with a campaign (E21).
func (v *visit) eventCRM() error {
	o, err := v.occasionAt(event())
	if err != nil {
		return err
	}
	all, err := v.service().CampaignConnections(v.ctx())
	if err != nil {
		return err
	}
	data := crmView{occasionView: viewOf(event(), o, "CRM"), Connection: v.form("connection"), Search: v.form("q"), Ours: len(o.Syncs) > 0}
	for _, name := range all {
		data.Connections = append(data.Connections, choice{name, name, name == data.Connection})
	}
	if data.Asked = data.Connection != "" && v.who.May(service.Find("connections.choices").Least); data.Asked {
		if data.Found, err = v.service().Choices(v.ctx(), data.Connection, "Campaign", data.Search); err != nil {
			if problemOf(err).status >= 500 {
				return err
			}
			data.Error = sentenceOf(err)
		}
	}
	if o.Connection != "" && !data.Ours {
		if _, data.YAML, err = v.service().MemberSync(o.Book.Name, store.KindEvent, o.Connection); err != nil {
			return err
		}
	}
	return v.show("event-crm", page{Title: o.Name + ": CRM", Nav: "Events", CLI: fmt.Sprintf("kith events connect %d CONNECTION CAMPAIGN --book %s", o.ID, desk.Quoted(o.Book.Name)),
		API: event().api("PUT", o.Book.ID, o.ID, "campaign"), Data: data})
}

func (v *visit) connectEvent() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	o, err := v.service().ConnectCampaign(v.ctx(), book, id, v.form("connection"), v.form("campaign"))
	if err != nil {
		return err
	}
	said := "It is connected with no campaign any more."
	if o.Connection != "" {
		said = fmt.Sprintf("Connected with the campaign %s.", o.CampaignName)
	}
	return v.goTo(event().To(book, id, "crm"), said)
}

// makeMemberSync makes the sync that sends the members.
func (v *visit) makeMemberSync() error {
	book, id, err := v.here()
	if err != nil {
		return err
	}
	name, err := v.service().MakeMemberSync(v.ctx(), book, id)
	if err != nil {
		return err
	}
	return v.goTo("/syncs/"+url.PathEscape(name), "Made the sync "+name+". Run it when the people themselves are synced, or give it a schedule.")
}

// Records are those of an attendee at other systems, at the event's own first.
func (d attendeesView) Records(a service.Attendee) []service.ContactLink {
	own := slices.Clone(a.Links)
	slices.SortStableFunc(own, func(x, y service.ContactLink) int {
		return order(x.Connection == d.State.Connection) - order(y.Connection == d.State.Connection)
	})
	return own
}

func order(first bool) int {
	if first {
		return 0
	}
	return 1
}
