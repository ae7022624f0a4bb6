package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/kith-sync/kith/desk"
	"github.com/kith-sync/kith/service"
	"github.com/kith-sync/kith/store"
)

// OccasionAt names an event or a meeting in an address.
type OccasionAt struct {
	BookAt
	ID int64 `path:"id" minimum:"1" doc:"The number of an event or a meeting."`
}

func (a *Server) offerOccasions() {
	a.offerOccasion(store.KindEvent)
	a.offerOccasion(store.KindMeeting)
	offer(a, "events.connect", http.MethodPut, "/books/{book}/events/{id}/campaign", func(v *visit, in *struct {
		OccasionAt
		Body struct {
			Connection string `json:"connection" maxLength:"200" doc:"Empty: with none any more."`
			Campaign   string `json:"campaign,omitempty" maxLength:"500" doc:"Its ID there, or its whole name."`
		}
	}) (*tagged[service.OccasionState], error) {
		return taggedOccasion(v.service().ConnectCampaign(v.ctx(), in.Book, in.ID, in.Body.Connection, in.Body.Campaign))
	}, says("The contacts of the event become members of the campaign with the next run of the sync that sends campaign_members to the connection."))
	offer(a, "connections.choices", http.MethodGet, "/connections/{connection}/choices", func(v *visit, in *struct {
		ConnectionAt
		Object string `query:"object" required:"true" maxLength:"200" doc:"Campaign, Account."`
		Text   string `query:"q" maxLength:"200" doc:"Only those with this text in their name."`
	}) (*paged[desk.NamedRecord], error) {
		all, err := v.service().Choices(v.ctx(), in.Connection, in.Object, in.Text)
		return whole(v, all, err)
	}, says("At most fifty, by name."))
}

func taggedOccasion(o service.OccasionState, err error) (*tagged[service.OccasionState], error) {
	if err != nil {
		return nil, err
	}
	return &tagged[service.OccasionState]{tag(o.ID, o.Name, o.Starts, o.Ends, o.Place, o.Note, o.Event, o.Connection, o.Campaign), o}, nil
}

type occasionMade struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     service.OccasionState
}

// offerOccasion offers what events and meetings have in common.
func (a *Server) offerOccasion(kind string) {
	noun := kind + "s"
	list := "/books/{book}/" + noun
	one, people := list+"/{id}", list+"/{id}/people"
	offer(a, noun+".list", http.MethodGet, list, func(v *visit, in *BookAt) (*paged[desk.OccasionReport], error) {
		all, err := v.service().Occasions(v.ctx(), in.Book, kind)
		return whole(v, all, err)
	})
	offer(a, noun+".add", http.MethodPost, list, func(v *visit, in *struct {
		BookAt
		Body desk.OccasionChange
	}) (*occasionMade, error) {
		o, err := taggedOccasion(v.service().SaveOccasion(v.ctx(), in.Book, kind, 0, in.Body))
		if err != nil {
			return nil, err
		}
		return &occasionMade{fmt.Sprintf("%s/books/%d/%s/%d", Root, in.Book, noun, o.Body.ID), o.ETag, o.Body}, nil
	}, status(http.StatusCreated))
	offer(a, noun+".show", http.MethodGet, one, func(v *visit, in *OccasionAt) (*tagged[service.OccasionState], error) {
		return taggedOccasion(v.service().Occasion(v.ctx(), in.Book, kind, in.ID))
	})
	offer(a, noun+".edit", http.MethodPatch, one, func(v *visit, in *struct {
		OccasionAt
		Conditions
		Body desk.OccasionChange
	}) (*tagged[service.OccasionState], error) {
		now, err := taggedOccasion(v.service().Occasion(v.ctx(), in.Book, kind, in.ID))
		if err != nil {
			return nil, err
		}
		if err := in.hold(v, now.ETag); err != nil {
			return nil, err
		}
		return taggedOccasion(v.service().SaveOccasion(v.ctx(), in.Book, kind, in.ID, in.Body))
	}, says("What is not sent stays as it is. An empty text is taken away."))
	offer(a, noun+".delete", http.MethodDelete, one, func(v *visit, in *OccasionAt) (*struct{}, error) {
		return nil, v.service().DeleteOccasion(v.ctx(), in.Book, kind, in.ID)
	})
	offer(a, noun+".people", http.MethodGet, people, func(v *visit, in *struct {
		OccasionAt
		Paging
	}) (*paged[service.Attendee], error) {
		after, err := in.number(v)
		if err != nil {
			return nil, err
		}
		found, err := v.service().Attendees(v.ctx(), in.Book, kind, in.ID, after, in.Limit)
		if err != nil {
			return nil, err
		}
		return page(v, found.Attendees, numbered(found.Next)), nil
	})
	offer(a, noun+".attend", http.MethodPost, people, func(v *visit, in *struct {
		OccasionAt
		Body desk.Attending
	}) (*body[desk.AttendReport], error) {
		return answer(v.service().Attend(v.ctx(), in.Book, kind, in.ID, in.Body))
	}, says("By their IDs, by e-mail, by a choice, or everybody in what a run has read. Who takes part already gets the new status, where one is sent."))
	offer(a, noun+".leave", http.MethodDelete, people, func(v *visit, in *struct {
		OccasionAt
		Contact []int64 `query:"contact,explode" required:"true" minItems:"1" maxItems:"1000" doc:"The ID of a contact. It may be given several times."`
	}) (*body[Removed], error) {
		who := make([]string, len(in.Contact))
		for i, id := range in.Contact {
			who[i] = strconv.FormatInt(id, 10)
		}
		n, err := v.service().Leave(v.ctx(), in.Book, kind, in.ID, who)
		return answer(Removed{int64(n)}, err)
	}, says("They stay contacts."))
}
