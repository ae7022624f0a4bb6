package api

import (
	"net/http"

	"github.com/kith-sync/kith/desk"
)

// LeadAt names somebody in the Leads Inbox in an address.
type LeadAt struct {
	BookAt
	Lead int64 `path:"lead" minimum:"1" doc:"The number of a lead."`
}

// FormAt names a page by which people come into the inbox.
type FormAt struct {
	BookAt
	Form int64 `path:"form" minimum:"1" doc:"The number of a form."`
}

// Received says how many were sent. It counts people who were erased on request as well,
// who are not stored.
type Received struct {
	Received int `json:"received"`
}

// Settled counts the leads whose state has changed.
type Settled struct {
	Changed int64 `json:"changed"`
}

// leadNumbers name leads in a body.
type leadNumbers struct {
	Leads []int64 `json:"leads" minItems:"1" maxItems:"10000" nullable:"false" doc:"Their numbers."`
}

func (a *Server) offerLeads() {
	const path = "/books/{book}/leads"
	offer(a, "leads.list", http.MethodGet, path, listLeads)
	offer(a, "leads.show", http.MethodGet, path+"/{lead}", func(v *visit, in *LeadAt) (*body[desk.LeadReport], error) {
		return answer(v.service().Lead(v.ctx(), in.Book, in.Lead))
	})
	offer(a, "leads.add", http.MethodPost, path, func(v *visit, in *struct {
		BookAt
		Body struct {
			Leads []desk.LeadEntry `json:"leads" minItems:"1" maxItems:"10000" nullable:"false"`
			Event int64            `json:"event,omitempty" minimum:"0" doc:"The event where they were met."`
		}
	}) (*body[Received], error) {
		if err := v.service().AddLeads(v.ctx(), in.Book, in.Body.Event, in.Body.Leads); err != nil {
			return nil, inFields(err)
		}
		return &body[Received]{Received{len(in.Body.Leads)}}, nil
	}, status(http.StatusAccepted), says("They wait until somebody has looked. People who were erased on request get no other answer, and are not stored."))
	offer(a, "leads.import", http.MethodPost, path+":import", func(v *visit, in *struct {
		BookAt
		Name  string `query:"name" required:"true" minLength:"1" maxLength:"300" doc:"The file's own name."`
		Event int64  `query:"event" minimum:"0" doc:"The event where they were met."`
	}) (*body[desk.LeadImport], error) {
		return answer(v.service().ImportLeads(v.ctx(), in.Book, in.Event, in.Name, http.MaxBytesReader(nil, v.r.Body, largestText)))
	}, fileBody("application/octet-stream", largestText), says("The body is the file itself: CSV, a workbook or vCards. Its columns are read as is suggested for its header."))
	offer(a, "leads.edit", http.MethodPatch, path+"/{lead}", func(v *visit, in *struct {
		LeadAt
		Body desk.LeadChange
	}) (*body[desk.LeadReport], error) {
		if err := v.service().EditLead(v.ctx(), in.Book, in.Lead, in.Body); err != nil {
			return nil, inFields(err)
		}
		return answer(v.service().Lead(v.ctx(), in.Book, in.Lead))
	}, says("Values that are not sent stay as they are. A company that is sent empty stays empty."))
	offer(a, "leads.take", http.MethodPost, path+":take", func(v *visit, in *struct {
		BookAt
		Body desk.LeadTaking
	}) (*body[desk.TakeReport], error) {
		return answer(v.service().TakeLeads(v.ctx(), v.who, in.Book, in.Body))
	}, says("Whoever is known by the identifier or e-mail gets what was blank; others become contacts. It is one run, which can be undone."))
	offer(a, "leads.dismiss", http.MethodPost, path+":dismiss", func(v *visit, in *struct {
		BookAt
		Body leadNumbers
	}) (*body[Settled], error) {
		n, err := v.service().DismissLeads(v.ctx(), v.who, in.Book, in.Body.Leads)
		return answer(Settled{n}, err)
	})
	offer(a, "leads.restore", http.MethodPost, path+":restore", func(v *visit, in *struct {
		BookAt
		Body leadNumbers
	}) (*body[Settled], error) {
		n, err := v.service().RestoreLeads(v.ctx(), in.Book, in.Body.Leads)
		return answer(Settled{n}, err)
	}, says("A contact that a lead became stays as it is."))
	a.offerForms()
}

func listLeads(v *visit, in *struct {
	BookAt
	Paging
	State string `query:"state" enum:"new,taken,dismissed" default:"new"`
	Event int64  `query:"event" minimum:"0" doc:"Only those of this event."`
}) (*paged[desk.LeadReport], error) {
	before, err := in.number(v)
	if err != nil {
		return nil, err
	}
	found, err := v.service().Leads(v.ctx(), in.Book, desk.LeadsQuery{State: in.State, Event: in.Event, Before: before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return page(v, found.Leads, numbered(found.Next)), nil
}

func (a *Server) offerForms() {
	const path = "/books/{book}/forms"
	offer(a, "forms.list", http.MethodGet, path, func(v *visit, in *BookAt) (*paged[desk.FormReport], error) {
		all, err := v.service().Forms(v.ctx(), in.Book)
		return whole(v, all, err)
	})
	offer(a, "forms.add", http.MethodPost, path, func(v *visit, in *struct {
		BookAt
		Body desk.FormRequest
	}) (*body[desk.FormReport], error) {
		return answer(v.service().AddForm(v.ctx(), in.Book, in.Body))
	}, status(http.StatusCreated), says("Whoever has its address, which is said this once, can put people into the inbox, and see nobody."))
	offer(a, "forms.change", http.MethodPatch, path+"/{form}", func(v *visit, in *struct {
		FormAt
		Body struct {
			Closed bool `json:"closed" doc:"It takes nobody any more."`
		}
	}) (*struct{}, error) {
		return nil, v.service().CloseForm(v.ctx(), in.Book, in.Form, in.Body.Closed)
	})
	offer(a, "forms.remove", http.MethodDelete, path+"/{form}", func(v *visit, in *FormAt) (*struct{}, error) {
		return nil, v.service().RemoveForm(v.ctx(), in.Book, in.Form)
	})
}
